/* C = A B in tiles. A panel of B, a tile's width of columns, is copied together where many tiles
 * use it; so are columns of A that lie rows apart. */
#include "native/parts.h"
#include "native/tile.h"

enum { NEAR_BYTES = 256 << 10 }; /* what one operand may take near the core */

INLINE void copy_columns(const int rows, const float *from, size_t from_row, int depth, float *to)
{
    for (int p = 0; p < depth; p++, from += from_row, to += rows) {
        UNROLL for (int r = 0; r + 4 <= rows; r += 4) * (loose_quad *)(to + r) =
            *(const loose_quad *)(from + r);
        UNROLL for (int r = rows / 4 * 4; r < rows; r++) to[r] = from[r];
    }
}

/* packed[tile][p][row of the tile] = A from inner index `first` on; A has its columns together */
static void pack_a(const struct product *product, int first, int depth, int tiles, float *packed)
{
    size_t column = product->a.column;

    for (int i = 0; i < tiles; i++) {
        int row = part_start(product->m, tiles, i);
        int rows = part_start(product->m, tiles, i + 1) - row;
        const float *from = product->a.data + row + (size_t)first * column;

        SWITCH_OF_ROWS(rows, copy_columns, from, column, depth, packed)
        packed += (size_t)rows * (size_t)depth;
    }
}

/* to[p][q] = from[q][p] for p, q below LANES */
INLINE void transpose_square(const float *from, size_t from_row, float *to, size_t to_row)
{
    vector v[LANES];

    UNROLL for (int q = 0; q < LANES; q++) v[q] = load(from + (size_t)q * from_row);
    transpose(v);
    UNROLL for (int p = 0; p < LANES; p++) store(to + (size_t)p * to_row, v[p]);
}

/* packed[p][PANEL] = columns j .. j+columns-1 of B, and zeros */
static void pack_b(const struct product *product, int first, int depth, int j, int columns,
                   float *packed)
{
    const struct operand *b = &product->b;
    const float *from = b->data + (size_t)first * b->row + (size_t)j * b->column;
    int p = 0;

    if (columns == PANEL && b->column == 1)
        for (; p < depth; p++, from += b->row, packed += PANEL) {
            store(packed, load(from));
            store(packed + LANES, load(from + LANES));
        }
    if (columns == PANEL && b->row == 1)
        for (; p + LANES <= depth; p += LANES, from += LANES, packed += LANES * PANEL)
            for (int c = 0; c < PANEL; c += LANES)
                transpose_square(from + (size_t)c * b->column, b->column, packed + c, PANEL);
    for (; p < depth; p++, from += b->row, packed += PANEL) {
        for (int c = 0; c < columns; c++)
            packed[c] = from[(size_t)c * b->column];
        for (int c = columns; c < PANEL; c++)
            packed[c] = 0;
    }
}

/* All tiles of one panel. */
static void run_panel(const struct product *product, int first, int depth, int j, int tiles,
                      const float *packed_a, const float *b, size_t b_row)
{
    struct tile t = {
        .depth = depth,
        .a = packed_a,
        .across = product->a.row,
        .b = b,
        .b_row = b_row,
        .c_row = (size_t)product->n,
        .columns = smaller(PANEL, product->n - j),
        .add = product->add || first > 0,
        .fetches = product->fetches_a && j == 0,
    };

    for (int i = 0; i < tiles; i++) {
        int row = part_start(product->m, tiles, i);
        int rows = part_start(product->m, tiles, i + 1) - row;

        if (!packed_a)
            t.a = product->a.data + (size_t)row * product->a.row + (size_t)first;
        t.c = product->c + (size_t)row * t.c_row + j;
        tile(rows, packed_a != NULL, &t);
        if (packed_a)
            t.a += (size_t)rows * (size_t)depth;
    }
}

/* Panel after panel; each is copied together if it has to be, or if many tiles use it. */
static void run_panels(const struct product *product, int first, int depth, int tiles,
                       const float *packed_a, float *packed_b)
{
    enum { MANY = 8 };
    const struct operand *b = &product->b;

    for (int j = 0; j < product->n; j += PANEL) {
        int columns = smaller(PANEL, product->n - j);
        int as_it_is =
            b->column == 1 && columns % LANES == 0 &&
            (REGISTERS == 32 || tiles < MANY || depth * PANEL * (int)sizeof(float) < 4096);

        if (!as_it_is)
            pack_b(product, first, depth, j, columns, packed_b);
        run_panel(product, first, depth, j, tiles, packed_a,
                  as_it_is ? b->data + (size_t)first * b->row + j : packed_b,
                  as_it_is ? b->row : PANEL);
    }
}

/* Memory to be fetched meanwhile, a little at each step of an inner loop. */
struct fetch {
    const char *next;
    size_t step; /* bytes; 0: nothing */
};

/* A strip: rows of C along their whole length, for a shallow product. C is where its sums begin,
 * and is read and written in the order of memory. n is a multiple of LANES; a is packed. */
INLINE void run_strip(const int rows, const int fetches, int n, int depth, const float *a,
                      const float *b, float *c, int add, struct fetch *fetch)
{
    size_t row = (size_t)n;
    const char *next = fetch->next;
    int j = 0;

    for (; j + PANEL <= n; j += PANEL, b += PANEL, c += PANEL) {
        const float *factor = a, *operands = b;
        vector sum[TILE_ROWS][2];

        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < 2; v++) sum[r][v] =
            add ? load(c + (size_t)r * row + v * LANES) : (vector){0};
        _Pragma("GCC unroll 4") for (int p = 0; p < depth; p++, factor += rows, operands += row)
        {
            vector first = load(operands), second = load(operands + LANES);

            if (fetches) {
                __builtin_prefetch(next, 0, NEAR);
                next += fetch->step;
            }
            IN_REGISTER(first);
            IN_REGISTER(second);
            UNROLL for (int r = 0; r < rows; r++)
            {
                sum[r][0] += factor[r] * first;
                sum[r][1] += factor[r] * second;
            }
        }
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < 2; v++)
            store(c + (size_t)r * row + v * LANES, sum[r][v]);
    }
    if (j < n) {
        const float *factor = a, *operands = b;
        vector sum[TILE_ROWS];

        UNROLL for (int r = 0; r < rows; r++) sum[r] =
            add ? load(c + (size_t)r * row) : (vector){0};
        for (int p = 0; p < depth; p++, factor += rows, operands += row) {
            vector only = load(operands);

            IN_REGISTER(only);
            UNROLL for (int r = 0; r < rows; r++) sum[r] += factor[r] * only;
        }
        UNROLL for (int r = 0; r < rows; r++) store(c + (size_t)r * row, sum[r]);
    }
    fetch->next = next;
}

static void run_strips(const struct product *product, int tiles, const float *packed_a)
{
    size_t steps = (size_t)tiles * (size_t)(product->n / PANEL) * (size_t)product->depth;
    struct fetch fetch = {
        .next = (const char *)(product->b.data + (size_t)product->depth * product->b.row),
        .step = steps > 0 ? product->behind_b * sizeof(float) / steps : 0,
    };

    for (int i = 0; i < tiles; i++) {
        int row = part_start(product->m, tiles, i);
        int rows = part_start(product->m, tiles, i + 1) - row;
        float *c = product->c + (size_t)row * (size_t)product->n;

        if (fetch.step > 0)
            SWITCH_OF_ROWS(rows, run_strip, 1, product->n, product->depth, packed_a,
                           product->b.data, c, product->add, &fetch)
        else
            SWITCH_OF_ROWS(rows, run_strip, 0, product->n, product->depth, packed_a,
                           product->b.data, c, product->add, &fetch)
        packed_a += (size_t)rows * (size_t)product->depth;
    }
}

void NATIVE(multiply)(const struct product *product)
{
    int tiles = (product->m + TILE_ROWS - 1) / TILE_ROWS;
    int packs_a = product->a.column != 1;
    float *packed_b = product->scratch, *packed_a = packed_b + (size_t)NATIVE_DEPTH * PANEL;
    size_t b_bytes = (size_t)product->depth * (size_t)product->n * sizeof(float);

    if (packs_a && product->b.column == 1 && product->n % LANES == 0 &&
        product->depth <= NATIVE_DEPTH && b_bytes <= NEAR_BYTES) {
        pack_a(product, 0, product->depth, tiles, packed_a);
        run_strips(product, tiles, packed_a);
        return;
    }
    for (int first = 0; first < product->depth; first += NATIVE_DEPTH) {
        int depth = smaller(NATIVE_DEPTH, product->depth - first);

        if (packs_a)
            pack_a(product, first, depth, tiles, packed_a);
        run_panels(product, first, depth, tiles, packs_a ? packed_a : NULL, packed_b);
    }
}
