/* Live units against networks small enough to be computed by hand. */
#include "train/live.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct layer dense(int inputs, int outputs, enum activation activation)
{
    return (struct layer){
        .kind = LAYER_DENSE,
        .activation = activation,
        .input = {inputs, 1, 1},
        .output = {outputs, 1, 1},
    };
}

static void units_above_zero_are_live(void **state)
{
    const struct layer layers[] = {dense(2, 3, ACTIVATION_RELU), dense(3, 2, ACTIVATION_RELU),
                                   dense(2, 1, ACTIVATION_IDENTITY)};
    const struct network network = {3, layers, HEAD_MEAN_SQUARED_ERROR, NULL};
    /* Rows of weights, then biases, layer after layer. */
    const float theta[] = {1, 0, 0, 1, -1, -1,      /**/ 0, -1, 0, 1,
                           1, 0, 0, 0, 1,  /**/ -2, -1,     9,  9, /**/ 9};
    /* (3, 1): z = 3, 0, -4: exactly 0 is dead; a = 3, 0, 0; then z = 1, -1.
     * (-1, 2): z = -1, 1, -1; a = 0, 1, 0; then z = -1, -1. */
    const float inputs[] = {3, 1, -1, 2};
    double live[3];

    (void)state;
    assert_int_equal(live_units(&network, theta, inputs, 2, live), 1);
    assert_true(live[0] == 2.0 / 6);
    assert_true(live[1] == 1.0 / 4);
    assert_true(live[2] == 1); /* no ReLU: all of it counts */
    /* (2 + 1) of 2 * (3 + 2) */
    assert_true(fabs(live_fraction(&network, live) - 0.3) < 1e-15);
    assert_int_equal(live_units(&network, theta, inputs, 1, live), 1);
    assert_true(live[0] == 1.0 / 3 && live[1] == 0.5);
}

static void not_a_number_is_not_live(void **state)
{
    const struct layer layers[] = {dense(1, 2, ACTIVATION_RELU), dense(2, 1, ACTIVATION_IDENTITY)};
    const struct network network = {2, layers, HEAD_MEAN_SQUARED_ERROR, NULL};
    const float theta[] = {NAN, 1, 0, 0, 1, 1, 0}, input = 1;
    double live[2];

    (void)state;
    assert_int_equal(live_units(&network, theta, &input, 1, live), 1);
    assert_true(live[0] == 0.5);
}

/* Between two layers with ReLU lies one with tanh: its activation is applied, but not counted. */
static void other_activations_are_passed_through(void **state)
{
    const struct layer layers[] = {dense(1, 1, ACTIVATION_RELU), dense(1, 1, ACTIVATION_TANH),
                                   dense(1, 1, ACTIVATION_SIGMOID), dense(1, 1, ACTIVATION_RELU)};
    const struct network network = {4, layers, HEAD_MEAN_SQUARED_ERROR, NULL};
    /* 2; tanh(-20) = -1; sigmoid(-1 - 1) = 0.1192; 0.1192 - threshold. */
    float theta[] = {2, 0, -10, 0, 1, -1, 1, -0.119f}, input = 1;
    double live[4];

    (void)state;
    assert_int_equal(live_units(&network, theta, &input, 1, live), 1);
    assert_true(live[0] == 1 && live[1] == 1 && live[2] == 1 && live[3] == 1);
    theta[7] = -0.120f;
    assert_int_equal(live_units(&network, theta, &input, 1, live), 1);
    assert_true(live[3] == 0);
    assert_true(live_fraction(&network, live) == 0.5);
}

static void networks_without_dense_relu_have_no_live_units(void **state)
{
    const struct layer none[] = {dense(1, 1, ACTIVATION_IDENTITY)};
    const struct layer smooth[] = {dense(1, 1, ACTIVATION_TANH), dense(1, 1, ACTIVATION_IDENTITY)};
    const struct layer image[] = {
        {LAYER_CONVOLUTION, ACTIVATION_RELU, {1, 1, 1}, {1, 1, 1}, 1, 1, 0, 0, 1, 1},
        dense(1, 1, ACTIVATION_RELU)};
    const struct network without = {1, none, HEAD_MEAN_SQUARED_ERROR, NULL},
                         tanh_network = {2, smooth, HEAD_MEAN_SQUARED_ERROR, NULL},
                         convolution = {2, image, HEAD_MEAN_SQUARED_ERROR, NULL};
    const float theta[4] = {1, 1, 1, 1}, input = 1;
    double live[2];

    (void)state;
    assert_int_equal(live_units(&without, theta, &input, 1, live), 0);
    assert_int_equal(live_units(&tanh_network, theta, &input, 1, live), 0);
    assert_int_equal(live_units(&convolution, theta, &input, 1, live), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_above_zero_are_live),
        cmocka_unit_test(not_a_number_is_not_live),
        cmocka_unit_test(other_activations_are_passed_through),
        cmocka_unit_test(networks_without_dense_relu_have_no_live_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
