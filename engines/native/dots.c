/* Few examples, or few outputs, go forward as dot products along the inputs, which need no copy of
 * the weights. */
#include "native/parts.h"

struct dots {
    int inputs, outputs;
    const float *x, *weights;
    float *z;
    size_t ahead;      /* floats from an example to the one that is fetched meanwhile */
    int stride, phase; /* of that, the lines that begin at phase + n * stride, a power of two */
};

/* Some outputs of some examples; how many, and whether others are fetched meanwhile, are constants
 * wherever this is called. */
INLINE void run_dots(const int outputs, const int examples, const int fetches,
                     const struct dots *dots, int o, int e)
{
    const size_t row = (size_t)dots->inputs;
    const float *x = dots->x + (size_t)e * row, *weights = dots->weights + (size_t)o * row;
    vector sum[5][4];
    int i = 0;

    UNROLL for (int p = 0; p < outputs; p++) UNROLL for (int q = 0; q < examples; q++) sum[p][q] =
        (vector){0};
    for (; i + LANES <= dots->inputs; i += LANES) {
        vector input[4];

        if (fetches && (i & (dots->stride - 1)) == dots->phase)
            UNROLL for (int q = 0; q < examples; q++)
                __builtin_prefetch(x + (size_t)q * row + dots->ahead + i);
        UNROLL for (int q = 0; q < examples; q++)
        {
            input[q] = load(x + (size_t)q * row + i);
            IN_REGISTER(input[q]);
        }
        UNROLL for (int p = 0; p < outputs; p++)
        {
            vector weight = load(weights + (size_t)p * row + i);

            IN_REGISTER(weight);
            UNROLL for (int q = 0; q < examples; q++) sum[p][q] += weight * input[q];
        }
    }
    if (i < dots->inputs) {
        UNROLL for (int p = 0; p < outputs; p++)
        {
            vector weight = load_first(weights + (size_t)p * row + i, dots->inputs - i);

            UNROLL for (int q = 0; q < examples; q++) sum[p][q] +=
                weight * load_first(x + (size_t)q * row + i, dots->inputs - i);
        }
    }
    UNROLL for (int q = 0; q < examples; q++)
    {
        float *z = dots->z + (size_t)(e + q) * (size_t)dots->outputs + o;

        if (outputs >= 4)
            *(loose_quad *)z = sum_four(sum[0][q], sum[1][q], sum[2][q], sum[3][q]);
        UNROLL for (int p = outputs >= 4 ? 4 : 0; p < outputs; p++) z[p] = sum_lanes(sum[p][q]);
    }
}

#define CASE_OF_DOTS(n, examples, fetches)                                                         \
    case n:                                                                                        \
        run_dots(n, examples, fetches, dots, o, e);                                                \
        break;
#define DEFINE_DOTS(name, examples, fetches)                                                       \
    static void name(int outputs, const struct dots *dots, int o, int e)                           \
    {                                                                                              \
        switch (outputs) {                                                                         \
            CASE_OF_DOTS(1, examples, fetches)                                                     \
            CASE_OF_DOTS(2, examples, fetches)                                                     \
            CASE_OF_DOTS(3, examples, fetches)                                                     \
            CASE_OF_DOTS(4, examples, fetches)                                                     \
            CASE_OF_DOTS(5, examples, fetches)                                                     \
        }                                                                                          \
    }

DEFINE_DOTS(dots_1, 1, 0)
DEFINE_DOTS(dots_2, 2, 0)
DEFINE_DOTS(dots_3, 3, 0)
DEFINE_DOTS(dots_4, 4, 0)
DEFINE_DOTS(dots_1_fetching, 1, 1)
DEFINE_DOTS(dots_2_fetching, 2, 1)
DEFINE_DOTS(dots_3_fetching, 3, 1)
DEFINE_DOTS(dots_4_fetching, 4, 1)

typedef void dots_function(int outputs, const struct dots *, int o, int e);

static dots_function *const dots_functions[2][4] = {
    {dots_1, dots_2, dots_3, dots_4},
    {dots_1_fetching, dots_2_fetching, dots_3_fetching, dots_4_fetching},
};

/* Examples in groups of `most`, which with the outputs fill the registers. */
static void dots_of_outputs(const struct dots *dots, int o, int outputs, int first, int end,
                            int most, int fetches)
{
    for (int e = first; e < end; e += most)
        dots_functions[fetches][smaller(most, end - e) - 1](outputs, dots, o, e);
}

/* Four outputs at a time, or five where that comes out even; all examples for some outputs, then
 * the next. Weights that stay near go with one block of examples after the other, so that each turn
 * can fetch its part of the next block, or of the examples behind. */
void NATIVE(dots)(int rows, int inputs, int outputs, const float *x, enum native_fetch fetch,
                  const float *weights, float *z)
{
    enum { BLOCK = 8 };
    int group = outputs % 5 == 0 && outputs % 4 != 0 ? 5 : 4;
    int most = REGISTERS == 32 ? 4 : group == 5 ? 2 : 3;
    int stay = native_weights_stay(inputs, outputs), block = stay ? BLOCK : rows;
    int ahead = fetch == NATIVE_FETCH_NEXT ? rows : stay ? block : most;
    int turns = stay && outputs > group ? 2 : 1;
    struct dots dots = {
        .inputs = inputs,
        .outputs = outputs,
        .x = x,
        .weights = weights,
        .z = z,
        .ahead = (size_t)ahead * (size_t)inputs,
        /* of the examples behind every other line: the rest is left to the weight gradient */
        .stride = (fetch == NATIVE_FETCH_NEXT ? 2 : 1) * turns * LINE,
    };

    for (int first = 0; first < rows; first += block)
        for (int o = 0; o < outputs; o += group) {
            int turn = o / group;

            dots.phase = turn < turns ? turn * (dots.stride / turns) : 0;
            dots_of_outputs(&dots, o, smaller(group, outputs - o), first,
                            smaller(first + block, rows), most,
                            fetch != NATIVE_FETCH_NOTHING && turn < turns);
        }
}
