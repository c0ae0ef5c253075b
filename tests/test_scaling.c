/* Scaling looks at training examples alone. */
#include "base/error.h"
#include "data/scaling.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { STORED = 6, INPUTS = 3 };

static const int32_t train_rows[] = {4, 0, 2}, validation_rows[] = {1, 5}, test_rows[] = {3};

/* features is [STORED][INPUTS] of the element. */
static struct dataset over(void *features, enum element element)
{
    struct examples examples = {.element = element, .scale = 1, .features = features};
    struct dataset dataset = {.inputs = INPUTS, .stored_features = features};

    dataset.train = dataset.validation = dataset.test = examples;
    dataset.train.rows = train_rows;
    dataset.train.count = 3;
    dataset.validation.rows = validation_rows;
    dataset.validation.count = 2;
    dataset.test.rows = test_rows;
    dataset.test.count = 1;
    return dataset;
}

/* One feature that varies, 1 3 5 in training rows; one that is constant there; one that is constant
 * and not exact in binary. */
static const float numbers[STORED][INPUTS] = {{3, 7, 0.1f},  {9, 7, 0.1f}, {5, 7, 0.1f},
                                              {-5, 8, 0.1f}, {1, 7, 0.1f}, {3, 7, 0.1f}};

static const uint8_t bytes[STORED][INPUTS] = {{10, 20, 30}, {255, 0, 255}, {40, 50, 60},
                                              {0, 255, 0},  {70, 80, 90},  {255, 255, 255}};

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-6 * (1 + fabs(expected))))
        fail_msg("%.9g is not %.9g", value, expected);
}

static void test_none_leaves_everything_as_it_is(void **state)
{
    float features[STORED][INPUTS];
    uint8_t pixels[STORED][INPUTS];
    struct dataset floats = over(features, ELEMENT_FLOAT32), images = over(pixels, ELEMENT_UINT8);

    (void)state;
    memcpy(features, numbers, sizeof features);
    memcpy(pixels, bytes, sizeof pixels);
    assert_int_equal(scaling_apply(&floats, SCALING_NONE, STORED), 0);
    assert_int_equal(scaling_apply(&images, SCALING_NONE, STORED), 0);
    assert_memory_equal(features, numbers, sizeof features);
    assert_true(images.train.scale == 1 && images.train.offset == 0);
}

static void test_unit_divides_bytes_by_255(void **state)
{
    uint8_t pixels[STORED][INPUTS];
    struct dataset dataset = over(pixels, ELEMENT_UINT8);

    (void)state;
    memcpy(pixels, bytes, sizeof pixels);
    assert_int_equal(scaling_apply(&dataset, SCALING_UNIT, STORED), 0);
    assert_true(dataset.train.scale == 1.0f / 255);
    assert_true(dataset.train.scale * 255 == 1);
    assert_true(dataset.train.offset == 0);
    assert_true(dataset.validation.scale == dataset.train.scale);
    assert_true(dataset.test.scale == dataset.train.scale);
    assert_memory_equal(pixels, bytes, sizeof pixels); /* bytes stay bytes */
}

static void test_standard_gives_training_bytes_one_mean_and_deviation(void **state)
{
    uint8_t pixels[STORED][INPUTS];
    struct dataset dataset = over(pixels, ELEMENT_UINT8);

    (void)state;
    memcpy(pixels, bytes, sizeof pixels);
    assert_int_equal(scaling_apply(&dataset, SCALING_STANDARD, STORED), 0);
    /* 10, 20, .. 90: mean 50, variance 100 * (9^2 - 1) / 12 */
    assert_near((double)dataset.train.scale, 1 / sqrt(100 * 80 / 12.0));
    assert_near((double)dataset.train.offset, -50 / sqrt(100 * 80 / 12.0));
    assert_true(dataset.validation.offset == dataset.train.offset);
    assert_true(dataset.test.offset == dataset.train.offset);
    assert_memory_equal(pixels, bytes, sizeof pixels);
}

static void test_standard_makes_equal_bytes_zero(void **state)
{
    uint8_t pixels[STORED][INPUTS];
    struct dataset dataset = over(pixels, ELEMENT_UINT8);

    (void)state;
    memset(pixels, 9, sizeof pixels);
    assert_int_equal(scaling_apply(&dataset, SCALING_STANDARD, STORED), 0);
    assert_true(dataset.train.scale * 9 + dataset.train.offset == 0);
}

static void test_standard_gives_each_training_feature_mean_zero_and_variance_one(void **state)
{
    float features[STORED][INPUTS];
    struct dataset dataset = over(features, ELEMENT_FLOAT32);

    (void)state;
    memcpy(features, numbers, sizeof features);
    assert_int_equal(scaling_apply(&dataset, SCALING_STANDARD, STORED), 0);
    for (int i = 0; i < STORED; i++) { /* the other rows too, by the same numbers */
        assert_near((double)features[i][0], ((double)numbers[i][0] - 3) / sqrt(8.0 / 3));
        assert_true(features[i][1] == (i == 3 ? 1 : 0)); /* constant in training: only centred */
        assert_true(features[i][2] == 0);
    }
    assert_true(dataset.train.scale == 1 && dataset.train.offset == 0);
}

static void test_unit_brings_training_features_to_zero_and_one(void **state)
{
    float features[STORED][INPUTS];
    struct dataset dataset = over(features, ELEMENT_FLOAT32);

    (void)state;
    memcpy(features, numbers, sizeof features);
    assert_int_equal(scaling_apply(&dataset, SCALING_UNIT, STORED), 0);
    for (int i = 0; i < STORED; i++) {
        assert_near((double)features[i][0], ((double)numbers[i][0] - 1) / 4);
        assert_true(features[i][2] == 0);
    }
    assert_true(features[4][0] == 0 && features[2][0] == 1);
}

/* A held-out value may be so far from a narrow training range that no float holds it. */
static void test_a_value_that_becomes_infinite_is_an_error(void **state)
{
    float features[STORED][INPUTS];
    struct dataset dataset = over(features, ELEMENT_FLOAT32);

    (void)state;
    memcpy(features, numbers, sizeof features);
    for (int i = 0; i < STORED; i++)
        features[i][1] = i == 4 ? 1e-30f : 0;
    features[5][1] = 3e38f;
    assert_int_equal(scaling_apply(&dataset, SCALING_UNIT, STORED), -1);
    assert_non_null(strstr(error_text(), "example 6, feature 2: 3e+38 is too far"));
}

static void test_moments_are_of_the_named_rows(void **state)
{
    struct dataset dataset = over((void *)(uintptr_t)numbers, ELEMENT_FLOAT32);
    double mean[INPUTS], deviation[INPUTS];

    (void)state;
    examples_moments(&dataset.train, INPUTS, mean, deviation);
    assert_near(mean[0], 3);
    assert_near(deviation[0], sqrt(8.0 / 3));
    assert_true(mean[1] == 7 && deviation[1] == 0);
    assert_true(mean[2] == (double)0.1f && deviation[2] == 0);
}

static void test_moments_of_one_example_are_itself_and_zero(void **state)
{
    struct dataset dataset = over((void *)(uintptr_t)numbers, ELEMENT_FLOAT32);
    double mean[INPUTS], deviation[INPUTS];

    (void)state;
    examples_moments(&dataset.test, INPUTS, mean, deviation);
    assert_true(mean[0] == -5 && deviation[0] == 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_leaves_everything_as_it_is),
        cmocka_unit_test(test_unit_divides_bytes_by_255),
        cmocka_unit_test(test_standard_gives_training_bytes_one_mean_and_deviation),
        cmocka_unit_test(test_standard_makes_equal_bytes_zero),
        cmocka_unit_test(test_standard_gives_each_training_feature_mean_zero_and_variance_one),
        cmocka_unit_test(test_unit_brings_training_features_to_zero_and_one),
        cmocka_unit_test(test_a_value_that_becomes_infinite_is_an_error),
        cmocka_unit_test(test_moments_are_of_the_named_rows),
        cmocka_unit_test(test_moments_of_one_example_are_itself_and_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
