/* Writes runs made elsewhere as a results folder. */
#include "import/imported.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "build_info.h"
#include "plan/plan.h"
#include "run/manifest.h"
#include "run/record.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Who is who -------------------------------------------------------------------------------
 */

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ '\n') * UINT64_C(1099511628211);
}

/* Of all settings, those without a source too, and the seed where it is asked for. */
static uint64_t hash_of(const struct import_run *run, int with_seed)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    size_t seed = runs_setting("seed");

    for (size_t i = 0; settings_fields[i].key; i++)
        if (with_seed || i != seed)
            hash = mix(hash, run->settings[i]);
    return hash;
}

struct place {
    uint64_t hash;
    size_t run;
};

static int compare_places(const void *first, const void *second)
{
    const struct place *a = first, *b = second;

    if (a->hash != b->hash)
        return a->hash > b->hash ? 1 : -1;
    return (a->run > b->run) - (a->run < b->run);
}

/* The runs by their hashes. To be freed; NULL: error set. */
static struct place *sort_runs(const struct runs *runs, int with_seed)
{
    struct place *places = calloc(runs->count + 1, sizeof *places);

    if (!places) {
        error_set("out of memory for the runs");
        return NULL;
    }
    for (size_t r = 0; r < runs->count; r++)
        places[r] = (struct place){hash_of(&runs->list[r], with_seed), r};
    qsort(places, runs->count, sizeof *places, compare_places);
    return places;
}

static int number_seeds(struct runs *runs)
{
    struct place *places = sort_runs(runs, 0);
    size_t seed = runs_setting("seed"), number = 0;
    int status = places ? 0 : -1;

    for (size_t p = 0; places && p < runs->count && status == 0; p++) {
        char **text = &runs->list[places[p].run].settings[seed];

        number = p > 0 && places[p].hash == places[p - 1].hash ? number + 1 : 1;
        free(*text);
        if (asprintf(text, "%zu", number) < 0) {
            *text = NULL;
            status = error_set("out of memory for the runs");
        }
    }
    free(places);
    return status;
}

/* Which of the two comes later says where. */
static int refuse_twins(const struct runs *runs)
{
    struct place *places = sort_runs(runs, 1);
    int status = places ? 0 : -1;

    for (size_t p = 1; places && p < runs->count && status == 0; p++) {
        const struct import_run *run = &runs->list[places[p].run];
        const struct import_run *other = &runs->list[places[p - 1].run];

        if (places[p].hash == places[p - 1].hash)
            status = error_set("%s:%zu: all settings and the seed are those of the run at %s:%zu, "
                               "expected columns that tell them apart",
                               runs->files[run->file].path, run->line,
                               runs->files[other->file].path, other->line);
    }
    free(places);
    return status;
}

/* ---- Cells ------------------------------------------------------------------------------------
 */

static const char *setting(const struct import_run *run, const char *key)
{
    return run->settings[runs_setting(key)];
}

static void append_word(char *id, size_t size, const char *before, const char *word)
{
    size_t length = strlen(id), end = length + 24;

    snprintf(id + length, size - length, "%s%.*s", before, (int)(24 - strlen(before)), word);
    for (char *c = id + length; *c && c < id + end; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '_';
}

static void describe_cell(struct cell *cell, const struct import_run *run)
{
    static const char *const parts[][2] = {{"network", "-"},
                                           {"batch_size", "-k"},
                                           {"learning_rate", "-a"},
                                           {"optimizer", "-"},
                                           {"seed", "-s"}};
    size_t length;

    append_word(cell->id, sizeof cell->id - 24, "",
                setting(run, "engine")[0] ? setting(run, "engine") : IMPORTED_ENGINE);
    if (cell->id[0] == '.')
        cell->id[0] = '_';
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
        if (setting(run, parts[p][0])[0])
            append_word(cell->id, sizeof cell->id - 24, parts[p][1], setting(run, parts[p][0]));
    length = strlen(cell->id);
    snprintf(cell->id + length, sizeof cell->id - length, "-%012" PRIx64, hash_of(run, 1) >> 16);
    cell->batch_size = (int)fmin(strtod(setting(run, "batch_size"), NULL), INT_MAX);
    if (run->train_examples != NOT_APPLICABLE)
        cell->train_examples = (size_t)run->train_examples;
    cell->given = (const char *const *)run->settings;
    cell->edge = -1;
}

/* The last of a curve's numbers that is there. */
static double last_of(const struct import_run *run, size_t offset)
{
    for (int i = run->count - 1; i >= 0; i--) {
        double value = *(const double *)(const void *)((const char *)&run->curve[i] + offset);

        if (value != NOT_APPLICABLE)
            return value;
    }
    return NOT_APPLICABLE;
}

static double least_validation_error(const struct import_run *run)
{
    double least = NOT_APPLICABLE;

    for (int i = 0; i < run->count; i++) {
        double error = run->curve[i].validation.error;

        if (error != NOT_APPLICABLE && (least == NOT_APPLICABLE || error < least))
            least = error;
    }
    return least;
}

static int is_lost(double loss)
{
    return loss != NOT_APPLICABLE && !isfinite(loss);
}

static void describe_end(struct cell_record *record, const struct import_run *run)
{
    const struct curve_point *last = &run->curve[run->count - 1];

    record->outcome = run->outcome;
    snprintf(record->reason, sizeof record->reason, "%s", run->reason);
    for (int i = 0; i < run->count && !run->has_outcome; i++)
        if (is_lost(run->curve[i].train.loss) || is_lost(run->curve[i].validation.loss)) {
            record->outcome = OUTCOME_DIVERGED;
            if (!run->reason[0])
                snprintf(record->reason, sizeof record->reason,
                         "imported: a loss is not finite at update %ld", run->curve[i].update);
            return;
        }
    if (run->has_outcome)
        return;
    record->outcome = OUTCOME_BUDGET;
    if (!run->reason[0])
        snprintf(record->reason, sizeof record->reason,
                 "budget: the imported curve ends at update %ld", last->update);
}

/* A clock that the curve has not read is not one that stood at minus infinity. */
static void forget_unknown(struct target_cost *cost)
{
    double *const members[] = {&cost->updates, &cost->examples, &cost->epochs,
                               &cost->flops,   &cost->seconds,  &cost->resolution};

    for (size_t m = 0; m < sizeof members / sizeof *members; m++)
        if (!isfinite(*members[m]))
            *members[m] = NOT_APPLICABLE;
}

/* The metric where it was evaluated: a curve may have its training loss more often than others. */
static struct target_cost cost_of(const struct import_run *run, const struct target_spec *target)
{
    static const size_t offsets[METRIC_COUNT] = {
        [METRIC_TRAIN_LOSS] = offsetof(struct curve_point, train.loss),
        [METRIC_TRAIN_ERROR] = offsetof(struct curve_point, train.error),
        [METRIC_VALIDATION_LOSS] = offsetof(struct curve_point, validation.loss),
        [METRIC_VALIDATION_ERROR] = offsetof(struct curve_point, validation.error)};
    struct curve_point *evaluated = calloc((size_t)run->count + 1, sizeof *evaluated);
    struct target_cost cost = {0};
    int count = 0;

    if (!evaluated)
        abort();
    for (int i = 0; i < run->count; i++)
        if (*(const double *)(const void *)((const char *)&run->curve[i] +
                                            offsets[target->metric]) != NOT_APPLICABLE)
            evaluated[count++] = run->curve[i];
    cost = train_target_cost(evaluated, count, target);
    forget_unknown(&cost);
    free(evaluated);
    return cost;
}

static void describe_record(struct cell_record *record, const struct experiment *experiment,
                            const struct import_run *run)
{
    const struct curve_point *last = &run->curve[run->count - 1];

    record_clear(record);
    describe_end(record, run);
    record->parameters = run->parameters;
    record->flops_per_example = run->flops_per_example;
    record->updates = (double)last->update;
    record->examples = last->examples;
    record->epochs = last->epoch;
    record->train_seconds = last_of(run, offsetof(struct curve_point, train_seconds));
    if (record->train_seconds > 0) {
        record->seconds_per_update = record->train_seconds / record->updates;
        record->rates[INPUT_GATHER].median = record->examples / record->train_seconds;
        if (run->flops_per_example != NOT_APPLICABLE)
            record->gflops[INPUT_GATHER] =
                record->rates[INPUT_GATHER].median * run->flops_per_example / 1e9;
    }
    record->evaluations = run->count;
    record->final_train_loss = last_of(run, offsetof(struct curve_point, train.loss));
    record->final_validation_loss = last_of(run, offsetof(struct curve_point, validation.loss));
    record->final_validation_error = last_of(run, offsetof(struct curve_point, validation.error));
    record->best_validation_error = least_validation_error(run);
    record->test.loss = last_of(run, offsetof(struct curve_point, test.loss));
    record->test.error = last_of(run, offsetof(struct curve_point, test.error));
    for (int t = 0; t < experiment->target_count; t++)
        record->costs[t] = cost_of(run, &experiment->targets[t]);
    record->curve = run->curve;
    record->curve_count = run->count;
}

static int write_cells(const char *results, const struct experiment *experiment,
                       const struct runs *runs)
{
    struct plan plan = {.cells = calloc(runs->count + 1, sizeof *plan.cells),
                        .count = (int)runs->count};
    struct cell_record *record = calloc(1, sizeof *record);
    int status = plan.cells && record ? 0 : error_set("out of memory for the runs"), finished;

    for (size_t r = 0; r < runs->count && status == 0; r++) {
        describe_cell(&plan.cells[r], &runs->list[r]);
        describe_record(record, experiment, &runs->list[r]);
        status = record_cell(results, experiment, &plan.cells[r], record);
    }
    if (status == 0)
        status = record_merge(results, &plan, &finished);
    free(record);
    free(plan.cells);
    return status;
}

/* ---- The manifest -----------------------------------------------------------------------------
 */

static json_t *describe_files(const struct runs *runs)
{
    json_t *files = json_array();

    for (size_t f = 0; f < runs->file_count; f++) {
        char crc[16];

        snprintf(crc, sizeof crc, "%08lx", runs->files[f].crc32);
        json_array_append_new(files,
                              json_pack("{s:s, s:I, s:s}", "file", runs->files[f].path, "bytes",
                                        (json_int_t)runs->files[f].bytes, "crc32", crc));
    }
    return files;
}

static int write_manifest(const char *results, const struct experiment *experiment,
                          const struct mapping *mapping, const struct runs *runs)
{
    char path[PATH_MAX + 32];
    json_t *manifest;
    int status;

    snprintf(path, sizeof path, "%s/manifest.json", results);
    manifest = json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:I, s:{s:s, s:s}, s:{s:s}, s:{s:s, s:s}, s:[],"
        " s:{s:o, s:I}, s:s}",
        "schema_version", MANIFEST_SCHEMA_VERSION, "experiment", experiment->name,
        "experiment_file", experiment->file, "title", experiment->title, "question",
        experiment->question, "base", IMPORTED_BASE, "quick", 0, "measure", "convergence", "cells",
        (json_int_t)runs->count, "dataset", "name", mapping->dataset, "description",
        mapping->dataset, "machine", "cpu", mapping->machine, "build", "version", BATCHLAB_VERSION,
        "commit", BATCHLAB_COMMIT, "runs", "imported", "files", describe_files(runs), "rows",
        (json_int_t)runs->rows, "experiment_text", experiment->text);
    if (!manifest)
        return error_set("%s: cannot be written: the mapping, or a file's name, is not UTF-8",
                         path);
    status = json_write_file(manifest, path);
    json_decref(manifest);
    return status;
}

/* ---- The folder -------------------------------------------------------------------------------
 */

static int check_folder(const char *results)
{
    char path[PATH_MAX + 32];
    json_t *manifest;
    int status = 0;

    snprintf(path, sizeof path, "%s/cells", results);
    if (access(path, F_OK) != 0)
        return 0;
    snprintf(path, sizeof path, "%s/manifest.json", results);
    manifest = json_read_file(path);
    if (!manifest || !json_is_object(json_object_get(manifest, "imported")))
        status = error_set("%s: holds results of `batchlab run`, expected another folder (--into)",
                           results);
    json_decref(manifest);
    return status;
}

/* Cells of an earlier import, which this one may not have. */
static int remove_cells(const char *results)
{
    char cells[PATH_MAX], path[PATH_MAX + 300];
    struct dirent *entry;
    int status = 0;
    DIR *folder;

    snprintf(cells, sizeof cells, "%s/cells", results);
    if (folder_make(cells) != 0)
        return -1;
    folder = opendir(cells);
    if (!folder)
        return error_set("%s: %s", cells, strerror(errno));
    while (status == 0 && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", cells, entry->d_name);
        status = folder_remove(path);
    }
    closedir(folder);
    return status;
}

int imported_write(const char *results, const struct experiment *experiment,
                   const struct mapping *mapping, struct runs *runs)
{
    int lock, status;

    if (!mapping_find(mapping, "seed") && number_seeds(runs) != 0)
        return -1;
    if (refuse_twins(runs) != 0 || check_folder(results) != 0 || folder_make(results) != 0)
        return -1;
    lock = folder_lock(results);
    if (lock < 0)
        return -1;
    status = record_unseal(results);
    if (status == 0)
        status = write_manifest(results, experiment, mapping, runs);
    if (status == 0)
        status = remove_cells(results);
    if (status == 0)
        status = write_cells(results, experiment, runs);
    if (status == 0)
        status = record_seal(results);
    close(lock);
    return status;
}
