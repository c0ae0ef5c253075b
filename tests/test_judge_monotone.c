/* Isotonic regression and the trend test: scikit-learn, full enumeration, how often it errs. */
#include "base/rng.h"
#include "judge/monotone.h"

#include "judge_fixture.h"

static void isotonic_fits_are_those_of_scikit_learn(void **state)
{
    enum { COUNT = LENGTH(isotonic_values) };
    double fitted[COUNT];

    (void)state;
    monotone_fit(isotonic_values, NULL, COUNT, fitted);
    for (size_t i = 0; i < COUNT; i++)
        assert_near(fitted[i], isotonic_fit[i], 1e-12);
    monotone_fit(isotonic_values, isotonic_weights, COUNT, fitted);
    for (size_t i = 0; i < COUNT; i++)
        assert_near(fitted[i], isotonic_weighted_fit[i], 1e-12);
}

static void rising_values_are_their_own_fit_and_falling_ones_their_mean(void **state)
{
    double rising[] = {1, 1, 2, 5}, falling[] = {5, 2, 1, 0};

    (void)state;
    monotone_fit(rising, NULL, 4, rising);
    assert_true(rising[0] == 1 && rising[1] == 1 && rising[2] == 2 && rising[3] == 5);
    monotone_fit(falling, NULL, 4, falling);
    for (int i = 0; i < 4; i++)
        assert_true(falling[i] == 2);
    monotone_fit(falling, NULL, 0, falling);
    monotone_fit(falling, NULL, 1, falling);
    assert_true(falling[0] == 2);
}

static void infinite_values_at_the_end_are_monotone(void **state)
{
    const double end[] = {1, 2, INFINITY, INFINITY}, middle[] = {1, INFINITY, 3, 4};
    double fitted[4];

    (void)state;
    monotone_fit(end, NULL, 4, fitted);
    assert_true(fitted[0] == 1 && fitted[1] == 2 && fitted[2] == HUGE_VAL && fitted[3] == HUGE_VAL);
    monotone_fit(middle, NULL, 4, fitted);
    assert_true(fitted[0] == 1 && fitted[1] == HUGE_VAL && fitted[3] == HUGE_VAL);
}

static void a_nan_spoils_the_fit(void **state)
{
    const double values[] = {1, NAN, 3};
    double fitted[3];

    (void)state;
    monotone_fit(values, NULL, 3, fitted);
    assert_true(isnan(fitted[0]) && isnan(fitted[1]) && isnan(fitted[2]));
}

/* Three standard deviations of 20000 permutations are 0.011. */
static void the_trend_is_that_of_all_permutations(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct trend trend = monotone_trend(trend_values, trend_groups, LENGTH(trend_values),
                                            (enum alternative)i, 20000, 4);

        assert_true(trend.statistic == trend_j);
        assert_true(fabs(trend.p - trend_p[i]) < 0.011);
        assert_near(trend.tendency, (trend_j - 10.5) / 10.5, 1e-14);
    }
}

/* One value a group is the Mann-Kendall test: in order, one chance in 5! = 120. */
static void one_value_a_group_is_mann_kendall(void **state)
{
    const double values[] = {1, 2, 3, 4, INFINITY};
    const int groups[] = {1, 2, 4, 8, 16};
    struct trend trend = monotone_trend(values, groups, 5, GREATER, 50000, 1);

    (void)state;
    assert_true(trend.statistic == 10 && trend.tendency == 1);
    assert_true(fabs(trend.p - 1 / 120.0) < 0.0013);
    assert_true(monotone_trend(values, groups, 5, LESS, 100, 1).p == 1);
}

static void the_order_of_the_rows_does_not_matter(void **state)
{
    const double values[] = {3, 1, 2, 4}, sorted[] = {1, 2, 3, 4};
    const int groups[] = {2, 1, 1, 2}, sorted_groups[] = {1, 1, 2, 2};

    (void)state;
    assert_true(monotone_trend(values, groups, 4, TWO_SIDED, 10, 1).statistic == 4);
    assert_true(monotone_trend(sorted, sorted_groups, 4, TWO_SIDED, 10, 1).statistic == 4);
}

static void what_cannot_show_a_trend(void **state)
{
    const double values[] = {1, 2, 3}, same[] = {2, 2, 2}, nan[] = {1, NAN, 3};
    const int one[] = {5, 5, 5}, three[] = {1, 2, 3};
    struct trend trend = monotone_trend(same, three, 3, TWO_SIDED, 100, 1);

    (void)state;
    assert_true(trend.p == 1 && trend.tendency == 0);
    assert_true(isnan(monotone_trend(values, one, 3, TWO_SIDED, 100, 1).p));
    assert_true(isnan(monotone_trend(values, three, 0, TWO_SIDED, 100, 1).p));
    assert_true(isnan(monotone_trend(values, three, 1, TWO_SIDED, 100, 1).p));
    assert_true(isnan(monotone_trend(nan, three, 3, TWO_SIDED, 100, 1).p));
}

static void false_rejections_are_5_percent(void **state)
{
    enum { TRIALS = 2000, COUNT = 15 };
    double values[COUNT];
    int groups[COUNT], none = 0, some = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 21, RNG_TEST, 6);
    for (int trial = 0; trial < TRIALS; trial++) {
        for (int i = 0; i < COUNT; i++) {
            groups[i] = i / 3;
            values[i] = rng_normal(&rng);
        }
        none += monotone_trend(values, groups, COUNT, GREATER, 199, (uint64_t)trial).p <= 0.05;
        for (int i = 0; i < COUNT; i++)
            values[i] += 0.7 * groups[i];
        some += monotone_trend(values, groups, COUNT, GREATER, 199, (uint64_t)trial).p <= 0.05;
    }
    assert_true(fabs(none / (double)TRIALS - 0.05) < 0.015);
    assert_true(some > 0.9 * TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isotonic_fits_are_those_of_scikit_learn),
        cmocka_unit_test(rising_values_are_their_own_fit_and_falling_ones_their_mean),
        cmocka_unit_test(infinite_values_at_the_end_are_monotone),
        cmocka_unit_test(a_nan_spoils_the_fit),
        cmocka_unit_test(the_trend_is_that_of_all_permutations),
        cmocka_unit_test(one_value_a_group_is_mann_kendall),
        cmocka_unit_test(the_order_of_the_rows_does_not_matter),
        cmocka_unit_test(what_cannot_show_a_trend),
        cmocka_unit_test(false_rejections_are_5_percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
