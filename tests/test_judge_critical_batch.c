/* The critical batch size: exact curves, Fieller's bounds by root finding in the fixture, coverage.
 */
#include "base/rng.h"
#include "judge/critical_batch.h"

#include "judge_fixture.h"

enum { SIZES = 9 };

static void fieller_bounds_are_those_found_by_search(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(critical_cases); c++) {
        struct critical_batch fit = critical_batch_fit(critical_sizes, critical_cases[c].steps,
                                                       critical_cases[c].variances, SIZES, 0.95);

        assert_near(fit.batch.value, critical_cases[c].value, 1e-9);
        assert_near(fit.batch.low, critical_cases[c].low, 1e-9);
        assert_near(fit.batch.high, critical_cases[c].high, 1e-9);
        assert_true(fit.least_steps.low >= 0 && fit.least_examples.low >= 0);
    }
}

static void an_exact_curve_gives_its_own_numbers(void **state)
{
    double steps[SIZES], variances[SIZES];
    struct critical_batch fit;

    (void)state;
    for (int i = 0; i < SIZES; i++) {
        steps[i] = 100 + 6400 / critical_sizes[i];
        variances[i] = 1e-6 * steps[i] * steps[i];
    }
    fit = critical_batch_fit(critical_sizes, steps, variances, SIZES, 0.95);
    assert_near(fit.least_steps.value, 100, 1e-12);
    assert_near(fit.least_examples.value, 6400, 1e-12);
    assert_near(fit.batch.value, 64, 1e-12);
    assert_true(fit.batch.low < 64 && fit.batch.low > 63.8);
    assert_true(fit.batch.high > 64 && fit.batch.high < 64.2);
    assert_near(fit.r_squared_log, 1, 1e-14);
    assert_true(fit.mape < 1e-13 && fit.misfit_p > 0.999);
}

static void steps_halved_by_every_doubling_have_no_upper_bound(void **state)
{
    double steps[SIZES], variances[SIZES];
    struct critical_batch fit;

    (void)state;
    for (int i = 0; i < SIZES; i++) {
        steps[i] = 10000 / critical_sizes[i] * (i % 2 ? 1.02 : 0.98);
        variances[i] = 4e-4 * steps[i] * steps[i];
    }
    fit = critical_batch_fit(critical_sizes, steps, variances, SIZES, 0.95);
    assert_true(fit.least_steps.low == 0);
    assert_true(fit.batch.high == HUGE_VAL && fit.batch.value > 256 && fit.batch.low > 256);
}

static void steps_the_same_for_every_size_have_no_lower_bound(void **state)
{
    double steps[SIZES], variances[SIZES];
    struct critical_batch fit;

    (void)state;
    for (int i = 0; i < SIZES; i++) {
        steps[i] = i % 2 ? 101 : 99;
        variances[i] = 4;
    }
    fit = critical_batch_fit(critical_sizes, steps, variances, SIZES, 0.95);
    assert_true(fit.batch.low == 0 && fit.batch.high < 1);
}

/* The curve of 1 + 1/K^2, say: R^2 is high, and yet the points do not lie on the line. */
static void another_curve_is_found_out(void **state)
{
    double steps[SIZES], variances[SIZES];
    struct critical_batch fit;

    (void)state;
    for (int i = 0; i < SIZES; i++) {
        steps[i] = 100 * (1 + 20 / sqrt(critical_sizes[i]));
        variances[i] = 25e-4 * steps[i] * steps[i];
    }
    fit = critical_batch_fit(critical_sizes, steps, variances, SIZES, 0.95);
    assert_true(fit.misfit_p < 1e-6);
}

static void assert_unknown(struct critical_batch fit)
{
    assert_true(isnan(fit.batch.value) && isnan(fit.least_steps.value));
    assert_true(fit.batch.low == 0 && fit.batch.high == HUGE_VAL);
    assert_true(fit.least_steps.low == 0 && fit.least_steps.high == HUGE_VAL);
    assert_true(fit.least_examples.low == 0 && fit.least_examples.high == HUGE_VAL);
    assert_true(isnan(fit.r_squared_log) && isnan(fit.misfit_p) && isnan(fit.mape));
}

static void too_few_sizes_or_steps_not_known_give_nothing(void **state)
{
    const double sizes[] = {1, 2, 4}, same[] = {8, 8, 8}, steps[] = {100, 60, 40};
    const double never[] = {INFINITY, 60, 40}, nan[] = {100, NAN, 40}, variances[] = {1, 1, 1};
    const double unknown[] = {1, INFINITY, 1};

    (void)state;
    assert_unknown(critical_batch_fit(sizes, steps, variances, 0, 0.95));
    assert_unknown(critical_batch_fit(sizes, steps, variances, 1, 0.95));
    assert_unknown(critical_batch_fit(same, steps, variances, 3, 0.95));
    assert_unknown(critical_batch_fit(sizes, never, variances, 3, 0.95));
    assert_unknown(critical_batch_fit(sizes, nan, variances, 3, 0.95));
    assert_unknown(critical_batch_fit(sizes, steps, unknown, 3, 0.95));
}

/* ---- Seeds ------------------------------------------------------------------------------------
 */

enum { SEEDS = 9 };

struct runs {
    double steps[SIZES][SEEDS];
    const double *rows[SIZES];
    size_t seeds[SIZES];
};

/* Steps of S_min = 100, E_min = 6400 that vary by 10 % from seed to seed. */
static void draw_runs(struct runs *runs, struct rng *rng)
{
    for (int k = 0; k < SIZES; k++) {
        for (int s = 0; s < SEEDS; s++)
            runs->steps[k][s] = (100 + 6400 / critical_sizes[k]) * exp(0.1 * rng_normal(rng));
        runs->rows[k] = runs->steps[k];
        runs->seeds[k] = SEEDS;
    }
}

static struct critical_batch bootstrapped(const struct runs *runs, size_t resamples)
{
    return critical_batch_bootstrap(critical_sizes, runs->rows, runs->seeds, SIZES, 0.95, resamples,
                                    5);
}

static void seeds_give_an_interval_around_the_truth(void **state)
{
    struct critical_batch fit, again;
    struct runs runs;
    struct rng rng;

    (void)state;
    rng_init(&rng, 2, RNG_TEST, 8);
    draw_runs(&runs, &rng);
    fit = bootstrapped(&runs, 1000);
    again = bootstrapped(&runs, 1000);
    assert_memory_equal(&fit.batch, &again.batch, sizeof fit.batch);
    assert_true(fit.batch.low < fit.batch.value && fit.batch.value < fit.batch.high);
    assert_true(fit.batch.low < 64 && 64 < fit.batch.high && fit.batch.high < 100);
    assert_true(fit.r_squared_log > 0.97 && fit.mape < 0.1 && isnan(fit.misfit_p));
}

static void censored_seeds_widen_and_never_vanish(void **state)
{
    struct critical_batch all, censored;
    struct runs runs;
    struct rng rng;

    (void)state;
    rng_init(&rng, 2, RNG_TEST, 8);
    draw_runs(&runs, &rng);
    all = bootstrapped(&runs, 1000);
    runs.steps[0][0] = runs.steps[0][1] = runs.steps[0][2] = INFINITY;
    censored = bootstrapped(&runs, 1000);
    assert_true(isfinite(all.batch.high));
    assert_true(isfinite(censored.batch.value));
    assert_true(censored.batch.low == 0 && censored.batch.high == HUGE_VAL);
    for (int s = 0; s < SEEDS; s++)
        runs.steps[0][s] = INFINITY;
    assert_unknown(bootstrapped(&runs, 100));
}

static void one_seed_has_a_value_and_no_bounds(void **state)
{
    struct critical_batch fit;
    struct runs runs;
    struct rng rng;

    (void)state;
    rng_init(&rng, 2, RNG_TEST, 8);
    draw_runs(&runs, &rng);
    runs.seeds[3] = 1;
    fit = bootstrapped(&runs, 100);
    assert_true(fit.batch.value > 40 && fit.batch.value < 100);
    assert_true(fit.batch.low == 0 && fit.batch.high == HUGE_VAL);
}

/* ---- Coverage ---------------------------------------------------------------------------------
 */

/* With S_min far from 0, and with S_min so small that many of the intervals have no upper bound. */
static void fieller_holds_the_ratio_in_95_percent(void **state)
{
    enum { TRIALS = 4000 };
    const double least[] = {100, 8};
    struct rng rng;

    (void)state;
    rng_init(&rng, 4, RNG_TEST, 9);
    for (size_t c = 0; c < LENGTH(least); c++) {
        int covered = 0, unbounded = 0;

        for (int trial = 0; trial < TRIALS; trial++) {
            double steps[SIZES], variances[SIZES], truth = 6400 / least[c];
            struct critical_batch fit;

            for (int i = 0; i < SIZES; i++) {
                double curve = least[c] + 6400 / critical_sizes[i];

                variances[i] = 0.01 * curve * curve;
                steps[i] = curve + sqrt(variances[i]) * rng_normal(&rng);
            }
            fit = critical_batch_fit(critical_sizes, steps, variances, SIZES, 0.95);
            covered += fit.batch.low <= truth && truth <= fit.batch.high;
            unbounded += fit.batch.high == HUGE_VAL;
        }
        assert_true(covered >= 0.935 * TRIALS && covered <= 0.98 * TRIALS);
        assert_true(c == 0 ? unbounded == 0 : unbounded > TRIALS / 10);
    }
}

static void the_bootstrap_holds_the_ratio_nearly_as_often(void **state)
{
    enum { TRIALS = 200 };
    struct runs runs;
    struct rng rng;
    int covered = 0;

    (void)state;
    rng_init(&rng, 9, RNG_TEST, 10);
    for (int trial = 0; trial < TRIALS; trial++) {
        struct critical_batch fit;

        draw_runs(&runs, &rng);
        fit = bootstrapped(&runs, 300);
        covered += fit.batch.low <= 64 && 64 <= fit.batch.high;
    }
    assert_true(covered >= 0.9 * TRIALS && covered <= 0.99 * TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fieller_bounds_are_those_found_by_search),
        cmocka_unit_test(an_exact_curve_gives_its_own_numbers),
        cmocka_unit_test(steps_halved_by_every_doubling_have_no_upper_bound),
        cmocka_unit_test(steps_the_same_for_every_size_have_no_lower_bound),
        cmocka_unit_test(another_curve_is_found_out),
        cmocka_unit_test(too_few_sizes_or_steps_not_known_give_nothing),
        cmocka_unit_test(seeds_give_an_interval_around_the_truth),
        cmocka_unit_test(censored_seeds_widen_and_never_vanish),
        cmocka_unit_test(one_seed_has_a_value_and_no_bounds),
        cmocka_unit_test(fieller_holds_the_ratio_in_95_percent),
        cmocka_unit_test(the_bootstrap_holds_the_ratio_nearly_as_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
