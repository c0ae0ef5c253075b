/* Max pooling, a group of examples (images.h) at a time. Windows of 2 x 2 with stride 2 go by whole
 * vectors, others value by value. */
#include "native/groups.h"
#include "native/parts.h"

#include "elementwise.h"

/* One group of a layer. */
struct pool {
    const struct layer *layer;
    int group;
    size_t row, to_row; /* floats of a row of inputs, of outputs */
};

/* ---- Windows of 2 x 2 ---------------------------------------------------------------------------
 */

/* How two vectors of columns come apart into even and odd ones, and together again. */
struct comb {
    lane_index even, odd, low, high;
};

static struct comb comb_of(int group)
{
    struct comb comb;

    for (int i = 0; i < LANES; i++) {
        int column = i / group, lane = i % group;
        /* column c of two vectors is half of column c / 2, the even or the odd one */
        int half = column / 2 * group + lane + (column % 2 ? LANES : 0);

        comb.even[i] = 2 * column * group + lane;
        comb.odd[i] = comb.even[i] + group;
        comb.low[i] = half;
        comb.high[i] = half + LANES / 2;
    }
    return comb;
}

/* Vector v of a row of outputs pools vectors 2 v and 2 v + 1 of two rows of inputs; whole: a column
 * is a vector, and nothing has to come apart. */
INLINE void load_corners(const int whole, const struct comb *comb, const float *upper,
                         const float *lower, int second, vector corners[4])
{
    vector a = load(upper), b = load(upper + second), c = load(lower), d = load(lower + second);

    corners[0] = whole ? a : __builtin_shuffle(a, b, comb->even);
    corners[1] = whole ? b : __builtin_shuffle(a, b, comb->odd);
    corners[2] = whole ? c : __builtin_shuffle(c, d, comb->even);
    corners[3] = whole ? d : __builtin_shuffle(c, d, comb->odd);
}

/* The largest corner's value, and which it is: the first of equals; not-a-number counts as larger
 * than any number. */
INLINE vector largest_corner(const vector corners[4], lane_index *which)
{
    vector best = corners[0];

    *which = (lane_index){0};
    UNROLL for (int k = 1; k < 4; k++)
    {
        lane_index better = (corners[k] > best) | (corners[k] != corners[k]);

        best = (vector)(((lane_index)corners[k] & better) | ((lane_index)best & ~better));
        *which = (*which & ~better) | (k & better);
    }
    return best;
}

/* Where a row of inputs ends within the second vector of a pair, that is the first once more: the
 * columns that would come from it are nobody's. */
INLINE int second_of(const struct pool *p, size_t v)
{
    return (2 * v + 1) * LANES < p->row ? LANES : 0;
}

INLINE void pool_pairs(const int whole, const struct pool *p, const float *x, float *a)
{
    const struct comb comb = comb_of(p->group);
    const size_t plane = (size_t)p->layer->input.height * p->row;

    for (int c = 0; c < p->layer->output.channels; c++, x += plane)
        for (int y = 0; y < p->layer->output.height; y++, a += p->to_row)
            for (size_t v = 0; v * LANES < p->to_row; v++) {
                const float *upper = x + (size_t)(2 * y) * p->row + 2 * v * LANES;
                lane_index which;
                vector corners[4];

                load_corners(whole, &comb, upper, upper + p->row, second_of(p, v), corners);
                store(a + v * LANES, largest_corner(corners, &which));
            }
}

INLINE void return_pairs(const int whole, const struct pool *p, const float *delta, const float *x,
                         int relu, float *dx)
{
    const struct comb comb = comb_of(p->group);
    const size_t plane = (size_t)p->layer->input.height * p->row;

    for (int c = 0; c < p->layer->output.channels; c++, x += plane, dx += plane)
        for (int y = 0; y < p->layer->output.height; y++, delta += p->to_row)
            for (size_t v = 0; v * LANES < p->to_row; v++) {
                const size_t at = (size_t)(2 * y) * p->row + 2 * v * LANES;
                const int second = second_of(p, v);
                vector slope = load(delta + v * LANES), best, corners[4], back[4];
                lane_index which;

                load_corners(whole, &comb, x + at, x + at + p->row, second, corners);
                best = largest_corner(corners, &which);
                if (relu) /* times 0, not set to 0: not-a-number has to stay */
                    slope *= (vector)((lane_index)((vector){0} + 1) & (best > 0));
                UNROLL for (int k = 0; k < 4; k++) back[k] =
                    (vector)((lane_index)slope & (which == k));
                UNROLL for (int k = 0; k < 4; k += 2)
                {
                    float *to = dx + at + (k ? p->row : 0);

                    if (second)
                        store(to + LANES, whole
                                              ? back[k + 1]
                                              : __builtin_shuffle(back[k], back[k + 1], comb.high));
                    store(to, whole ? back[k] : __builtin_shuffle(back[k], back[k + 1], comb.low));
                }
            }
}

static int pools_two_by_two(const struct layer *l)
{
    return l->kernel_height == 2 && l->kernel_width == 2 && l->stride_height == 2 &&
           l->stride_width == 2;
}

/* ---- Other windows ------------------------------------------------------------------------------
 */

/* Where the largest value stands of the window of one example that begins at x. */
static size_t largest_of_window(const struct pool *p, const float *x)
{
    size_t best = 0;

    for (int i = 0; i < p->layer->kernel_height; i++)
        for (int j = 0; j < p->layer->kernel_width; j++) {
            size_t at = (size_t)i * p->row + (size_t)(j * p->group);

            if (x[at] > x[best] || x[at] != x[at])
                best = at;
        }
    return best;
}

/* a[.] = x[largest] where delta is NULL, else dx[largest] += delta[.] */
static void pool_values(const struct pool *p, const float *x, float *a, const float *delta,
                        float *dx)
{
    const struct layer *l = p->layer;

    for (int n = 0; n < l->output.channels * l->output.height; n++)
        for (int v = 0; v < l->output.width * p->group; v++) {
            int c = n / l->output.height, y = n % l->output.height;
            size_t corner = (size_t)(c * l->input.height + y * l->stride_height) * p->row +
                            (size_t)(v / p->group * l->stride_width * p->group + v % p->group);
            size_t largest = corner + largest_of_window(p, x + corner);
            size_t here = (size_t)n * p->to_row + (size_t)v;

            if (delta)
                dx[largest] += delta[here];
            else
                a[here] = x[largest];
        }
}

/* ---- The layer ----------------------------------------------------------------------------------
 */

static void images_of(const struct native_images *images, int rows, struct images *in,
                      struct images *out, struct pool *pool)
{
    const struct layer *l = &images->layer;
    const int group = native_group(rows, LANES);

    *in = (struct images){l->input, rows, images->reads_groups, group};
    *out = (struct images){l->output, rows, images->writes_groups, group};
    *pool = (struct pool){l, group, row_of(in), row_of(out)};
}

void NATIVE(pool_forward)(const struct native_images *images, int rows, const float *x, float *a,
                          float *scratch)
{
    struct images in, out;
    struct pool pool;

    images_of(images, rows, &in, &out, &pool);

    const size_t in_size = native_group_size(in.shape, in.group, LANES);
    const struct planes whole = {pool.row, 0, 0};
    float *space = scratch + in_size + LANES;

    NATIVE(clear_planes)(&in, &whole, scratch);
    for (int first = 0; first < rows; first += in.group) {
        const float *from = NATIVE(take_group)(&in, x, first, &whole, scratch);
        float *to = NATIVE(place_of_group)(&out, a, first, space);

        if (!pools_two_by_two(&images->layer))
            pool_values(&pool, from, to, NULL, NULL);
        else if (in.group == LANES)
            pool_pairs(1, &pool, from, to);
        else
            pool_pairs(0, &pool, from, to);
        NATIVE(give_group)(&out, space, first, a);
    }
}

static void pool_back(const struct pool *p, const float *delta, const float *x,
                      enum activation before, float *dx)
{
    const struct layer *l = p->layer;
    const size_t size = native_group_size(l->input, p->group, LANES);
    const int relu = before == ACTIVATION_RELU && pools_two_by_two(l);
    const int covers = l->input.height == 2 * l->output.height &&
                       l->input.width == 2 * l->output.width && pools_two_by_two(l);

    if (!covers)
        memset(dx, 0, size * sizeof *dx);
    if (!pools_two_by_two(l))
        pool_values(p, x, NULL, delta, dx);
    else if (p->group == LANES)
        return_pairs(1, p, delta, x, relu, dx);
    else
        return_pairs(0, p, delta, x, relu, dx);
    if (!relu)
        multiply_by_derivative(dx, x, size, before);
}

void NATIVE(pool_gradient)(const struct native_images *images, int rows, const float *delta,
                           const float *x, enum activation before, float *dx, float *scratch)
{
    struct images in, out;
    struct pool pool;

    images_of(images, rows, &in, &out, &pool);

    const size_t in_size = native_group_size(in.shape, in.group, LANES);
    const size_t out_size = native_group_size(out.shape, out.group, LANES);
    const struct planes whole_in = {pool.row, 0, 0}, whole_out = {pool.to_row, 0, 0};
    float *delta_space = scratch, *x_space = delta_space + out_size + LANES;
    float *dx_space = x_space + in_size + LANES;

    NATIVE(clear_planes)(&out, &whole_out, delta_space);
    NATIVE(clear_planes)(&in, &whole_in, x_space);
    for (int first = 0; first < rows; first += in.group) {
        const float *slopes = NATIVE(take_group)(&out, delta, first, &whole_out, delta_space);
        const float *from = NATIVE(take_group)(&in, x, first, &whole_in, x_space);
        float *to = NATIVE(place_of_group)(&in, dx, first, dx_space);

        pool_back(&pool, slopes, from, before, to);
        NATIVE(give_group)(&in, dx_space, first, dx);
    }
}
