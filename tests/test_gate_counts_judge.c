/* The judgement of counts and their lines: known answers, ties, zeros, not-a-number, unknowns. */
#include "gate/counts_judge.h"

#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- What is judged ---------------------------------------------------------------------------
 */

static struct counts usual(void)
{
    struct counts counts = {
        .engine = "blas",
        .network = "M",
        .batch_size = 32,
        .threads = 1,
        .parameters = 101770,
        .flops_per_example = 409088,
        .updates = 20,
        .learning_rate = 0.05,
        .seed = 1,
        .loss_examples = 256,
    };

    for (int q = 0; q < COUNT_QUANTITIES; q++)
        counts.of[q] = (struct count){1, 100};
    counts.of[COUNT_FLOPS].value = 1e9;
    counts.of[COUNT_OPEN_BYTES].value = 1e7;
    counts.of[COUNT_PEAK_BYTES].value = 1e8;
    counts.of[COUNT_STEADY_ALLOCATIONS].value = counts.of[COUNT_STEADY_BYTES].value = 0;
    counts.of[COUNT_FIRST_LOSS].value = 2;
    counts.of[COUNT_FINAL_LOSS].value = 0.5;
    return counts;
}

static struct counts base, head;
static struct counts_judgement judgement;

static enum count_verdict judge(enum count_quantity quantity)
{
    counts_judge(&base, &head, NULL, &judgement);
    assert_int_equal(judgement.of[quantity].quantity, quantity);
    assert_true(judgement.of[quantity].reason[0] != '\0');
    return judgement.of[quantity].verdict;
}

/* Of values that only this quantity has, between otherwise equal counts. */
static enum count_verdict judge_values(enum count_quantity quantity, double before, double after)
{
    base = head = usual();
    base.of[quantity].value = before;
    head.of[quantity].value = after;
    return judge(quantity);
}

/* ---- Verdicts ---------------------------------------------------------------------------------
 */

static void equal_counts_are_the_same(void **state)
{
    (void)state;
    base = head = usual();
    counts_judge(&base, &head, NULL, &judgement);
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        assert_int_equal(judgement.of[q].verdict, COUNT_SAME);
    assert_int_equal(judgement.worst, COUNT_SAME);
    assert_false(count_has_failed(judgement.worst));
}

static void flops_calls_and_steady_memory_are_exact(void **state)
{
    static const enum count_quantity exact[] = {
        COUNT_FLOPS,
        COUNT_GRADIENT_CALLS,
        COUNT_GRADIENT_EXAMPLES,
        COUNT_STEP_CALLS,
        COUNT_STEP_EXAMPLES,
        COUNT_LOSS_CALLS,
        COUNT_LOSS_EXAMPLES,
        COUNT_NORM_CALLS,
        COUNT_NORM_EXAMPLES,
        COUNT_FIRST_ALLOCATIONS,
        COUNT_FIRST_BYTES,
        COUNT_STEADY_BYTES,
        COUNT_STEADY_ALLOCATIONS,
    };

    (void)state;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        assert_int_equal(judge_values(exact[i], 1e9, 1e9 + 1), COUNT_WORSE);
        assert_int_equal(judgement.worst, COUNT_WORSE);
        assert_int_equal(judge_values(exact[i], 1e9, 1e9 - 1), COUNT_CHANGED);
        assert_int_equal(judge_values(exact[i], 1, 1), COUNT_SAME);
    }
    assert_int_equal(judge_values(COUNT_STEADY_BYTES, 0, 0), COUNT_SAME);
    assert_int_equal(judge_values(COUNT_STEADY_BYTES, 0, 1), COUNT_WORSE);
}

static void a_change_within_the_tolerance_is_reported_and_one_beyond_fails(void **state)
{
    struct count_tolerances tolerances = {0};

    (void)state;
    base = head = usual();
    tolerances.of[COUNT_OPEN_BYTES] = (struct count_tolerance){.relative = 0.25, .absolute = 3};
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        base.of[q].value = head.of[q].value = 4;
    head.of[COUNT_OPEN_BYTES].value = 7; /* as far as the absolute one goes */
    counts_judge(&base, &head, &tolerances, &judgement);
    assert_int_equal(judgement.of[COUNT_OPEN_BYTES].verdict, COUNT_CHANGED);
    assert_true(judgement.of[COUNT_OPEN_BYTES].tolerance == 3);
    assert_int_equal(judgement.worst, COUNT_CHANGED);
    head.of[COUNT_OPEN_BYTES].value = 8;
    counts_judge(&base, &head, &tolerances, &judgement);
    assert_int_equal(judgement.of[COUNT_OPEN_BYTES].verdict, COUNT_WORSE);
    base.of[COUNT_OPEN_BYTES].value = 16; /* the relative one: 4 */
    head.of[COUNT_OPEN_BYTES].value = 20;
    counts_judge(&base, &head, &tolerances, &judgement);
    assert_int_equal(judgement.of[COUNT_OPEN_BYTES].verdict, COUNT_CHANGED);
    head.of[COUNT_OPEN_BYTES].value = 21;
    counts_judge(&base, &head, &tolerances, &judgement);
    assert_int_equal(judgement.of[COUNT_OPEN_BYTES].verdict, COUNT_WORSE);
    assert_true(count_has_failed(judgement.worst));
    head.of[COUNT_OPEN_BYTES].value = 1; /* better, however far */
    counts_judge(&base, &head, &tolerances, &judgement);
    assert_int_equal(judgement.of[COUNT_OPEN_BYTES].verdict, COUNT_CHANGED);
}

static void more_memory_fails_from_its_tolerance_on(void **state)
{
    (void)state;
    assert_int_equal(judge_values(COUNT_OPEN_BYTES, 1e7, 1e7 + 64), COUNT_CHANGED);
    assert_int_equal(judge_values(COUNT_OPEN_BYTES, 1e7, 1.03e7), COUNT_WORSE);
    assert_int_equal(judge_values(COUNT_PEAK_BYTES, 1e8, 1.01e8), COUNT_CHANGED);
    assert_int_equal(judge_values(COUNT_PEAK_BYTES, 1e8, 1.2e8), COUNT_WORSE);
    assert_int_equal(judge_values(COUNT_RETAINED_BYTES, 0, 1e6), COUNT_WORSE);
    assert_int_equal(judge_values(COUNT_RETAINED_BYTES, -1000, -1000), COUNT_SAME);
    assert_int_equal(judge_values(COUNT_RETAINED_BYTES, -1000, 1e6), COUNT_WORSE);
}

static const enum count_quantity losses[] = {COUNT_FIRST_LOSS, COUNT_FINAL_LOSS};

static void a_loss_may_differ_by_rounding_and_by_no_more_in_either_direction(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        double relative = counts_tolerances("blas", "blas").of[losses[i / 2]].relative,
               side = i % 2 ? 1 : -1;

        assert_true(relative > 0 && relative < 0.05);
        assert_int_equal(judge_values(losses[i / 2], 0.5, 0.5), COUNT_SAME);
        assert_int_equal(judge_values(losses[i / 2], 0.5, 0.5 * (1 + side * 0.9 * relative)),
                         COUNT_CHANGED);
        assert_int_equal(judge_values(losses[i / 2], 0.5, 0.5 * (1 + side * 1.1 * relative)),
                         COUNT_WRONG);
        assert_true(count_has_failed(judgement.worst));
        assert_int_equal(judge_values(losses[i / 2], -2, -2 * (1 + side * 1.1 * relative)),
                         COUNT_WRONG);
    }
}

static void a_loss_that_is_not_finite_never_passes(void **state)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(judge_values(losses[i / 3], 0.5, bad[i % 3]), COUNT_WRONG);
        assert_int_equal(judge_values(losses[i / 3], bad[i % 3], bad[i % 3]), COUNT_WRONG);
        assert_int_equal(judge_values(losses[i / 3], bad[i % 3], 0.5), COUNT_CHANGED);
    }
}

static void memory_that_varies_from_run_to_run_is_the_same_while_it_does_no_more(void **state)
{
    double noise = counts_tolerances("blas", "blas").of[COUNT_PEAK_BYTES].noise;

    (void)state;
    assert_true(noise > 0);
    assert_int_equal(judge_values(COUNT_PEAK_BYTES, 1e7, 1e7 + noise), COUNT_SAME);
    assert_int_equal(judge_values(COUNT_PEAK_BYTES, 1e7, 1e7 - noise), COUNT_SAME);
    assert_int_equal(judge_values(COUNT_PEAK_BYTES, 1e7, 1e7 + noise + 1), COUNT_CHANGED);
    assert_int_equal(judge_values(COUNT_PEAK_BYTES, 1e7, 1e7 - noise - 1), COUNT_CHANGED);
}

/* Not even where the tolerance is infinite. */
static void not_a_number_is_within_no_tolerance(void **state)
{
    struct count_tolerances tolerances;

    (void)state;
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        tolerances.of[q] =
            (struct count_tolerance){(double)INFINITY, (double)INFINITY, (double)INFINITY};
    for (int q = 0; q < COUNT_QUANTITIES; q++) {
        base = head = usual();
        head.of[q].value = (double)NAN;
        counts_judge(&base, &head, &tolerances, &judgement);
        assert_true(judgement.of[q].verdict >= COUNT_UNKNOWN);
        assert_true(judgement.worst >= COUNT_UNKNOWN);
    }
    for (int q = 0; q < COUNT_QUANTITIES; q++) {
        tolerances.of[q] = (struct count_tolerance){(double)NAN, (double)NAN, (double)NAN};
        base = head = usual();
        head.of[q].value += 1;
        counts_judge(&base, &head, &tolerances, &judgement);
        assert_true(count_has_failed(judgement.of[q].verdict));
    }
}

static void a_target_that_is_no_longer_reached_is_worse(void **state)
{
    (void)state;
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 300, (double)INFINITY), COUNT_WORSE);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, (double)INFINITY, 300), COUNT_CHANGED);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, (double)INFINITY, (double)INFINITY),
                     COUNT_SAME);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 1, 1), COUNT_SAME);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 1, 2), COUNT_CHANGED);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 1, 3), COUNT_WORSE);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 300, 306), COUNT_CHANGED);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 300, 307), COUNT_WORSE);
    assert_int_equal(judge_values(COUNT_UPDATES_TO_TARGET, 300, 200), COUNT_CHANGED);
}

/* ---- Unknowns ---------------------------------------------------------------------------------
 */

static void what_one_side_does_not_know_is_never_the_same(void **state)
{
    (void)state;
    for (int q = 0; q < COUNT_QUANTITIES; q++)
        for (int side = 0; side < 2; side++) {
            base = head = usual();
            (side ? &head : &base)->of[q] = (struct count){0, 100}; /* the number left in it */
            assert_int_equal(judge((enum count_quantity)q), COUNT_UNKNOWN);
            assert_int_equal(judgement.worst, COUNT_UNKNOWN);
            assert_false(count_has_failed(judgement.worst));
        }
}

static void what_neither_side_knows_is_not_mentioned(void **state)
{
    (void)state;
    base = head = usual();
    base.of[COUNT_PEAK_BYTES].known = head.of[COUNT_PEAK_BYTES].known = 0;
    assert_int_equal(judge(COUNT_PEAK_BYTES), COUNT_ABSENT);
    assert_int_equal(judgement.worst, COUNT_SAME);
    memset(base.of, 0, sizeof base.of);
    memset(head.of, 0, sizeof head.of);
    counts_judge(&base, &head, NULL, &judgement);
    assert_int_equal(judgement.worst, COUNT_UNKNOWN); /* nothing at all is no pass */
}

static void counts_of_something_else_are_not_compared(void **state)
{
    (void)state;
    for (int what = 0; what < 8; what++) {
        double *fields[] = {&head.batch_size,    &head.threads, &head.parameters,   &head.updates,
                            &head.learning_rate, &head.seed,    &head.loss_examples};

        base = head = usual();
        if (what < 7)
            *fields[what] = what % 2 ? *fields[what] + 1 : (double)NAN;
        else
            strcpy(head.network, "L");
        counts_judge(&base, &head, NULL, &judgement);
        for (int q = 0; q < COUNT_QUANTITIES; q++)
            assert_int_equal(judgement.of[q].verdict, COUNT_UNKNOWN);
        assert_int_equal(judgement.worst, COUNT_UNKNOWN);
    }
}

static void a_run_without_an_update_does_not_pass(void **state)
{
    (void)state;
    base = head = usual();
    base.updates = head.updates = 0;
    counts_judge(&base, &head, NULL, &judgement);
    assert_int_equal(judgement.worst, COUNT_UNKNOWN);
    base.updates = head.updates = 1;
    counts_judge(&base, &head, NULL, &judgement);
    assert_int_equal(judgement.worst, COUNT_SAME);
    assert_int_equal(judge_values(COUNT_FLOPS, 0, 0), COUNT_WRONG);
    assert_int_equal(judge_values(COUNT_FLOPS, 1e9, 0), COUNT_WRONG);
    assert_int_equal(judge_values(COUNT_FLOPS, 0, 1e9), COUNT_UNKNOWN);
}

/* ---- Across engines ---------------------------------------------------------------------------
 */

static void another_engine_has_its_own_memory_and_calls_but_the_same_loss_and_flops(void **state)
{
    (void)state;
    base = head = usual();
    strcpy(head.engine, "native");
    head.of[COUNT_STEP_CALLS].value = 0;
    head.of[COUNT_GRADIENT_CALLS].value = 1000;
    head.of[COUNT_OPEN_BYTES].value = 1e9;
    head.of[COUNT_STEADY_BYTES].value = 12;
    counts_judge(&base, &head, NULL, &judgement);
    assert_int_equal(judgement.worst, COUNT_CHANGED);
    head.of[COUNT_FLOPS].value++;
    assert_int_equal(judge(COUNT_FLOPS), COUNT_WORSE);
    head.of[COUNT_FLOPS].value--;
    head.of[COUNT_FINAL_LOSS].value *= 1.1;
    assert_int_equal(judge(COUNT_FINAL_LOSS), COUNT_WRONG);
}

static void allocations_of_several_threads_are_held_against_nobody(void **state)
{
    (void)state;
    base = head = usual();
    head.of[COUNT_FIRST_BYTES].value += 1e8;
    assert_int_equal(judge(COUNT_FIRST_BYTES), COUNT_WORSE);
    base.threads = head.threads = 2;
    assert_int_equal(judge(COUNT_FIRST_BYTES), COUNT_CHANGED);
    head.of[COUNT_PEAK_BYTES].value += 1e8;
    assert_int_equal(judge(COUNT_PEAK_BYTES), COUNT_WORSE);
}

static void an_engine_that_rounds_to_eight_bits_is_given_more_room(void **state)
{
    static const char *const engines[][2] = {
        {"onednn:bf16", "onednn"}, {"onednn", "onednn:bf16"}, {"onednn:bf16", "onednn:bf16"}};

    (void)state;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        base = head = usual();
        head.of[COUNT_FIRST_LOSS].value *= 1.005;
        assert_int_equal(judge(COUNT_FIRST_LOSS), COUNT_WRONG);
        strcpy(base.engine, engines[i][0]);
        strcpy(head.engine, engines[i][1]);
        assert_int_equal(judge(COUNT_FIRST_LOSS), COUNT_CHANGED);
        head.of[COUNT_FIRST_LOSS].value *= 1.1;
        assert_int_equal(judge(COUNT_FIRST_LOSS), COUNT_WRONG);
    }
}

/* ---- Lines ------------------------------------------------------------------------------------
 */

static char line[4096];

static void print(const struct counts *counts)
{
    FILE *file = fmemopen(line, sizeof line, "w");

    counts_print(file, counts);
    fclose(file);
}

static void a_line_brings_back_what_was_written(void **state)
{
    struct counts read;

    (void)state;
    base = usual();
    strcpy(base.engine, "./my engines/100%.so");
    base.of[COUNT_FINAL_LOSS].value = 0.1 + 0.2;
    base.of[COUNT_FLOPS].value = 123456789012345678.0;
    base.of[COUNT_RETAINED_BYTES].value = -40;
    base.of[COUNT_UPDATES_TO_TARGET].value = (double)INFINITY;
    base.of[COUNT_PEAK_RUSAGE_BYTES].known = 0;
    print(&base);
    assert_true(strchr(line, '\n') == line + strlen(line) - 1);
    assert_int_equal(counts_parse(&read, line), 0);
    assert_string_equal(read.engine, base.engine);
    assert_string_equal(read.network, "M");
    assert_true(read.learning_rate == base.learning_rate && read.seed == 1);
    for (int q = 0; q < COUNT_QUANTITIES; q++) {
        assert_int_equal(read.of[q].known, base.of[q].known);
        assert_true(!read.of[q].known || read.of[q].value == base.of[q].value);
    }
    base.of[COUNT_FINAL_LOSS].value = (double)NAN;
    print(&base);
    assert_int_equal(counts_parse(&read, line), 0);
    assert_true(read.of[COUNT_FINAL_LOSS].known && isnan(read.of[COUNT_FINAL_LOSS].value));
}

static void an_older_or_newer_line_is_read_as_far_as_it_goes(void **state)
{
    struct counts read;

    (void)state;
    assert_int_equal(
        counts_parse(&read, "counts=1 engine=naive flops=7 nano_joules=3 cache=a=b odd="), 0);
    assert_true(read.of[COUNT_FLOPS].known && read.of[COUNT_FLOPS].value == 7);
    assert_false(read.of[COUNT_STEADY_BYTES].known);
    assert_true(isnan(read.updates)); /* not 0, which would equal another 0 */
    base = usual();
    counts_judge(&base, &read, NULL, &judgement);
    assert_int_equal(judgement.worst, COUNT_UNKNOWN);
}

static void a_bad_line_is_an_error(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "engine=naive counts=1",
        "counts=2 flops=7",
        "counts=10 flops=7",
        "counts=1 flops=",
        "counts=1 flops=7x",
        "counts=1 flops=nan",
        "counts=1 flops=-1",
        "counts=1 flops=inf",
        "counts=1 steady_bytes=nan",
        "counts=1 retained_bytes=inf",
        "counts=1 updates_to_target=0",
        "counts=1 updates_to_target=nan",
        "counts=1 final_loss=",
        "counts=1 flops=7 flops=7",
        "counts=1 seed=1 seed=1",
        "counts=1 engine=a engine=a",
        "counts=1 flops",
        "counts=1 engine=%",
        "counts=1 engine=%4",
        "counts=1 engine=%zz",
        "counts=1 updates=many",
        "counts=1 network=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    struct counts read;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error_clear();
        assert_int_equal(counts_parse(&read, bad[i]), -1);
        assert_true(error_text()[0] != '\0');
    }
    assert_int_equal(counts_parse(&read, "counts=1"), 0);
}

static void a_row_has_both_sides_and_leaves_unknowns_empty(void **state)
{
    char text[8192];
    FILE *file = fmemopen(text, sizeof text, "w");

    (void)state;
    base = head = usual();
    base.of[COUNT_FIRST_BYTES].known = 0;
    base.of[COUNT_PEAK_BYTES].known = head.of[COUNT_PEAK_BYTES].known = 0;
    head.of[COUNT_STEADY_BYTES].value = 12;
    counts_judge(&base, &head, NULL, &judgement);
    counts_write_header(file);
    counts_write_rows(file, "blas, M, K = 32", &judgement);
    fclose(file);
    assert_non_null(strstr(text, "cell,quantity,base,head,tolerance,verdict,reason\n"));
    assert_non_null(
        strstr(text, "\n\"blas, M, K = 32\",flops,1000000000,1000000000,0,same,equal\n"));
    assert_non_null(strstr(text, ",steady_bytes,0,12,0,worse,+12 bytes: must be equal\n"));
    assert_non_null(strstr(text, ",first_bytes,,100,,unknown,not measured on the side of base\n"));
    assert_null(strstr(text, "peak_bytes,"));
}

static void every_quantity_and_verdict_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int q = 0; q < COUNT_QUANTITIES; q++) {
        assert_non_null(count_names[q].key);
        for (int p = 0; p < q; p++)
            assert_string_not_equal(count_names[p].key, count_names[q].key);
    }
    for (int v = 0; v < COUNT_VERDICTS; v++)
        assert_non_null(count_verdict_names[v]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_counts_are_the_same),
        cmocka_unit_test(flops_calls_and_steady_memory_are_exact),
        cmocka_unit_test(a_change_within_the_tolerance_is_reported_and_one_beyond_fails),
        cmocka_unit_test(more_memory_fails_from_its_tolerance_on),
        cmocka_unit_test(a_loss_may_differ_by_rounding_and_by_no_more_in_either_direction),
        cmocka_unit_test(a_loss_that_is_not_finite_never_passes),
        cmocka_unit_test(memory_that_varies_from_run_to_run_is_the_same_while_it_does_no_more),
        cmocka_unit_test(not_a_number_is_within_no_tolerance),
        cmocka_unit_test(a_target_that_is_no_longer_reached_is_worse),
        cmocka_unit_test(what_one_side_does_not_know_is_never_the_same),
        cmocka_unit_test(what_neither_side_knows_is_not_mentioned),
        cmocka_unit_test(counts_of_something_else_are_not_compared),
        cmocka_unit_test(a_run_without_an_update_does_not_pass),
        cmocka_unit_test(another_engine_has_its_own_memory_and_calls_but_the_same_loss_and_flops),
        cmocka_unit_test(allocations_of_several_threads_are_held_against_nobody),
        cmocka_unit_test(an_engine_that_rounds_to_eight_bits_is_given_more_room),
        cmocka_unit_test(a_line_brings_back_what_was_written),
        cmocka_unit_test(an_older_or_newer_line_is_read_as_far_as_it_goes),
        cmocka_unit_test(a_bad_line_is_an_error),
        cmocka_unit_test(a_row_has_both_sides_and_leaves_unknowns_empty),
        cmocka_unit_test(every_quantity_and_verdict_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
