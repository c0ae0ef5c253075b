/* Networks: layers, parameters, FLOPs, and initial weights with the statistics they promise. */
#include "train/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct network_spec *preset(const char *name)
{
    const struct network_spec *spec = network_presets();

    while (strcmp(spec->name, name) != 0)
        assert_true((++spec)->name[0] != '\0');
    return spec;
}

static void presets_have_the_known_parameters_and_flops(void **state)
{
    static const struct {
        const char *name;
        size_t parameters;
        double flops;
    } known[] = {{"S", 7850, 31360}, {"M", 101770, 409088}, {"L", 669706, 3209216}};
    struct model model;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        network_build(&model, preset(known[i].name), 784, 10, 10);
        assert_int_equal(model.parameters, known[i].parameters);
        assert_true(model.flops_per_example == known[i].flops);
    }
}

static void layers_follow_each_other(void **state)
{
    static const struct network_spec spec = {
        .hidden = {7, 3}, .hidden_count = 2, .activation = ACTIVATION_TANH};
    static const int widths[] = {5, 7, 3, 4};
    struct model model;

    (void)state;
    network_build(&model, &spec, 5, 4, 4);
    assert_int_equal(model.network.layer_count, 3);
    assert_int_equal(model.network.head, HEAD_SOFTMAX_CROSS_ENTROPY);
    for (int l = 0; l < 3; l++) {
        assert_int_equal(model.network.layers[l].kind, LAYER_DENSE);
        assert_int_equal(shape_size(model.network.layers[l].input), widths[l]);
        assert_int_equal(shape_size(model.network.layers[l].output), widths[l + 1]);
        assert_int_equal(model.network.layers[l].activation,
                         l < 2 ? ACTIVATION_TANH : ACTIVATION_IDENTITY);
    }
    assert_int_equal(model.parameters, 5 * 7 + 7 + 7 * 3 + 3 + 3 * 4 + 4);
}

static void regression_has_a_squared_error(void **state)
{
    static const struct network_spec linear = {.hidden_count = 0};
    struct model model;

    (void)state;
    network_build(&model, &linear, 3, 1, 0);
    assert_int_equal(model.network.head, HEAD_MEAN_SQUARED_ERROR);
    assert_int_equal(model.parameters, 4);
    assert_true(model.flops_per_example == 12);
}

/* ---- Initial weights: one wide layer, so that statistics are sharp --------------------------- */

enum { INPUTS = 400, OUTPUTS = 250, WEIGHTS = INPUTS * OUTPUTS };

static float theta[WEIGHTS + OUTPUTS];

static void initialize(enum initializer initializer, double sigma, double bias, uint64_t seed)
{
    struct network_spec spec = {.initializer = initializer, .sigma = sigma, .bias = bias};
    struct model model;

    network_build(&model, &spec, INPUTS, OUTPUTS, OUTPUTS);
    assert_int_equal(model.parameters, WEIGHTS + OUTPUTS);
    memset(theta, 0xff, sizeof theta); /* NaN where nothing is written */
    network_initialize(&model, &spec, seed, theta);
}

static double moment(int power)
{
    double sum = 0;

    for (int i = 0; i < WEIGHTS; i++)
        sum += pow((double)theta[i], power);
    return sum / WEIGHTS;
}

static double largest(void)
{
    double most = 0;

    for (int i = 0; i < WEIGHTS; i++)
        most = fmax(most, fabs((double)theta[i]));
    return most;
}

/* Five standard errors of a mean of WEIGHTS values of this deviation. */
static double margin(double deviation)
{
    return 5 * deviation / sqrt(WEIGHTS);
}

static void he_weights_have_variance_two_over_inputs(void **state)
{
    double variance = 2.0 / INPUTS;

    (void)state;
    initialize(INITIALIZER_HE, 0, 0, 1);
    assert_true(fabs(moment(1)) < margin(sqrt(variance)));
    assert_true(fabs(moment(2) - variance) < margin(variance * sqrt(2)));
    assert_true(fabs(moment(4) / (3 * variance * variance) - 1) < 0.1); /* normal */
}

static void glorot_weights_are_uniform_within_their_bounds(void **state)
{
    double bound = sqrt(6.0 / (INPUTS + OUTPUTS)), variance = bound * bound / 3;

    (void)state;
    initialize(INITIALIZER_GLOROT, 0, 0, 1);
    assert_true(largest() <= bound * (1 + 1e-6));
    assert_true(largest() > 0.999 * bound);
    assert_true(fabs(moment(1)) < margin(sqrt(variance)));
    assert_true(fabs(moment(2) - variance) < margin(variance));
}

/* The variance of a normal cut at 2 sigma is 1 - 4 phi(2) / (2 Phi(2) - 1) of the whole one's. */
static void truncated_weights_stay_within_two_sigma(void **state)
{
    double sigma = 0.05, density = exp(-2) / sqrt(2 * M_PI), inside = erf(sqrt(2));
    double variance = sigma * sigma * (1 - 4 * density / inside);

    (void)state;
    initialize(INITIALIZER_TRUNCATED_NORMAL, sigma, 0, 1);
    assert_true(largest() <= 2 * sigma * (1 + 1e-6));
    assert_true(largest() > 1.99 * sigma);
    assert_true(fabs(moment(2) - variance) < margin(variance * sqrt(2)));
}

static void biases_are_constant(void **state)
{
    (void)state;
    for (int initializer = INITIALIZER_HE; initializer <= INITIALIZER_TRUNCATED_NORMAL;
         initializer++) {
        initialize((enum initializer)initializer, 0.1, 0.25, 1);
        for (int i = 0; i < OUTPUTS; i++)
            assert_true(theta[WEIGHTS + i] == 0.25f);
    }
}

static void the_seed_decides_the_weights(void **state)
{
    static float first[WEIGHTS + OUTPUTS];

    (void)state;
    initialize(INITIALIZER_HE, 0, 0, 7);
    memcpy(first, theta, sizeof first);
    initialize(INITIALIZER_HE, 0, 0, 7);
    assert_memory_equal(theta, first, sizeof first);
    initialize(INITIALIZER_HE, 0, 0, 8);
    assert_memory_not_equal(theta, first, sizeof first);
}

/* Widening the second layer leaves the first layer's weights alone, and two layers of one shape do
 * not get the same weights. */
static void layers_have_streams_of_their_own(void **state)
{
    static const struct network_spec narrow = {.hidden = {6, 6}, .hidden_count = 2},
                                     wide = {.hidden = {6, 90}, .hidden_count = 2};
    struct model model;
    float *one, *other;

    (void)state;
    network_build(&model, &narrow, 6, 3, 3);
    one = calloc(model.parameters, sizeof *one);
    network_initialize(&model, &narrow, 1, one);
    network_build(&model, &wide, 6, 3, 3);
    other = calloc(model.parameters, sizeof *other);
    network_initialize(&model, &wide, 1, other);
    assert_memory_equal(one, other, 36 * sizeof *one);
    assert_memory_not_equal(one, one + 42, 36 * sizeof *one);
    free(one);
    free(other);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_have_the_known_parameters_and_flops),
        cmocka_unit_test(layers_follow_each_other),
        cmocka_unit_test(regression_has_a_squared_error),
        cmocka_unit_test(he_weights_have_variance_two_over_inputs),
        cmocka_unit_test(glorot_weights_are_uniform_within_their_bounds),
        cmocka_unit_test(truncated_weights_stay_within_two_sigma),
        cmocka_unit_test(biases_are_constant),
        cmocka_unit_test(the_seed_decides_the_weights),
        cmocka_unit_test(layers_have_streams_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
