/* Bootstrap intervals: SciPy's on the same resamples, known answers, infinities, coverage. */
#include "base/rng.h"
#include "base/stats.h"
#include "judge/bootstrap.h"

#include "judge_fixture.h"

static struct bootstrap of(bootstrap_statistic *statistic, const double *const *samples,
                           const size_t *counts, size_t groups)
{
    return (struct bootstrap){
        .statistic = statistic,
        .context = samples,
        .counts = counts,
        .groups = groups,
        .outputs = 1,
        .confidence = 0.95,
        .resamples = 2000,
        .seed = 7,
    };
}

static struct bootstrap_result median_of(const double *values, size_t count, size_t resamples)
{
    const double *samples[] = {values};
    struct bootstrap bootstrap = of(resampled_median, samples, &count, 1);
    struct bootstrap_result result;

    bootstrap.resamples = resamples;
    bootstrap_run(&bootstrap, &result);
    return result;
}

/* ---- SciPy ------------------------------------------------------------------------------------
 */

/* The generator of judge_scipy.py. */
static void draw(uint32_t *x, size_t *indices, size_t rows, size_t count)
{
    for (size_t i = 0; i < rows * count; i++) {
        *x = (uint32_t)((1103515245u * (uint64_t)*x + 12345u) % 0x80000000u);
        indices[i] = (*x >> 16) % count;
    }
}

static void check_scipy(size_t c, bootstrap_statistic *statistic, const double *second,
                        size_t groups)
{
    const double *samples[] = {bca_a, second};
    const size_t counts[] = {LENGTH(bca_a), LENGTH(bca_b)};
    struct bootstrap bootstrap = of(statistic, samples, counts, groups);
    static size_t drawn[2][BCA_RESAMPLES * LENGTH(bca_a)];
    const size_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, *each[] = {all, all};
    double replicates[BCA_RESAMPLES], value, acceleration;
    struct bootstrap_result result;
    uint32_t x = 12345;

    for (size_t g = 0; g < groups; g++)
        draw(&x, drawn[g], BCA_RESAMPLES, counts[g]);
    for (size_t r = 0; r < BCA_RESAMPLES; r++) {
        const size_t *indices[] = {drawn[0] + r * counts[0], drawn[1] + r * counts[1]};

        statistic(samples, indices, counts, &replicates[r]);
    }
    statistic(samples, each, counts, &value);
    bootstrap_accelerations(&bootstrap, &acceleration);
    result = bootstrap_interval(value, replicates, BCA_RESAMPLES, acceleration, 0.9);
    assert_int_equal(result.method, BOOTSTRAP_BCA);
    assert_near(result.effect.low, bca_cases[c].low, 1e-12);
    assert_near(result.effect.high, bca_cases[c].high, 1e-12);
    result = bootstrap_interval(value, replicates, BCA_RESAMPLES, (double)NAN, 0.9);
    assert_int_equal(result.method, BOOTSTRAP_PERCENTILE);
    assert_near(result.effect.low, bca_cases[c].percentile_low, 1e-12);
    assert_near(result.effect.high, bca_cases[c].percentile_high, 1e-12);
}

static void intervals_are_those_of_scipy_on_the_same_resamples(void **state)
{
    static const struct {
        bootstrap_statistic *statistic;
        const double *second;
        size_t groups;
    } cases[] = {{resampled_mean, NULL, 1},
                 {resampled_median, NULL, 1},
                 {resampled_mean_difference, bca_b, 2},
                 {resampled_median_ratio, bca_b, 2},
                 {resampled_paired_mean_difference, bca_paired, 1},
                 {resampled_paired_median_ratio, bca_paired, 1}};

    (void)state;
    assert_int_equal(LENGTH(cases), LENGTH(bca_cases));
    for (size_t c = 0; c < LENGTH(cases); c++)
        check_scipy(c, cases[c].statistic, cases[c].second, cases[c].groups);
}

/* Of a mean, a is the skewness over 6 sqrt(n) (Efron 1987): here, of 0, 0, 0, 4, exactly. */
static void the_acceleration_of_a_mean_is_its_skewness(void **state)
{
    const double values[] = {0, 0, 0, 4}, *samples[] = {values};
    const size_t count = 4;
    struct bootstrap bootstrap = of(resampled_mean, samples, &count, 1);
    double acceleration, skewness = (3 * -1.0 + 27.0) / 4 / pow(12.0 / 4, 1.5);

    (void)state;
    bootstrap_accelerations(&bootstrap, &acceleration);
    assert_near(acceleration, skewness / (6 * sqrt(4)), 1e-14);
}

/* ---- Samples that have little to say ----------------------------------------------------------
 */

static void one_value_bounds_nothing(void **state)
{
    const double values[] = {3};

    (void)state;
    for (size_t n = 0; n <= 1; n++) {
        struct bootstrap_result result = median_of(values, n, 2000);

        assert_int_equal(result.method, BOOTSTRAP_NONE);
        assert_true(n == 0 ? isnan(result.effect.value) : result.effect.value == 3);
        assert_true(result.effect.low == -HUGE_VAL && result.effect.high == HUGE_VAL);
    }
}

static void one_group_of_one_bounds_nothing(void **state)
{
    const double a[] = {1, 2, 3}, b[] = {4}, *samples[] = {a, b};
    const size_t counts[] = {3, 1};
    struct bootstrap bootstrap = of(resampled_mean_difference, samples, counts, 2);
    struct bootstrap_result result;

    (void)state;
    bootstrap_run(&bootstrap, &result);
    assert_int_equal(result.method, BOOTSTRAP_NONE);
    assert_true(result.effect.value == -2);
    assert_true(result.effect.low == -HUGE_VAL && result.effect.high == HUGE_VAL);
}

static void a_constant_sample_is_its_own_interval(void **state)
{
    const double values[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, *samples[] = {values};
    const size_t count = LENGTH(values);
    bootstrap_statistic *const statistics[] = {resampled_mean, resampled_median};

    (void)state;
    for (size_t i = 0; i < LENGTH(statistics); i++) {
        struct bootstrap bootstrap = of(statistics[i], samples, &count, 1);
        struct bootstrap_result result;

        bootstrap_run(&bootstrap, &result);
        assert_int_equal(result.method, BOOTSTRAP_PERCENTILE);
        assert_true(result.effect.low == result.effect.value);
        assert_true(result.effect.high == result.effect.value);
    }
}

static void ties_do_not_stop_bca(void **state)
{
    const double values[] = {1, 1, 1, 2, 2, 3, 3, 3, 3, 9};
    struct bootstrap_result result = median_of(values, LENGTH(values), 2000);

    (void)state;
    assert_int_equal(result.method, BOOTSTRAP_BCA);
    assert_true(result.effect.low >= 1 && result.effect.low <= 2.5);
    assert_true(result.effect.high >= 2.5 && result.effect.high <= 9);
}

/* ---- Not reached: +infinity -------------------------------------------------------------------
 */

static void runs_that_did_not_arrive_make_the_upper_bound_infinite(void **state)
{
    const double values[] = {10, 11, 12, 13, 14, INFINITY, INFINITY, INFINITY};
    struct bootstrap_result result = median_of(values, LENGTH(values), 2000);

    (void)state;
    assert_true(result.effect.value == 13.5);
    assert_true(isfinite(result.effect.low) && result.effect.low >= 10);
    assert_true(result.effect.high == HUGE_VAL);
}

static void one_straggler_of_many_leaves_the_median_bounded(void **state)
{
    double values[21];
    struct bootstrap_result result;

    (void)state;
    for (int i = 0; i < 20; i++)
        values[i] = 10 + i;
    values[20] = INFINITY;
    result = median_of(values, LENGTH(values), 2000);
    assert_true(isfinite(result.effect.low) && isfinite(result.effect.high));
}

static void nothing_arrived_is_infinite_and_no_nan(void **state)
{
    const double values[] = {INFINITY, INFINITY, INFINITY, INFINITY};
    struct bootstrap_result result = median_of(values, LENGTH(values), 2000);

    (void)state;
    assert_true(result.effect.value == HUGE_VAL);
    assert_true(result.effect.low == HUGE_VAL && result.effect.high == HUGE_VAL);
}

/* Of infinite over infinite nothing is known: it must widen the interval on both sides. */
static void a_ratio_of_infinities_might_be_anything(void **state)
{
    const double a[] = {1, 2, 3, INFINITY, INFINITY}, b[] = {1, 2, 3, INFINITY, INFINITY};
    const double *samples[] = {a, b};
    const size_t counts[] = {5, 5};
    struct bootstrap bootstrap = of(resampled_median_ratio, samples, counts, 2);
    struct bootstrap_result result;

    (void)state;
    bootstrap_run(&bootstrap, &result);
    assert_true(result.effect.value == 1);
    assert_int_equal(result.method, BOOTSTRAP_PERCENTILE);
    assert_true(result.effect.low == -HUGE_VAL && result.effect.high == HUGE_VAL);
}

static void a_nan_bounds_nothing(void **state)
{
    const double values[] = {1, 2, NAN, 4, 5, 6};
    struct bootstrap_result result = median_of(values, LENGTH(values), 2000);

    (void)state;
    assert_int_equal(result.method, BOOTSTRAP_NONE);
    assert_true(isnan(result.effect.value));
    assert_true(result.effect.low == -HUGE_VAL && result.effect.high == HUGE_VAL);
}

/* ---- Parts ------------------------------------------------------------------------------------
 */

static void replicates_all_on_one_side_leave_percentiles(void **state)
{
    const double replicates[] = {1, 2, 3, 4, 5};
    struct bootstrap_result result = bootstrap_interval(9, replicates, 5, 0, 0.5);

    (void)state;
    assert_int_equal(result.method, BOOTSTRAP_PERCENTILE);
    assert_true(result.effect.low == 2 && result.effect.high == 4);
}

/* As large as this, the divisor 1 - a (z0 + z) is below 0. */
static void a_huge_acceleration_leaves_percentiles(void **state)
{
    const double replicates[] = {1, 2, 3, 4, 5};

    (void)state;
    assert_int_equal(bootstrap_interval(3, replicates, 5, 2, 0.95).method, BOOTSTRAP_PERCENTILE);
    assert_int_equal(bootstrap_interval(3, replicates, 5, 0, 0.95).method, BOOTSTRAP_BCA);
}

/* Here both bounds lie beyond that pole, where they are in order again. */
static void both_bounds_beyond_the_pole_leave_percentiles(void **state)
{
    double replicates[1000];

    (void)state;
    for (int i = 0; i < 1000; i++)
        replicates[i] = i;
    assert_int_equal(bootstrap_interval(998.5, replicates, 1000, 1, 0.5).method,
                     BOOTSTRAP_PERCENTILE);
    assert_int_equal(bootstrap_interval(998.5, replicates, 1000, 0, 0.5).method, BOOTSTRAP_BCA);
}

static void between_both_infinities_there_is_no_bound(void **state)
{
    const double replicates[] = {-INFINITY, INFINITY};
    struct bootstrap_result result = bootstrap_interval(0, replicates, 2, 0, 0.9);

    (void)state;
    assert_true(result.effect.low == -HUGE_VAL && result.effect.high == HUGE_VAL);
}

/* Infinite as soon as a member of the first group is left out; else the mean of the second. */
static void infinite_without_either(const void *context, const size_t *const *indices,
                                    const size_t *counts, double *values)
{
    const size_t *const second[] = {indices[1]};

    resampled_mean(context, second, &counts[1], values);
    if (counts[0] < 2)
        *values = INFINITY;
}

static void infinite_jackknife_values_leave_no_acceleration(void **state)
{
    const double b[] = {1, 2, 9}, *samples[] = {b};
    const size_t counts[] = {2, 3};
    struct bootstrap bootstrap = of(infinite_without_either, samples, counts, 2);
    double acceleration;

    (void)state;
    bootstrap_accelerations(&bootstrap, &acceleration);
    assert_true(isnan(acceleration));
}

static void each_group_is_drawn_from_its_own_members(void **state)
{
    const double a[] = {0, 0}, b[] = {0, 0, 0, 0, 0, 60}, *samples[] = {a, b};
    const size_t counts[] = {2, 6};
    struct bootstrap bootstrap = of(resampled_mean_difference, samples, counts, 2);
    struct bootstrap_result result;

    (void)state;
    bootstrap_run(&bootstrap, &result);
    assert_true(result.effect.value == -10);
    assert_true(result.effect.low <= -20 && result.effect.high == 0);
}

static void the_same_seed_gives_the_same_interval(void **state)
{
    const double *samples[] = {bca_a};
    const size_t count = LENGTH(bca_a);
    struct bootstrap bootstrap = of(resampled_mean, samples, &count, 1);
    struct bootstrap_result first, again, other;

    (void)state;
    bootstrap_run(&bootstrap, &first);
    bootstrap_run(&bootstrap, &again);
    bootstrap.seed++;
    bootstrap_run(&bootstrap, &other);
    assert_memory_equal(&first.effect, &again.effect, sizeof first.effect);
    assert_true(first.effect.low != other.effect.low);
    assert_near(first.effect.low, other.effect.low, 0.1);
}

static void two_outputs(const void *context, const size_t *const *indices, const size_t *counts,
                        double *values)
{
    resampled_mean(context, indices, counts, &values[0]);
    resampled_median(context, indices, counts, &values[1]);
}

static void outputs_are_as_if_alone(void **state)
{
    const double *samples[] = {bca_a};
    const size_t count = LENGTH(bca_a);
    struct bootstrap bootstrap = of(two_outputs, samples, &count, 1);
    struct bootstrap_result both[2], mean, median;

    (void)state;
    bootstrap.outputs = 2;
    bootstrap_run(&bootstrap, both);
    bootstrap = of(resampled_mean, samples, &count, 1);
    bootstrap_run(&bootstrap, &mean);
    bootstrap.statistic = resampled_median;
    bootstrap_run(&bootstrap, &median);
    assert_memory_equal(&both[0].effect, &mean.effect, sizeof mean.effect);
    assert_memory_equal(&both[1].effect, &median.effect, sizeof median.effect);
}

/* ---- Coverage ---------------------------------------------------------------------------------
 */

struct coverage {
    double bca, percentile;
};

/* Shares of intervals of 95 % that hold the mean, of the same samples[trials][count] and the same
 * resamples. */
static struct coverage coverage_of(double (*draw_value)(struct rng *), double mean, size_t count)
{
    enum { TRIALS = 2000, RESAMPLES = 600 };
    double values[64], replicates[RESAMPLES];
    const double *samples[] = {values};
    struct bootstrap bootstrap = of(resampled_mean, samples, &count, 1);
    int bca = 0, percentile = 0;
    struct rng rng;

    rng_init(&rng, 31, RNG_TEST, 0);
    for (int trial = 0; trial < TRIALS; trial++) {
        double average = 0, acceleration;
        struct effect effect;

        for (size_t i = 0; i < count; i++) {
            values[i] = draw_value(&rng);
            average += values[i] / (double)count;
        }
        for (int r = 0; r < RESAMPLES; r++) {
            replicates[r] = 0;
            for (size_t i = 0; i < count; i++)
                replicates[r] += values[rng_below(&rng, (uint32_t)count)] / (double)count;
        }
        bootstrap_accelerations(&bootstrap, &acceleration);
        effect = bootstrap_interval(average, replicates, RESAMPLES, acceleration, 0.95).effect;
        bca += effect.low <= mean && mean <= effect.high;
        effect = bootstrap_interval(average, replicates, RESAMPLES, (double)NAN, 0.95).effect;
        percentile += effect.low <= mean && mean <= effect.high;
    }
    return (struct coverage){bca / (double)TRIALS, percentile / (double)TRIALS};
}

static double exponential(struct rng *rng)
{
    return -log(rng_uniform(rng));
}

/* The binomial spread of 2000 trials at 95 % is 0.5 points. */
static void intervals_of_95_percent_hold_the_mean_as_often(void **state)
{
    double bca = coverage_of(rng_normal, 0, 40).bca;

    (void)state;
    assert_true(bca >= 0.93 && bca <= 0.97);
}

/* Of a skewed distribution BCa misses less often than percentiles do. */
static void bca_corrects_for_skewness(void **state)
{
    struct coverage coverage = coverage_of(exponential, 1, 40);

    (void)state;
    assert_true(coverage.bca >= 0.92 && coverage.bca <= 0.97);
    assert_true(coverage.bca > coverage.percentile);
}

static double never(struct rng *rng)
{
    return rng_uniform(rng) < 0.3 ? (double)INFINITY : exponential(rng);
}

/* With 30 % of the runs censored the median stays that of all runs: ln(1 / (1 - 0.5 / 0.7)). */
static void the_median_of_censored_runs_is_held_as_often(void **state)
{
    enum { TRIALS = 1000, COUNT = 25 };
    double values[COUNT], median = log(1 / (1 - 0.5 / 0.7));
    int covered = 0, unbounded = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 77, RNG_TEST, 0);
    for (int trial = 0; trial < TRIALS; trial++) {
        struct effect effect;

        for (int i = 0; i < COUNT; i++)
            values[i] = never(&rng);
        effect = median_of(values, COUNT, 400).effect;
        covered += effect.low <= median && median <= effect.high;
        unbounded += effect.high == HUGE_VAL;
    }
    assert_true(covered >= 0.91 * TRIALS && covered <= 0.98 * TRIALS);
    assert_true(unbounded > 0 && unbounded < TRIALS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_those_of_scipy_on_the_same_resamples),
        cmocka_unit_test(the_acceleration_of_a_mean_is_its_skewness),
        cmocka_unit_test(one_value_bounds_nothing),
        cmocka_unit_test(one_group_of_one_bounds_nothing),
        cmocka_unit_test(a_constant_sample_is_its_own_interval),
        cmocka_unit_test(ties_do_not_stop_bca),
        cmocka_unit_test(runs_that_did_not_arrive_make_the_upper_bound_infinite),
        cmocka_unit_test(one_straggler_of_many_leaves_the_median_bounded),
        cmocka_unit_test(nothing_arrived_is_infinite_and_no_nan),
        cmocka_unit_test(a_ratio_of_infinities_might_be_anything),
        cmocka_unit_test(a_nan_bounds_nothing),
        cmocka_unit_test(replicates_all_on_one_side_leave_percentiles),
        cmocka_unit_test(a_huge_acceleration_leaves_percentiles),
        cmocka_unit_test(both_bounds_beyond_the_pole_leave_percentiles),
        cmocka_unit_test(between_both_infinities_there_is_no_bound),
        cmocka_unit_test(infinite_jackknife_values_leave_no_acceleration),
        cmocka_unit_test(each_group_is_drawn_from_its_own_members),
        cmocka_unit_test(the_same_seed_gives_the_same_interval),
        cmocka_unit_test(outputs_are_as_if_alone),
        cmocka_unit_test(intervals_of_95_percent_hold_the_mean_as_often),
        cmocka_unit_test(bca_corrects_for_skewness),
        cmocka_unit_test(the_median_of_censored_runs_is_held_as_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
