/* Examples into groups and back, by transposing blocks. */
#include "native/groups.h"

/* ---- Several examples ---------------------------------------------------------------------------
 */

/* Where the values of an image, one after the other, stand on planes. */
struct walk {
    size_t at;
    int group, width, height; /* of the image */
    int column, line;
    size_t row_gap, plane_gap; /* from the end of a row, of a plane, to the next */
};

static struct walk walk_on(const struct images *images, const struct planes *planes)
{
    return (struct walk){
        .group = images->group,
        .width = images->shape.width,
        .height = images->shape.height,
        .row_gap = planes->row - (size_t)(images->shape.width * images->group),
        .plane_gap = 2 * (size_t)planes->border * planes->row,
    };
}

static inline size_t next_place(struct walk *walk)
{
    size_t here = walk->at;

    walk->at += (size_t)walk->group;
    if (++walk->column == walk->width) {
        walk->column = 0;
        walk->at += walk->row_gap;
        if (++walk->line == walk->height) {
            walk->line = 0;
            walk->at += walk->plane_gap;
        }
    }
    return here;
}

/* Whole vectors, of which the next one covers what is beyond the group; zeros behind the last. */
static void spread(const float *x, int examples, size_t values, struct walk walk, float *to)
{
    for (size_t n = 0; n < values; n += LANES) {
        const int count = (int)(values - n < LANES ? values - n : LANES);
        const float *from = x + n;
        vector block[LANES];

        for (int e = 0; e < LANES; e++, from += values)
            block[e] = e >= examples    ? (vector){0}
                       : count == LANES ? load(from)
                                        : load_first(from, count);
        transpose(block);
        for (int k = 0; k < count; k++)
            store(to + next_place(&walk), block[k]);
    }
}

static void collect(const float *from, struct walk walk, int examples, size_t values, float *a)
{
    for (size_t n = 0; n < values; n += LANES) {
        const int count = (int)(values - n < LANES ? values - n : LANES);
        vector block[LANES];

        for (int k = 0; k < LANES; k++)
            block[k] = k < count ? load(from + next_place(&walk)) : (vector){0};
        transpose(block);
        for (int e = 0; e < examples; e++)
            if (count == LANES)
                store(a + (size_t)e * values + n, block[e]);
            else
                store_first(a + (size_t)e * values + n, block[e], count);
    }
}

/* ---- One example ------------------------------------------------------------------------------
 */

/* The last vector, or quad, overlaps the one before. */
static void copy_row(float *to, const float *from, int n)
{
    if (n < 4)
        for (int i = 0; i < n; i++)
            to[i] = from[i];
    else if (n < LANES)
        for (int i = 0; i < n; i += 4)
            *(loose_quad *)(to + smaller(i, n - 4)) =
                *(const loose_quad *)(from + smaller(i, n - 4));
    else
        for (int i = 0; i < n; i += LANES)
            store(to + smaller(i, n - LANES), load(from + smaller(i, n - LANES)));
}

static void spread_one(const struct images *images, const float *x, float *to,
                       const struct planes *planes)
{
    const int width = images->shape.width;

    for (int c = 0; c < images->shape.channels; c++, to += plane_of(images, planes))
        for (int y = 0; y < images->shape.height; y++, x += width)
            copy_row(to + (size_t)y * planes->row, x, width);
}

static void collect_one(const struct images *images, const float *from, float *a)
{
    const int width = images->shape.width;

    for (int n = 0; n < images->shape.channels * images->shape.height; n++, a += width) {
        copy_row(a, from, width);
        from += row_of(images);
    }
}

/* ---- Any number
 * -----------------------------------------------------------------------------------
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
    const int examples = smaller(images->group, images->rows - first);
    float *begin = space + (size_t)planes->border * planes->row;
    float *to = begin + planes->left * images->group;

    x += start_of(images, first);
    if (lies_on(images, planes))
        return x;
    if (images->grouped)
        copy_rows(images, x, to, planes);
    else if (images->group == 1)
        spread_one(images, x, to, planes);
    else
        spread(x, examples, shape_size(images->shape), walk_on(images, planes), to);
    return begin;
}

float *NATIVE(place_of_group)(const struct images *images, float *a, int first, float *space)
{
    return images->grouped ? a + start_of(images, first) : space;
}

void NATIVE(give_group)(const struct images *images, const float *space, int first, float *a)
{
    const int examples = smaller(images->group, images->rows - first);
    const struct planes whole = {row_of(images), 0, 0};

    if (images->grouped)
        return;
    if (images->group == 1)
        collect_one(images, space, a + start_of(images, first));
    else
        collect(space, walk_on(images, &whole), examples, shape_size(images->shape),
                a + start_of(images, first));
}
