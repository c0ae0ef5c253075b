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

/* Where in x the largest value of window (y, v) of a channel stands, from the channel's beginning.
 */
static size_t largest_of_window(const struct layer *layer, const float *channel, int y, int v)
{
    size_t width = (size_t)layer->input.width;
    size_t corner = (size_t)(y * layer->stride_height) * width + (size_t)(v * layer->stride_width);
    size_t best = corner;

    for (size_t i = 0; i < (size_t)layer->kernel_height; i++)
        for (size_t j = 0; j < (size_t)layer->kernel_width; j++) {
            float value = channel[corner + i * width + j];

            if (value > channel[best] || value != value)
                best = corner + i * width + j;
        }
    return best;
}

void pool_largest(const struct layer *layer, const float *x, float *a)
{
    size_t image = (size_t)layer->input.height * (size_t)layer->input.width;

    for (int c = 0; c < layer->output.channels; c++, x += image)
        for (int y = 0; y < layer->output.height; y++)
            for (int v = 0; v < layer->output.width; v++)
                *a++ = x[largest_of_window(layer, x, y, v)];
}

void pool_gradient(const struct layer *layer, const float *delta, const float *x, float *dx)
{
    size_t image = (size_t)layer->input.height * (size_t)layer->input.width;

    memset(dx, 0, shape_size(layer->input) * sizeof *dx);
    for (int c = 0; c < layer->output.channels; c++, x += image, dx += image)
        for (int y = 0; y < layer->output.height; y++)
            for (int v = 0; v < layer->output.width; v++)
                dx[largest_of_window(layer, x, y, v)] += *delta++;
}
