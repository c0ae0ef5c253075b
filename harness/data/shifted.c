/* Shifted copies of the test set. */
#include "data/shifted.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/image.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

const char *const shift_names[SHIFT_COUNT] = {
    [SHIFT_TRANSLATED] = "translated",
    [SHIFT_BRIGHTNESS] = "brightness",
    [SHIFT_ROTATED] = "rotated",
    [SHIFT_TEXTURED] = "textured",
};

/* The texture is random at corners this many pixels apart, and bilinear between them. */
enum { GRAIN = 4 };

struct size {
    int height, width;
    uint8_t *corners; /* [height / GRAIN + 2][width / GRAIN + 2], for a texture */
};

static uint8_t to_byte(double value)
{
    return (uint8_t)fmin(255, fmax(0, round(value)));
}

/* ---- The kinds: target[height][width], all zero, from source ----------------------------------
 */

static void translate(uint8_t *target, const uint8_t *source, struct size size, struct rng *rng)
{
    enum { MOST = 2 };
    int shorter = size.height < size.width ? size.height : size.width;
    int most = shorter > MOST ? MOST : shorter - 1, side = 2 * most + 1, middle = side * side / 2;
    int place = most > 0 ? (int)rng_below(rng, (uint32_t)(side * side - 1)) : middle;

    if (most > 0 && place >= middle) /* the middle one would be no move */
        place++;
    image_shift(target, source, size.height, size.width, place / side - most, place % side - most);
}

static void brighten(uint8_t *target, const uint8_t *source, struct size size, struct rng *rng)
{
    double factor = 0.5 + rng_uniform(rng);

    for (int i = 0; i < size.height * size.width; i++)
        target[i] = to_byte(factor * source[i]);
}

static void rotate(uint8_t *target, const uint8_t *source, struct size size, struct rng *rng)
{
    double angle = (2 * rng_uniform(rng) - 1) * 15 * M_PI / 180;
    double middle_y = (size.height - 1) / 2.0, middle_x = (size.width - 1) / 2.0;

    for (int y = 0; y < size.height; y++)
        for (int x = 0; x < size.width; x++) {
            double from_y = middle_y + cos(angle) * (y - middle_y) - sin(angle) * (x - middle_x);
            double from_x = middle_x + sin(angle) * (y - middle_y) + cos(angle) * (x - middle_x);

            target[y * size.width + x] =
                to_byte(image_between(source, size.height, size.width, from_y, from_x));
        }
}

static size_t corner_count(struct size size)
{
    return (size_t)(size.height / GRAIN + 2) * (size_t)(size.width / GRAIN + 2);
}

static void put_on_texture(uint8_t *target, const uint8_t *source, struct size size,
                           struct rng *rng)
{
    int rows = size.height / GRAIN + 2, columns = size.width / GRAIN + 2;

    for (size_t i = 0; i < corner_count(size); i++)
        size.corners[i] = (uint8_t)rng_below(rng, 128);
    for (int y = 0; y < size.height; y++)
        for (int x = 0; x < size.width; x++) {
            double texture =
                image_between(size.corners, rows, columns, (double)y / GRAIN, (double)x / GRAIN);
            int i = y * size.width + x;

            target[i] = to_byte(source[i] + (1 - source[i] / 255.0) * texture);
        }
}

static void (*const kinds[SHIFT_COUNT])(uint8_t *, const uint8_t *, struct size, struct rng *) = {
    [SHIFT_TRANSLATED] = translate,
    [SHIFT_BRIGHTNESS] = brighten,
    [SHIFT_ROTATED] = rotate,
    [SHIFT_TEXTURED] = put_on_texture,
};

/* ---- The copies -------------------------------------------------------------------------------
 */

static void fill(struct shifted_tests *shifted, const struct dataset *dataset, struct size size,
                 uint64_t seed)
{
    const struct examples *test = &dataset->test;

    for (size_t i = 0; i < test->count; i++) {
        size_t row = (size_t)test->rows[i];
        const uint8_t *source = (const uint8_t *)test->features + row * dataset->inputs;
        struct rng rng;

        rng_init(&rng, seed, RNG_SHIFT, (uint32_t)row);
        for (int kind = 0; kind < SHIFT_COUNT; kind++)
            kinds[kind](shifted->images + ((size_t)kind * test->count + i) * dataset->inputs,
                        source, size, &rng);
        shifted->labels[i] = test->labels[row];
        shifted->rows[i] = (int32_t)i;
    }
}

int shifted_open(struct shifted_tests *shifted, const struct dataset *dataset, uint64_t seed)
{
    int status = -1;
    const struct examples *test = &dataset->test;
    size_t bytes = test->count * dataset->inputs;
    struct size size = {dataset->image_height, dataset->image_width, NULL};

    *shifted = (struct shifted_tests){.images = memory_take(SHIFT_COUNT * bytes)};
    shifted->labels = calloc(test->count + 1, sizeof *shifted->labels);
    shifted->rows = calloc(test->count + 1, sizeof *shifted->rows);
    size.corners = calloc(corner_count(size), 1);
    if (!shifted->images || !shifted->labels || !shifted->rows || !size.corners) {
        error_set("shifted_tests: out of memory for %d times %zu images", SHIFT_COUNT, test->count);
        goto done;
    }
    fill(shifted, dataset, size, seed);
    for (int kind = 0; kind < SHIFT_COUNT; kind++) {
        struct examples *copies = &shifted->tests[kind];

        *copies = *test; /* element, scale, offset, count */
        copies->features = shifted->images + (size_t)kind * bytes;
        copies->labels = shifted->labels;
        copies->rows = shifted->rows;
    }
    status = 0;
done:
    free(size.corners);
    if (status != 0)
        shifted_close(shifted);
    return status;
}

void shifted_close(struct shifted_tests *shifted)
{
    if (!shifted)
        return;
    free(shifted->images);
    free(shifted->labels);
    free(shifted->rows);
    *shifted = (struct shifted_tests){.images = NULL};
}
