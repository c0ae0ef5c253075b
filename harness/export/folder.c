/* From cells.csv, timings.csv and manifest.json to cases and values. */
#include "export/folder.h"

#include "base/error.h"
#include "base/stats.h"
#include "export/folder_machine.h"
#include "report/groups.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- What is held -----------------------------------------------------------------------------
 */

/* Rows of timings.csv by cell. */
struct blocks {
    struct table *table;  /* NULL: there is no such file */
    size_t *rows, *first; /* those of cell c: rows[first[c]] .. rows[first[c + 1] - 1] */
};

struct reading {
    struct exported_folder *folder;
    struct groups groups;
    struct blocks blocks;
};

static void *grown(void *list, size_t count, size_t size)
{
    void *larger = realloc(list, (count + 1) * size);

    if (!larger)
        error_set("out of memory for the export");
    return larger;
}

static struct exported_case *new_case(struct exported_folder *folder)
{
    struct export *export = &folder->export;
    struct exported_case *list =
        grown((void *)export->cases, export->case_count, sizeof *export->cases);

    if (!list)
        return NULL;
    export->cases = list;
    list[export->case_count] = (struct exported_case){0};
    return &list[export->case_count];
}

/* ---- Blocks -----------------------------------------------------------------------------------
 */

/* Sorts the rows by cell, keeping their order within each. */
static int sort_blocks(struct blocks *blocks, const struct table *cells)
{
    size_t count = table_rows(blocks->table), *cell_of = NULL;

    if (table_join(blocks->table, cells, &cell_of) != 0)
        return -1;
    blocks->rows = calloc(count + 1, sizeof *blocks->rows);
    blocks->first = calloc(table_rows(cells) + 2, sizeof *blocks->first);
    if (!blocks->rows || !blocks->first) {
        free(cell_of);
        return error_set("out of memory for %zu blocks", count);
    }
    for (size_t r = 0; r < count; r++)
        blocks->first[cell_of[r] + 2]++;
    for (size_t c = 0; c < table_rows(cells); c++)
        blocks->first[c + 2] += blocks->first[c + 1];
    for (size_t r = 0; r < count; r++) /* moves the starts to where they belong */
        blocks->rows[blocks->first[cell_of[r] + 1]++] = r;
    free(cell_of);
    return 0;
}

static int open_blocks(struct blocks *blocks, const struct results *results)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/timings.csv", results->folder);
    if (access(path, F_OK) != 0)
        return 0;
    return table_open(&blocks->table, path) == 0 ? sort_blocks(blocks, results->cells) : -1;
}

static void close_blocks(struct blocks *blocks)
{
    table_close(blocks->table);
    free(blocks->rows);
    free(blocks->first);
}

/* Seconds for an update of each of the cell's blocks with that input, and their updates, appended
 * to both lists. Returns how many, -1 (error set). */
static long blocks_of(const struct blocks *blocks, size_t cell, const char *input, double *seconds,
                      long *updates)
{
    const char *const *inputs = table_texts(blocks->table, "input");
    const double *durations = table_numbers(blocks->table, "seconds");
    const double *steps = table_numbers(blocks->table, "updates");
    long count = 0;

    if (!inputs || !durations || !steps)
        return -1;
    for (size_t i = blocks->first[cell]; i < blocks->first[cell + 1]; i++) {
        size_t row = blocks->rows[i];

        if (strcmp(inputs[row], input) != 0)
            continue;
        seconds[count] = durations[row] / steps[row];
        updates[count++] = steps[row] > 0 && steps[row] < 1e18 ? (long)steps[row] : 0;
    }
    return count;
}

/* ---- Cases ------------------------------------------------------------------------------------
 */

static double number_of(const struct reading *reading, const char *column, size_t cell)
{
    struct table *cells = reading->folder->results.cells;
    const double *numbers = table_has(cells, column) ? table_numbers(cells, column) : NULL;

    return numbers ? numbers[cell] : (double)NAN;
}

static const char *text_of(const struct reading *reading, const char *column, size_t cell)
{
    struct table *cells = reading->folder->results.cells;

    return table_has(cells, column) ? table_texts(cells, column)[cell] : "";
}

/* Why the arm has no numbers: the first seed that did not run; NULL: all did. */
static const char *failure_of(const struct reading *reading, const struct arm *arm, bool *skipped)
{
    static const char *const failures[] = {"unsupported", "failed", "crashed", "timeout",
                                           "out-of-memory"};
    const size_t *cells = reading->groups.order + arm->first;

    for (size_t i = 0; i < arm->count; i++)
        for (size_t f = 0; f < sizeof failures / sizeof *failures; f++) {
            const char *outcome = text_of(reading, "outcome", cells[i]);
            const char *reason = text_of(reading, "reason", cells[i]);

            if (strcmp(outcome, failures[f]) != 0)
                continue;
            *skipped = f == 0;
            return texts_keep(reading->folder->texts, "seed %s of %zu: %s%s%s",
                              text_of(reading, "seed", cells[i]), arm->count, outcome,
                              reason[0] ? ": " : "", reason);
        }
    return NULL;
}

/* What a table or a tooltip says beside the name. */
static const char *label_of(const struct reading *reading, const struct arm *arm,
                            const char *repetitions)
{
    size_t cell = reading->groups.order[arm->first];

    return texts_keep(reading->folder->texts, "%s, %s, K = %s, threads %s; %s",
                      text_of(reading, "engine", cell), text_of(reading, "network", cell),
                      text_of(reading, "batch_size", cell), text_of(reading, "threads", cell),
                      repetitions);
}

/* EXPERIMENT/CELL/KIND without blanks. */
static const char *name_of(const struct reading *reading, const struct arm *arm, const char *kind)
{
    char *name = texts_keep(reading->folder->texts, "%s/%s/%s", reading->folder->export.suite,
                            text_of(reading, "id", reading->groups.order[arm->first]), kind);

    for (char *at = name; at && *at; at++)
        if (strchr(" \t\r\n", *at))
            *at = '_';
    return name;
}

/* What does not depend on the clock. */
static int describe_case(const struct reading *reading, const struct arm *arm, const char *kind,
                         const char *repetitions, struct exported_case *timed)
{
    size_t cell = reading->groups.order[arm->first];
    const double *threads = results_threads(&reading->folder->results);
    double examples = number_of(reading, "batch_size", cell);
    double flops = number_of(reading, "flops_per_example", cell);

    if (!threads)
        return -1;
    timed->threads = threads[cell] > 0 && threads[cell] < 1e6 ? (int)threads[cell] : 0;
    timed->examples_per_iteration = examples > 0 ? examples : 0;
    timed->flops_per_iteration = examples * flops > 0 ? examples * flops : 0;
    timed->error = failure_of(reading, arm, &timed->skipped);
    timed->label = label_of(reading, arm, repetitions);
    timed->name = name_of(reading, arm, kind);
    return timed->label && timed->name ? 0 : -1;
}

/* Lists of the case's repetitions, at most `count` of them; freed with the folder. */
static int take_lists(struct reading *reading, size_t count, double **seconds, long **updates)
{
    *seconds = texts_memory(reading->folder->texts, (count + 1) * sizeof **seconds);
    *updates = texts_memory(reading->folder->texts, (count + 1) * sizeof **updates);
    return *seconds && *updates ? 0 : -1;
}

static size_t block_count(const struct blocks *blocks, const size_t *cells, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; blocks->table && i < count; i++)
        sum += blocks->first[cells[i] + 1] - blocks->first[cells[i]];
    return sum;
}

static long sum_of(const long *values, long count)
{
    long sum = 0;

    for (long i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

/* One number for a seed where there are several, one for a block where there is one. *count: how
 * many. */
static int time_arm(struct reading *reading, const struct arm *arm, const char *input,
                    double *seconds, long *updates, size_t *count)
{
    const size_t *cells = reading->groups.order + arm->first;

    *count = 0;
    for (size_t i = 0; reading->blocks.table && i < arm->count; i++) {
        long found =
            blocks_of(&reading->blocks, cells[i], input, seconds + *count, updates + *count);

        if (found < 0)
            return -1;
        if (found > 0 && arm->count > 1) {
            seconds[*count] = stats_median(seconds + *count, (size_t)found);
            updates[*count] = sum_of(updates + *count, found);
            found = 1;
        }
        *count += (size_t)found;
    }
    return 0;
}

static int add_throughput(struct reading *reading, const struct arm *arm, const char *input)
{
    struct exported_case *timed = new_case(reading->folder);
    const size_t *cells = reading->groups.order + arm->first;
    const char *repetitions = arm->count > 1 ? "a repetition is a seed's median over blocks"
                                             : "a repetition is a timed block";
    double *seconds;
    long *updates;

    if (!timed || describe_case(reading, arm, input, repetitions, timed) != 0 ||
        take_lists(reading, block_count(&reading->blocks, cells, arm->count), &seconds, &updates) !=
            0 ||
        time_arm(reading, arm, input, seconds, updates, &timed->count) != 0)
        return -1;
    timed->seconds = seconds;
    timed->iterations_each = updates;
    if (timed->count == 0 && strcmp(input, "gather") != 0)
        return 0; /* not every cell is timed with this input */
    if (timed->count == 0 && !timed->error)
        timed->error = "no block was timed";
    reading->folder->export.case_count++;
    return 0;
}

static int add_training(struct reading *reading, const struct arm *arm)
{
    struct exported_case *timed = new_case(reading->folder);
    const size_t *cells = reading->groups.order + arm->first;
    double examples =
        number_of(reading, "examples", cells[0]) / number_of(reading, "updates", cells[0]);
    double *seconds;
    long *updates;

    if (!timed ||
        describe_case(reading, arm, "train", "a repetition is a seed's whole training", timed) !=
            0 ||
        take_lists(reading, arm->count, &seconds, &updates) != 0)
        return -1;
    if (examples > 0 && timed->examples_per_iteration > 0) { /* a schedule may change K */
        timed->flops_per_iteration *= examples / timed->examples_per_iteration;
        timed->examples_per_iteration = examples;
    }
    for (size_t i = 0; i < arm->count; i++) {
        double steps = number_of(reading, "updates", cells[i]);

        seconds[i] = number_of(reading, "train_seconds", cells[i]) / steps;
        updates[i] = steps > 0 && steps < 1e18 ? (long)steps : 0;
    }
    timed->count = arm->count;
    timed->seconds = seconds;
    timed->iterations_each = updates;
    reading->folder->export.case_count++;
    return 0;
}

/* ---- Values -----------------------------------------------------------------------------------
 */

static int add_value(struct reading *reading, const struct arm *arm, const char *name,
                     const char *unit, size_t target)
{
    struct exported_folder *folder = reading->folder;
    struct export *export = &folder->export;
    const double *costs = results_cost(&folder->results, unit, target);
    struct exported_value *list =
        costs ? grown((void *)export->values, export->value_count, sizeof *list) : NULL;
    double *values = list ? malloc(arm->count * sizeof *values) : NULL;
    struct interval interval;

    if (list)
        export->values = list;
    if (!values)
        return list ? error_set("out of memory for the export") : -1;
    arm_values(&reading->groups, arm, costs, values);
    interval = stats_median_interval(values, arm->count, 0.95);
    list[export->value_count] = (struct exported_value){
        .name = name,
        .measure =
            texts_keep(folder->texts, "%s_to_%s", unit, folder->results.targets[target].name),
        .unit = strcmp(unit, "seconds") == 0 ? "s" : unit,
        .value = stats_median(values, arm->count),
        .low = interval.low,
        .high = interval.high,
    };
    free(values);
    return list[export->value_count++].measure ? 0 : -1;
}

static int add_targets(struct reading *reading, const struct arm *arm)
{
    const struct results *results = &reading->folder->results;
    const char *name = name_of(reading, arm, "train");
    int status = name ? 0 : -1;

    for (size_t t = 0; t < results->target_count && status == 0; t++) {
        status = add_value(reading, arm, name, "updates", t);
        if (status == 0)
            status = add_value(reading, arm, name, "seconds", t);
    }
    return status;
}

/* ---- The folder -------------------------------------------------------------------------------
 */

static int add_arm(struct reading *reading, const struct arm *arm, bool throughput)
{
    const struct table *cells = reading->folder->results.cells;
    bool timed = table_has(cells, "train_seconds") && table_has(cells, "updates");

    if (throughput)
        return add_throughput(reading, arm, "gather") != 0
                   ? -1
                   : add_throughput(reading, arm, "pregathered");
    if (timed && add_training(reading, arm) != 0)
        return -1;
    return add_targets(reading, arm);
}

static int add_measure(struct reading *reading, const char *measure)
{
    int status = groups_open(&reading->groups, &reading->folder->results, measure);

    for (size_t a = 0; a < reading->groups.arm_count && status == 0; a++)
        status = add_arm(reading, &reading->groups.arms[a], strcmp(measure, "throughput") == 0);
    groups_close(&reading->groups);
    return status;
}

static int read_all(struct exported_folder *folder)
{
    struct reading reading = {.folder = folder};
    int status = open_blocks(&reading.blocks, &folder->results);

    if (status == 0)
        status = add_measure(&reading, "throughput");
    if (status == 0)
        status = add_measure(&reading, "convergence");
    close_blocks(&reading.blocks);
    if (status == 0 && folder->export.case_count + folder->export.value_count == 0)
        status = error_set("%s: has nothing that was timed, expected finished cells",
                           folder->results.folder);
    return status;
}

int exported_folder_open(struct exported_folder *folder, const char *path)
{
    *folder = (struct exported_folder){.texts = texts_new()};
    if (!folder->texts || results_open(&folder->results, path) != 0 ||
        folder_machine(&folder->export, &folder->results, folder->texts) != 0)
        return -1;
    return read_all(folder);
}

void exported_folder_close(struct exported_folder *folder)
{
    free((void *)folder->export.cases);
    free((void *)folder->export.values);
    texts_free(folder->texts);
    results_close(&folder->results);
    folder->texts = NULL;
    folder->export = (struct export){0};
}
