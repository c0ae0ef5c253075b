/* Counts of a cell: known for a tiny network, the same again in another process, and moved by each
 * planted fault. Every measurement is a process of its own, this program with `measure`. */
#include "gate/counts.h"
#include "gate/counts_judge.h"

#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- measure ENGINE NETWORK K UPDATES[@RATE] DATASET SETTINGS
 * -----------------------------------------
 */

static int refuse(const char *reason)
{
    fprintf(stderr, "%s\n", reason);
    return 1;
}

static int measure(char **words)
{
    struct counts_request request = {.updates = atol(words[3])};
    struct engine_options options = {.max_batch = atoi(words[2]), .threads = 1};
    struct loaded_engine loaded;
    struct message message;
    struct counts counts;
    struct bench bench;
    const char *rate = strchr(words[3], '@');
    char yaml[2048];

    if (rate)
        request.learning_rate = atof(rate + 1);
    setenv("GOMP_SPINCOUNT", "1000", 0); /* as in a cell */
    scratch_open(NULL);
    snprintf(yaml, sizeof yaml,
             "measure: throughput\ndataset: {%s}\n"
             "grid: {engine: '%s', network: %s, batch_size: %s%s}\n",
             words[4], words[0], words[1], words[2], words[5]);
    bench_open(&bench, yaml, NULL, NULL);
    scratch_close(NULL);
    if (registry_load(&loaded, words[0], &message) != 0)
        return refuse(message.text);
    bench.workbench.engine = &loaded.engine;
    if (bench.workbench.cell->settings.threads > 0)
        options.threads = bench.workbench.cell->settings.threads;
    options.precision = bench.workbench.cell->settings.precision;
    options.chunk = bench.workbench.cell->settings.chunk;
    options.variant = loaded.variant;
    if (!loaded.engine.supports(&bench.model.network, &options, &message))
        return refuse(message.text);
    if (counts_measure(&bench.workbench, &options, &request, &counts) != 0)
        return refuse(error_text());
    counts_print(stdout, &counts);
    bench_close(&bench);
    return 0;
}

/* ---- Measurements ------------------------------------------------------------------------------
 */

#define TINY "name: blobs, examples: 60, features: 4, classes: 3, validation: 10"
#define WIDE "name: blobs, examples: 300, features: 784, classes: 10, validation: 10"

static char program[4096];
static int are_counted; /* allocations, in this build */

/* cell: NETWORK K UPDATES[@RATE]; settings of the grid with a comma before each. */
static void count_without(struct counts *counts, const char *preload, const char *engine,
                          const char *cell, const char *dataset, const char *settings)
{
    char command[8192], line[4096] = "";
    FILE *pipe;

    snprintf(command, sizeof command, "LD_PRELOAD='%s' '%s' measure '%s' %s '%s' '%s'", preload,
             program, engine, cell, dataset, settings);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    if (!fgets(line, sizeof line, pipe))
        line[0] = '\0';
    if (pclose(pipe) != 0 || counts_parse(counts, line) != 0)
        fail_msg("%s\n%s%s", command, line, error_text());
}

static void count(struct counts *counts, const char *engine, const char *cell, const char *dataset,
                  const char *settings)
{
    char path[4096] = "";

    if (counts_preload_path(path, sizeof path) != 0)
        path[0] = '\0';
    count_without(counts, path, engine, cell, dataset, settings);
}

/* As if it were the base's engine, built again. */
static void count_again(struct counts *head, const struct counts *base, const char *engine,
                        const char *cell, const char *dataset, const char *settings)
{
    count(head, engine, cell, dataset, settings);
    memcpy(head->engine, base->engine, sizeof head->engine);
}

static double value(const struct counts *counts, enum count_quantity quantity)
{
    assert_true(counts->of[quantity].known);
    return counts->of[quantity].value;
}

static const char *made(const char *fault)
{
    static char paths[2][4096];
    static int next;
    char *path = paths[next++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s.so", TEST_ENGINES, fault);
    return path;
}

static struct counts base, head;
static struct counts_judgement judgement;

static enum count_verdict verdict(enum count_quantity quantity)
{
    counts_judge(&base, &head, NULL, &judgement);
    return judgement.of[quantity].verdict;
}

/* Of all but this one. */
static enum count_verdict worst_other(enum count_quantity quantity)
{
    enum count_verdict worst = COUNT_ABSENT;

    for (int q = 0; q < COUNT_QUANTITIES; q++)
        if (q != (int)quantity && judgement.of[q].verdict > worst)
            worst = judgement.of[q].verdict;
    return worst;
}

/* ---- What is known beforehand ------------------------------------------------------------------
 */

static void a_tiny_network_has_the_counts_one_finds_by_hand(void **state)
{
    (void)state;
    count(&base, "naive", "S 8 5", TINY, "");
    assert_string_equal(base.engine, "naive");
    assert_string_equal(base.network, "S");
    assert_true(base.batch_size == 8 && base.updates == 5 && base.parameters == 15);
    assert_true(base.flops_per_example == 48);                /* 12 weights, twice, 2 FLOP */
    assert_true(value(&base, COUNT_GRADIENT_CALLS) == 6);     /* one before the first update */
    assert_true(value(&base, COUNT_GRADIENT_EXAMPLES) == 48); /* 6 x 8 */
    assert_true(value(&base, COUNT_FLOPS) == 48 * 48);
    assert_true(value(&base, COUNT_STEP_CALLS) == 0);
    assert_true(value(&base, COUNT_LOSS_CALLS) == 0 && value(&base, COUNT_NORM_CALLS) == 0);
    assert_true(base.loss_examples == 50 && isfinite(value(&base, COUNT_FINAL_LOSS)));
    count(&base, "blas", "S 8 1", TINY, "");
    assert_true(value(&base, COUNT_GRADIENT_CALLS) == 1 && value(&base, COUNT_STEP_CALLS) == 1);
    assert_true(value(&base, COUNT_STEP_EXAMPLES) == 8);
    assert_true(value(&base, COUNT_FLOPS) == 16 * 48);
}

static void the_final_loss_is_the_reference_s_and_falls(void **state)
{
    (void)state;
    count(&base, "naive", "S 8 1@0.5", TINY, "");
    count(&head, "naive", "S 8 200@0.5", TINY, "");
    assert_true(value(&head, COUNT_FINAL_LOSS) < 0.5 * value(&base, COUNT_FINAL_LOSS));
    assert_true(value(&head, COUNT_UPDATES_TO_TARGET) < 200);
    assert_int_equal(verdict(COUNT_FINAL_LOSS), COUNT_UNKNOWN); /* other numbers of updates */
}

static void allocations_of_a_good_engine_end_with_the_first_update(void **state)
{
    (void)state;
    if (!are_counted)
        skip();
    count(&base, "native", "M 32 6", WIDE, "");
    assert_true(value(&base, COUNT_STEADY_ALLOCATIONS) == 0);
    assert_true(value(&base, COUNT_STEADY_BYTES) == 0);
    assert_true(value(&base, COUNT_OPEN_BYTES) > 4 * 784 * 128); /* the parameters at least */
    assert_true(value(&base, COUNT_OPEN_ALLOCATIONS) > 3);
}

static void without_the_library_allocations_are_unknown_and_the_rest_is_not(void **state)
{
    (void)state;
    count(&base, "naive", "S 8 5", TINY, "");
    count_without(&head, "", "naive", "S 8 5", TINY, "");
    for (int q = COUNT_OPEN_ALLOCATIONS; q <= COUNT_RETAINED_BYTES; q++) {
        assert_false(head.of[q].known);
        assert_int_equal(verdict((enum count_quantity)q),
                         are_counted ? COUNT_UNKNOWN : COUNT_ABSENT);
    }
    assert_int_equal(verdict(COUNT_FLOPS), COUNT_SAME);
    assert_int_equal(verdict(COUNT_FINAL_LOSS), COUNT_SAME);
    assert_true(head.of[COUNT_PEAK_BYTES].known != head.of[COUNT_PEAK_RUSAGE_BYTES].known);
}

static void counters_that_stand_still_or_are_of_another_version_are_no_zeros(void **state)
{
    (void)state;
    if (!are_counted) /* what is preloaded has no sanitizer in it */
        skip();
    for (int version = 1; version <= 2; version++) {
        count_without(&head, made(version == 1 ? "still_counters_1" : "still_counters_2"), "naive",
                      "S 8 2", TINY, "");
        for (int q = COUNT_OPEN_ALLOCATIONS; q <= COUNT_RETAINED_BYTES; q++)
            assert_false(head.of[q].known);
    }
}

static void the_run_of_an_engine_that_fails_is_an_error(void **state)
{
    char command[8192];

    (void)state;
    snprintf(command, sizeof command, "'%s' measure '%s' S 8 5 '%s' '' 2>&1 >&- | grep -q '%s'",
             program, made("fails_late"), TINY, "out of workspace");
    assert_int_equal(system(command), 0);
}

/* ---- The same again ----------------------------------------------------------------------------
 */

static void repeats(const char *engine, const char *cell)
{
    count(&base, engine, cell, WIDE, "");
    count(&head, engine, cell, WIDE, "");
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        if (verdict((enum count_quantity)q) > COUNT_SAME && q != COUNT_PEAK_BYTES &&
            q != COUNT_PEAK_RUSAGE_BYTES)
            fail_msg("%s %s: %s: %s", engine, cell, count_names[q].key, judgement.of[q].reason);
    assert_false(count_has_failed(judgement.worst));
}

static void counts_of_an_engine_repeat(void **state)
{
    static const char *const engines[] = {"naive", "blas", "native",
#ifdef BATCHLAB_WITH_ONEDNN
                                          "onednn"
#endif
    };

    (void)state;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        repeats(engines[i], "M 1 20");
        repeats(engines[i], "M 32 6");
    }
}

static void two_engines_differ_in_calls_and_memory_but_not_in_flops_and_loss(void **state)
{
    (void)state;
    count(&base, "blas", "M 32 20", WIDE, "");
    count(&head, "naive", "M 32 20", WIDE, "");
    assert_int_equal(verdict(COUNT_FLOPS), COUNT_SAME);
    assert_int_equal(judgement.of[COUNT_GRADIENT_CALLS].verdict, COUNT_CHANGED);
    assert_true(judgement.of[COUNT_FIRST_LOSS].verdict <= COUNT_CHANGED);
    assert_true(judgement.of[COUNT_FINAL_LOSS].verdict <= COUNT_CHANGED);
    assert_false(count_has_failed(judgement.worst));
}

/* ---- Planted faults ----------------------------------------------------------------------------
 */

#define CELL "S 8 40@0.5"

static void a_good_engine_beside_itself_passes(void **state)
{
    (void)state;
    count(&base, made("costly_none"), CELL, TINY, "");
    count_again(&head, &base, made("costly_none"), CELL, TINY, "");
    assert_int_equal(verdict(COUNT_FINAL_LOSS), COUNT_SAME);
    assert_true(worst_other(COUNT_FINAL_LOSS) <= COUNT_CHANGED);
}

static void an_allocation_in_every_update_is_found(void **state)
{
    (void)state;
    if (!are_counted)
        skip();
    count(&base, made("costly_none"), CELL, TINY, "");
    count_again(&head, &base, made("costly_allocates"), CELL, TINY, "");
    assert_int_equal(verdict(COUNT_STEADY_BYTES), COUNT_WORSE);
    assert_int_equal(judgement.of[COUNT_STEADY_ALLOCATIONS].verdict, COUNT_WORSE);
    assert_true(value(&base, COUNT_STEADY_BYTES) == 0);
    assert_true(value(&head, COUNT_STEADY_ALLOCATIONS) == 39);
    assert_true(value(&head, COUNT_STEADY_BYTES) == 3900);
    assert_true(value(&head, COUNT_FIRST_BYTES) == 100);
    assert_true(value(&head, COUNT_RETAINED_BYTES) == value(&base, COUNT_RETAINED_BYTES));
}

static void a_mapping_in_every_update_is_found(void **state)
{
    (void)state;
    if (!are_counted)
        skip();
    count(&base, made("costly_none"), CELL, TINY, "");
    count_again(&head, &base, made("costly_maps"), CELL, TINY, "");
    assert_int_equal(verdict(COUNT_STEADY_BYTES), COUNT_WORSE);
    assert_true(value(&head, COUNT_STEADY_BYTES) == 39 * 4096);
    assert_true(value(&head, COUNT_RETAINED_BYTES) == value(&base, COUNT_RETAINED_BYTES));
}

static void a_leak_is_found(void **state)
{
    double more;

    (void)state;
    if (!are_counted)
        skip();
    count(&base, made("costly_none"), CELL, TINY, "");
    count_again(&head, &base, made("costly_leaks"), CELL, TINY, "");
    assert_int_equal(verdict(COUNT_RETAINED_BYTES), COUNT_WORSE);
    more = value(&head, COUNT_RETAINED_BYTES) - value(&base, COUNT_RETAINED_BYTES);
    assert_true(more >= 5000 && more < 5000 + 64); /* as much as malloc rounds up */
    assert_true(worst_other(COUNT_RETAINED_BYTES) <= COUNT_CHANGED);
}

static void a_hoard_is_found(void **state)
{
    const double hoard = 8 << 20;
    int peak;

    (void)state;
    count(&base, made("costly_none"), CELL, TINY, "");
    count_again(&head, &base, made("costly_hoards"), CELL, TINY, "");
    peak = base.of[COUNT_PEAK_BYTES].known ? COUNT_PEAK_BYTES : COUNT_PEAK_RUSAGE_BYTES;
    assert_int_equal(verdict((enum count_quantity)peak), COUNT_WORSE);
    if (!are_counted)
        return;
    assert_int_equal(judgement.of[COUNT_OPEN_BYTES].verdict, COUNT_WORSE);
    assert_true(value(&head, COUNT_OPEN_BYTES) - value(&base, COUNT_OPEN_BYTES) == hoard);
}

static void more_calls_of_the_engine_are_found(void **state)
{
    (void)state;
    count(&base, made("costly_none"), CELL, TINY, "");
    count(&head, made("costly_none"), CELL, TINY, ", micro_batch: 4");
    assert_int_equal(verdict(COUNT_GRADIENT_CALLS), COUNT_WORSE);
    assert_true(value(&head, COUNT_GRADIENT_CALLS) == 82);
    assert_int_equal(judgement.of[COUNT_GRADIENT_EXAMPLES].verdict, COUNT_SAME);
    assert_int_equal(judgement.of[COUNT_FLOPS].verdict, COUNT_SAME);
}

static void a_step_that_is_no_longer_in_one_piece_is_found(void **state)
{
    (void)state;
    count(&base, made("none"), CELL, TINY, "");
    count_again(&head, &base, made("without_optional"), CELL, TINY, "");
    assert_int_equal(verdict(COUNT_GRADIENT_CALLS), COUNT_WORSE);
    assert_int_equal(judgement.of[COUNT_STEP_CALLS].verdict, COUNT_CHANGED); /* fewer */
    assert_int_equal(judgement.of[COUNT_FLOPS].verdict, COUNT_SAME);
}

static void a_slightly_wrong_gradient_is_found(void **state)
{
    static const char *const pairs[][3] = {
        {"costly_none", "costly_inexact", ""},
        {"costly_none", "costly_nan_late", ""},
        {"none", "sgd_step_off", ""},
        {"none", "bias_off", ", optimizer: momentum"},
        {"none", "zero_gradient", ", optimizer: momentum"},
        {"none", "nan_gradient", ", optimizer: momentum"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        count(&base, made(pairs[i][0]), CELL, TINY, pairs[i][2]);
        count_again(&head, &base, made(pairs[i][1]), CELL, TINY, pairs[i][2]);
        if (verdict(COUNT_FIRST_LOSS) != COUNT_WRONG && verdict(COUNT_FINAL_LOSS) != COUNT_WRONG)
            fail_msg("%s: %s; %s", pairs[i][1], judgement.of[COUNT_FIRST_LOSS].reason,
                     judgement.of[COUNT_FINAL_LOSS].reason);
        assert_int_equal(judgement.worst, COUNT_WRONG);
    }
}

static void a_target_that_is_reached_later_is_found(void **state)
{
    (void)state;
    count(&base, "naive", "S 8 300@0.5", TINY, "");
    count(&head, "naive", "S 8 300@0.5", TINY, ", gradient_noise: 3");
    assert_int_equal(verdict(COUNT_UPDATES_TO_TARGET), COUNT_WORSE);
}

static int find_program(void **state)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    (void)state;
    program[length > 0 ? length : 0] = '\0';
    are_counted = counts_preload_path(path, sizeof path) == 0;
    return length > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tiny_network_has_the_counts_one_finds_by_hand),
        cmocka_unit_test(the_final_loss_is_the_reference_s_and_falls),
        cmocka_unit_test(allocations_of_a_good_engine_end_with_the_first_update),
        cmocka_unit_test(without_the_library_allocations_are_unknown_and_the_rest_is_not),
        cmocka_unit_test(counters_that_stand_still_or_are_of_another_version_are_no_zeros),
        cmocka_unit_test(the_run_of_an_engine_that_fails_is_an_error),
        cmocka_unit_test(counts_of_an_engine_repeat),
        cmocka_unit_test(two_engines_differ_in_calls_and_memory_but_not_in_flops_and_loss),
        cmocka_unit_test(a_good_engine_beside_itself_passes),
        cmocka_unit_test(an_allocation_in_every_update_is_found),
        cmocka_unit_test(a_mapping_in_every_update_is_found),
        cmocka_unit_test(a_leak_is_found),
        cmocka_unit_test(a_hoard_is_found),
        cmocka_unit_test(more_calls_of_the_engine_are_found),
        cmocka_unit_test(a_step_that_is_no_longer_in_one_piece_is_found),
        cmocka_unit_test(a_slightly_wrong_gradient_is_found),
        cmocka_unit_test(a_target_that_is_reached_later_is_found),
    };

    if (argc == 8 && strcmp(argv[1], "measure") == 0)
        return measure(argv + 2);
    return cmocka_run_group_tests(tests, find_program, NULL);
}
