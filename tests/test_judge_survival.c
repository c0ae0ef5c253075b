/* Kaplan-Meier: by hand, by redistribution to the right in the fixture, without censoring. */
#include "base/rng.h"
#include "base/stats.h"
#include "judge/survival.h"

#include "judge_fixture.h"

static void curves_and_medians_are_those_of_the_fixture(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(survival_cases); c++) {
        struct survival_step steps[SURVIVAL_COUNT];
        size_t used = survival_curve(survival_cases[c].times, survival_cases[c].reached,
                                     survival_cases[c].count, steps);
        struct effect median = survival_median(survival_cases[c].times, survival_cases[c].reached,
                                               survival_cases[c].count, 0.95);

        assert_int_equal(used, survival_cases[c].steps);
        for (size_t i = 0; i < used; i++)
            assert_near(steps[i].survival, survival_cases[c].survival[i], 1e-12);
        assert_true(median.value == survival_cases[c].median);
        assert_true(median.low == survival_cases[c].low);
        assert_true(median.high == survival_cases[c].high);
    }
}

/* By hand: 4/5, then, two at risk fewer, 4/5 x 2/3, then two of two. */
static void censored_runs_are_at_risk_until_they_end(void **state)
{
    const double times[] = {7, 2, 3, 5, 5, 7}, early[] = {2, 3, 5, 7, 7};
    const bool reached[] = {true, true, false, true, false, true};
    const bool early_reached[] = {true, false, true, true, true};
    struct survival_step steps[6];

    (void)state;
    assert_int_equal(survival_curve(early, early_reached, 5, steps), 3);
    assert_true(steps[0].time == 2 && steps[0].at_risk == 5 && steps[0].events == 1);
    assert_near(steps[0].survival, 0.8, 1e-15);
    assert_near(steps[0].greenwood, 1 / 20.0, 1e-15);
    assert_true(steps[1].time == 5 && steps[1].at_risk == 3 && steps[1].events == 1);
    assert_near(steps[1].survival, 0.8 * 2 / 3, 1e-15);
    assert_near(steps[1].greenwood, 1 / 20.0 + 1 / 6.0, 1e-15);
    assert_true(steps[2].time == 7 && steps[2].at_risk == 2 && steps[2].events == 2);
    assert_true(steps[2].survival == 0 && steps[2].greenwood == HUGE_VAL);
    /* Censored at the time of an event: still at risk then. */
    assert_int_equal(survival_curve(times, reached, 6, steps), 3);
    assert_true(steps[1].time == 5 && steps[1].at_risk == 4 && steps[1].events == 1);
    assert_near(steps[1].survival, 5 / 6.0 * 3 / 4, 1e-15);
}

static void without_censoring_it_is_the_plain_median(void **state)
{
    double times[10];
    bool reached[10];
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, RNG_TEST, 3);
    for (size_t n = 1; n <= 10; n++) {
        for (size_t i = 0; i < n; i++) {
            times[i] = rng_below(&rng, 50);
            reached[i] = true;
        }
        assert_near(survival_median(times, reached, n, 0.95).value, stats_median(times, n), 1e-14);
    }
}

/* Censored after the last event, they may as well be infinite. */
static void with_late_censoring_it_is_the_median_with_infinities(void **state)
{
    double times[9], infinite[9];
    bool reached[9];

    (void)state;
    for (size_t n = 1; n <= 9; n++) {
        for (size_t late = 0; late <= n; late++) {
            double median;

            for (size_t i = 0; i < n; i++) {
                reached[i] = i + late < n;
                times[i] = reached[i] ? (double)(i + 1) : 100;
                infinite[i] = reached[i] ? times[i] : (double)INFINITY;
            }
            median = survival_median(times, reached, n, 0.95).value;
            assert_true(median == stats_median(infinite, n));
            assert_true(survival_median(infinite, reached, n, 0.95).value == median);
        }
    }
}

static void a_median_not_reached_is_infinite_with_a_bound_below(void **state)
{
    const double times[] = {3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10};
    const bool reached[] = {true,  true,  true,  true,  true,  false,
                            false, false, false, false, false, false};
    struct effect median = survival_median(times, reached, 12, 0.95);

    (void)state;
    assert_true(median.value == HUGE_VAL && median.high == HUGE_VAL);
    assert_true(median.low == 4); /* at S = 10/12 the lower bound is 0.48, at 11/12 it is 0.54 */
}

static void nobody_arrived(void **state)
{
    const double times[] = {10, 10, INFINITY};
    const bool reached[] = {false, false, false};
    struct survival_step steps[3];
    struct effect median = survival_median(times, reached, 3, 0.95);

    (void)state;
    assert_int_equal(survival_curve(times, reached, 3, steps), 0);
    assert_true(median.value == HUGE_VAL && median.low == HUGE_VAL && median.high == HUGE_VAL);
}

static void none_one_and_nan_bound_nothing(void **state)
{
    const double one[] = {4}, nan[] = {1, NAN, 3};
    const bool reached[] = {true, true, true};
    struct effect median;

    (void)state;
    median = survival_median(one, reached, 0, 0.95);
    assert_true(isnan(median.value) && median.low == -HUGE_VAL && median.high == HUGE_VAL);
    median = survival_median(one, reached, 1, 0.95);
    assert_true(median.value == 4 && median.low == -HUGE_VAL && median.high == HUGE_VAL);
    median = survival_median(nan, reached, 3, 0.95);
    assert_true(isnan(median.value) && median.low == -HUGE_VAL && median.high == HUGE_VAL);
}

static void all_at_once_has_no_upper_bound(void **state)
{
    const double times[] = {4, 4, 4, 4, 4, 4};
    const bool reached[] = {true, true, true, true, true, true};
    struct effect median = survival_median(times, reached, 6, 0.95);

    (void)state;
    assert_true(median.value == 4 && median.low == 4 && median.high == HUGE_VAL);
}

/* Exponential times with median ln 2, censored at random and by a budget. */
static void intervals_of_95_percent_hold_the_median_as_often(void **state)
{
    enum { TRIALS = 4000, COUNT = 40 };
    double times[COUNT];
    bool reached[COUNT];
    struct rng rng;
    int covered = 0;

    (void)state;
    rng_init(&rng, 11, RNG_TEST, 4);
    for (int trial = 0; trial < TRIALS; trial++) {
        struct effect median;

        for (int i = 0; i < COUNT; i++) {
            double end = fmin(-3 * log(rng_uniform(&rng)), 1.5);

            times[i] = -log(rng_uniform(&rng));
            reached[i] = times[i] <= end;
            times[i] = fmin(times[i], end);
        }
        median = survival_median(times, reached, COUNT, 0.95);
        covered += median.low <= log(2) && log(2) <= median.high;
    }
    assert_true(covered >= 0.93 * TRIALS && covered <= 0.97 * TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_and_medians_are_those_of_the_fixture),
        cmocka_unit_test(censored_runs_are_at_risk_until_they_end),
        cmocka_unit_test(without_censoring_it_is_the_plain_median),
        cmocka_unit_test(with_late_censoring_it_is_the_median_with_infinities),
        cmocka_unit_test(a_median_not_reached_is_infinite_with_a_bound_below),
        cmocka_unit_test(nobody_arrived),
        cmocka_unit_test(none_one_and_nan_bound_nothing),
        cmocka_unit_test(all_at_once_has_no_upper_bound),
        cmocka_unit_test(intervals_of_95_percent_hold_the_median_as_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
