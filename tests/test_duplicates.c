/* Copies are found, and nothing but copies. */
#include "base/error.h"
#include "base/rng.h"
#include "data/duplicates.h"
#include "data/image.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Exact ------------------------------------------------------------------------------------
 */

static void the_first_of_equals_stays(void **state)
{
    static const float numbers[5][2] = {{1, 2}, {2, 1}, {1, 2}, {1, 2}, {2, 1}};
    static const int32_t labels[5] = {0, 0, 0, 1, 0}, rows[5] = {4, 3, 2, 1, 0};
    static const int32_t expected[3] = {4, 3, 2};
    const struct examples examples = {.element = ELEMENT_FLOAT32,
                                      .features = numbers,
                                      .labels = labels,
                                      .rows = rows,
                                      .count = 5};
    int32_t kept[5];

    (void)state;
    assert_int_equal(duplicates_exact(&examples, 2, 2, kept), 3);
    assert_memory_equal(kept, expected, sizeof expected);
}

static void targets_tell_examples_apart(void **state)
{
    static const float numbers[4] = {1, 1, 1, 2}, targets[4] = {5, 5, 6, 5};
    static const int32_t rows[4] = {0, 1, 2, 3};
    const struct examples examples = {.element = ELEMENT_FLOAT32,
                                      .features = numbers,
                                      .targets = targets,
                                      .rows = rows,
                                      .count = 4};
    int32_t kept[4];

    (void)state;
    assert_int_equal(duplicates_exact(&examples, 1, 1, kept), 3);
    assert_int_equal(kept[1], 2);
    assert_int_equal(kept[2], 3);
}

/* Every byte counts, whatever the hash: each of many pairs that differ in one is kept, each copy of
 * one dropped. */
static void one_byte_is_a_difference(void **state)
{
    enum { COUNT = 20000, BYTES = 3 };
    static uint8_t bytes[COUNT][BYTES];
    static int32_t labels[COUNT], rows[COUNT], kept[COUNT];
    const struct examples examples = {.element = ELEMENT_UINT8,
                                      .features = bytes,
                                      .labels = labels,
                                      .rows = rows,
                                      .count = COUNT};

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        int value = i / 2; /* each occurs twice */

        rows[i] = i;
        bytes[i][0] = (uint8_t)(value & 255);
        bytes[i][1] = (uint8_t)(value >> 8);
    }
    assert_int_equal(duplicates_exact(&examples, BYTES, 1, kept), COUNT / 2);
    for (int i = 0; i < COUNT / 2; i++)
        assert_int_equal(kept[i], 2 * i);
}

static void one_example_is_no_copy(void **state)
{
    static const float number[1] = {0};
    static const int32_t row[1] = {0}, label[1] = {0};
    const struct examples examples = {
        .element = ELEMENT_FLOAT32, .features = number, .labels = label, .rows = row, .count = 1};
    int32_t kept[1];

    (void)state;
    assert_int_equal(duplicates_exact(&examples, 1, 2, kept), 1);
}

/* ---- Near -------------------------------------------------------------------------------------
 */

enum { SIDE = 28, PIXELS = SIDE * SIDE, IMAGES = 12 };

static uint8_t images[IMAGES][PIXELS];
static int32_t labels[IMAGES], rows[IMAGES], kept[IMAGES];
static const struct examples pictures = {
    .element = ELEMENT_UINT8, .features = images, .labels = labels, .rows = rows, .count = IMAGES};

/* Smooth random images, all of class 0. */
static int draw_images(void **state)
{
    struct rng rng;

    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        double height, place;

        rng_init(&rng, 5, RNG_TEST, (uint32_t)i);
        height = 3 + 3 * rng_uniform(&rng);
        place = 10 + 8 * rng_uniform(&rng);
        for (int p = 0; p < PIXELS; p++) {
            double y = p / SIDE - place, x = p % SIDE - (8 + i);

            images[i][p] = (uint8_t)(200 * exp(-(y * y + x * x / (1 + i % 3)) / (height * height)));
        }
        rows[i] = IMAGES - 1 - i;
        labels[i] = 0;
    }
    return 0;
}

static double cosine(int a, int b)
{
    float left[THUMBNAIL_SIZE], right[THUMBNAIL_SIZE];
    double sum = 0;

    duplicates_thumbnail(images[a], SIDE, SIDE, left);
    duplicates_thumbnail(images[b], SIDE, SIDE, right);
    for (int i = 0; i < THUMBNAIL_SIZE; i++)
        sum += (double)left[i] * (double)right[i];
    return sum;
}

static void a_thumbnail_averages_squares_less_the_mean(void **state)
{
    uint8_t image[PIXELS] = {0};
    float thumbnail[THUMBNAIL_SIZE];
    double mean = 4.0 / 196, length = sqrt(192 * mean * mean + 4 * (1 - mean) * (1 - mean));

    (void)state;
    for (int y = 3; y < 7; y++) /* a square of four, off the middle by whole pixels */
        for (int x = 15; x < 19; x++)
            image[y * SIDE + x] = 80;
    duplicates_thumbnail(image, SIDE, SIDE, thumbnail);
    for (int i = 0; i < THUMBNAIL_SIZE; i++) {
        int y = i / 14, x = i % 14, is_full = y >= 6 && y < 8 && x >= 6 && x < 8;

        assert_true(fabs((double)thumbnail[i] - (is_full - mean) / length) < 1e-6);
    }
}

static void a_plain_image_has_no_direction(void **state)
{
    uint8_t image[PIXELS];
    float thumbnail[THUMBNAIL_SIZE];

    (void)state;
    memset(image, 77, sizeof image);
    duplicates_thumbnail(image, SIDE, SIDE, thumbnail);
    for (int i = 0; i < THUMBNAIL_SIZE; i++)
        assert_true(thumbnail[i] == 0);
}

static void small_images_are_their_own_thumbnails(void **state)
{
    static const uint8_t image[3] = {0, 6, 0};
    float thumbnail[THUMBNAIL_SIZE];

    (void)state;
    duplicates_thumbnail(image, 1, 3, thumbnail); /* less the mean: -2, 4, -2 */
    for (int i = 0; i < THUMBNAIL_SIZE; i++) {
        double expected = i == 1 ? 4 / sqrt(24) : i < 3 ? -2 / sqrt(24) : 0;

        assert_true(fabs((double)thumbnail[i] - expected) < 1e-6);
    }
}

/* What is dropped has a kept one before it that is alike, what is kept has none: pair by pair. */
static void near_copies_are_those_above_the_cosine(void **state)
{
    static const double limits[] = {0.7, 0.8, 0.9, 0.95, 0.99};
    int dropped_somewhere = 0;

    (void)state;
    for (int l = 0; l < 5; l++) {
        long count = duplicates_near(&pictures, SIDE, SIDE, 1, limits[l], kept), at = 0;

        for (int i = 0; i < IMAGES; i++) {
            int alike = 0, is_kept = at < count && kept[at] == rows[i];

            for (long k = 0; k < at; k++)
                alike |= cosine(kept[k], rows[i]) >= limits[l];
            assert_int_equal(is_kept, !alike);
            at += is_kept;
        }
        assert_int_equal(at, count);
        dropped_somewhere |= count < IMAGES;
    }
    assert_true(dropped_somewhere);
}

static void identical_brighter_and_shifted_images_are_near(void **state)
{
    (void)state;
    memcpy(images[rows[1]], images[rows[0]], PIXELS);
    for (int p = 0; p < PIXELS; p++)
        images[rows[2]][p] = (uint8_t)(images[rows[0]][p] / 2);
    memset(images[rows[3]], 0, PIXELS);
    image_shift(images[rows[3]], images[rows[0]], SIDE, SIDE, 1, -1);
    assert_true(cosine(rows[0], rows[1]) > 0.999999);
    assert_true(cosine(rows[0], rows[2]) > 0.999);
    assert_true(cosine(rows[0], rows[3]) > 0.99);
    /* In whole pixels and away from the border, a shift changes nothing; darkening rounds. */
    assert_int_equal(duplicates_near(&pictures, SIDE, SIDE, 1, 1, kept), IMAGES - 2);
    duplicates_near(&pictures, SIDE, SIDE, 1, 0.99, kept);
    assert_int_equal(kept[0], rows[0]);
    assert_true(kept[1] != rows[1] && kept[1] != rows[2] && kept[1] != rows[3]);
}

static void other_classes_have_no_copies(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        memcpy(images[i], images[0], PIXELS);
        labels[i] = i % 3;
    }
    assert_int_equal(duplicates_near(&pictures, SIDE, SIDE, 4, 0.98, kept), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kept[i], rows[i]);
}

static void plain_images_are_copies_of_each_other_alone(void **state)
{
    (void)state;
    memset(images[rows[4]], 0, PIXELS);
    memset(images[rows[7]], 255, PIXELS);
    assert_int_equal(duplicates_near(&pictures, SIDE, SIDE, 1, 1, kept), IMAGES - 1);
    for (int i = 0; i < IMAGES - 1; i++)
        assert_true(kept[i] != rows[7]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_equals_stays),
        cmocka_unit_test(targets_tell_examples_apart),
        cmocka_unit_test(one_byte_is_a_difference),
        cmocka_unit_test(one_example_is_no_copy),
        cmocka_unit_test(a_thumbnail_averages_squares_less_the_mean),
        cmocka_unit_test(a_plain_image_has_no_direction),
        cmocka_unit_test(small_images_are_their_own_thumbnails),
        cmocka_unit_test_setup(near_copies_are_those_above_the_cosine, draw_images),
        cmocka_unit_test_setup(identical_brighter_and_shifted_images_are_near, draw_images),
        cmocka_unit_test_setup(other_classes_have_no_copies, draw_images),
        cmocka_unit_test_setup(plain_images_are_copies_of_each_other_alone, draw_images),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
