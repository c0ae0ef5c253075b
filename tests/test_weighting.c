/* Weights of examples, held against what the formula gives by hand. */
#include "base/error.h"
#include "data/weighting.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Six stored examples of two features, of which four are for training: classes 0, 0, 0, 2. */
enum { TRAIN = 4 };
static const float numbers[6][2] = {{3, 4}, {9, 9}, {0, 0}, {9, 9}, {1, 2}, {0, 2}};
static const int32_t labels[6] = {0, 1, 0, 1, 0, 2}, rows[TRAIN] = {5, 0, 2, 4};

static const struct examples examples = {.element = ELEMENT_FLOAT32,
                                         .scale = 1,
                                         .features = numbers,
                                         .labels = labels,
                                         .rows = rows,
                                         .count = TRAIN};

static void assert_weights(const struct weighting_spec *spec, int classes,
                           const double expected[TRAIN])
{
    double weights[TRAIN];

    assert_int_equal(weighting_apply(spec, &examples, 2, classes, weights), 0);
    for (int i = 0; i < TRAIN; i++)
        if (!(fabs(weights[i] - expected[i]) <= 1e-15 * expected[i]))
            fail_msg("example %d: %.17g, expected %.17g", i, weights[i], expected[i]);
}

static void nothing_said_is_one(void **state)
{
    (void)state;
    assert_weights(&(struct weighting_spec){.class_count = 0}, 3, (double[]){1, 1, 1, 1});
}

static void classes_have_the_weights_given(void **state)
{
    (void)state;
    assert_weights(&(struct weighting_spec){.classes = {2, 9, 0.5}, .class_count = 3}, 3,
                   (double[]){0.5, 2, 2, 2});
    assert_weights(&(struct weighting_spec){.classes = {0, 9, 1}, .class_count = 3}, 3,
                   (double[]){1, 0, 0, 0});
}

static void a_power_of_the_share_of_the_class(void **state)
{
    (void)state;
    assert_weights(&(struct weighting_spec){.power = -1}, 3,
                   (double[]){4, 4.0 / 3, 4.0 / 3, 4.0 / 3});
    assert_weights(&(struct weighting_spec){.power = 2}, 3,
                   (double[]){1.0 / 16, 9.0 / 16, 9.0 / 16, 9.0 / 16});
}

/* |x|^2 + 1 of rows 5, 0, 2, 4: 5, 26, 1, 6 */
static void a_power_of_the_norm(void **state)
{
    (void)state;
    assert_weights(&(struct weighting_spec){.norm_power = 1}, 3,
                   (double[]){sqrt(5), sqrt(26), 1, sqrt(6)});
    assert_weights(&(struct weighting_spec){.norm_power = -2}, 0,
                   (double[]){1.0 / 5, 1.0 / 26, 1, 1.0 / 6});
}

static void the_norm_is_of_the_values_an_engine_sees(void **state)
{
    static const uint8_t bytes[2][2] = {{0, 0}, {4, 2}};
    static const int32_t both[2] = {0, 1};
    const struct examples images = {.element = ELEMENT_UINT8,
                                    .scale = 0.5f,
                                    .offset = -1,
                                    .features = bytes,
                                    .rows = both,
                                    .count = 2};
    const struct weighting_spec spec = {.norm_power = 2};
    double weights[2];

    (void)state;
    assert_int_equal(weighting_apply(&spec, &images, 2, 0, weights), 0);
    assert_true(weights[0] == 3); /* -1, -1 */
    assert_true(weights[1] == 2); /* 1, 0 */
}

static void factors_multiply(void **state)
{
    (void)state;
    assert_weights(
        &(struct weighting_spec){
            .classes = {2, 1, 3}, .class_count = 3, .power = -1, .norm_power = 2},
        3, (double[]){3 * 4 * 5, 2 * (4.0 / 3) * 26, 2 * (4.0 / 3), 2 * (4.0 / 3) * 6});
}

static void classes_are_counted_among_the_training_examples(void **state)
{
    size_t counts[3] = {0};

    (void)state;
    count_classes(&examples, counts);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_one),
        cmocka_unit_test(classes_have_the_weights_given),
        cmocka_unit_test(a_power_of_the_share_of_the_class),
        cmocka_unit_test(a_power_of_the_norm),
        cmocka_unit_test(the_norm_is_of_the_values_an_engine_sees),
        cmocka_unit_test(factors_multiply),
        cmocka_unit_test(classes_are_counted_among_the_training_examples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
