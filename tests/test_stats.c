/* Order statistics of small samples. */
#include "base/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static void the_median_is_the_middle_value(void **state)
{
    const double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};

    (void)state;
    assert_true(stats_median(odd, 3) == 2);
    assert_true(stats_median(even, 4) == 2.5);
    assert_true(odd[0] == 3 && even[0] == 4); /* the values are not sorted in place */
}

static void one_value_is_every_quantile(void **state)
{
    const double value[] = {-7};

    (void)state;
    assert_true(stats_quantile(value, 1, 0) == -7);
    assert_true(stats_quantile(value, 1, 0.37) == -7);
    assert_true(stats_quantile(value, 1, 1) == -7);
}

static void no_value_has_no_quantile(void **state)
{
    (void)state;
    assert_true(isnan(stats_quantile(NULL, 0, 0.5)));
    assert_true(isnan(stats_median(NULL, 0)));
}

/* R: quantile(c(1, 2, 4, 8, 16), c(0.1, 0.25, 0.9), type = 7) */
static void quantiles_are_those_of_type_7(void **state)
{
    const double values[] = {16, 8, 4, 2, 1};

    (void)state;
    assert_true(fabs(stats_quantile(values, 5, 0.1) - 1.4) < 1e-15);
    assert_true(stats_quantile(values, 5, 0.25) == 2);
    assert_true(fabs(stats_quantile(values, 5, 0.9) - 12.8) < 1e-14);
    assert_true(stats_quantile(values, 5, 0) == 1);
    assert_true(stats_quantile(values, 5, 1) == 16);
}

static void zeros_and_ties_give_themselves(void **state)
{
    const double zeros[] = {0, 0, 0, 0}, ties[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};

    (void)state;
    assert_true(stats_median(zeros, 4) == 0);
    for (double p = 0; p <= 1; p += 0.0625)
        assert_true(stats_quantile(ties, 6, p) == 0.1);
}

static void nan_is_never_swept_aside(void **state)
{
    const double values[] = {1, NAN, 3};

    (void)state;
    assert_true(isnan(stats_median(values, 3)));
    assert_true(isnan(stats_quantile(values, 3, 0)));
}

static void infinity_counts_only_where_it_has_a_share(void **state)
{
    const double minority[] = {INFINITY, 1, 2}, half[] = {1, 2, INFINITY, INFINITY};
    const double all[] = {INFINITY, INFINITY}, both[] = {-INFINITY, INFINITY};

    (void)state;
    assert_true(stats_median(minority, 3) == 2);
    assert_true(stats_quantile(minority, 3, 0.75) == HUGE_VAL);
    assert_true(stats_median(half, 4) == HUGE_VAL);
    assert_true(stats_quantile(half, 4, 0) == 1);
    assert_true(stats_median(all, 2) == HUGE_VAL);
    assert_true(isnan(stats_median(both, 2)));
}

/* Exact coverage of [k-th smallest, k-th largest], in per cent. */
static void the_interval_has_the_exact_binomial_coverage(void **state)
{
    static const struct {
        size_t n, k;
        double percent;
    } known[] = {{6, 1, 96.9},  {8, 1, 99.2},   {12, 3, 96.1},  {16, 4, 97.9}, {20, 6, 95.9},
                 {24, 7, 97.7}, {30, 10, 95.7}, {40, 14, 96.2}, {60, 22, 97.3}};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double values[60];
        struct interval interval;

        for (size_t j = 0; j < known[i].n; j++)
            values[j] = (double)(known[i].n - j); /* n, ..., 1 */
        interval = stats_median_interval(values, known[i].n, 0.95);
        assert_true(interval.low == (double)known[i].k);
        assert_true(interval.high == (double)(known[i].n + 1 - known[i].k));
        assert_true(fabs(100 * interval.coverage - known[i].percent) <= 0.05);
    }
}

static void fewer_than_six_values_cannot_give_95_percent(void **state)
{
    const double values[] = {1, 2, 3, 4, 5};

    (void)state;
    for (size_t n = 0; n <= 5; n++) {
        struct interval interval = stats_median_interval(values, n, 0.95);

        assert_true(interval.low == -HUGE_VAL && interval.high == HUGE_VAL);
        assert_true(interval.coverage == 1);
    }
    assert_true(stats_median_interval(values, 5, 0.9).low == 1); /* 93.75 % */
}

static void the_interval_of_a_nan_is_none(void **state)
{
    const double values[] = {1, 2, 3, 4, 5, 6, 7, NAN};
    struct interval interval = stats_median_interval(values, 8, 0.95);

    (void)state;
    assert_true(isnan(interval.low) && isnan(interval.high) && interval.coverage == 0);
}

static void a_value_not_reached_stays_in_the_interval(void **state)
{
    const double values[] = {1, 2, 3, 4, 5, INFINITY};
    struct interval interval = stats_median_interval(values, 6, 0.95);

    (void)state;
    assert_true(interval.low == 1 && interval.high == HUGE_VAL);
}

/* R: binom.test(x, n)$conf.int; of none and of all one end is known, (0.025)^(1/n). */
static void the_interval_of_a_share_is_exact(void **state)
{
    static const struct {
        size_t successes, count;
        double low, high;
    } known[] = {{0, 20, 0, 0.1684335},  {10, 20, 0.2719578, 0.7280422},
                 {20, 20, 0.8315665, 1}, {1, 1, 0.025, 1},
                 {0, 1, 0, 0.975},       {2, 20, 0.0123485, 0.3169827}};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct interval interval = stats_share_interval(known[i].successes, known[i].count, 0.95);

        assert_true(fabs(interval.low - known[i].low) <= 1e-7);
        assert_true(fabs(interval.high - known[i].high) <= 1e-7);
        assert_true(interval.coverage == 0.95);
    }
    assert_true(fabs(stats_share_interval(0, 20, 0.95).high - (1 - pow(0.025, 1 / 20.0))) < 1e-12);
}

static void of_nothing_every_share_is_possible(void **state)
{
    struct interval interval = stats_share_interval(0, 0, 0.95);

    (void)state;
    assert_true(interval.low == 0 && interval.high == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_the_middle_value),
        cmocka_unit_test(one_value_is_every_quantile),
        cmocka_unit_test(no_value_has_no_quantile),
        cmocka_unit_test(quantiles_are_those_of_type_7),
        cmocka_unit_test(zeros_and_ties_give_themselves),
        cmocka_unit_test(nan_is_never_swept_aside),
        cmocka_unit_test(infinity_counts_only_where_it_has_a_share),
        cmocka_unit_test(the_interval_has_the_exact_binomial_coverage),
        cmocka_unit_test(fewer_than_six_values_cannot_give_95_percent),
        cmocka_unit_test(the_interval_of_a_nan_is_none),
        cmocka_unit_test(a_value_not_reached_stays_in_the_interval),
        cmocka_unit_test(the_interval_of_a_share_is_exact),
        cmocka_unit_test(of_nothing_every_share_is_possible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
