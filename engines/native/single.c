/* One example: matrix times vector, and a descent that reads each row of weights once. */
#include "native/parts.h"

/* Rows of weights that go by together. */
enum { ROWS_MOST = REGISTERS == 32 ? 16 : 10 };

/* z[outputs] = W x + b; outputs is a constant wherever this is called. */
INLINE void run_rows_of_one(const int outputs, int inputs, const float *x, const float *weights,
                            const float *biases, float *z)
{
    size_t row = (size_t)inputs;
    vector sum[ROWS_MOST];
    int i = 0, o = 0;

    UNROLL for (int p = 0; p < outputs; p++) sum[p] = (vector){0};
    for (; i + LANES <= inputs; i += LANES) {
        vector input = load(x + i);

        UNROLL for (int p = 0; p < outputs; p++) sum[p] +=
            load(weights + (size_t)p * row + i) * input;
    }
    if (i < inputs) {
        vector input = load_first(x + i, inputs - i);

        UNROLL for (int p = 0; p < outputs; p++) sum[p] +=
            load_first(weights + (size_t)p * row + i, inputs - i) * input;
    }
    UNROLL for (; o + LANES <= outputs; o += LANES)
        store(z + o, sum_each(sum + o) + load(biases + o));
    UNROLL for (; o + 4 <= outputs; o += 4) * (loose_quad *)(z + o) =
        sum_four(sum[o], sum[o + 1], sum[o + 2], sum[o + 3]) + *(const loose_quad *)(biases + o);
    UNROLL for (; o < outputs; o++) z[o] = sum_lanes(sum[o]) + biases[o];
}

#define CASE_OF_ONE(n)                                                                             \
    case n:                                                                                        \
        if (n <= ROWS_MOST)                                                                        \
            run_rows_of_one((n <= ROWS_MOST ? n : 1), inputs, x, weights, biases, z);              \
        break;

static void rows_of_one(int outputs, int inputs, const float *x, const float *weights,
                        const float *biases, float *z)
{
    switch (outputs) {
        CASE_OF_ONE(1)
        CASE_OF_ONE(2)
        CASE_OF_ONE(3)
        CASE_OF_ONE(4)
        CASE_OF_ONE(5)
        CASE_OF_ONE(6)
        CASE_OF_ONE(7)
        CASE_OF_ONE(8)
        CASE_OF_ONE(9)
        CASE_OF_ONE(10)
        CASE_OF_ONE(11)
        CASE_OF_ONE(12)
        CASE_OF_ONE(13)
        CASE_OF_ONE(14)
        CASE_OF_ONE(15)
        CASE_OF_ONE(16)
    }
}

void NATIVE(forward_one)(int inputs, int outputs, const float *x, const float *weights,
                         const float *biases, float *z)
{
    int groups = (outputs + ROWS_MOST - 1) / ROWS_MOST;

    for (int g = 0; g < groups; g++) {
        int o = part_start(outputs, groups, g), next = part_start(outputs, groups, g + 1);

        rows_of_one(next - o, inputs, x, weights + (size_t)o * (size_t)inputs, biases + o, z + o);
    }
}

enum { TOGETHER = 5 }; /* rows of weights that share a pass over x and dx */

/* For rows live[0 .. count-1]: dx += delta W, W -= rate delta x. count and with_dx are constants.
 */
INLINE void run_descent(const int count, const int with_dx, int inputs, const int *live,
                        const float *delta, const float *x, float rate, float *weights, float *dx)
{
    float *row[TOGETHER], step[TOGETHER], slope[TOGETHER];
    int i = 0;

    UNROLL for (int r = 0; r < count; r++)
    {
        row[r] = weights + (size_t)live[r] * (size_t)inputs;
        slope[r] = delta[live[r]];
        step[r] = rate * slope[r];
    }
    for (; i + LANES <= inputs; i += LANES) {
        vector input = load(x + i), sum = with_dx ? load(dx + i) : (vector){0};

        UNROLL for (int r = 0; r < count; r++)
        {
            vector weight = load(row[r] + i);

            if (with_dx)
                sum += slope[r] * weight;
            store(row[r] + i, weight - step[r] * input);
        }
        if (with_dx)
            store(dx + i, sum);
    }
    for (; i < inputs; i++)
        UNROLL for (int r = 0; r < count; r++)
        {
            if (with_dx)
                dx[i] += slope[r] * row[r][i];
            row[r][i] -= step[r] * x[i];
        }
}

#define CASE_OF_DESCENT(n, with_dx)                                                                \
    case n:                                                                                        \
        run_descent(n, with_dx, inputs, live, delta, x, rate, weights, dx);                        \
        break;
#define DEFINE_DESCENT(name, with_dx)                                                              \
    static void name(int count, int inputs, const int *live, const float *delta, const float *x,   \
                     float rate, float *weights, float *dx)                                        \
    {                                                                                              \
        switch (count) {                                                                           \
            CASE_OF_DESCENT(1, with_dx)                                                            \
            CASE_OF_DESCENT(2, with_dx)                                                            \
            CASE_OF_DESCENT(3, with_dx)                                                            \
            CASE_OF_DESCENT(4, with_dx)                                                            \
            CASE_OF_DESCENT(5, with_dx)                                                            \
        }                                                                                          \
    }

DEFINE_DESCENT(descend_with_dx, 1)
DEFINE_DESCENT(descend, 0)

void NATIVE(descend_one)(int inputs, int outputs, const float *delta, const float *x, float rate,
                         float *weights, float *dx, int *live)
{
    int count = 0, groups;

    for (int o = 0; o < outputs; o++) { /* nobody foresees which: no branch */
        live[count] = o;
        count += delta[o] != 0; /* and not-a-number */
    }
    groups = (count + TOGETHER - 1) / TOGETHER;
    if (dx)
        memset(dx, 0, (size_t)inputs * sizeof *dx);
    for (int g = 0; g < groups; g++) {
        int first = part_start(count, groups, g), next = part_start(count, groups, g + 1);

        (dx ? descend_with_dx : descend)(next - first, inputs, live + first, delta, x, rate,
                                         weights, dx);
    }
}
