/* Max pooling of many examples, a group of them (groups.h) at a time. */
#include "native/groups.h"
#include "native/parts.h"

/* A layer's windows in one group. */
struct windows {
    const struct layer *layer;
    int row; /* floats of a row of the input */
};

/* The largest value of the window at x, and which it is: the first of equals; not-a-number counts
 * as larger than any number. */
INLINE vector largest(const int height, const int width, int row, const float *x,
                      vector_index *which)
{
    vector best = load(x);

    *which = (vector_index){0};
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++) {
            vector value = load(x + i * row + j * LANES);
            vector_index better = (value > best) | (value != value);

            best = (vector)(((vector_index)value & better) | ((vector_index)best & ~better));
            *which = (*which & ~better) | ((i * width + j) & better);
        }
    return best;
}

INLINE void pool_windows(const int height, const int width, const struct layer *l, const float *x,
                         float *a)
{
    const int row = l->input.width * LANES;

    for (int c = 0; c < l->output.channels; c++, x += l->input.height * row)
        for (int y = 0; y < l->output.height; y++)
            for (int v = 0; v < l->output.width; v++, a += LANES) {
                vector_index which;

                store(a, largest(height, width, row,
                                 x + y * l->stride_height * row + v * l->stride_width * LANES,
                                 &which));
            }
}

INLINE void return_windows(const int height, const int width, const struct layer *l,
                           const float *delta, const float *x, float *dx)
{
    const int row = l->input.width * LANES;

    for (int c = 0; c < l->output.channels;
         c++, x += l->input.height * row, dx += l->input.height * row)
        for (int y = 0; y < l->output.height; y++)
            for (int v = 0; v < l->output.width; v++, delta += LANES) {
                const int at = y * l->stride_height * row + v * l->stride_width * LANES;
                vector slope = load(delta);
                vector_index which;

                largest(height, width, row, x + at, &which);
                for (int i = 0; i < height; i++)
                    for (int j = 0; j < width; j++) {
                        float *to = dx + at + i * row + j * LANES;

                        store(to,
                              load(to) + (vector)((vector_index)slope & (which == i * width + j)));
                    }
            }
}

static int two_by_two(const struct layer *l)
{
    return l->kernel_height == 2 && l->kernel_width == 2;
}

void NATIVE(group_pool_forward)(const struct native_images *images, int rows, const float *x,
                                float *a, float *scratch)
{
    const struct layer *l = &images->layer;
    const struct examples in = {shape_size(l->input), images->reads_groups};
    const struct examples out = {shape_size(l->output), images->writes_groups};
    float *x_space = scratch, *a_space = x_space + in.values * LANES;

    for (int first = 0; first < rows; first += LANES) {
        const float *group = NATIVE(take_group)(&in, x, first, rows, x_space);
        float *to = out.grouped ? a + (size_t)first * out.values : a_space;

        if (two_by_two(l))
            pool_windows(2, 2, l, group, to);
        else
            pool_windows(l->kernel_height, l->kernel_width, l, group, to);
        NATIVE(give_group)(&out, a_space, first, rows, a);
    }
}

void NATIVE(group_pool_gradient)(const struct native_images *images, int rows, const float *delta,
                                 const float *x, float *dx, float *scratch)
{
    const struct layer *l = &images->layer;
    const struct examples in = {shape_size(l->input), images->reads_groups};
    const struct examples out = {shape_size(l->output), images->writes_groups};
    float *delta_space = scratch, *x_space = delta_space + out.values * LANES;
    float *dx_space = x_space + in.values * LANES;

    for (int first = 0; first < rows; first += LANES) {
        const float *slopes = NATIVE(take_group)(&out, delta, first, rows, delta_space);
        const float *group = NATIVE(take_group)(&in, x, first, rows, x_space);
        float *to = in.grouped ? dx + (size_t)first * in.values : dx_space;

        memset(to, 0, in.values * LANES * sizeof *to);
        if (two_by_two(l))
            return_windows(2, 2, l, slopes, group, to);
        else
            return_windows(l->kernel_height, l->kernel_width, l, slopes, group, to);
        NATIVE(give_group)(&in, dx_space, first, rows, dx);
    }
}
