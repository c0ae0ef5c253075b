/* Shifted copies of the test set differ from it as they say, and the test set stays. */
#include "base/error.h"
#include "data/shifted.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sixty stored images of 12x10 pixels, of which the last fifty are for testing, in their order
 * reversed. */
enum { STORED = 60, TEST = 50, HEIGHT = 12, WIDTH = 10, PIXELS = HEIGHT * WIDTH };

static uint8_t pixels[STORED][PIXELS], before[STORED][PIXELS];
static int32_t labels[STORED], rows[TEST];

static struct dataset images(void)
{
    struct dataset dataset = {.inputs = PIXELS,
                              .outputs = 7,
                              .classes = 7,
                              .image_height = HEIGHT,
                              .image_width = WIDTH,
                              .test = {.element = ELEMENT_UINT8,
                                       .scale = 0.5f,
                                       .offset = -1,
                                       .features = pixels,
                                       .labels = labels,
                                       .rows = rows,
                                       .count = TEST}};

    for (int i = 0; i < STORED; i++) {
        for (int p = 0; p < PIXELS; p++) /* a bright shape on black, none of it at the border */
            pixels[i][p] = p / WIDTH >= 4 && p / WIDTH < 8 && p % WIDTH >= 3 && p % WIDTH < 7
                               ? (uint8_t)(100 + p)
                               : 0;
        labels[i] = i % 7;
    }
    for (int i = 0; i < TEST; i++)
        rows[i] = STORED - 1 - i;
    memcpy(before, pixels, sizeof pixels);
    return dataset;
}

static struct shifted_tests open_shifted(const struct dataset *dataset, uint64_t seed)
{
    struct shifted_tests shifted;

    if (shifted_open(&shifted, dataset, seed) != 0)
        fail_msg("%s", error_text());
    return shifted;
}

static const uint8_t *copy(const struct shifted_tests *shifted, enum shift kind, int i)
{
    const struct examples *tests = &shifted->tests[kind];

    return (const uint8_t *)tests->features + tests->rows[i] * PIXELS;
}

static void copies_are_as_many_with_the_same_labels(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests shifted = open_shifted(&dataset, 1);

    (void)state;
    for (int kind = 0; kind < SHIFT_COUNT; kind++) {
        const struct examples *tests = &shifted.tests[kind];

        assert_int_equal(tests->count, TEST);
        assert_int_equal(tests->element, ELEMENT_UINT8);
        assert_true(tests->scale == 0.5f && tests->offset == -1);
        for (int i = 0; i < TEST; i++)
            assert_int_equal(tests->labels[tests->rows[i]], labels[rows[i]]);
        assert_true(memcmp(copy(&shifted, (enum shift)kind, 0), pixels[rows[0]], PIXELS) != 0);
    }
    assert_memory_equal(pixels, before, sizeof pixels);
    shifted_close(&shifted);
}

static void copies_are_those_of_the_seed(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests one = open_shifted(&dataset, 1), same = open_shifted(&dataset, 1),
                         other = open_shifted(&dataset, 2), fewer;

    (void)state;
    dataset.test.count = 3; /* of the same stored rows */
    fewer = open_shifted(&dataset, 1);
    for (int kind = 0; kind < SHIFT_COUNT; kind++) {
        const struct examples *tests = &one.tests[kind];

        assert_memory_equal(tests->features, same.tests[kind].features, TEST * PIXELS);
        assert_memory_not_equal(tests->features, other.tests[kind].features, TEST * PIXELS);
        assert_memory_equal(tests->features, fewer.tests[kind].features, 3 * PIXELS);
    }
    shifted_close(&one);
    shifted_close(&same);
    shifted_close(&other);
    shifted_close(&fewer);
}

static int sum_of(const uint8_t *image)
{
    int sum = 0;

    for (int p = 0; p < PIXELS; p++)
        sum += image[p];
    return sum;
}

/* Where the first pixel of the shape is now, by way of its value. */
static void translations_move_by_up_to_two_pixels_and_never_by_nothing(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests shifted = open_shifted(&dataset, 1);
    int first = 4 * WIDTH + 3, places[25] = {0}, distinct = 0;

    (void)state;
    for (int i = 0; i < TEST; i++) {
        const uint8_t *moved = copy(&shifted, SHIFT_TRANSLATED, i);
        const uint8_t *found = memchr(moved, 100 + first, PIXELS);
        int dy, dx;

        assert_non_null(found);
        dy = (int)(found - moved) / WIDTH - 4;
        dx = (int)(found - moved) % WIDTH - 3;
        assert_in_range(dy + 2, 0, 4);
        assert_in_range(dx + 2, 0, 4);
        assert_true(dy != 0 || dx != 0);
        assert_int_equal(sum_of(moved), sum_of(pixels[0])); /* the shape stays in the image */
        places[(dy + 2) * 5 + dx + 2]++;
    }
    for (int p = 0; p < 25; p++)
        distinct += places[p] > 0;
    assert_true(distinct > 15);
    shifted_close(&shifted);
}

static void brightness_is_one_factor(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests shifted = open_shifted(&dataset, 1);
    int darker = 0;

    (void)state;
    for (int i = 0; i < TEST; i++) {
        const uint8_t *image = copy(&shifted, SHIFT_BRIGHTNESS, i);
        int first = 4 * WIDTH + 3;
        double factor = image[first] / (100.0 + first);

        assert_true(factor > 0.49 && factor < 1.51);
        darker += factor < 1;
        for (int p = 0; p < PIXELS; p++) {
            double expected = fmin(255, factor * pixels[rows[i]][p]);

            assert_true(fabs(image[p] - expected) <= 1.5);
        }
    }
    assert_in_range(darker, 8, 42);
    shifted_close(&shifted);
}

/* The mass stays, but for rounding, and its centre too; the moment across shows that it turned. */
static void a_rotation_keeps_mass_and_centre(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests shifted;
    int turned_left = 0, turned_right = 0;

    (void)state;
    for (int i = 0; i < STORED; i++) { /* a bar through the centre instead */
        memset(pixels[i], 0, PIXELS);
        for (int y = 2; y < HEIGHT - 2; y++)
            pixels[i][y * WIDTH + 4] = pixels[i][y * WIDTH + 5] = 200;
    }
    shifted = open_shifted(&dataset, 1);
    for (int i = 0; i < TEST; i++) {
        const uint8_t *image = copy(&shifted, SHIFT_ROTATED, i);
        double sum = 0, y_sum = 0, x_sum = 0, across = 0, angle;

        for (int p = 0; p < PIXELS; p++) {
            double y = p / WIDTH - (HEIGHT - 1) / 2.0, x = p % WIDTH - (WIDTH - 1) / 2.0;

            sum += image[p];
            y_sum += y * image[p];
            x_sum += x * image[p];
            across += x * y * image[p];
        }
        assert_true(fabs(sum / sum_of(pixels[rows[i]]) - 1) < 0.08);
        assert_true(fabs(y_sum / sum) < 0.1 && fabs(x_sum / sum) < 0.1);
        angle = across / sum / (63.0 / 12); /* about tan, by the variance of a bar of 8 */
        assert_true(fabs(angle) < 0.29);    /* tan 15 degrees = 0.268 */
        turned_left += angle < -0.05;
        turned_right += angle > 0.05;
    }
    assert_true(turned_left > 5 && turned_right > 5);
    shifted_close(&shifted);
}

static void a_texture_shines_through_where_it_is_dark(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests shifted = open_shifted(&dataset, 1);
    int distinct = 0, seen[128] = {0};

    (void)state;
    for (int i = 0; i < TEST; i++) {
        const uint8_t *image = copy(&shifted, SHIFT_TEXTURED, i);

        for (int p = 0; p < PIXELS; p++) {
            int pixel = pixels[rows[i]][p];

            assert_in_range(image[p], pixel, 255);
            if (pixel == 0) {
                assert_in_range(image[p], 0, 127);
                seen[image[p]]++;
            } else {
                assert_true(image[p] - pixel <= 127 * (1 - pixel / 255.0) + 1);
            }
            if (pixel == 0 && p % WIDTH > 0 && pixels[rows[i]][p - 1] == 0)
                assert_true(abs(image[p] - image[p - 1]) <= 127 / 4 + 1); /* smooth */
        }
    }
    for (int v = 0; v < 128; v++)
        distinct += seen[v] > 0;
    assert_true(distinct > 100);
    shifted_close(&shifted);
}

static void one_pixel_and_no_example_are_enough(void **state)
{
    struct dataset dataset = images();
    struct shifted_tests shifted;

    (void)state;
    dataset.image_height = dataset.image_width = 1;
    dataset.inputs = 1;
    shifted = open_shifted(&dataset, 1);
    shifted_close(&shifted);
    dataset.test.count = 0;
    shifted = open_shifted(&dataset, 1);
    assert_int_equal(shifted.tests[SHIFT_ROTATED].count, 0);
    shifted_close(&shifted);
    shifted_close(&shifted);
    shifted_close(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_as_many_with_the_same_labels),
        cmocka_unit_test(copies_are_those_of_the_seed),
        cmocka_unit_test(translations_move_by_up_to_two_pixels_and_never_by_nothing),
        cmocka_unit_test(brightness_is_one_factor),
        cmocka_unit_test(a_rotation_keeps_mass_and_centre),
        cmocka_unit_test(a_texture_shines_through_where_it_is_dark),
        cmocka_unit_test(one_pixel_and_no_example_are_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
