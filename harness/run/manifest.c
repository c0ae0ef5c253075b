/* manifest.json. */
#include "run/manifest.h"

#include "base/error.h"
#include "base/json.h"
#include "build_info.h"
#include "run/record.h"
#include "run/roof_json.h"

#include <gsl/gsl_version.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>
#include <zlib.h>

static void manifest_path(const struct campaign *campaign, char *path, size_t size)
{
    snprintf(path, size, "%s/manifest.json", campaign->results);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void fingerprint_text(const struct campaign *campaign, char text[16])
{
    snprintf(text, 16, "%08x", campaign->dataset->fingerprint);
}

int manifest_check(const struct campaign *campaign, int force)
{
    char path[PATH_MAX + 32], now[16];
    const char *then;
    json_t *manifest;
    int status = 0;

    manifest_path(campaign, path, sizeof path);
    if (access(path, F_OK) != 0 || force)
        return 0;
    manifest = json_read_file(path);
    if (!manifest) {
        char cause[900];

        snprintf(cause, sizeof cause, "%s", error_text());
        return error_set("%s, expected a manifest; --force takes the folder over", cause);
    }
    fingerprint_text(campaign, now);
    then = text_of(json_object_get(manifest, "dataset"), "fingerprint");
    if (json_integer_value(json_object_get(manifest, "schema_version")) != MANIFEST_SCHEMA_VERSION)
        status = error_set("%s: results of another schema version (%" JSON_INTEGER_FORMAT
                           "), expected %d; use another folder, or --force",
                           path, json_integer_value(json_object_get(manifest, "schema_version")),
                           MANIFEST_SCHEMA_VERSION);
    else if (strcmp(text_of(manifest, "experiment"), campaign->experiment->name) == 0 &&
             strcmp(then, now) != 0)
        status = error_set("%s: holds results on other data (fingerprint %s, now %s); use another "
                           "folder with --results, or --force",
                           campaign->results, then, now);
    else if (strcmp(text_of(manifest, "base"), campaign->plan->base) != 0)
        status = error_set("%s: holds another experiment (%s; all but the grid must be the same); "
                           "use another folder with --results, or --force",
                           campaign->results, text_of(manifest, "experiment"));
    json_decref(manifest);
    return status;
}

int manifest_check_machine(const struct campaign *campaign, const struct survey *survey)
{
    char path[PATH_MAX + 32];
    const char *cpu, *library;
    json_t *manifest, *runs;
    int status = 0;

    manifest_path(campaign, path, sizeof path);
    manifest = json_read_file(path);
    runs = json_object_get(manifest, "runs");
    cpu = text_of(json_object_get(manifest, "machine"), "cpu");
    if (json_array_size(runs) > 0 && strcmp(cpu, survey->host.cpu) != 0)
        status = error_set("%s: holds results of another machine (%s; this is %s), whose seconds "
                           "do not compare; use another folder with --results, or --force",
                           campaign->results, cpu, survey->host.cpu);
    for (int i = 0; i < survey->engine_count && status == 0; i++) {
        library = text_of(json_object_get(manifest, "engines"), survey->engines[i]);
        if (json_array_size(runs) > 0 && library[0] && survey_has_library(library) &&
            survey_has_library(survey->libraries[i]) && strcmp(library, survey->libraries[i]) != 0)
            status =
                error_set("%s: holds results of engine %s with another library (%s; now %s); "
                          "use another folder with --results, or --force",
                          campaign->results, survey->engines[i], library, survey->libraries[i]);
    }
    json_decref(manifest);
    return status;
}

static json_t *describe_machine(const struct survey *survey)
{
    const struct host *host = &survey->host;
    json_t *peaks = json_object(), *roofs = json_object(), *processors = json_array();
    char key[16];

    for (int i = 0; i < survey->roof_count; i++) {
        snprintf(key, sizeof key, "%d", survey->roofs[i].threads);
        json_object_set_new(peaks, key, json_number_or_null(survey->roofs[i].fma_gflops));
        json_object_set_new(roofs, key, roof_describe(&survey->roofs[i]));
    }
    for (int i = 0; i < host->processor_count; i++)
        json_array_append_new(processors, json_integer(host->processors[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o}", "cpu",
                     host->cpu, "kernel", host->kernel, "governor", host->governor, "instructions",
                     host->instructions, "memory_bytes", host->memory_bytes, "l1_bytes",
                     host->l1_bytes, "l2_bytes", host->l2_bytes, "l3_bytes", host->l3_bytes,
                     "cgroup_quota", host->quota, "processors", processors, "fma_peak_gflops",
                     peaks, "roofs", roofs);
}

static json_t *describe_engines(const struct survey *survey)
{
    json_t *engines = json_object();

    for (int i = 0; i < survey->engine_count; i++)
        json_object_set_new(engines, survey->engines[i], json_string(survey->libraries[i]));
    return engines;
}

/* What the harness itself is linked with. */
static json_t *describe_libraries(void)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "gsl", gsl_version, "zlib", zlibVersion(), "jansson",
                     JANSSON_VERSION, "libyaml", yaml_get_version_string());
}

static const char *test_use(const struct campaign *campaign)
{
    const struct experiment *experiment = campaign->experiment;

    if (campaign->dataset->test.count == 0 || experiment->measure == MEASURE_THROUGHPUT)
        return "not used";
    return experiment->evaluation.test == TEST_EACH ? "opened at each evaluation of a cell"
                                                    : "opened once, at the end of a cell";
}

static json_t *describe_dataset(const struct campaign *campaign)
{
    const struct dataset *dataset = campaign->dataset;
    char fingerprint[16];

    fingerprint_text(campaign, fingerprint);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "name", dataset->name,
                     "description", dataset->description, "fingerprint", fingerprint, "inputs",
                     (json_int_t)dataset->inputs, "outputs", (json_int_t)dataset->outputs, "train",
                     (json_int_t)dataset->train.count, "validation",
                     (json_int_t)dataset->validation.count, "test", (json_int_t)dataset->test.count,
                     "test_split", test_use(campaign));
}

/* Variables that decide what libraries do. */
static json_t *describe_environment(void)
{
    static const char *const prefixes[] = {"OMP_",  "GOMP_",   "KMP_", "OPENBLAS_", "BLIS_",
                                           "DNNL_", "ONEDNN_", "MKL_", "BATCHLAB_"};
    json_t *environment = json_object();

    for (char **entry = environ; *entry; entry++)
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
            size_t name = strcspn(*entry, "=");

            if (strncmp(*entry, prefixes[i], strlen(prefixes[i])) == 0 && (*entry)[name])
                json_object_setn_new(environment, *entry, name, json_string(*entry + name + 1));
        }
    return environment;
}

static json_t *describe_run(const struct survey *survey, const struct run_log *log)
{
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "cpu",
        survey->host.cpu, "commit", BATCHLAB_COMMIT, "environment", describe_environment(),
        "started", log->started, "finished", log->finished, "ended", log->ended, "jobs", log->jobs,
        "ranks", log->ranks, "cells_run", log->cells_run, "cells_skipped", log->cells_skipped,
        "wall_seconds", json_number_or_null(log->wall_seconds), "train_seconds",
        json_number_or_null(log->train_seconds), "evaluation_seconds",
        json_number_or_null(log->evaluation_seconds), "load_before",
        json_number_or_null(log->load_before), "load_after", json_number_or_null(log->load_after),
        "steal_share", json_number_or_null(log->steal_share));
}

/* The logs of earlier runs, or none. */
static json_t *earlier_runs(const json_t *earlier)
{
    json_t *runs = json_object_get(earlier, "runs");

    return json_is_array(runs) ? json_incref(runs) : json_array();
}

/* What an earlier run asked of engines and threads that this one (--only) does not use. */
static void keep_missing(json_t *into, const json_t *earlier, const char *key)
{
    json_t *before = json_object_get(earlier, key);

    if (json_is_object(before))
        json_object_update_missing(into, before);
}

static json_t *describe_build(void)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "version", BATCHLAB_VERSION, "commit", BATCHLAB_COMMIT,
                     "compiler", BATCHLAB_COMPILER, "flags", BATCHLAB_FLAGS);
}

/* What the cells were measured with. A run that measured nothing leaves what stands there. */
static void set_measured_with(json_t *manifest, const struct survey *survey,
                              const struct run_log *log, const json_t *earlier)
{
    static const char *const keys[] = {"machine", "engines", "build", "libraries"};
    static const char *const measured[] = {"fma_peak_gflops", "roofs"};
    json_t *machine, *engines;

    if (log && log->cells_run == 0 && json_is_object(json_object_get(earlier, "machine"))) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            json_object_set(manifest, keys[i], json_object_get(earlier, keys[i]));
        return;
    }
    machine = describe_machine(survey);
    engines = describe_engines(survey);
    keep_missing(engines, earlier, "engines");
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
        keep_missing(json_object_get(machine, measured[i]), json_object_get(earlier, "machine"),
                     measured[i]);
    json_object_set_new(manifest, "machine", machine);
    json_object_set_new(manifest, "engines", engines);
    json_object_set_new(manifest, "build", describe_build());
    json_object_set_new(manifest, "libraries", describe_libraries());
}

static json_t *describe_all(const struct campaign *campaign, const struct survey *survey,
                            const struct run_log *log, const json_t *earlier)
{
    const struct experiment *experiment = campaign->experiment;
    json_t *runs = earlier_runs(earlier), *manifest;

    if (log && log->cells_run > 0)
        json_array_append_new(runs, describe_run(survey, log));
    manifest =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:i, s:o, s:o, s:s}", "schema_version",
                  MANIFEST_SCHEMA_VERSION, "experiment", experiment->name, "experiment_file",
                  experiment->file, "title", experiment->title, "question", experiment->question,
                  "base", campaign->plan->base, "quick", experiment->quick, "measure",
                  experiment->measure == MEASURE_THROUGHPUT ? "throughput" : "convergence", "cells",
                  campaign->plan->count - (log ? log->cells_repeated : 0), "dataset",
                  describe_dataset(campaign), "runs", runs, "experiment_text", experiment->text);
    if (manifest)
        set_measured_with(manifest, survey, log, earlier);
    return manifest;
}

int manifest_write(const struct campaign *campaign, const struct survey *survey,
                   const struct run_log *log)
{
    char path[PATH_MAX + 32];
    json_t *manifest, *earlier;
    int status;

    manifest_path(campaign, path, sizeof path);
    earlier = json_read_file(path);
    manifest = describe_all(campaign, survey, log, earlier);
    json_decref(earlier);
    if (!manifest) /* text that is not UTF-8 */
        return error_set("%s: cannot be written: the experiment's text is not UTF-8", path);
    status = record_unseal(campaign->results);
    if (status == 0)
        status = json_write_file(manifest, path);
    if (status == 0)
        status = record_seal(campaign->results);
    json_decref(manifest);
    return status;
}
