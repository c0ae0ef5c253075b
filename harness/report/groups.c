/* Cells that belong together, and the best learning rate of each batch size. */
#include "report/groups.h"
#include "report/words.h"

#include "base/error.h"
#include "base/stats.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How an axis is named in a label: "engine blas", "r = 2", "2 threads". */
static const struct {
    const char *column, *format;
    bool number;
    bool later;          /* not in results of schema 3 and earlier */
    const char *neutral; /* a value that says nothing; NULL: each says something */
} axes[AXIS_COUNT] = {
    [AXIS_NETWORK] = {"network", WORD("network %s"), false},
    [AXIS_BUDGET] = {"budget", WORD("budget %s"), false, true, "default"},
    [AXIS_OPTIMIZER] = {"optimizer", "%s", false},
    [AXIS_MOMENTUM] = {"momentum", WORD("momentum %s"), true},
    [AXIS_BETA1] = {"beta1", WORD("β1 = %s"), true},
    [AXIS_BETA2] = {"beta2", WORD("β2 = %s"), true},
    [AXIS_EPSILON] = {"epsilon", WORD("ε = %s"), true},
    [AXIS_EPSILON_PLACE] = {"epsilon_place", WORD("ε %s the root"), false, true},
    [AXIS_L2] = {"l2", WORD("L2 %s"), true, true, "0"},
    [AXIS_WEIGHT_DECAY] = {"weight_decay", WORD("decay %s"), true, true, "0"},
    [AXIS_CLIP_VALUE] = {"clip_value", WORD("values cut at %s"), true, true, "0"},
    [AXIS_CLIP_NORM] = {"clip_norm", WORD("norm cut at %s"), true, true, "0"},
    [AXIS_GRADIENT_NOISE] = {"gradient_noise", WORD("gradient noise %s"), true, true, "0"},
    [AXIS_SNAPSHOT_EPOCHS] = {"snapshot_epochs", WORD("snapshot every %s epochs"), true, true},
    [AXIS_AVERAGE_FROM] = {"average_from", WORD("averaged from epoch %s"), true, true},
    [AXIS_SCHEDULE] = {"schedule", WORD("schedule %s"), false, true, "constant"},
    [AXIS_RATE_SCALING] = {"rate_scaling", WORD("rate scaled: %s"), false, true, "none"},
    [AXIS_BASE_BATCH_SIZE] = {"base_batch_size", WORD("scaled from K = %s"), true, true},
    [AXIS_SAMPLER] = {"sampler", "%s", false},
    [AXIS_BLOCK] = {"block", WORD("block %s"), true, true},
    [AXIS_ORDER] = {"order", "%s", false, true, "stored"},
    [AXIS_WEIGHTING] = {"weighting", WORD("by %s"), false, true, "none"},
    [AXIS_CLASS_WEIGHTS] = {"class_weights", WORD("class weights: %s"), false, true, "none"},
    [AXIS_AUGMENTATION] = {"augmentation", WORD("augmented: %s"), false, true, "none"},
    [AXIS_SUBSET] = {"subset", WORD("examples %s"), false, true, "all"},
    [AXIS_IMBALANCE] = {"imbalance", WORD("imbalance %s"), true, true, "1"},
    [AXIS_LABEL_NOISE] = {"label_noise", WORD("wrong labels %s"), true, true, "0"},
    [AXIS_DEDUPLICATE] = {"deduplicate", WORD("without copies: %s"), false, true, "none"},
    [AXIS_NEAR_COSINE] = {"near_cosine", WORD("cosine %s"), true, true},
    [AXIS_LAST_BATCH] = {"last_batch", WORD("last batch: %s"), false},
    [AXIS_REDUNDANCY_MODE] = {"redundancy_mode", "%s", false},
    [AXIS_COPIES] = {"copies", WORD("%s copies"), false},
    [AXIS_REDUNDANCY] = {"redundancy", WORD("r = %s"), true},
    [AXIS_CHUNK] = {"chunk", WORD("chunk %s"), false},
    [AXIS_PRECISION] = {"precision", WORD("%s precision"), false, true, "single"},
    [AXIS_MICRO_BATCH] = {"micro_batch", WORD("micro-batch %s"), true, true, "0"},
    [AXIS_WORKERS] = {"workers", WORD("workers %s"), true, true, "1"},
    [AXIS_WORKER_DATA] = {"worker_data", WORD("workers' data: %s"), false, true, "shared"},
    [AXIS_TRANSPORT] = {"transport", "%s", false, true, "threads"},
    [AXIS_REDUCTION] = {"reduction", WORD("reduction %s"), false, true, "fixed_order"},
    [AXIS_OVERLAP] = {"overlap", WORD("overlap %s"), false, true, "no"},
    [AXIS_DELAY] = {"delay", WORD("delay %s"), true, true, "0"},
    [AXIS_ENGINE] = {"engine", WORD("engine %s"), false},
    [AXIS_THREADS] = {"threads", WORD("threads %s"), false},
    [AXIS_TUNED] = {"tuned", WORD("tuned %s"), false, true},
};

/* The columns that cells are sorted by, fetched once; NULL for an axis that results of an earlier
 * version do not have. */
struct keys {
    const char *const *texts[AXIS_COUNT];
    const double *numbers[AXIS_COUNT];
    const double *batch_size, *full_batch, *learning_rate, *seed;
};

/* Like strcmp. Not-a-number ("does not apply") comes first and equals itself. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(b) - isnan(a);
    return (a > b) - (a < b);
}

/* Says nothing about the cell: it was tuned, or with r = 1 nothing is copied. */
static bool axis_idle(const struct keys *keys, size_t axis, size_t cell)
{
    const char *const *tuned = keys->texts[AXIS_TUNED];

    if (axis != AXIS_TUNED && tuned && tuned[cell][0] && strstr(tuned[cell], axes[axis].column))
        return true;
    return (axis == AXIS_REDUNDANCY_MODE || axis == AXIS_COPIES) &&
           keys->numbers[AXIS_REDUNDANCY][cell] == 1;
}

/* What an axis says nothing about comes first, and equals itself. */
static int compare_axis(const struct keys *keys, size_t axis, size_t a, size_t b)
{
    if (axis_idle(keys, axis, a) || axis_idle(keys, axis, b))
        return axis_idle(keys, axis, b) - axis_idle(keys, axis, a);
    if (axes[axis].number)
        return keys->numbers[axis] ? compare_numbers(keys->numbers[axis][a], keys->numbers[axis][b])
                                   : 0;
    if (!keys->texts[axis])
        return 0;
    return strverscmp(keys->texts[axis][a], keys->texts[axis][b]); /* "2", "10", "auto" */
}

static bool axis_agrees(const struct keys *keys, size_t axis, size_t a, size_t b)
{
    return axis_idle(keys, axis, a) || axis_idle(keys, axis, b) ||
           compare_axis(keys, axis, a, b) == 0;
}

/* On every axis and the batch size: 0 in one group. A full batch is last whatever its size. */
static int compare_group(const struct keys *keys, size_t a, size_t b)
{
    int order = 0;

    for (size_t axis = 0; axis < AXIS_COUNT && order == 0; axis++)
        order = compare_axis(keys, axis, a, b);
    if (order == 0)
        order = compare_numbers(keys->full_batch[a], keys->full_batch[b]);
    if (order == 0)
        order = compare_numbers(keys->batch_size[a], keys->batch_size[b]);
    return order;
}

static int compare_cells(const void *first, const void *second, void *context)
{
    const struct keys *keys = context;
    size_t a = *(const size_t *)first, b = *(const size_t *)second;
    int order = compare_group(keys, a, b);

    if (order == 0)
        order = compare_numbers(keys->learning_rate[a], keys->learning_rate[b]);
    if (order == 0)
        order = compare_numbers(keys->seed[a], keys->seed[b]);
    return order ? order : (a > b) - (a < b);
}

static int fetch_keys(struct keys *keys, struct table *cells)
{
    for (size_t axis = 0; axis < AXIS_COUNT; axis++) {
        if (axes[axis].later && !table_has(cells, axes[axis].column))
            continue;
        if (axes[axis].number)
            keys->numbers[axis] = table_numbers(cells, axes[axis].column);
        else
            keys->texts[axis] = table_texts(cells, axes[axis].column);
        if (!keys->numbers[axis] && !keys->texts[axis])
            return -1;
    }
    keys->batch_size = table_numbers(cells, "batch_size");
    keys->full_batch = table_numbers(cells, "full_batch");
    keys->learning_rate = table_numbers(cells, "learning_rate");
    keys->seed = table_numbers(cells, "seed");
    return keys->batch_size && keys->full_batch && keys->learning_rate && keys->seed ? 0 : -1;
}

/* What choosing a rate needs, fetched here so that later calls cannot fail. */
static int fetch_outcomes(struct results *results)
{
    static const char *const units[] = {"seconds", "updates", "examples", "epochs"};

    for (size_t t = 0; t < results->target_count; t++)
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
            if (!results_cost(results, units[u], t))
                return -1;
    if (!results_threads(results) || !table_numbers(results->cells, "final_validation_loss") ||
        !table_numbers(results->cells, "final_validation_error") ||
        !table_numbers(results->cells, "final_train_loss") ||
        !table_numbers(results->cells, "test_error") ||
        !table_numbers(results->cells, "test_loss") ||
        !table_numbers(results->cells, "train_examples") || !table_texts(results->cells, "outcome"))
        return -1;
    return 0;
}

/* Any of the cells has something in the column, be it `nan` or `inf`. */
static bool any_filled(const struct groups *groups, const char *column)
{
    const char *const *texts = table_texts(groups->results->cells, column);

    for (size_t i = 0; i < groups->cell_count; i++)
        if (texts[groups->order[i]][0] != '\0')
            return true;
    return false;
}

struct arm group_cells(const struct groups *groups, const struct group *group)
{
    const struct arm *last = &groups->arms[group->first + group->count - 1];
    struct arm all = groups->arms[group->first];

    all.count = last->first + last->count - all.first;
    return all;
}

void arm_values(const struct groups *groups, const struct arm *arm, const double *column,
                double *values)
{
    for (size_t i = 0; i < arm->count; i++) {
        values[i] = column[groups->order[arm->first + i]];
        if (isnan(values[i]))
            values[i] = INFINITY;
    }
}

void arm_end_values(const struct groups *groups, const struct arm *arm, const double *column,
                    double *values)
{
    const char *const *outcomes = table_texts(groups->results->cells, "outcome");

    arm_values(groups, arm, column, values);
    for (size_t i = 0; i < arm->count; i++)
        if (strcmp(outcomes[groups->order[arm->first + i]], "diverged") == 0)
            values[i] = INFINITY;
}

double arm_median(const struct groups *groups, const struct arm *arm, const double *column)
{
    double *values = calloc(arm->count, sizeof *values);
    double median;

    if (!values)
        abort();
    arm_values(groups, arm, column, values);
    median = stats_median(values, arm->count);
    free(values);
    return median;
}

size_t arm_outcomes(const struct groups *groups, const struct arm *arm, const char *outcome)
{
    const char *const *outcomes = table_texts(groups->results->cells, "outcome");
    size_t count = 0;

    for (size_t i = 0; i < arm->count; i++)
        count += strcmp(outcomes[groups->order[arm->first + i]], outcome) == 0;
    return count;
}

static double arm_seconds(const struct groups *groups, const struct arm *arm, int target)
{
    if (target < 0)
        return INFINITY;
    return arm_median(groups, arm, results_cost(groups->results, "seconds", (size_t)target));
}

static double arm_loss(const struct groups *groups, const struct arm *arm)
{
    const double *column =
        table_numbers(groups->results->cells,
                      groups->by_train_loss ? "final_train_loss" : "final_validation_loss");
    double *values = calloc(arm->count, sizeof *values);
    double median;

    if (!values)
        abort();
    arm_end_values(groups, arm, column, values);
    median = stats_median(values, arm->count);
    free(values);
    return median;
}

/* a is strictly better than b at that target. */
static bool arm_better(const struct groups *groups, const struct arm *a, const struct arm *b,
                       int target)
{
    double seconds_a = arm_seconds(groups, a, target), seconds_b = arm_seconds(groups, b, target);

    if (seconds_a != seconds_b)
        return seconds_a < seconds_b;
    return arm_loss(groups, a) < arm_loss(groups, b);
}

static void find_edge(const struct groups *groups, struct group *group)
{
    struct table *cells = groups->results->cells;
    size_t cell = groups->order[groups->arms[group->best].first];
    const char *const *tuned = groups->keys->texts[AXIS_TUNED];

    group->edge = group->best == group->first || group->best == group->first + group->count - 1;
    group->tuned = tuned && tuned[cell][0] != '\0';
    if (group->tuned && strstr(tuned[cell], "learning_rate"))
        group->edge = false;
    if (group->tuned && table_has(cells, "edge"))
        group->edge |= strcmp(table_texts(cells, "edge")[cell], "1") == 0;
    group->edge &= group->trained;
}

bool group_on_edge(const struct group *group)
{
    return group->edge && (group->tuned || group->count > 1);
}

static void choose_rate(const struct groups *groups, struct group *group)
{
    const struct arm *arms = groups->arms;

    group->hardest = (int)groups->results->leading_count - 1;
    for (; group->hardest >= 0; group->hardest--) {
        size_t a = 0;

        while (a < group->count &&
               isinf(arm_seconds(groups, &arms[group->first + a], group->hardest)))
            a++;
        if (a < group->count)
            break;
    }
    group->best = group->first;
    for (size_t a = group->first + 1; a < group->first + group->count; a++)
        if (arm_better(groups, &arms[a], &arms[group->best], group->hardest))
            group->best = a;
    group->trained = group->hardest >= 0 || isfinite(arm_loss(groups, &arms[group->best]));
    find_edge(groups, group);
}

/* Cuts the sorted cells into arms and groups. */
static void cut(struct groups *groups)
{
    const struct keys *keys = groups->keys;

    for (size_t i = 0; i < groups->cell_count; i++) {
        size_t cell = groups->order[i], before = i ? groups->order[i - 1] : cell;
        bool new_group = i == 0 || compare_group(keys, before, cell) != 0;
        struct arm *arm = &groups->arms[groups->arm_count];

        if (new_group)
            groups->groups[groups->group_count++] =
                (struct group){.first = groups->arm_count,
                               .batch_size = keys->batch_size[cell],
                               .full_batch = keys->full_batch[cell] == 1};
        if (new_group ||
            compare_numbers(keys->learning_rate[before], keys->learning_rate[cell]) != 0) {
            *arm = (struct arm){.first = i, .learning_rate = keys->learning_rate[cell]};
            groups->arm_count++;
            groups->groups[groups->group_count - 1].count++;
        }
        groups->arms[groups->arm_count - 1].count++;
    }
}

/* Parameters of an optimizer vary where one optimizer has several: that adam's differ from sgd's
 * goes without saying. The cells are sorted by optimizer, then by these. */
static bool varies_within_optimizers(const struct groups *groups, size_t axis)
{
    for (size_t i = 1; i < groups->cell_count; i++) {
        size_t before = groups->order[i - 1], cell = groups->order[i];

        if (compare_axis(groups->keys, AXIS_OPTIMIZER, before, cell) == 0 &&
            compare_axis(groups->keys, axis, before, cell) != 0)
            return true;
    }
    return false;
}

static void find_varying(struct groups *groups)
{
    for (size_t axis = 0; axis < AXIS_COUNT; axis++) {
        const size_t *first = NULL; /* that the axis says something about */

        if (axis > AXIS_OPTIMIZER && axis < AXIS_SCHEDULE) {
            if (varies_within_optimizers(groups, axis))
                groups->varying |= AXIS_BIT(axis);
            continue;
        }

        for (size_t i = 0; i < groups->cell_count; i++) {
            const size_t *cell = &groups->order[i];

            if (axis_idle(groups->keys, axis, *cell))
                continue;
            if (!first)
                first = cell;
            if (compare_axis(groups->keys, axis, *first, *cell) != 0)
                groups->varying |= AXIS_BIT(axis);
        }
    }
}

int groups_open(struct groups *groups, struct results *results, const char *measure)
{
    size_t rows = table_rows(results->cells);
    const char *const *measures = table_texts(results->cells, "measure");
    const double *train_examples;

    *groups = (struct groups){.results = results, .keys = calloc(1, sizeof *groups->keys)};
    if (!groups->keys)
        return error_set("%s: out of memory", results->folder);
    if (!measures || fetch_keys(groups->keys, results->cells) != 0 || fetch_outcomes(results) != 0)
        return -1;
    train_examples = table_numbers(results->cells, "train_examples");
    groups->order = calloc(rows + 1, sizeof *groups->order);
    groups->arms = calloc(rows + 1, sizeof *groups->arms);
    groups->groups = calloc(rows + 1, sizeof *groups->groups);
    if (!groups->order || !groups->arms || !groups->groups)
        return error_set("%s: out of memory", results->folder);
    for (size_t r = 0; r < rows; r++)
        if (strcmp(measures[r], measure) == 0)
            groups->order[groups->cell_count++] = r;
    qsort_r(groups->order, groups->cell_count, sizeof *groups->order, compare_cells, groups->keys);
    cut(groups);
    find_varying(groups);
    groups->has_errors =
        any_filled(groups, "final_validation_error") || any_filled(groups, "test_error");
    groups->by_train_loss =
        !any_filled(groups, "final_validation_loss") && any_filled(groups, "final_train_loss");
    for (size_t g = 0; g < groups->group_count; g++) {
        struct group *group = &groups->groups[g];

        group->train_examples = train_examples[groups->order[groups->arms[group->first].first]];
        choose_rate(groups, group);
    }
    return 0;
}

void groups_close(struct groups *groups)
{
    free(groups->keys);
    free(groups->order);
    free(groups->arms);
    free(groups->groups);
    *groups = (struct groups){0};
}

/* The row of cells.csv that stands for the group. */
static size_t group_cell(const struct groups *groups, size_t group)
{
    return groups->order[groups->arms[groups->groups[group].first].first];
}

bool groups_same(const struct groups *groups, size_t a, size_t b, uint64_t mask)
{
    bool same = true;

    for (size_t axis = 0; axis < AXIS_COUNT && same; axis++)
        if (mask & AXIS_BIT(axis))
            same = axis_agrees(groups->keys, axis, group_cell(groups, a), group_cell(groups, b));
    return same;
}

size_t groups_rank(const struct groups *groups, uint64_t mask, size_t *rank)
{
    size_t distinct = 0;

    for (size_t g = 0; g < groups->group_count; g++) {
        size_t like = 0;

        while (like < g && !groups_same(groups, like, g, mask))
            like++;
        rank[g] = like < g ? rank[like] : ++distinct;
    }
    return distinct;
}

static bool repeats(const struct groups *groups, size_t group)
{
    return groups->keys->numbers[AXIS_REDUNDANCY][group_cell(groups, group)] != 1;
}

static int compare_indices(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

size_t groups_lines(const struct groups *groups, uint64_t mask, size_t *lines)
{
    size_t count = 0;

    for (int with_repeats = 1; with_repeats >= 0; with_repeats--)
        for (size_t g = 0; g < groups->group_count; g++) {
            size_t like = 0;

            if (repeats(groups, g) != with_repeats)
                continue;
            while (like < count && !groups_same(groups, lines[like], g, mask))
                like++;
            if (like == count)
                lines[count++] = g;
        }
    qsort(lines, count, sizeof *lines, compare_indices);
    return count;
}

bool groups_same_batch(const struct groups *groups, size_t a, size_t b)
{
    const struct group *first = &groups->groups[a], *second = &groups->groups[b];

    if (first->full_batch || second->full_batch)
        return first->full_batch && second->full_batch;
    return first->batch_size == second->batch_size;
}

/* Length of the folder that all engines given by a path share: it tells none apart. */
static size_t shared_folder(const struct groups *groups)
{
    const char *const *engines = groups->keys->texts[AXIS_ENGINE];
    const char *first = NULL;
    size_t shared = 0;

    for (size_t i = 0; i < groups->cell_count; i++) {
        const char *engine = engines[groups->order[i]];
        size_t same = 0;

        if (!strchr(engine, '/'))
            continue;
        if (!first) {
            first = engine;
            shared = strlen(engine);
        }
        while (same < shared && engine[same] == first[same])
            same++;
        shared = same;
        while (shared > 0 && first[shared - 1] != '/')
            shared--;
    }
    return shared;
}

/* "engine blas", after a " · " behind others. What snprintf returns. */
static int put_value(size_t axis, const char *value, bool behind, char *text, size_t size)
{
    char named[256];

    snprintf(named, sizeof named,
             strcmp(axes[axis].format, "%s") == 0 ? "%s" : word(axes[axis].format), value);
    return snprintf(text, size, "%s%s", behind ? " · " : "", named);
}

/* with_neutral: values as well that say nothing beside others. */
static void describe(const struct groups *groups, size_t group, uint64_t mask, bool with_neutral,
                     char *text, size_t size)
{
    size_t cell = group_cell(groups, group), used = 0;

    text[0] = '\0';
    for (size_t axis = 0; axis < AXIS_COUNT; axis++) {
        const char *const *texts = table_texts(groups->results->cells, axes[axis].column);
        const char *value;

        if (!(mask & groups->varying & AXIS_BIT(axis)) || !texts || texts[cell][0] == '\0' ||
            axis_idle(groups->keys, axis, cell))
            continue;
        value = texts[cell];
        if (!with_neutral && axes[axis].neutral && strcmp(value, axes[axis].neutral) == 0)
            continue;
        if (axis == AXIS_ENGINE && strchr(value, '/'))
            value += shared_folder(groups);
        if (used < size)
            used += (size_t)put_value(axis, value, used > 0, text + used, size - used);
    }
}

void groups_describe(const struct groups *groups, size_t group, uint64_t mask, char *text,
                     size_t size)
{
    describe(groups, group, mask, false, text, size);
    if (text[0] == '\0') /* "delay 0" beside "delay 1" */
        describe(groups, group, mask, true, text, size);
}

void groups_key(const struct groups *groups, size_t group, const struct arm *arm, char *text,
                size_t size)
{
    size_t cell = groups->order[arm->first], used = 0;
    const char *const *tuned = groups->keys->texts[AXIS_TUNED];

    text[0] = '\0';
    for (size_t axis = 0; axis < AXIS_COUNT; axis++) {
        const char *value = table_has(groups->results->cells, axes[axis].column)
                                ? table_texts(groups->results->cells, axes[axis].column)[cell]
                                : "";

        if (value[0] == '\0' || axis_idle(groups->keys, axis, cell) ||
            (axes[axis].neutral && strcmp(value, axes[axis].neutral) == 0))
            continue;
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s=%s;", axes[axis].column, value);
    }
    if (used < size && !(tuned && strstr(tuned[cell], "learning_rate")))
        used += (size_t)snprintf(text + used, size - used, "rate=%.17g;", arm->learning_rate);
    if (used < size)
        group_batch_text(&groups->groups[group], text + used, size - used);
}

void group_used(const struct groups *groups, size_t group, char *text, size_t size)
{
    struct table *cells = groups->results->cells;
    size_t cell = group_cell(groups, group);
    double threads;

    text[0] = '\0';
    if (!table_has(cells, "engine_used") ||
        (strcmp(groups->keys->texts[AXIS_ENGINE][cell], "auto") != 0 &&
         strcmp(groups->keys->texts[AXIS_THREADS][cell], "auto") != 0))
        return;
    threads = results_threads(groups->results)[cell];
    snprintf(text, size, "%s, %.0f thread%s", table_texts(cells, "engine_used")[cell], threads,
             threads == 1 ? "" : "s");
}

void group_batch_text(const struct group *group, char *text, size_t size)
{
    if (group->full_batch)
        snprintf(text, size, word("K = full"));
    else
        snprintf(text, size, "K = %.0f", group->batch_size);
}

double group_cost(const struct groups *groups, const struct group *group, const char *unit,
                  int target)
{
    const double *column;

    if (target < 0)
        return INFINITY;
    column = results_cost(groups->results, unit, (size_t)target);
    assert(column);
    return arm_median(groups, &groups->arms[group->best], column);
}

double group_loss(const struct groups *groups, const struct group *group)
{
    return arm_loss(groups, &groups->arms[group->best]);
}

int groups_common_target(const struct groups *groups, const size_t *members, size_t count)
{
    int any = -1;

    for (int t = (int)groups->results->leading_count - 1; t >= 0; t--) {
        size_t reached = 0;

        for (size_t i = 0; i < count; i++)
            if (isfinite(group_cost(groups, &groups->groups[members[i]], "seconds", t)))
                reached++;
        if (reached > 0 && any < 0)
            any = t;
        if (2 * reached >= count && count > 0)
            return t;
    }
    return any;
}

static bool sooner(const struct groups *groups, size_t a, size_t b)
{
    int hardest = -1;

    for (size_t g = 0; g < groups->group_count; g++)
        if (groups->groups[g].hardest > hardest)
            hardest = groups->groups[g].hardest;
    return arm_better(groups, &groups->arms[groups->groups[a].best],
                      &groups->arms[groups->groups[b].best], hardest);
}

size_t groups_fastest(const struct groups *groups)
{
    size_t best = 0;

    for (size_t g = 1; g < groups->group_count; g++)
        if (sooner(groups, g, best))
            best = g;
    return best;
}

size_t groups_fastest_repeated(const struct groups *groups, size_t group, uint64_t mask)
{
    size_t best = group;

    for (size_t g = 0; g < groups->group_count; g++)
        if (repeats(groups, g) && groups_same(groups, g, group, mask) &&
            (!repeats(groups, best) || sooner(groups, g, best)))
            best = g;
    return best;
}
