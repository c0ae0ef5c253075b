/* Convolutions, a group of examples (images.h) at a time: the kernel's weights meet whole vectors,
 * in tiles of channels times vectors of columns. Weights that meet nothing but zeros there are left
 * out. */
#include "native/groups.h"
#include "native/parts.h"

/* Tiles that leave registers for what they are multiplied with. */
enum {
    MOST_CHANNELS = 6,
    MOST_VECTORS = REGISTERS == 32 ? 4 : 2,
    MOST_OUTPUTS = 4,
    MOST_WEIGHTS = REGISTERS == 32 ? 5 : 2,
    WEIGHTS_OF_SUM = 5,     /* the most of any */
    ROWS_TOGETHER = 2,      /* where one vector holds a whole row */
    STRIP_FLOATS = 8 << 10, /* of deltas and pixels that stay in the first cache */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* A convolution of groups: forward or, of deltas with the kernel turned round, backward. */
struct field {
    struct images from, to;
    int kernel_height, kernel_width;
    int above; /* rows of zeros that are thought above the planes */
    struct planes planes;
    int relu, clears; /* what becomes of the result: activation; zeros fill its rows up */
    /* Those of weight (i, j) = (0, 0), first channels; how far on the next channels, and the next
     * weight, row by row, are: backward is the way back. */
    const float *factors;
    ptrdiff_t next_to, next_from, next_weight;
    const float *starts; /* [to channels]; NULL: 0 */
};

/* One group of it. */
struct piece {
    const struct field *field;
    const float *from; /* [channels][height][planes.row], plane_of() floats a channel */
    float *to;         /* [channels][height][row_of(to)] */
};

static size_t planes_size(const struct field *f)
{
    return (size_t)f->from.shape.channels * plane_of(&f->from, &f->planes) + LANES;
}

/* ---- Tiles of channels times vectors ------------------------------------------------------------
 */

/* Vectors of a row, or one vector of each of some rows; and the kernel's rows i and columns j that
 * meet the image anywhere from there. */
struct tile_place {
    int y, offset; /* of the first: its row, and floats from the row's beginning */
    int i, past_i, j, past_j;
};

INLINE vector without_negatives(vector z) /* not max(): not-a-number has to stay */
{
    return (vector)((lane_index)z & ~(z < 0));
}

/* to[channel][vector] = start + sum over i, c, j of factor * from[c][vector, i - above rows and j
 * columns on]. channels, vectors and in_row are constants wherever this is called. */
INLINE void run_tile(const int channels, const int vectors, const int in_row,
                     const struct piece *piece, int channel, const struct tile_place *at)
{
    const struct field *f = piece->field;
    const int step = f->from.group;
    const size_t row = f->planes.row, plane = plane_of(&f->from, &f->planes);
    const size_t to_row = row_of(&f->to), to_plane = (size_t)f->to.shape.height * to_row;
    const ptrdiff_t across = in_row ? LANES : (ptrdiff_t)row;
    const ptrdiff_t to_across = in_row ? LANES : (ptrdiff_t)to_row;
    float *to =
        piece->to + (size_t)channel * to_plane + (size_t)at->y * to_row + (size_t)at->offset;
    vector sum[MOST_CHANNELS][MOST_VECTORS];

    UNROLL for (int r = 0; r < channels; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vector){0} + (f->starts ? f->starts[channel + r] : 0);
    for (int i = at->i; i < at->past_i; i++)
        for (int c = 0; c < f->from.shape.channels; c++) {
            const float *from = piece->from + (size_t)c * plane +
                                (ptrdiff_t)(at->y + i - f->above) * (ptrdiff_t)row + at->offset +
                                at->j * step;
            const float *factor = f->factors + channel * f->next_to + c * f->next_from +
                                  (i * f->kernel_width + at->j) * f->next_weight;

            for (int j = at->j; j < at->past_j; j++, from += step, factor += f->next_weight) {
                vector pixels[MOST_VECTORS];

                UNROLL for (int v = 0; v < vectors; v++)
                {
                    pixels[v] = load(from + v * across);
                    IN_REGISTER(pixels[v]);
                }
                UNROLL for (int r = 0; r < channels; r++) UNROLL for (int v = 0; v < vectors; v++)
                    sum[r][v] += factor[r * f->next_to] * pixels[v];
            }
        }
    UNROLL for (int r = 0; r < channels; r++) UNROLL for (int v = 0; v < vectors; v++)
        store(to + (size_t)r * to_plane + v * to_across,
              f->relu ? without_negatives(sum[r][v]) : sum[r][v]);
}

#define CASE_OF_CHANNELS(n, vectors, in_row)                                                       \
    case n:                                                                                        \
        run_tile(n, vectors, in_row, piece, channel, at);                                          \
        break;
#define DEFINE_TILES(name, vectors, in_row)                                                        \
    static void name(int channels, const struct piece *piece, int channel,                         \
                     const struct tile_place *at)                                                  \
    {                                                                                              \
        switch (channels) {                                                                        \
            CASE_OF_CHANNELS(1, vectors, in_row)                                                   \
            CASE_OF_CHANNELS(2, vectors, in_row)                                                   \
            CASE_OF_CHANNELS(3, vectors, in_row)                                                   \
            CASE_OF_CHANNELS(4, vectors, in_row)                                                   \
            CASE_OF_CHANNELS(5, vectors, in_row)                                                   \
            CASE_OF_CHANNELS(6, vectors, in_row)                                                   \
        }                                                                                          \
    }

DEFINE_TILES(tiles_1, 1, 1)
DEFINE_TILES(tiles_2, 2, 1)
DEFINE_TILES(tiles_of_rows, ROWS_TOGETHER, 0)
#if defined(__AVX512F__)
DEFINE_TILES(tiles_3, 3, 1)
DEFINE_TILES(tiles_4, 4, 1)
#endif

typedef void tile_function(int channels, const struct piece *, int channel,
                           const struct tile_place *);

static tile_function *const tile_functions[MOST_VECTORS] = {
    tiles_1,
    tiles_2,
#if defined(__AVX512F__)
    tiles_3,
    tiles_4,
#endif
};

/* All channels at one place: rows y .. past_y-1, vectors v .. past_v-1. */
static void convolve_place(const struct piece *piece, int y, int past_y, int v, int past_v)
{
    const struct field *f = piece->field;
    const int channels = f->to.shape.channels;
    const int tiles = (channels + MOST_CHANNELS - 1) / MOST_CHANNELS;
    const int columns = LANES / f->from.group, left = f->planes.left;
    const struct tile_place place = {
        .y = y,
        .offset = v * LANES,
        .i = larger(0, f->above - past_y + 1),
        .past_i = smaller(f->kernel_height, f->from.shape.height + f->above - y),
        .j = larger(0, left - past_v * columns + 1),
        .past_j = smaller(f->kernel_width, f->from.shape.width + left - v * columns),
    };
    tile_function *run = past_y - y > 1 ? tiles_of_rows : tile_functions[past_v - v - 1];

    for (int t = 0; t < tiles; t++) {
        int first = part_start(channels, tiles, t);

        run(part_start(channels, tiles, t + 1) - first, piece, first, &place);
    }
}

static void convolve(const struct piece *piece)
{
    const struct field *f = piece->field;
    const int vectors = (int)(row_of(&f->to) / LANES), rows = 1 + f->planes.border;
    const int parts = (vectors + MOST_VECTORS - 1) / MOST_VECTORS;

    for (int y = 0; y < f->to.shape.height; y += rows)
        for (int s = 0; s < parts; s++)
            convolve_place(piece, y, smaller(f->to.shape.height, y + rows),
                           part_start(vectors, parts, s), part_start(vectors, parts, s + 1));
}

/* ---- Forward and input gradient -----------------------------------------------------------------
 */

static struct planes planes_for(const struct layer *l, int columns, int left, int group)
{
    const size_t row = native_row(columns, group, LANES);

    return (struct planes){
        .row = row + native_row(l->kernel_width - 1, group, LANES),
        .left = left,
        .border = row == LANES && group < LANES ? ROWS_TOGETHER - 1 : 0,
    };
}

static struct field forward_field(const struct native_images *images, int rows)
{
    const struct layer *l = &images->layer;
    const int group = native_group(rows, LANES);

    return (struct field){
        .from = {l->input, rows, images->reads_groups, group},
        .to = {l->output, rows, images->writes_groups, group},
        .kernel_height = l->kernel_height,
        .kernel_width = l->kernel_width,
        .above = l->padding_height,
        .planes = planes_for(l, l->output.width, l->padding_width, group),
    };
}

static struct field backward_field(const struct native_images *images, int rows)
{
    const struct layer *l = &images->layer;
    const int group = native_group(rows, LANES);

    return (struct field){
        .from = {l->output, rows, images->writes_groups, group},
        .to = {l->input, rows, images->reads_groups, group},
        .kernel_height = l->kernel_height,
        .kernel_width = l->kernel_width,
        .above = l->kernel_height - 1 - l->padding_height,
        .planes = planes_for(l, l->input.width, l->kernel_width - 1 - l->padding_width, group),
    };
}

static void convolve_groups(const struct field *f, const float *x, float *z, float *scratch)
{
    float *planes = scratch, *space = planes + planes_size(f);

    NATIVE(clear_planes)(&f->from, &f->planes, planes);
    for (int first = 0; first < f->from.rows; first += f->from.group) {
        const struct piece piece = {
            f,
            NATIVE(take_group)(&f->from, x, first, &f->planes, planes),
            NATIVE(place_of_group)(&f->to, z, first, space),
        };

        convolve(&piece);
        if (f->clears)
            NATIVE(clear_filling)(&f->to, piece.to);
        NATIVE(give_group)(&f->to, space, first, z);
    }
}

void NATIVE(convolution_forward)(const struct native_images *images, int rows, const float *x,
                                 const float *weights, const float *biases, float *a,
                                 float *scratch)
{
    struct field field = forward_field(images, rows);

    field.factors = weights;
    field.next_to = (ptrdiff_t)layer_row(&images->layer);
    field.next_from = field.kernel_height * field.kernel_width;
    field.next_weight = 1;
    field.starts = biases;
    field.relu = images->layer.activation == ACTIVATION_RELU;
    convolve_groups(&field, x, a, scratch);
}

void NATIVE(convolution_input_gradient)(const struct native_images *images, int rows,
                                        const float *delta, const float *weights, float *dx,
                                        float *scratch)
{
    struct field field = backward_field(images, rows);

    field.next_to = field.kernel_height * field.kernel_width;
    field.next_from = (ptrdiff_t)layer_row(&images->layer);
    field.next_weight = -1;
    field.factors = weights + field.next_to - 1;
    field.clears = 1;
    convolve_groups(&field, delta, dx, scratch);
}

/* ---- Weight gradient ----------------------------------------------------------------------------
 */

/* Some rows of outputs of one group, and the pixels that the first of some weights meets there. */
struct strip {
    int rows, vectors; /* of a row */
    int step;          /* floats to the pixels of the next weight */
    const float *x, *delta;
    size_t x_row, delta_plane;
};

/* gradient[o][j] += sum over places of delta of output o * pixel that weight j meets; row: from one
 * output's weights to the next's. outputs and weights are constants wherever this is called. */
INLINE void run_strip(const int outputs, const int weights, const struct strip *s, float *gradient,
                      int row)
{
    vector sum[MOST_OUTPUTS][WEIGHTS_OF_SUM];
    const float *x = s->x, *delta = s->delta;

    UNROLL for (int o = 0; o < MOST_OUTPUTS; o++) UNROLL for (int j = 0; j < WEIGHTS_OF_SUM; j++)
        sum[o][j] = (vector){0};
    for (int y = 0; y < s->rows; y++, x += s->x_row - (size_t)s->vectors * LANES)
        for (int v = 0; v < s->vectors; v++, x += LANES, delta += LANES) {
            vector pixels[MOST_WEIGHTS];

            UNROLL for (int j = 0; j < weights; j++)
            {
                pixels[j] = load(x + j * s->step);
                IN_REGISTER(pixels[j]);
            }
            UNROLL for (int o = 0; o < outputs; o++)
            {
                vector slope = load(delta + (size_t)o * s->delta_plane);

                IN_REGISTER(slope);
                UNROLL for (int j = 0; j < weights; j++) sum[o][j] += slope * pixels[j];
            }
        }
    UNROLL for (int o = 0; o < outputs; o++)
    {
        quad sums = sum_four(sum[o][0], sum[o][1], sum[o][2], sum[o][3]);
        float *to = gradient + o * row;

        if (weights >= 4)
            *(loose_quad *)to += sums;
        for (int j = 0; j < weights && weights < 4; j++)
            to[j] += sums[j];
    }
    if (weights > 4) {
        quad sums = sum_four(sum[0][4], sum[1][4], sum[2][4], sum[3][4]);

        UNROLL for (int o = 0; o < outputs; o++) gradient[o * row + 4] += sums[o];
    }
}

#define CASE_OF_OUTPUTS(n, weights)                                                                \
    case n:                                                                                        \
        run_strip(n, weights, s, gradient, row);                                                   \
        break;
#define DEFINE_STRIP(weights)                                                                      \
    static void strip_##weights(int outputs, const struct strip *s, float *gradient, int row)      \
    {                                                                                              \
        switch (outputs) {                                                                         \
            CASE_OF_OUTPUTS(1, weights)                                                            \
            CASE_OF_OUTPUTS(2, weights)                                                            \
            CASE_OF_OUTPUTS(3, weights)                                                            \
            CASE_OF_OUTPUTS(4, weights)                                                            \
        }                                                                                          \
    }

DEFINE_STRIP(1)
DEFINE_STRIP(2)
#if defined(__AVX512F__)
DEFINE_STRIP(3)
DEFINE_STRIP(4)
DEFINE_STRIP(5)
#endif

typedef void strip_function(int outputs, const struct strip *, float *gradient, int row);

static strip_function *const strip_functions[MOST_WEIGHTS] = {
    strip_1, strip_2,
#if defined(__AVX512F__)
    strip_3, strip_4, strip_5,
#endif
};

/* Rows y .. past-1 of outputs `first` .. end-1 meet row i of the kernel in input channel c. */
static void correlate_row(const struct piece *piece, const float *delta, int first, int end, int c,
                          int i, int y, int past, float *gradient)
{
    const struct field *f = piece->field;
    const int kernel = f->kernel_height * f->kernel_width, row = f->from.shape.channels * kernel;
    const int parts = (f->kernel_width + MOST_WEIGHTS - 1) / MOST_WEIGHTS;
    const size_t delta_row = row_of(&f->to);
    struct strip strip = {
        .vectors = (int)(delta_row / LANES),
        .step = f->from.group,
        .x_row = f->planes.row,
        .delta_plane = (size_t)f->to.shape.height * delta_row,
    };

    y = larger(y, f->above - i);
    strip.rows = smaller(past, f->from.shape.height + f->above - i) - y;
    strip.delta = delta + (size_t)first * strip.delta_plane + (size_t)y * delta_row;
    for (int s = 0; s < parts && strip.rows > 0; s++) {
        int j = part_start(f->kernel_width, parts, s);
        int weights = part_start(f->kernel_width, parts, s + 1) - j;
        float *to = gradient + first * row + c * kernel + i * f->kernel_width + j;

        strip.x = piece->from + (size_t)c * plane_of(&f->from, &f->planes) +
                  (size_t)(y + i - f->above) * strip.x_row + (size_t)(j * strip.step);
        strip_functions[weights - 1](end - first, &strip, to, row);
    }
}

/* sums[o] += the deltas of rows y .. past-1 */
static void add_deltas(const struct field *f, const float *delta, int y, int past, float *sums)
{
    enum { TOGETHER = 4 }; /* sums side by side: one alone waits for itself */
    const size_t row = row_of(&f->to), plane = (size_t)f->to.shape.height * row;
    const int count = (past - y) * (int)(row / LANES);

    delta += (size_t)y * row;
    for (int o = 0; o < f->to.shape.channels; o++, delta += plane) {
        vector sum[TOGETHER] = {{0}};
        int q = 0;

        for (; q + TOGETHER <= count; q += TOGETHER)
            UNROLL for (int k = 0; k < TOGETHER; k++) sum[k] += load(delta + (q + k) * LANES);
        for (; q < count; q++)
            sum[0] += load(delta + q * LANES);
        sums[o] += sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
}

/* Adds the gradients of one group, a strip of rows after the other. */
static void correlate(const struct piece *piece, const float *delta, float *weights, float *biases)
{
    const struct field *f = piece->field;
    const int channels = f->to.shape.channels, height = f->to.shape.height;
    const int tiles = (channels + MOST_OUTPUTS - 1) / MOST_OUTPUTS;
    const int row = MOST_OUTPUTS * (int)row_of(&f->to) + (int)f->planes.row;
    const int most = larger(1, STRIP_FLOATS / row), strips = (height + most - 1) / most;

    for (int s = 0; s < strips; s++) {
        int y = part_start(height, strips, s), past = part_start(height, strips, s + 1);

        for (int t = 0; t < tiles; t++)
            for (int c = 0; c < f->from.shape.channels; c++)
                for (int i = 0; i < f->kernel_height; i++)
                    correlate_row(piece, delta, part_start(channels, tiles, t),
                                  part_start(channels, tiles, t + 1), c, i, y, past, weights);
        add_deltas(f, delta, y, past, biases);
    }
}

void NATIVE(convolution_weight_gradient)(const struct native_images *images, int rows,
                                         const float *delta, const float *x, int accumulate,
                                         float *weights, float *biases, float *scratch)
{
    const struct field field = forward_field(images, rows);
    const struct planes whole = {row_of(&field.to), 0, 0};
    const size_t count = (size_t)field.to.shape.channels;
    float *planes = scratch, *space = planes + planes_size(&field);

    if (!accumulate) {
        memset(weights, 0, count * layer_row(&images->layer) * sizeof *weights);
        memset(biases, 0, count * sizeof *biases);
    }
    NATIVE(clear_planes)(&field.from, &field.planes, planes);
    NATIVE(clear_planes)(&field.to, &whole, space);
    for (int first = 0; first < rows; first += field.from.group) {
        const struct piece piece = {
            &field, NATIVE(take_group)(&field.from, x, first, &field.planes, planes), NULL};

        correlate(&piece, NATIVE(take_group)(&field.to, delta, first, &whole, space), weights,
                  biases);
    }
}
