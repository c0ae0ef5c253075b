/* Finds training examples that are copies of an earlier one. */
#include "data/duplicates.h"

#include "base/error.h"
#include "data/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- Exact ------------------------------------------------------------------------------------
 */

static int same_example(const struct examples *examples, size_t bytes, size_t outputs, size_t a,
                        size_t b)
{
    const char *features = examples->features;
    const float *targets = examples->targets;

    if (a == b)
        return 1;
    if (examples->labels && examples->labels[a] != examples->labels[b])
        return 0;
    if (targets &&
        memcmp(targets + a * outputs, targets + b * outputs, outputs * sizeof *targets) != 0)
        return 0;
    return memcmp(features + a * bytes, features + b * bytes, bytes) == 0;
}

/* A table of rows, at least half of it free; -1: a free place. */
static int32_t *empty_table(size_t count, size_t *places)
{
    int32_t *table;

    *places = 16;
    while (*places < 2 * count)
        *places *= 2;
    table = malloc(*places * sizeof *table);
    if (!table)
        error_set("deduplicate: out of memory for %zu examples", count);
    for (size_t i = 0; table && i < *places; i++)
        table[i] = -1;
    return table;
}

long duplicates_exact(const struct examples *examples, size_t inputs, size_t outputs, int32_t *kept)
{
    size_t bytes = dataset_row_bytes(examples, inputs), places;
    int32_t *table = empty_table(examples->count, &places);
    long count = 0;

    if (!table)
        return -1;
    for (size_t i = 0; i < examples->count; i++) {
        int32_t row = examples->rows[i];
        const char *features = (const char *)examples->features + (size_t)row * bytes;
        size_t place = crc32_z(0, (const Bytef *)features, bytes) & (places - 1);

        while (table[place] >= 0 &&
               !same_example(examples, bytes, outputs, (size_t)table[place], (size_t)row))
            place = (place + 1) & (places - 1);
        if (table[place] >= 0)
            continue;
        table[place] = row;
        kept[count++] = row;
    }
    free(table);
    return count;
}

/* ---- Near -------------------------------------------------------------------------------------
 */

/* Where the centre of brightness is off the middle. */
static void find_centre(const uint8_t *image, int height, int width, double *down, double *right)
{
    double sum = 0, y_sum = 0, x_sum = 0;

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double pixel = image[y * width + x];

            sum += pixel;
            y_sum += pixel * y;
            x_sum += pixel * x;
        }
    *down = sum > 0 ? y_sum / sum - (height - 1) / 2.0 : 0;
    *right = sum > 0 ? x_sum / sum - (width - 1) / 2.0 : 0;
}

/* Of a side of `size` pixels shared out over so many cells, the first pixel of one. */
static int first_of(int cell, int size, int cells)
{
    return cell * size / cells;
}

/* cells[rows][columns] = means of the image, its centre of brightness moved to the middle */
static void shrink(const uint8_t *image, int height, int width, int rows, int columns,
                   double *cells)
{
    double down, right;
    int whole_down, whole_right;

    find_centre(image, height, width, &down, &right);
    whole_down = (int)floor(down);
    whole_right = (int)floor(right);
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            int top = first_of(row, height, rows), bottom = first_of(row + 1, height, rows);
            int left = first_of(column, width, columns), end = first_of(column + 1, width, columns);
            double sum = 0;

            for (int y = top; y < bottom; y++)
                for (int x = left; x < end; x++)
                    sum += image_blend(image, height, width, y + whole_down, x + whole_right,
                                       down - whole_down, right - whole_right);
            cells[row * columns + column] = sum / ((bottom - top) * (end - left));
        }
}

void duplicates_thumbnail(const uint8_t *image, int height, int width, float *thumbnail)
{
    int rows = height < THUMBNAIL_SIDE ? height : THUMBNAIL_SIDE;
    int columns = width < THUMBNAIL_SIDE ? width : THUMBNAIL_SIDE, count = rows * columns;
    double cells[THUMBNAIL_SIZE] = {0}, mean = 0, squares = 0;

    memset(thumbnail, 0, THUMBNAIL_SIZE * sizeof *thumbnail);
    shrink(image, height, width, rows, columns, cells);
    for (int i = 0; i < count; i++)
        mean += cells[i] / count;
    for (int i = 0; i < count; i++)
        squares += (cells[i] - mean) * (cells[i] - mean);
    if (squares < 1e-9) /* one brightness, but for rounding */
        return;
    for (int i = 0; i < count; i++)
        thumbnail[i] = (float)((cells[i] - mean) / sqrt(squares));
}

/* Several sums, so that the compiler may use vectors without reordering anything. */
static float dot(const float *a, const float *b)
{
    enum { LANES = THUMBNAIL_SIZE / 7 };
    float sums[LANES] = {0}, sum = 0;

    for (int i = 0; i < THUMBNAIL_SIZE; i += LANES)
        for (int j = 0; j < LANES; j++)
            sums[j] += a[i + j] * b[i + j];
    for (int j = 0; j < LANES; j++)
        sum += sums[j];
    return sum;
}

/* The thumbnails of the examples of one class that are kept so far. */
struct gallery {
    float *thumbnails; /* [count][THUMBNAIL_SIZE] */
    size_t count;
    int has_plain; /* an image of one brightness */
};

/* Hangs the image's thumbnail up, unless one like it hangs there. 1: it does. */
static int is_known(struct gallery *gallery, const uint8_t *image, int height, int width,
                    float cosine)
{
    float *fresh = gallery->thumbnails + gallery->count * THUMBNAIL_SIZE;

    duplicates_thumbnail(image, height, width, fresh);
    if (dot(fresh, fresh) < 0.5f) {
        int known = gallery->has_plain;

        gallery->has_plain = 1;
        return known;
    }
    for (size_t i = 0; i < gallery->count; i++)
        if (dot(gallery->thumbnails + i * THUMBNAIL_SIZE, fresh) >= cosine)
            return 1;
    gallery->count++;
    return 0;
}

/* by_class[count] = positions of the examples, class by class, in each in their order;
 * starts[classes + 1]: where each begins. Returns the most that a class has. */
static size_t sort_by_class(const struct examples *examples, int classes, size_t *starts,
                            size_t *by_class)
{
    size_t most = 0;

    for (size_t i = 0; i < examples->count; i++)
        starts[examples->labels[examples->rows[i]] + 1]++;
    for (int c = 0; c < classes; c++) {
        if (starts[c + 1] > most)
            most = starts[c + 1];
        starts[c + 1] += starts[c];
    }
    for (size_t i = examples->count; i-- > 0;) /* from the back: starts[c + 1] is its end so far */
        by_class[--starts[examples->labels[examples->rows[i]] + 1]] = i;
    for (int c = 0; c < classes; c++) /* each is now the start of its own class */
        starts[c] = starts[c + 1];
    starts[classes] = examples->count;
    return most;
}

long duplicates_near(const struct examples *examples, int height, int width, int classes,
                     double cosine, int32_t *kept)
{
    size_t *starts = calloc((size_t)classes + 1, sizeof *starts);
    size_t *by_class = calloc(examples->count, sizeof *by_class), most = 0;
    char *dropped = calloc(examples->count, 1);
    size_t inputs = (size_t)height * (size_t)width;
    struct gallery gallery = {0};
    long count = -1;

    if (starts && by_class && dropped) {
        most = sort_by_class(examples, classes, starts, by_class);
        gallery.thumbnails = malloc(most * THUMBNAIL_SIZE * sizeof *gallery.thumbnails);
    }
    if (!gallery.thumbnails) {
        error_set("deduplicate: out of memory for %zu examples", examples->count);
        goto done;
    }
    for (int c = 0; c < classes; c++) {
        gallery.count = 0;
        gallery.has_plain = 0;
        for (size_t i = starts[c]; i < starts[c + 1]; i++) {
            size_t row = (size_t)examples->rows[by_class[i]];

            dropped[by_class[i]] =
                (char)is_known(&gallery, (const uint8_t *)examples->features + row * inputs, height,
                               width, (float)(cosine - 1e-6));
        }
    }
    count = 0;
    for (size_t i = 0; i < examples->count; i++)
        if (!dropped[i])
            kept[count++] = examples->rows[i];
done:
    free(starts);
    free(by_class);
    free(dropped);
    free(gallery.thumbnails);
    return count;
}
