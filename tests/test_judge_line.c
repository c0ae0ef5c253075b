/* Straight lines and power laws: NumPy's answers, exact lines, degenerate points, coverage. */
#include "base/rng.h"
#include "judge/line.h"

#include "judge_fixture.h"

static void check_against_fixture(size_t c)
{
    const double *weights = line_cases[c].weighted ? line_weights : NULL;
    enum line_scale scale = line_cases[c].known ? LINE_SCALE_KNOWN : LINE_SCALE_UNKNOWN;
    struct line line = line_cases[c].logs
                           ? line_fit_logs(line_x, line_y, weights, LENGTH(line_x), scale, 0.95)
                           : line_fit(line_x, line_y, weights, LENGTH(line_x), scale, 0.95);
    const double *values = line_cases[c].values, *half = line_cases[c].half;

    assert_int_equal(line.count, LENGTH(line_x));
    assert_near(line.intercept.value, values[0], 1e-12);
    assert_near(line.slope.value, values[1], 1e-12);
    assert_near(line.intercept.low, values[0] - half[0], 1e-12);
    assert_near(line.intercept.high, values[0] + half[0], 1e-12);
    assert_near(line.slope.low, values[1] - half[1], 1e-12);
    assert_near(line.slope.high, values[1] + half[1], 1e-12);
    assert_near(line.covariance, line_cases[c].covariance, 1e-12);
    assert_near(line.r_squared, line_cases[c].r_squared, 1e-12);
    assert_near(line.robust_r_squared, line_cases[c].robust_r_squared, 1e-12);
    if (!line_cases[c].logs)
        assert_near(line.mape, line_cases[c].mape, 1e-12);
    if (line_cases[c].known)
        assert_near(line.misfit_p, line_cases[c].misfit_p, 1e-12);
    else
        assert_true(isnan(line.misfit_p));
}

static void fits_and_intervals_are_those_of_numpy(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(line_cases); c++)
        check_against_fixture(c);
}

static void an_exact_line_is_found_exactly(void **state)
{
    const double x[] = {1, 2, 3, 4}, y[] = {5, 7, 9, 11};
    struct line line = line_fit(x, y, NULL, 4, LINE_SCALE_UNKNOWN, 0.95);

    (void)state;
    assert_near(line.intercept.value, 3, 1e-14);
    assert_near(line.slope.value, 2, 1e-14);
    assert_near(line.slope.high - line.slope.low, 0, 1e-12);
    assert_true(line.r_squared == 1 && line.robust_r_squared == 1 && line.mape <= 1e-15);
}

static void a_power_law_is_a_line_of_logs(void **state)
{
    double x[8], y[8];
    struct line line;

    (void)state;
    for (int i = 0; i < 8; i++) {
        x[i] = ldexp(1, i);
        y[i] = 3 * pow(x[i], -0.5) * (i % 2 ? 1.1 : 1 / 1.1);
    }
    line = line_fit_logs(x, y, NULL, 8, LINE_SCALE_UNKNOWN, 0.95);
    assert_true(line.slope.low < -0.5 && -0.5 < line.slope.high);
    assert_true(fabs(exp(line.intercept.value) - 3) < 0.4);
    assert_true(line.mape > 0.07 && line.mape < 0.11); /* a factor of 1.1 off, about */
}

static void known_variances_set_the_width(void **state)
{
    const double x[] = {0, 2}, y[] = {1, 5}, weights[] = {4, 4}; /* deviation 1/2 each */
    struct line line = line_fit(x, y, weights, 2, LINE_SCALE_KNOWN, 0.95);

    (void)state;
    /* Slope: (y1 - y0) / 2, deviation sqrt(1/4 + 1/4) / 2. */
    assert_near(line.slope.high - line.slope.value, 1.959963984540054 * sqrt(0.5) / 2, 1e-14);
    assert_near(line.intercept.high - line.intercept.value, 1.959963984540054 * 0.5, 1e-14);
    assert_true(isnan(line.misfit_p));
    line = line_fit(x, y, weights, 2, LINE_SCALE_UNKNOWN, 0.95);
    assert_true(line.slope.value == 2);
    assert_true(line.slope.low == -HUGE_VAL && line.slope.high == HUGE_VAL);
    assert_true(line.intercept.low == -HUGE_VAL && line.intercept.high == HUGE_VAL);
}

static void a_curve_is_told_from_a_line(void **state)
{
    double x[9], y[9], weights[9];
    struct line line;

    (void)state;
    for (int i = 0; i < 9; i++) {
        x[i] = i;
        y[i] = i * i;
        weights[i] = 1;
    }
    line = line_fit(x, y, weights, 9, LINE_SCALE_KNOWN, 0.95);
    assert_true(line.misfit_p < 1e-10);
    assert_true(line.r_squared > 0.9); /* which R^2 would not tell */
}

static void one_outlier_hardly_moves_the_robust_r_squared(void **state)
{
    double x[21], y[21];
    struct line line;

    (void)state;
    for (int i = 0; i < 21; i++) {
        x[i] = i;
        y[i] = i;
    }
    y[10] += 20;
    line = line_fit(x, y, NULL, 21, LINE_SCALE_UNKNOWN, 0.95);
    assert_true(line.r_squared < 0.7);
    assert_true(fabs(line.slope.value - 1) < 1e-12);
    assert_true(line.robust_r_squared > 0.95);
}

static void assert_no_line(struct line line)
{
    assert_true(isnan(line.slope.value) && isnan(line.intercept.value));
    assert_true(line.slope.low == -HUGE_VAL && line.slope.high == HUGE_VAL);
    assert_true(line.intercept.low == -HUGE_VAL && line.intercept.high == HUGE_VAL);
    assert_true(isnan(line.r_squared) && isnan(line.robust_r_squared) && isnan(line.mape));
    assert_true(isnan(line.misfit_p));
}

static void there_is_no_line_through_these(void **state)
{
    const double x[] = {1, 2, 3}, same[] = {0.1, 0.1, 0.1}, nan[] = {1, NAN, 3};
    const double infinite[] = {1, 2, INFINITY}, negative[] = {1, -1, 1}, few[] = {0, 0, 1};
    const double zero[] = {0, 1, 2};

    (void)state;
    assert_no_line(line_fit(x, x, NULL, 0, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit(x, x, NULL, 1, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit(same, x, NULL, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit(nan, x, NULL, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit(x, infinite, NULL, 3, LINE_SCALE_UNKNOWN, 0.95));
    assert_no_line(line_fit(x, x, negative, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit(x, x, nan, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit(x, x, few, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit_logs(zero, x, NULL, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit_logs(x, negative, NULL, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit_logs(x, infinite, NULL, 3, LINE_SCALE_KNOWN, 0.95));
    assert_no_line(line_fit_logs(x, x, NULL, 0, LINE_SCALE_KNOWN, 0.95));
}

static void a_point_of_weight_0_is_not_there(void **state)
{
    const double x[] = {1, 2, NAN, 3}, y[] = {2, 4, 9, 7}, weights[] = {1, 2, 0, 1};
    const double x3[] = {1, 2, 3}, y3[] = {2, 4, 7}, weights3[] = {1, 2, 1};
    struct line with = line_fit(x, y, weights, 4, LINE_SCALE_UNKNOWN, 0.95);
    struct line without = line_fit(x3, y3, weights3, 3, LINE_SCALE_UNKNOWN, 0.95);

    (void)state;
    assert_memory_equal(&with.slope, &without.slope, sizeof with.slope);
    assert_int_equal(with.count, 3);
    with = line_fit_logs(x, y, weights, 4, LINE_SCALE_UNKNOWN, 0.95);
    assert_true(isfinite(with.mape));
}

static void constant_y_leave_nothing_to_explain(void **state)
{
    const double x[] = {1, 2, 3, 4}, y[] = {0.1, 0.1, 0.1, 0.1}, zeros[] = {0, 0, 0, 0};
    const double odd[] = {0.1, 0.73, 1.31, 2.9};
    struct line line = line_fit(x, y, NULL, 4, LINE_SCALE_UNKNOWN, 0.95);

    (void)state;
    assert_near(line.slope.value, 0, 1e-16);
    assert_true(isnan(line.r_squared) && isnan(line.robust_r_squared));
    line = line_fit(odd, y, odd, 4, LINE_SCALE_UNKNOWN, 0.95); /* residuals by rounding */
    assert_true(isnan(line.r_squared) && isnan(line.robust_r_squared));
    line = line_fit(x, zeros, NULL, 4, LINE_SCALE_UNKNOWN, 0.95);
    assert_true(line.slope.value == 0 && line.intercept.value == 0 && line.mape == 0);
}

static void the_error_relative_to_0_is_infinite(void **state)
{
    const double x[] = {1, 2, 3}, y[] = {0, 1, 1};

    (void)state;
    assert_true(line_fit(x, y, NULL, 3, LINE_SCALE_UNKNOWN, 0.95).mape == HUGE_VAL);
}

static void intervals_of_95_percent_hold_the_slope_as_often(void **state)
{
    enum { TRIALS = 4000, COUNT = 6 };
    double x[COUNT], y[COUNT], weights[COUNT];
    int known = 0, unknown = 0, misfits = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 6, RNG_TEST, 7);
    for (int trial = 0; trial < TRIALS; trial++) {
        struct line line;

        for (int i = 0; i < COUNT; i++) {
            x[i] = i;
            weights[i] = 1 / (1.0 + i);
            y[i] = 2 + 0.5 * x[i] + rng_normal(&rng) / sqrt(weights[i]);
        }
        line = line_fit(x, y, weights, COUNT, LINE_SCALE_KNOWN, 0.95);
        known += line.slope.low <= 0.5 && 0.5 <= line.slope.high;
        misfits += line.misfit_p < 0.05;
        line = line_fit(x, y, weights, COUNT, LINE_SCALE_UNKNOWN, 0.95);
        unknown += line.slope.low <= 0.5 && 0.5 <= line.slope.high;
    }
    assert_true(fabs(known / (double)TRIALS - 0.95) < 0.011);
    assert_true(fabs(unknown / (double)TRIALS - 0.95) < 0.011);
    assert_true(fabs(misfits / (double)TRIALS - 0.05) < 0.011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_and_intervals_are_those_of_numpy),
        cmocka_unit_test(an_exact_line_is_found_exactly),
        cmocka_unit_test(a_power_law_is_a_line_of_logs),
        cmocka_unit_test(known_variances_set_the_width),
        cmocka_unit_test(a_curve_is_told_from_a_line),
        cmocka_unit_test(one_outlier_hardly_moves_the_robust_r_squared),
        cmocka_unit_test(there_is_no_line_through_these),
        cmocka_unit_test(a_point_of_weight_0_is_not_there),
        cmocka_unit_test(constant_y_leave_nothing_to_explain),
        cmocka_unit_test(the_error_relative_to_0_is_infinite),
        cmocka_unit_test(intervals_of_95_percent_hold_the_slope_as_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
