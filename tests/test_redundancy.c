/* Redundancy repeats training examples and nothing else. */
#include "base/error.h"
#include "data/dataset.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STORED = 8, TRAIN = 5, SIDE = 4, PIXELS = SIDE * SIDE };

/* Five of eight stored images of 4x4 different pixels, none of them 0. */
static const int32_t train_rows[TRAIN] = {6, 1, 4, 0, 3}, validation_rows[2] = {2, 5};
static int32_t labels[STORED] = {0, 1, 2, 3, 4, 5, 6, 7};
static uint8_t pixels[STORED * PIXELS];

static struct dataset images(void)
{
    struct examples examples = {.element = ELEMENT_UINT8,
                                .scale = 1.0f / 255,
                                .features = pixels,
                                .labels = labels,
                                .rows = train_rows,
                                .count = TRAIN};
    struct dataset dataset = {.inputs = PIXELS,
                              .outputs = STORED,
                              .classes = STORED,
                              .image_height = SIDE,
                              .image_width = SIDE,
                              .train = examples,
                              .validation = examples};

    for (int i = 0; i < STORED * PIXELS; i++)
        pixels[i] = (uint8_t)(1 + i);
    dataset.validation.rows = validation_rows;
    dataset.validation.count = 2;
    return dataset;
}

static struct redundant_examples repeat(const struct dataset *dataset, int factor,
                                        enum redundancy_mode mode, enum copies copies,
                                        uint64_t seed)
{
    struct redundancy redundancy = {factor, mode, copies, seed};
    struct redundant_examples redundant;

    assert_int_equal(redundancy_open(&redundant, dataset, &redundancy), 0);
    assert_int_equal(redundant.examples.count, redundancy_count(dataset->train.count, &redundancy));
    return redundant;
}

/* target is source shifted by exactly one of the eight ways; its index in reading order, or -1 */
static int shift_of(const uint8_t *target, const uint8_t *source)
{
    for (int way = 0; way < 9; way++) {
        int dy = way / 3 - 1, dx = way % 3 - 1, equal = way != 4;

        for (int y = 0; y < SIDE && equal; y++)
            for (int x = 0; x < SIDE; x++) {
                int from_y = y - dy, from_x = x - dx;
                int inside = from_y >= 0 && from_y < SIDE && from_x >= 0 && from_x < SIDE;

                if (target[y * SIDE + x] != (inside ? source[from_y * SIDE + from_x] : 0))
                    equal = 0;
            }
        if (equal)
            return way;
    }
    return -1;
}

static void test_a_factor_of_one_changes_nothing(void **state)
{
    struct dataset dataset = images();

    (void)state;
    for (int mode = REDUNDANCY_GROW; mode <= REDUNDANCY_FILL; mode++)
        for (int copies = COPIES_EXACT; copies <= COPIES_NOISE; copies++) {
            struct redundant_examples redundant =
                repeat(&dataset, 1, (enum redundancy_mode)mode, (enum copies)copies, 1);

            assert_int_equal(redundant.examples.count, TRAIN);
            assert_ptr_equal(redundant.examples.features, dataset.train.features);
            assert_memory_equal(redundant.examples.rows, train_rows, sizeof train_rows);
            redundancy_close(&redundant);
        }
}

static void test_grow_repeats_each_example(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant = repeat(&dataset, 3, REDUNDANCY_GROW, COPIES_EXACT, 1);

    (void)state;
    assert_int_equal(redundant.examples.count, 3 * TRAIN);
    for (int i = 0; i < 3 * TRAIN; i++)
        assert_int_equal(redundant.examples.rows[i], train_rows[i % TRAIN]);
    redundancy_close(&redundant);
}

static void test_fill_keeps_the_count_with_fewer_distinct_examples(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant = repeat(&dataset, 2, REDUNDANCY_FILL, COPIES_EXACT, 1);

    (void)state;
    assert_int_equal(redundant.examples.count, TRAIN);
    assert_memory_equal(redundant.examples.rows, ((const int32_t[]){6, 1, 4, 6, 1}),
                        TRAIN * sizeof(int32_t));
    redundancy_close(&redundant);
}

static void test_fill_with_more_than_there_are_repeats_one(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant = repeat(&dataset, 100, REDUNDANCY_FILL, COPIES_EXACT, 1);

    (void)state;
    for (int i = 0; i < TRAIN; i++)
        assert_int_equal(redundant.examples.rows[i], train_rows[0]);
    redundancy_close(&redundant);
}

static void test_exact_copies_cost_no_features(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant = repeat(&dataset, 4, REDUNDANCY_GROW, COPIES_EXACT, 1);

    (void)state;
    assert_ptr_equal(redundant.examples.features, dataset.train.features);
    assert_ptr_equal(redundant.examples.labels, dataset.train.labels);
    assert_null(redundant.features);
    assert_null(redundant.labels);
    redundancy_close(&redundant);
}

static void test_no_copy_comes_from_validation(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant = repeat(&dataset, 5, REDUNDANCY_GROW, COPIES_EXACT, 1);

    (void)state;
    for (size_t i = 0; i < redundant.examples.count; i++)
        for (int v = 0; v < 2; v++)
            assert_int_not_equal(redundant.examples.rows[i], validation_rows[v]);
    assert_int_equal(dataset.validation.count, 2);
    redundancy_close(&redundant);
}

static void test_jittered_images_are_shifted_by_one_pixel_and_never_by_nothing(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant = repeat(&dataset, 200, REDUNDANCY_GROW, COPIES_JITTER, 1);
    const struct examples *examples = &redundant.examples;
    const uint8_t *features = examples->features;
    int ways[9] = {0};

    (void)state;
    for (int i = 0; i < 200 * TRAIN; i++) {
        const uint8_t *copy = features + examples->rows[i] * PIXELS;
        const uint8_t *original = pixels + train_rows[i % TRAIN] * PIXELS;

        assert_int_equal(examples->labels[examples->rows[i]], train_rows[i % TRAIN]);
        if (i < TRAIN) {
            assert_memory_equal(copy, original, PIXELS);
        } else {
            assert_int_not_equal(shift_of(copy, original), -1);
            ways[shift_of(copy, original)]++;
        }
    }
    for (int way = 0; way < 9; way++) /* 995 copies, 8 ways: 124 each, deviation 10.4 */
        if (way != 4)
            assert_in_range(ways[way], 124 - 52, 124 + 52);
    assert_true(examples->scale == 1.0f / 255);
    redundancy_close(&redundant);
}

static void test_a_shifted_single_pixel_is_gone(void **state)
{
    struct dataset dataset = images();
    struct redundant_examples redundant;

    (void)state;
    dataset.inputs = 1;
    dataset.image_height = dataset.image_width = 1;
    redundant = repeat(&dataset, 3, REDUNDANCY_GROW, COPIES_JITTER, 1);
    for (int i = 0; i < 3 * TRAIN; i++)
        assert_int_equal(((const uint8_t *)redundant.examples.features)[i],
                         i < TRAIN ? pixels[train_rows[i]] : 0);
    redundancy_close(&redundant);
}

static void test_jitter_depends_on_seed_example_and_copy_alone(void **state)
{
    struct dataset dataset = images(), fewer = images();
    struct redundant_examples a = repeat(&dataset, 9, REDUNDANCY_GROW, COPIES_JITTER, 1);
    struct redundant_examples b = repeat(&dataset, 4, REDUNDANCY_GROW, COPIES_JITTER, 1);
    struct redundant_examples c = repeat(&dataset, 9, REDUNDANCY_GROW, COPIES_JITTER, 2);
    struct redundant_examples d;
    const uint8_t *features = a.examples.features;

    (void)state;
    assert_memory_equal(features, b.examples.features, 4 * TRAIN * PIXELS);
    assert_memory_not_equal(features, c.examples.features, 9 * TRAIN * PIXELS);
    fewer.train.rows = train_rows + 2; /* the third training example comes first */
    fewer.train.count = 1;
    d = repeat(&fewer, 9, REDUNDANCY_GROW, COPIES_JITTER, 1);
    for (int copy = 0; copy < 9; copy++)
        assert_memory_equal((const uint8_t *)d.examples.features + copy * PIXELS,
                            features + (copy * TRAIN + 2) * PIXELS, PIXELS);
    redundancy_close(&a);
    redundancy_close(&b);
    redundancy_close(&c);
    redundancy_close(&d);
}

static void test_noise_is_of_five_percent_of_a_byte_and_stays_within_it(void **state)
{
    enum { FACTOR = 400 };
    struct dataset dataset = images();
    struct redundant_examples redundant =
        repeat(&dataset, FACTOR, REDUNDANCY_GROW, COPIES_NOISE, 1);
    const uint8_t *features = redundant.examples.features;
    double squares = 0, n = 0;

    (void)state;
    for (int i = 0; i < TRAIN * FACTOR * PIXELS; i++) {
        const uint8_t *source = pixels + train_rows[i / PIXELS % TRAIN] * PIXELS;
        double noise = (double)features[i] - source[i % PIXELS];

        if (i < TRAIN * PIXELS)
            assert_true(noise == 0);
        else if (source[i % PIXELS] > 64 && source[i % PIXELS] < 192) {
            squares += noise * noise;
            n++;
        }
    }
    assert_true(fabs(sqrt(squares / n) - 0.05 * 255) < 0.4); /* 5 standard errors */
    redundancy_close(&redundant);
}

/* Two features, one of them constant, and a target. */
static struct dataset numbers(float *features, float *targets, int32_t *rows, int count)
{
    struct dataset dataset = {.inputs = 2, .outputs = 1};

    for (int i = 0; i < count; i++) {
        features[2 * i] = i % 2 ? 30 : 10; /* deviation 10 */
        features[2 * i + 1] = 7;
        targets[i] = (float)i;
        rows[i] = i;
    }
    dataset.train = (struct examples){.element = ELEMENT_FLOAT32,
                                      .scale = 1,
                                      .features = features,
                                      .targets = targets,
                                      .rows = rows,
                                      .count = (size_t)count};
    return dataset;
}

static void test_jittered_numbers_get_five_percent_noise(void **state)
{
    enum { COUNT = 100, FACTOR = 101 };
    float features[2 * COUNT], targets[COUNT];
    int32_t rows[COUNT];
    struct dataset dataset = numbers(features, targets, rows, COUNT);
    struct redundant_examples redundant =
        repeat(&dataset, FACTOR, REDUNDANCY_GROW, COPIES_JITTER, 1);
    const float *copies = redundant.examples.features;
    double sum = 0, squares = 0, n = COUNT * (FACTOR - 1);

    (void)state;
    assert_memory_equal(copies, features, sizeof features);
    for (int i = COUNT; i < COUNT * FACTOR; i++) {
        double noise = (double)copies[2 * i] - (double)features[2 * (i % COUNT)];

        sum += noise;
        squares += noise * noise;
        assert_true(copies[2 * i + 1] == 7);
        assert_true(redundant.examples.targets[redundant.examples.rows[i]] == (float)(i % COUNT));
    }
    assert_true(fabs(sum / n) < 5 * 0.5 / sqrt(n));
    assert_true(fabs(squares / n - 0.25) < 5 * 0.25 * sqrt(2 / n));
    assert_null(redundant.examples.labels);
    redundancy_close(&redundant);
}

static void test_impossible_factors_are_refused(void **state)
{
    struct dataset dataset = images();
    struct redundancy redundancy = {.factor = 0};
    struct redundant_examples redundant;

    (void)state;
    assert_int_equal(redundancy_open(&redundant, &dataset, &redundancy), -1);
    assert_string_equal(error_text(), "redundancy: 0 is not a positive integer");
    redundancy_close(&redundant);
    redundancy.factor = INT_MAX;
    assert_int_equal(redundancy_open(&redundant, &dataset, &redundancy), -1);
    assert_string_equal(error_text(), "redundancy: 2147483647 times 5 examples are 10737418235, "
                                      "expected at most 2147483647");
    redundancy_close(&redundant);
}

static void test_count_needs_no_data(void **state)
{
    (void)state;
    assert_int_equal(redundancy_count(55000, &(struct redundancy){3, REDUNDANCY_GROW, 0, 0}),
                     165000);
    assert_int_equal(redundancy_count(55000, &(struct redundancy){3, REDUNDANCY_FILL, 0, 0}),
                     55000);
}

static void test_close_accepts_null_and_nothing(void **state)
{
    struct redundant_examples redundant = {0};

    (void)state;
    redundancy_close(NULL);
    redundancy_close(&redundant);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_factor_of_one_changes_nothing),
        cmocka_unit_test(test_grow_repeats_each_example),
        cmocka_unit_test(test_fill_keeps_the_count_with_fewer_distinct_examples),
        cmocka_unit_test(test_fill_with_more_than_there_are_repeats_one),
        cmocka_unit_test(test_exact_copies_cost_no_features),
        cmocka_unit_test(test_no_copy_comes_from_validation),
        cmocka_unit_test(test_jittered_images_are_shifted_by_one_pixel_and_never_by_nothing),
        cmocka_unit_test(test_a_shifted_single_pixel_is_gone),
        cmocka_unit_test(test_jitter_depends_on_seed_example_and_copy_alone),
        cmocka_unit_test(test_noise_is_of_five_percent_of_a_byte_and_stays_within_it),
        cmocka_unit_test(test_jittered_numbers_get_five_percent_noise),
        cmocka_unit_test(test_impossible_factors_are_refused),
        cmocka_unit_test(test_count_needs_no_data),
        cmocka_unit_test(test_close_accepts_null_and_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
