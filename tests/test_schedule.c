/* Schedules against their formulas. */
#include "train/schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_factor(const struct schedule_spec *spec, double done, double expected)
{
    double factor = schedule_factor(spec, done, 1);

    if (!(fabs(factor - expected) <= 1e-12))
        fail_msg("kind %d after %g: %.17g, expected %.17g", (int)spec->kind, done, factor,
                 expected);
}

static void a_constant_is_one(void **state)
{
    const struct schedule_spec spec = {.kind = SCHEDULE_CONSTANT};

    (void)state;
    assert_factor(&spec, 0, 1);
    assert_factor(&spec, 1e9, 1);
}

static void pieces_change_where_they_begin(void **state)
{
    const struct schedule_spec spec = {.kind = SCHEDULE_PIECEWISE,
                                       .at = {5, 8},
                                       .factors = {0.2, 0.04},
                                       .at_count = 2,
                                       .factors_count = 2};

    (void)state;
    assert_factor(&spec, 0, 1);
    assert_factor(&spec, 4.999, 1);
    assert_factor(&spec, 5, 0.2);
    assert_factor(&spec, 7.999, 0.2);
    assert_factor(&spec, 8, 0.04);
    assert_factor(&spec, 1e6, 0.04);
}

static void decays_follow_their_formulas(void **state)
{
    const struct schedule_spec inverse = {.kind = SCHEDULE_INVERSE_TIME, .decay = 0.96};
    const struct schedule_spec exponential = {.kind = SCHEDULE_EXPONENTIAL, .decay = 0.96};
    const struct schedule_spec natural = {.kind = SCHEDULE_NATURAL_EXPONENTIAL, .decay = 0.04};

    (void)state;
    for (int t = 0; t < 100; t += 7) {
        assert_factor(&inverse, t, 1 / (1 + 0.96 * t));
        assert_factor(&exponential, t, pow(0.96, t));
        assert_factor(&natural, t, exp(-0.04 * t));
    }
    assert_factor(&exponential, 0.5, sqrt(0.96)); /* not in stairs */
}

static void cosine_and_polynomial_end_where_they_should_and_stay(void **state)
{
    const struct schedule_spec cosine = {.kind = SCHEDULE_COSINE, .length = 10, .end = 0.1};
    const struct schedule_spec polynomial = {
        .kind = SCHEDULE_POLYNOMIAL, .length = 10, .end = 0.1, .power = 2};

    (void)state;
    assert_factor(&cosine, 0, 1);
    assert_factor(&cosine, 5, 0.55);
    assert_factor(&cosine, 2.5, 0.1 + 0.45 * (1 + sqrt(0.5)));
    assert_factor(&cosine, 10, 0.1);
    assert_factor(&cosine, 11, 0.1);
    assert_factor(&polynomial, 0, 1);
    assert_factor(&polynomial, 5, 0.1 + 0.9 * 0.25);
    assert_factor(&polynomial, 10, 0.1);
    assert_factor(&polynomial, 15, 0.1);
    assert_true(schedule_ends(SCHEDULE_COSINE) && schedule_ends(SCHEDULE_POLYNOMIAL));
    assert_false(schedule_ends(SCHEDULE_SGDR) || schedule_ends(SCHEDULE_TRIANGULAR));
}

static void a_triangle_goes_up_and_down_again_and_again(void **state)
{
    const struct schedule_spec spec = {.kind = SCHEDULE_TRIANGULAR, .length = 8, .end = 0.25};
    static const double cycle[] = {0.25, 0.4375, 0.625, 0.8125, 1, 0.8125, 0.625, 0.4375};

    (void)state;
    for (int t = 0; t < 32; t++)
        assert_factor(&spec, t, cycle[t % 8]);
}

/* Cycles of 2, 4, 8. */
static void restarts_come_later_each_time(void **state)
{
    const struct schedule_spec spec = {.kind = SCHEDULE_SGDR, .length = 2, .growth = 2};
    const struct schedule_spec even = {.kind = SCHEDULE_SGDR, .length = 2, .growth = 1, .end = 0.5};

    (void)state;
    assert_factor(&spec, 0, 1);
    assert_factor(&spec, 1, 0.5);
    assert_factor(&spec, 2, 1);
    assert_factor(&spec, 4, 0.5);
    assert_factor(&spec, 6, 1);
    assert_factor(&spec, 10, 0.5);
    assert_factor(&spec, 14, 1);
    assert_factor(&even, 1, 0.75);
    assert_factor(&even, 1001, 0.75);
}

static void a_warm_up_comes_in_front_of_any(void **state)
{
    const struct schedule_spec spec = {
        .kind = SCHEDULE_COSINE, .warmup = 4, .length = 10, .end = 0};

    (void)state;
    assert_factor(&spec, 0, 0.25); /* update number 1 of 4 */
    assert_factor(&spec, 1, 0.5);
    assert_factor(&spec, 3, 1);
    assert_factor(&spec, 4, 1); /* the first of the cosine */
    assert_factor(&spec, 9, 0.5);
    assert_factor(&spec, 14, 0);
    assert_true(schedule_factor(&spec, 3.5, 1) == 1); /* no more than the rate */
}

static void the_batch_grows_in_steps(void **state)
{
    const struct schedule_spec spec = {
        .batch_at = {5, 8}, .batch_at_count = 2, .batch_factor = 2.5};

    (void)state;
    assert_int_equal(schedule_batch_size(&spec, 10, 0), 10);
    assert_int_equal(schedule_batch_size(&spec, 10, 5), 25);
    assert_int_equal(schedule_batch_size(&spec, 10, 7.9), 25);
    assert_int_equal(schedule_batch_size(&spec, 10, 8), 63);           /* 62.5 */
    assert_int_equal(schedule_batch_size(&spec, 1 << 30, 8), 1 << 30); /* no overflow */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_is_one),
        cmocka_unit_test(pieces_change_where_they_begin),
        cmocka_unit_test(decays_follow_their_formulas),
        cmocka_unit_test(cosine_and_polynomial_end_where_they_should_and_stay),
        cmocka_unit_test(a_triangle_goes_up_and_down_again_and_again),
        cmocka_unit_test(restarts_come_later_each_time),
        cmocka_unit_test(a_warm_up_comes_in_front_of_any),
        cmocka_unit_test(the_batch_grows_in_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
