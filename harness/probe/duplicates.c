/* Probe duplicates: which share of the training data is there already, byte for byte or nearly so.
 * Of the data alone, hence at the first evaluation only. */
#include "probe/scene.h"

#include "base/error.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8, LANES = 16 };

/* Cosines from which on two thumbnails are near each other, rising. */
static const double thresholds[] = {0.99, 0.999};
enum { THRESHOLDS = sizeof thresholds / sizeof *thresholds };

/* ---- Exact ------------------------------------------------------------------------------------
 */

struct rows_of {
    const char *features;
    size_t bytes;
};

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct rows_of *rows = context;
    size_t a = (size_t) * (const int32_t *)left, b = (size_t) * (const int32_t *)right;

    return memcmp(rows->features + a * rows->bytes, rows->features + b * rows->bytes, rows->bytes);
}

/* Adds the examples that equal an earlier one. */
static int count_exact(const struct scene *scene, double *count)
{
    const struct examples *examples = &scene->examples;
    size_t inputs = network_inputs(&scene->bench->model->network), n = examples->count;
    struct rows_of rows = {examples->features, dataset_row_bytes(examples, inputs)};
    int32_t *sorted = calloc(n, sizeof *sorted);

    if (!sorted)
        return error_set("out of memory");
    memcpy(sorted, examples->rows, n * sizeof *sorted);
    qsort_r(sorted, n, sizeof *sorted, compare_rows, &rows);
    for (size_t i = 1; i < n; i++)
        *count += compare_rows(&sorted[i - 1], &sorted[i], &rows) == 0;
    free(sorted);
    return 0;
}

/* ---- Near -------------------------------------------------------------------------------------
 */

/* thumbnail[8][8]: means of an image's parts, over all channels. */
static void shrink(const struct examples *examples, size_t row, struct shape shape,
                   float *thumbnail)
{
    double sums[SIDE * SIDE] = {0};
    size_t at = row * shape_size(shape);

    for (int c = 0; c < shape.channels; c++)
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                sums[y * SIDE / shape.height * SIDE + x * SIDE / shape.width] +=
                    examples_feature(examples, at++);
    for (int i = 0; i < SIDE * SIDE; i++)
        thumbnail[i] = (float)sums[i];
}

/* To length 1; one of zeros stays, and is near nothing. */
static void normalise(float *vector, size_t count)
{
    double squares = 0;

    for (size_t i = 0; i < count; i++)
        squares += (double)vector[i] * (double)vector[i];
    for (size_t i = 0; i < count && squares > 0; i++)
        vector[i] = (float)((double)vector[i] / sqrt(squares));
}

/* vectors[N][width], width a multiple of LANES: of images thumbnails, of other data all features.
 */
static void describe(const struct scene *scene, int is_image, size_t width, float *vectors)
{
    const struct examples *examples = &scene->examples;
    struct shape shape = scene->bench->model->network.layers[0].input;
    size_t inputs = shape_size(shape);

    for (size_t i = 0; i < examples->count; i++) {
        size_t row = (size_t)examples->rows[i];
        float *vector = vectors + i * width;

        if (is_image)
            shrink(examples, row, shape, vector);
        else
            for (size_t j = 0; j < inputs; j++)
                vector[j] = (float)examples_feature(examples, row * inputs + j);
        normalise(vector, width);
    }
}

static float product(const float *a, const float *b, size_t width)
{
    float lanes[LANES] = {0}, sum = 0;

    for (size_t j = 0; j < width; j += LANES)
        for (size_t i = 0; i < LANES; i++)
            lanes[i] += a[j + i] * b[j + i];
    for (int i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

/* counts[]: examples that have an earlier one as close as each threshold. */
static void count_near(const float *vectors, size_t n, size_t width, double counts[THRESHOLDS])
{
    for (int t = 0; t < THRESHOLDS; t++)
        counts[t] = 0;
    for (size_t i = 1; i < n; i++) {
        float closest = -1;

        for (size_t j = 0; j < i && !((double)closest >= thresholds[THRESHOLDS - 1]); j++)
            closest = fmaxf(closest, product(vectors + i * width, vectors + j * width, width));
        for (int t = 0; t < THRESHOLDS; t++)
            counts[t] += (double)closest >= thresholds[t];
    }
}

int probe_duplicates(struct scene *scene)
{
    struct shape shape = scene->bench->model->network.layers[0].input;
    int is_image = shape.height >= SIDE && shape.width >= SIDE;
    size_t n = scene->examples.count, inputs = is_image ? SIDE * SIDE : shape_size(shape);
    size_t width = (inputs + LANES - 1) / LANES * LANES;
    double exact = 0, near[THRESHOLDS];
    float *vectors;

    if (scene->moment > 0)
        return 0;
    if (count_exact(scene, &exact) != 0)
        return -1;
    vectors = memory_take_floats(n * width);
    if (!vectors)
        return error_set("out of memory");
    describe(scene, is_image, width, vectors);
    count_near(vectors, n, width, near);
    free(vectors);
    scene_add(scene, "exact_share", exact / (double)n, (double)n);
    for (int t = 0; t < THRESHOLDS; t++) {
        struct probe_row *row = scene_add(scene, "near_share", near[t] / (double)n, (double)n);

        snprintf(row->part, sizeof row->part, "cosine %g", thresholds[t]);
    }
    return 0;
}
