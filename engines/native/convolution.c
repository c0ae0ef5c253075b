/* Convolutions, one example after the other, over planes (images.h): for each panel of places the
 * kernel's weights meet vectors of pixels, in tiles of output channels times places. Rows of the
 * kernel that meet nothing but zeros there are left out. */
#include "native/images.h"
#include "native/parts.h"
#include "native/tile.h"

/* ---- Planes -----------------------------------------------------------------------------------
 */

INLINE void copy_row(float *to, const float *from, int n)
{
    int i = 0;

    for (; i + LANES <= n; i += LANES)
        store(to + i, load(from + i));
    if (i < n && n >= LANES) { /* the last vector overlaps the one before */
        store(to + n - LANES, load(from + n - LANES));
        return;
    }
    for (; i < n; i++)
        to[i] = from[i];
}

static void clear(float *planes, int count, int plane)
{
    memset(planes, 0, (size_t)count * (size_t)plane * sizeof *planes);
}

/* One example's input into planes that were cleared: their zeros stay. */
static void lay_out_pixels(const struct native_geometry *g, const float *x, float *planes)
{
    const struct layer *l = &g->layer;

    for (int c = 0; c < l->input.channels; c++, planes += g->plane) {
        float *to = planes + l->padding_height * g->width + l->padding_width;

        for (int y = 0; y < l->input.height; y++, x += l->input.width, to += g->width)
            copy_row(to, x, l->input.width);
    }
}

/* One example's deltas, likewise. */
static void lay_out_deltas(const struct native_geometry *g, const float *delta, float *planes)
{
    const struct shape *out = &g->layer.output;

    for (int o = 0; o < out->channels; o++, planes += g->delta_plane) {
        float *to = planes + g->margin;

        for (int y = 0; y < out->height; y++, delta += out->width, to += g->width)
            copy_row(to, delta, out->width);
    }
}

/* ---- Tiles of channels times places -------------------------------------------------------------
 */

/* to[channel][place of the panel] = sum over p of factors[p][channel] * from[offsets[p] + place].
 * channels is a constant wherever this is called. */
INLINE void run_places(const int channels, int depth, const float *factors, const int *offsets,
                       const float *from, float *to, size_t to_row)
{
    vector sum[TILE_ROWS][2];

    UNROLL for (int r = 0; r < channels; r++) sum[r][0] = sum[r][1] = (vector){0};
    for (int p = 0; p < depth; p++, factors += channels) {
        vector first = load(from + offsets[p]), second = load(from + offsets[p] + LANES);

        IN_REGISTER(first);
        IN_REGISTER(second);
        UNROLL for (int r = 0; r < channels; r++)
        {
            sum[r][0] += factors[r] * first;
            sum[r][1] += factors[r] * second;
        }
    }
    UNROLL for (int r = 0; r < channels; r++)
    {
        store(to + (size_t)r * to_row, sum[r][0]);
        store(to + (size_t)r * to_row + LANES, sum[r][1]);
    }
}

/* A sum over some rows of the kernel, for many channels and places. */
struct sweep {
    int channels;
    const float *factors; /* [tile of channels][rows * row][channel of the tile] */
    int rows, row;        /* kernel rows; elements of one of them in factors and offsets */
    const int *offsets;   /* [rows * row] */
    const float *from;
    float *to; /* [channels][to_row] */
    size_t to_row;
};

/* One panel, of kernel rows first .. end-1. */
static void sweep_panel(const struct sweep *s, int place, int first, int end)
{
    int tiles = (s->channels + TILE_ROWS - 1) / TILE_ROWS;
    int depth = end > first ? (end - first) * s->row : 0;
    const float *factors = s->factors, *from = s->from + place;
    const int *offsets = s->offsets + first * s->row;

    for (int t = 0; t < tiles; t++) {
        int channel = part_start(s->channels, tiles, t);
        int channels = part_start(s->channels, tiles, t + 1) - channel;
        float *to = s->to + (size_t)channel * s->to_row + place;
        const float *f = factors + (size_t)(first * s->row) * (size_t)channels;

        SWITCH_OF_ROWS(channels, run_places, depth, f, offsets, from, to, s->to_row)
        factors += (size_t)(s->rows * s->row) * (size_t)channels;
    }
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* ---- Forward ----------------------------------------------------------------------------------
 */

/* packed[tile][p = (i, c, j)][channel of the tile] */
static void pack_forward(const struct native_geometry *g, const float *weights, float *packed)
{
    int channels = g->layer.output.channels, tiles = (channels + TILE_ROWS - 1) / TILE_ROWS;

    for (int t = 0; t < tiles; t++) {
        int first = part_start(channels, tiles, t), end = part_start(channels, tiles, t + 1);

        for (int p = 0; p < g->row; p++)
            for (int o = first; o < end; o++)
                *packed++ = weights[o * g->row + g->weight_by_row[p]];
    }
}

/* z = places without those that are nobody's, plus biases */
static void take_places(const struct native_geometry *g, const float *places, const float *biases,
                        float *z)
{
    const struct shape *out = &g->layer.output;
    const int width = out->width;

    for (int o = 0; o < out->channels; o++, places += g->places)
        for (int y = 0; y < out->height; y++, z += width) {
            const float *from = places + y * g->width;
            int v = 0;

            for (; v + LANES <= width; v += LANES)
                store(z + v, load(from + v) + biases[o]);
            if (v < width && width >= LANES)
                store(z + width - LANES, load(from + width - LANES) + biases[o]);
            for (; v < width && width < LANES; v++)
                z[v] = from[v] + biases[o];
        }
}

void NATIVE(convolution_forward)(const struct native_geometry *g, int rows, const float *x,
                                 const float *weights, const float *biases, float *z,
                                 float *scratch)
{
    const struct layer *l = &g->layer;
    float *planes = scratch, *places = planes + (size_t)l->input.channels * (size_t)g->plane;
    float *packed = places + (size_t)l->output.channels * (size_t)g->places;
    const struct sweep sweep = {
        .channels = l->output.channels,
        .factors = packed,
        .rows = l->kernel_height,
        .row = l->input.channels * l->kernel_width,
        .offsets = g->met_by_row,
        .from = planes,
        .to = places,
        .to_row = (size_t)g->places,
    };

    pack_forward(g, weights, packed);
    clear(planes, l->input.channels, g->plane);
    for (int r = 0; r < rows; r++, x += shape_size(l->input), z += shape_size(l->output)) {
        lay_out_pixels(g, x, planes);
        for (int q = 0; q < g->places; q += PANEL) {
            /* kernel rows that meet the image anywhere in the panel's rows of places */
            int top = q / g->width, bottom = (q + PANEL - 1) / g->width;

            sweep_panel(&sweep, q, larger(0, l->padding_height - bottom),
                        smaller(l->kernel_height, l->padding_height + l->input.height - top));
        }
        take_places(g, places, biases, z);
    }
}

/* ---- Input gradient -----------------------------------------------------------------------------
 */

/* packed[tile][p = (i, o, j)][input channel of the tile] */
static void pack_backward(const struct native_geometry *g, const float *weights, float *packed)
{
    const struct layer *l = &g->layer;
    int channels = l->input.channels, tiles = (channels + TILE_ROWS - 1) / TILE_ROWS;
    int kernel = l->kernel_height * l->kernel_width;

    for (int t = 0; t < tiles; t++) {
        int first = part_start(channels, tiles, t), end = part_start(channels, tiles, t + 1);

        for (int i = 0; i < l->kernel_height; i++)
            for (int o = 0; o < l->output.channels; o++)
                for (int j = 0; j < l->kernel_width; j++)
                    for (int c = first; c < end; c++)
                        *packed++ = weights[o * g->row + c * kernel + i * l->kernel_width + j];
    }
}

static void take_pixels(const struct native_geometry *g, const float *pixels, float *dx)
{
    const struct shape *in = &g->layer.input;

    for (int c = 0; c < in->channels; c++, pixels += g->pixels)
        for (int y = 0; y < in->height; y++, dx += in->width)
            copy_row(dx, pixels + y * g->width + g->layer.padding_width, in->width);
}

void NATIVE(convolution_input_gradient)(const struct native_geometry *g, int rows,
                                        const float *delta, const float *weights, float *dx,
                                        float *scratch)
{
    const struct layer *l = &g->layer;
    float *planes = scratch, *pixels = planes + (size_t)l->output.channels * (size_t)g->delta_plane;
    float *packed = pixels + (size_t)l->input.channels * (size_t)g->pixels;
    const struct sweep sweep = {
        .channels = l->input.channels,
        .factors = packed,
        .rows = l->kernel_height,
        .row = l->output.channels * l->kernel_width,
        .offsets = g->back_by_row,
        .from = planes,
        .to = pixels,
        .to_row = (size_t)g->pixels,
    };

    pack_backward(g, weights, packed);
    clear(planes, l->output.channels, g->delta_plane);
    for (int r = 0; r < rows; r++, delta += shape_size(l->output), dx += shape_size(l->input)) {
        lay_out_deltas(g, delta, planes);
        for (int q = 0; q < g->pixels; q += PANEL) {
            /* kernel rows by which an output got anything from the panel's rows of pixels */
            int top = l->padding_height + q / g->width;
            int bottom = l->padding_height + (q + PANEL - 1) / g->width;

            sweep_panel(&sweep, q, larger(0, top - l->output.height + 1),
                        smaller(l->kernel_height, bottom + 1));
        }
        take_pixels(g, pixels, dx);
    }
}

/* ---- Weight gradient ----------------------------------------------------------------------------
 */

enum { OUTPUTS_TOGETHER = 4, WEIGHTS_TOGETHER = REGISTERS == 32 ? 4 : 3 };

/* Planes of some examples. */
struct planes {
    int examples;
    const float *x, *delta; /* delta: of place 0 */
    size_t x_example, delta_example, delta_plane;
    int places;
};

/* sums[p][o] = sum over examples and places of delta of output o * pixel that p meets. outputs and
 * weights are constants wherever this is called. */
INLINE void run_correlation(const int outputs, const int weights, const struct planes *planes,
                            const int *met, int first_output, quad sums[WEIGHTS_TOGETHER])
{
    vector sum[OUTPUTS_TOGETHER][WEIGHTS_TOGETHER];

    UNROLL for (int o = 0; o < OUTPUTS_TOGETHER; o++) UNROLL for (int p = 0; p < weights; p++)
        sum[o][p] = (vector){0};
    for (int e = 0; e < planes->examples; e++) {
        const float *x = planes->x + (size_t)e * planes->x_example;
        const float *delta = planes->delta + (size_t)e * planes->delta_example +
                             (size_t)first_output * planes->delta_plane;

        for (int q = 0; q < planes->places; q += LANES) {
            vector pixels[WEIGHTS_TOGETHER];

            UNROLL for (int p = 0; p < weights; p++)
            {
                pixels[p] = load(x + met[p] + q);
                IN_REGISTER(pixels[p]);
            }
            UNROLL for (int o = 0; o < outputs; o++)
            {
                vector slope = load(delta + (size_t)o * planes->delta_plane + q);

                IN_REGISTER(slope);
                UNROLL for (int p = 0; p < weights; p++) sum[o][p] += slope * pixels[p];
            }
        }
    }
    UNROLL for (int p = 0; p < weights; p++) sums[p] =
        sum_four(sum[0][p], sum[1][p], sum[2][p], sum[3][p]);
}

#define CASE_OF_CORRELATION(outputs, weights)                                                      \
    case outputs:                                                                                  \
        run_correlation(outputs, weights, planes, met, first_output, sums);                        \
        break;
#define DEFINE_CORRELATION(weights)                                                                \
    static void correlate_##weights(int outputs, const struct planes *planes, const int *met,      \
                                    int first_output, quad *sums)                                  \
    {                                                                                              \
        switch (outputs) {                                                                         \
            CASE_OF_CORRELATION(1, weights)                                                        \
            CASE_OF_CORRELATION(2, weights)                                                        \
            CASE_OF_CORRELATION(3, weights)                                                        \
            CASE_OF_CORRELATION(4, weights)                                                        \
        }                                                                                          \
    }

DEFINE_CORRELATION(1)
DEFINE_CORRELATION(2)
DEFINE_CORRELATION(3)
#if defined(__AVX512F__)
DEFINE_CORRELATION(4)
#endif

typedef void correlate_function(int outputs, const struct planes *, const int *met,
                                int first_output, quad *sums);

static correlate_function *const correlate_functions[WEIGHTS_TOGETHER] = {
    correlate_1,
    correlate_2,
    correlate_3,
#if defined(__AVX512F__)
    correlate_4,
#endif
};

/* Adds the weight gradients of these examples. */
static void correlate(const struct native_geometry *g, const struct planes *planes, float *gradient)
{
    int channels = g->layer.output.channels;
    int groups = (channels + OUTPUTS_TOGETHER - 1) / OUTPUTS_TOGETHER;
    int parts = (g->row + WEIGHTS_TOGETHER - 1) / WEIGHTS_TOGETHER;

    for (int t = 0; t < groups; t++) {
        int first = part_start(channels, groups, t), end = part_start(channels, groups, t + 1);

        for (int s = 0; s < parts; s++) {
            int p = part_start(g->row, parts, s), next = part_start(g->row, parts, s + 1);
            quad sums[WEIGHTS_TOGETHER];

            correlate_functions[next - p - 1](end - first, planes, g->met + p, first, sums);
            for (int k = p; k < next; k++)
                for (int o = first; o < end; o++)
                    gradient[o * g->row + k] += sums[k - p][o - first];
        }
    }
}

/* sums[channels] += the deltas of these examples */
static void add_deltas(const struct native_geometry *g, const struct planes *planes, float *sums)
{
    for (int o = 0; o < g->layer.output.channels; o++) {
        vector sum = {0};

        for (int e = 0; e < planes->examples; e++) {
            const float *delta =
                planes->delta + (size_t)e * planes->delta_example + (size_t)o * planes->delta_plane;

            for (int q = 0; q < planes->places; q += LANES)
                sum += load(delta + q);
        }
        sums[o] += sum_lanes(sum);
    }
}

void NATIVE(convolution_weight_gradient)(const struct native_geometry *g, int rows,
                                         const float *delta, const float *x, int accumulate,
                                         float *weights, float *biases, float *scratch)
{
    const struct layer *l = &g->layer;
    size_t x_example = (size_t)l->input.channels * (size_t)g->plane;
    size_t delta_example = (size_t)l->output.channels * (size_t)g->delta_plane;
    float *x_planes = scratch, *delta_planes = x_planes + (size_t)g->together * x_example;
    struct planes planes = {
        .x = x_planes,
        .delta = delta_planes + g->margin,
        .x_example = x_example,
        .delta_example = delta_example,
        .delta_plane = (size_t)g->delta_plane,
        .places = g->places,
    };

    if (!accumulate) {
        memset(weights, 0, (size_t)l->output.channels * (size_t)g->row * sizeof *weights);
        memset(biases, 0, (size_t)l->output.channels * sizeof *biases);
    }
    clear(x_planes, g->together * l->input.channels, g->plane);
    clear(delta_planes, g->together * l->output.channels, g->delta_plane);
    for (int first = 0; first < rows; first += g->together) {
        planes.examples = smaller(g->together, rows - first);
        for (int e = 0; e < planes.examples; e++) {
            lay_out_pixels(g, x, x_planes + (size_t)e * x_example);
            lay_out_deltas(g, delta, delta_planes + (size_t)e * delta_example);
            x += shape_size(l->input);
            delta += shape_size(l->output);
        }
        correlate(g, &planes, weights);
        add_deltas(g, &planes, biases);
    }
}
