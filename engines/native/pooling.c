/* Max pooling 2 x 2 with stride 2, four windows at a time; other windows are window.c's. */
#include "native/images.h"
#include "native/parts.h"

#include "window.h"

typedef int mask __attribute__((vector_size(16)));

static const quad_index even = {0, 2, 4, 6}, odd = {1, 3, 5, 7};

/* The values of four windows: corners[0] the upper left ones, [1] upper right, then the lower. */
INLINE void load_windows(const float *upper, const float *lower, quad corners[4])
{
    quad a = *(const loose_quad *)upper, b = *(const loose_quad *)(upper + 4);
    quad c = *(const loose_quad *)lower, d = *(const loose_quad *)(lower + 4);

    corners[0] = __builtin_shuffle(a, b, even);
    corners[1] = __builtin_shuffle(a, b, odd);
    corners[2] = __builtin_shuffle(c, d, even);
    corners[3] = __builtin_shuffle(c, d, odd);
}

/* The largest corner's value, and which it is: the first of equals; not-a-number counts as larger
 * than any number. */
INLINE quad largest_corner(const quad corners[4], quad_index *which)
{
    quad best = corners[0];

    *which = (quad_index){0};
    UNROLL for (int k = 1; k < 4; k++)
    {
        mask better = (corners[k] > best) | (corners[k] != corners[k]);

        best = (quad)(((mask)corners[k] & better) | ((mask)best & ~better));
        *which = (*which & ~better) | (k & better);
    }
    return best;
}

static int pools_two_by_two(const struct layer *l)
{
    enum { WINDOWS = 4 };

    return l->kernel_height == 2 && l->kernel_width == 2 && l->stride_height == 2 &&
           l->stride_width == 2 && l->output.width >= WINDOWS;
}

/* The last four windows of a row may overlap the four before: they come out the same. */
static int next_windows(int v, int width)
{
    return v + 4 < width && v + 8 > width ? width - 4 : v + 4;
}

void NATIVE(pool_forward)(const struct layer *l, int rows, const float *x, float *a)
{
    const int width = l->output.width, from_width = l->input.width;
    const size_t image = (size_t)l->input.height * (size_t)from_width;

    for (int r = 0; r < rows && !pools_two_by_two(l); r++)
        pool_largest(l, x + (size_t)r * shape_size(l->input),
                     a + (size_t)r * shape_size(l->output));
    for (int n = 0; n < rows * l->output.channels && pools_two_by_two(l); n++, x += image)
        for (int y = 0; y < l->output.height; y++, a += width)
            for (int v = 0; v < width; v = next_windows(v, width)) {
                const float *upper = x + 2 * y * from_width + 2 * v;
                quad_index which;
                quad corners[4];

                load_windows(upper, upper + from_width, corners);
                *(loose_quad *)(a + v) = largest_corner(corners, &which);
            }
}

void NATIVE(pool_gradient)(const struct layer *l, int rows, const float *delta, const float *x,
                           float *dx)
{
    const quad_index low = {0, 4, 1, 5}, high = {2, 6, 3, 7};
    const int width = l->output.width, from_width = l->input.width;
    const size_t image = (size_t)l->input.height * (size_t)from_width;

    for (int r = 0; r < rows && !pools_two_by_two(l); r++)
        pool_gradient(l, delta + (size_t)r * shape_size(l->output),
                      x + (size_t)r * shape_size(l->input), dx + (size_t)r * shape_size(l->input));
    if (!pools_two_by_two(l))
        return;
    memset(dx, 0, (size_t)rows * shape_size(l->input) * sizeof *dx);
    for (int n = 0; n < rows * l->output.channels; n++, x += image, dx += image)
        for (int y = 0; y < l->output.height; y++, delta += width)
            for (int v = 0; v < width; v = next_windows(v, width)) {
                const int at = 2 * y * from_width + 2 * v;
                quad slope = *(const loose_quad *)(delta + v), corners[4], back[4];
                quad_index which;

                load_windows(x + at, x + at + from_width, corners);
                largest_corner(corners, &which);
                UNROLL for (int k = 0; k < 4; k++) back[k] = (quad)((mask)slope & (which == k));
                *(loose_quad *)(dx + at) = __builtin_shuffle(back[0], back[1], low);
                *(loose_quad *)(dx + at + 4) = __builtin_shuffle(back[0], back[1], high);
                *(loose_quad *)(dx + at + from_width) = __builtin_shuffle(back[2], back[3], low);
                *(loose_quad *)(dx + at + from_width + 4) =
                    __builtin_shuffle(back[2], back[3], high);
            }
}
