/* The kernels of the engine `native`, for each width of vectors that this processor has, against
 * plain loops in double precision on sizes that fill no vector, no tile and no panel. */
#include "elementwise.h"
#include "native/kernels.h"
#include "window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const names[] = {"baseline", "avx2", "avx512"};

/* Of this name, NULL if the processor lacks it. */
static const struct native_kernels *kernels_of(const char *name)
{
    struct message why;

    return native_kernels(name, &why);
}

/* ---- Arrays between words that nobody may touch -------------------------------------------------
 */

enum { GUARD = 40 };
static const float guard_value = 12345.0f;

/* One float past alignment, so that no kernel relies on it. */
static float *guarded(int count)
{
    float *memory = aligned_alloc(64, ((size_t)count + 2 * GUARD + 16) / 16 * 64);

    assert_non_null(memory);
    for (int i = 0; i < count + 2 * GUARD; i++)
        memory[i] = guard_value;
    return memory + GUARD + 1;
}

static void release(float *values, int count)
{
    float *memory = values - GUARD - 1;

    for (int i = 0; i <= GUARD; i++)
        assert_true(memory[i] == guard_value);
    for (int i = count; i < count + GUARD - 1; i++)
        assert_true(values[i] == guard_value);
    free(memory);
}

static uint32_t state_of_numbers = 1;

static float number(void)
{
    state_of_numbers = state_of_numbers * 1664525u + 1013904223u;
    return (float)(int32_t)state_of_numbers / 2147483648.0f;
}

static float *numbers(int count)
{
    float *values = guarded(count);

    for (int i = 0; i < count; i++)
        values[i] = number();
    return values;
}

/* A sum of n products of numbers up to 1. Written so that not-a-number fails. */
static void assert_sum(float actual, double expected, int n)
{
    if (!(fabs((double)actual - expected) <= 4 * 6e-8 * (n + 8)))
        fail_msg("%.9g is not %.9g", (double)actual, expected);
}

/* ---- Layers of several examples -----------------------------------------------------------------
 */

struct sizes {
    int rows, inputs, outputs;
};

static const struct sizes sizes[] = {
    {2, 1, 1},     {3, 7, 5},     {2, 8, 10},   {5, 16, 4},    {7, 17, 13},   {8, 33, 12},
    {9, 48, 6},    {17, 100, 10}, {31, 15, 33}, {65, 64, 16},  {66, 84, 48},  {70, 31, 17},
    {130, 65, 64}, {129, 40, 3},  {257, 20, 9}, {300, 32, 40}, {1500, 24, 7}, {67, 1100, 32},
};

static void check_forward(const struct native_kernels *kernels, struct sizes s)
{
    float *x = numbers(s.rows * s.inputs), *w = numbers(s.outputs * s.inputs);
    float *z = guarded(s.rows * s.outputs), *first = malloc((size_t)(s.rows * s.outputs) * 4);
    float *scratch = malloc(native_scratch(kernels, s.rows, s.outputs) * sizeof *scratch);

    for (int fetch = NATIVE_FETCH_NOTHING; fetch <= NATIVE_FETCH_NEXT; fetch++) {
        kernels->forward(s.rows, s.inputs, s.outputs, x, (enum native_fetch)fetch, w, z, scratch);
        if (fetch == NATIVE_FETCH_NOTHING)
            memcpy(first, z, (size_t)(s.rows * s.outputs) * sizeof *z);
        assert_memory_equal(first, z, (size_t)(s.rows * s.outputs) * sizeof *z);
    }
    for (int r = 0; r < s.rows; r++)
        for (int o = 0; o < s.outputs; o++) {
            double sum = 0;

            for (int i = 0; i < s.inputs; i++)
                sum += (double)x[r * s.inputs + i] * (double)w[o * s.inputs + i];
            assert_sum(z[r * s.outputs + o], sum, s.inputs);
        }
    release(x, s.rows * s.inputs);
    release(w, s.outputs * s.inputs);
    release(z, s.rows * s.outputs);
    free(first);
    free(scratch);
}

static void check_weight_gradient(const struct native_kernels *kernels, struct sizes s,
                                  int accumulate)
{
    float *x = numbers(s.rows * s.inputs), *delta = numbers(s.rows * s.outputs);
    float *gradient = numbers(s.outputs * s.inputs);
    float *before = malloc((size_t)(s.outputs * s.inputs) * sizeof *before);
    float *scratch = malloc(native_scratch(kernels, s.rows, s.outputs) * sizeof *scratch);

    memcpy(before, gradient, (size_t)(s.outputs * s.inputs) * sizeof *before);
    kernels->weight_gradient(s.rows, s.inputs, s.outputs, delta, x,
                             accumulate ? NATIVE_FETCH_NEXT : NATIVE_FETCH_NOTHING, accumulate,
                             gradient, scratch);
    for (int o = 0; o < s.outputs; o++)
        for (int i = 0; i < s.inputs; i++) {
            double sum = accumulate ? (double)before[o * s.inputs + i] : 0;

            for (int r = 0; r < s.rows; r++)
                sum += (double)delta[r * s.outputs + o] * (double)x[r * s.inputs + i];
            assert_sum(gradient[o * s.inputs + i], sum, s.rows);
        }
    release(x, s.rows * s.inputs);
    release(delta, s.rows * s.outputs);
    release(gradient, s.outputs * s.inputs);
    free(before);
    free(scratch);
}

static void check_input_gradient(const struct native_kernels *kernels, struct sizes s)
{
    float *delta = numbers(s.rows * s.outputs), *w = numbers(s.outputs * s.inputs);
    float *dx = guarded(s.rows * s.inputs);
    float *scratch = malloc(native_scratch(kernels, s.rows, s.outputs) * sizeof *scratch);

    kernels->input_gradient(s.rows, s.inputs, s.outputs, delta, w, dx, scratch);
    for (int r = 0; r < s.rows; r++)
        for (int i = 0; i < s.inputs; i++) {
            double sum = 0;

            for (int o = 0; o < s.outputs; o++)
                sum += (double)delta[r * s.outputs + o] * (double)w[o * s.inputs + i];
            assert_sum(dx[r * s.inputs + i], sum, s.outputs);
        }
    release(delta, s.rows * s.outputs);
    release(w, s.outputs * s.inputs);
    release(dx, s.rows * s.inputs);
    free(scratch);
}

static void products_agree_with_plain_loops(void **state)
{
    (void)state;
    for (int n = 0; n < COUNT(names); n++)
        for (int i = 0; kernels_of(names[n]) && i < COUNT(sizes); i++) {
            check_forward(kernels_of(names[n]), sizes[i]);
            check_weight_gradient(kernels_of(names[n]), sizes[i], 0);
            check_weight_gradient(kernels_of(names[n]), sizes[i], 1);
            check_input_gradient(kernels_of(names[n]), sizes[i]);
        }
}

/* ---- One example --------------------------------------------------------------------------------
 */

static void one_example_goes_forward_with_its_biases(void **state)
{
    (void)state;
    for (int n = 0; n < COUNT(names); n++)
        for (int inputs = 1; kernels_of(names[n]) && inputs < 70; inputs += 7)
            for (int outputs = 1; outputs < 24; outputs++) {
                float *x = numbers(inputs), *w = numbers(outputs * inputs), *b = numbers(outputs);
                float *z = guarded(outputs);

                kernels_of(names[n])->forward_one(inputs, outputs, x, w, b, z);
                for (int o = 0; o < outputs; o++) {
                    double sum = (double)b[o];

                    for (int i = 0; i < inputs; i++)
                        sum += (double)w[o * inputs + i] * (double)x[i];
                    assert_sum(z[o], sum, inputs);
                }
                release(x, inputs);
                release(w, outputs * inputs);
                release(b, outputs);
                release(z, outputs);
            }
}

static void check_descent(const struct native_kernels *kernels, int inputs, int outputs,
                          int wants_dx)
{
    const float rate = 0.25f;
    float *x = numbers(inputs), *w = numbers(outputs * inputs), *delta = numbers(outputs);
    float *dx = guarded(inputs), *before = malloc((size_t)(outputs * inputs) * sizeof *before);
    int *live = calloc((size_t)outputs, sizeof *live);

    for (int o = 0; o < outputs; o++)
        if (o % 3 == 1)
            delta[o] = 0;
    memcpy(before, w, (size_t)(outputs * inputs) * sizeof *before);
    kernels->descend_one(inputs, outputs, delta, x, rate, w, wants_dx ? dx : NULL, live);
    for (int i = 0; i < inputs; i++) {
        double sum = 0;

        for (int o = 0; o < outputs; o++) {
            double old = (double)before[o * inputs + i];

            sum += (double)delta[o] * old; /* of the weights before they moved */
            if (delta[o] == 0)
                assert_memory_equal(&w[o * inputs + i], &before[o * inputs + i], sizeof *w);
            else
                assert_sum(w[o * inputs + i], old - (double)(rate * delta[o]) * (double)x[i], 1);
        }
        if (wants_dx)
            assert_sum(dx[i], sum, outputs);
        else
            assert_true(dx[i] == guard_value);
    }
    release(x, inputs);
    release(w, outputs * inputs);
    release(delta, outputs);
    release(dx, inputs);
    free(before);
    free(live);
}

static void one_example_descends_and_hands_back(void **state)
{
    (void)state;
    for (int n = 0; n < COUNT(names); n++)
        for (int inputs = 1; kernels_of(names[n]) && inputs < 70; inputs += 7)
            for (int outputs = 1; outputs < 24; outputs++) {
                check_descent(kernels_of(names[n]), inputs, outputs, 0);
                check_descent(kernels_of(names[n]), inputs, outputs, 1);
            }
}

/* A row whose delta is not a number is not a dead one. */
static void not_a_number_is_passed_on(void **state)
{
    (void)state;
    for (int n = 0; n < COUNT(names); n++) {
        float x[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, w[18] = {0}, dx[9], delta[2] = {NAN, 0};
        int live[2];

        if (!kernels_of(names[n]))
            continue;
        kernels_of(names[n])->descend_one(9, 2, delta, x, 1, w, dx, live);
        for (int i = 0; i < 9; i++)
            assert_true(isnan(w[i]) && w[9 + i] == 0 && isnan(dx[i]));
    }
}

/* ---- Images: against window.c, which test_window.c holds against the definitions ----------------
 */

/* Numbers of examples that make groups of every size, whole ones and others. */
static const int rows_of_images[] = {1, 2, 3, 5, 8, 11, 16, 17, 33};

static float *scratch_of(const struct native_kernels *kernels, const struct native_images *images)
{
    float *scratch = malloc(native_images_scratch(images, kernels->lanes) * sizeof *scratch);

    assert_non_null(scratch);
    return scratch;
}

static void check_pooling(const struct native_kernels *kernels, const struct layer *layer, int rows,
                          enum activation before)
{
    const struct native_images images = {*layer, 0, 0};
    const int inputs = (int)shape_size(layer->input), outputs = (int)shape_size(layer->output);
    float *x = numbers(rows * inputs), *a = guarded(rows * outputs);
    float *delta = numbers(rows * outputs), *dx = guarded(rows * inputs);
    float *expected = malloc((size_t)(inputs + outputs) * sizeof *expected);
    float *scratch = scratch_of(kernels, &images);

    for (int i = 0; i < rows * inputs; i++) /* many ties, and a few that are not numbers */
        x[i] = i % 23 == 5 ? NAN : (float)(int)(3 * x[i]);
    kernels->pool_forward(&images, rows, x, a, scratch);
    kernels->pool_gradient(&images, rows, delta, x, before, dx, scratch);
    for (int r = 0; r < rows; r++) {
        pool_largest(layer, x + r * inputs, expected);
        assert_memory_equal(a + r * outputs, expected, (size_t)outputs * sizeof *a);
        pool_gradient(layer, delta + r * outputs, x + r * inputs, expected);
        multiply_by_derivative(expected, x + r * inputs, (size_t)inputs, before);
        for (int i = 0; i < inputs; i++)
            assert_true(!(fabsf(dx[r * inputs + i] - expected[i]) > 1e-6f));
    }
    release(x, rows * inputs);
    release(a, rows * outputs);
    release(delta, rows * outputs);
    release(dx, rows * inputs);
    free(expected);
    free(scratch);
}

static void windows_of_groups_of_any_size_are_pooled(void **state)
{
    (void)state;
    for (int n = 0; n < COUNT(names); n++)
        for (int k = 0; kernels_of(names[n]) && k < COUNT(rows_of_images); k++)
            for (int width = 2; width < 40; width += width < 12 ? 1 : 9) {
                const struct layer pairs = {.kind = LAYER_MAX_POOLING,
                                            .input = {2, width % 2 + 4, width},
                                            .output = {2, 2, width / 2},
                                            .kernel_height = 2,
                                            .kernel_width = 2,
                                            .stride_height = 2,
                                            .stride_width = 2};
                const struct layer overlapping = {.kind = LAYER_MAX_POOLING,
                                                  .input = {3, 5, width},
                                                  .output = {3, 2, width - 1},
                                                  .kernel_height = 3,
                                                  .kernel_width = 2,
                                                  .stride_height = 2,
                                                  .stride_width = 1};

                for (int f = ACTIVATION_IDENTITY; f <= ACTIVATION_TANH; f++) {
                    check_pooling(kernels_of(names[n]), &pairs, rows_of_images[k],
                                  (enum activation)f);
                    check_pooling(kernels_of(names[n]), &overlapping, rows_of_images[k],
                                  (enum activation)f);
                }
            }
}

/* Examples of a convolution, and what its kernels make of them. */
struct convolved {
    const struct layer *layer;
    int rows, row, places; /* weights of an output channel; places of one */
    float *x, *weights, *biases, *a, *delta, *dx, *gradient, *bias_gradient;
};

/* Sums over places and weights, from the image as columns[row][places]. */
static void check_example(const struct convolved *c, int r, const float *columns, double *sums)
{
    const int channels = c->layer->output.channels, outputs = channels * c->places;

    for (int o = 0; o < channels; o++)
        for (int q = 0; q < c->places; q++) {
            double z = (double)c->biases[o],
                   slope = (double)c->delta[r * outputs + o * c->places + q];

            for (int p = 0; p < c->row; p++) {
                z += (double)c->weights[o * c->row + p] * (double)columns[p * c->places + q];
                sums[o * c->row + p] += slope * (double)columns[p * c->places + q];
            }
            assert_sum(c->a[r * outputs + o * c->places + q],
                       c->layer->activation == ACTIVATION_RELU && z < 0 ? 0 : z, c->row);
        }
}

/* dx from what each weight sends back to each place. */
static void check_return(const struct convolved *c, int r, float *columns, float *expected)
{
    const int channels = c->layer->output.channels, outputs = channels * c->places;
    const int inputs = (int)shape_size(c->layer->input);

    for (int p = 0; p < c->row; p++)
        for (int q = 0; q < c->places; q++) {
            double sum = 0;

            for (int o = 0; o < channels; o++)
                sum += (double)c->weights[o * c->row + p] *
                       (double)c->delta[r * outputs + o * c->places + q];
            columns[p * c->places + q] = (float)sum;
        }
    columns_to_image(c->layer, columns, expected);
    for (int i = 0; i < inputs; i++)
        assert_sum(c->dx[r * inputs + i], (double)expected[i], 4 * c->row);
}

static void check_gradient(const struct convolved *c, const double *sums, float before)
{
    const int channels = c->layer->output.channels;

    for (int p = 0; p < channels * c->row; p++)
        assert_sum(c->gradient[p], (double)before + sums[p], 4 * c->rows * c->places);
    for (int o = 0; o < channels; o++) {
        double sum = 0;

        for (int r = 0; r < c->rows; r++)
            for (int q = 0; q < c->places; q++)
                sum += (double)c->delta[(r * channels + o) * c->places + q];
        assert_sum(c->bias_gradient[o], (double)before + sum, 4 * c->rows * c->places);
    }
}

static void check_convolution(const struct native_kernels *kernels, const struct layer *layer,
                              int rows, int accumulate)
{
    const struct native_images images = {*layer, 0, 0};
    const int inputs = (int)shape_size(layer->input), outputs = (int)shape_size(layer->output);
    const int channels = layer->output.channels, row = (int)layer_row(layer);
    struct convolved c = {layer,
                          rows,
                          row,
                          outputs / channels,
                          numbers(rows * inputs),
                          numbers(channels * row),
                          numbers(channels),
                          guarded(rows * outputs),
                          numbers(rows * outputs),
                          guarded(rows * inputs),
                          guarded(channels * row),
                          guarded(channels)};
    float *columns = malloc((size_t)(row * c.places) * sizeof *columns);
    float *expected = malloc((size_t)inputs * sizeof *expected);
    double *sums = calloc((size_t)(channels * row), sizeof *sums);
    float *scratch = scratch_of(kernels, &images);

    for (int p = 0; p < channels * row; p++)
        c.gradient[p] = 0.5f;
    for (int o = 0; o < channels; o++)
        c.bias_gradient[o] = 0.5f;
    kernels->convolution_forward(&images, rows, c.x, c.weights, c.biases, c.a, scratch);
    kernels->convolution_input_gradient(&images, rows, c.delta, c.weights, c.dx, scratch);
    kernels->convolution_weight_gradient(&images, rows, c.delta, c.x, accumulate, c.gradient,
                                         c.bias_gradient, scratch);
    for (int r = 0; r < rows; r++) {
        image_to_columns(layer, c.x + r * inputs, columns);
        check_example(&c, r, columns, sums);
        check_return(&c, r, columns, expected);
    }
    check_gradient(&c, sums, accumulate ? 0.5f : 0);
    release(c.x, rows * inputs);
    release(c.weights, channels * row);
    release(c.biases, channels);
    release(c.a, rows * outputs);
    release(c.delta, rows * outputs);
    release(c.dx, rows * inputs);
    release(c.gradient, channels * row);
    release(c.bias_gradient, channels);
    free(columns);
    free(expected);
    free(sums);
    free(scratch);
}

static void convolutions_agree_with_columns(void **state)
{
    static const struct {
        struct shape in;
        int channels, height, width, above, left, below, right; /* kernel and zeros */
    } cases[] = {
        {{1, 1, 1}, 1, 1, 1, 0, 0, 0, 0},   {{1, 9, 12}, 6, 5, 5, 2, 2, 2, 2},
        {{3, 7, 6}, 7, 3, 2, 1, 1, 0, 0},   {{2, 4, 21}, 13, 1, 4, 0, 3, 0, 2},
        {{5, 8, 5}, 4, 2, 5, 0, 0, 1, 4},   {{2, 3, 3}, 3, 3, 3, 2, 2, 2, 2},
        {{4, 6, 17}, 16, 6, 7, 0, 1, 0, 0}, {{2, 40, 9}, 5, 3, 3, 0, 0, 0, 0},
    };

    (void)state;
    for (int n = 0; n < COUNT(names); n++)
        for (int k = 0; kernels_of(names[n]) && k < COUNT(rows_of_images); k++)
            for (int i = 0; i < COUNT(cases); i++) {
                const struct shape in = cases[i].in;
                const struct layer layer = {
                    .kind = LAYER_CONVOLUTION,
                    .activation = i % 2 ? ACTIVATION_RELU : ACTIVATION_IDENTITY,
                    .input = in,
                    .output = {cases[i].channels,
                               in.height + cases[i].above + cases[i].below - cases[i].height + 1,
                               in.width + cases[i].left + cases[i].right - cases[i].width + 1},
                    .kernel_height = cases[i].height,
                    .kernel_width = cases[i].width,
                    .padding_height = cases[i].above,
                    .padding_width = cases[i].left,
                    .stride_height = 1,
                    .stride_width = 1};

                check_convolution(kernels_of(names[n]), &layer, rows_of_images[k], k % 2);
            }
}

static void groups_of_fewer_examples_fit_where_more_do(void **state)
{
    (void)state;
    for (int lanes = 4; lanes <= 16; lanes *= 2)
        for (int width = 1; width < 40; width++)
            for (int rows = 1; rows < 70; rows++) {
                const struct shape shape = {3, 2, width};
                int group = native_group(rows, lanes);
                size_t groups = (size_t)((rows + group - 1) / group);

                assert_true(native_images_size(shape, rows, lanes) >=
                            groups * native_group_size(shape, group, lanes));
                assert_true(native_images_size(shape, rows + 1, lanes) >=
                            native_images_size(shape, rows, lanes));
            }
}

/* ---- The choice ---------------------------------------------------------------------------------
 */

static void the_widest_that_runs_is_chosen(void **state)
{
    const struct native_kernels *chosen = kernels_of(""), *widest = NULL;

    (void)state;
    for (int n = 0; n < COUNT(names); n++)
        if (kernels_of(names[n]))
            widest = kernels_of(names[n]);
    assert_non_null(chosen);
    assert_ptr_equal(chosen, widest);
}

static void an_unknown_width_is_refused_by_name(void **state)
{
    struct message why = {""};

    (void)state;
    assert_null(native_kernels("mmx", &why));
    assert_non_null(strstr(why.text, "`mmx`"));
    assert_non_null(strstr(why.text, "baseline"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_agree_with_plain_loops),
        cmocka_unit_test(one_example_goes_forward_with_its_biases),
        cmocka_unit_test(one_example_descends_and_hands_back),
        cmocka_unit_test(not_a_number_is_passed_on),
        cmocka_unit_test(windows_of_groups_of_any_size_are_pooled),
        cmocka_unit_test(convolutions_agree_with_columns),
        cmocka_unit_test(groups_of_fewer_examples_fit_where_more_do),
        cmocka_unit_test(the_widest_that_runs_is_chosen),
        cmocka_unit_test(an_unknown_width_is_refused_by_name),
    };

    for (int n = 0; n < COUNT(names); n++)
        if (!kernels_of(names[n]))
            print_message("%s: not on this processor\n", names[n]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
