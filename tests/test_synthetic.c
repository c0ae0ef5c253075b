/* Synthetic data has the properties it promises. Limits are five standard errors or more. */
#include "base/error.h"
#include "data/synthetic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct dataset_spec blobs = {.name = "blobs",
                                          .seed = 1,
                                          .examples = 12000,
                                          .features = 8,
                                          .classes = 3,
                                          .clusters = 2,
                                          .family = 4,
                                          .separation = 2,
                                          .correlation = 0.3};

static const struct dataset_spec linear = {
    .name = "linear", .seed = 1, .examples = 20000, .features = 5, .condition = 100, .noise = 0.5};

struct table {
    float *features, *targets;
    int32_t *labels;
};

static struct table make_blobs(struct dataset_spec spec)
{
    struct table table = {0};

    assert_int_equal(synthetic_blobs(&spec, &table.features, &table.labels), 0);
    return table;
}

static struct table make_linear(struct dataset_spec spec)
{
    struct table table = {0};

    assert_int_equal(synthetic_linear(&spec, &table.features, &table.targets), 0);
    return table;
}

static void free_table(struct table table)
{
    free(table.features);
    free(table.targets);
    free(table.labels);
}

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
    struct table a = make_blobs(blobs), b = make_blobs(blobs);
    struct table c = make_linear(linear), d = make_linear(linear);

    (void)state;
    assert_memory_equal(a.features, b.features, 12000 * 8 * sizeof(float));
    assert_memory_equal(a.labels, b.labels, 12000 * sizeof(int32_t));
    assert_memory_equal(c.features, d.features, 20000 * 5 * sizeof(float));
    assert_memory_equal(c.targets, d.targets, 20000 * sizeof(float));
    free_table(a);
    free_table(b);
    free_table(c);
    free_table(d);
}

static void test_another_seed_gives_other_data(void **state)
{
    struct dataset_spec other = blobs;
    struct table a, b;

    (void)state;
    other.seed = 2;
    a = make_blobs(blobs);
    b = make_blobs(other);
    assert_memory_not_equal(a.features, b.features, 8 * sizeof(float));
    free_table(a);
    free_table(b);
}

static void test_an_example_does_not_depend_on_how_many_there_are(void **state)
{
    struct dataset_spec few_blobs = blobs, few_linear = linear;
    struct table many, few;

    (void)state;
    few_blobs.examples = 120;
    few_linear.examples = 100;
    many = make_blobs(blobs);
    few = make_blobs(few_blobs);
    assert_memory_equal(many.features, few.features, 120 * 8 * sizeof(float));
    assert_memory_equal(many.labels, few.labels, 120 * sizeof(int32_t));
    free_table(many);
    free_table(few);
    many = make_linear(linear);
    few = make_linear(few_linear);
    assert_memory_equal(many.features, few.features, 100 * 5 * sizeof(float));
    assert_memory_equal(many.targets, few.targets, 100 * sizeof(float));
    free_table(many);
    free_table(few);
}

static void test_classes_are_balanced_and_families_share_one(void **state)
{
    struct table table = make_blobs(blobs);
    int counts[3] = {0};

    (void)state;
    for (int i = 0; i < 12000; i++) {
        counts[table.labels[i]]++;
        assert_int_equal(table.labels[i], table.labels[i / 4 * 4]);
    }
    for (int c = 0; c < 3; c++)
        assert_int_equal(counts[c], 4000);
    free_table(table);
}

/* Mean of noise_a * noise_b over pairs `apart` examples from each other, the first of them at every
 * fourth example; without separation an example is its noise. */
static double noise_covariance(double correlation, int apart)
{
    enum { EXAMPLES = 100000, FEATURES = 8 };
    struct dataset_spec spec = blobs;
    struct table table;
    double sum = 0;
    int pairs = 0;

    spec.examples = EXAMPLES;
    spec.separation = 0;
    spec.correlation = correlation;
    table = make_blobs(spec);
    for (int i = 0; i + apart < EXAMPLES; i += 4)
        for (int j = 0; j < FEATURES; j++, pairs++)
            sum += (double)table.features[i * FEATURES + j] *
                   (double)table.features[(i + apart) * FEATURES + j];
    free_table(table);
    return sum / pairs;
}

/* 200000 pairs: the standard error is at most sqrt(2 / 200000) = 0.0032. */
static void test_noise_of_a_family_has_the_given_correlation(void **state)
{
    static const double correlations[] = {0, 0.3, 0.9, 1};

    (void)state;
    for (int k = 0; k < 4; k++) {
        assert_true(fabs(noise_covariance(correlations[k], 0) - 1) < 0.02);
        assert_true(fabs(noise_covariance(correlations[k], 1) - correlations[k]) < 0.02);
        assert_true(fabs(noise_covariance(correlations[k], 3) - correlations[k]) < 0.02);
        assert_true(fabs(noise_covariance(correlations[k], 4)) < 0.02); /* the next family */
    }
}

/* With many clusters the mean of a family of many is near its centre, drawn from N(0, 2^2). */
static void test_centres_have_the_given_separation(void **state)
{
    enum { CLUSTERS = 1000, FAMILY = 100, FEATURES = 8 };
    struct dataset_spec spec = blobs;
    struct table table;
    double squares = 0;

    (void)state;
    spec.clusters = CLUSTERS;
    spec.family = FAMILY;
    spec.examples = 3 * CLUSTERS * FAMILY;
    spec.correlation = 0;
    table = make_blobs(spec);
    for (int f = 0; f < 3 * CLUSTERS; f++)
        for (int j = 0; j < FEATURES; j++) {
            double mean = 0;

            for (int i = 0; i < FAMILY; i++)
                mean += (double)table.features[(f * FAMILY + i) * FEATURES + j] / FAMILY;
            squares += mean * mean;
        }
    /* 2^2 and 1/100 of noise; 24000 centres: standard error 4.01 * sqrt(2 / 24000) = 0.037 */
    assert_true(fabs(squares / (3 * CLUSTERS * FEATURES) - 4.01) < 0.2);
    free_table(table);
}

/* Examples of one cluster are near their centre, whichever family they come from. */
static void test_clusters_are_kept_apart(void **state)
{
    enum { FEATURES = 8 };
    struct dataset_spec spec = blobs;
    struct table table;

    (void)state;
    spec.separation = 1000;
    table = make_blobs(spec);
    for (int i = 0; i < 12000; i += 4) {
        int f = i / 4, period = 3 * 2; /* classes * clusters families */

        for (int j = 0; j < FEATURES; j++) {
            double same = fabs((double)table.features[i * FEATURES + j] -
                               (double)table.features[f % period * 4 * FEATURES + j]);

            assert_true(same < 15);
        }
    }
    assert_true(fabsf(table.features[0] - table.features[4 * FEATURES]) > 15);     /* class */
    assert_true(fabsf(table.features[0] - table.features[3 * 4 * FEATURES]) > 15); /* cluster */
    free_table(table);
}

static void test_linear_covariance_is_diagonal_with_the_given_condition(void **state)
{
    enum { EXAMPLES = 200000, FEATURES = 5 };
    struct dataset_spec spec = linear;
    struct table table;
    double covariance[FEATURES][FEATURES] = {0};

    (void)state;
    spec.examples = EXAMPLES;
    table = make_linear(spec);
    for (int i = 0; i < EXAMPLES; i++)
        for (int j = 0; j < FEATURES; j++)
            for (int k = 0; k < FEATURES; k++)
                covariance[j][k] += (double)table.features[i * FEATURES + j] *
                                    (double)table.features[i * FEATURES + k] / EXAMPLES;
    for (int j = 0; j < FEATURES; j++)
        for (int k = 0; k < FEATURES; k++) {
            double variance_j = pow(100, -j / 4.0), variance_k = pow(100, -k / 4.0);
            double expected = j == k ? variance_j : 0;

            /* standard error: sqrt(2 / 200000) = 0.0032 of sqrt(variance_j * variance_k) */
            assert_true(fabs(covariance[j][k] - expected) < 0.02 * sqrt(variance_j * variance_k));
        }
    assert_true(fabs(covariance[0][0] / covariance[4][4] / 100 - 1) < 0.03);
    free_table(table);
}

static void test_linear_noise_has_the_given_deviation(void **state)
{
    struct dataset_spec quiet = linear;
    struct table with, without;
    double sum = 0, squares = 0;

    (void)state;
    quiet.noise = 0;
    with = make_linear(linear);
    without = make_linear(quiet);
    assert_memory_equal(with.features, without.features, 20000 * 5 * sizeof(float));
    for (int i = 0; i < 20000; i++) {
        double noise = (double)with.targets[i] - (double)without.targets[i];

        sum += noise;
        squares += noise * noise;
    }
    assert_true(fabs(sum / 20000) < 5 * 0.5 / sqrt(20000));
    assert_true(fabs(squares / 20000 - 0.25) < 5 * 0.25 * sqrt(2.0 / 20000));
    free_table(with);
    free_table(without);
}

/* Weights by the moments: w[j] = sum of x[j] * y / sum of x[j]^2, as features are independent. */
static void estimate_weights(const struct table *table, int examples, int features, double *weights)
{
    for (int j = 0; j < features; j++) {
        double products = 0, squares = 0;

        for (int i = 0; i < examples; i++) {
            double x = (double)table->features[i * features + j];

            products += x * (double)table->targets[i];
            squares += x * x;
        }
        weights[j] = products / squares;
    }
}

static void test_linear_weights_have_variance_one_over_features(void **state)
{
    enum { FEATURES = 100, SEEDS = 20 };
    double squares = 0, weights[FEATURES];

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct dataset_spec spec = linear;
        struct table table;

        spec.seed = (uint64_t)seed;
        spec.features = FEATURES;
        spec.condition = 1;
        spec.noise = 0;
        spec.examples = 2000;
        table = make_linear(spec);
        estimate_weights(&table, 2000, FEATURES, weights);
        for (int j = 0; j < FEATURES; j++)
            squares += weights[j] * weights[j];
        free_table(table);
    }
    /* |w|^2 is 1 on average, 1/2000 of it is added for each of 100 estimates: 1.05. Standard error
     * over 2000 weights: sqrt(2 / 2000) = 0.032 */
    assert_true(fabs(squares / SEEDS - 1.05) < 0.16);
}

static void test_without_noise_the_target_is_exactly_linear(void **state)
{
    struct dataset_spec spec = linear;
    struct table table;

    (void)state;
    spec.noise = 0;
    spec.features = 1;
    spec.condition = 1;
    table = make_linear(spec);
    for (int i = 1; i < spec.examples; i++) {
        double slope = (double)table.targets[0] / (double)table.features[0];

        assert_true(fabs((double)table.targets[i] - slope * (double)table.features[i]) <=
                    1e-6 * fabs((double)table.targets[i]));
    }
    free_table(table);
}

static void test_points_are_noise_of_the_given_deviation(void **state)
{
    const struct dataset_spec points = {
        .name = "points", .seed = 1, .examples = 20000, .features = 3, .noise = 0.5};
    struct dataset_spec still = points;
    double sum = 0, squares = 0;
    float *features;

    (void)state;
    assert_int_equal(synthetic_points(&points, &features), 0);
    for (int i = 0; i < 60000; i++) {
        sum += (double)features[i];
        squares += (double)features[i] * (double)features[i];
    }
    assert_true(fabs(sum / 60000) < 5 * 0.5 / sqrt(60000));
    assert_true(fabs(squares / 60000 / 0.25 - 1) < 5 * sqrt(2.0 / 60000));
    free(features);
    still.noise = 0;
    assert_int_equal(synthetic_points(&still, &features), 0);
    for (int i = 0; i < 60000; i++)
        assert_true(features[i] == 0);
    free(features);
    still.noise = -1;
    assert_int_equal(synthetic_points(&still, &features), -1);
    assert_null(features);
    assert_non_null(strstr(error_text(), "noise: -1 is not in"));
}

static void test_one_example_is_enough(void **state)
{
    struct dataset_spec spec = linear;
    struct table table;

    (void)state;
    spec.examples = 1;
    table = make_linear(spec);
    assert_true(isfinite(table.targets[0]));
    free_table(table);
}

static void assert_blobs_refused(struct dataset_spec spec, const char *reason)
{
    struct table table;

    error_clear();
    assert_int_equal(synthetic_blobs(&spec, &table.features, &table.labels), -1);
    assert_null(table.features);
    assert_null(table.labels);
    assert_string_equal(error_text(), reason);
}

#define WITH(base, member, value)                                                                  \
    ({                                                                                             \
        struct dataset_spec changed = base;                                                        \
        changed.member = value;                                                                    \
        changed;                                                                                   \
    })

static void test_blobs_refuse_what_makes_no_sense(void **state)
{
    (void)state;
    assert_blobs_refused(WITH(blobs, examples, 0),
                         "dataset: examples: 0 is not in 1 .. 2147483646");
    assert_blobs_refused(WITH(blobs, features, -1),
                         "dataset: features: -1 is not in 1 .. 268435456");
    assert_blobs_refused(WITH(blobs, classes, 1), "dataset: classes: 1 is not in 2 .. 65536");
    assert_blobs_refused(WITH(blobs, clusters, 0), "dataset: clusters: 0 is not in 1 .. 65536");
    assert_blobs_refused(WITH(blobs, separation, (double)NAN),
                         "dataset: separation: nan is not in 0 .. 1000000");
    assert_blobs_refused(WITH(blobs, correlation, 1.01),
                         "dataset: correlation: 1.01 is not in 0 .. 1");
    assert_blobs_refused(WITH(blobs, family, 7),
                         "dataset: examples: 12000 is not a multiple of family 7");
    assert_blobs_refused(
        WITH(blobs, family, 6000),
        "dataset: 12000 examples in families of 6000 leave some of 3 classes empty");
}

static void assert_linear_refused(struct dataset_spec spec, const char *reason)
{
    struct table table;

    error_clear();
    assert_int_equal(synthetic_linear(&spec, &table.features, &table.targets), -1);
    assert_null(table.features);
    assert_null(table.targets);
    assert_string_equal(error_text(), reason);
}

static void test_linear_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    assert_linear_refused(WITH(linear, condition, 0.5),
                          "dataset: condition: 0.5 is not in 1 .. 1e+12");
    assert_linear_refused(WITH(linear, noise, -1), "dataset: noise: -1 is not in 0 .. 1000000");
    assert_linear_refused(WITH(linear, features, 1),
                          "dataset: condition: 100 needs at least 2 features, one alone has 1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(test_another_seed_gives_other_data),
        cmocka_unit_test(test_an_example_does_not_depend_on_how_many_there_are),
        cmocka_unit_test(test_classes_are_balanced_and_families_share_one),
        cmocka_unit_test(test_noise_of_a_family_has_the_given_correlation),
        cmocka_unit_test(test_centres_have_the_given_separation),
        cmocka_unit_test(test_clusters_are_kept_apart),
        cmocka_unit_test(test_linear_covariance_is_diagonal_with_the_given_condition),
        cmocka_unit_test(test_linear_noise_has_the_given_deviation),
        cmocka_unit_test(test_linear_weights_have_variance_one_over_features),
        cmocka_unit_test(test_without_noise_the_target_is_exactly_linear),
        cmocka_unit_test(test_points_are_noise_of_the_given_deviation),
        cmocka_unit_test(test_one_example_is_enough),
        cmocka_unit_test(test_blobs_refuse_what_makes_no_sense),
        cmocka_unit_test(test_linear_refuses_what_makes_no_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
