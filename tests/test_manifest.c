/* manifest.json and the columns of a real run: what was run, on what, with what. */
#include "base/table.h"
#include "campaign_fixture.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char convergence[] =
    "question: Is it \"all\" there?\n"
    "dataset: {name: blobs, examples: 150, features: 3, classes: 3, validation: 20, test: 10}\n"
    "grid: {engine: naive, network: S, batch_size: [1, 8]}\n"
    "targets: {train_loss: [100, 0.000001]}\n"
    "evaluation: {first: 20}\n"
    "budget: {epochs: 2}\n";
static const char throughput_yaml[] =
    "measure: throughput\n"
    "dataset: {name: blobs, examples: 150, features: 3, classes: 3}\n"
    "grid: {engine: naive, network: S, batch_size: [1, 8]}\n"
    "throughput: {seconds: 0.05, block_seconds: 0.0005, blocks: 6, precision: 1}\n";

static void run_into(const char *yaml, const char *results)
{
    const struct runner_options options = {.jobs = 2};
    struct runner_result result;
    struct prepared prepared;

    prepare(&prepared, yaml, results);
    if (runner_run(&prepared.campaign, &options, &result) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(result.end, RUNNER_COMPLETE);
    dismiss(&prepared);
}

static int make_results(void **state)
{
    if (scratch_open(state) != 0)
        return -1;
    run_into(convergence, "convergence");
    run_into(convergence, "convergence"); /* twice: two logs */
    run_into(throughput_yaml, "throughput");
    return 0;
}

static json_t *load(const char *results)
{
    json_error_t problem;
    json_t *manifest = json_load_file(result_path(results, "manifest.json"), 0, &problem);

    if (!manifest)
        fail_msg("line %d: %s", problem.line, problem.text);
    return manifest;
}

static const json_t *member(const json_t *object, const char *path)
{
    char key[64];

    while (*path) {
        size_t length = strcspn(path, ".");

        snprintf(key, sizeof key, "%.*s", (int)length, path);
        object = json_object_get(object, key);
        if (!object)
            fail_msg("no `%s`", path);
        path += length + (path[length] == '.');
    }
    return object;
}

static void assert_says(const json_t *manifest, const char *path, const char *expected)
{
    assert_string_equal(json_string_value(member(manifest, path)), expected);
}

static void the_manifest_says_what_was_run(void **state)
{
    json_t *manifest = load("convergence");

    (void)state;
    assert_int_equal(json_integer_value(member(manifest, "schema_version")), 8);
    assert_says(manifest, "experiment", "good");
    assert_says(manifest, "question", "Is it \"all\" there?");
    assert_says(manifest, "measure", "convergence");
    assert_says(manifest, "dataset.test_split", "opened once, at the end of a cell");
    assert_says(manifest, "experiment_text", convergence); /* verbatim */
    assert_int_equal(json_integer_value(member(manifest, "cells")), 2);
    assert_true(json_is_false(member(manifest, "quick")));
    assert_int_equal(strlen(json_string_value(member(manifest, "base"))), 8);
    json_decref(manifest);
}

static void the_manifest_says_on_what_and_with_what(void **state)
{
    static const char *const texts[] = {
        "machine.cpu",   "machine.kernel",    "machine.governor",   "machine.instructions",
        "build.version", "build.commit",      "build.compiler",     "build.flags",
        "libraries.gsl", "libraries.jansson", "libraries.zlib",     "libraries.libyaml",
        "engines.naive", "dataset.name",      "dataset.description"};
    json_t *manifest = load("convergence");

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = json_string_value(member(manifest, texts[i]));

        if (!text || !text[0])
            fail_msg("`%s` says nothing", texts[i]);
    }
    assert_int_equal(json_integer_value(member(manifest, "dataset.train")), 120);
    assert_int_equal(json_integer_value(member(manifest, "dataset.validation")), 20);
    assert_int_equal(json_integer_value(member(manifest, "dataset.test")), 10);
    assert_int_equal(json_integer_value(member(manifest, "dataset.inputs")), 3);
    assert_int_equal(strlen(json_string_value(member(manifest, "dataset.fingerprint"))), 8);
    assert_true(json_array_size(member(manifest, "machine.processors")) > 0);
    assert_true(json_real_value(member(manifest, "machine.memory_bytes")) > 1e6);
    assert_true(json_is_real(member(manifest, "machine.cgroup_quota")));
    assert_true(json_real_value(member(manifest, "machine.fma_peak_gflops.1")) > 0);
    json_decref(manifest);
}

static void assert_roof(const char *results)
{
    static const char *const rates[] = {"read_gb_per_second", "write_gb_per_second",
                                        "triad_gb_per_second"};
    json_t *manifest = load(results);
    const json_t *roof = member(manifest, "machine.roofs.1");
    const json_t *memory = member(roof, "dram");

    assert_true(json_real_value(member(roof, "fma_gflops")) > 0);
    assert_true(json_real_value(member(roof, "fma_gflops")) ==
                json_real_value(member(manifest, "machine.fma_peak_gflops.1")));
    assert_true(json_real_value(member(roof, "seconds")) > 0);
    assert_int_equal(json_integer_value(member(roof, "threads")), 1);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        assert_true(json_real_value(member(memory, rates[i])) > 0);
        member(member(roof, "l1"), rates[i]); /* a number or null */
        member(member(roof, "l2"), rates[i]);
        member(member(roof, "l3"), rates[i]);
    }
    assert_true(json_real_value(member(roof, "dram.measured_bytes")) > 0);
    assert_true(json_real_value(member(roof, "l2.capacity_bytes")) ==
                json_real_value(member(manifest, "machine.l2_bytes")));
    json_decref(manifest);
}

static void every_run_has_its_roof(void **state)
{
    (void)state;
    assert_roof("throughput");
    assert_roof("convergence");
}

static void each_run_has_its_log(void **state)
{
    static const char *const numbers[] = {"wall_seconds", "train_seconds", "evaluation_seconds",
                                          "load_before", "load_after"};
    json_t *manifest = load("convergence");
    const json_t *runs = member(manifest, "runs"), *first = json_array_get(runs, 0);

    (void)state;
    assert_int_equal(json_array_size(runs), 1); /* the second run had nothing to measure */
    assert_says(first, "ended", "complete");
    assert_int_equal(strlen(json_string_value(member(first, "started"))), 20);
    assert_true(strcmp(json_string_value(member(first, "started")),
                       json_string_value(member(first, "finished"))) <= 0);
    assert_int_equal(json_integer_value(member(first, "cells_run")), 2);
    assert_int_equal(json_integer_value(member(first, "jobs")), 2);
    assert_int_equal(json_integer_value(member(first, "cells_skipped")), 0);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_true(json_is_real(member(first, numbers[i])));
    member(first, "steal_share"); /* a number or null */
    json_decref(manifest);
}

static double number_of(const struct table *table, const char *column, size_t row)
{
    const double *numbers = table_numbers((struct table *)table, column);

    if (!numbers)
        fail_msg("%s", error_text());
    return numbers[row];
}

static struct table *open_results(const char *results, const char *name)
{
    struct table *table;

    if (table_open(&table, result_path(results, name)) != 0)
        fail_msg("%s", error_text());
    return table;
}

static void a_convergence_cell_fills_its_columns(void **state)
{
    struct table *cells = open_results("convergence", "cells.csv");
    struct table *curves = open_results("convergence", "curves.csv");
    double evaluations = 0;

    (void)state;
    assert_int_equal(table_rows(cells), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(table_texts(cells, "measure")[i], "convergence");
        assert_string_equal(table_texts(cells, "outcome")[i], "budget");
        assert_true(number_of(cells, "batch_size", i) == (i ? 8 : 1));
        assert_true(number_of(cells, "train_examples", i) == 120);
        assert_true(number_of(cells, "examples", i) == 240);
        assert_true(number_of(cells, "epochs", i) == 2);
        assert_true(number_of(cells, "updates", i) == 240 / number_of(cells, "batch_size", i));
        assert_true(number_of(cells, "parameters", i) == 12);
        assert_true(number_of(cells, "flops_per_example", i) == 36);
        assert_true(number_of(cells, "train_seconds", i) > 0);
        assert_true(number_of(cells, "wall_seconds", i) >=
                    number_of(cells, "train_seconds", i) + number_of(cells, "setup_seconds", i));
        assert_true(number_of(cells, "peak_memory_bytes", i) > 1e5);
        assert_true(number_of(cells, "stored_bytes", i) > 0);
        assert_true(number_of(cells, "session_memory_bytes", i) <
                    number_of(cells, "peak_memory_bytes", i));
        assert_true(fabs(number_of(cells, "examples_per_second", i) *
                             number_of(cells, "train_seconds", i) / 240 -
                         1) < 1e-9);
        assert_true(isnan(number_of(cells, "blocks", i)));
        assert_true(isnan(number_of(cells, "roof_examples_per_second", i)));
        assert_true(isnan(number_of(cells, "live_fraction", i)));
        assert_string_equal(table_texts(cells, "roof_bound")[i], "");
        assert_true(isfinite(number_of(cells, "test_loss", i)));
        assert_true(number_of(cells, "test_error", i) <= 1);
        assert_true(number_of(cells, "targets", i) == 2);
        assert_true(number_of(cells, "targets_reached", i) == 1);
        assert_true(number_of(cells, "updates_to_train_loss_100", i) == 0);
        assert_true(isnan(number_of(cells, "seconds_to_train_loss_1e-06", i)));
        evaluations += number_of(cells, "evaluations", i);
    }
    assert_true(evaluations == (double)table_rows(curves));
    assert_false(tree_exists(result_path("convergence", "timings.csv")));
    table_close(cells);
    table_close(curves);
}

static void a_throughput_cell_fills_its_columns(void **state)
{
    struct table *cells = open_results("throughput", "cells.csv");
    struct table *timings = open_results("throughput", "timings.csv");
    double blocks = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(table_texts(cells, "measure")[i], "throughput");
        assert_true(number_of(cells, "examples_per_second_q1", i) <=
                    number_of(cells, "examples_per_second", i));
        assert_true(number_of(cells, "pregathered_examples_per_second", i) <=
                    number_of(cells, "pregathered_examples_per_second_q3", i));
        assert_true(fabs(number_of(cells, "gflops", i) * 1e9 /
                             (number_of(cells, "examples_per_second", i) * 36) -
                         1) < 1e-9);
        assert_true(isnan(number_of(cells, "final_train_loss", i)));
        assert_true(isnan(number_of(cells, "evaluations", i)));
        if (isfinite(number_of(cells, "roof_examples_per_second", i))) { /* caches are known */
            assert_true(fabs(number_of(cells, "roof_fraction", i) *
                                 number_of(cells, "roof_examples_per_second", i) /
                                 number_of(cells, "pregathered_examples_per_second", i) -
                             1) < 1e-9);
            assert_true(table_texts(cells, "roof_bound")[i][0] != '\0');
        }
        assert_true(isnan(number_of(cells, "live_fraction", i))); /* S has no hidden layer */
        blocks += number_of(cells, "blocks", i) + number_of(cells, "pregathered_blocks", i);
    }
    assert_true(blocks == (double)table_rows(timings));
    assert_false(tree_exists(result_path("throughput", "curves.csv")));
    table_close(cells);
    table_close(timings);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manifest_says_what_was_run),
        cmocka_unit_test(the_manifest_says_on_what_and_with_what),
        cmocka_unit_test(every_run_has_its_roof),
        cmocka_unit_test(each_run_has_its_log),
        cmocka_unit_test(a_convergence_cell_fills_its_columns),
        cmocka_unit_test(a_throughput_cell_fills_its_columns),
    };

    return cmocka_run_group_tests(tests, make_results, tree_close);
}
