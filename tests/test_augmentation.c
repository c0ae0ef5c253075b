/* Augmentation does what it says, as often as it says, and the same for the same draw. */
#include "base/error.h"
#include "data/augmentation.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEIGHT = 6, WIDTH = 7, PIXELS = HEIGHT * WIDTH };

static uint8_t source[PIXELS], target[PIXELS];

static int fill_source(void **state)
{
    (void)state;
    for (int i = 0; i < PIXELS; i++)
        source[i] = (uint8_t)(3 * i + 5); /* all different, none 0 */
    return 0;
}

static struct augmenter *open_augmenter(struct augmentation_spec spec, uint64_t seed)
{
    struct augmenter *augmenter;

    if (augmenter_open(&augmenter, &spec, HEIGHT, WIDTH, seed) != 0)
        fail_msg("%s", error_text());
    return augmenter;
}

static void nothing_asked_changes_nothing(void **state)
{
    struct augmenter *augmenter = open_augmenter((struct augmentation_spec){.shift = 0}, 1);

    (void)state;
    for (uint64_t draw = 0; draw < 20; draw++) {
        augmenter_apply(augmenter, source, target, draw);
        assert_memory_equal(target, source, PIXELS);
    }
    augmenter_close(augmenter);
}

static void a_variation_is_a_function_of_seed_and_draw_alone(void **state)
{
    const struct augmentation_spec spec = {.crop = 2, .shift = 2, .flip = 0.5, .noise = 0.1};
    struct augmenter *one = open_augmenter(spec, 7), *same = open_augmenter(spec, 7),
                     *other = open_augmenter(spec, 8);
    uint8_t forward[50][PIXELS], again[PIXELS];
    int differ_by_seed = 0, differ_by_draw = 0;

    (void)state;
    for (uint64_t draw = 0; draw < 50; draw++)
        augmenter_apply(one, source, forward[draw], draw);
    for (uint64_t draw = 50; draw-- > 0;) { /* backward: nothing is remembered */
        augmenter_apply(same, source, again, draw);
        assert_memory_equal(again, forward[draw], PIXELS);
        augmenter_apply(other, source, again, draw);
        differ_by_seed += memcmp(again, forward[draw], PIXELS) != 0;
        differ_by_draw += memcmp(forward[draw], forward[(draw + 1) % 50], PIXELS) != 0;
    }
    assert_true(differ_by_seed > 45);
    assert_true(differ_by_draw > 45);
    augmenter_close(one);
    augmenter_close(same);
    augmenter_close(other);
}

/* The shift that makes target of source, -1 if there is none within `most`. */
static int place_of(int most)
{
    for (int dy = -most; dy <= most; dy++)
        for (int dx = -most; dx <= most; dx++) {
            int equal = 1;

            for (int y = 0; y < HEIGHT; y++)
                for (int x = 0; x < WIDTH; x++) {
                    int inside = y - dy >= 0 && y - dy < HEIGHT && x - dx >= 0 && x - dx < WIDTH;

                    equal &=
                        target[y * WIDTH + x] == (inside ? source[(y - dy) * WIDTH + x - dx] : 0);
                }
            if (equal)
                return (dy + most) * (2 * most + 1) + dx + most;
        }
    return -1;
}

static void shifts_are_uniform(void **state)
{
    struct augmenter *augmenter = open_augmenter((struct augmentation_spec){.shift = 2}, 1);
    int counts[25] = {0};
    double square = 0;

    (void)state;
    for (uint64_t draw = 0; draw < 25000; draw++) {
        int place;

        augmenter_apply(augmenter, source, target, draw);
        place = place_of(2);
        assert_in_range(place, 0, 24);
        counts[place]++;
    }
    for (int i = 0; i < 25; i++)
        square += pow(counts[i] - 1000, 2) / 1000;
    assert_true(square < 60.2); /* p = 0.0001 with 24 degrees of freedom */
    augmenter_close(augmenter);
}

static void a_flip_changes_sides_as_often_as_asked(void **state)
{
    static const double probabilities[] = {0.25, 1};
    uint8_t mirrored[PIXELS];

    (void)state;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            mirrored[y * WIDTH + x] = source[y * WIDTH + WIDTH - 1 - x];
    for (int p = 0; p < 2; p++) {
        struct augmenter *augmenter =
            open_augmenter((struct augmentation_spec){.flip = probabilities[p]}, 1);
        double n = 10000, expected = n * probabilities[p];
        int flipped = 0;

        for (uint64_t draw = 0; draw < 10000; draw++) {
            int is_flipped;

            augmenter_apply(augmenter, source, target, draw);
            is_flipped = memcmp(target, mirrored, PIXELS) == 0;
            assert_true(is_flipped || memcmp(target, source, PIXELS) == 0);
            flipped += is_flipped;
        }
        assert_true(fabs(flipped - expected) <= 5 * sqrt(expected * (1 - probabilities[p])));
        augmenter_close(augmenter);
    }
}

static void noise_has_its_deviation_and_no_mean(void **state)
{
    struct augmenter *augmenter = open_augmenter((struct augmentation_spec){.noise = 0.04}, 1);
    double sum = 0, squares = 0, products = 0, n = 0, sigma = 0.04 * 255;

    (void)state;
    memset(source, 128, PIXELS); /* far from where it would be cut */
    for (uint64_t draw = 0; draw < 5000; draw++) {
        augmenter_apply(augmenter, source, target, draw);
        for (int i = 0; i < PIXELS; i++, n++) {
            double noise = target[i] - 128.0;

            sum += noise;
            squares += noise * noise;
            if (i > 0)
                products += noise * (target[i - 1] - 128.0);
        }
    }
    assert_true(fabs(sum / n) < 5 * sigma / sqrt(n));
    assert_true(fabs(sqrt(squares / n) / sigma - 1) < 0.005);
    assert_true(fabs(products / n) < 5 * sigma * sigma / sqrt(n)); /* neighbours: independent */
    augmenter_close(augmenter);
}

static void noise_is_cut_at_black_and_white(void **state)
{
    struct augmenter *augmenter = open_augmenter((struct augmentation_spec){.noise = 1}, 1);
    int black = 0, white = 0;

    (void)state;
    memset(source, 250, PIXELS);
    for (uint64_t draw = 0; draw < 100; draw++) {
        augmenter_apply(augmenter, source, target, draw);
        for (int i = 0; i < PIXELS; i++) {
            black += target[i] == 0;
            white += target[i] == 255;
        }
    }
    assert_true(white > 0.4 * 100 * PIXELS); /* wrapping round would leave next to none */
    assert_true(black > 0.1 * 100 * PIXELS);
    augmenter_close(augmenter);
}

static void a_crop_of_one_brightness_stays(void **state)
{
    struct augmenter *augmenter = open_augmenter((struct augmentation_spec){.crop = 5}, 1);

    (void)state;
    memset(source, 201, PIXELS);
    for (uint64_t draw = 0; draw < 200; draw++) {
        augmenter_apply(augmenter, source, target, draw);
        assert_memory_equal(target, source, PIXELS);
    }
    augmenter_close(augmenter);
}

/* Of a ramp, an enlarged window is a flatter ramp, between the pixels of its borders. */
static void a_crop_enlarges_a_window(void **state)
{
    struct augmenter *augmenter = open_augmenter((struct augmentation_spec){.crop = 3}, 1);
    int seen[4] = {0};

    (void)state;
    for (int i = 0; i < PIXELS; i++)
        source[i] = (uint8_t)(30 * (i % WIDTH));
    for (uint64_t draw = 0; draw < 400; draw++) {
        int first, last, cut;

        augmenter_apply(augmenter, source, target, draw);
        first = target[0];
        last = target[WIDTH - 1];
        cut = WIDTH - 1 - (last - first) / 30;
        assert_int_equal(first % 30, 0);
        assert_int_equal(last % 30, 0);
        assert_in_range(cut, 0, 3);
        seen[cut]++;
        for (int i = 0; i < PIXELS; i++) {
            double expected = first + (last - first) * (i % WIDTH) / (WIDTH - 1.0);

            assert_true(fabs(target[i] - expected) <= 1);
        }
    }
    for (int c = 0; c < 4; c++)
        assert_true(fabs(seen[c] - 100.0) < 45); /* uniform, 5 standard deviations */
    augmenter_close(augmenter);
}

static void an_image_of_one_pixel_can_flip(void **state)
{
    struct augmentation_spec spec = {.flip = 1};
    struct augmenter *augmenter;

    (void)state;
    assert_int_equal(augmenter_open(&augmenter, &spec, 1, 1, 1), 0);
    augmenter_apply(augmenter, source, target, 0);
    assert_int_equal(target[0], source[0]);
    augmenter_close(augmenter);
}

static void close_accepts_null(void **state)
{
    (void)state;
    augmenter_close(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_asked_changes_nothing, fill_source),
        cmocka_unit_test_setup(a_variation_is_a_function_of_seed_and_draw_alone, fill_source),
        cmocka_unit_test_setup(shifts_are_uniform, fill_source),
        cmocka_unit_test_setup(a_flip_changes_sides_as_often_as_asked, fill_source),
        cmocka_unit_test(noise_has_its_deviation_and_no_mean),
        cmocka_unit_test(noise_is_cut_at_black_and_white),
        cmocka_unit_test(a_crop_of_one_brightness_stays),
        cmocka_unit_test(a_crop_enlarges_a_window),
        cmocka_unit_test_setup(an_image_of_one_pixel_can_flip, fill_source),
        cmocka_unit_test(close_accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
