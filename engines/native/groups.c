/* Examples into groups and back: whole vectors of examples by transposing blocks, fewer examples
 * value by value. */
#include "native/groups.h"

/* The first halves of two vectors. */
#if defined(__AVX512F__)
static const lane_index interleaved = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
#elif defined(__AVX2__)
static const lane_index interleaved = {0, 8, 1, 9, 2, 10, 3, 11};
#else
static const lane_index interleaved = {0, 4, 1, 5};
#endif

/* Rows become columns: each round interleaves the first half of the rows with the second. */
INLINE void transpose(vector block[LANES])
{
    const lane_index low = interleaved, high = low + LANES / 2;
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

/* ---- As many examples as a vector has lanes -----------------------------------------------------
 */

/* Where the next column of the planes is. */
struct cursor {
    float *to;
    int column, width;
    size_t gap; /* floats from the end of a row to the beginning of the next */
};

/* The next `count` values of each example, from x on. */
static void spread_block(const float *x, int examples, size_t values, int count,
                         struct cursor *cursor)
{
    vector block[LANES];

    for (int e = 0; e < LANES; e++, x += values)
        block[e] = e >= examples ? (vector){0} : count == LANES ? load(x) : load_first(x, count);
    transpose(block);
    for (int k = 0; k < count; k++, cursor->to += LANES) {
        if (cursor->column == cursor->width) {
            cursor->to += cursor->gap;
            cursor->column = 0;
        }
        store(cursor->to, block[k]);
        cursor->column++;
    }
}

static void spread(const float *x, int examples, size_t values, struct cursor cursor)
{
    for (size_t n = 0; n < values; n += LANES)
        spread_block(x + n, examples, values, (int)(values - n < LANES ? values - n : LANES),
                     &cursor);
}

static void collect(const float *from, int examples, size_t values, float *a)
{
    for (size_t n = 0; n < values; n += LANES, from += (size_t)LANES * LANES) {
        const int count = (int)(values - n < LANES ? values - n : LANES);
        vector block[LANES];

        for (int k = 0; k < LANES; k++)
            block[k] = k < count ? load(from + k * LANES) : (vector){0};
        transpose(block);
        for (int e = 0; e < examples; e++)
            if (count == LANES)
                store(a + (size_t)e * values + n, block[e]);
            else
                store_first(a + (size_t)e * values + n, block[e], count);
    }
}

/* ---- Fewer ------------------------------------------------------------------------------------
 */

static void copy_row(float *to, const float *from, int n)
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

static void spread_row(const float *x, size_t values, int width, int group, int examples, float *to)
{
    if (group == 1) {
        copy_row(to, x, width);
        return;
    }
    for (int e = 0; e < group; e++, x += values)
        for (int v = 0; v < width; v++)
            to[v * group + e] = e < examples ? x[v] : 0;
}

static void spread_few(const struct images *images, const float *x, int examples, float *to,
                       const struct planes *planes)
{
    const int width = images->shape.width, height = images->shape.height;

    for (int c = 0; c < images->shape.channels; c++, to += plane_of(images, planes))
        for (int y = 0; y < height; y++, x += width)
            spread_row(x, shape_size(images->shape), width, images->group, examples,
                       to + (size_t)y * planes->row);
}

static void collect_few(const struct images *images, const float *from, int examples, float *a)
{
    const int width = images->shape.width, group = images->group;
    const size_t values = shape_size(images->shape), row = row_of(images);

    for (int n = 0; n < images->shape.channels * images->shape.height; n++, a += width, from += row)
        for (int e = 0; e < examples; e++)
            for (int v = 0; v < width; v++)
                a[(size_t)e * values + (size_t)v] = from[v * group + e];
}

/* ---- Either -----------------------------------------------------------------------------------
 */

static size_t start_of(const struct images *images, int first)
{
    if (images->grouped)
        return (size_t)(first / images->group) *
               native_group_size(images->shape, images->group, LANES);
    return (size_t)first * shape_size(images->shape);
}

/* In groups they may lie as they are wanted. */
static int lies_on(const struct images *images, const struct planes *planes)
{
    return images->grouped && planes->left == 0 && planes->border == 0 &&
           planes->row == row_of(images);
}

void NATIVE(clear_planes)(const struct images *images, const struct planes *planes, float *space)
{
    size_t size = (size_t)images->shape.channels * plane_of(images, planes) + LANES;

    if (!lies_on(images, planes))
        memset(space, 0, size * sizeof *space);
}

/* The lanes of a row's last vector that are columns: all bits set. */
static lane_index inside(int columns)
{
    lane_index lanes;

    for (int i = 0; i < LANES; i++)
        lanes[i] = (columns - 1) / LANES * LANES + i < columns ? -1 : 0;
    return lanes;
}

/* Whole vectors of a group's rows; the last one may reach beyond its row of the planes, with zeros,
 * into one that is written next. */
static void copy_rows(const struct images *images, const float *x, float *to,
                      const struct planes *planes)
{
    const int columns = images->shape.width * images->group, last = (columns - 1) / LANES * LANES;
    const lane_index lanes = inside(columns);

    for (int c = 0; c < images->shape.channels; c++, to += plane_of(images, planes))
        for (int y = 0; y < images->shape.height; y++, x += row_of(images)) {
            float *row = to + (size_t)y * planes->row;

            for (int i = 0; i < last; i += LANES)
                store(row + i, load(x + i));
            store(row + last, (vector)((lane_index)load(x + last) & lanes));
        }
}

void NATIVE(clear_filling)(const struct images *images, float *group)
{
    const int columns = images->shape.width * images->group,
              rows = images->shape.channels * images->shape.height;
    const lane_index lanes = inside(columns);

    group += row_of(images) - LANES;
    for (int n = 0; n < rows && columns % LANES != 0; n++, group += row_of(images))
        store(group, (vector)((lane_index)load(group) & lanes));
}

const float *NATIVE(take_group)(const struct images *images, const float *x, int first,
                                const struct planes *planes, float *space)
{
    const int width = images->shape.width;
    const int examples = smaller(images->group, images->rows - first);
    float *begin = space + (size_t)planes->border * planes->row;
    float *to = begin + planes->left * images->group;

    x += start_of(images, first);
    if (lies_on(images, planes))
        return x;
    if (images->grouped)
        copy_rows(images, x, to, planes);
    else if (images->group == LANES)
        spread(x, examples, shape_size(images->shape),
               (struct cursor){to, 0, width, planes->row - (size_t)(width * LANES)});
    else
        spread_few(images, x, examples, to, planes);
    return begin;
}

float *NATIVE(place_of_group)(const struct images *images, float *a, int first, float *space)
{
    return images->grouped ? a + start_of(images, first) : space;
}

void NATIVE(give_group)(const struct images *images, const float *space, int first, float *a)
{
    const int examples = smaller(images->group, images->rows - first);

    if (images->grouped)
        return;
    if (images->group == LANES)
        collect(space, examples, shape_size(images->shape), a + start_of(images, first));
    else
        collect_few(images, space, examples, a + start_of(images, first));
}
