/* Images laid out as columns, and the windows of pooling. */
#include "window.h"

#include <string.h>

/* ---- Columns ----------------------------------------------------------------------------------
 */

/* The outputs first .. past-1 along an axis read input from + output, inside the image; the others
 * read zeros. */
struct reach {
    ptrdiff_t first, past, from;
};

static struct reach reach_of(int outputs, int inputs, int offset)
{
    ptrdiff_t first = offset < 0 ? -offset : 0, past = inputs - offset;

    past = past > outputs ? outputs : past;
    past = past < first ? first : past;
    return (struct reach){first, past, offset};
}

int columns_are_image(const struct layer *layer)
{
    return layer->kernel_height == 1 && layer->kernel_width == 1;
}

/* One row of columns: the image shifted, with zeros where it has ended. */
static void shifted_image(const struct shape *in, const struct shape *out, struct reach down,
                          struct reach right, const float *x, float *row)
{
    size_t width = (size_t)out->width, inside = (size_t)(right.past - right.first);

    for (ptrdiff_t y = 0; y < out->height; y++, row += width) {
        if (y < down.first || y >= down.past) {
            memset(row, 0, width * sizeof *row);
            continue;
        }
        memset(row, 0, (size_t)right.first * sizeof *row);
        memcpy(row + right.first, x + (down.from + y) * in->width + right.from + right.first,
               inside * sizeof *row);
        memset(row + right.past, 0, (width - (size_t)right.past) * sizeof *row);
    }
}

static void add_shifted(const struct shape *in, const struct shape *out, struct reach down,
                        struct reach right, const float *row, float *x)
{
    for (ptrdiff_t y = down.first; y < down.past; y++)
        for (ptrdiff_t v = right.first; v < right.past; v++)
            x[(down.from + y) * in->width + right.from + v] += row[y * out->width + v];
}

void image_to_columns(const struct layer *layer, const float *x, float *columns)
{
    const struct shape *in = &layer->input, *out = &layer->output;
    size_t image = (size_t)in->height * (size_t)in->width;
    size_t places = (size_t)out->height * (size_t)out->width;

    for (int c = 0; c < in->channels; c++, x += image)
        for (int i = 0; i < layer->kernel_height; i++)
            for (int j = 0; j < layer->kernel_width; j++, columns += places)
                shifted_image(in, out, reach_of(out->height, in->height, i - layer->padding_height),
                              reach_of(out->width, in->width, j - layer->padding_width), x,
                              columns);
}

void columns_to_image(const struct layer *layer, const float *columns, float *x)
{
    const struct shape *in = &layer->input, *out = &layer->output;
    size_t image = (size_t)in->height * (size_t)in->width;
    size_t places = (size_t)out->height * (size_t)out->width;

    memset(x, 0, shape_size(*in) * sizeof *x);
    for (int c = 0; c < in->channels; c++, x += image)
        for (int i = 0; i < layer->kernel_height; i++)
            for (int j = 0; j < layer->kernel_width; j++, columns += places)
                add_shifted(in, out, reach_of(out->height, in->height, i - layer->padding_height),
                            reach_of(out->width, in->width, j - layer->padding_width), columns, x);
}

/* ---- Pooling ----------------------------------------------------------------------------------
 */

/* 1 if a value takes the place of the largest so far: the first of equals stays, and not-a-number
 * counts as larger than any number. */
static inline int takes_over(float value, float largest)
{
    return (value > largest) | (value != value);
}

/* From the beginning of a window to its largest value. Without branches: nothing foresees them. */
static size_t largest_of_window(const struct layer *layer, const float *window)
{
    size_t width = (size_t)layer->input.width, best = 0;
    float largest = window[0];

    for (int i = 0; i < layer->kernel_height; i++)
        for (int j = 0; j < layer->kernel_width; j++) {
            size_t at = (size_t)i * width + (size_t)j;
            float value = window[at];
            int better = takes_over(value, largest);

            best = better ? at : best;
            largest = better ? value : largest;
        }
    return best;
}

/* The largest of each pair of columns of two rows, and which of the four values it is. */
static inline float largest_of_four(const float *upper, const float *lower, int *which)
{
    float largest = upper[0];

    *which = 0;
    if (takes_over(upper[1], largest)) {
        largest = upper[1];
        *which = 1;
    }
    if (takes_over(lower[0], largest)) {
        largest = lower[0];
        *which = 2;
    }
    if (takes_over(lower[1], largest)) {
        largest = lower[1];
        *which = 3;
    }
    return largest;
}

/* Rows of windows of 2 x 2 with stride 2, which the compiler turns into vectors. */
static void pool_pairs(const float *restrict upper, const float *restrict lower, int count,
                       float *restrict a)
{
    for (int v = 0; v < count; v++) {
        int which;

        a[v] = largest_of_four(upper + 2 * v, lower + 2 * v, &which);
    }
}

static void return_pairs(const float *restrict upper, const float *restrict lower, int count,
                         const float *restrict delta, float *restrict upper_back,
                         float *restrict lower_back)
{
    for (int v = 0; v < count; v++) {
        int which;

        largest_of_four(upper + 2 * v, lower + 2 * v, &which);
        upper_back[2 * v] = which == 0 ? delta[v] : 0;
        upper_back[2 * v + 1] = which == 1 ? delta[v] : 0;
        lower_back[2 * v] = which == 2 ? delta[v] : 0;
        lower_back[2 * v + 1] = which == 3 ? delta[v] : 0;
    }
}

static int pools_pairs(const struct layer *layer)
{
    return layer->kernel_height == 2 && layer->kernel_width == 2 && layer->stride_height == 2 &&
           layer->stride_width == 2;
}

void pool_largest(const struct layer *layer, const float *x, float *a)
{
    size_t width = (size_t)layer->input.width, image = (size_t)layer->input.height * width;
    int count = layer->output.width;

    for (int c = 0; c < layer->output.channels; c++, x += image)
        for (int y = 0; y < layer->output.height; y++, a += count) {
            const float *rows = x + (size_t)(y * layer->stride_height) * width;

            if (pools_pairs(layer))
                pool_pairs(rows, rows + width, count, a);
            for (int v = 0; v < count && !pools_pairs(layer); v++) {
                const float *window = rows + v * layer->stride_width;

                a[v] = window[largest_of_window(layer, window)];
            }
        }
}

void pool_gradient(const struct layer *layer, const float *delta, const float *x, float *dx)
{
    size_t width = (size_t)layer->input.width, image = (size_t)layer->input.height * width;
    int count = layer->output.width;

    memset(dx, 0, shape_size(layer->input) * sizeof *dx);
    for (int c = 0; c < layer->output.channels; c++, x += image, dx += image)
        for (int y = 0; y < layer->output.height; y++, delta += count) {
            size_t rows = (size_t)(y * layer->stride_height) * width;

            if (pools_pairs(layer))
                return_pairs(x + rows, x + rows + width, count, delta, dx + rows,
                             dx + rows + width);
            for (int v = 0; v < count && !pools_pairs(layer); v++) {
                size_t window = rows + (size_t)(v * layer->stride_width);

                dx[window + largest_of_window(layer, x + window)] += delta[v];
            }
        }
}
