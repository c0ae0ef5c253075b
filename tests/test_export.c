/* What was timed, in the formats that other tools read: known answers, and what must never get into
 * them. */
#include "export/export.h"

#include "base/error.h"
#include "export/text.h"
#include "tree.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

/* ---- Words of the tests -----------------------------------------------------------------------
 */

static struct export_tally tally;

/* The format's text, to be freed. */
static char *printed(const struct export *export, enum export_format format)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    if (export_print(export, format, file, &tally) != 0)
        fail_msg("%s", error_text());
    fclose(file);
    return text;
}

static void assert_prints(const struct export *export, enum export_format format,
                          const char *expected)
{
    char *text = printed(export, format);

    assert_string_equal(text, expected);
    free(text);
}

static void assert_has(const struct export *export, enum export_format format, const char *words)
{
    char *text = printed(export, format);

    if (!strstr(text, words))
        fail_msg("%s does not say `%s`:\n%s", export_file_name(format), words, text);
    free(text);
}

static void assert_lacks(const struct export *export, enum export_format format, const char *words)
{
    char *text = printed(export, format);

    if (strstr(text, words))
        fail_msg("%s says `%s`:\n%s", export_file_name(format), words, text);
    free(text);
}

static void assert_refused(const struct export *export, const char *words)
{
    for (enum export_format f = 0; f < EXPORT_FORMATS; f++) {
        char *text = NULL;
        size_t length;
        FILE *file = open_memstream(&text, &length);

        error_clear();
        assert_int_equal(export_print(export, f, file, NULL), -1);
        fclose(file);
        assert_string_equal(text, ""); /* not even a beginning */
        free(text);
        if (!strstr(error_text(), words))
            fail_msg("`%s` does not say `%s`", error_text(), words);
    }
}

/* Parsed strictly: NaN, Infinity and keys that are there twice are refused. */
static json_t *parsed(const struct export *export, enum export_format format)
{
    char *text = printed(export, format);
    json_error_t problem;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &problem);

    if (!json)
        fail_msg("%s:%d: %s\n%s", export_file_name(format), problem.line, problem.text, text);
    free(text);
    return json;
}

static double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    return json_number_value(value);
}

static const char *text_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        fail_msg("%s is no text", key);
    return json_string_value(value);
}

/* ---- Known answers ----------------------------------------------------------------------------
 */

/* Powers of two, so that every number is exact. */
static const double seconds[] = {0.25, 0.5, 0.125}, cpu_seconds[] = {0.5, 1, 0.25};
static const struct exported_case exact = {
    .name = "train/S/blas/k=8",
    .label = "one thread",
    .threads = 1,
    .count = 3,
    .seconds = seconds,
    .cpu_seconds = cpu_seconds,
    .iterations = 4,
    .examples_per_iteration = 8,
    .flops_per_iteration = 2.5e8,
};
static const struct export one = {
    .suite = "suite",
    .date = "2026-11-29T01:30:31Z",
    .host = "host",
    .cpu = "abacus",
    .processors = 2,
    .library_version = "0.1.0",
    .build_type = "release",
    .commit = "abc",
    .cases = &exact,
    .case_count = 1,
};

static void google_benchmark_has_a_row_for_each_repetition(void **state)
{
    struct export export = one;
    struct exported_case short_case = exact;

    (void)state;
    short_case.count = 1;
    export.cases = &short_case;
    export.cpu_scaling = EXPORTED_NO;
    assert_prints(&export, EXPORT_GOOGLE_BENCHMARK,
                  "{\n \"context\": {\n  \"date\": \"2026-11-29T01:30:31Z\",\n"
                  "  \"host_name\": \"host\",\n  \"num_cpus\": 2,\n  \"mhz_per_cpu\": 0,\n"
                  "  \"cpu_scaling_enabled\": false,\n"
                  "  \"caches\": [],\n  \"load_avg\": [],\n  \"library_version\": \"0.1.0\",\n"
                  "  \"library_build_type\": \"release\",\n  \"json_schema_version\": 1,\n"
                  "  \"suite\": \"suite\",\n  \"cpu_model\": \"abacus\",\n  \"commit\": \"abc\"\n"
                  " },\n \"benchmarks\": [\n  {\n   \"name\": \"train/S/blas/k=8\",\n"
                  "   \"family_index\": 0,\n   \"per_family_instance_index\": 0,\n"
                  "   \"run_name\": \"train/S/blas/k=8\",\n   \"run_type\": \"iteration\",\n"
                  "   \"repetitions\": 1,\n   \"repetition_index\": 0,\n   \"threads\": 1,\n"
                  "   \"iterations\": 4,\n   \"real_time\": 250000000.0,\n"
                  "   \"cpu_time\": 500000000.0,\n   \"time_unit\": \"ns\",\n"
                  "   \"items_per_second\": 32.0,\n   \"GFLOPs\": 1.0,\n"
                  "   \"label\": \"one thread\"\n  }\n ]\n}\n");
    assert_int_equal(tally.written, 1);
    free(printed(&one, EXPORT_GOOGLE_BENCHMARK));
    assert_int_equal(tally.written, 3);
    assert_int_equal(tally.left_out, 0);
}

static void its_context_says_what_is_known_and_no_more(void **state)
{
    static const double load[] = {0.5, 1.5, 2.5};
    static const struct exported_cache caches[] = {{"Data", 1, 32768, 2}};
    static const struct exported_pair custom[] = {{"engine blas", "OpenBLAS"}, {"date", "never"}};
    struct export export = one;
    json_t *json, *context;

    (void)state;
    export.load = load;
    export.load_count = 3;
    export.caches = caches;
    export.cache_count = 1;
    export.custom = custom;
    export.custom_count = 2;
    export.cpu_scaling = EXPORTED_YES;
    export.mhz = 2399.6;
    export.executable = "bin/batchlab";
    json = parsed(&export, EXPORT_GOOGLE_BENCHMARK);
    context = json_object_get(json, "context");
    assert_true(json_is_true(json_object_get(context, "cpu_scaling_enabled")));
    assert_true(number_at(context, "mhz_per_cpu") == 2400);
    assert_string_equal(text_at(context, "executable"), "bin/batchlab");
    assert_string_equal(text_at(context, "engine blas"), "OpenBLAS");
    assert_string_equal(text_at(context, "date"), "2026-11-29T01:30:31Z"); /* not the custom one */
    assert_true(json_number_value(json_array_get(json_object_get(context, "load_avg"), 2)) == 2.5);
    context = json_array_get(json_object_get(context, "caches"), 0);
    assert_true(number_at(context, "size") == 32768);
    assert_true(number_at(context, "num_sharing") == 2);
    assert_null(json_object_get(json_object_get(json, "context"), "cpu_time"));
    json_decref(json);
    json = parsed(&one, EXPORT_GOOGLE_BENCHMARK);
    assert_null(json_object_get(json_object_get(json, "context"), "cpu_scaling_enabled"));
    json_decref(json);
}

static void without_processor_time_it_says_so(void **state)
{
    struct exported_case timed = exact;
    struct export export = one;
    json_t *json, *row;

    (void)state;
    timed.cpu_seconds = NULL;
    export.cases = &timed;
    json = parsed(&export, EXPORT_GOOGLE_BENCHMARK);
    row = json_array_get(json_object_get(json, "benchmarks"), 1);
    assert_true(number_at(row, "cpu_time") == 5e8); /* which compare.py must have */
    assert_string_equal(text_at(json_object_get(json, "context"), "cpu_time"),
                        "where it was not measured it repeats real_time");
    json_decref(json);
}

static void repetitions_may_differ_in_their_updates(void **state)
{
    static const long iterations[] = {1, 2, 5};
    struct exported_case timed = exact;
    struct export export = one;
    json_t *json;

    (void)state;
    timed.iterations_each = iterations;
    export.cases = &timed;
    json = parsed(&export, EXPORT_GOOGLE_BENCHMARK);
    assert_true(number_at(json_array_get(json_object_get(json, "benchmarks"), 2), "iterations") ==
                5);
    json_decref(json);
    /* 0.25 + 2 * 0.5 + 5 * 0.125 */
    assert_has(&export, EXPORT_JUNIT, "name=\"train/S/blas/k=8\" time=\"1.875000\"");
}

static void github_action_has_medians_in_units_that_never_change(void **state)
{
    (void)state;
    assert_prints(&one, EXPORT_ACTION_SMALLER,
                  "[\n {\n  \"name\": \"train/S/blas/k=8\",\n  \"unit\": \"us/update\",\n"
                  "  \"value\": 250000.0,\n"
                  "  \"extra\": \"median of 3, fastest 125000 us\\nthreads: 1\\none thread\"\n"
                  " }\n]\n");
    assert_prints(&one, EXPORT_ACTION_BIGGER,
                  "[\n {\n  \"name\": \"train/S/blas/k=8\",\n  \"unit\": \"examples/s\",\n"
                  "  \"value\": 32.0,\n"
                  "  \"extra\": \"median of 3, fastest 125000 us\\nthreads: 1\\none thread\"\n"
                  " }\n]\n");
}

/* Of six values the 97 % interval of the median reaches from the least to the largest. */
static const double six[] = {0.5, 0.25, 0.25, 0.25, 0.25, 0.125};

static struct exported_case six_times(void)
{
    struct exported_case timed = exact;

    timed.count = 6;
    timed.seconds = six;
    timed.cpu_seconds = NULL;
    return timed;
}

static void an_interval_is_there_from_six_repetitions_on(void **state)
{
    struct exported_case timed = six_times();
    struct export export = one;
    json_t *json, *metric;

    (void)state;
    export.cases = &timed;
    assert_has(&export, EXPORT_ACTION_SMALLER, "\"range\": \"± 2.500e+05\"");
    assert_has(&export, EXPORT_ACTION_SMALLER, "95 % interval 125000 to 500000 us");
    assert_has(&export, EXPORT_ACTION_BIGGER, "\"range\": \"± 32.00\""); /* 16 to 64 about 32 */
    json = parsed(&export, EXPORT_BENCHER);
    metric = json_object_get(json_object_get(json, "train/S/blas/k=8"), "throughput");
    assert_true(number_at(metric, "value") == 32);
    assert_true(number_at(metric, "lower_value") == 16);
    assert_true(number_at(metric, "upper_value") == 64);
    json_decref(json);
    timed.count = 5;
    assert_lacks(&export, EXPORT_ACTION_SMALLER, "range");
    assert_lacks(&export, EXPORT_BENCHER, "lower_value");
    timed.count = 6;
    export.confidence = 0.99; /* six are too few */
    assert_lacks(&export, EXPORT_BENCHER, "lower_value");
}

static void bencher_has_its_own_measures(void **state)
{
    (void)state;
    assert_prints(&one, EXPORT_BENCHER,
                  "{\n \"train/S/blas/k=8\": {\n  \"latency\": {\n   \"value\": 250000000.0\n  },\n"
                  "  \"throughput\": {\n   \"value\": 32.0\n  },\n"
                  "  \"gflops\": {\n   \"value\": 1.0\n  }\n }\n}\n");
}

static void ctest_gets_a_line_a_number(void **state)
{
    static const struct exported_figure figure = {"loss & time", "/tmp/a<b.png"};
    struct export export = one;

    (void)state;
    export.figures = &figure;
    export.figure_count = 1;
    assert_prints(
        &export, EXPORT_CTEST,
        "<CTestMeasurement type=\"numeric/double\" name=\"train/S/blas/k=8 seconds_per_update\">"
        "0.25</CTestMeasurement>\n"
        "<CTestMeasurement type=\"numeric/double\" name=\"train/S/blas/k=8 examples_per_second\">"
        "32</CTestMeasurement>\n"
        "<CTestMeasurement type=\"numeric/double\" name=\"train/S/blas/k=8 gflops\">"
        "1</CTestMeasurement>\n"
        "<CTestMeasurementFile type=\"image/png\" name=\"loss &#38; time\">"
        "/tmp/a&#60;b.png</CTestMeasurementFile>\n");
}

static void junit_of_one_side_passes_what_ran(void **state)
{
    (void)state;
    assert_prints(
        &one, EXPORT_JUNIT,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"suite\" tests=\"1\" failures=\"0\" errors=\"0\" time=\"3.500000\">\n"
        " <testsuite name=\"suite\" tests=\"1\" failures=\"0\" errors=\"0\" time=\"3.500000\" "
        "skipped=\"0\" timestamp=\"2026-11-29T01:30:31Z\" hostname=\"host\">\n"
        "  <properties>\n"
        "   <property name=\"cpu\" value=\"abacus\"/>\n"
        "   <property name=\"commit\" value=\"abc\"/>\n"
        "   <property name=\"library_version\" value=\"0.1.0\"/>\n"
        "   <property name=\"build_type\" value=\"release\"/>\n"
        "   <property name=\"train/S/blas/k=8/seconds_per_update\" value=\"0.25\"/>\n"
        "   <property name=\"train/S/blas/k=8/examples_per_second\" value=\"32\"/>\n"
        "   <property name=\"train/S/blas/k=8/gflops\" value=\"1\"/>\n"
        "  </properties>\n"
        "  <testcase classname=\"suite\" name=\"train/S/blas/k=8\" time=\"3.500000\">\n"
        "   <system-out>one thread</system-out>\n  </testcase>\n"
        " </testsuite>\n</testsuites>\n");
}

static void markdown_of_one_side_is_a_table(void **state)
{
    (void)state;
    assert_prints(&one, EXPORT_MARKDOWN,
                  "**suite: 1 cell.**\n"
                  "\n| cell | an update | examples/s | |\n|---|---:|---:|---|\n"
                  "| train/S/blas/k=8 | 250 ms | 32 | one thread |\n"
                  "\nIntervals: 95 % of medians. Machine: abacus, 2 processors, host. Commit abc, "
                  "2026-11-29T01:30:31Z\n");
}

/* ---- What is no number ------------------------------------------------------------------------
 */

static const enum export_format json_formats[] = {EXPORT_GOOGLE_BENCHMARK, EXPORT_ACTION_SMALLER,
                                                  EXPORT_ACTION_BIGGER, EXPORT_BENCHER};

/* Words that a number which is not finite would be printed as. */
static void assert_has_no_such_number(const struct export *export)
{
    static const char *const words[] = {"nan", "NaN", ": inf", ">inf", "\"inf", "Infinity"};

    for (enum export_format f = 0; f < EXPORT_FORMATS; f++)
        for (size_t w = 0; w < COUNT(words); w++)
            assert_lacks(export, f, words[w]);
    for (size_t f = 0; f < COUNT(json_formats); f++)
        json_decref(parsed(export, json_formats[f]));
}

static void repetitions_that_are_no_numbers_are_left_out(void **state)
{
    static const double mixed[] = {NAN, 0.25, INFINITY, 0, -1, 0.25, -INFINITY, 1e-320, 1e300};
    static const double cpu[] = {1, NAN, 1, 1, 1, INFINITY, 1, 1, 1};
    struct exported_case timed = exact;
    struct export export = one;
    json_t *json;

    (void)state;
    timed.count = COUNT(mixed);
    timed.seconds = mixed;
    timed.cpu_seconds = cpu;
    export.cases = &timed;
    assert_has_no_such_number(&export);
    json = parsed(&export, EXPORT_GOOGLE_BENCHMARK);
    assert_int_equal(json_array_size(json_object_get(json, "benchmarks")), 2);
    assert_true(
        number_at(json_array_get(json_object_get(json, "benchmarks"), 0), "repetition_index") == 1);
    json_decref(json);
    assert_int_equal(tally.written, 2);
    assert_int_equal(tally.left_out, 7);
    assert_has(&export, EXPORT_ACTION_SMALLER, "median of 2");
    assert_has(&export, EXPORT_GOOGLE_BENCHMARK, "where it was not measured it repeats real_time");
}

static void a_case_without_numbers_is_an_error_or_left_out(void **state)
{
    static const double none[] = {NAN, 0};
    struct exported_case timed = exact;
    struct export export = one;
    json_t *json, *row;

    (void)state;
    timed.count = 2;
    timed.seconds = none;
    export.cases = &timed;
    assert_has_no_such_number(&export);
    json = parsed(&export, EXPORT_GOOGLE_BENCHMARK);
    assert_int_equal(json_array_size(json_object_get(json, "benchmarks")), 1);
    row = json_array_get(json_object_get(json, "benchmarks"), 0);
    assert_true(json_is_true(json_object_get(row, "error_occurred")));
    assert_string_equal(text_at(row, "error_message"), "no repetition gave a number");
    assert_true(number_at(row, "real_time") == 0); /* what Google writes, and compare.py needs */
    json_decref(json);
    assert_prints(&export, EXPORT_ACTION_SMALLER, "[]\n");
    assert_int_equal(tally.left_out, 1);
    assert_int_equal(tally.written, 0);
    assert_prints(&export, EXPORT_BENCHER, "{}\n");
    assert_int_equal(tally.left_out, 1);
    assert_has(&export, EXPORT_JUNIT, "<error type=\"no numbers\" message=\"no repetition");
    assert_has(&export, EXPORT_JUNIT, "tests=\"1\" failures=\"0\" errors=\"1\"");
    assert_has(&export, EXPORT_CTEST, "k=8 error\">no repetition gave a number</CTestMeasurement>");
    assert_has(&export, EXPORT_MARKDOWN, "| none |  | no repetition gave a number |");
}

static void a_failed_case_is_an_error_whatever_its_numbers(void **state)
{
    struct exported_case timed = exact;
    struct export export = one;

    (void)state;
    timed.error = "crashed: signal 11";
    export.cases = &timed;
    assert_has(&export, EXPORT_GOOGLE_BENCHMARK, "\"error_message\": \"crashed: signal 11\"");
    assert_lacks(&export, EXPORT_GOOGLE_BENCHMARK, "items_per_second");
    assert_has(&export, EXPORT_JUNIT, "message=\"crashed: signal 11\"");
    assert_prints(&export, EXPORT_ACTION_BIGGER, "[]\n");
    timed.skipped = true;
    assert_has(&export, EXPORT_GOOGLE_BENCHMARK, "\"skip_message\": \"crashed: signal 11\"");
    assert_lacks(&export, EXPORT_GOOGLE_BENCHMARK, "error_occurred");
    assert_has(&export, EXPORT_JUNIT, "<skipped type=\"unsupported\"");
    assert_has(&export, EXPORT_JUNIT, "errors=\"0\"");
}

static void no_repetitions_at_all_are_no_numbers(void **state)
{
    struct exported_case timed = {.name = "a"};
    struct export export = {.cases = &timed, .case_count = 1};

    (void)state;
    assert_has_no_such_number(&export); /* nothing but the name is there */
    assert_has(&export, EXPORT_GOOGLE_BENCHMARK, "error_occurred");
}

static void unknown_examples_have_no_rate(void **state)
{
    struct exported_case timed = exact;
    struct export export = one;

    (void)state;
    timed.examples_per_iteration = timed.flops_per_iteration = 0;
    export.cases = &timed;
    assert_prints(&export, EXPORT_ACTION_BIGGER, "[]\n");
    assert_int_equal(tally.left_out, 1);
    assert_lacks(&export, EXPORT_GOOGLE_BENCHMARK, "items_per_second");
    assert_lacks(&export, EXPORT_BENCHER, "throughput");
    timed.examples_per_iteration = timed.flops_per_iteration = NAN;
    assert_has_no_such_number(&export);
    timed.examples_per_iteration = timed.flops_per_iteration = INFINITY;
    assert_has_no_such_number(&export);
}

static void a_machine_that_is_no_number_is_unknown(void **state)
{
    static const double load[] = {NAN, INFINITY, 1};
    struct export export = one;

    (void)state;
    export.load = load;
    export.load_count = 3;
    export.mhz = NAN;
    assert_has_no_such_number(&export);
}

static void values_have_their_direction_and_unit(void **state)
{
    static const struct exported_value values[] = {
        {"a/train", "seconds_to_0.1", "s", 2, 1, 4, false},
        {"a/train", "updates_to_0.1", "updates", INFINITY, 1, INFINITY, false},
        {"a/train", "accuracy", "", 0.5, 0.25, INFINITY, true},
    };
    struct export export = {.values = values, .value_count = 3};

    (void)state;
    assert_has_no_such_number(&export);
    assert_prints(&export, EXPORT_ACTION_SMALLER,
                  "[\n {\n  \"name\": \"a/train/seconds_to_0.1\",\n  \"unit\": \"s\",\n"
                  "  \"value\": 2.0,\n  \"range\": \"± 2.000\"\n }\n]\n");
    assert_int_equal(tally.left_out, 1);
    assert_prints(&export, EXPORT_ACTION_BIGGER,
                  "[\n {\n  \"name\": \"a/train/accuracy\",\n  \"unit\": \"\",\n"
                  "  \"value\": 0.5\n }\n]\n");
    assert_prints(&export, EXPORT_BENCHER,
                  "{\n \"a/train\": {\n  \"seconds_to_0.1\": {\n   \"value\": 2.0,\n"
                  "   \"lower_value\": 1.0,\n   \"upper_value\": 4.0\n  },\n"
                  "  \"accuracy\": {\n   \"value\": 0.5\n  }\n }\n}\n");
    assert_int_equal(tally.left_out, 1);
}

/* ---- A gate's ---------------------------------------------------------------------------------
 */

static const struct exported_ratio ratios[] = {
    {"same", 1.001, 0.99, 1.01, 0.95, 0.02, "SAME", NULL, &exact, &exact},
    {"slower", 1.1, 1.05, 1.15, 0.95, 0.02, "REGRESSION", "confirmed", &exact, &exact},
    {"slowest", 2, 1.5, 2.5, 0.95, 0.02, "REGRESSION", NULL, &exact, &exact},
    {"faster", 0.5, 0.4, 0.6, 0.95, 0.02, "IMPROVED", NULL, &exact, &exact},
    {"unclear", 1.02, 0.9, 1.2, 0.95, 0.02, "INCONCLUSIVE", "too noisy", &exact, &exact},
    {"broken", NAN, NAN, NAN, 0.95, 0.02, "WRONG", "the head crashed", &exact, NULL},
    {"lone", NAN, -INFINITY, INFINITY, NAN, NAN, "INCONCLUSIVE", NULL, NULL, NULL},
};
static const struct exported_count counts[] = {
    {"same", "flops", 100, 100, "SAME", NULL},
    {"same", "peak_bytes", 100, 150, "CHANGED", "tolerance 60 %"},
    {"same", "final_loss", 0.5, NAN, "WRONG", "not finite"},
};

static struct export of_gate(void)
{
    struct export export = one;

    export.suite = "gate";
    export.ratios = ratios;
    export.ratio_count = COUNT(ratios);
    export.counts = counts;
    export.count_count = COUNT(counts);
    return export;
}

static void junit_fails_what_is_slower_or_wrong(void **state)
{
    struct export export = of_gate();

    (void)state;
    export.case_count = 0;
    assert_has_no_such_number(&export);
    assert_has(&export, EXPORT_JUNIT, "tests=\"10\" failures=\"4\" errors=\"0\"");
    assert_has(&export, EXPORT_JUNIT, "skipped=\"2\"");
    assert_has(&export, EXPORT_JUNIT,
               "<failure type=\"REGRESSION\" message=\"REGRESSION: time of head / base 1.1 [1.05, "
               "1.15] (95 %); confirmed\"/>");
    assert_has(&export, EXPORT_JUNIT,
               "<failure type=\"WRONG\" message=\"WRONG: time of head / base no ratio; the head "
               "crashed\"/>");
    assert_has(&export, EXPORT_JUNIT, "<skipped type=\"INCONCLUSIVE\"");
    assert_has(&export, EXPORT_JUNIT, "<property name=\"slower/ratio_low\" value=\"1.05\"/>");
    assert_lacks(&export, EXPORT_JUNIT, "\"broken/ratio\"");
    assert_has(&export, EXPORT_JUNIT, "name=\"same/peak_bytes\"");
    export.strict = true;
    assert_has(&export, EXPORT_JUNIT, "tests=\"10\" failures=\"6\" errors=\"0\"");
    assert_has(&export, EXPORT_JUNIT, "skipped=\"0\"");
    assert_has(&export, EXPORT_JUNIT, "<failure type=\"INCONCLUSIVE\"");
}

/* A cell that crashed before anything could be compared is not forgotten. */
static void a_case_without_a_ratio_stands_beside_them(void **state)
{
    static const struct exported_case cases[] = {
        {.name = "same", .error = "said by its ratio"},
        {.name = "alone", .error = "crashed"},
    };
    struct export export = of_gate();

    (void)state;
    export.cases = cases;
    export.case_count = 2;
    assert_has(&export, EXPORT_JUNIT, "tests=\"11\" failures=\"4\" errors=\"1\"");
    assert_has(&export, EXPORT_JUNIT, "message=\"crashed\"");
    assert_lacks(&export, EXPORT_JUNIT, "said by its ratio");
    assert_has(&export, EXPORT_MARKDOWN, "\nNot compared:\n\n| cell |");
    assert_has(&export, EXPORT_MARKDOWN, "| alone | none |  | crashed |");
    assert_lacks(&export, EXPORT_MARKDOWN, "said by its ratio");
}

static void bencher_and_ctest_have_ratios_and_counts(void **state)
{
    struct export export = of_gate();
    json_t *json, *ratio;

    (void)state;
    json = parsed(&export, EXPORT_BENCHER);
    ratio = json_object_get(json_object_get(json, "slower"), "ratio");
    assert_true(number_at(ratio, "upper_value") == 1.15);
    assert_null(json_object_get(json, "broken"));
    assert_true(number_at(json_object_get(json_object_get(json, "same"), "peak_bytes"), "value") ==
                150);
    json_decref(json);
    assert_has(&export, EXPORT_CTEST, "name=\"slower ratio_high\">1.15</CTestMeasurement>");
    assert_has(&export, EXPORT_CTEST,
               "type=\"text/string\" name=\"slower verdict\">REGRESSION</CTestMeasurement>");
    assert_lacks(&export, EXPORT_CTEST, "broken ratio");
}

static void markdown_has_the_worst_first_and_the_same_folded(void **state)
{
    static const char *const order[] = {
        "**Of 7 cells: 1 WRONG, 2 REGRESSION, 2 INCONCLUSIVE, 1 IMPROVED, 1 SAME; of 3 counts: 1 "
        "WRONG, 1 "
        "CHANGED, 1 SAME.**\n",
        "| broken | 250 ms | none | no ratio | **WRONG**: the head crashed |\n",
        "| slowest |",
        "| slower | 250 ms | 250 ms | 1.1 \\[1.05, 1.15\\] (95 %) | **REGRESSION**: confirmed |\n",
        "| faster |",
        "\n<details><summary>1 SAME</summary>\n\n|",
        "| same | 250 ms | 250 ms | 1.001 \\[0.99, 1.01\\] (95 %) | SAME |\n",
        "\n</details>\n",
        "| same | peak\\_bytes | 100 | 150 | **CHANGED**: tolerance 60 % |\n",
        "| same | final\\_loss | 0.5 | none | **WRONG**: not finite |\n",
        "Counts that are the same: 1.",
        "Machine: abacus",
    };
    struct export export = of_gate();
    char *text, *at;

    (void)state;
    export.case_count = 0;
    text = at = printed(&export, EXPORT_MARKDOWN);
    for (size_t o = 0; o < COUNT(order); o++) {
        char *found = strstr(at, order[o]);

        if (!found)
            fail_msg("`%s` does not follow:\n%s", order[o], text);
        at = found;
    }
    free(text);
    export.summary = "2 of 7 cells are slower | <b>";
    assert_has(&export, EXPORT_MARKDOWN, "**2 of 7 cells are slower &#124; &#60;b&#62;**\n");
}

static void long_tables_are_cut_and_say_so(void **state)
{
    enum { MANY = 5000 };
    static struct exported_ratio many[MANY];
    static char names[MANY][24];
    struct export export = of_gate();
    char *text;

    (void)state;
    for (int r = 0; r < MANY; r++) {
        snprintf(names[r], sizeof names[r], "cell-%d", r);
        many[r] = ratios[r % 2];
        many[r].name = names[r];
    }
    export.ratios = many;
    export.ratio_count = MANY;
    text = printed(&export, EXPORT_MARKDOWN);
    assert_true(strlen(text) < 65536);
    assert_non_null(strstr(text, "2400 more are not shown."));
    free(text);
}

/* ---- Strange texts ----------------------------------------------------------------------------
 */

static void texts_become_utf8(void **state)
{
    static const char *const pairs[][2] = {
        {"plain", "plain"},
        {"größer ≥ 𝛼", "größer ≥ 𝛼"},
        {"\xff", "\xEF\xBF\xBD"},
        {"a\xC3", "a\xEF\xBF\xBD"},                                               /* cut */
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                                 /* overlong */
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* surrogate */
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* too large */
        {"\xE2\x82x", "\xEF\xBF\xBD\xEF\xBF\xBDx"},
        {"\x01\t\n", "\x01\t\n"},
        {NULL, ""},
    };

    (void)state;
    for (size_t p = 0; p < COUNT(pairs); p++) {
        char *text = text_utf8(pairs[p][0]);

        assert_string_equal(text, pairs[p][1]);
        free(text);
    }
}

static void strange_names_break_no_format(void **state)
{
    static const char name[] = "a\"b'c<d>&e|f\\g\x01h\ni\tj\xC3\xA4k\xFFl]]>\x7Fm--%s`*_@#";
    struct exported_case timed = exact;
    struct exported_ratio ratio = ratios[1];
    struct exported_pair custom = {name, name};
    struct export export = one;
    json_t *json;

    (void)state;
    timed.name = timed.label = ratio.name = ratio.reason = export.suite = export.commit =
        export.cpu = name;
    export.cases = &timed;
    export.custom = &custom;
    export.custom_count = 1;
    json = parsed(&export, EXPORT_GOOGLE_BENCHMARK);
    assert_string_equal(text_at(json_array_get(json_object_get(json, "benchmarks"), 0), "name"),
                        "a\"b'c<d>&e|f\\g\x01h\ni\tj\xC3\xA4k\xEF\xBF\xBDl]]>\x7Fm--%s`*_@#");
    json_decref(json);
    assert_has(&export, EXPORT_GOOGLE_BENCHMARK, "g\\u0001h\\ni\\tj");
    for (size_t f = 0; f < COUNT(json_formats); f++)
        json_decref(parsed(&export, json_formats[f]));
    assert_has(&export, EXPORT_JUNIT,
               "name=\"a&#34;b&#39;c&#60;d&#62;&#38;e|f\\g\xEF\xBF\xBDh&#10;i&#9;j\xC3\xA4k"
               "\xEF\xBF\xBDl]]&#62;\x7Fm--%s`*_@#\"");
    export.ratios = &ratio;
    export.ratio_count = 1;
    assert_has(&export, EXPORT_CTEST, "\"a&#34;b&#39;c&#60;d&#62;&#38;e|f\\g");
    assert_has(&export, EXPORT_MARKDOWN,
               "| a\"b'c&#60;d&#62;&#38;e&#124;f\\\\g h i j\xC3\xA4k\xEF\xBF\xBDl\\]\\]&#62; "
               "m--%s\\`\\*\\_&#64;&#35; |");
}

/* ---- What is refused --------------------------------------------------------------------------
 */

static void names_must_be_there_once(void **state)
{
    struct exported_case cases[] = {exact, exact};
    struct exported_value values[] = {{.name = "a", .measure = "m"}, {.name = "a", .measure = "m"}};
    struct exported_ratio twice[] = {ratios[0], ratios[0]};
    struct exported_count counted[] = {counts[0], counts[0]};
    struct export export = one;

    (void)state;
    export.cases = cases;
    export.case_count = 2;
    assert_refused(&export, "a cell 'train/S/blas/k=8': there are two of them");
    cases[0].name = "\xff"; /* two that are written alike */
    cases[1].name = "\xfe";
    assert_refused(&export, "there are two of them");
    cases[0].name = "";
    assert_refused(&export, "a cell without a name");
    cases[0].name = NULL;
    assert_refused(&export, "a cell without a name");
    export = (struct export){.values = values, .value_count = 2};
    assert_refused(&export, "a value 'a m'");
    export = (struct export){.ratios = twice, .ratio_count = 2};
    assert_refused(&export, "a ratio 'same'");
    export = (struct export){.counts = counted, .count_count = 2};
    assert_refused(&export, "a count 'same flops'");
}

static void verdicts_must_be_such(void **state)
{
    struct exported_ratio ratio = ratios[0];
    struct exported_count count = counts[0];
    struct export export = {.ratios = &ratio, .ratio_count = 1};

    (void)state;
    ratio.verdict = "FINE";
    assert_refused(&export, "same: 'FINE' is no verdict");
    ratio.verdict = NULL;
    assert_refused(&export, "same: '' is no verdict");
    ratio.verdict = "SAME";
    ratio.low = NAN; /* must not print as a pass */
    assert_refused(&export, "SAME with a ratio of");
    ratio.low = -INFINITY;
    assert_refused(&export, "SAME with a ratio of");
    ratio = ratios[3];
    ratio.ratio = NAN;
    assert_refused(&export, "IMPROVED with a ratio of nan");
    export = (struct export){.counts = &count, .count_count = 1};
    count.verdict = "REGRESSION";
    assert_refused(&export, "is no verdict on a count");
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static void a_file_is_whole_or_not_there(void **state)
{
    struct export none = {.suite = "none"};
    struct exported_case twice[] = {exact, exact};
    struct export bad = one;
    char *text, *kept;

    (void)state;
    for (enum export_format f = 0; f < EXPORT_FORMATS; f++) {
        const char *path = scratch_path(export_file_name(f));

        assert_int_equal(export_write(&one, f, path, &tally), 0);
        assert_true(tally.written > 0);
        kept = tree_read(path);
        text = printed(&one, f);
        assert_string_equal(text, kept);
        bad.cases = twice;
        bad.case_count = 2;
        assert_int_equal(export_write(&bad, f, path, NULL), -1);
        free(text);
        text = tree_read(path);
        assert_string_equal(text, kept); /* a failure leaves what was there */
        free(text);
        free(kept);
        assert_int_equal(export_write(&none, f, path, &tally), 0);
        assert_int_equal(tally.written, 0);
        assert_false(tree_exists(path)); /* what it said is no longer so */
        assert_int_equal(export_write(&none, f, path, NULL), 0);
    }
    assert_int_equal(tree_count(scratch_folder, ""), 0);
    assert_int_equal(export_write(&one, EXPORT_JUNIT, "/nowhere/at/all.xml", NULL), -1);
    assert_non_null(strstr(error_text(), "/nowhere/at/all.xml: cannot be written"));
}

/* ---- For other readers ------------------------------------------------------------------------
 */

/* A gate's files with names that no reader may stumble over: e2e/export_*.sh show them to xmllint,
 * CTest and compare.py. */
static int write_for_readers(const char *folder)
{
    static const char name[] = "q\"'<&>|\x01\n\t\xC3\xA4\xFF]]>%s";
    static const struct exported_pair custom = {name, name};
    static const double slower[] = {0.5, 1, 0.25};
    struct exported_case cases[] = {exact, exact, {.name = "failed", .error = name}};
    struct exported_ratio strange[COUNT(ratios)];
    struct export export = of_gate();
    char path[4096];

    memcpy(strange, ratios, sizeof ratios);
    strange[1].name = strange[1].reason = strange[4].reason = cases[1].name = cases[1].label = name;
    export.ratios = strange;
    export.cases = cases;
    export.case_count = COUNT(cases);
    export.custom = &custom;
    export.custom_count = 1;
    for (enum export_format f = 0; f < EXPORT_FORMATS; f++) {
        snprintf(path, sizeof path, "%s/%s", folder, export_file_name(f));
        if (export_write(&export, f, path, NULL) != 0) {
            fprintf(stderr, "%s\n", error_text());
            return 1;
        }
    }
    for (size_t c = 0; c < 2; c++)
        cases[c].seconds = slower;
    snprintf(path, sizeof path, "%s/slower.json", folder);
    return export_write(&export, EXPORT_GOOGLE_BENCHMARK, path, NULL) == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(google_benchmark_has_a_row_for_each_repetition),
        cmocka_unit_test(its_context_says_what_is_known_and_no_more),
        cmocka_unit_test(without_processor_time_it_says_so),
        cmocka_unit_test(repetitions_may_differ_in_their_updates),
        cmocka_unit_test(github_action_has_medians_in_units_that_never_change),
        cmocka_unit_test(an_interval_is_there_from_six_repetitions_on),
        cmocka_unit_test(bencher_has_its_own_measures),
        cmocka_unit_test(ctest_gets_a_line_a_number),
        cmocka_unit_test(junit_of_one_side_passes_what_ran),
        cmocka_unit_test(markdown_of_one_side_is_a_table),
        cmocka_unit_test(repetitions_that_are_no_numbers_are_left_out),
        cmocka_unit_test(a_case_without_numbers_is_an_error_or_left_out),
        cmocka_unit_test(a_failed_case_is_an_error_whatever_its_numbers),
        cmocka_unit_test(no_repetitions_at_all_are_no_numbers),
        cmocka_unit_test(unknown_examples_have_no_rate),
        cmocka_unit_test(a_machine_that_is_no_number_is_unknown),
        cmocka_unit_test(values_have_their_direction_and_unit),
        cmocka_unit_test(junit_fails_what_is_slower_or_wrong),
        cmocka_unit_test(a_case_without_a_ratio_stands_beside_them),
        cmocka_unit_test(bencher_and_ctest_have_ratios_and_counts),
        cmocka_unit_test(markdown_has_the_worst_first_and_the_same_folded),
        cmocka_unit_test(long_tables_are_cut_and_say_so),
        cmocka_unit_test(texts_become_utf8),
        cmocka_unit_test(strange_names_break_no_format),
        cmocka_unit_test(names_must_be_there_once),
        cmocka_unit_test(verdicts_must_be_such),
        cmocka_unit_test(a_file_is_whole_or_not_there),
    };

    if (count == 2)
        return write_for_readers(arguments[1]);
    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
