/* Convolutions of many examples, a group of them (groups.h) at a time: a place of an image is a
 * vector, and the weights meet it one by one. */
#include "native/groups.h"
#include "native/parts.h"

/* Tiles of channels times columns, and of outputs times weights, that leave registers for what they
 * are multiplied with. */
enum {
    MOST_CHANNELS = 6,
    MOST_COLUMNS = REGISTERS == 32 ? 4 : 2,
    MOST_OUTPUTS = 4,
    MOST_WEIGHTS = REGISTERS == 32 ? 5 : 2,
    STRIP_FLOATS = 8 << 10, /* of deltas and pixels that stay in the first cache */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* A convolution of one group, forward or, of deltas with the kernel turned round, backward. */
struct field {
    struct shape from, to;
    int kernel_height, kernel_width, above, left; /* zeros above and to the left */
    int row;                                      /* columns of a row of `planes`: with its zeros */
    const float *planes;                          /* [from.channels][from.height][row][LANES] */
    const float *factors; /* [tile of channels][i][from channel][j][channel of the tile] */
    const float *starts;  /* [to.channels]; NULL: 0 */
    float *result;        /* [to.channels][to.height][to.width][LANES] */
};

static int tiles_of(int channels)
{
    return (channels + MOST_CHANNELS - 1) / MOST_CHANNELS;
}

/* Row by row into planes, between zeros that are written once. */
static void lay_out(const struct field *f, const float *group, float *planes)
{
    size_t width = (size_t)f->from.width * LANES, row = (size_t)f->row * LANES;

    planes += (size_t)f->left * LANES;
    for (int n = 0; n < f->from.channels * f->from.height; n++, group += width, planes += row)
        memcpy(planes, group, width * sizeof *planes);
}

/* ---- Tiles of channels times columns ------------------------------------------------------------
 */

/* The kernel's rows i and columns j that meet the image anywhere from a tile. */
struct part {
    int i, past_i, j, past_j;
};

/* result[channel][y][column] = start + sum over i, c, j of factor * plane c[y + i - above][column +
 * j - left]. channels and columns are constants wherever this is called. */
INLINE void run_columns(const int channels, const int columns, const struct field *f, int channel,
                        const float *factors, struct part part, int y, int column)
{
    const size_t row = (size_t)f->row * LANES, plane = (size_t)f->from.height * row;
    const size_t to_plane = (size_t)(f->to.height * f->to.width) * LANES;
    vector sum[MOST_CHANNELS][MOST_COLUMNS];
    float *to = f->result + (size_t)channel * to_plane + (size_t)(y * f->to.width + column) * LANES;

    UNROLL for (int r = 0; r < channels; r++) UNROLL for (int v = 0; v < columns; v++) sum[r][v] =
        (vector){0} + (f->starts ? f->starts[channel + r] : 0);
    for (int i = part.i; i < part.past_i; i++)
        for (int c = 0; c < f->from.channels; c++) {
            const float *from = f->planes + (size_t)c * plane + (size_t)(y + i - f->above) * row +
                                (size_t)(column + part.j) * LANES;
            const float *factor =
                factors +
                (size_t)(((i * f->from.channels + c) * f->kernel_width + part.j) * channels);

            for (int j = part.j; j < part.past_j; j++, from += LANES, factor += channels) {
                vector at[MOST_COLUMNS];

                UNROLL for (int v = 0; v < columns; v++)
                {
                    at[v] = load(from + v * LANES);
                    IN_REGISTER(at[v]);
                }
                UNROLL for (int r = 0; r < channels; r++) UNROLL for (int v = 0; v < columns; v++)
                    sum[r][v] += factor[r] * at[v];
            }
        }
    UNROLL for (int r = 0; r < channels; r++) UNROLL for (int v = 0; v < columns; v++)
        store(to + (size_t)r * to_plane + v * LANES, sum[r][v]);
}

#define CASE_OF_CHANNELS(n, columns)                                                               \
    case n:                                                                                        \
        run_columns(n, columns, f, channel, factors, part, y, column);                             \
        break;
#define DEFINE_COLUMNS(columns)                                                                    \
    static void columns_##columns(int channels, const struct field *f, int channel,                \
                                  const float *factors, struct part part, int y, int column)       \
    {                                                                                              \
        switch (channels) {                                                                        \
            CASE_OF_CHANNELS(1, columns)                                                           \
            CASE_OF_CHANNELS(2, columns)                                                           \
            CASE_OF_CHANNELS(3, columns)                                                           \
            CASE_OF_CHANNELS(4, columns)                                                           \
            CASE_OF_CHANNELS(5, columns)                                                           \
            CASE_OF_CHANNELS(6, columns)                                                           \
        }                                                                                          \
    }

DEFINE_COLUMNS(1)
DEFINE_COLUMNS(2)
#if defined(__AVX512F__)
DEFINE_COLUMNS(3)
DEFINE_COLUMNS(4)
#endif

typedef void columns_function(int channels, const struct field *, int channel, const float *factors,
                              struct part, int y, int column);

static columns_function *const columns_functions[MOST_COLUMNS] = {
    columns_1,
    columns_2,
#if defined(__AVX512F__)
    columns_3,
    columns_4,
#endif
};

static void convolve(const struct field *f)
{
    const int tiles = tiles_of(f->to.channels);
    const int strips = (f->to.width + MOST_COLUMNS - 1) / MOST_COLUMNS;
    const size_t depth = (size_t)(f->kernel_height * f->from.channels * f->kernel_width);

    for (int y = 0; y < f->to.height; y++)
        for (int s = 0; s < strips; s++) {
            int column = part_start(f->to.width, strips, s);
            int past = part_start(f->to.width, strips, s + 1);
            struct part part = {
                .i = larger(0, f->above - y),
                .past_i = smaller(f->kernel_height, f->from.height + f->above - y),
                .j = larger(0, f->left - past + 1),
                .past_j = smaller(f->kernel_width, f->from.width + f->left - column),
            };

            for (int t = 0; t < tiles; t++) {
                int channel = part_start(f->to.channels, tiles, t);
                int channels = part_start(f->to.channels, tiles, t + 1) - channel;

                columns_functions[past - column - 1](
                    channels, f, channel, f->factors + (size_t)channel * depth, part, y, column);
            }
        }
}

/* ---- Forward and input gradient -----------------------------------------------------------------
 */

static struct field forward_field(const struct layer *l)
{
    return (struct field){
        .from = l->input,
        .to = l->output,
        .kernel_height = l->kernel_height,
        .kernel_width = l->kernel_width,
        .above = l->padding_height,
        .left = l->padding_width,
        .row = l->output.width + l->kernel_width - 1,
    };
}

static struct field backward_field(const struct layer *l)
{
    return (struct field){
        .from = l->output,
        .to = l->input,
        .kernel_height = l->kernel_height,
        .kernel_width = l->kernel_width,
        .above = l->kernel_height - 1 - l->padding_height,
        .left = l->kernel_width - 1 - l->padding_width,
        .row = l->input.width + l->kernel_width - 1,
    };
}

static size_t planes_size(const struct field *f)
{
    return (size_t)(f->from.channels * f->from.height * f->row) * LANES;
}

/* The weights in the order in which convolve() meets them. */
static void pack(const struct field *f, int backward, const float *weights, float *packed)
{
    const int height = f->kernel_height, width = f->kernel_width, tiles = tiles_of(f->to.channels);
    const size_t kernel = (size_t)(height * width);
    /* from one channel of the result or of the planes to the next */
    const size_t to = backward ? kernel : kernel * (size_t)f->from.channels;
    const size_t from = backward ? kernel * (size_t)f->to.channels : kernel;

    for (int t = 0; t < tiles; t++) {
        int first = part_start(f->to.channels, tiles, t);
        int end = part_start(f->to.channels, tiles, t + 1);

        for (int i = 0; i < height; i++)
            for (int c = 0; c < f->from.channels; c++)
                for (int j = 0; j < width; j++) {
                    const float *w =
                        weights + (size_t)c * from +
                        (backward ? (height - 1 - i) * width + width - 1 - j : i * width + j);

                    for (int r = first; r < end; r++)
                        *packed++ = w[(size_t)r * to];
                }
    }
}

static void convolve_groups(struct field *f, int backward, int rows, const struct examples *in,
                            const float *x, const float *weights, const struct examples *out,
                            float *z, float *scratch)
{
    float *planes = scratch, *packed = planes + planes_size(f);
    float *x_space = packed + (size_t)(f->kernel_height * f->kernel_width * f->from.channels) *
                                  (size_t)f->to.channels;
    float *z_space = x_space + in->values * LANES;

    pack(f, backward, weights, packed);
    f->factors = packed;
    if (f->row > f->from.width)
        memset(planes, 0, planes_size(f) * sizeof *planes);
    for (int first = 0; first < rows; first += LANES) {
        const float *group = NATIVE(take_group)(in, x, first, rows, x_space);

        f->planes = group;
        if (f->row > f->from.width) {
            lay_out(f, group, planes);
            f->planes = planes;
        }
        f->result = out->grouped ? z + (size_t)first * out->values : z_space;
        convolve(f);
        NATIVE(give_group)(out, z_space, first, rows, z);
    }
}

void NATIVE(group_convolution_forward)(const struct native_images *images, int rows, const float *x,
                                       const float *weights, const float *biases, float *z,
                                       float *scratch)
{
    const struct layer *l = &images->layer;
    const struct examples in = {shape_size(l->input), images->reads_groups};
    const struct examples out = {shape_size(l->output), images->writes_groups};
    struct field field = forward_field(l);

    field.starts = biases;
    convolve_groups(&field, 0, rows, &in, x, weights, &out, z, scratch);
}

void NATIVE(group_convolution_input_gradient)(const struct native_images *images, int rows,
                                              const float *delta, const float *weights, float *dx,
                                              float *scratch)
{
    const struct layer *l = &images->layer;
    const struct examples in = {shape_size(l->output), images->writes_groups};
    const struct examples out = {shape_size(l->input), images->reads_groups};
    struct field field = backward_field(l);

    convolve_groups(&field, 1, rows, &in, delta, weights, &out, dx, scratch);
}

/* ---- Weight gradient ----------------------------------------------------------------------------
 */

/* Some rows of outputs of one group, and the pixels that one weight meets there. */
struct strip {
    int rows, width;
    const float *x, *delta;
    size_t x_row, delta_plane;
};

/* sums[j][o] = sum over places of delta of output o * pixel that weight j meets. outputs and
 * weights are constants wherever this is called. */
INLINE void run_strip(const int outputs, const int weights, const struct strip *s,
                      quad sums[MOST_WEIGHTS])
{
    vector sum[MOST_OUTPUTS][MOST_WEIGHTS];
    const float *x = s->x, *delta = s->delta;

    UNROLL for (int o = 0; o < MOST_OUTPUTS; o++) UNROLL for (int j = 0; j < weights; j++)
        sum[o][j] = (vector){0};
    for (int y = 0; y < s->rows; y++, x += s->x_row - (size_t)s->width * LANES)
        for (int v = 0; v < s->width; v++, x += LANES, delta += LANES) {
            vector pixels[MOST_WEIGHTS];

            UNROLL for (int j = 0; j < weights; j++)
            {
                pixels[j] = load(x + j * LANES);
                IN_REGISTER(pixels[j]);
            }
            UNROLL for (int o = 0; o < outputs; o++)
            {
                vector slope = load(delta + (size_t)o * s->delta_plane);

                IN_REGISTER(slope);
                UNROLL for (int j = 0; j < weights; j++) sum[o][j] += slope * pixels[j];
            }
        }
    UNROLL for (int j = 0; j < weights; j++) sums[j] =
        sum_four(sum[0][j], sum[1][j], sum[2][j], sum[3][j]);
}

#define CASE_OF_OUTPUTS(n, weights)                                                                \
    case n:                                                                                        \
        run_strip(n, weights, s, sums);                                                            \
        break;
#define DEFINE_STRIP(weights)                                                                      \
    static void strip_##weights(int outputs, const struct strip *s, quad *sums)                    \
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

typedef void strip_function(int outputs, const struct strip *, quad *sums);

static strip_function *const strip_functions[MOST_WEIGHTS] = {
    strip_1, strip_2,
#if defined(__AVX512F__)
    strip_3, strip_4, strip_5,
#endif
};

/* Rows y .. past-1 of outputs `first` .. end-1 meet row i of the kernel in input channel c. */
static void correlate_row(const struct field *f, const float *delta, int first, int end, int c,
                          int i, int y, int past, float *gradient)
{
    const int kernel = f->kernel_height * f->kernel_width, row = f->from.channels * kernel;
    const int parts = (f->kernel_width + MOST_WEIGHTS - 1) / MOST_WEIGHTS;
    struct strip strip = {
        .width = f->to.width,
        .x_row = (size_t)f->row * LANES,
        .delta_plane = (size_t)(f->to.height * f->to.width) * LANES,
    };

    y = larger(y, f->above - i);
    strip.rows = smaller(past, f->from.height + f->above - i) - y;
    strip.delta = delta + (size_t)first * strip.delta_plane + (size_t)(y * f->to.width) * LANES;
    for (int s = 0; s < parts && strip.rows > 0; s++) {
        int j = part_start(f->kernel_width, parts, s);
        int weights = part_start(f->kernel_width, parts, s + 1) - j;
        float *to = gradient + first * row + c * kernel + i * f->kernel_width + j;
        quad sums[MOST_WEIGHTS];

        strip.x = f->planes + (size_t)(c * f->from.height + y + i - f->above) * strip.x_row +
                  (size_t)j * LANES;
        strip_functions[weights - 1](end - first, &strip, sums);
        for (int o = 0; o < end - first; o++)
            for (int k = 0; k < weights; k++)
                to[o * row + k] += sums[k][o];
    }
}

/* sums[o] += the deltas of rows y .. past-1 */
static void add_deltas(const struct field *f, const float *delta, int y, int past, float *sums)
{
    enum { TOGETHER = 4 }; /* sums side by side: one alone waits for itself */
    const size_t plane = (size_t)(f->to.height * f->to.width) * LANES;

    delta += (size_t)(y * f->to.width) * LANES;
    for (int o = 0; o < f->to.channels; o++, delta += plane) {
        const int count = (past - y) * f->to.width;
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
static void correlate(const struct field *f, const float *delta, float *weights, float *biases)
{
    const int groups = (f->to.channels + MOST_OUTPUTS - 1) / MOST_OUTPUTS;
    const int row = (MOST_OUTPUTS * f->to.width + f->row) * LANES;
    const int strips =
        (f->to.height + larger(1, STRIP_FLOATS / row) - 1) / larger(1, STRIP_FLOATS / row);

    for (int s = 0; s < strips; s++) {
        int y = part_start(f->to.height, strips, s), past = part_start(f->to.height, strips, s + 1);

        for (int t = 0; t < groups; t++)
            for (int c = 0; c < f->from.channels; c++)
                for (int i = 0; i < f->kernel_height; i++)
                    correlate_row(f, delta, part_start(f->to.channels, groups, t),
                                  part_start(f->to.channels, groups, t + 1), c, i, y, past,
                                  weights);
        add_deltas(f, delta, y, past, biases);
    }
}

void NATIVE(group_convolution_weight_gradient)(const struct native_images *images, int rows,
                                               const float *delta, const float *x, int accumulate,
                                               float *weights, float *biases, float *scratch)
{
    const struct layer *l = &images->layer;
    const struct examples in = {shape_size(l->input), images->reads_groups};
    const struct examples out = {shape_size(l->output), images->writes_groups};
    struct field field = forward_field(l);
    float *planes = scratch, *x_space = planes + planes_size(&field);
    float *delta_space = x_space + in.values * LANES;

    if (!accumulate) {
        memset(weights, 0, (size_t)l->output.channels * layer_row(l) * sizeof *weights);
        memset(biases, 0, (size_t)l->output.channels * sizeof *biases);
    }
    if (field.row > field.from.width)
        memset(planes, 0, planes_size(&field) * sizeof *planes);
    for (int first = 0; first < rows; first += LANES) {
        field.planes = NATIVE(take_group)(&in, x, first, rows, x_space);
        if (field.row > field.from.width) {
            lay_out(&field, field.planes, planes);
            field.planes = planes;
        }
        correlate(&field, NATIVE(take_group)(&out, delta, first, rows, delta_space), weights,
                  biases);
    }
}
