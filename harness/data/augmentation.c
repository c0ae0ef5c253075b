/* Random variations of images. */
#include "data/augmentation.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/image.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE_VALUES = 4096, NOISE_BITS = 12 };

struct augmenter {
    struct augmentation_spec spec;
    int height, width;
    uint64_t seed;
    int16_t *noise;   /* [NOISE_VALUES], equally likely; NULL: none */
    uint8_t *cropped; /* [height][width] */
    struct tap *taps; /* [height + width], of the window's size */
};

/* Where a pixel comes from along one side: between `first` and the next, in 256ths. */
struct tap {
    int first, share;
};

int augmenter_open(struct augmenter **augmenter, const struct augmentation_spec *spec, int height,
                   int width, uint64_t seed)
{
    struct augmenter *a = calloc(1, sizeof *a);

    *augmenter = NULL;
    if (!a)
        return error_set("augmentation: out of memory");
    *a = (struct augmenter){.spec = *spec, .height = height, .width = width, .seed = seed};
    a->cropped = calloc((size_t)height * (size_t)width, 1);
    a->taps = calloc((size_t)height + (size_t)width, sizeof *a->taps);
    if (spec->noise > 0)
        a->noise = calloc(NOISE_VALUES, sizeof *a->noise);
    if (!a->cropped || !a->taps || (spec->noise > 0 && !a->noise)) {
        augmenter_close(a);
        return error_set("augmentation: out of memory for images of %d x %d", height, width);
    }
    for (int i = 0; a->noise && i < NOISE_VALUES; i++)
        a->noise[i] =
            (int16_t)lround(255 * spec->noise * gsl_cdf_ugaussian_Pinv((i + 0.5) / NOISE_VALUES));
    *augmenter = a;
    return 0;
}

void augmenter_close(struct augmenter *a)
{
    if (!a)
        return;
    free(a->noise);
    free(a->cropped);
    free(a->taps);
    free(a);
}

/* ---- Crop -------------------------------------------------------------------------------------
 */

/* taps[size] of pixels spread evenly over a window that begins at `start` */
static void spread(struct tap *taps, int size, int start, int window)
{
    for (int i = 0; i < size; i++) {
        int place = size > 1 ? (int)((long)i * (window - 1) * 256 / (size - 1)) : 0;

        taps[i] = (struct tap){start + place / 256, place % 256};
    }
}

/* target[height][width] = the window of source, enlarged */
static void enlarge(const struct augmenter *a, uint8_t *target, const uint8_t *source)
{
    const struct tap *rows = a->taps, *columns = a->taps + a->height;

    for (int y = 0; y < a->height; y++) {
        const uint8_t *upper = source + rows[y].first * a->width;
        const uint8_t *lower = rows[y].share > 0 ? upper + a->width : upper;
        int down = rows[y].share;

        for (int x = 0; x < a->width; x++) {
            int left = columns[x].first, right = left + (columns[x].share > 0);
            int across = columns[x].share;
            int above = upper[left] * (256 - across) + upper[right] * across;
            int below = lower[left] * (256 - across) + lower[right] * across;

            target[y * a->width + x] =
                (uint8_t)((above * (256 - down) + below * down + (1 << 15)) >> 16);
        }
    }
}

static void crop(struct augmenter *a, uint8_t *target, const uint8_t *source, struct rng *rng)
{
    int cut = (int)rng_below(rng, (uint32_t)a->spec.crop + 1);
    int top = (int)rng_below(rng, (uint32_t)cut + 1), left = (int)rng_below(rng, (uint32_t)cut + 1);

    spread(a->taps, a->height, top, a->height - cut);
    spread(a->taps + a->height, a->width, left, a->width - cut);
    enlarge(a, target, source);
}

/* ---- Flip, noise ------------------------------------------------------------------------------
 */

static void flip(uint8_t *image, int height, int width)
{
    for (int y = 0; y < height; y++) {
        uint8_t *row = image + y * width;

        for (int x = 0; x < width / 2; x++) {
            uint8_t pixel = row[x];

            row[x] = row[width - 1 - x];
            row[width - 1 - x] = pixel;
        }
    }
}

static uint8_t add_cut(uint8_t pixel, int noise)
{
    int sum = pixel + noise;

    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Two pixels a word: 12 of its bits each. */
static void add_noise(uint8_t *image, int count, const int16_t *noise, struct rng *rng)
{
    for (int i = 0; i < count; i += 2) {
        uint32_t word = rng_word(rng);

        image[i] = add_cut(image[i], noise[word >> (32 - NOISE_BITS)]);
        if (i + 1 < count)
            image[i + 1] = add_cut(image[i + 1], noise[word & (NOISE_VALUES - 1)]);
    }
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static int draw_shift(struct rng *rng, int most)
{
    return (int)rng_below(rng, 2 * (uint32_t)most + 1) - most;
}

void augmenter_apply(struct augmenter *a, const uint8_t *source, uint8_t *target, uint64_t draw)
{
    const struct augmentation_spec *spec = &a->spec;
    int count = a->height * a->width;
    struct rng rng;

    rng_init(&rng, a->seed, RNG_AUGMENT, (uint32_t)draw);
    if (spec->crop > 0) {
        crop(a, a->cropped, source, &rng);
        source = a->cropped;
    }
    if (spec->shift > 0) {
        int dy = draw_shift(&rng, spec->shift), dx = draw_shift(&rng, spec->shift);

        memset(target, 0, (size_t)count);
        image_shift(target, source, a->height, a->width, dy, dx);
    } else {
        memcpy(target, source, (size_t)count);
    }
    if (spec->flip > 0 && rng_uniform(&rng) < spec->flip)
        flip(target, a->height, a->width);
    if (spec->noise > 0)
        add_noise(target, count, a->noise, &rng);
}
