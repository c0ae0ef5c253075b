/* Examples into groups and back. */
#include "native/groups.h"

/* Rows become columns: each round interleaves the first half of the rows with the second. */
INLINE void transpose(vector block[LANES])
{
    const vector_index low = LOWER_HALVES, high = low + LANES / 2;
    vector other[LANES];

    UNROLL for (int round = 1; round < LANES; round *= 2)
    {
        UNROLL for (int i = 0; i < LANES / 2; i++)
        {
            other[2 * i] = __builtin_shuffle(block[i], block[i + LANES / 2], low);
            other[2 * i + 1] = __builtin_shuffle(block[i], block[i + LANES / 2], high);
        }
        UNROLL for (int i = 0; i < LANES; i++) block[i] = other[i];
    }
}

/* Values n .. n+count-1. */
static void group_some(const float *x, int examples, size_t values, int count, float *to)
{
    vector block[LANES];

    for (int e = 0; e < LANES; e++, x += values)
        block[e] = e >= examples ? (vector){0} : count == LANES ? load(x) : load_first(x, count);
    transpose(block);
    for (int k = 0; k < count; k++)
        store(to + k * LANES, block[k]);
}

static void ungroup_some(const float *from, int examples, size_t values, int count, float *a)
{
    vector block[LANES];

    for (int k = 0; k < LANES; k++)
        block[k] = k < count ? load(from + k * LANES) : (vector){0};
    transpose(block);
    for (int e = 0; e < examples; e++, a += values)
        if (count == LANES)
            store(a, block[e]);
        else
            store_first(a, block[e], count);
}

const float *NATIVE(take_group)(const struct examples *e, const float *x, int first, int rows,
                                float *space)
{
    const int count = smaller(LANES, rows - first);
    size_t n = 0;

    x += (size_t)first * e->values;
    if (e->grouped)
        return x;
    for (; n + LANES <= e->values; n += LANES)
        group_some(x + n, count, e->values, LANES, space + n * LANES);
    if (n < e->values)
        group_some(x + n, count, e->values, (int)(e->values - n), space + n * LANES);
    return space;
}

void NATIVE(give_group)(const struct examples *e, const float *space, int first, int rows, float *a)
{
    const int count = smaller(LANES, rows - first);
    size_t n = 0;

    a += (size_t)first * e->values;
    for (; n + LANES <= e->values && !e->grouped; n += LANES)
        ungroup_some(space + n * LANES, count, e->values, LANES, a + n);
    if (n < e->values && !e->grouped)
        ungroup_some(space + n * LANES, count, e->values, (int)(e->values - n), a + n);
}
