/* Chart `nested`: the cosine between the gradient of the first n examples and that of all, and the
 * variance of the gradient in them, against n: a line per network and probed evaluation. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

enum panel { COSINE, TRACE, PANELS };
static const char *const quantity_names[PANELS] = {"cosine", "trace"};

int chart_nested_applies(struct results *results)
{
    return probed_applies(results, "nested", "trace", NULL);
}

/* One number of one cell. */
struct point {
    const char *network;
    size_t cell, moment; /* moment: which of the cell's probed evaluations */
    double epoch, n, value;
};

/* 0: the same place in the chart. */
static int compare_places(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    int order = strcmp(a->network, b->network);

    if (order == 0)
        order = (a->moment > b->moment) - (a->moment < b->moment);
    if (order == 0)
        order = (a->n > b->n) - (a->n < b->n);
    return order;
}

static int is_same_line(const struct point *a, const struct point *b)
{
    return strcmp(a->network, b->network) == 0 && a->moment == b->moment;
}

/* points[probed->count]; rows of one evaluation follow each other. */
static int fill(struct point *points, struct results *results, const struct probed *probed)
{
    const char *const *network = table_texts(results->cells, "network");
    const double *epoch = table_numbers(results->probes, "epoch");
    const double *n = table_numbers(results->probes, "batch_size");
    const double *value = table_numbers(results->probes, "value");

    if (!network || !epoch || !n || !value)
        return -1;
    for (size_t cell = 0; cell < table_rows(results->cells); cell++) {
        size_t moment = 0;

        for (size_t i = probed->first[cell]; i < probed->first[cell + 1]; i++) {
            size_t row = probed->rows[i];

            moment += i > probed->first[cell] && epoch[row] > epoch[probed->rows[i - 1]];
            points[i] = (struct point){network[cell], cell, moment, epoch[row], n[row], value[row]};
        }
    }
    qsort(points, probed->count, sizeof *points, compare_places);
    return 0;
}

/* One place: the median over its cells, the smallest and the largest. */
static void write_place(struct sheet *sheet, const struct point *points, size_t count,
                        enum panel panel, size_t series, double *values)
{
    char label[96];

    for (size_t i = 0; i < count; i++)
        values[i] = points[i].value;
    snprintf(label, sizeof label, word("network %s · epoch %.3g"), points->network, points->epoch);
    sheet_cell(sheet, first_cell(&points->cell, sizeof *points, count));
    sheet_number(sheet, panel + 1);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
    sheet_number(sheet, points->n);
    sheet_number(sheet, (double)count);
    sheet_range(sheet, values, count, 0);
    sheet_end_row(sheet);
}

static int write_panel(struct sheet *sheet, struct results *results, const struct probed *probed,
                       enum panel panel)
{
    struct point *points = calloc(probed->count + 1, sizeof *points);
    double *values = calloc(probed->count + 1, sizeof *values);
    int status = points && values ? fill(points, results, probed)
                                  : error_set("%s: out of memory", results->folder);
    size_t series = 0;

    for (size_t i = 0, count; i < probed->count && status == 0; i += count) {
        for (count = 1;
             i + count < probed->count && compare_places(&points[i], &points[i + count]) == 0;)
            count++;
        series += i == 0 || !is_same_line(&points[i - 1], &points[i]);
        write_place(sheet, &points[i], count, panel, series, values);
    }
    free(points);
    free(values);
    return status;
}

int chart_nested_write(struct results *results, FILE *file)
{
    struct probed probed[PANELS] = {{0}};
    struct groups groups;
    struct sheet sheet;
    int status = groups_open(&groups, results, "convergence");

    for (int p = 0; p < PANELS && status == 0; p++)
        status = probed_open(&probed[p], results, "nested", quantity_names[p], NULL);
    if (status == 0) {
        sheet_open(
            &sheet, file, &groups,
            word("points: median over seeds, each with an order of its own; bars: all seeds"));
        sheet_header(&sheet, "panel,series,label,examples,seeds,value,low,high");
    }
    for (int p = 0; p < PANELS && status == 0; p++)
        status = write_panel(&sheet, results, &probed[p], (enum panel)p);
    for (int p = 0; p < PANELS; p++)
        probed_close(&probed[p]);
    groups_close(&groups);
    return status;
}
