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

/* z[q][p] = the sum of the lanes of sum[p][q] */
INLINE void store_dots(const int outputs, const int examples, vector (*sum)[4], float *z,
                       size_t z_row)
{
    const int whole = LANES / 4; /* examples whose four sums fill a vector */
    int q = 0;

    if (outputs >= 4)
        UNROLL for (; q + whole <= examples; q += whole)
        {
            vector v[LANES];
            quad parts[LANES / 4];

            UNROLL for (int i = 0; i < LANES; i++) v[i] = sum[i % 4][q + i / 4];
            v[0] = sum_each(v);
            memcpy(parts, &v[0], sizeof parts);
            UNROLL for (int i = 0; i < whole; i++) * (loose_quad *)(z + (size_t)(q + i) * z_row) =
                parts[i];
        }
    if (outputs >= 4)
        UNROLL for (; q < examples; q++) * (loose_quad *)(z + (size_t)q * z_row) =
            sum_four(sum[0][q], sum[1][q], sum[2][q], sum[3][q]);
    UNROLL for (q = 0; q < examples; q++)
        UNROLL for (int p = outputs >= 4 ? 4 : 0; p < outputs; p++)
            z[(size_t)q * z_row + (size_t)p] = sum_lanes(sum[p][q]);
}

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
                __builtin_prefetch(x + (size_t)q * row + dots->ahead + i, 0, NEAR);
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
    store_dots(outputs, examples, sum, dots->z + (size_t)e * (size_t)dots->outputs + o,
               (size_t)dots->outputs);
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

/* Four outputs at a time, or five where that comes out even. A block of examples stays in the first
 * cache while a stretch of weights, which stays in the second, goes by; the next block then meets
 * the same stretch. In the first stretch each turn fetches its part of the next block, or of the
 * examples behind. */
void NATIVE(dots)(int rows, int inputs, int outputs, const float *x, enum native_fetch fetch,
                  const float *weights, float *z)
{
    enum { BLOCK = 8, STRETCH_FLOATS = 32768, TURNS_MOST = 8 };
    int group = outputs % 5 == 0 && outputs % 4 != 0 ? 5 : 4;
    int most = REGISTERS == 32 ? 4 : group == 5 ? 2 : 3;
    int block = BLOCK / most * most;
    int groups = STRETCH_FLOATS / inputs / group;
    int stretch = (groups > 1 ? groups : 1) * group, turns = 1;
    struct dots dots = {
        .inputs = inputs,
        .outputs = outputs,
        .x = x,
        .weights = weights,
        .z = z,
        .ahead = (size_t)(fetch == NATIVE_FETCH_NEXT ? rows : block) * (size_t)inputs,
    };

    while (turns < TURNS_MOST && turns * group < smaller(stretch, outputs))
        turns *= 2;
    /* of the examples behind every other line: the rest is left to the weight gradient */
    dots.stride = (fetch == NATIVE_FETCH_NEXT ? 2 : 1) * turns * LINE;
    for (int start = 0; start < outputs; start += stretch)
        for (int first = 0; first < rows; first += block)
            for (int o = start; o < smaller(start + stretch, outputs); o += group) {
                int turn = (o - start) / group;
                int fetches = fetch != NATIVE_FETCH_NOTHING && start == 0 && turn < turns;

                dots.phase = turn * (dots.stride / turns);
                dots_of_outputs(&dots, o, smaller(group, outputs - o), first,
                                smaller(first + block, rows), most, fetches);
            }
}
