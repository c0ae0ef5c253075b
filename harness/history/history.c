/* Adds a run to history.csv. */
#include "history/history.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/stats.h"
#include "report/groups.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const history_columns[HISTORY_FIXED] = {"time", "commit", "experiment", "machine",
                                                    "libraries"};

int history_open(struct table **table, const char *file)
{
    if (table_open(table, file) != 0)
        return -1;
    for (size_t c = 0; c < HISTORY_FIXED; c++)
        if (c >= table_columns(*table) ||
            strcmp(table_column_name(*table, c), history_columns[c]) != 0) {
            table_close(*table);
            *table = NULL;
            return error_set("%s:1: column %zu is not `%s`, expected a file of `batchlab history "
                             "add`",
                             file, c + 1, history_columns[c]);
        }
    if (table_rows(*table) > LIMIT_HISTORY_RUNS) {
        table_close(*table);
        *table = NULL;
        return error_set("%s: more than %d runs, expected at most that: begin another file", file,
                         LIMIT_HISTORY_RUNS);
    }
    return 0;
}

/* ---- What the run measured --------------------------------------------------------------------
 */

struct number {
    char *name; /* "throughput/naive-S-k32-.../examples_per_second", owned */
    double value;
};

struct entry {
    char *fixed[HISTORY_FIXED]; /* owned */
    struct number *list;        /* [count], owned */
    size_t count;
};

static void entry_free(struct entry *entry)
{
    for (size_t c = 0; c < HISTORY_FIXED; c++)
        free(entry->fixed[c]);
    for (size_t i = 0; i < entry->count; i++)
        free(entry->list[i].name);
    free(entry->list);
}

/* A cell's id holds the hash of everything that decides its result: the same name is the same
 * thing measured. Of several seeds, the first one's. */
static int add_number(struct entry *entry, const struct groups *groups, const struct arm *arm,
                      const char *column)
{
    struct table *cells = groups->results->cells;
    const double *numbers = table_numbers(cells, column);
    struct number *list;
    double median;

    if (!numbers)
        return -1;
    median = arm_median(groups, arm, numbers);
    if (!isfinite(median)) /* not reached by most, or not measured */
        return 0;
    list = realloc(entry->list, (entry->count + 1) * sizeof *list);
    if (!list)
        return error_set("out of memory for the history");
    entry->list = list;
    if (asprintf(&list[entry->count].name, "%s/%s/%s", entry->fixed[HISTORY_EXPERIMENT],
                 table_texts(cells, "id")[groups->order[arm->first]], column) < 0)
        return error_set("out of memory for the history");
    list[entry->count++].value = median;
    return 0;
}

/* The same; a column that the results lack has nothing to add. */
static int add_if_there(struct entry *entry, const struct groups *groups, const struct arm *arm,
                        const char *column)
{
    return table_has(groups->results->cells, column) ? add_number(entry, groups, arm, column) : 0;
}

static int add_costs(struct entry *entry, const struct groups *groups, const struct arm *arm)
{
    static const char *const units[] = {"updates", "seconds"};
    const struct results *results = groups->results;
    char column[128];

    for (size_t t = 0; t < results->target_count; t++)
        for (size_t u = 0; u < 2; u++) {
            snprintf(column, sizeof column, "%s_to_%s", units[u], results->targets[t].name);
            if (add_if_there(entry, groups, arm, column) != 0)
                return -1;
        }
    return 0;
}

static int add_measure(struct entry *entry, struct results *results, const char *measure)
{
    static const char *const columns[] = {"examples_per_second", "pregathered_examples_per_second",
                                          "final_validation_loss"};
    struct groups groups;
    int status = groups_open(&groups, results, measure);

    for (size_t a = 0; a < groups.arm_count && status == 0; a++) {
        for (size_t c = 0; c < sizeof columns / sizeof *columns && status == 0; c++)
            status = add_if_there(entry, &groups, &groups.arms[a], columns[c]);
        if (status == 0)
            status = add_costs(entry, &groups, &groups.arms[a]);
    }
    groups_close(&groups);
    return status;
}

/* ---- Where and when ---------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_string(value) ? json_string_value(value) : "";
}

/* "AMD EPYC, avx2, 2 processors" */
static char *describe_machine(const json_t *manifest)
{
    const json_t *machine = json_object_get(manifest, "machine");
    size_t processors = json_array_size(json_object_get(machine, "processors"));
    char *text;

    return asprintf(&text, "%s, %s, %zu processor%s", text_of(machine, "cpu"),
                    text_of(machine, "instructions"), processors, processors == 1 ? "" : "s") < 0
               ? NULL
               : text;
}

/* "blas: OpenBLAS 0.3.21, kernels Zen; naive: plain C loops", by name. */
static char *describe_libraries(const json_t *manifest)
{
    json_t *engines = json_object_get(manifest, "engines"), *value;
    char *text = NULL;
    size_t length, count = 0;
    FILE *out = open_memstream(&text, &length);
    const char *engine;

    if (!out)
        return NULL;
    json_object_foreach(engines, engine, value)
    {
        fprintf(out, "%s%s: %s", count++ ? "; " : "", engine,
                json_is_string(value) ? json_string_value(value) : "");
    }
    return fclose(out) == 0 ? text : NULL;
}

static int describe(struct entry *entry, const struct results *results)
{
    const json_t *manifest = results->manifest, *runs = json_object_get(manifest, "runs");
    const json_t *last = json_array_get(runs, json_array_size(runs) - 1);
    const char *time = text_of(last, "started");

    if (!manifest)
        return error_set("%s: has no manifest.json, which says when and where it was run",
                         results->folder);
    if (!time[0] || !results->cpu[0])
        return error_set("%s/manifest.json: %s: missing, expected that of a finished run",
                         results->folder, time[0] ? "machine: cpu" : "runs: started");
    entry->fixed[HISTORY_TIME] = strdup(time);
    entry->fixed[HISTORY_COMMIT] = strdup(text_of(json_object_get(manifest, "build"), "commit"));
    entry->fixed[HISTORY_EXPERIMENT] = strdup(text_of(manifest, "experiment"));
    entry->fixed[HISTORY_MACHINE] = describe_machine(manifest);
    entry->fixed[HISTORY_LIBRARIES] = describe_libraries(manifest);
    for (size_t c = 0; c < HISTORY_FIXED; c++)
        if (!entry->fixed[c])
            return error_set("out of memory for the history");
    return 0;
}

static int entry_read(struct entry *entry, const char *folder)
{
    struct results results;
    int status = results_open(&results, folder);

    *entry = (struct entry){0};
    if (status == 0)
        status = describe(entry, &results);
    if (status == 0)
        status = add_measure(entry, &results, "throughput");
    if (status == 0)
        status = add_measure(entry, &results, "convergence");
    if (status == 0 && entry->count == 0)
        status = error_set("%s: has no number for a history", folder);
    results_close(&results);
    return status;
}

/* ---- The file ---------------------------------------------------------------------------------
 */

static int check_new(const struct table *table, const struct entry *entry)
{
    static const int keys[] = {HISTORY_TIME, HISTORY_EXPERIMENT, HISTORY_MACHINE};

    for (size_t r = 0; r < table_rows(table); r++) {
        int same = 1;

        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            same &=
                strcmp(table_texts(table, history_columns[keys[k]])[r], entry->fixed[keys[k]]) == 0;
        if (same)
            return error_set("%s:%zu: has the run of %s, %s already, expected another",
                             table_path(table), table_line(table, r), entry->fixed[HISTORY_TIME],
                             entry->fixed[HISTORY_EXPERIMENT]);
    }
    return 0;
}

static int is_new_column(const struct table *table, const char *name)
{
    return !table || !table_has(table, name);
}

static void write_header(FILE *file, const struct table *table, const struct entry *entry)
{
    size_t columns = table ? table_columns(table) : HISTORY_FIXED;

    for (size_t c = 0; c < columns; c++) {
        fputs(c ? "," : "", file);
        csv_field(file, table ? table_column_name(table, c) : history_columns[c]);
    }
    for (size_t i = 0; i < entry->count; i++)
        if (is_new_column(table, entry->list[i].name)) {
            fputc(',', file);
            csv_field(file, entry->list[i].name);
        }
    fputc('\n', file);
}

static void write_old_row(FILE *file, const struct table *table, size_t row,
                          const struct entry *entry)
{
    for (size_t c = 0; c < table_columns(table); c++) {
        fputs(c ? "," : "", file);
        csv_field(file, table_texts(table, table_column_name(table, c))[row]);
    }
    for (size_t i = 0; i < entry->count; i++)
        if (is_new_column(table, entry->list[i].name))
            fputc(',', file);
    fputc('\n', file);
}

static void write_number_of(FILE *file, const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcmp(entry->list[i].name, name) == 0)
            fprintf(file, "%.9g", entry->list[i].value);
}

static void write_entry(FILE *file, const struct table *table, const struct entry *entry)
{
    for (size_t c = 0; c < HISTORY_FIXED; c++) {
        fputs(c ? "," : "", file);
        csv_field(file, entry->fixed[c]);
    }
    for (size_t c = HISTORY_FIXED; table && c < table_columns(table); c++) {
        fputc(',', file);
        write_number_of(file, entry, table_column_name(table, c));
    }
    for (size_t i = 0; i < entry->count; i++)
        if (is_new_column(table, entry->list[i].name))
            fprintf(file, ",%.9g", entry->list[i].value);
    fputc('\n', file);
}

/* Times are written alike (2026-11-25T03:36:18Z), so that their order is that of their texts. */
static void write_rows(FILE *file, const struct table *table, const struct entry *entry)
{
    const char *const *times = table ? table_texts(table, "time") : NULL;
    size_t rows = table ? table_rows(table) : 0, r = 0;

    write_header(file, table, entry);
    for (; r < rows && strcmp(times[r], entry->fixed[HISTORY_TIME]) <= 0; r++)
        write_old_row(file, table, r, entry);
    write_entry(file, table, entry);
    for (; r < rows; r++)
        write_old_row(file, table, r, entry);
}

int history_add(const char *path, const char *results_folder, size_t *numbers)
{
    struct table *table = NULL;
    struct whole_file file = {0};
    struct entry entry;
    int status = entry_read(&entry, results_folder);

    *numbers = entry.count;
    if (status == 0 && access(path, F_OK) == 0)
        status = history_open(&table, path);
    if (status == 0 && table)
        status = check_new(table, &entry);
    if (status == 0)
        status = file_begin(&file, path);
    if (status == 0) {
        write_rows(file.stream, table, &entry);
        status = file_commit(&file);
    }
    file_abandon(&file);
    table_close(table);
    entry_free(&entry);
    return status;
}
