/* Statistics of gradients against populations of which everything is known, and against samplers
 * with planted faults, which must be seen. */
#include "probe/estimate.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void assert_near(double actual, double expected, double relative)
{
    if (!(fabs(actual - expected) <= relative * fabs(expected)))
        fail_msg("%.9g, expected %.9g within %g of it", actual, expected, relative);
}

static int holds(struct estimate estimate, double value)
{
    return estimate.low <= value && value <= estimate.high;
}

/* ---- The mean of a number ---------------------------------------------------------------------
 */

static void the_interval_of_a_mean_is_students(void **state)
{
    static const double values[] = {3, 5, 7, 9};
    struct running running = {0};
    struct estimate mean;

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        running_take(&running, values[i]);
    mean = running_mean(&running);
    assert_true(mean.value == 6);
    assert_near(running_variance(&running), 20.0 / 3, 1e-15);
    /* t(0.975; 3) = 3.182446, from the tables */
    assert_near(mean.high - 6, 3.182446 * sqrt(20.0 / 3 / 4), 1e-6);
    assert_near(6 - mean.low, mean.high - 6, 1e-12);
}

static void a_mean_of_too_few_has_no_interval(void **state)
{
    struct running running = {0};

    (void)state;
    assert_true(isnan(running_mean(&running).value));
    running_take(&running, 2);
    assert_true(running_mean(&running).value == 2);
    assert_true(isnan(running_mean(&running).low) && isnan(running_mean(&running).high));
}

static void large_offsets_do_not_cost_the_variance(void **state)
{
    struct running running = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        running_take(&running, 1e9 + i % 2);
    assert_near(running_variance(&running), 0.25 * 1000 / 999, 1e-6);
}

/* ---- The noise scale --------------------------------------------------------------------------
 */

static void trace_is_what_the_mean_leaves_of_the_norms(void **state)
{
    /* g = (3, 1), (3, -1): |G|^2 = 9, both norms 10 */
    const struct noise noise = noise_exact(10, 9);

    (void)state;
    assert_true(noise.trace == 1 && noise.squared_norm == 9);
    assert_true(noise.scale == 1.0 / 9);
}

static void equal_gradients_have_no_noise_whatever_rounding_says(void **state)
{
    (void)state;
    assert_true(noise_exact(4, 4).scale == 0);
    assert_true(noise_exact(4, 4 * (1 + 1e-15)).trace == 0);
}

static void a_mean_of_zero_has_no_noise_scale(void **state)
{
    (void)state;
    assert_true(isnan(noise_exact(1, 0).scale));
    assert_true(isnan(noise_exact(NAN, 1).scale) && isnan(noise_exact(NAN, 1).trace));
    assert_true(isnan(noise_exact(1, NAN).scale));
}

static void two_batches_without_noise_give_the_truth_at_once(void **state)
{
    /* E|G_K|^2 = |G|^2 + tr / K, with |G|^2 = 4 and tr = 32 */
    struct two_batch pairs = {.small = 8, .large = 64};

    (void)state;
    two_batch_take(&pairs, 4 + 32.0 / 8, 4 + 32.0 / 64);
    assert_near(two_batch_squared_norm(&pairs).value, 4, 1e-14);
    assert_near(two_batch_trace(&pairs).value, 32, 1e-14);
    assert_near(two_batch_scale(&pairs).value, 8, 1e-14);
    assert_true(isnan(two_batch_scale(&pairs).low)); /* one pair */
    two_batch_take(&pairs, 4 + 32.0 / 8, 4 + 32.0 / 64);
    assert_near(two_batch_scale(&pairs).low, 8, 1e-6);
}

/* The average of ratios would be 3, as one of them is 1 / 0.2. */
static void the_scale_is_a_ratio_of_averages(void **state)
{
    struct two_batch pairs = {.small = 1, .large = 2};

    (void)state;
    two_batch_take(&pairs, 2, 1.5);   /* norm 1, trace 1 */
    two_batch_take(&pairs, 1.2, 0.7); /* norm 0.2, trace 1 */
    assert_near(two_batch_scale(&pairs).value, 1 / 0.6, 1e-12);
}

static void a_negative_norm_makes_no_scale(void **state)
{
    struct two_batch pairs = {.small = 1, .large = 2};

    (void)state;
    two_batch_take(&pairs, 2, 0.5);
    assert_true(two_batch_squared_norm(&pairs).value == -1);
    assert_true(isnan(two_batch_scale(&pairs).value));
    two_batch_take(&pairs, NAN, 0.5);
    assert_true(isnan(two_batch_trace(&pairs).value) && isnan(two_batch_scale(&pairs).value));
}

/* ---- A population of gaussian gradients -------------------------------------------------------
 */

enum { DIMENSION = 130, POPULATION = 400 }; /* not a multiple of the directions */

struct population {
    double gradients[POPULATION][DIMENSION], mean[DIMENSION];
    struct noise noise;
    double dimension; /* (tr Sigma)^2 / tr Sigma^2 */
};

/* Gradients with mean 1/2 in every component and deviations from 1 down to 1/4. */
static struct population *draw_population(void)
{
    struct population *p = calloc(1, sizeof *p);
    double norms = 0, squares = 0;
    struct rng rng;

    rng_init(&rng, 5, RNG_TEST, 0);
    for (int i = 0; i < POPULATION; i++)
        for (int j = 0; j < DIMENSION; j++) {
            p->gradients[i][j] = 0.5 + (1 - 0.75 * j / DIMENSION) * rng_normal(&rng);
            p->mean[j] += p->gradients[i][j] / POPULATION;
        }
    for (int i = 0; i < POPULATION; i++)
        norms += vector_squared_norm(p->gradients[i], DIMENSION) / POPULATION;
    p->noise = noise_exact(norms, vector_squared_norm(p->mean, DIMENSION));
    for (int a = 0; a < DIMENSION; a++)
        for (int b = 0; b < DIMENSION; b++) {
            double covariance = 0;

            for (int i = 0; i < POPULATION; i++)
                covariance += (p->gradients[i][a] - p->mean[a]) * (p->gradients[i][b] - p->mean[b]);
            squares += covariance * covariance / POPULATION / POPULATION;
        }
    p->dimension = p->noise.trace * p->noise.trace / squares;
    return p;
}

/* Ways to draw an example, some of them wrong. */
enum fault { NO_FAULT, SKIPS_EXAMPLES };

struct way {
    int batch_size, with_replacement, draws;
    enum fault fault;
};

static void draw_batch(const struct population *p, const struct way *way, struct rng *rng,
                       int *order, double *gradient)
{
    memset(gradient, 0, DIMENSION * sizeof *gradient);
    for (int k = 0; k < way->batch_size; k++) {
        int left = way->with_replacement ? POPULATION : POPULATION - k, picked, example;

        if (way->fault == SKIPS_EXAMPLES)
            left -= POPULATION / 8;
        picked = (way->with_replacement ? 0 : k) + (int)rng_below(rng, (uint32_t)left);
        example = order[picked];
        if (!way->with_replacement) {
            order[picked] = order[k];
            order[k] = example;
        }
        for (int j = 0; j < DIMENSION; j++)
            gradient[j] += p->gradients[example][j] / way->batch_size;
    }
}

/* scheme: what the draws are held against, which need not be how they are made. */
static struct sampling_result try(const struct population *p, const struct way *way,
                                  const struct sampling_scheme *scheme)
{
    double gradient[DIMENSION];
    struct sampling_result result;
    struct sampling_sums sums;
    int order[POPULATION];
    struct rng rng;

    rng_init(&rng, 6, RNG_TEST, (uint32_t)(2 * way->batch_size + way->with_replacement));
    assert_int_equal(sampling_open(&sums, DIMENSION, 1), 0);
    for (int i = 0; i < POPULATION; i++)
        order[i] = i;
    for (int m = 0; m < way->draws; m++) {
        double product;

        draw_batch(p, way, &rng, order, gradient);
        product = vector_product(gradient, p->mean, DIMENSION);
        product =
            product * product / vector_squared_norm(gradient, DIMENSION) / p->noise.squared_norm;
        for (int j = 0; j < DIMENSION; j++)
            gradient[j] -= p->mean[j];
        sampling_take(&sums, gradient, product);
    }
    result = sampling_finish(&sums, scheme);
    sampling_close(&sums);
    return result;
}

static struct sampling_scheme scheme_of(const struct population *p, const struct way *way)
{
    return (struct sampling_scheme){p->noise, way->batch_size, POPULATION, way->with_replacement};
}

static void fair_draws_have_the_predicted_variance_and_no_bias(void **state)
{
    static const int sizes[] = {1, 4, 50, 390};
    struct population *p = draw_population();

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (int with = 0; with < 2; with++) {
            const struct way way = {sizes[i], with, 2000, NO_FAULT};
            const struct sampling_scheme scheme = scheme_of(p, &way);
            const struct sampling_result result = try(p, &way, &scheme);

            assert_true(result.draws == 2000);
            assert_near(result.variance_ratio.value, 1, 0.02);
            assert_true(result.variance_ratio.high - result.variance_ratio.low < 0.03);
            assert_near(result.variance.value / sampling_predicted_variance(&scheme),
                        result.variance_ratio.value, 1e-12);
            assert_near(result.effective_dimension, p->dimension, 0.2);
            /* 99.9 % of a chi squared over 100 degrees of freedom */
            assert_true(result.bias.value > 0.6 && result.bias.value < 1.5);
            assert_true(result.bias.low < result.bias.value &&
                        result.bias.value < result.bias.high);
            assert_true(result.bias_p > 0.001);
            assert_true(result.relative_bias.high < 0.1);
            assert_near(result.squared_cosine.value, sampling_predicted_cosine(&scheme), 0.05);
        }
    free(p);
}

/* 95 % of the intervals of R hold 1, and of V / V_pred; 200 trials have 190 +- 3.1 of them. */
static void intervals_hold_the_truth_as_often_as_they_say(void **state)
{
    struct population *p = draw_population();
    int bias = 0, variance = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 7, RNG_TEST, 0);
    for (int trial = 0; trial < 200; trial++) {
        const struct way way = {3, 1, 60, NO_FAULT};
        const struct sampling_scheme scheme = scheme_of(p, &way);
        double gradient[DIMENSION];
        struct sampling_result result;
        struct sampling_sums sums;
        int order[POPULATION];

        assert_int_equal(sampling_open(&sums, DIMENSION, 1), 0);
        for (int i = 0; i < POPULATION; i++)
            order[i] = i;
        for (int m = 0; m < way.draws; m++) {
            draw_batch(p, &way, &rng, order, gradient);
            for (int j = 0; j < DIMENSION; j++)
                gradient[j] -= p->mean[j];
            sampling_take(&sums, gradient, 0);
        }
        result = sampling_finish(&sums, &scheme);
        sampling_close(&sums);
        bias += holds(result.bias, 1);
        variance += holds(result.variance_ratio, 1);
    }
    assert_in_range(bias, 178, 199);
    assert_in_range(variance, 178, 199);
    free(p);
}

static void a_sampler_that_skips_examples_is_seen(void **state)
{
    struct population *p = draw_population();

    (void)state;
    for (int with = 0; with < 2; with++) {
        const struct way way = {16, with, 2000, SKIPS_EXAMPLES};
        const struct sampling_scheme scheme = scheme_of(p, &way);
        const struct sampling_result result = try(p, &way, &scheme);

        assert_true(result.bias.low > 1);
        assert_true(result.bias_p < 0.001);
        assert_true(result.relative_bias.value > 0.01);
    }
    free(p);
}

/* Draws without replacement held against the variance of draws with it, and the other way round. */
static void a_variance_without_its_factor_is_seen(void **state)
{
    struct population *p = draw_population();

    (void)state;
    for (int with = 0; with < 2; with++) {
        const struct way way = {80, with, 2000, NO_FAULT};
        struct sampling_scheme scheme = scheme_of(p, &way);
        struct sampling_result result;

        scheme.with_replacement = !with;
        result = try(p, &way, &scheme);
        assert_false(holds(result.variance_ratio, 1));
        assert_near(result.variance_ratio.value, with ? 399.0 / 320 : 320.0 / 399, 0.03);
    }
    free(p);
}

static void single_examples_without_replacement_are_single_examples(void **state)
{
    const struct sampling_scheme one = {noise_exact(3, 1), 1, 400, 0};
    const struct sampling_scheme with = {noise_exact(3, 1), 1, 400, 1};
    const struct sampling_scheme all = {noise_exact(3, 1), 400, 400, 0};
    const struct sampling_scheme only = {noise_exact(3, 3), 1, 1, 0};

    (void)state;
    assert_true(sampling_predicted_variance(&one) == sampling_predicted_variance(&with));
    assert_true(sampling_predicted_variance(&all) == 0);
    assert_true(sampling_predicted_cosine(&all) == 1);
    assert_true(sampling_predicted_variance(&only) == 0);
}

static void without_variance_there_is_nothing_to_divide_by(void **state)
{
    const struct sampling_scheme scheme = {noise_exact(1, 1), 4, 10, 1};
    const double difference[2] = {0, 0};
    struct sampling_result result;
    struct sampling_sums sums;

    (void)state;
    assert_int_equal(sampling_open(&sums, 2, 1), 0);
    for (int m = 0; m < 5; m++)
        sampling_take(&sums, difference, 1);
    result = sampling_finish(&sums, &scheme);
    assert_true(result.variance.value == 0);
    assert_true(isnan(result.variance_ratio.value) && isnan(result.bias.value));
    assert_true(isnan(result.bias.low) && isnan(result.bias_p));
    assert_true(result.squared_cosine.value == 1);
    sampling_close(&sums);
}

static void not_a_number_is_passed_on(void **state)
{
    const struct sampling_scheme scheme = {noise_exact(3, 1), 4, 10, 1};
    const double difference[2] = {NAN, 1};
    struct sampling_result result;
    struct sampling_sums sums;

    (void)state;
    assert_int_equal(sampling_open(&sums, 2, 1), 0);
    for (int m = 0; m < 5; m++)
        sampling_take(&sums, difference, NAN);
    result = sampling_finish(&sums, &scheme);
    assert_true(isnan(result.variance_ratio.value) && isnan(result.bias.value));
    assert_true(isnan(result.squared_cosine.value) && isnan(result.bias_p));
    sampling_clear(&sums);
    assert_true(isnan(sampling_finish(&sums, &scheme).variance.value)); /* no draws */
    sampling_close(&sums);
}

/* ---- Slope, design effect ---------------------------------------------------------------------
 */

static void the_slope_of_an_exact_law_is_exact(void **state)
{
    const double sizes[] = {1, 4, 16, 64};
    struct estimate variances[4], slope;

    (void)state;
    for (int i = 0; i < 4; i++) {
        double value = 7 / sizes[i];

        variances[i] = (struct estimate){value, value * 0.98, value * 1.02};
    }
    slope = sampling_slope(sizes, variances, 4);
    assert_near(slope.value, -1, 1e-12);
    assert_true(slope.low < -1 && slope.high > -1 && slope.high - slope.low < 0.02);
    variances[3].value = 0; /* has no logarithm: left out */
    assert_near(sampling_slope(sizes, variances, 4).value, -1, 1e-12);
    assert_true(isnan(sampling_slope(sizes, variances, 1).value));
}

static void copies_are_worth_their_originals(void **state)
{
    const struct design copies = design_effect(6, 6, 1000, 100);
    const struct design strangers = design_effect(6, 0.6, 1000, 100);
    const struct design singles = design_effect(6, 6, 1000, 1000);

    (void)state;
    assert_near(copies.effect, 10, 1e-12);
    assert_near(design_predicted(1000, 10, 1), 100, 1e-12);
    assert_near(design_predicted(1000, 1, 1), 1000, 1e-12);
    assert_near(design_predicted(1000, 11, 0.5), 1000 / 6.0, 1e-12);
    assert_near(copies.effective_examples, 100, 1e-12);
    assert_near(copies.correlation, 1, 1e-12);
    assert_near(strangers.effective_examples, 1000, 1e-12);
    assert_true(fabs(strangers.correlation) < 1e-12);
    assert_near(singles.effective_examples, 1000, 1e-12);
    assert_true(isnan(singles.correlation));
}

static void redraws_are_worth_the_trace_over_their_distance(void **state)
{
    struct running distances = {0};
    struct estimate worth;

    (void)state;
    for (int i = 0; i < 100; i++)
        running_take(&distances, i % 2 ? 0.5 : 0.1); /* 0.3 on average */
    worth = effective_by_redraws(6, &distances);
    assert_near(worth.value, 20, 1e-12);
    assert_near(1 / worth.low - 1 / worth.value, 1 / worth.value - 1 / worth.high, 1e-12);
    assert_near(6 / worth.low, running_mean(&distances).high, 1e-12);
    distances = (struct running){0};
    running_take(&distances, 0);
    running_take(&distances, 1);
    assert_true(isinf(effective_by_redraws(6, &distances).high)); /* too few to tell */
}

static void products_add_up_whatever_is_left_over(void **state)
{
    double a[19], b[19];

    (void)state;
    for (int j = 0; j < 19; j++) {
        a[j] = j + 1;
        b[j] = 2;
    }
    for (size_t n = 0; n <= 19; n++)
        assert_true(vector_product(a, b, n) == (double)(n * (n + 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_of_a_mean_is_students),
        cmocka_unit_test(a_mean_of_too_few_has_no_interval),
        cmocka_unit_test(large_offsets_do_not_cost_the_variance),
        cmocka_unit_test(trace_is_what_the_mean_leaves_of_the_norms),
        cmocka_unit_test(equal_gradients_have_no_noise_whatever_rounding_says),
        cmocka_unit_test(a_mean_of_zero_has_no_noise_scale),
        cmocka_unit_test(two_batches_without_noise_give_the_truth_at_once),
        cmocka_unit_test(the_scale_is_a_ratio_of_averages),
        cmocka_unit_test(a_negative_norm_makes_no_scale),
        cmocka_unit_test(fair_draws_have_the_predicted_variance_and_no_bias),
        cmocka_unit_test(intervals_hold_the_truth_as_often_as_they_say),
        cmocka_unit_test(a_sampler_that_skips_examples_is_seen),
        cmocka_unit_test(a_variance_without_its_factor_is_seen),
        cmocka_unit_test(single_examples_without_replacement_are_single_examples),
        cmocka_unit_test(without_variance_there_is_nothing_to_divide_by),
        cmocka_unit_test(not_a_number_is_passed_on),
        cmocka_unit_test(the_slope_of_an_exact_law_is_exact),
        cmocka_unit_test(copies_are_worth_their_originals),
        cmocka_unit_test(redraws_are_worth_the_trace_over_their_distance),
        cmocka_unit_test(products_add_up_whatever_is_left_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
