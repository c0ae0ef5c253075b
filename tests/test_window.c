/* Images as columns, and pooling, against their definitions. */
#include "window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES_MAX = 4096 };

static float ramp[VALUES_MAX];

/* Values that are all different and in no order. */
static const float *some_values(int count)
{
    for (int i = 0; i < count; i++)
        ramp[i] = (float)((i * 37) % 101) / 10 - 5;
    return ramp;
}

static const struct layer convolutions[] = {
    {.input = {2, 5, 4},
     .output = {1, 5, 4},
     .kernel_height = 3,
     .kernel_width = 3,
     .padding_height = 1,
     .padding_width = 1},
    {.input = {1, 4, 6}, .output = {1, 3, 4}, .kernel_height = 2, .kernel_width = 3},
    {.input = {3, 2, 3},
     .output = {1, 2, 3},
     .kernel_height = 5,
     .kernel_width = 5,
     .padding_height = 2,
     .padding_width = 2},
    {.input = {1, 3, 3},
     .output = {1, 4, 5},
     .kernel_height = 2,
     .kernel_width = 4,
     .padding_height = 1,
     .padding_width = 3},
    {.input = {2, 3, 3}, .output = {1, 1, 1}, .kernel_height = 3, .kernel_width = 3},
};
enum { CONVOLUTIONS = sizeof convolutions / sizeof *convolutions };

/* x[c][y][v], 0 outside. */
static float pixel(struct shape shape, const float *x, int c, int y, int v)
{
    if (y < 0 || y >= shape.height || v < 0 || v >= shape.width)
        return 0;
    return x[(c * shape.height + y) * shape.width + v];
}

static int columns_of(const struct layer *layer)
{
    return layer->output.height * layer->output.width;
}

static int rows_of(const struct layer *layer)
{
    return layer->input.channels * layer->kernel_height * layer->kernel_width;
}

static void columns_are_what_the_kernel_meets(void **state)
{
    static float columns[VALUES_MAX];

    (void)state;
    for (int n = 0; n < CONVOLUTIONS; n++) {
        const struct layer *l = &convolutions[n];
        const float *x = some_values((int)shape_size(l->input)), *at = columns;

        for (int i = 0; i < VALUES_MAX; i++)
            columns[i] = NAN;
        image_to_columns(l, x, columns);
        for (int c = 0; c < l->input.channels; c++)
            for (int i = 0; i < l->kernel_height; i++)
                for (int j = 0; j < l->kernel_width; j++)
                    for (int y = 0; y < l->output.height; y++)
                        for (int v = 0; v < l->output.width; v++)
                            assert_true(*at++ == pixel(l->input, x, c, y + i - l->padding_height,
                                                       v + j - l->padding_width));
        assert_true(isnan(*at)); /* and no more */
    }
}

/* <columns(x), y> = <x, image(y)> for any x and y: one is the transpose of the other. */
static void back_to_the_image_is_the_transpose(void **state)
{
    static float columns[VALUES_MAX], image[VALUES_MAX], y[VALUES_MAX];

    (void)state;
    for (int n = 0; n < CONVOLUTIONS; n++) {
        const struct layer *l = &convolutions[n];
        int inputs = (int)shape_size(l->input), count = rows_of(l) * columns_of(l);
        const float *x = some_values(inputs);
        double left = 0, right = 0;

        for (int i = 0; i < count; i++)
            y[i] = (float)((i * 53) % 89) / 8 - 5;
        for (int i = 0; i < inputs; i++)
            image[i] = NAN;
        image_to_columns(l, x, columns);
        columns_to_image(l, y, image);
        for (int i = 0; i < count; i++)
            left += (double)columns[i] * (double)y[i];
        for (int i = 0; i < inputs; i++)
            right += (double)x[i] * (double)image[i];
        assert_true(fabs(left - right) <= 1e-4 * fabs(left));
    }
}

static void only_kernels_of_one_leave_the_image_as_it_is(void **state)
{
    const struct layer one = {
        .input = {3, 4, 5}, .output = {2, 4, 5}, .kernel_height = 1, .kernel_width = 1};
    static float columns[VALUES_MAX];

    (void)state;
    assert_true(columns_are_image(&one));
    image_to_columns(&one, some_values(60), columns);
    assert_memory_equal(columns, ramp, 60 * sizeof *ramp);
    for (int n = 0; n < CONVOLUTIONS; n++)
        assert_false(columns_are_image(&convolutions[n]));
}

/* ---- Pooling ----------------------------------------------------------------------------------
 */

static const struct layer pool = {.input = {1, 3, 5},
                                  .output = {1, 1, 2},
                                  .kernel_height = 2,
                                  .kernel_width = 2,
                                  .stride_height = 2,
                                  .stride_width = 3};

static void pooling_takes_the_largest_and_skips_the_rest(void **state)
{
    const float x[] = {1, 2, 99, 4, 5, 3, 0, 99, -1, 6, 99, 99, 99, 99, 99};
    float a[2];

    (void)state;
    pool_largest(&pool, x, a);
    assert_true(a[0] == 3 && a[1] == 6);
}

static void its_gradient_goes_where_the_largest_was(void **state)
{
    const float x[] = {1, 2, 99, 4, 5, 3, 0, 99, -1, 6, 99, 99, 99, 99, 99}, delta[] = {10, 20};
    float dx[15];

    (void)state;
    for (int i = 0; i < 15; i++)
        dx[i] = NAN;
    pool_gradient(&pool, delta, x, dx);
    for (int i = 0; i < 15; i++)
        assert_true(dx[i] == (i == 5 ? 10 : i == 9 ? 20 : 0));
}

static void of_equals_the_first_row_by_row_counts(void **state)
{
    const float x[15] = {0}, delta[] = {10, 20};
    float dx[15];

    (void)state;
    pool_gradient(&pool, delta, x, dx);
    for (int i = 0; i < 15; i++)
        assert_true(dx[i] == (i == 0 ? 10 : i == 3 ? 20 : 0));
}

static void overlapping_windows_add_up(void **state)
{
    const struct layer overlapping = {.input = {1, 1, 4},
                                      .output = {1, 1, 3},
                                      .kernel_height = 1,
                                      .kernel_width = 2,
                                      .stride_height = 1,
                                      .stride_width = 1};
    const float x[] = {1, 5, 2, 3}, delta[] = {1, 10, 100};
    float dx[4];

    (void)state;
    pool_gradient(&overlapping, delta, x, dx);
    assert_true(dx[0] == 0 && dx[1] == 11 && dx[2] == 0 && dx[3] == 100);
}

/* Wherever it stands in the window: a diverged network must not look alive. */
static void not_a_number_survives(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct layer square = {.input = {1, 2, 2},
                                     .output = {1, 1, 1},
                                     .kernel_height = 2,
                                     .kernel_width = 2,
                                     .stride_height = 1,
                                     .stride_width = 1};
        float x[] = {1, 2, 3, 4}, a;

        x[i] = NAN;
        pool_largest(&square, x, &a);
        assert_true(isnan(a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_what_the_kernel_meets),
        cmocka_unit_test(back_to_the_image_is_the_transpose),
        cmocka_unit_test(only_kernels_of_one_leave_the_image_as_it_is),
        cmocka_unit_test(pooling_takes_the_largest_and_skips_the_rest),
        cmocka_unit_test(its_gradient_goes_where_the_largest_was),
        cmocka_unit_test(of_equals_the_first_row_by_row_counts),
        cmocka_unit_test(overlapping_windows_add_up),
        cmocka_unit_test(not_a_number_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
