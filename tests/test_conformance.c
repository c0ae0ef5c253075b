/* The conformance suite finds each planted fault, by the case that is there for it, and passes what
 * is right. */
#include "check/conformance.h"

#include "base/error.h"
#include "registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { CASES_MAX = 256 };

/* What a run has reported. */
struct log {
    struct conformance_case_result results[CASES_MAX];
    int count, failures;
};

static void keep(void *context, const struct conformance_case_result *result)
{
    struct log *log = context;

    assert_true(log->count < CASES_MAX);
    log->results[log->count++] = *result;
}

static int count_failed(const struct log *log)
{
    int failed = 0;

    for (int i = 0; i < log->count; i++)
        failed += !log->results[i].passed;
    return failed;
}

static int count_skipped(const struct log *log)
{
    int skipped = 0;

    for (int i = 0; i < log->count; i++)
        skipped += log->results[i].skipped;
    return skipped;
}

/* The first failed case whose name has that beginning; NULL if there is none. */
static const struct conformance_case_result *find_failed(const struct log *log, const char *name)
{
    for (int i = 0; i < log->count; i++)
        if (!log->results[i].passed && strncmp(log->results[i].name, name, strlen(name)) == 0)
            return &log->results[i];
    return NULL;
}

static void print_failed(const struct log *log)
{
    for (int i = 0; i < log->count; i++)
        if (!log->results[i].passed)
            print_message("  %s: error %g, tolerance %g: %s\n", log->results[i].name,
                          log->results[i].error, log->results[i].tolerance, log->results[i].note);
}

/* only: see struct conformance_options */
static void run_only(struct log *log, const char *specification, int threads,
                     double timeout_seconds, const char *only)
{
    const struct conformance_options options = {threads, timeout_seconds, only};

    memset(log, 0, sizeof *log);
    if (conformance_run_isolated(specification, &options, keep, log, &log->failures) != 0)
        fail_msg("%s: %s", specification, error_text());
    assert_int_equal(log->failures, count_failed(log));
}

static void run(struct log *log, const char *specification, int threads, double timeout_seconds)
{
    run_only(log, specification, threads, timeout_seconds, NULL);
}

/* fault: the engine's file, and perhaps a colon and a variant */
static void run_faulty_only(struct log *log, const char *fault, double timeout_seconds,
                            const char *only)
{
    char path[512];
    int length = (int)strcspn(fault, ":");

    snprintf(path, sizeof path, "%s/%.*s.so%s", FAULTY_ENGINES, length, fault, fault + length);
    run_only(log, path, 1, timeout_seconds, only);
}

static void run_faulty(struct log *log, const char *fault, double timeout_seconds)
{
    run_faulty_only(log, fault, timeout_seconds, NULL);
}

/* ---- Faults --------------------------------------------------------------------------------- */

struct planted {
    const char *fault;     /* the engine's file */
    const char *caught_by; /* how the name of the case begins that is there for it */
    const char *because;   /* part of its note; NULL: any */
};

static const struct planted planted[] = {
    {"bias_off", "agreement: 784-128-10", "layer 1, bias 0"},
    {"sum_not_mean", "agreement: 1-7 ", NULL},
    {"zero_gradient", "agreement: 784-128-10", ": 0, reference"},
    {"nan_gradient", "agreement: 784-128-10", "nan"},
    {"stale_gradient", "the gradient is overwritten", "differ"},
    {"batch_tail", "agreement: 784-128-10", NULL},
    {"max_batch_mean", "max_batch above the batch", NULL},
    {"chunk_tail", "chunk 7", NULL},
    {"transposed", "agreement: 784-128-10", "layer 1, weight"},
    {"relu_at_zero", "agreement: 7-65-3 relu softmax K=17 float32 zero-first-layer", "layer 1"},
    {"overflowing", "agreement: 65-10 linear softmax K=17 float32 extreme", "nan"},
    {"ignores_rows", "agreement: 784-128-10 relu softmax K=129 uint8 rows", NULL},
    {"ignores_weights", "agreement: 784-128-10 relu softmax K=17 float32 weights", NULL},
    {"normalises_weights", "agreement: 784-128-10 relu softmax K=17 float32 weights", NULL},
    {"ignores_offset", "agreement: 784-10 linear softmax K=129 uint8", NULL},
    {"loss_off", "agreement: 784-128-10", "loss"},
    {"wrong_error_count", "agreement: 784-128-10", "errors"},
    {"last_of_equals", "agreement: 7-65-3 relu softmax K=129 uint8 zero", "errors"},
    {"nan_is_no_error", "not-a-number is an error", "errors"},
    {"needs_score", "score may be NULL", NULL},
    {"writes_past_end", "nothing is written beside the results", "gradient()"},
    {"writes_before_start", "nothing is written beside the results", "gradient()"},
    {"writes_theta", "theta is read, never written", "gradient()"},
    {"writes_features", "the batch is read, never written", "gradient()"},
    {"leaves_ftz", "the floating-point environment stays", "gradient()"},
    {"prints", "nothing is printed", "an engine that talks"},
    {"not_repeatable", "the same call, the same bytes", "differ"},
    {"shares_state", "two sessions at once", "differ"},
    {"crashes", "agreement: ", NULL},
    {"crashes_on_close_null", "close() accepts NULL", NULL},
    {"hangs", "agreement: ", "hangs: not finished after"},
    {"exits", "agreement: ", "the engine ended the process, exit status 0"},
    {"fails_late", "agreement: ", "gradient() failed: out of workspace"},
    {"refuses_to_open", "agreement: ", "open() failed: open() thinks otherwise"},
    {"supports_nothing", "supports something", "layers are not supported"},
    {"sgd_step_off", "sgd_step", NULL},
    {"norms_weighted", "gradient_norms", "example"},
    {"gradient64_in_single", "loss64, gradient64", NULL},
    {"announces_early", "on_ready", "changed after"},
    {"announces_twice", "on_ready", "1 elements not announced exactly once"},
    {"describes_nothing", "describe:", "expected one line"},
    {"wrong_abi", "loads", "ABI"},
    {"missing_slot", "loads", "`loss` is required"},
    {"shouting_name", "descriptor", "Faulty Engine"},
    {"padding_shifted", "agreement: 2x5x3 c3:2x4+0", NULL},
    {"kernel_flipped", "agreement: 2x7x6 c3:2x2+0", NULL},
    {"kernel_turned", "agreement: 2x7x6 c3:2x2+0", NULL},
    {"channel_lost", "agreement: 17x5x6 c33:3x3+1", NULL},
    {"border_lost", "agreement: 2x8x7 c5:3x2+0 c4:3x3+1", "layer 1, "},
    {"image_bias_off", "agreement: 1x5x6 c1:1x1+0", "layer 1, bias 0"},
    {"first_place_only", "agreement: 1x7x6 c5:3x3+1", "layer 1, "},
    {"last_of_window", "agreement: 2x7x7 c4:3x3+0 p2x2/2", "layer 1, "},
    {"window_cut", "agreement: 2x7x6 c3:2x2+0 p3x2/1", NULL},
    {"stride_of_kernel", "agreement: 2x9x8 c3:2x2+0 p2x1/3", NULL},
    {"channel_norm_off", "gradient_norms", "example"},
    {"tilt_is_shift", "agreement: objective squares D=17 tilt", NULL},
    {"matrix_lower", "agreement: objective quadratic D=7 shift", "layer 1, bias"},
    {"saddle_turned", "agreement: objective saddle D=2 shift", NULL},
    {"plateau_narrow", "agreement: objective plateau D=17 shift", NULL},
    {"curvature_off", "loss64, gradient64: objective", "layer 1, bias"},
    {"bf16_rounded", "agreement: 784-128-10", NULL}, /* which promises single precision */
    {"bf16_bias_off:bf16", "agreement: 784-128-10", "bias 0"},
    {"bf16_truncated:bf16", "chunk auto, many", "layer 2, weight"},
#ifndef __SANITIZE_ADDRESS__ /* which finds leaks itself, and ours is skipped */
    {"leaks", "open and close without growth", "heap grew"},
#endif
};

enum { PLANTED = sizeof planted / sizeof *planted };

static int every_case; /* each fault goes through the whole suite */

/* How the names of the cases begin that are run for a fault: as that of the case which is there for
 * it, but where others show what is reported in the end, or one of many will do. NULL: all. */
static const char *cases_for(const struct planted *entry)
{
    static const struct {
        const char *fault, *cases;
    } others[] = {
        {"writes_past_end", "chunk 7"},  {"writes_before_start", "chunk 7"},
        {"writes_theta", "chunk 7"},     {"writes_features", "chunk 7"},
        {"leaves_ftz", "chunk 7"},       {"prints", "chunk 7"},
        {"fails_late", "agreement: 7-"}, {"refuses_to_open", "agreement: 7-"},
        {"supports_nothing", NULL},
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(entry->fault, others[i].fault) == 0)
            return others[i].cases;
    return entry->caught_by;
}

static void the_fault_is_caught(void **state)
{
    const struct planted *entry = *state;
    const struct conformance_case_result *result;
    static struct log log;

    run_faulty_only(&log, entry->fault, strcmp(entry->fault, "hangs") == 0 ? 0.5 : 60,
                    every_case ? NULL : cases_for(entry));
    result = find_failed(&log, entry->caught_by);
    if (!result || (entry->because && !strstr(result->note, entry->because)))
        print_failed(&log);
    assert_non_null(result);
    if (entry->because)
        assert_non_null(strstr(result->note, entry->because));
}

/* ---- What is right -------------------------------------------------------------------------- */

/* How many were skipped because the engine leaves objectives to another, or layers. */
static int count_of_another_kind(const struct log *log)
{
    int count = 0;

    for (int i = 0; i < log->count; i++)
        count += log->results[i].skipped && strstr(log->results[i].note, "objectives") != NULL;
    return count;
}

static void expect_conforming(const char *specification, int threads)
{
    const int most = strcmp(specification, "analytic") == 0 ? 160 : 40; /* of another kind */
    static struct log log;

    run(&log, specification, threads, 60);
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    assert_true(log.count > 100);
    assert_true(count_skipped(&log) <= 15 + count_of_another_kind(&log));
    assert_true(count_of_another_kind(&log) <= most);
}

static void the_engine_without_a_fault_passes_every_case(void **state)
{
    static struct log log;

    (void)state;
    run_faulty(&log, "none", 60);
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    for (int i = 0; i < log.count; i++)
        if (log.results[i].skipped && !strstr(log.results[i].note, "only dense layers"))
            log.failures++;
#ifndef __SANITIZE_ADDRESS__
    assert_int_equal(log.failures, 0);
#endif
    run_faulty(&log, "images_right", 60); /* the other one has images */
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    /* sgd_step, on_ready; with a sanitizer, growth */
    assert_true(count_skipped(&log) <= 6 + count_of_another_kind(&log));
    run_faulty(&log, "objectives_right", 60); /* and this one objectives */
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    assert_true(count_skipped(&log) <= 6 + count_of_another_kind(&log));
}

/* Rounding factors to bfloat16 is explained by that, and leaves room for little else. */
static void factors_in_bfloat16_pass_as_the_variant_that_says_so(void **state)
{
    static struct log log;
    double nearest = 0;
    int agreements = 0;

    (void)state;
    run_faulty(&log, "bf16_rounded:bf16", 60);
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    for (int i = 0; i < log.count; i++)
        if (strncmp(log.results[i].name, "agreement", 9) == 0 && !log.results[i].skipped) {
            nearest = fmax(nearest, log.results[i].error / log.results[i].tolerance);
            agreements++;
        }
    print_message("  the largest of %d errors is %.2f of its tolerance\n", agreements, nearest);
    assert_true(agreements > 80);
    assert_true(nearest > 0.1);
}

static void the_engines_of_this_build_conform_with_one_thread_and_with_two(void **state)
{
    (void)state;
    for (const struct builtin_engine *engine = registry_builtins(); engine->name; engine++)
        for (int threads = 1; threads <= 2; threads++) {
            print_message("  %s, threads: %d\n", engine->name, threads);
            expect_conforming(engine->name, threads);
        }
}

/* The log of a variant that this processor does not run: every problem declined, and so the engine
 * supports nothing. */
static int declines_processor(const struct log *log)
{
    const struct conformance_case_result *failed = find_failed(log, "supports something");

    return log->failures == 1 && failed && strstr(failed->note, "this processor");
}

static void the_variants_of_this_build_conform_where_the_processor_runs_them(void **state)
{
    static struct log log;

    (void)state;
    for (const struct builtin_engine *engine = registry_builtins(); engine->name; engine++) {
        char variants[256], *rest = variants, *variant, specification[300];

        snprintf(variants, sizeof variants, "%s", engine->variants);
        while ((variant = strtok_r(rest, " ", &rest))) {
            snprintf(specification, sizeof specification, "%s:%s", engine->name, variant);
            run(&log, specification, 1, 60);
            print_message("  %s%s\n", specification,
                          declines_processor(&log) ? ": not on this processor" : "");
            if (declines_processor(&log))
                continue;
            print_failed(&log);
            assert_int_equal(log.failures, 0);
        }
    }
}

static void optional_slots_may_be_missing_and_are_reported_as_skipped(void **state)
{
    static struct log log;

    (void)state;
    run_faulty(&log, "without_optional", 60);
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    assert_true(count_skipped(&log) >= 8);
}

static void what_an_engine_declines_is_skipped_with_its_reason(void **state)
{
    static struct log log;
    int declined = 0;

    (void)state;
    run_faulty(&log, "single_layer", 60);
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    for (int i = 0; i < log.count; i++)
        declined += log.results[i].skipped &&
                    strstr(log.results[i].note, "layers are not supported") != NULL;
    assert_true(declined > 20);
}

/* This program holds GSL and its CBLAS; see CMakeLists.txt. */
static void no_library_of_the_harness_is_visible_to_an_engine(void **state)
{
    static struct log log;

    (void)state;
    run_faulty_only(&log, "sees_blas", 60, "agreement: 7-");
    assert_true(log.count > 10);
    print_failed(&log);
    assert_int_equal(log.failures, 0);
}

/* Cases by the beginning of their names; what is seen meanwhile is reported as ever. */
static void some_cases_alone_are_run_and_nothing_is_said_of_the_others(void **state)
{
    static struct log log;
    int staged = 0;

    (void)state;
    run_faulty_only(&log, "none", 60, "chunk 7: 65-33-7");
    print_failed(&log);
    assert_int_equal(log.failures, 0);
    for (int i = 0; i < log.count; i++)
        staged += strncmp(log.results[i].name, "chunk 7: 65-33-7", 16) == 0;
    assert_int_equal(staged, 1);
    assert_int_equal(log.count, 8); /* loads, descriptor, four misdeeds, standard output */
    run_faulty_only(&log, "none", 60, "no such case");
    assert_int_equal(log.count, 7);
}

/* ---- The way of running --------------------------------------------------------------------- */

static void a_talking_engine_does_not_reach_our_output(void **state)
{
    static struct log log;
    char path[] = "/tmp/test_conformance_XXXXXX", text[4096];
    int file = mkstemp(path), saved = dup(STDOUT_FILENO);
    ssize_t bytes;

    (void)state;
    assert_true(file >= 0 && saved >= 0);
    unlink(path);
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    printf("ours, "); /* left in the buffer, which the child inherits */
    run_faulty(&log, "prints", 60);
    printf("and ours again");
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    bytes = pread(file, text, sizeof text - 1, 0);
    close(file);
    assert_true(bytes >= 0);
    text[bytes] = '\0';
    assert_string_equal(text, "ours, and ours again");
    assert_int_equal(log.failures, 1);
}

static void a_crash_ends_the_run_in_the_case_it_happened_in(void **state)
{
    static struct log log;
    const struct conformance_case_result *last;

    (void)state;
    run_faulty(&log, "crashes_on_close_null", 60);
    last = &log.results[log.count - 1];
    assert_int_equal(log.failures, 1);
    assert_false(last->passed);
    assert_true(isnan(last->error));
    assert_memory_equal(last->name, "close() accepts NULL", 20);
#ifndef __SANITIZE_ADDRESS__
    assert_string_equal(last->note, "ended by SIGABRT (Aborted)");
#endif
}

static void an_unknown_engine_is_an_error_and_not_a_failed_case(void **state)
{
    static struct log log;
    const struct conformance_options options = {.threads = 1, .timeout_seconds = 60};
    int failures = 0;

    (void)state;
    assert_int_equal(conformance_run_isolated("abacus", &options, keep, &log, &failures), -1);
    assert_non_null(strstr(error_text(), "`abacus` is not an engine"));
    assert_int_equal(conformance_run_isolated("./no/such.so", &options, keep, &log, &failures), -1);
    assert_string_equal(error_text(), "./no/such.so: No such file or directory");
    assert_int_equal(failures, 0);
}

static void a_file_that_is_no_engine_fails_to_load(void **state)
{
    static struct log log;

    (void)state;
    run(&log, "/proc/self/maps", 1, 60);
    assert_int_equal(log.failures, 1);
    assert_non_null(find_failed(&log, "loads"));
}

static int run_faults(void)
{
    const struct rlimit no_core = {0, 0};
    struct CMUnitTest tests[PLANTED];

    setrlimit(RLIMIT_CORE, &no_core); /* some engines crash on purpose */
    for (int i = 0; i < PLANTED; i++)
        tests[i] = (struct CMUnitTest){.name = planted[i].fault,
                                       .test_func = the_fault_is_caught,
                                       .initial_state = (void *)(uintptr_t)&planted[i]};
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}

/* With the argument `faults` the planted faults, each with the cases that concern it, with `faults
 * whole` each with the whole suite; with `variants` those of the engines; else the rest. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_without_a_fault_passes_every_case),
        cmocka_unit_test(the_engines_of_this_build_conform_with_one_thread_and_with_two),
        cmocka_unit_test(factors_in_bfloat16_pass_as_the_variant_that_says_so),
        cmocka_unit_test(optional_slots_may_be_missing_and_are_reported_as_skipped),
        cmocka_unit_test(what_an_engine_declines_is_skipped_with_its_reason),
        cmocka_unit_test(no_library_of_the_harness_is_visible_to_an_engine),
        cmocka_unit_test(some_cases_alone_are_run_and_nothing_is_said_of_the_others),
        cmocka_unit_test(a_talking_engine_does_not_reach_our_output),
        cmocka_unit_test(a_crash_ends_the_run_in_the_case_it_happened_in),
        cmocka_unit_test(an_unknown_engine_is_an_error_and_not_a_failed_case),
        cmocka_unit_test(a_file_that_is_no_engine_fails_to_load),
    };
    const struct CMUnitTest variants[] = {
        cmocka_unit_test(the_variants_of_this_build_conform_where_the_processor_runs_them),
    };

    every_case = argc > 2 && strcmp(argv[2], "whole") == 0;
    if (argc > 1 && strcmp(argv[1], "faults") == 0)
        return run_faults();
    if (argc > 1 && strcmp(argv[1], "variants") == 0)
        return cmocka_run_group_tests_name("variants", variants, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
