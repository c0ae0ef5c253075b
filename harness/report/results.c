/* A results folder read back. */
#include "report/results.h"
#include "report/words.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/schema_version.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *path_in(const char *folder, const char *file)
{
    char *path;

    return asprintf(&path, "%s/%s", folder, file) < 0 ? NULL : path;
}

/* ---- Targets ----------------------------------------------------------------------------------
 */

static const char target_prefix[] = "updates_to_";

/* "validation_error_0.15" -> "validation_error", 0.15 */
static int parse_target(const char *path, const char *name, struct target *target)
{
    const char *underscore = strrchr(name, '_');
    char *end = NULL;

    if (underscore)
        target->value = strtod(underscore + 1, &end);
    if (!underscore || underscore == name || end == underscore + 1 || *end != '\0' ||
        !isfinite(target->value) || strlen(name) >= sizeof target->name ||
        (size_t)(underscore - name) >= sizeof target->metric)
        return error_set("%s:1: column `%s%s`: expected a target such as validation_error_0.15",
                         path, target_prefix, name);
    snprintf(target->name, sizeof target->name, "%s", name);
    snprintf(target->metric, sizeof target->metric, "%.*s", (int)(underscore - name), name);
    return 0;
}

/* Inserts the target after every easier one of its metric, metrics in order of appearance. */
static void insert_target(struct results *results, struct target fresh)
{
    size_t place = results->target_count, i;

    for (i = 0; i < results->target_count; i++) {
        const struct target *other = &results->targets[i];

        if (strcmp(other->metric, fresh.metric) != 0)
            continue;
        place = i + 1;
        if (other->value < fresh.value) {
            place = i;
            break;
        }
    }
    memmove(&results->targets[place + 1], &results->targets[place],
            (results->target_count - place) * sizeof *results->targets);
    results->targets[place] = fresh;
    results->target_count++;
}

static int find_targets(struct results *results)
{
    size_t columns = table_columns(results->cells);

    results->targets = calloc(LIMIT_TARGETS + 1, sizeof *results->targets);
    if (!results->targets)
        return error_set("%s: out of memory", results->folder);
    for (size_t c = 0; c < columns; c++) {
        const char *name = table_column_name(results->cells, c);
        struct target target;

        if (strncmp(name, target_prefix, strlen(target_prefix)) != 0)
            continue;
        if (parse_target(table_path(results->cells), name + strlen(target_prefix), &target) != 0)
            return -1;
        if (results->target_count == LIMIT_TARGETS)
            return error_set("%s:1: more than %d targets, expected results of `batchlab run`",
                             table_path(results->cells), LIMIT_TARGETS);
        insert_target(results, target);
    }
    while (results->leading_count < results->target_count &&
           strcmp(results->targets[results->leading_count].metric, results->targets[0].metric) == 0)
        results->leading_count++;
    return 0;
}

const double *results_cost(struct results *results, const char *unit, size_t target)
{
    char column[128];

    snprintf(column, sizeof column, "%s_to_%s", unit, results->targets[target].name);
    return table_numbers(results->cells, column);
}

void target_describe(const struct target *target, char *text, size_t size)
{
    char metric[sizeof target->metric];
    size_t length = strlen(target->metric);

    snprintf(metric, sizeof metric, "%s", target->metric);
    for (char *at = metric; (at = strchr(at, '_'));)
        *at = ' ';
    if (length >= 6 && strcmp(target->metric + length - 6, "_error") == 0)
        snprintf(text, size, word("%.6g %% %s"), 100 * target->value, word(metric));
    else
        snprintf(text, size, word("%s %.6g"), word(metric), target->value);
}

/* ---- Manifest ---------------------------------------------------------------------------------
 */

/* The string, or "" for anything else. */
static char *copy_string(const json_t *value)
{
    return strdup(json_is_string(value) ? json_string_value(value) : "");
}

static int read_manifest(struct results *results)
{
    int status = -1;
    char *path = path_in(results->folder, "manifest.json");
    const json_t *dataset;

    if (!path)
        return error_set("%s: out of memory", results->folder);
    if (access(path, F_OK) == 0) {
        results->manifest = json_read_file(path);
        if (!results->manifest || schema_version_check(results->manifest, path) != 0)
            goto done;
    }
    dataset = json_object_get(results->manifest, "dataset");
    if (json_is_object(dataset))
        dataset = json_object_get(dataset,
                                  json_object_get(dataset, "description") ? "description" : "name");
    results->dataset = copy_string(dataset);
    results->cpu =
        copy_string(json_object_get(json_object_get(results->manifest, "machine"), "cpu"));
    if (!results->dataset || !results->cpu) {
        error_set("%s: out of memory", path);
        goto done;
    }
    status = 0;
done:
    free(path);
    return status;
}

double results_fma_peak_gflops(const struct results *results, int threads)
{
    const json_t *machine = json_object_get(results->manifest, "machine");
    const json_t *peaks = json_object_get(machine, "fma_peak_gflops");
    const json_t *peak;
    char key[16];

    snprintf(key, sizeof key, "%d", threads);
    peak = json_object_get(peaks, key);
    if (!json_is_number(peak))
        return NAN;
    return json_number_value(peak);
}

/* What the grid asked for may be `auto`; results older than that have no other column. */
const double *results_threads(struct results *results)
{
    return table_numbers(results->cells,
                         table_has(results->cells, "threads_used") ? "threads_used" : "threads");
}

/* ---- The folder -------------------------------------------------------------------------------
 */

static int open_table(struct table **table, const char *folder, const char *file)
{
    int status = -1;
    char *path = path_in(folder, file);

    if (path)
        status = table_open(table, path);
    else
        error_set("%s: out of memory", folder);
    free(path);
    return status;
}

static int has_file(const struct results *results, const char *file)
{
    char *path = path_in(results->folder, file);
    int there = path && access(path, F_OK) == 0;

    free(path);
    return there;
}

/* Without the table: were there runs that did not come to their end? */
static int no_cells(const char *folder)
{
    struct results at = {.folder = (char *)folder};

    if (has_file(&at, "cells.csv") || !has_file(&at, "cells"))
        return -1; /* as table_open has it */
    return error_set(
        "%s/cells.csv: not there, for the run did not come to its end; run its experiment "
        "again, or `batchlab merge EXPERIMENT` makes it of the finished cells",
        folder);
}

int results_open(struct results *results, const char *folder)
{
    *results = (struct results){.folder = strdup(folder)};
    if (!results->folder)
        return error_set("%s: out of memory", folder);
    if (open_table(&results->cells, folder, "cells.csv") != 0)
        return no_cells(folder);
    if (find_targets(results) != 0)
        return -1;
    return read_manifest(results);
}

int results_has_curves(const struct results *results)
{
    return has_file(results, "curves.csv");
}

int results_curves(struct results *results)
{
    return results->curves ? 0 : open_table(&results->curves, results->folder, "curves.csv");
}

int results_has_probes(const struct results *results)
{
    return has_file(results, "probes.csv");
}

int results_probes(struct results *results)
{
    return results->probes ? 0 : open_table(&results->probes, results->folder, "probes.csv");
}

int results_has_predictions(const struct results *results)
{
    return has_file(results, "predictions.csv");
}

int results_predictions(struct results *results)
{
    return results->predictions
               ? 0
               : open_table(&results->predictions, results->folder, "predictions.csv");
}

int results_has_verdicts(const struct results *results)
{
    return has_file(results, "verdicts.csv");
}

int results_verdicts(struct results *results)
{
    return results->verdicts ? 0 : open_table(&results->verdicts, results->folder, "verdicts.csv");
}

void results_close(struct results *results)
{
    table_close(results->cells);
    table_close(results->curves);
    table_close(results->probes);
    table_close(results->predictions);
    table_close(results->verdicts);
    json_decref(results->manifest);
    free(results->targets);
    free(results->cpu);
    free(results->dataset);
    free(results->folder);
    *results = (struct results){0};
}
