/* Chart `effective_size`: what training sets of clusters are worth to the gradient against their
 * size, measured by redraws and predicted: a panel per network and probed evaluation, a line per
 * correlation within clusters. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

int chart_effective_size_applies(struct results *results)
{
    return probed_applies(results, "redraws", "effective_examples", NULL);
}

/* Measured at one evaluation of one cell. */
struct point {
    const char *network, *part; /* "correlation 0.5" */
    size_t cell, moment;        /* moment: which of the cell's probed evaluations */
    double correlation, examples, epoch, measured, predicted;
};

/* Points of one place in the chart; 0: the same place. */
static int compare_places(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    int order = strcmp(a->network, b->network);

    if (order == 0)
        order = (a->moment > b->moment) - (a->moment < b->moment);
    if (order == 0)
        order = (a->correlation > b->correlation) - (a->correlation < b->correlation);
    if (order == 0)
        order = (a->examples > b->examples) - (a->examples < b->examples);
    return order;
}

struct columns {
    const char *const *network, *const *part;
    const double *epoch, *examples, *value;
};

static int columns_open(struct columns *columns, struct results *results)
{
    columns->network = table_texts(results->cells, "network");
    columns->part = table_texts(results->probes, "part");
    columns->epoch = table_numbers(results->probes, "epoch");
    columns->examples = table_numbers(results->probes, "batch_size");
    columns->value = table_numbers(results->probes, "value");
    return columns->network && columns->part && columns->epoch && columns->examples &&
                   columns->value
               ? 0
               : -1;
}

/* points[measured->count]; both quantities come in the same order. */
static int fill(struct point *points, struct results *results, const struct probed *measured,
                const struct probed *predicted)
{
    struct columns columns;
    struct point *point = points;

    if (columns_open(&columns, results) != 0)
        return -1;
    if (measured->count != predicted->count)
        return error_set("%s: rows of effective_examples without their prediction",
                         table_path(results->probes));
    for (size_t cell = 0; cell < table_rows(results->cells); cell++) {
        size_t moment = 0;

        for (size_t i = measured->first[cell]; i < measured->first[cell + 1]; i++, point++) {
            size_t row = measured->rows[i];
            const char *number = strchr(columns.part[row], ' ');

            moment += i > measured->first[cell] && columns.epoch[row] > point[-1].epoch;
            *point = (struct point){
                .network = columns.network[cell],
                .part = columns.part[row],
                .cell = cell,
                .moment = moment,
                .correlation = number ? strtod(number, NULL) : 0,
                .examples = columns.examples[row],
                .epoch = columns.epoch[row],
                .measured = columns.value[row],
                .predicted = columns.value[predicted->rows[i]],
            };
        }
    }
    return 0;
}

/* Where a panel begins, and where a line. */
static int begins_panel(const struct point *points, size_t i)
{
    return i == 0 || strcmp(points[i].network, points[i - 1].network) != 0 ||
           points[i].moment != points[i - 1].moment;
}

static void write_place(struct sheet *sheet, const struct point *points, size_t count, size_t panel,
                        size_t series, double *values)
{
    char title[96], part[96];

    snprintf(title, sizeof title, word("network %s · epoch %.3g"), points->network, points->epoch);
    for (size_t i = 0; i < count; i++)
        values[i] = points[i].measured;
    sheet_cell(sheet, first_cell(&points->cell, sizeof *points, count));
    sheet_number(sheet, (double)panel);
    sheet_text(sheet, title);
    sheet_number(sheet, (double)series);
    word_composed(points->part, part, sizeof part);
    sheet_text(sheet, part);
    sheet_number(sheet, points->examples);
    sheet_number(sheet, (double)count);
    sheet_range(sheet, values, count, 0);
    sheet_number(sheet, points->predicted);
    sheet_end_row(sheet);
}

static void write_points(struct sheet *sheet, const struct point *points, size_t point_count,
                         double *values)
{
    size_t panel = 0, series = 0;

    for (size_t i = 0, count; i < point_count; i += count) {
        for (count = 1;
             i + count < point_count && compare_places(points + i, points + i + count) == 0;)
            count++;
        if (begins_panel(points, i)) {
            panel++;
            series = 1;
        } else if (points[i].correlation > points[i - 1].correlation) {
            series++;
        }
        write_place(sheet, points + i, count, panel, series, values);
    }
}

int chart_effective_size_write(struct results *results, FILE *file)
{
    struct probed measured = {0}, predicted = {0};
    struct groups groups;
    struct sheet sheet;
    struct point *points = NULL;
    double *values = NULL;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0)
        status = probed_open(&measured, results, "redraws", "effective_examples", NULL);
    if (status == 0)
        status = probed_open(&predicted, results, "redraws", "effective_examples_predicted", NULL);
    if (status != 0)
        goto done;
    points = calloc(measured.count + 1, sizeof *points);
    values = calloc(measured.count + 1, sizeof *values);
    if (!points || !values)
        status = error_set("%s: out of memory", results->folder);
    else
        status = fill(points, results, &measured, &predicted);
    if (status != 0)
        goto done;
    qsort(points, measured.count, sizeof *points, compare_places);
    sheet_open(&sheet, file, &groups,
               word("points: median over cells; bars: smallest to largest; lines: predicted"));
    sheet_header(&sheet, "panel,panel_title,series,label,examples,cells,effective_examples,"
                         "effective_examples_low,effective_examples_high,predicted");
    write_points(&sheet, points, measured.count, values);
done:
    free(points);
    free(values);
    probed_close(&measured);
    probed_close(&predicted);
    groups_close(&groups);
    return status;
}
