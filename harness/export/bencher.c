/* Bencher Metric Format (its bmf.json): benchmark, measure, value with its interval. `latency` and
 * `throughput` are Bencher's own measures, in ns and operations a second. */
#include "base/error.h"
#include "export/json.h"
#include "export/numbers.h"
#include "export/text.h"
#include "export/writers.h"

#include <math.h>
#include <stdlib.h>

/* What the benchmark of that name has so far. */
static json_t *benchmark_of(json_t *root, const char *name)
{
    char *key = text_utf8(name);
    json_t *benchmark = NULL;

    if (key && (json_object_get(root, key) || put_value(root, key, json_object()) == 0))
        benchmark = json_object_get(root, key);
    free(key);
    return benchmark;
}

static int put_measure(json_t *root, const char *name, const char *measure, double value,
                       double low, double high, struct export_tally *tally)
{
    json_t *benchmark, *metric;
    int status = 0;

    if (!isfinite(value)) {
        tally->left_out++;
        return 0;
    }
    benchmark = benchmark_of(root, name);
    if (json_object_get(benchmark, measure))
        return error_set("%s: '%s' is there twice, expected different measures", name, measure);
    metric = json_object();
    status |= put_number(metric, "value", value);
    if (isfinite(low) && isfinite(high)) {
        status |= put_number(metric, "lower_value", low);
        status |= put_number(metric, "upper_value", high);
    }
    tally->written++;
    return put_value(benchmark, measure, metric) | status;
}

static int put_case(json_t *root, const struct export *export, const struct exported_case *timed,
                    struct export_tally *tally)
{
    struct numbers numbers;
    double examples = timed->examples_per_iteration, gflop = 1e-9 * timed->flops_per_iteration;
    int status = 0;

    if (numbers_of(&numbers, timed, export_confidence(export)) != 0)
        return -1;
    if (numbers.count == 0) {
        tally->left_out++;
        return 0;
    }
    status |= put_measure(root, timed->name, "latency", 1e9 * numbers.median, 1e9 * numbers.low,
                          1e9 * numbers.high, tally);
    if (examples > 0)
        status |= put_measure(root, timed->name, "throughput", numbers.examples_per_second,
                              examples / numbers.high, examples / numbers.low, tally);
    if (gflop > 0)
        status |= put_measure(root, timed->name, "gflops", numbers.gflops, gflop / numbers.high,
                              gflop / numbers.low, tally);
    return status;
}

int write_bencher(const struct export *export, FILE *file, struct export_tally *tally)
{
    json_t *root = json_object();
    int status = 0;

    for (size_t c = 0; c < export->case_count && status == 0; c++)
        status = put_case(root, export, &export->cases[c], tally);
    for (size_t v = 0; v < export->value_count && status == 0; v++) {
        const struct exported_value *value = &export->values[v];

        status = put_measure(root, value->name, value->measure, value->value, value->low,
                             value->high, tally);
    }
    for (size_t r = 0; r < export->ratio_count && status == 0; r++) {
        const struct exported_ratio *ratio = &export->ratios[r];

        status =
            put_measure(root, ratio->name, "ratio", ratio->ratio, ratio->low, ratio->high, tally);
    }
    for (size_t c = 0; c < export->count_count && status == 0; c++)
        status = put_measure(root, export->counts[c].name, export->counts[c].quantity,
                             export->counts[c].head, NAN, NAN, tally);
    if (status == 0)
        status = write_json(file, root);
    json_decref(root);
    return status;
}
