/* Rank tests: SciPy's answers, ties, infinities, how often they err. */
#include "base/rng.h"
#include "judge/ranks.h"

#include "judge_fixture.h"

static void mann_whitney_is_that_of_scipy(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(mann_whitney_cases); c++) {
        int a = mann_whitney_cases[c].a, b = mann_whitney_cases[c].b;

        for (int i = 0; i < 3; i++) {
            struct rank_test test =
                ranks_mann_whitney(rank_samples[a], rank_counts[a], rank_samples[b], rank_counts[b],
                                   (enum alternative)i);

            assert_true(test.statistic == mann_whitney_cases[c].u);
            assert_int_equal(test.exact, mann_whitney_cases[c].exact);
            assert_near(test.p, mann_whitney_cases[c].p[i], 1e-12);
        }
    }
}

static void sign_and_signed_rank_tests_are_those_of_scipy(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(signed_cases); c++) {
        const double *values = rank_samples[signed_cases[c].a];
        size_t count = rank_counts[signed_cases[c].a];

        for (int i = 0; i < 3; i++) {
            struct rank_test test = ranks_signed(values, count, (enum alternative)i);

            assert_true(test.statistic == signed_cases[c].statistic);
            assert_int_equal(test.exact, signed_cases[c].exact);
            assert_near(test.p, signed_cases[c].p[i], 1e-12);
            assert_near(ranks_sign(values, count, (enum alternative)i).p, signed_cases[c].sign_p[i],
                        1e-12);
        }
    }
}

/* By hand: 5 of 5 above 0, one chance in 32; all of 3 above all of 3, one of 20. */
static void extreme_orders_have_the_chances_counted_by_hand(void **state)
{
    const double up[] = {1, 2, 3, 4, 5, 0}, low[] = {1, 2, 3}, high[] = {4, 5, INFINITY};

    (void)state;
    assert_near(ranks_sign(up, 6, GREATER).p, 1 / 32.0, 1e-15);
    assert_near(ranks_sign(up, 6, TWO_SIDED).p, 1 / 16.0, 1e-15);
    assert_near(ranks_sign(up, 6, LESS).p, 1, 1e-15);
    assert_near(ranks_signed(up, 6, GREATER).p, 1 / 32.0, 1e-15);
    assert_near(ranks_mann_whitney(high, 3, low, 3, GREATER).p, 1 / 20.0, 1e-15);
    assert_near(ranks_mann_whitney(high, 3, low, 3, TWO_SIDED).p, 1 / 10.0, 1e-15);
    assert_true(ranks_mann_whitney(high, 3, low, 3, TWO_SIDED).statistic == 9);
    assert_near(ranks_mann_whitney(low, 3, high, 3, LESS).p, 1 / 20.0, 1e-15);
}

static void one_value_a_side_is_no_evidence(void **state)
{
    const double a = 1, b = 2;

    (void)state;
    assert_true(ranks_mann_whitney(&a, 1, &b, 1, TWO_SIDED).p == 1);
    assert_true(ranks_sign(&a, 1, TWO_SIDED).p == 1);
    assert_true(ranks_signed(&a, 1, TWO_SIDED).p == 1);
}

static void values_all_equal_are_no_evidence(void **state)
{
    const double same[] = {2, 2, 2, 2}, zeros[] = {0, 0, 0, 0};
    const double never[] = {INFINITY, INFINITY, INFINITY, INFINITY};

    (void)state;
    assert_true(ranks_mann_whitney(same, 4, same, 3, TWO_SIDED).p == 1);
    assert_true(ranks_mann_whitney(never, 4, never, 4, GREATER).p == 1);
    assert_true(ranks_sign(zeros, 4, TWO_SIDED).p == 1);
    assert_true(ranks_signed(zeros, 4, TWO_SIDED).p == 1);
}

static void runs_that_never_arrive_are_the_slowest(void **state)
{
    const double slow[] = {5, 9, INFINITY, INFINITY, INFINITY, 8}, fast[] = {1, 2, 3, 4, 6, 7};
    struct rank_test test = ranks_mann_whitney(slow, 6, fast, 6, GREATER);
    double finite[6];

    (void)state;
    for (int i = 0; i < 6; i++)
        finite[i] = isinf(slow[i]) ? 1000 : slow[i];
    assert_true(test.p < 0.01);
    assert_true(test.p == ranks_mann_whitney(finite, 6, fast, 6, GREATER).p);
    assert_near(ranks_sign(slow, 6, GREATER).p, 1 / 64.0, 1e-15);
    assert_true(ranks_signed(slow, 6, GREATER).p < 0.05);
}

static void no_values_and_nan_have_no_p(void **state)
{
    const double nan[] = {1, NAN, 3}, good[] = {1, 2, 3};

    (void)state;
    assert_true(isnan(ranks_sign(good, 0, TWO_SIDED).p));
    assert_true(isnan(ranks_signed(good, 0, TWO_SIDED).p));
    assert_true(isnan(ranks_mann_whitney(good, 0, good, 3, TWO_SIDED).p));
    assert_true(isnan(ranks_mann_whitney(good, 3, good, 0, TWO_SIDED).p));
    assert_true(isnan(ranks_sign(nan, 3, TWO_SIDED).p));
    assert_true(isnan(ranks_signed(nan, 3, TWO_SIDED).p));
    assert_true(isnan(ranks_mann_whitney(nan, 3, good, 3, TWO_SIDED).p));
    assert_true(isnan(ranks_mann_whitney(good, 3, nan, 3, TWO_SIDED).p));
}

/* Exact tests reject at most as often as they say. */
static void false_rejections_stay_below_5_percent(void **state)
{
    enum { TRIALS = 4000, COUNT = 9 };
    int mann_whitney = 0, sign = 0, signed_rank = 0;
    double a[COUNT], b[COUNT];
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, RNG_TEST, 2);
    for (int trial = 0; trial < TRIALS; trial++) {
        for (int i = 0; i < COUNT; i++) {
            a[i] = rng_normal(&rng);
            b[i] = rng_normal(&rng);
        }
        mann_whitney += ranks_mann_whitney(a, COUNT, b, COUNT, TWO_SIDED).p < 0.05;
        sign += ranks_sign(a, COUNT, TWO_SIDED).p < 0.05;
        signed_rank += ranks_signed(a, COUNT, TWO_SIDED).p < 0.05;
    }
    /* Their exact sizes are 0.04 (U <= 17 of 9 and 9), 0.039 (1 of 9) and 0.039 (rank sum <= 5). */
    assert_true(mann_whitney > 0.03 * TRIALS && mann_whitney < 0.05 * TRIALS);
    assert_true(sign > 0.03 * TRIALS && sign < 0.05 * TRIALS);
    assert_true(signed_rank > 0.03 * TRIALS && signed_rank < 0.05 * TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mann_whitney_is_that_of_scipy),
        cmocka_unit_test(sign_and_signed_rank_tests_are_those_of_scipy),
        cmocka_unit_test(extreme_orders_have_the_chances_counted_by_hand),
        cmocka_unit_test(one_value_a_side_is_no_evidence),
        cmocka_unit_test(values_all_equal_are_no_evidence),
        cmocka_unit_test(runs_that_never_arrive_are_the_slowest),
        cmocka_unit_test(no_values_and_nan_have_no_p),
        cmocka_unit_test(false_rejections_stay_below_5_percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
