/* Chart `predictions`: variance of the predicted probabilities across seeds, and how often two
 * seeds name different classes, against batch size, at each one's best rate. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/spread.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

/* predictions.csv, of each cell its last evaluation. */
struct last {
    size_t examples, classes;
    const double **columns; /* [classes] of probabilities */
    const double *labels;   /* of each row */
    size_t *first, *rows;   /* of a cell: rows[first[cell]] .. rows[first[cell + 1] - 1] */
};

static void last_close(struct last *last)
{
    free(last->columns);
    free(last->first);
    free(last->rows);
}

static int open_columns(struct last *last, struct table *table)
{
    char name[40];

    snprintf(name, sizeof name, "probability_0");
    while (table_has(table, name))
        snprintf(name, sizeof name, "probability_%zu", ++last->classes);
    last->columns = calloc(last->classes + 1, sizeof *last->columns);
    last->labels = table_numbers(table, "label");
    if (!last->columns || !last->labels)
        return last->columns ? -1 : error_set("%s: out of memory", table_path(table));
    for (size_t c = 0; c < last->classes; c++) {
        snprintf(name, sizeof name, "probability_%zu", c);
        if (!(last->columns[c] = table_numbers(table, name)))
            return -1;
    }
    return 0;
}

/* newest[cell] = the largest update count of its rows. */
static void find_newest(double *newest, size_t cells, const size_t *cell_of, const double *update,
                        size_t rows)
{
    for (size_t cell = 0; cell < cells; cell++)
        newest[cell] = -1;
    for (size_t r = 0; r < rows; r++)
        newest[cell_of[r]] = fmax(newest[cell_of[r]], update[r]);
}

/* Sorts the rows of each cell's last evaluation by their cell, by counting. */
static int open_rows(struct last *last, const struct results *results)
{
    struct table *table = results->predictions;
    const double *update = table_numbers(table, "update");
    size_t cells = table_rows(results->cells), rows = table_rows(table), *cell_of = NULL;
    double *newest;

    if (!update || table_join(table, results->cells, &cell_of) != 0)
        return -1;
    newest = calloc(cells + 1, sizeof *newest);
    last->first = calloc(cells + 2, sizeof *last->first);
    last->rows = calloc(rows + 1, sizeof *last->rows);
    if (!newest || !last->first || !last->rows) {
        free(newest);
        free(cell_of);
        return error_set("%s: out of memory", table_path(table));
    }
    find_newest(newest, cells, cell_of, update, rows);
    /* While filling, first[cell + 1] is the next free place of the cell. */
    for (size_t r = 0; r < rows; r++)
        last->first[cell_of[r] + 2] += update[r] >= newest[cell_of[r]];
    for (size_t c = 2; c < cells + 2; c++) {
        last->examples = last->first[c] > last->examples ? last->first[c] : last->examples;
        last->first[c] += last->first[c - 1];
    }
    for (size_t r = 0; r < rows; r++)
        if (update[r] >= newest[cell_of[r]])
            last->rows[last->first[cell_of[r] + 1]++] = r;
    free(newest);
    free(cell_of);
    return 0;
}

static int last_open(struct last *last, struct results *results)
{
    *last = (struct last){0};
    if (!results_has_predictions(results))
        return 0;
    if (results_predictions(results) != 0 || open_columns(last, results->predictions) != 0)
        return -1;
    return open_rows(last, results);
}

/* Cells of the arm that have predictions of all examples. */
static size_t count_seeds(const struct groups *groups, const struct arm *arm,
                          const struct last *last)
{
    size_t seeds = 0;

    for (size_t i = 0; i < arm->count && last->examples > 0; i++) {
        size_t cell = groups->order[arm->first + i];

        seeds += last->first[cell + 1] - last->first[cell] == last->examples;
    }
    return seeds;
}

int chart_predictions_applies(struct results *results)
{
    struct groups groups;
    struct last last = {0};
    int status = groups_open(&groups, results, "convergence"), found = 0;

    if (status == 0)
        status = last_open(&last, results);
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        found |= groups.groups[g].trained &&
                 count_seeds(&groups, &groups.arms[groups.groups[g].best], &last) >= 2;
    last_close(&last);
    groups_close(&groups);
    return status == 0 ? found : -1;
}

/* labels[examples] and probabilities[seeds][examples][classes] of an arm. */
static void collect(const struct groups *groups, const struct arm *arm, const struct last *last,
                    double *labels, double *probabilities)
{
    for (size_t i = 0; i < arm->count; i++) {
        size_t cell = groups->order[arm->first + i], first = last->first[cell];

        if (last->first[cell + 1] - first != last->examples)
            continue;
        for (size_t e = 0; e < last->examples; e++) {
            size_t row = last->rows[first + e];

            labels[e] = last->labels[row];
            for (size_t c = 0; c < last->classes; c++)
                *probabilities++ = last->columns[c][row];
        }
    }
}

static int write_group(struct sheet *sheet, const struct groups *groups, size_t g, size_t series,
                       const struct last *last)
{
    const struct group *group = &groups->groups[g];
    const struct arm *arm = &groups->arms[group->best];
    size_t seeds = count_seeds(groups, arm, last);
    double *labels, *probabilities;
    char label[256];
    struct spread spread;

    if (!group->trained || seeds < 2)
        return 0;
    labels = calloc(last->examples, sizeof *labels);
    probabilities = calloc(seeds * last->examples * last->classes, sizeof *probabilities);
    if (!labels || !probabilities) {
        free(labels);
        free(probabilities);
        return error_set("%s: out of memory", groups->results->folder);
    }
    collect(groups, arm, last, labels, probabilities);
    spread = spread_of(probabilities, labels, seeds, last->examples, last->classes);
    free(labels);
    free(probabilities);
    groups_describe(groups, g, AXES_ALL, label, sizeof label);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, *label ? label : word("all"));
    sheet_group(sheet, groups, group);
    sheet_number(sheet, (double)seeds);
    sheet_number(sheet, (double)last->examples);
    sheet_number(sheet, spread.variance);
    sheet_number(sheet, spread.low);
    sheet_number(sheet, spread.high);
    sheet_number(sheet, spread.squared_bias);
    sheet_number(sheet, spread.disagreement);
    sheet_end_row(sheet);
    return 0;
}

int chart_predictions_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct last last = {0};
    struct sheet sheet;
    size_t *series = NULL;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0)
        status = last_open(&last, results);
    if (status == 0) {
        series = calloc(groups.group_count + 1, sizeof *series);
        status = series ? 0 : error_set("%s: out of memory", results->folder);
    }
    if (status != 0)
        goto done;
    groups_rank(&groups, AXES_ALL, series);
    sheet_open(&sheet, file, &groups,
               word("predictions of validation examples at the last probed evaluation; bars: 95 % "
                    "intervals over examples"));
    sheet_explain_rates(&sheet, &groups);
    sheet_header(&sheet, "series,label," SHEET_GROUP
                         ",seeds,examples,variance,variance_low,variance_high,squared_bias,"
                         "disagreement");
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        status = write_group(&sheet, &groups, g, series[g], &last);
done:
    free(series);
    last_close(&last);
    groups_close(&groups);
    return status;
}
