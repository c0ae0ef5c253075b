/* Finds the rows that a claim speaks of. */
#include "verdict/evidence.h"

#include "base/error.h"
#include "base/stats.h"
#include "plan/experiment_keys.h"
#include "verdict/samples.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Columns -------------------------------------------------------------------------------- */

int evidence_open(struct evidence *evidence, struct results *results, const char *from)
{
    char path[PATH_MAX];

    *evidence = (struct evidence){.results = results, .table = results->cells};
    if (strcmp(from, "cells") == 0)
        return 0;
    snprintf(path, sizeof path, "%s/%s.csv", results->folder, from);
    if (access(path, F_OK) != 0)
        return 1;
    if (strchr(from, '/'))
        return error_set("from: '%s' is not the name of a CSV file of the results", from);
    if (table_open(&evidence->table, path) != 0)
        return -1;
    if (table_join(evidence->table, results->cells, &evidence->cell_of) == 0)
        return 0;
    evidence_close(evidence);
    return -1;
}

void evidence_close(struct evidence *evidence)
{
    if (evidence->results && evidence->table != evidence->results->cells)
        table_close(evidence->table);
    free(evidence->cell_of);
    *evidence = (struct evidence){.results = NULL};
}

static int is_setting(const char *column)
{
    for (const struct field *field = settings_fields; field->key; field++)
        if (strcmp(field->key, column) == 0)
            return 1;
    return 0;
}

int evidence_is_of_cell(const struct evidence *evidence, const char *column, size_t row)
{
    const char *const *texts;

    if (!evidence->cell_of || !table_has(evidence->results->cells, column))
        return 0;
    if (!table_has(evidence->table, column))
        return 1;
    texts = is_setting(column) ? table_texts(evidence->table, column) : NULL;
    return texts && !texts[row][0];
}

/* The table that has the column, and the row there. */
static struct table *table_of(const struct evidence *evidence, const char *column, size_t *row)
{
    int is_of_cell = evidence_is_of_cell(evidence, column, *row);

    if (!is_of_cell && table_has(evidence->table, column))
        return evidence->table;
    if (!is_of_cell) {
        error_set("%s: has no column `%s`", table_path(evidence->table), column);
        return NULL;
    }
    *row = evidence->cell_of[*row];
    return evidence->results->cells;
}

const char *evidence_text(const struct evidence *evidence, const char *column, size_t row)
{
    const struct table *table = table_of(evidence, column, &row);
    const char *const *texts = table ? table_texts(table, column) : NULL;

    return texts ? texts[row] : NULL;
}

int evidence_number(const struct evidence *evidence, const char *column, size_t row, double *value)
{
    struct table *table = table_of(evidence, column, &row);
    const double *numbers = table ? table_numbers(table, column) : NULL;

    if (!numbers)
        return -1;
    *value = numbers[row];
    return 0;
}

/* 1: the same text, or the same number. */
static int is_same(const char *text, const char *wanted)
{
    char *end, *wanted_end;
    double number, wanted_number;

    if (strcmp(text, wanted) == 0)
        return 1;
    if (!text[0] || !wanted[0])
        return 0;
    number = strtod(text, &end);
    wanted_number = strtod(wanted, &wanted_end);
    return !*end && !*wanted_end && number == wanted_number;
}

/* 1, 0, or -1 where there is no such column. `batch_size: full` means the full batch, whatever N.
 */
static int meets(const struct evidence *evidence, const struct condition *condition, size_t row)
{
    const char *text = evidence_text(evidence, condition->column, row), *full = NULL;

    if (!text)
        return -1;
    if (strcmp(condition->column, "batch_size") == 0)
        full = evidence_text(evidence, "full_batch", row);
    for (int v = 0; v < condition->count; v++)
        if (is_same(text, condition->values[v]) ||
            (full && strcmp(condition->values[v], "full") == 0 && strcmp(full, "1") == 0))
            return 1;
    return 0;
}

int evidence_meets(const struct evidence *evidence, const struct selection *selection, size_t row)
{
    for (int c = 0; c < selection->count; c++) {
        int met = meets(evidence, &selection->conditions[c], row);

        if (met != 1)
            return met;
    }
    return 1;
}

/* ---- Conditions -------------------------------------------------------------------------------
 */

static int describe(const struct evidence *evidence, const struct claim *claim, size_t row,
                    char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (int e = 0; e < claim->each.count; e++) {
        const char *value = evidence_text(evidence, claim->each.names[e], row);

        if (!value)
            return -1;
        if (length < size)
            length += (size_t)snprintf(text + length, size - length, "%s%s=%s", e ? ", " : "",
                                       claim->each.names[e], value);
    }
    return 0;
}

static int add_row(struct rows *rows, size_t row)
{
    size_t *list = realloc(rows->list, (rows->count + 1) * sizeof *list);

    if (!list)
        return error_set("out of memory for the rows of a claim");
    rows->list = list;
    rows->list[rows->count++] = row;
    return 0;
}

static int add_to_circumstance(struct circumstance **list, size_t *count, const char *text,
                               size_t row)
{
    struct circumstance *larger;

    for (size_t i = 0; i < *count; i++)
        if (strcmp((*list)[i].text, text) == 0)
            return add_row(&(*list)[i].rows, row);
    larger = realloc(*list, (*count + 1) * sizeof *larger);
    if (!larger)
        return error_set("out of memory for the conditions of a claim");
    *list = larger;
    larger[*count] = (struct circumstance){.rows = {NULL, 0}};
    snprintf(larger[*count].text, sizeof larger[*count].text, "%s", text);
    return add_row(&larger[(*count)++].rows, row);
}

int circumstances_split(const struct evidence *evidence, const struct claim *claim,
                        const struct rows *rows, struct circumstance **list, size_t *count)
{
    *list = NULL;
    *count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        char text[sizeof(*list)->text];

        if (describe(evidence, claim, rows->list[i], text, sizeof text) != 0 ||
            add_to_circumstance(list, count, text, rows->list[i]) != 0) {
            circumstances_free(*list, *count);
            *list = NULL;
            return -1;
        }
    }
    return 0;
}

static int find_rows(const struct evidence *evidence, const struct claim *claim, struct rows *rows)
{
    for (size_t row = 0; row < table_rows(evidence->table); row++) {
        int met = evidence_meets(evidence, &claim->where, row);

        if (met < 0 || (met == 1 && add_row(rows, row) != 0))
            return -1;
    }
    return 0;
}

int circumstances_find(const struct evidence *evidence, const struct claim *claim,
                       struct circumstance **list, size_t *count)
{
    struct rows rows = {NULL, 0};
    struct claim together = *claim;
    int status = find_rows(evidence, claim, &rows);

    *list = NULL;
    *count = 0;
    if (claim->test == CLAIM_REGRET) /* it counts its circumstances, in one judgement */
        together.each.count = 0;
    if (status == 0)
        status = circumstances_split(evidence, &together, &rows, list, count);
    free(rows.list);
    return status;
}

void circumstances_free(struct circumstance *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].rows.list);
    free(list);
}

/* ---- Values -----------------------------------------------------------------------------------
 */

int evidence_is_infeasible(const struct evidence *evidence, size_t row)
{
    const char *outcome = evidence_text(evidence, "outcome", row);

    return outcome && strcmp(outcome, "reached") != 0 && strcmp(outcome, "budget") != 0;
}

/* Not an outcome of training: what would have come of it is not known. */
int evidence_has_failed(const struct evidence *evidence, size_t row)
{
    const char *outcome = evidence_text(evidence, "outcome", row);

    return evidence_is_infeasible(evidence, row) && strcmp(outcome, "diverged") != 0 &&
           strcmp(outcome, "dead") != 0;
}

/* Of a run that diverged or died, losses and errors are worse than any number. */
static int is_worst(const struct evidence *evidence, const char *column, size_t row)
{
    return evidence_is_infeasible(evidence, row) && !evidence_has_failed(evidence, row) &&
           (strstr(column, "loss") || strstr(column, "error"));
}

static int is_cost(const char *column)
{
    return strstr(column, "_to_") != NULL; /* empty: the target was not reached */
}

int evidence_outcome(const struct evidence *evidence, const char *column, size_t row, double *value)
{
    if (evidence_number(evidence, column, row, value) != 0)
        return -1;
    if (evidence_has_failed(evidence, row))
        *value = NAN;
    else if (is_worst(evidence, column, row) && !evidence->cell_of)
        *value = INFINITY; /* also where the last evaluation was before it diverged */
    if (isnan(*value) && (is_worst(evidence, column, row) ||
                          (is_cost(column) && !evidence_has_failed(evidence, row))))
        *value = INFINITY;
    return 0;
}

static int is_named(const struct selection *selection, const char *column)
{
    for (int c = 0; c < selection->count; c++)
        if (strcmp(selection->conditions[c].column, column) == 0)
            return 1;
    return 0;
}

/* 1: both rows speak of the same, but for what tells y's row from the other one. */
static int is_counterpart(const struct evidence *evidence, const struct claim *claim, size_t row,
                          size_t other)
{
    /* what a row says, beside y, and not what it is of */
    static const char *const said[] = {"low", "high", "n", "seconds"};

    for (size_t c = 0; c < table_columns(evidence->table); c++) {
        const char *name = table_column_name(evidence->table, c);
        const char *const *texts = table_texts(evidence->table, name);
        int is_said = strcmp(name, claim->y) == 0;

        for (size_t i = 0; i < sizeof said / sizeof *said; i++)
            is_said |= strcmp(name, said[i]) == 0;
        if (!is_said && !is_named(&claim->other, name) && strcmp(texts[row], texts[other]) != 0)
            return 0;
    }
    return 1;
}

/* y of the row that meets the conditions and is in all else the same; NAN: none. */
static int find_counterpart(const struct evidence *evidence, const struct claim *claim, size_t row,
                            double *value)
{
    size_t found = 0;

    *value = NAN;
    for (size_t other = 0; other < table_rows(evidence->table); other++) {
        int met = evidence_meets(evidence, &claim->other, other);

        if (met < 0)
            return -1;
        if (met == 0 || !is_counterpart(evidence, claim, row, other))
            continue;
        if (found++ > 0)
            return error_set("%s:%zu: several rows to compare with, expected one: `over` must tell "
                             "them apart",
                             table_path(evidence->table), table_line(evidence->table, row));
        if (evidence_number(evidence, claim->y, other, value) != 0)
            return -1;
    }
    return 0;
}

int evidence_over(const struct evidence *evidence, const struct claim *claim, size_t row,
                  double *value)
{
    *value = claim->is_absolute ? 0 : 1;
    if (claim->over[0])
        return evidence_number(evidence, claim->over, row, value);
    if (claim->other.count > 0 && claim->test == CLAIM_AGREEMENT)
        return find_counterpart(evidence, claim, row, value);
    return 0;
}

int evidence_value(const struct evidence *evidence, const struct claim *claim, size_t row,
                   double *value)
{
    double over, minus = 0;

    if (evidence_outcome(evidence, claim->y, row, value) != 0 ||
        (claim->minus[0] && evidence_number(evidence, claim->minus, row, &minus) != 0) ||
        evidence_over(evidence, claim, row, &over) != 0)
        return -1;
    *value -= minus;
    if (claim->is_absolute)
        *value -= over;
    else
        *value = over != 0 && isfinite(over) ? *value / over : (double)NAN;
    return 0;
}

int evidence_seed(const struct evidence *evidence, size_t row, uint64_t *seed)
{
    const char *text = evidence_text(evidence, "seed", row);
    char *end;

    if (!text)
        return -1;
    *seed = strtoull(text, &end, 10);
    if (!*text || *text == '-' || *end)
        return error_set("%s:%zu: seed '%s', expected a whole number", table_path(evidence->table),
                         table_line(evidence->table, row), text);
    return 0;
}

int evidence_on_edge(const struct evidence *evidence, size_t row)
{
    const struct table *cells = evidence->results->cells;

    return table_has(cells, "edge") && strcmp(evidence_text(evidence, "edge", row), "1") == 0;
}

void series_free(struct series *series)
{
    free(series->values);
    free(series->seeds);
    *series = (struct series){.values = NULL};
}

/* All settings of the row's cell but the seed: cells of which only the seed differs are alike. */
static int describe_settings(const struct evidence *evidence, size_t row, char *text, size_t size)
{
    size_t length = 0;

    for (const struct field *field = settings_fields; field->key; field++) {
        const char *value;

        if (strcmp(field->key, "seed") == 0 || !table_has(evidence->results->cells, field->key))
            continue;
        value = evidence_text(evidence, field->key, row);
        if (!value)
            return -1;
        if (length < size)
            length += (size_t)snprintf(text + length, size - length, "%s;", value);
    }
    return 0;
}

static int place_of(struct series *series, uint64_t seed)
{
    size_t place = series->count;

    while (place > 0 && series->seeds[place - 1] > seed)
        place--;
    if (place > 0 && series->seeds[place - 1] == seed)
        return -1;
    memmove(series->seeds + place + 1, series->seeds + place,
            (series->count - place) * sizeof *series->seeds);
    memmove(series->values + place + 1, series->values + place,
            (series->count - place) * sizeof *series->values);
    series->seeds[place] = seed;
    series->count++;
    return (int)place;
}

static int add_to_series(const struct evidence *evidence, const struct claim *claim,
                         const struct sample *sample, struct series *series)
{
    int place = place_of(series, sample->seed);

    if (place < 0)
        return error_set("%s:%zu: claim %s has several rows for seed %llu, expected one: `where`, "
                         "`arms` or `each` must tell them apart",
                         table_path(evidence->table), table_line(evidence->table, sample->row),
                         claim->id, (unsigned long long)sample->seed);
    series->values[place] = sample->value;
    series->infeasible += sample->infeasible;
    series->censored += sample->censored;
    series->on_edge += sample->on_edge;
    series->hours += sample->hours;
    return 0;
}

static int fill(const struct evidence *evidence, const struct claim *claim, const struct rows *rows,
                struct series *series)
{
    struct sample *samples;
    size_t count;
    int status;

    *series = (struct series){.values = calloc(rows->count + 1, sizeof *series->values),
                              .seeds = calloc(rows->count + 1, sizeof *series->seeds)};
    if (!series->values || !series->seeds)
        return error_set("out of memory for the seeds of a claim");
    status = samples_find(evidence, claim, rows, NULL, &samples, &count);
    for (size_t i = 0; i < count && status == 0; i++)
        status = add_to_series(evidence, claim, &samples[i], series);
    free(samples);
    return status;
}

/* ---- The best of several cells ----------------------------------------------------------------
 */

/* The candidates: rows of the same settings. */
static int split(const struct evidence *evidence, const struct rows *rows,
                 struct circumstance **candidates, size_t *count)
{
    for (size_t i = 0; i < rows->count; i++) {
        char text[sizeof(*candidates)->text];

        if (describe_settings(evidence, rows->list[i], text, sizeof text) != 0 ||
            add_to_circumstance(candidates, count, text, rows->list[i]) != 0)
            return -1;
    }
    return 0;
}

/* Keeps of `rows` those of the candidate with the best median over the seeds. */
static int pick(const struct evidence *evidence, const struct claim *claim, enum claim_pick which,
                struct rows *rows)
{
    struct circumstance *candidates = NULL;
    size_t count = 0, best = 0, most = 0;
    double best_median = NAN;
    int status = split(evidence, rows, &candidates, &count);

    for (size_t c = 0; c < count; c++)
        most = candidates[c].rows.count > most ? candidates[c].rows.count : most;
    for (size_t c = 0; c < count && status == 0; c++) {
        struct series series;
        double median;

        if (candidates[c].rows.count < most) /* fewer seeds may be lucky ones */
            continue;
        status = fill(evidence, claim, &candidates[c].rows, &series);
        median = status == 0 ? stats_median(series.values, series.count) : (double)NAN;
        series_free(&series);
        if (which == PICK_MAX && !isfinite(median))
            continue;
        if (isnan(best_median) ||
            (which == PICK_MIN ? median < best_median : median > best_median)) {
            best_median = median;
            best = c;
        }
    }
    if (status == 0 && count > 0) {
        memcpy(rows->list, candidates[best].rows.list,
               candidates[best].rows.count * sizeof *rows->list);
        rows->count = candidates[best].rows.count;
    }
    circumstances_free(candidates, count);
    return status;
}

static int select_rows(const struct evidence *evidence, const struct claim *claim,
                       const struct rows *rows, const struct selection *arm, struct rows *selected)
{
    for (size_t i = 0; i < rows->count; i++) {
        int met = arm ? evidence_meets(evidence, arm, rows->list[i]) : 1;

        if (met < 0 || (met == 1 && add_row(selected, rows->list[i]) != 0))
            return -1;
    }
    if (arm && arm->pick != PICK_NONE)
        return pick(evidence, claim, arm->pick, selected);
    return 0;
}

/* What was not picked counts as well: with its better value it might have been. */
static size_t edges_of(const struct evidence *evidence, const struct rows *rows,
                       const struct selection *arm)
{
    size_t on_edge = 0;

    for (size_t i = 0; i < rows->count; i++)
        on_edge += (size_t)(evidence_meets(evidence, arm, rows->list[i]) == 1 &&
                            evidence_on_edge(evidence, rows->list[i]));
    return on_edge;
}

int series_find(const struct evidence *evidence, const struct claim *claim, const struct rows *rows,
                const struct selection *arm, struct series *series)
{
    struct rows selected = {NULL, 0};
    int status = select_rows(evidence, claim, rows, arm, &selected);

    *series = (struct series){.values = NULL};
    if (status == 0)
        status = fill(evidence, claim, &selected, series);
    if (status == 0 && arm && arm->pick != PICK_NONE)
        series->on_edge = edges_of(evidence, rows, arm);
    if (status != 0)
        series_free(series);
    free(selected.list);
    return status;
}

static void keep_common(struct series *series, const struct series *other)
{
    size_t kept = 0;

    for (size_t i = 0; i < series->count; i++)
        for (size_t j = 0; j < other->count; j++)
            if (series->seeds[i] == other->seeds[j]) {
                series->seeds[kept] = series->seeds[i];
                series->values[kept++] = series->values[i];
                break;
            }
    series->count = kept;
}

void series_pair(struct series *a, struct series *b)
{
    keep_common(a, b);
    keep_common(b, a);
}
