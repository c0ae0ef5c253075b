/* Two results folders side by side. */
#include "compare/comparison.h"

#include "base/error.h"
#include "base/stats.h"
#include "judge/multiple.h"
#include "report/groups.h"
#include "verdict/origin.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const compared_names[COMPARED_KINDS] = {"better", "worse", "same", "unclear"};

static const double alpha = 0.05;

/* The cells of one measure in both folders. */
struct meeting {
    struct comparison *comparison;
    const char *measure;
    struct groups groups[2];
    struct table *blocks[2]; /* timings.csv, NULL where there is none */
};

/* A setting in one of them. */
struct place {
    size_t group;
    const struct arm *arm;
};

/* Cells of the same setting and seed that both ran: rows of cells.csv. */
struct pairs {
    size_t *cells[2]; /* [count], owned */
    size_t count;
};

/* ---- Settings ---------------------------------------------------------------------------------
 */

static void name_setting(const struct groups *groups, const struct place *place, char *text,
                         size_t size)
{
    const struct group *group = &groups->groups[place->group];
    size_t used;

    groups_describe(groups, place->group, AXES_ALL, text, size);
    used = strlen(text);
    if (used > 0 && used < size)
        used += (size_t)snprintf(text + used, size - used, " · ");
    if (used < size)
        group_batch_text(group, text + used, size - used);
    used = strlen(text);
    if (group->count > 1 && used < size)
        snprintf(text + used, size - used, " · α = %g", place->arm->learning_rate);
}

/* The setting of the other side with the same key; 0: there is none. */
static int find_place(const struct groups *groups, const char *key, struct place *place)
{
    char other[2048];

    for (size_t g = 0; g < groups->group_count; g++)
        for (size_t i = 0; i < groups->groups[g].count; i++) {
            place->group = g;
            place->arm = &groups->arms[groups->groups[g].first + i];
            groups_key(groups, g, place->arm, other, sizeof other);
            if (strcmp(key, other) == 0)
                return 1;
        }
    return 0;
}

/* ---- What only one side has -------------------------------------------------------------------
 */

static int has_failed(const struct groups *groups, size_t cell)
{
    static const char *const failures[] = {"unsupported", "failed", "crashed", "timeout",
                                           "out-of-memory"};
    const char *outcome = table_texts(groups->results->cells, "outcome")[cell];

    for (size_t f = 0; f < sizeof failures / sizeof *failures; f++)
        if (strcmp(outcome, failures[f]) == 0)
            return 1;
    return 0;
}

/* "crashed: signal 11" */
static void say_failure(const struct groups *groups, size_t cell, char *text, size_t size)
{
    struct table *cells = groups->results->cells;
    const char *reason = table_has(cells, "reason") ? table_texts(cells, "reason")[cell] : "";

    snprintf(text, size, "%s%s%s", table_texts(cells, "outcome")[cell], reason[0] ? ": " : "",
             reason);
}

/* The entry for this setting and side; NULL: out of memory. */
static struct absent *find_absent(struct meeting *meeting, const struct place *place, int side,
                                  int failed)
{
    struct comparison *comparison = meeting->comparison;
    struct absent *list;
    char setting[1024], full[1100];

    name_setting(&meeting->groups[side], place, setting, sizeof setting);
    snprintf(full, sizeof full, "%s: %s", meeting->measure, setting);
    for (size_t i = 0; i < comparison->absent_count; i++) {
        struct absent *absent = &comparison->absent[i];

        if (absent->side == side && absent->has_failed == failed &&
            strcmp(absent->setting, full) == 0)
            return absent;
    }
    list = realloc(comparison->absent, (comparison->absent_count + 1) * sizeof *list);
    if (!list)
        return NULL;
    comparison->absent = list;
    list[comparison->absent_count] = (struct absent){
        .setting = strdup(full), .side = side, .of = place->arm->count, .has_failed = failed};
    if (!list[comparison->absent_count].setting)
        return NULL;
    return &list[comparison->absent_count++];
}

/* failed: the row of the other side's cells.csv that did, or NULL. A cell that has failed itself is
 * no loss to anybody. */
static int add_absent(struct meeting *meeting, const struct place *place, int side, size_t cell,
                      const size_t *failed)
{
    struct absent *absent;

    if (has_failed(&meeting->groups[side], cell))
        return 0;
    absent = find_absent(meeting, place, side, failed != NULL);
    if (!absent)
        return error_set("out of memory for what is missing");
    if (failed && absent->count == 0)
        say_failure(&meeting->groups[!side], *failed, absent->reason, sizeof absent->reason);
    absent->count++;
    return 0;
}

static int add_absent_setting(struct meeting *meeting, const struct place *place, int side)
{
    int status = 0;

    for (size_t i = 0; i < place->arm->count && status == 0; i++)
        status = add_absent(meeting, place, side,
                            meeting->groups[side].order[place->arm->first + i], NULL);
    return status;
}

/* ---- Pairs ------------------------------------------------------------------------------------
 */

/* The cell of the setting with that seed; NULL: there is none. */
static const size_t *find_seed(const struct groups *groups, const struct place *place, double seed)
{
    const double *seeds = table_numbers(groups->results->cells, "seed");

    for (size_t i = 0; i < place->arm->count; i++)
        if (seeds[groups->order[place->arm->first + i]] == seed)
            return &groups->order[place->arm->first + i];
    return NULL;
}

static int add_pair(struct meeting *meeting, const struct place places[2], size_t a, size_t b,
                    struct pairs *pairs)
{
    int failed_a = has_failed(&meeting->groups[0], a),
        failed_b = has_failed(&meeting->groups[1], b);

    if (failed_a && failed_b) {
        meeting->comparison->failed_on_both++;
        return 0;
    }
    if (failed_a)
        return add_absent(meeting, &places[1], 1, b, &a);
    if (failed_b)
        return add_absent(meeting, &places[0], 0, a, &b);
    pairs->cells[0][pairs->count] = a;
    pairs->cells[1][pairs->count++] = b;
    return 0;
}

/* pairs->cells hold as many as the arm of a. */
static int find_pairs(struct meeting *meeting, const struct place places[2], struct pairs *pairs)
{
    int status = 0;

    for (int side = 0; side < 2; side++) {
        const struct groups *own = &meeting->groups[side], *others = &meeting->groups[!side];
        const double *seeds = table_numbers(own->results->cells, "seed");

        for (size_t i = 0; i < places[side].arm->count && status == 0; i++) {
            size_t cell = own->order[places[side].arm->first + i];
            const size_t *other = find_seed(others, &places[!side], seeds[cell]);

            if (!other)
                status = add_absent(meeting, &places[side], side, cell, NULL);
            else if (side == 0)
                status = add_pair(meeting, places, cell, *other, pairs);
        }
    }
    return status;
}

/* ---- Rows -------------------------------------------------------------------------------------
 */

static struct compared_row *add_row(struct meeting *meeting, const struct place *place,
                                    const char *quantity, const char *what, int higher_is_better)
{
    struct comparison *comparison = meeting->comparison;
    struct compared_row *list = realloc(comparison->rows, (comparison->count + 1) * sizeof *list);
    struct compared_row *row;
    char setting[1024];

    if (!list)
        return error_set("out of memory for the comparison"), NULL;
    comparison->rows = list;
    row = &list[comparison->count];
    name_setting(&meeting->groups[0], place, setting, sizeof setting);
    *row = (struct compared_row){.setting = strdup(setting), .higher_is_better = higher_is_better};
    if (!row->setting)
        return error_set("out of memory for the comparison"), NULL;
    comparison->count++;
    snprintf(row->measure, sizeof row->measure, "%s", meeting->measure);
    snprintf(row->quantity, sizeof row->quantity, "%s", quantity);
    row->by_clock = strstr(quantity, "second") != NULL;
    snprintf(row->what, sizeof row->what, "%s", what);
    return row;
}

/* What a column says of a cell: of a cost, +infinity where it was not reached, and of a loss, where
 * it diverged. */
enum missing_is { MISSING_IS_NONE, MISSING_IS_NOT_REACHED, DIVERGED_IS_INFINITE };

/* values[pairs->count]; -1: no such column. */
static int read_side(struct meeting *meeting, const struct pairs *pairs, int side,
                     const char *column, enum missing_is missing, double *values)
{
    struct table *cells = meeting->comparison->sides[side].cells;
    const double *numbers = table_numbers(cells, column);
    const char *const *outcomes = table_texts(cells, "outcome");

    if (!numbers || !outcomes)
        return -1;
    for (size_t i = 0; i < pairs->count; i++) {
        size_t cell = pairs->cells[side][i];

        values[i] = numbers[cell];
        if ((missing == MISSING_IS_NOT_REACHED && isnan(values[i])) ||
            (missing == DIVERGED_IS_INFINITE && strcmp(outcomes[cell], "diverged") == 0))
            values[i] = INFINITY;
    }
    return 0;
}

static int compare_column(struct meeting *meeting, const struct place *place,
                          const struct pairs *pairs, const char *column, const char *what,
                          int higher_is_better, enum missing_is missing)
{
    double *values = calloc(2 * pairs->count, sizeof *values), *b = values + pairs->count;
    struct compared_row *row;
    int status = -1;

    if (!values)
        return error_set("out of memory for the comparison");
    if (read_side(meeting, pairs, 0, column, missing, values) != 0 ||
        read_side(meeting, pairs, 1, column, missing, b) != 0)
        goto done;
    row = add_row(meeting, place, column, what, higher_is_better);
    if (!row)
        goto done;
    row->a = stats_median(values, pairs->count);
    row->b = stats_median(b, pairs->count);
    for (size_t i = 0; i < 2 * pairs->count; i++)
        row->censored[i >= pairs->count] += isinf(values[i]) != 0;
    row->ratio = ratio_paired(values, b, pairs->count, meeting->comparison->margin);
    status = 0;
done:
    free(values);
    return status;
}

static int both_have(const struct meeting *meeting, const char *column)
{
    return table_has(meeting->comparison->sides[0].cells, column) &&
           table_has(meeting->comparison->sides[1].cells, column);
}

static int compare_targets(struct meeting *meeting, const struct place *place,
                           const struct pairs *pairs, size_t *found)
{
    static const char *const units[] = {"updates", "seconds"};
    const struct results *a = &meeting->comparison->sides[0];

    for (size_t t = 0; t < a->target_count; t++)
        for (size_t u = 0; u < 2; u++) {
            char column[96], target[64], what[96];

            snprintf(column, sizeof column, "%s_to_%s", units[u], a->targets[t].name);
            if (!both_have(meeting, column))
                continue;
            target_describe(&a->targets[t], target, sizeof target);
            snprintf(what, sizeof what, "%s to %s", units[u], target);
            (*found)++;
            if (compare_column(meeting, place, pairs, column, what, 0, MISSING_IS_NOT_REACHED) != 0)
                return -1;
        }
    return 0;
}

/* Any cell of the folder has a number there. */
static int is_filled(const struct results *results, const char *column)
{
    const char *const *texts = table_texts(results->cells, column);
    int filled = 0;

    for (size_t i = 0; texts && i < table_rows(results->cells); i++)
        filled |= texts[i][0] != '\0';
    return filled;
}

static int compare_convergence(struct meeting *meeting, const struct place *place,
                               const struct pairs *pairs)
{
    const char *loss = is_filled(&meeting->comparison->sides[0], "final_validation_loss")
                           ? "final_validation_loss"
                           : "final_train_loss";
    size_t found = 0;

    if (compare_targets(meeting, place, pairs, &found) != 0)
        return -1;
    if (both_have(meeting, loss) &&
        compare_column(meeting, place, pairs, loss,
                       loss[6] == 'v' ? "validation loss at the end" : "training loss at the end",
                       0, DIVERGED_IS_INFINITE) != 0)
        return -1;
    return both_have(meeting, "examples_per_second")
               ? compare_column(meeting, place, pairs, "examples_per_second", "examples per second",
                                1, MISSING_IS_NONE)
               : 0;
}

/* ---- Blocks -----------------------------------------------------------------------------------
 */

/* rates[up to table_rows] of the pairs' cells with that input; -1: a column is missing. */
static int read_blocks(struct meeting *meeting, const struct pairs *pairs, int side,
                       const char *input, double *rates, size_t *count)
{
    struct table *blocks = meeting->blocks[side];
    const char *const *ids = table_texts(blocks, "id"), *const * inputs;
    const char *const *own = table_texts(meeting->comparison->sides[side].cells, "id");
    const double *examples = table_numbers(blocks, "examples");
    const double *seconds = table_numbers(blocks, "seconds");

    inputs = table_texts(blocks, "input");
    if (!ids || !inputs || !own || !examples || !seconds)
        return -1;
    for (size_t r = 0; r < table_rows(blocks); r++) {
        if (strcmp(inputs[r], input) != 0 || !(seconds[r] > 0) || !(examples[r] > 0))
            continue;
        for (size_t i = 0; i < pairs->count; i++)
            if (strcmp(ids[r], own[pairs->cells[side][i]]) == 0) {
                rates[(*count)++] = examples[r] / seconds[r];
                break;
            }
    }
    return 0;
}

static int compare_blocks(struct meeting *meeting, const struct pairs *pairs, const char *input,
                          struct compared_row *row)
{
    double *rates[2] = {NULL, NULL};
    size_t counts[2] = {0, 0};
    int status = 0;

    for (int side = 0; side < 2 && status == 0; side++) {
        rates[side] = calloc(table_rows(meeting->blocks[side]) + 1, sizeof **rates);
        status = rates[side] ? read_blocks(meeting, pairs, side, input, rates[side], &counts[side])
                             : error_set("out of memory for timed blocks");
    }
    if (status == 0)
        row->ratio =
            ratio_of_medians(rates[0], counts[0], rates[1], counts[1], meeting->comparison->margin);
    free(rates[0]);
    free(rates[1]);
    return status;
}

/* Without timed blocks there are the medians alone. */
static int compare_rate(struct meeting *meeting, const struct place *place,
                        const struct pairs *pairs, const char *column, const char *what,
                        const char *input)
{
    struct compared_row *row;

    if (!both_have(meeting, column))
        return 0;
    if (compare_column(meeting, place, pairs, column, what, 1, MISSING_IS_NONE) != 0)
        return -1;
    row = &meeting->comparison->rows[meeting->comparison->count - 1];
    if (meeting->blocks[0] && meeting->blocks[1])
        return compare_blocks(meeting, pairs, input, row);
    row->ratio = (struct ratio){.effect = {row->b / row->a, 0, INFINITY}, .p = NAN};
    return 0;
}

static int compare_throughput(struct meeting *meeting, const struct place *place,
                              const struct pairs *pairs)
{
    if (compare_rate(meeting, place, pairs, "examples_per_second", "examples per second",
                     "gather") != 0)
        return -1;
    return compare_rate(meeting, place, pairs, "pregathered_examples_per_second",
                        "examples per second, pre-gathered", "pregathered");
}

/* ---- All of one measure -----------------------------------------------------------------------
 */

static int compare_setting(struct meeting *meeting, const struct place places[2])
{
    size_t capacity = places[0].arm->count;
    struct pairs pairs = {{calloc(capacity, sizeof(size_t)), calloc(capacity, sizeof(size_t))}, 0};
    int status = pairs.cells[0] && pairs.cells[1] ? 0 : error_set("out of memory for the seeds");

    if (status == 0)
        status = find_pairs(meeting, places, &pairs);
    if (status == 0 && pairs.count > 0)
        status = strcmp(meeting->measure, "throughput") == 0
                     ? compare_throughput(meeting, &places[0], &pairs)
                     : compare_convergence(meeting, &places[0], &pairs);
    free(pairs.cells[0]);
    free(pairs.cells[1]);
    return status;
}

static int walk_side(struct meeting *meeting, int side)
{
    const struct groups *groups = &meeting->groups[side];
    int status = 0;

    for (size_t g = 0; g < groups->group_count; g++)
        for (size_t i = 0; i < groups->groups[g].count && status == 0; i++) {
            struct place places[2];
            char key[2048];

            places[side] = (struct place){g, &groups->arms[groups->groups[g].first + i]};
            groups_key(groups, g, places[side].arm, key, sizeof key);
            if (!find_place(&meeting->groups[!side], key, &places[!side]))
                status = add_absent_setting(meeting, &places[side], side);
            else if (side == 0)
                status = compare_setting(meeting, places);
        }
    return status;
}

static int open_blocks(struct meeting *meeting, int side)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/timings.csv", meeting->comparison->sides[side].folder);
    return access(path, F_OK) == 0 ? table_open(&meeting->blocks[side], path) : 0;
}

static int compare_measure(struct comparison *comparison, const char *measure)
{
    struct meeting meeting = {.comparison = comparison, .measure = measure};
    int status = 0;

    for (int side = 0; side < 2 && status == 0; side++) {
        status = groups_open(&meeting.groups[side], &comparison->sides[side], measure);
        if (status == 0 && strcmp(measure, "throughput") == 0)
            status = open_blocks(&meeting, side);
    }
    for (int side = 0; side < 2 && status == 0; side++)
        status = walk_side(&meeting, side);
    for (int side = 0; side < 2; side++) {
        table_close(meeting.blocks[side]);
        groups_close(&meeting.groups[side]);
    }
    return status;
}

/* ---- Verdicts ---------------------------------------------------------------------------------
 */

static enum compared judge(const struct compared_row *row, double margin)
{
    const struct effect *effect = &row->ratio.effect;

    if (row->ratio.identical)
        return COMPARED_SAME;
    if (row->ratio.p <= alpha && (effect->low > 1 || effect->high < 1))
        return (effect->value > 1) == (row->higher_is_better != 0) ? COMPARED_BETTER
                                                                   : COMPARED_WORSE;
    if (effect->low >= 1 / (1 + margin) && effect->high <= 1 + margin)
        return COMPARED_SAME;
    return COMPARED_UNCLEAR;
}

static int judge_all(struct comparison *comparison)
{
    double *p = calloc(comparison->count + 1, sizeof *p);

    if (!p)
        return error_set("out of memory for the comparison");
    for (size_t r = 0; r < comparison->count; r++)
        p[r] = comparison->rows[r].ratio.p;
    multiple_holm(p, p, comparison->count);
    for (size_t r = 0; r < comparison->count; r++) {
        struct compared_row *row = &comparison->rows[r];

        row->ratio.p = p[r];
        row->verdict = judge(row, comparison->margin);
        comparison->kinds[row->verdict]++;
    }
    free(p);
    return 0;
}

/* Nothing could be worse. */
static int is_same_folder(const char *a, const char *b)
{
    struct stat one, other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

int comparison_open(struct comparison *comparison, const char *folder_a, const char *folder_b,
                    double margin, int anyway)
{
    *comparison = (struct comparison){.margin = margin};
    if (is_same_folder(folder_a, folder_b))
        return error_set("%s and %s: are the same folder, expected two", folder_a, folder_b);
    if (results_open(&comparison->sides[0], folder_a) != 0 ||
        results_open(&comparison->sides[1], folder_b) != 0)
        return -1;
    if (!anyway && origin_check_comparable(&comparison->sides[0], &comparison->sides[1]) != 0)
        return -1;
    if (compare_measure(comparison, "throughput") != 0 ||
        compare_measure(comparison, "convergence") != 0)
        return -1;
    if (comparison->count == 0 && !comparison_has_failed(comparison))
        return error_set("%s and %s: have no cell in common that ran in both", folder_a, folder_b);
    return judge_all(comparison);
}

void comparison_close(struct comparison *comparison)
{
    for (size_t r = 0; r < comparison->count; r++)
        free(comparison->rows[r].setting);
    for (size_t i = 0; i < comparison->absent_count; i++)
        free(comparison->absent[i].setting);
    free(comparison->rows);
    free(comparison->absent);
    results_close(&comparison->sides[0]);
    results_close(&comparison->sides[1]);
    *comparison = (struct comparison){0};
}

size_t comparison_worse(const struct comparison *comparison, int with_clock)
{
    size_t count = 0;

    for (size_t r = 0; r < comparison->count; r++)
        count += comparison->rows[r].verdict == COMPARED_WORSE &&
                 (with_clock || !comparison->rows[r].by_clock);
    return count;
}

int comparison_has_failed(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->absent_count; i++)
        if (comparison->absent[i].side == 0 && comparison->absent[i].has_failed)
            return 1;
    return 0;
}
