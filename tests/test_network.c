/* Networks: layers, parameters, FLOPs, and initial weights with the statistics they promise. */
#include "base/error.h"
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

static const struct shape image = {1, 28, 28};

static struct shape flat(int size)
{
    return (struct shape){size, 1, 1};
}

static void presets_have_the_known_parameters_and_flops(void **state)
{
    static const struct {
        const char *name;
        size_t parameters;
        double flops;
    } known[] = {
        {"S", 7850, 31360},
        {"M", 101770, 409088},
        {"L", 669706, 3209216},
        {"lenet", 61706, 2263920},
        /* 2 (784 32 25) 2 + 2 (196 64 800) 3 + 2 (3136 1024) 3 + 2 (1024 10) 3 */
        {"2c2d", 3274634, 82049024},
    };
    struct model model;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(network_build(&model, preset(known[i].name), image, 10, 10), 0);
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
    network_build(&model, &spec, flat(5), 4, 4);
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
    network_build(&model, &linear, flat(3), 1, 0);
    assert_int_equal(model.network.head, HEAD_MEAN_SQUARED_ERROR);
    assert_int_equal(model.parameters, 4);
    assert_true(model.flops_per_example == 12);
}

static void an_objective_is_a_position_under_a_head(void **state)
{
    struct model model;
    float theta[2];

    (void)state;
    assert_int_equal(network_build(&model, preset("rosenbrock"), flat(2), 0, 0), 0);
    assert_int_equal(model.network.layer_count, 1);
    assert_int_equal(model.network.layers[0].kind, LAYER_POSITION);
    assert_int_equal(model.network.head, HEAD_OBJECTIVE);
    assert_ptr_equal(model.network.objective, &model.objective);
    assert_int_equal(model.objective.kind, OBJECTIVE_ROSENBROCK);
    assert_int_equal(model.parameters, 2);
    assert_true(model.objective.coefficients[1] == 100);
    network_initialize(&model, preset("rosenbrock"), 5, theta);
    assert_true(theta[0] == -1.2f && theta[1] == 1);
    network_free(&model);
    network_free(&model);
    assert_int_equal(network_build(&model, preset("quadratic_deep"), flat(100), 0, 0), 0);
    assert_int_equal(model.parameters, 100);
    assert_true(model.flops_per_example == 20000);
    network_free(&model);
}

static void layers_and_objectives_are_for_different_data(void **state)
{
    struct model model;

    (void)state;
    assert_int_equal(network_build(&model, preset("M"), flat(3), 0, 0), -1);
    assert_non_null(strstr(error_text(), "neither labels nor targets; expected an objective"));
    assert_int_equal(network_build(&model, preset("cubic"), flat(2), 1, 0), -1);
    assert_non_null(strstr(error_text(), "expected dataset points"));
    assert_int_equal(network_build(&model, preset("cubic"), flat(3), 0, 0), -1);
    assert_non_null(strstr(error_text(), "2 variables"));
    assert_null(model.coefficients);
}

/* ---- Lists of layers ------------------------------------------------------------------------- */

static void assert_shape(struct shape shape, int channels, int height, int width)
{
    assert_int_equal(shape.channels, channels);
    assert_int_equal(shape.height, height);
    assert_int_equal(shape.width, width);
}

static void lenet_has_the_shapes_of_the_paper(void **state)
{
    struct model model;
    const struct layer *l = model.layers;

    (void)state;
    assert_int_equal(network_build(&model, preset("lenet"), image, 10, 10), 0);
    assert_int_equal(model.network.layer_count, 7);
    assert_shape(l[0].input, 1, 28, 28);
    assert_shape(l[0].output, 6, 28, 28);
    assert_shape(l[1].output, 6, 14, 14);
    assert_shape(l[2].output, 16, 10, 10);
    assert_shape(l[3].output, 16, 5, 5);
    assert_shape(l[4].input, 16, 5, 5);
    assert_shape(l[4].output, 120, 1, 1);
    assert_int_equal(l[0].padding_height, 2);
    assert_int_equal(l[2].padding_width, 0);
    assert_int_equal(l[1].activation, ACTIVATION_IDENTITY);
    assert_int_equal(l[2].activation, ACTIVATION_RELU);
    assert_int_equal(l[6].activation, ACTIVATION_IDENTITY);
}

#define CONV2D(...)                                                                                \
    {                                                                                              \
        .kind = LAYER_CONVOLUTION, .activation = ACTIVATION_OF_NETWORK, __VA_ARGS__                \
    }
#define MAXPOOL2D(...)                                                                             \
    {                                                                                              \
        .kind = LAYER_MAX_POOLING, __VA_ARGS__                                                     \
    }

/* Zeros of an even kernel: one more below and to the right than above and to the left. */
static void same_padding_keeps_the_size(void **state)
{
    static const int kernels[][3] = {{1, 1, 0}, {2, 5, 0}, {3, 4, 1}, {5, 5, 2}};
    struct model model;

    (void)state;
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        const struct network_spec spec = {
            .layers = {CONV2D(.outputs = 3, .kernel = {kernels[i][0], kernels[i][1]},
                              .kernel_count = 2, .padding = PADDING_SAME)},
            .layer_count = 1};

        assert_int_equal(network_build(&model, &spec, (struct shape){2, 9, 8}, 10, 10), 0);
        assert_shape(model.layers[0].output, 3, 9, 8);
        assert_int_equal(model.layers[0].padding_height, kernels[i][2]);
        assert_int_equal(model.layers[0].padding_width, (kernels[i][1] - 1) / 2);
    }
}

/* 9 x 8: windows of 3 x 2, two down and three to the right. */
static void pooling_leaves_out_what_does_not_fit(void **state)
{
    static const struct network_spec spec = {
        .layers = {MAXPOOL2D(.kernel = {3, 2}, .kernel_count = 2, .stride = {2, 3},
                             .stride_count = 2)},
        .layer_count = 1};
    struct model model;

    (void)state;
    assert_int_equal(network_build(&model, &spec, (struct shape){2, 8, 8}, 10, 10), 0);
    assert_shape(model.layers[0].output, 2, 3, 3);
    assert_int_equal(layer_parameters(&model.layers[0]), 0);
    assert_true(model.flops_per_example == 2 * 2 * 18 * 10); /* the dense layer is the first */
}

static void flatten_makes_a_vector(void **state)
{
    static const struct network_spec spec = {
        .layers = {CONV2D(.outputs = 3, .kernel = {2}, .kernel_count = 1), {.kind = LAYER_FLATTEN}},
        .layer_count = 2};
    struct model model;

    (void)state;
    assert_int_equal(network_build(&model, &spec, (struct shape){2, 4, 5}, 10, 10), 0);
    assert_int_equal(model.network.layer_count, 2);
    assert_shape(model.layers[1].input, 36, 1, 1);
}

static void a_layer_that_does_not_fit_is_named(void **state)
{
    static const struct {
        struct network_spec spec;
        int layer;
        const char *message;
    } bad[] = {
        {{.layers = {CONV2D(.outputs = 3, .kernel = {6}, .kernel_count = 1)}, .layer_count = 1},
         1,
         "kernel of 6 x 6 with padding 0 does not fit 4 x 5"},
        {{.layers = {MAXPOOL2D(.kernel = {2}, .kernel_count = 1),
                     MAXPOOL2D(.kernel = {3, 1}, .kernel_count = 2)},
          .layer_count = 2},
         2,
         "window of 3 x 1 does not fit 2 x 2"},
        {{.layers = {CONV2D(.outputs = 3, .kernel = {2}, .kernel_count = 1, .padding = 2)},
          .layer_count = 1},
         1,
         "less padding than kernel"},
        {{.layers = {{.kind = LAYER_FLATTEN},
                     CONV2D(.outputs = 1, .kernel = {3, 1}, .kernel_count = 2)},
          .layer_count = 2},
         2,
         "does not fit 1 x 1"},
        {{.layers = {CONV2D(.outputs = 1 << 20, .kernel = {1}, .kernel_count = 1),
                     CONV2D(.outputs = 1 << 20, .kernel = {1}, .kernel_count = 1)},
          .layer_count = 2},
         1,
         ""},
    };
    struct model model;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(network_build(&model, &bad[i].spec, (struct shape){2, 4, 5}, 10, 10),
                         bad[i].layer);
        assert_non_null(strstr(error_text(), bad[i].message));
    }
    assert_int_equal(network_build(&model, &bad[4].spec, (struct shape){1, 200, 200}, 10, 10), 1);
    assert_non_null(strstr(error_text(), "outputs of one layer"));
}

static void networks_are_described_in_a_line(void **state)
{
    char text[256];

    (void)state;
    network_describe(preset("S"), text, sizeof text);
    assert_string_equal(text, "inputs-outputs");
    network_describe(preset("L"), text, sizeof text);
    assert_string_equal(text, "inputs-512-512-outputs");
    network_describe(preset("cubic"), text, sizeof text);
    assert_string_equal(text, "objective cubic: x^2 + y^2 + y^3 + x y");
    network_describe(preset("2c2d"), text, sizeof text);
    assert_string_equal(text, "conv2d 5x5x32 same, maxpool2d 2x2, conv2d 5x5x64 same, "
                              "maxpool2d 2x2, dense 1024, outputs");
}

/* ---- Initial weights: one wide layer, so that statistics are sharp --------------------------- */

enum { INPUTS = 400, OUTPUTS = 250, WEIGHTS = INPUTS * OUTPUTS };

static float theta[WEIGHTS + OUTPUTS];

static void initialize(enum initializer initializer, double sigma, double bias, uint64_t seed)
{
    struct network_spec spec = {.initializer = initializer, .sigma = sigma, .bias = bias};
    struct model model;

    network_build(&model, &spec, flat(INPUTS), OUTPUTS, OUTPUTS);
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

/* A convolution's output value has channels * kernel inputs; dense ones of that many agree. */
static void a_convolution_counts_its_window_as_inputs(void **state)
{
    static const struct network_spec spec = {
        .layers = {CONV2D(.outputs = 400, .kernel = {5}, .kernel_count = 1)}, .layer_count = 1};
    const double expected = 2.0 / (10 * 25);
    struct model model;
    double sum = 0;
    float *weights;

    (void)state;
    network_build(&model, &spec, (struct shape){10, 5, 5}, 2, 2);
    weights = calloc(model.parameters, sizeof *weights);
    network_initialize(&model, &spec, 1, weights);
    for (int i = 0; i < WEIGHTS; i++)
        sum += (double)weights[i] * (double)weights[i];
    assert_true(fabs(sum / WEIGHTS - expected) < margin(expected * sqrt(2)));
    for (int i = 0; i < 400; i++)
        assert_true(weights[WEIGHTS + i] == 0);
    free(weights);
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
    network_build(&model, &narrow, flat(6), 3, 3);
    one = calloc(model.parameters, sizeof *one);
    network_initialize(&model, &narrow, 1, one);
    network_build(&model, &wide, flat(6), 3, 3);
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
        cmocka_unit_test(an_objective_is_a_position_under_a_head),
        cmocka_unit_test(layers_and_objectives_are_for_different_data),
        cmocka_unit_test(lenet_has_the_shapes_of_the_paper),
        cmocka_unit_test(same_padding_keeps_the_size),
        cmocka_unit_test(pooling_leaves_out_what_does_not_fit),
        cmocka_unit_test(flatten_makes_a_vector),
        cmocka_unit_test(a_layer_that_does_not_fit_is_named),
        cmocka_unit_test(networks_are_described_in_a_line),
        cmocka_unit_test(a_convolution_counts_its_window_as_inputs),
        cmocka_unit_test(he_weights_have_variance_two_over_inputs),
        cmocka_unit_test(glorot_weights_are_uniform_within_their_bounds),
        cmocka_unit_test(truncated_weights_stay_within_two_sigma),
        cmocka_unit_test(biases_are_constant),
        cmocka_unit_test(the_seed_decides_the_weights),
        cmocka_unit_test(layers_have_streams_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
