/* The problems of the agreement cases: a grid of dense networks, special ones, images, objectives.
 */
#include "check/problem.h"

#include "base/rng.h"

#include <assert.h>

/* Found by trial, and held to it by the tests: every pair of choices occurs in the grid. */
static const uint64_t grid_seed = 1;

static const int batch_sizes[] = {1, 3, 17, 129};
static const int widths[] = {1, 7, 65};
static const enum activation activations[] = {ACTIVATION_IDENTITY, ACTIVATION_RELU, ACTIVATION_TANH,
                                              ACTIVATION_SIGMOID};

enum { BATCH_SIZES = 4, WIDTHS = 3, DEPTHS = 3, HEADS = 2, ACTIVATIONS = 4 };
enum { GRID = BATCH_SIZES * WIDTHS * DEPTHS * HEADS };

#define SOFTMAX .head = HEAD_SOFTMAX_CROSS_ENTROPY, .hidden = ACTIVATION_RELU

static const struct problem_spec specials[] = {
    {SOFTMAX, .sizes = {784, 128, 10}, .batch_size = 129, .element = ELEMENT_UINT8,
     .order = ROWS_REPEATED},
    {SOFTMAX, .sizes = {784, 128, 10}, .batch_size = 17, .element = ELEMENT_FLOAT32, .weighted = 1},
    {SOFTMAX, .sizes = {784, 10}, .batch_size = 129, .element = ELEMENT_UINT8},
    {SOFTMAX, .sizes = {65, 65, 7}, .batch_size = 1500, .element = ELEMENT_UINT8,
     .order = ROWS_REPEATED},
    {SOFTMAX, .sizes = {65, 65, 7}, .batch_size = 1500, .element = ELEMENT_FLOAT32, .weighted = 1},
    {SOFTMAX, .sizes = {7, 1}, .batch_size = 17, .element = ELEMENT_FLOAT32},
    {SOFTMAX, .sizes = {7, 65, 1}, .batch_size = 17, .element = ELEMENT_UINT8,
     .order = ROWS_REPEATED},
    {SOFTMAX, .sizes = {65, 2}, .batch_size = 129, .element = ELEMENT_FLOAT32},
    {SOFTMAX, .sizes = {65, 7, 2}, .batch_size = 3, .element = ELEMENT_UINT8, .weighted = 1},
    {SOFTMAX, .sizes = {65, 10}, .batch_size = 17, .element = ELEMENT_FLOAT32,
     .theta = THETA_EXTREME},
    {SOFTMAX, .sizes = {65, 7, 10}, .batch_size = 129, .element = ELEMENT_UINT8,
     .theta = THETA_EXTREME},
    {SOFTMAX, .sizes = {7, 65, 3}, .batch_size = 17, .element = ELEMENT_FLOAT32,
     .theta = THETA_ZERO_FIRST},
    {SOFTMAX, .sizes = {7, 65, 3}, .batch_size = 129, .element = ELEMENT_UINT8,
     .theta = THETA_ZERO},
};

/* Convolutions and pooling: kernels of 1 x 1, larger than the image, as large as it, even, odd and
 * not square; all kinds of padding; windows that overlap, leave gaps or do not fit; one channel and
 * more than fill a vector register. */
#define AROUND(n) .top = n, .left = n, .bottom = n, .right = n
#define POOLING(h, w, down, right)                                                                 \
    {                                                                                              \
        .height = h, .width = w, .stride_height = down, .stride_width = right                      \
    }
#define KERNEL(c, h, w) .channels = c, .height = h, .width = w
#define CLASSES .head = HEAD_SOFTMAX_CROSS_ENTROPY
#define SQUARES .head = HEAD_MEAN_SQUARED_ERROR
#define FLOATS .element = ELEMENT_FLOAT32
#define BYTES .element = ELEMENT_UINT8

static const struct problem_spec images[] = {
    /* 1 x 1: a dense layer at each place */
    {SOFTMAX, .image = {1, 5, 6}, .windows = {{KERNEL(1, 1, 1)}}, .sizes = {0, 3}, .batch_size = 17,
     FLOATS},
    {SOFTMAX, .image = {7, 3, 4}, .windows = {{KERNEL(5, 1, 1)}}, .sizes = {0, 3}, .batch_size = 3,
     FLOATS, .weighted = 1},
    /* the whole image: a dense layer */
    {SOFTMAX, .image = {2, 5, 4}, .windows = {{KERNEL(6, 5, 4)}}, .sizes = {0, 3}, .batch_size = 17,
     BYTES, .order = ROWS_REPEATED},
    /* padding: as wide as keeps the size, as wide as can be, uneven, on one side */
    {SOFTMAX, .image = {1, 7, 6}, .windows = {{KERNEL(5, 3, 3), AROUND(1)}}, .sizes = {0, 3},
     .batch_size = 1, FLOATS},
    {SOFTMAX, .image = {2, 4, 4}, .windows = {{KERNEL(3, 5, 5), AROUND(2)}}, .sizes = {0, 3},
     .batch_size = 17, FLOATS},
    {SOFTMAX, .image = {2, 5, 3},
     .windows = {{KERNEL(3, 2, 4), .left = 1, .bottom = 1, .right = 2}}, .sizes = {0, 3},
     .batch_size = 17, FLOATS, .misaligned = 1},
    {SOFTMAX, .image = {3, 4, 5},
     .windows = {{KERNEL(2, 3, 2), .top = 2, .left = 1, .bottom = 2, .right = 1}}, .sizes = {0, 3},
     .batch_size = 17, BYTES, .weighted = 1},
    {SOFTMAX, .image = {2, 6, 5}, .windows = {{KERNEL(3, 3, 3), .bottom = 2}}, .sizes = {0, 3},
     .batch_size = 3, FLOATS},
    /* one row of pixels, and one column */
    {SOFTMAX, .image = {1, 1, 65}, .windows = {{KERNEL(4, 1, 7), .left = 3, .right = 3}},
     .sizes = {0, 3}, .batch_size = 17, FLOATS},
    {SOFTMAX, .image = {3, 65, 1}, .windows = {{KERNEL(2, 5, 1)}}, .sizes = {0, 3}, .batch_size = 3,
     FLOATS},
    /* many channels, in and out */
    {SOFTMAX, .image = {17, 5, 6}, .windows = {{KERNEL(33, 3, 3), AROUND(1)}}, .sizes = {0, 7},
     .batch_size = 3, FLOATS},
    {SOFTMAX, .image = {16, 4, 4}, .windows = {{KERNEL(8, 3, 3)}}, .sizes = {0, 10},
     .batch_size = 17, FLOATS, .weighted = 1},
    /* a convolution on another, so that the first needs the second's input gradient */
    {SOFTMAX, .image = {2, 8, 7}, .windows = {{KERNEL(5, 3, 2)}, {KERNEL(4, 3, 3), AROUND(1)}},
     .sizes = {0, 3}, .batch_size = 17, FLOATS, .order = ROWS_REPEATED},
    {SOFTMAX, .image = {1, 6, 7},
     .windows = {{KERNEL(3, 4, 4), .top = 3, .left = 3, .bottom = 3, .right = 3},
                 {KERNEL(2, 2, 5)},
                 {KERNEL(3, 1, 1)}},
     .sizes = {0, 7, 3}, .batch_size = 3, BYTES},
    /* pooling: overlapping, with gaps, with a rest that does not fit, 1 x 1, whole, twice, first */
    {SOFTMAX, .image = {2, 7, 6}, .windows = {{KERNEL(3, 2, 2)}, POOLING(3, 2, 1, 1)},
     .sizes = {0, 3}, .batch_size = 17, FLOATS},
    {SOFTMAX, .image = {2, 9, 8}, .windows = {{KERNEL(3, 2, 2)}, POOLING(2, 1, 3, 2)},
     .sizes = {0, 3}, .batch_size = 17, FLOATS, .misaligned = 1},
    {SOFTMAX, .image = {2, 8, 8}, .windows = {{KERNEL(9, 2, 2)}, POOLING(2, 3, 2, 3)},
     .sizes = {0, 3}, .batch_size = 3, BYTES},
    {SOFTMAX, .image = {1, 5, 5}, .windows = {{KERNEL(3, 2, 2)}, POOLING(1, 1, 1, 1)},
     .sizes = {0, 3}, .batch_size = 17, FLOATS},
    {SOFTMAX, .image = {2, 5, 6}, .windows = {{KERNEL(17, 2, 3)}, POOLING(4, 4, 4, 4)},
     .sizes = {0, 3}, .batch_size = 17, FLOATS},
    {SOFTMAX, .image = {2, 9, 9},
     .windows = {{KERNEL(3, 2, 2)}, POOLING(2, 2, 2, 2), POOLING(2, 2, 1, 1)}, .sizes = {0, 3},
     .batch_size = 17, FLOATS},
    {SOFTMAX, .image = {3, 8, 8}, .windows = {POOLING(2, 2, 2, 2), {KERNEL(4, 3, 3)}},
     .sizes = {0, 3}, .batch_size = 17, BYTES, .weighted = 1},
    {SOFTMAX, .image = {2, 6, 6}, .windows = {POOLING(3, 3, 3, 3)}, .sizes = {0, 3},
     .batch_size = 17, FLOATS},
    /* other activations; a convolution or pooling as the last layer */
    {CLASSES, .image = {2, 7, 7}, .windows = {{KERNEL(4, 3, 3)}, POOLING(2, 2, 2, 2)},
     .sizes = {0, 5, 3}, .hidden = ACTIVATION_TANH, .batch_size = 17, FLOATS},
    {SQUARES, .image = {2, 7, 7}, .windows = {{KERNEL(4, 3, 3), AROUND(1)}, POOLING(2, 2, 2, 2)},
     .sizes = {0, 5, 3}, .hidden = ACTIVATION_SIGMOID, .batch_size = 17, FLOATS, .weighted = 1},
    {SQUARES, .image = {2, 5, 5}, .windows = {{KERNEL(4, 3, 3), AROUND(1)}, {KERNEL(3, 2, 2)}},
     .hidden = ACTIVATION_RELU, .last = ACTIVATION_TANH, .batch_size = 17, FLOATS},
    {SQUARES, .image = {1, 6, 6}, .windows = {{KERNEL(3, 3, 3)}, POOLING(2, 2, 2, 2)},
     .hidden = ACTIVATION_IDENTITY, .batch_size = 3, FLOATS},
    {SQUARES, .image = {3, 4, 4}, .windows = {{KERNEL(2, 3, 3)}}, .last = ACTIVATION_SIGMOID,
     .batch_size = 129, BYTES, .order = ROWS_REPEATED},
    /* every window ties: its first value counts */
    {CLASSES, .image = {2, 7, 7}, .windows = {{KERNEL(4, 3, 3)}, POOLING(2, 2, 2, 2)},
     .sizes = {0, 5, 3}, .hidden = ACTIVATION_TANH, .batch_size = 17, FLOATS,
     .theta = THETA_ZERO_FIRST},
    {CLASSES, .image = {2, 7, 7}, .windows = {{KERNEL(4, 3, 3)}, POOLING(3, 2, 1, 2)},
     .sizes = {0, 5, 3}, .hidden = ACTIVATION_TANH, .batch_size = 3, FLOATS,
     .theta = THETA_ZERO_FIRST},
    /* as large as in use */
    {SOFTMAX, .image = {1, 16, 16},
     .windows = {{KERNEL(6, 5, 5), AROUND(2)},
                 POOLING(2, 2, 2, 2),
                 {KERNEL(16, 5, 5)},
                 POOLING(2, 2, 2, 2)},
     .sizes = {0, 120, 84, 10}, .batch_size = 3, BYTES, .order = ROWS_REPEATED},
    {SOFTMAX, .image = {1, 12, 12},
     .windows = {{KERNEL(6, 5, 5), AROUND(2)},
                 POOLING(2, 2, 2, 2),
                 {KERNEL(16, 3, 3)},
                 POOLING(2, 2, 2, 2)},
     .sizes = {0, 10}, .batch_size = 129, BYTES},
    {SOFTMAX, .image = {1, 6, 6}, .windows = {{KERNEL(2, 3, 3)}, POOLING(2, 2, 2, 2)},
     .sizes = {0, 3}, .batch_size = 1500, FLOATS, .order = ROWS_REPEATED},
};

/* Every kind, every way in which an example enters, one and many variables. */
#define FUNCTION(kind, d) .head = HEAD_OBJECTIVE, .objective = OBJECTIVE_##kind, .sizes = {d}
#define SHIFT .noise = NOISE_SHIFTS
#define TILT .noise = NOISE_TILTS

static const struct problem_spec objectives[] = {
    {FUNCTION(SQUARES, 1), SHIFT, .batch_size = 1, FLOATS},
    {FUNCTION(SQUARES, 7), SHIFT, .batch_size = 17, BYTES, .order = ROWS_REPEATED},
    {FUNCTION(SQUARES, 17), TILT, .batch_size = 129, FLOATS, .weighted = 1, .misaligned = 1},
    {FUNCTION(QUADRATIC, 1), TILT, .batch_size = 3, FLOATS},
    {FUNCTION(QUADRATIC, 7), SHIFT, .batch_size = 129, FLOATS, .order = ROWS_REPEATED},
    {FUNCTION(QUADRATIC, 17), TILT, .batch_size = 17, BYTES, .weighted = 1},
    {FUNCTION(SADDLE, 2), SHIFT, .batch_size = 17, FLOATS, .misaligned = 1},
    {FUNCTION(SADDLE, 2), TILT, .batch_size = 3, FLOATS, .weighted = 1},
    {FUNCTION(ROSENBROCK, 2), SHIFT, .batch_size = 17, FLOATS, .weighted = 1},
    {FUNCTION(ROSENBROCK, 2), TILT, .batch_size = 129, BYTES},
    {FUNCTION(CUBIC, 2), SHIFT, .batch_size = 3, BYTES, .order = ROWS_REPEATED},
    {FUNCTION(CUBIC, 2), TILT, .batch_size = 17, FLOATS, .order = ROWS_REPEATED, .weighted = 1},
    {FUNCTION(PLATEAU, 1), SHIFT, .batch_size = 129, FLOATS},
    {FUNCTION(PLATEAU, 7), TILT, .batch_size = 1, FLOATS, .misaligned = 1},
    {FUNCTION(PLATEAU, 17), SHIFT, .batch_size = 17, FLOATS, .order = ROWS_REPEATED, .weighted = 1},
    {FUNCTION(RECURRENT, 2), SHIFT, .batch_size = 17, FLOATS},
    {FUNCTION(RECURRENT, 2), TILT, .batch_size = 3, FLOATS, .weighted = 1},
};

enum { OBJECTIVES = sizeof objectives / sizeof *objectives };
enum { SPECIALS = sizeof specials / sizeof *specials, IMAGES = sizeof images / sizeof *images };

int problem_count(void)
{
    return GRID + SPECIALS + IMAGES + OBJECTIVES;
}

struct problem_spec problem_spec_at(int index)
{
    struct problem_spec spec = {.sizes = {0}};
    struct rng rng;
    int rest = index, batch, first, depth, squares;

    assert(index >= 0 && index < problem_count());
    if (index >= GRID + SPECIALS + IMAGES)
        return objectives[index - GRID - SPECIALS - IMAGES];
    if (index >= GRID + SPECIALS)
        return images[index - GRID - SPECIALS];
    if (index >= GRID)
        return specials[index - GRID];

    batch = rest % BATCH_SIZES, rest /= BATCH_SIZES;
    first = rest % WIDTHS, rest /= WIDTHS;
    depth = 1 + rest % DEPTHS, rest /= DEPTHS;
    squares = rest;
    spec.batch_size = batch_sizes[batch];
    spec.head = squares ? HEAD_MEAN_SQUARED_ERROR : HEAD_SOFTMAX_CROSS_ENTROPY;
    /* Neighbouring widths differ: a square matrix would hide a transposed one. */
    for (int l = 0; l <= depth; l++)
        spec.sizes[l] = widths[(first + l) % WIDTHS];
    if (spec.head == HEAD_SOFTMAX_CROSS_ENTROPY && spec.sizes[depth] == 1)
        spec.sizes[depth] = 3; /* one class has no gradient: the special problems have it */

    /* Arranged so that each activation meets each of the other choices, and each other. */
    spec.hidden = activations[(batch + depth + 2 * squares) % ACTIVATIONS];
    spec.last =
        squares ? activations[(2 * batch + first + depth) % ACTIVATIONS] : ACTIVATION_IDENTITY;
    rng_init(&rng, grid_seed, RNG_TEST, (uint32_t)index);
    spec.element = rng_below(&rng, 2) ? ELEMENT_UINT8 : ELEMENT_FLOAT32;
    spec.order = rng_below(&rng, 2) ? ROWS_REPEATED : ROWS_IN_PLACE;
    spec.weighted = (int)rng_below(&rng, 2);
    spec.misaligned = (int)rng_below(&rng, 2);
    return spec;
}
