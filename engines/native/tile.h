/* Tiles: C[rows][columns] (+)= A B with all of C's tile in registers while the loop runs along the
 * inner index. What every product here comes down to. */
#ifndef BATCHLAB_NATIVE_TILE_H
#define BATCHLAB_NATIVE_TILE_H

#include "native/vector.h"

enum {
    TILE_ROWS = REGISTERS == 32 ? 12 : 6, /* times two vectors: with operands, all registers */
    PANEL = 2 * LANES,
    FETCH_ROWS = 16, /* rows of B that are fetched ahead: their lines lie apart */
};

/* One step p of the inner index meets a[p * along + r * across] for the tile's rows r and the
 * vectors at b + p * b_row. */
struct tile {
    int depth;
    const float *a;
    size_t across; /* between rows of A; 1 if packed: along is then the tile's rows */
    const float *b;
    size_t b_row;
    float *c;
    size_t c_row;
    int columns;
    int add;
    int fetches; /* the next rows of A meanwhile, if they lie as they are */
};

/* A tile at the right edge of C. */
static __attribute__((noinline)) void store_part(const struct tile *t, int rows, const float *sums)
{
    for (int r = 0; r < rows; r++) {
        float *c = t->c + (size_t)r * t->c_row;

        for (int j = 0; j < t->columns; j++)
            c[j] = sums[r * PANEL + j] + (t->add ? c[j] : 0);
    }
}

/* Rows of A that lie as they are hang on every third, so that their addresses take few registers:
 * left alone, gcc gives each a register of its own and has not enough of them. */
enum { HOOK = 3, HOOKS = (TILE_ROWS + HOOK - 1) / HOOK };

/* One step of the inner index, `ahead` of where a and b point. rows, vectors and packed are
 * constants wherever this is called. */
INLINE void step_tile(const int rows, const int vectors, const int packed, const int ahead,
                      const struct tile *t, const float *const *a, const float *b, vector (*sum)[2])
{
    vector operand[2];

    b += (size_t)ahead * t->b_row;
    UNROLL for (int v = 0; v < vectors; v++)
    {
        if (v * LANES % LINE == 0)
            __builtin_prefetch(b + FETCH_ROWS * t->b_row + v * LANES);
        operand[v] = load(b + v * LANES);
        IN_REGISTER(operand[v]);
    }
    UNROLL for (int r = 0; r < rows; r++)
    {
        float factor = packed ? a[0][ahead * rows + r]
                              : a[r / HOOK][(size_t)(r % HOOK) * t->across + (size_t)ahead];

        UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += factor * operand[v];
    }
}

/* rows, vectors and packed are constants wherever this is called. */
INLINE void run_tile(const int rows, const int vectors, const int packed, const struct tile *t)
{
    enum { STEPS = 4 };
    const int hooks = packed ? 1 : (rows + HOOK - 1) / HOOK, along = packed ? rows : 1;
    const float *a[HOOKS], *b = t->b;
    vector sum[TILE_ROWS][2];
    int p = 0;

    UNROLL for (int h = 0; h < hooks; h++) a[h] = t->a + (size_t)(h * HOOK) * t->across;
    UNROLL for (int r = 0; r < rows; r++) __builtin_prefetch(t->c + (size_t)r * t->c_row, 1);
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vector){0};
    for (; p + STEPS <= t->depth; p += STEPS) {
        if (!packed && t->fetches && p % LINE == 0)
            UNROLL for (int r = 0; r < rows; r++)
                __builtin_prefetch(t->a + (size_t)(rows + r) * t->across + p, 0, NEAR);
        UNROLL for (int s = 0; s < STEPS; s++) step_tile(rows, vectors, packed, s, t, a, b, sum);
        UNROLL for (int h = 0; h < hooks; h++)
        {
            a[h] += STEPS * along;
            POINTER_IN_REGISTER(a[h]);
        }
        b += STEPS * t->b_row;
    }
    for (; p < t->depth; p++, b += t->b_row) {
        step_tile(rows, vectors, packed, 0, t, a, b, sum);
        UNROLL for (int h = 0; h < hooks; h++) a[h] += along;
    }
    if (t->columns == vectors * LANES && t->add) {
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
            store(t->c + (size_t)r * t->c_row + v * LANES,
                  load(t->c + (size_t)r * t->c_row + v * LANES) + sum[r][v]);
    } else if (t->columns == vectors * LANES) {
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
            store(t->c + (size_t)r * t->c_row + v * LANES, sum[r][v]);
    } else {
        float sums[TILE_ROWS * PANEL];

        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
            store(sums + r * PANEL + v * LANES, sum[r][v]);
        store_part(t, rows, sums);
    }
}

/* `call(n, ...)` with a constant for each number of rows. */
#define CASE_OF_ROWS(n, call, ...)                                                                 \
    case n:                                                                                        \
        if (n <= TILE_ROWS)                                                                        \
            call((n <= TILE_ROWS ? n : 1), __VA_ARGS__);                                           \
        break;
#define SWITCH_OF_ROWS(rows, call, ...)                                                            \
    switch (rows) {                                                                                \
        CASE_OF_ROWS(1, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(2, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(3, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(4, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(5, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(6, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(7, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(8, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(9, call, __VA_ARGS__)                                                         \
        CASE_OF_ROWS(10, call, __VA_ARGS__)                                                        \
        CASE_OF_ROWS(11, call, __VA_ARGS__)                                                        \
        CASE_OF_ROWS(12, call, __VA_ARGS__)                                                        \
    }

static inline void wide_packed(int rows, const struct tile *t)
{
    SWITCH_OF_ROWS(rows, run_tile, 2, 1, t)
}

static inline void wide_rows(int rows, const struct tile *t)
{
    SWITCH_OF_ROWS(rows, run_tile, 2, 0, t)
}

static inline void narrow_packed(int rows, const struct tile *t)
{
    SWITCH_OF_ROWS(rows, run_tile, 1, 1, t)
}

static inline void narrow_rows(int rows, const struct tile *t)
{
    SWITCH_OF_ROWS(rows, run_tile, 1, 0, t)
}

static inline void tile(int rows, int packed, const struct tile *t)
{
    if (t->columns > LANES)
        packed ? wide_packed(rows, t) : wide_rows(rows, t);
    else
        packed ? narrow_packed(rows, t) : narrow_rows(rows, t);
}

#endif
