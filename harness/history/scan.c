/* Looks for changes in every series of history.csv. */
#include "history/history.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_VALUES = 2 * CHANGES_SEGMENT };

static int check_order(const struct table *table)
{
    const char *const *times = table_texts(table, "time");

    for (size_t r = 1; r < table_rows(table); r++)
        if (strcmp(times[r - 1], times[r]) > 0)
            return error_set("%s:%zu: time: '%s' is before '%s' of the row above, expected the "
                             "order of time",
                             table_path(table), table_line(table, r), times[r], times[r - 1]);
    return 0;
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), of_end = strlen(end);

    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

/* ---- Machines ---------------------------------------------------------------------------------
 */

/* The rows of the table, machine after machine: of each in the order of time, and the machines in
 * that of their first rows. Found once, for there may be thousands of columns. */
struct rows {
    size_t *list;  /* [count] */
    size_t *first; /* [count], of the machine's first row: where this changes, another one begins */
    size_t count;
};

static int compare_machines(const void *a, const void *b, void *context)
{
    const char *const *machines = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = strcmp(machines[left], machines[right]);

    return order ? order : (left > right) - (left < right);
}

static int compare_first_rows(const void *a, const void *b, void *context)
{
    const size_t *first = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;

    if (first[left] != first[right])
        return first[left] < first[right] ? -1 : 1;
    return (left > right) - (left < right);
}

static int order_rows(struct rows *rows, const struct table *table)
{
    const char *const *machines = table_texts(table, "machine");

    rows->count = table_rows(table);
    rows->list = calloc(rows->count + 1, sizeof *rows->list);
    rows->first = calloc(rows->count + 1, sizeof *rows->first);
    if (!rows->list || !rows->first)
        return error_set("%s: out of memory", table_path(table));
    for (size_t r = 0; r < rows->count; r++)
        rows->list[r] = r;
    qsort_r(rows->list, rows->count, sizeof *rows->list, compare_machines, (void *)machines);
    for (size_t i = 0; i < rows->count; i++) {
        size_t row = rows->list[i];
        int is_new = i == 0 || strcmp(machines[row], machines[rows->list[i - 1]]) != 0;

        rows->first[row] = is_new ? row : rows->first[rows->list[i - 1]];
    }
    qsort_r(rows->list, rows->count, sizeof *rows->list, compare_first_rows, rows->first);
    return 0;
}

static void rows_free(struct rows *rows)
{
    free(rows->list);
    free(rows->first);
}

/* Where the rows of the machine at this place of the list end. */
static size_t machine_end(const struct rows *rows, size_t place)
{
    size_t end = place;

    while (end < rows->count && rows->first[rows->list[end]] == rows->first[rows->list[place]])
        end++;
    return end;
}

/* ---- Series ------------------------------------------------------------------------------------
 */

/* series->rows and values: those of these rows, of one machine, that have a number. */
static int collect(const struct table *table, struct series *series, const double *numbers,
                   const size_t *rows, size_t count)
{
    series->rows = calloc(count + 1, sizeof *series->rows);
    series->values = calloc(count + 1, sizeof *series->values);
    if (!series->rows || !series->values)
        return error_set("%s: out of memory", table_path(table));
    for (size_t i = 0; i < count; i++)
        if (isfinite(numbers[rows[i]])) {
            series->rows[series->count] = rows[i];
            series->values[series->count++] = numbers[rows[i]];
        }
    return 0;
}

static int has_ratios(const struct series *series)
{
    for (size_t i = 0; i < series->count; i++)
        if (!(series->values[i] > 0))
            return 0;
    return 1;
}

/* Of the logarithms: a step of 10 % is one whatever the level. */
static int find_changes(struct series *series, const struct changes_rule *rule)
{
    double *logarithms = calloc(series->count, sizeof *logarithms);

    series->changes = calloc(series->count, sizeof *series->changes);
    if (!logarithms || !series->changes) {
        free(logarithms);
        return error_set("out of memory for the changes");
    }
    for (size_t i = 0; i < series->count; i++)
        logarithms[i] = log(series->values[i]);
    series->change_count = changes_find(logarithms, series->count, rule, series->changes);
    free(logarithms);
    return 0;
}

static void series_free(struct series *series)
{
    free(series->rows);
    free(series->values);
    free(series->changes);
}

/* Keeps the series if it can be looked at. */
static int add_series(struct scan *scan, struct series *series, const double *numbers,
                      const size_t *rows, size_t count, const struct changes_rule *rule)
{
    struct series *list;

    if (collect(scan->table, series, numbers, rows, count) != 0) {
        series_free(series);
        return -1;
    }
    if (series->count < LEAST_VALUES || !has_ratios(series)) {
        scan->signed_count += series->count >= LEAST_VALUES;
        scan->short_count += series->count > 0 && series->count < LEAST_VALUES;
        series_free(series);
        return 0;
    }
    list = realloc(scan->series, (scan->count + 1) * sizeof *list);
    if (!list) {
        series_free(series);
        return error_set("out of memory for the series");
    }
    scan->series = list;
    list[scan->count] = *series;
    if (find_changes(&list[scan->count++], rule) != 0)
        return -1;
    scan->change_count += list[scan->count - 1].change_count;
    return 0;
}

static int scan_column(struct scan *scan, size_t column, const struct rows *rows,
                       const struct changes_rule *rule)
{
    const char *name = table_column_name(scan->table, column);
    const char *const *machines = table_texts(scan->table, "machine");
    const double *numbers = table_numbers(scan->table, name);
    int status = numbers ? 0 : -1;

    for (size_t place = 0, end; place < rows->count && status == 0; place = end) {
        struct series series = {.name = name,
                                .machine = machines[rows->list[place]],
                                .higher_is_better = ends_with(name, "examples_per_second")};

        end = machine_end(rows, place);
        status = add_series(scan, &series, numbers, rows->list + place, end - place, rule);
    }
    return status;
}

int history_scan(struct scan *scan, const char *file, const struct changes_rule *rule)
{
    struct rows rows = {0};
    int status;

    *scan = (struct scan){0};
    status = history_open(&scan->table, file);
    if (status == 0)
        status = check_order(scan->table);
    if (status == 0)
        status = order_rows(&rows, scan->table);
    for (size_t c = HISTORY_FIXED; status == 0 && c < table_columns(scan->table); c++)
        status = scan_column(scan, c, &rows, rule);
    rows_free(&rows);
    if (status == 0 && scan->count == 0)
        status = error_set("%s: no number stands there %d times, which changes need; `batchlab "
                           "history add` adds a run",
                           file, LEAST_VALUES);
    return status;
}

void scan_close(struct scan *scan)
{
    for (size_t s = 0; s < scan->count; s++)
        series_free(&scan->series[s]);
    free(scan->series);
    table_close(scan->table);
    *scan = (struct scan){0};
}
