/* Google Benchmark's JSON, schema version 1 (its src/json_reporter.cc): a row for each repetition,
 * so that its compare.py can run its U test. */
#include "export/json.h"
#include "export/numbers.h"
#include "export/writers.h"

#include <math.h>
#include <string.h>

static int put_cpu_scaling(json_t *context, const struct export *export)
{
    if (export->cpu_scaling == EXPORTED_UNKNOWN) /* omitted where unknown, as Google does */
        return 0;
    return put_value(context, "cpu_scaling_enabled",
                     json_boolean(export->cpu_scaling == EXPORTED_YES));
}

static json_t *caches_of(const struct export *export)
{
    json_t *list = json_array();
    int status = 0;

    for (size_t c = 0; c < export->cache_count && status == 0; c++) {
        const struct exported_cache *cache = &export->caches[c];
        json_t *entry = json_object();

        status |= put_text(entry, "type", cache->type);
        status |= put_value(entry, "level", json_integer(cache->level));
        status |= put_value(entry, "size", json_integer((json_int_t)cache->bytes));
        status |= put_value(entry, "num_sharing", json_integer(cache->sharing));
        status |= append_value(list, entry);
    }
    if (status == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *load_of(const struct export *export)
{
    json_t *list = json_array();

    for (size_t l = 0; l < export->load_count; l++)
        if (isfinite(export->load[l]) && append_value(list, json_real(export->load[l])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* Custom entries are texts; those that Google has itself stay Google's. */
static int put_custom(json_t *context, const char *key, const char *value)
{
    return json_object_get(context, key) ? 0 : put_text(context, key, value);
}

/* Processor time may be 0: less than the clock can tell. */
static bool has_cpu_time(const struct exported_case *timed, size_t repetition)
{
    return timed->cpu_seconds && timed->cpu_seconds[repetition] >= 0 &&
           isfinite(1e9 * timed->cpu_seconds[repetition]);
}

static bool lacks_cpu_time(const struct export *export)
{
    for (size_t c = 0; c < export->case_count; c++)
        for (size_t r = 0; r < export->cases[c].count; r++)
            if (repetition_is_number(&export->cases[c], r) && !has_cpu_time(&export->cases[c], r))
                return true;
    return false;
}

static int put_context(json_t *root, const struct export *export)
{
    json_t *context = json_object();
    int status = 0;

    status |= put_text(context, "date", export->date ? export->date : "");
    status |= put_text(context, "host_name", export->host ? export->host : "");
    status |= put_text(context, "executable", export->executable);
    status |= put_value(context, "num_cpus", json_integer(export->processors));
    status |= put_value(context, "mhz_per_cpu",
                        json_integer(isfinite(export->mhz) ? lround(export->mhz) : 0));
    status |= put_cpu_scaling(context, export);
    status |= put_value(context, "caches", caches_of(export));
    status |= put_value(context, "load_avg", load_of(export));
    status |= put_text(context, "library_version", export->library_version);
    status |= put_text(context, "library_build_type", export->build_type);
    status |= put_value(context, "json_schema_version", json_integer(1));
    status |= put_custom(context, "suite", export->suite);
    status |= put_custom(context, "cpu_model", export->cpu);
    status |= put_custom(context, "commit", export->commit);
    if (lacks_cpu_time(export))
        status |= put_custom(context, "cpu_time", "where it was not measured it repeats real_time");
    for (size_t c = 0; c < export->custom_count; c++)
        status |= put_custom(context, export->custom[c].key, export->custom[c].value);
    return put_value(root, "context", context) | status;
}

static int put_name(json_t *row, const struct exported_case *timed, size_t family)
{
    int status = 0;

    status |= put_text(row, "name", timed->name);
    status |= put_value(row, "family_index", json_integer((json_int_t)family));
    status |= put_value(row, "per_family_instance_index", json_integer(0));
    status |= put_text(row, "run_name", timed->name);
    status |= put_text(row, "run_type", "iteration");
    status |= put_value(row, "repetitions",
                        json_integer(timed->count > 0 ? (json_int_t)timed->count : 1));
    return status;
}

/* As Google writes a run that ended in an error: its times are 0, which compare.py needs. */
static int append_error(json_t *rows, const struct exported_case *timed, size_t family)
{
    const char *kind = timed->skipped ? "skipped" : "error_occurred";
    json_t *row = json_object();
    int status = put_name(row, timed, family);

    status |= put_value(row, "repetition_index", json_integer(0));
    status |= put_value(row, "threads", json_integer(timed->threads));
    status |= put_value(row, kind, json_true());
    status |= put_text(row, timed->skipped ? "skip_message" : "error_message", case_error(timed));
    status |= put_value(row, "iterations", json_integer(0));
    status |= put_number(row, "real_time", 0);
    status |= put_number(row, "cpu_time", 0);
    status |= put_text(row, "time_unit", "ns");
    status |= put_text(row, "label", timed->label);
    return append_value(rows, row) | status;
}

static int append_repetition(json_t *rows, const struct exported_case *timed, size_t family,
                             size_t repetition)
{
    double seconds = timed->seconds[repetition];
    double cpu = has_cpu_time(timed, repetition) ? timed->cpu_seconds[repetition] : seconds;
    json_t *row = json_object();
    int status = put_name(row, timed, family);

    status |= put_value(row, "repetition_index", json_integer((json_int_t)repetition));
    status |= put_value(row, "threads", json_integer(timed->threads));
    status |= put_value(row, "iterations", json_integer(repetition_iterations(timed, repetition)));
    status |= put_number(row, "real_time", 1e9 * seconds);
    status |= put_number(row, "cpu_time", 1e9 * cpu);
    status |= put_text(row, "time_unit", "ns");
    if (timed->examples_per_iteration > 0)
        status |= put_number(row, "items_per_second", timed->examples_per_iteration / seconds);
    if (timed->flops_per_iteration > 0)
        status |= put_number(row, "GFLOPs", 1e-9 * timed->flops_per_iteration / seconds);
    status |= put_text(row, "label", timed->label);
    return append_value(rows, row) | status;
}

static int append_case(json_t *rows, const struct exported_case *timed, size_t family,
                       struct export_tally *tally)
{
    size_t numbers = 0;

    for (size_t r = 0; r < timed->count; r++) {
        if (!repetition_is_number(timed, r))
            continue;
        if (append_repetition(rows, timed, family, r) != 0)
            return -1;
        numbers++;
    }
    tally->left_out += timed->error ? 0 : timed->count - numbers;
    tally->written += numbers > 0 ? numbers : 1;
    return numbers > 0 ? 0 : append_error(rows, timed, family);
}

int write_google_benchmark(const struct export *export, FILE *file, struct export_tally *tally)
{
    json_t *root = json_object(), *rows = json_array();
    int status = put_context(root, export);

    for (size_t c = 0; c < export->case_count && status == 0; c++)
        status = append_case(rows, &export->cases[c], c, tally);
    status |= put_value(root, "benchmarks", rows);
    if (status == 0)
        status = write_json(file, root);
    json_decref(root);
    return status;
}
