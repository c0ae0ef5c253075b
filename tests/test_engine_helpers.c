/* What engines of dense layers share: heads, activations, gathering, and the way through a batch.
 */
#include "check.h"
#include "elementwise.h"
#include "exponential.h"
#include "memory.h"
#include "message.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Written so that not-a-number fails. */
static int is_close(double value, double expected, double tolerance)
{
    return fabs(value - expected) <= tolerance;
}

static void assert_close(double value, double expected, double tolerance)
{
    if (!is_close(value, expected, tolerance))
        fail_msg("%.9g is not %.9g within %g", value, expected, tolerance);
}

static void test_the_comparison_itself_refuses_what_is_wrong(void **state)
{
    (void)state;
    assert_true(is_close(1, 1, 0));
    assert_false(is_close(1.01, 1, 1e-3));
    assert_false(is_close(NAN, 1, 1e-3));
    assert_false(is_close(NAN, NAN, 1e-3));
    assert_false(is_close(0, 1e-3, 1e-4));
}

/* ---- exp, tanh, logistic -------------------------------------------------------------------- */

static void test_exponential_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int i = -87 * 2048; i <= 88 * 2048; i++) {
        float x = (float)i / 2048;

        assert_close((double)exponential(x) / exp((double)x), 1, 1e-7);
    }
}

static void test_exponential_has_defined_ends(void **state)
{
    (void)state;
    assert_true(exponential(0) == 1);
    assert_true(exponential(-88) == 0);
    assert_true(exponential(-2e4f) == 0);
    assert_true(exponential(-INFINITY) == 0);
    assert_true(exponential(1e4f) == exponential(88));
    assert_true(isnan(exponential(NAN)));
}

static void test_tanh_and_logistic_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int i = -200000; i <= 200000; i++) {
        float x = (float)i * 1e-4f;
        double expected = tanh((double)x);

        assert_close((double)hyperbolic_tangent(x), expected, 3e-7 * fabs(expected));
        assert_close((double)logistic(x), 1 / (1 + exp(-(double)x)), 3e-7 / (1 + exp(-(double)x)));
    }
    assert_true(hyperbolic_tangent(1e4f) == 1);
    assert_true(hyperbolic_tangent(-1e4f) == -1);
    assert_true(logistic(1e4f) == 1);
    assert_close((double)logistic(-1e4f), 0, 1e-38);
    assert_true(isnan(hyperbolic_tangent(NAN)));
    assert_true(isnan(logistic(NAN)));
}

/* ---- Activations ---------------------------------------------------------------------------- */

static void test_activations_keep_not_a_number(void **state)
{
    (void)state;
    for (int activation = ACTIVATION_IDENTITY; activation <= ACTIVATION_SIGMOID; activation++) {
        float a[37];

        for (size_t i = 0; i < COUNT(a); i++)
            a[i] = NAN;
        activate(a, COUNT(a), (enum activation)activation);
        for (size_t i = 0; i < COUNT(a); i++)
            assert_true(isnan(a[i]));
    }
}

static void test_relu_is_zero_below_zero_and_has_derivative_zero_at_zero(void **state)
{
    float a[] = {-1, 0, 2, -INFINITY, INFINITY};
    float delta[] = {5, 5, 5, 5, 5};

    (void)state;
    activate(a, COUNT(a), ACTIVATION_RELU);
    assert_memory_equal(a, ((float[]){0, 0, 2, 0, INFINITY}), sizeof a);
    multiply_by_derivative(delta, a, COUNT(a), ACTIVATION_RELU);
    assert_memory_equal(delta, ((float[]){0, 0, 5, 0, 5}), sizeof delta);
}

static void test_derivatives_are_taken_from_the_output(void **state)
{
    const float a[] = {0.5f};
    float tanh_delta[] = {2}, sigmoid_delta[] = {2}, identity_delta[] = {2};

    (void)state;
    multiply_by_derivative(tanh_delta, a, 1, ACTIVATION_TANH);
    multiply_by_derivative(sigmoid_delta, a, 1, ACTIVATION_SIGMOID);
    multiply_by_derivative(identity_delta, a, 1, ACTIVATION_IDENTITY);
    assert_close((double)tanh_delta[0], 2 * (1 - 0.25), 0);
    assert_close((double)sigmoid_delta[0], 2 * 0.25, 0);
    assert_close((double)identity_delta[0], 2, 0);
}

static void test_biases_are_added_to_every_row_before_the_activation(void **state)
{
    float a[2][3] = {{1, 2, 3}, {-1, -2, -3}};

    (void)state;
    add_biases_and_activate(&a[0][0], (float[]){-2, 0, 4}, 2, 3, ACTIVATION_RELU);
    assert_memory_equal(a, ((float[2][3]){{0, 2, 7}, {0, 0, 1}}), sizeof a);
}

/* ---- Gathering and sums --------------------------------------------------------------------- */

static void test_bytes_are_gathered_by_row_in_any_order(void **state)
{
    enum { WIDTH = 65, STORED = 7 };
    uint8_t features[STORED][WIDTH];
    const int32_t rows[] = {6, 0, 0, 3, 6, 1};
    float x[3 * WIDTH + 1];
    const struct batch batch = {.size = 6,
                                .rows = rows,
                                .features = features,
                                .element = ELEMENT_UINT8,
                                .scale = 0.5f,
                                .offset = -3};

    (void)state;
    for (int row = 0; row < STORED; row++)
        for (int j = 0; j < WIDTH; j++)
            features[row][j] = (uint8_t)(row * 37 + j * 5);
    x[3 * WIDTH] = 42;
    gather_rows(x, &batch, 2, 3, WIDTH);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < WIDTH; j++)
            assert_true(x[i * WIDTH + j] == 0.5f * (float)features[rows[2 + i]][j] - 3);
    assert_true(x[3 * WIDTH] == 42); /* nothing past the end */
}

static void test_floats_are_gathered_with_and_without_rows(void **state)
{
    const float features[4][1] = {{1}, {2}, {3}, {4}};
    struct batch batch = {.size = 4, .features = features, .element = ELEMENT_FLOAT32, .scale = 1};
    float x[2];

    (void)state;
    gather_rows(x, &batch, 1, 2, 1);
    assert_memory_equal(x, ((float[]){2, 3}), sizeof x);
    batch.rows = (int32_t[]){3, 3, 0, 1};
    gather_rows(x, &batch, 1, 2, 1);
    assert_memory_equal(x, ((float[]){4, 1}), sizeof x);
}

static void test_columns_are_summed_over_or_onto_what_is_there(void **state)
{
    const float matrix[3][2] = {{1, 10}, {2, 20}, {3, 30}};
    float sums[3] = {NAN, NAN, 42};

    (void)state;
    sum_columns(sums, &matrix[0][0], 3, 2, 0);
    assert_memory_equal(sums, ((float[]){6, 60, 42}), sizeof sums);
    sum_columns(sums, &matrix[0][0], 1, 2, 1);
    assert_memory_equal(sums, ((float[]){7, 70, 42}), sizeof sums);
}

/* ---- Heads ---------------------------------------------------------------------------------- */

/* Softmax cross-entropy of one example in a batch of one. */
static struct score softmax_of(const float *logits, int classes, int32_t label, float *delta)
{
    const struct batch batch = {.size = 1, .labels = &label};
    const struct head_piece piece = {&batch, 0, 1, classes};
    struct score score = {0};

    softmax_cross_entropy(logits, &piece, delta, &score);
    return score;
}

static void test_equal_logits_lose_the_logarithm_of_the_classes(void **state)
{
    float delta[4];
    struct score score = softmax_of((float[]){7, 7, 7, 7}, 4, 0, delta);

    (void)state;
    assert_close(score.loss, log(4), 1e-7);
    for (int j = 0; j < 4; j++)
        assert_close((double)delta[j], j == 0 ? -0.75 : 0.25, 1e-7);
}

static void test_softmax_has_known_answers(void **state)
{
    float delta[3];
    struct score score = softmax_of((float[]){1, 2, 3}, 3, 1, delta);

    (void)state;
    assert_close(score.loss, 1.4076059644443804, 2e-7);
    assert_close((double)delta[0], 0.09003057317038046, 1e-7);
    assert_close((double)delta[1], 0.24472847105479764 - 1, 1e-7);
    assert_close((double)delta[2], 0.6652409557748218, 1e-7);
}

static void test_huge_logits_stay_finite(void **state)
{
    const float logits[] = {1e4f, -1e4f};
    float delta[2];
    struct score right = softmax_of(logits, 2, 0, delta);

    (void)state;
    assert_close(right.loss, 0, 0);
    assert_int_equal(right.errors, 0);
    assert_memory_equal(delta, ((float[]){0, 0}), sizeof delta);

    struct score wrong = softmax_of(logits, 2, 1, delta);

    assert_close(wrong.loss, 2e4, 0);
    assert_int_equal(wrong.errors, 1);
    assert_memory_equal(delta, ((float[]){1, -1}), sizeof delta);
}

static void test_a_single_class_loses_nothing(void **state)
{
    float delta[1];
    struct score score = softmax_of((float[]){-123}, 1, 0, delta);

    (void)state;
    assert_close(score.loss, 0, 0);
    assert_int_equal(score.errors, 0);
    assert_close((double)delta[0], 0, 0);
}

static void test_not_a_number_spreads_and_is_an_error(void **state)
{
    (void)state;
    for (int where = 0; where < 3; where++) {
        float logits[] = {5, 0, 0}, delta[3];

        logits[where] = NAN;

        struct score score = softmax_of(logits, 3, 0, delta);

        assert_true(isnan(score.loss));
        assert_int_equal(score.errors, 1);
        for (int j = 0; j < 3; j++)
            assert_true(isnan(delta[j]));
    }
}

static void test_the_first_of_equal_outputs_counts(void **state)
{
    const float logits[] = {1, 3, 3, 2};
    float delta[4];

    (void)state;
    assert_int_equal(softmax_of(logits, 4, 1, delta).errors, 0);
    assert_int_equal(softmax_of(logits, 4, 2, delta).errors, 1);
    assert_int_equal(softmax_of(logits, 4, 0, delta).errors, 1);
}

static void test_heads_weight_examples_by_their_place_in_the_batch(void **state)
{
    const int32_t rows[] = {2, 0, 1}, labels[] = {1, 0, 0};
    const float weights[] = {9, 0, 3}, logits[2][2] = {{0, 0}, {0, 0}};
    const struct batch batch = {.size = 3, .rows = rows, .labels = labels, .weights = weights};
    const struct head_piece piece = {&batch, 1, 2, 2}; /* rows 0 and 1, labels 1 and 0 */
    struct score score = {.loss = 10, .errors = 5};
    float delta[2][2];

    (void)state;
    softmax_cross_entropy(&logits[0][0], &piece, &delta[0][0], &score);
    assert_close(score.loss, 10 + 3 * log(2), 1e-6);
    assert_int_equal(score.errors, 5 + 1);
    assert_close((double)delta[0][0], 0, 0);
    assert_close((double)delta[0][1], 0, 0);
    assert_close((double)delta[1][0], -0.5, 1e-7); /* weight 3, batch of 3 */
    assert_close((double)delta[1][1], 0.5, 1e-7);
}

static void test_mean_squared_error_has_known_answers(void **state)
{
    const int32_t rows[] = {1, 0};
    const float targets[2][2] = {{1, 1}, {0, 4}}, a[2][2] = {{3, 4}, {1, 1}};
    const struct batch batch = {.size = 2, .rows = rows, .targets = &targets[0][0]};
    const struct head_piece piece = {&batch, 0, 2, 2};
    struct score score = {0};
    float delta[2][2];

    (void)state;
    mean_squared_error(&a[0][0], &piece, &delta[0][0], &score);
    assert_close(score.loss, (9. + 0) / 2, 0);
    assert_int_equal(score.errors, 0);
    /* 2/outputs (a - target) / batch size */
    assert_memory_equal(delta, ((float[2][2]){{1.5f, 0}, {0, 0}}), sizeof delta);
}

/* ---- What engines refuse -------------------------------------------------------------------- */

static void assert_refused(const struct network *network, const struct engine_options *options,
                           const char *reason)
{
    struct message why = {""};

    assert_int_equal(check_network(network, options, &why), 0);
    if (!strstr(why.text, reason))
        fail_msg("`%s` lacks `%s`", why.text, reason);
}

static void test_networks_and_options_out_of_range_are_refused(void **state)
{
    const struct engine_options good = {.max_batch = 1, .threads = 1};
    struct layer layers[] = {
        {.kind = LAYER_DENSE, .input = {4, 1, 1}, .output = {16, 1, 1}},
        {.kind = LAYER_DENSE, .input = {16, 1, 1}, .output = {3, 1, 1}},
    };
    struct network network = {2, layers, HEAD_SOFTMAX_CROSS_ENTROPY, NULL};
    struct message why;

    (void)state;
    assert_int_equal(check_network(&network, &good, &why), 1);
    assert_refused(&network, &(struct engine_options){.threads = 1}, "max_batch is 0");
    assert_refused(&network, &(struct engine_options){.max_batch = 1}, "threads 0");
    assert_refused(&network, &(struct engine_options){.max_batch = 1, .threads = 1, .chunk = -2},
                   "chunk is -2");
    assert_refused(&(struct network){0, NULL, HEAD_MEAN_SQUARED_ERROR, NULL}, &good, "no layers");
    network.head = 7;
    assert_refused(&network, &good, "head 7");
    network.head = HEAD_SOFTMAX_CROSS_ENTROPY;
    layers[1].activation = ACTIVATION_TANH;
    assert_refused(&network, &good, "without activation");
    layers[1].activation = 9;
    assert_refused(&network, &good, "activation 9");
    layers[1].activation = ACTIVATION_IDENTITY;
    layers[0].kind = 4;
    assert_refused(&network, &good, "layer 1 is of kind 4");
    layers[0].kind = LAYER_DENSE;
    layers[1].input.channels = 17;
    assert_refused(&network, &good, "17 inputs");
    layers[1].input.channels = 16;
    layers[1].output.height = 0;
    assert_refused(&network, &good, "no outputs");
}

/* A 5 x 4 image of two channels: a convolution that keeps its size, then pooling by 2. */
static void test_windows_that_do_not_fit_are_refused(void **state)
{
    const struct engine_options good = {.max_batch = 1, .threads = 1};
    struct layer layers[] = {
        {.kind = LAYER_CONVOLUTION,
         .input = {2, 5, 4},
         .output = {3, 5, 4},
         .kernel_height = 3,
         .kernel_width = 2,
         .padding_height = 1,
         .stride_height = 1,
         .stride_width = 1},
        {.kind = LAYER_MAX_POOLING,
         .input = {3, 5, 4},
         .output = {3, 2, 2},
         .kernel_height = 2,
         .kernel_width = 2,
         .stride_height = 2,
         .stride_width = 2},
        {.kind = LAYER_DENSE, .input = {12, 1, 1}, .output = {2, 1, 1}},
    };
    const struct network network = {3, layers, HEAD_SOFTMAX_CROSS_ENTROPY, NULL};
    const struct layer convolution = layers[0], pooling = layers[1];
    struct message why = {""};

    (void)state;
    assert_int_equal(check_network(&network, &good, &why), 1);
    assert_int_equal(network_parameters(&network), 3 * (2 * 6 + 1) + 2 * 13);

    layers[1].input = (struct shape){3, 4, 5}; /* as many values */
    assert_refused(&network, &good, "layer 2 takes 3 x 4 x 5, the layer before it makes 3 x 5 x 4");
    layers[1] = pooling;

    layers[0].stride_width = 2;
    assert_refused(&network, &good, "layer 1: a 3 x 2 convolution");
    layers[0] = convolution;
    layers[0].padding_height = 3; /* a row of the output would see nothing but zeros */
    assert_refused(&network, &good, "layer 1: a 3 x 2 convolution");
    layers[0] = convolution;
    layers[0].output.width = 6;
    assert_refused(&network, &good, "5 x 4 to 5 x 6");
    layers[0] = convolution;
    layers[1].stride_height = 0;
    assert_refused(&network, &good, "layer 2: pooling 2 x 2");
    layers[1] = pooling;
    layers[1].output.height = 3; /* the odd row left over is no window */
    assert_refused(&network, &good, "3 x 5 x 4 to 3 x 3 x 2");
    layers[1] = pooling;
    layers[1].activation = ACTIVATION_RELU;
    assert_refused(&network, &good, "pools and has activation 1");
}

static void test_precision_and_variant_are_refused_by_name(void **state)
{
    struct engine_options options = {.precision = PRECISION_DOUBLE, .variant = "fast"};
    struct message why;

    (void)state;
    assert_int_equal(check_single(&options, &why), 0);
    assert_non_null(strstr(why.text, "single precision"));
    assert_int_equal(check_no_variant(&options, &why), 0);
    assert_non_null(strstr(why.text, "`fast`"));
    options = (struct engine_options){.precision = PRECISION_SINGLE, .variant = NULL};
    assert_int_equal(check_single(&options, &why), 1);
    assert_int_equal(check_no_variant(&options, &why), 1);
    options.variant = "";
    assert_int_equal(check_no_variant(&options, &why), 1);
}

static void test_a_long_message_is_cut(void **state)
{
    struct message message;
    char text[600];

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(message_set(&message, "%s", text), -1);
    assert_int_equal(strlen(message.text), sizeof message.text - 1);
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

static void test_memory_is_aligned_zero_and_checked(void **state)
{
    static const size_t sizes[] = {0, 1, 64, 100, MEMORY_LARGE - 1, MEMORY_LARGE, 3000000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        /* What was used before must not shine through. */
        unsigned char *dirty = memory_take(sizes[i]), *memory;
        size_t alignment = sizes[i] < MEMORY_LARGE ? MEMORY_LINE : MEMORY_HUGE_PAGE;

        assert_non_null(dirty);
        memset(dirty, 0xff, sizes[i]);
        free(dirty);
        memory = memory_take(sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignment, 0);
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(memory[b], 0);
        free(memory);
    }
    assert_null(memory_take(SIZE_MAX));
    assert_null(memory_take(SIZE_MAX / 2));
    assert_null(memory_take_floats(SIZE_MAX / 4 + 2)); /* wraps to 4 bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_comparison_itself_refuses_what_is_wrong),
        cmocka_unit_test(test_exponential_agrees_with_the_c_library),
        cmocka_unit_test(test_exponential_has_defined_ends),
        cmocka_unit_test(test_tanh_and_logistic_agree_with_the_c_library),
        cmocka_unit_test(test_activations_keep_not_a_number),
        cmocka_unit_test(test_relu_is_zero_below_zero_and_has_derivative_zero_at_zero),
        cmocka_unit_test(test_derivatives_are_taken_from_the_output),
        cmocka_unit_test(test_biases_are_added_to_every_row_before_the_activation),
        cmocka_unit_test(test_bytes_are_gathered_by_row_in_any_order),
        cmocka_unit_test(test_floats_are_gathered_with_and_without_rows),
        cmocka_unit_test(test_columns_are_summed_over_or_onto_what_is_there),
        cmocka_unit_test(test_equal_logits_lose_the_logarithm_of_the_classes),
        cmocka_unit_test(test_softmax_has_known_answers),
        cmocka_unit_test(test_huge_logits_stay_finite),
        cmocka_unit_test(test_a_single_class_loses_nothing),
        cmocka_unit_test(test_not_a_number_spreads_and_is_an_error),
        cmocka_unit_test(test_the_first_of_equal_outputs_counts),
        cmocka_unit_test(test_heads_weight_examples_by_their_place_in_the_batch),
        cmocka_unit_test(test_mean_squared_error_has_known_answers),
        cmocka_unit_test(test_networks_and_options_out_of_range_are_refused),
        cmocka_unit_test(test_windows_that_do_not_fit_are_refused),
        cmocka_unit_test(test_precision_and_variant_are_refused_by_name),
        cmocka_unit_test(test_a_long_message_is_cut),
        cmocka_unit_test(test_memory_is_aligned_zero_and_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
