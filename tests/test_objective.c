/* Objectives: known values and points, derivatives, spectra, rotations, and what does not fit. */
#include "train/objective.h"

#include "base/error.h"
#include "base/numpy_stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Wunused-const-variable"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "fixtures/numpy_streams.h"

#define QUADRATIC .function = FUNCTION_QUADRATIC, .noise = NOISE_SHIFTS
#define NONE .condition = 1

static struct objective objective;
static double *coefficients;

static void build(struct objective_spec spec, size_t dimensions)
{
    if (objective_build(&objective, &coefficients, &spec, dimensions) != 0)
        fail_msg("%s", error_text());
}

static void function(enum function which, size_t dimensions)
{
    build((struct objective_spec){.function = which, .noise = NOISE_SHIFTS, NONE}, dimensions);
}

static void dismiss(void)
{
    free(coefficients);
    coefficients = NULL;
}

static void assert_close(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance))
        fail_msg("%.17g, expected %.17g within %g", actual, expected, tolerance);
}

/* ---- Functions ---------------------------------------------------------------------------------
 */

static void values_and_stationary_points_are_the_known_ones(void **state)
{
    static const struct {
        enum function function;
        double z[2], value;
        int is_stationary;
    } known[] = {
        {FUNCTION_SADDLE, {1, 0}, 0.5, 0},   {FUNCTION_SADDLE, {0, 0}, 0, 1},
        {FUNCTION_SADDLE, {0, 1}, -0.25, 1}, {FUNCTION_SADDLE, {0, -1}, -0.25, 1},
        {FUNCTION_ROSENBROCK, {1, 1}, 0, 1}, {FUNCTION_ROSENBROCK, {-1.2, 1}, 24.2, 0},
        {FUNCTION_ROSENBROCK, {0, 0}, 1, 0}, {FUNCTION_CUBIC, {2, 3}, 46, 0},
        {FUNCTION_CUBIC, {0, 0}, 0, 1},      {FUNCTION_CUBIC, {0.25, -0.5}, 0.0625, 1},
        {FUNCTION_PLATEAU, {0, 0}, 0, 1},    {FUNCTION_PLATEAU, {3, 4}, 25.0 / 26, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double slope[2];

        function(known[i].function, 2);
        assert_close(objective_value(&objective, 2, known[i].z, slope), known[i].value, 1e-13);
        assert_int_equal(hypot(slope[0], slope[1]) < 1e-14, known[i].is_stationary);
        dismiss();
    }
}

static void coefficients_have_their_places(void **state)
{
    static const double z[] = {2, 3};

    (void)state;
    build(
        (struct objective_spec){
            .function = FUNCTION_SADDLE, NONE, .coefficients = {5, 7}, .coefficient_count = 2},
        2);
    assert_close(objective_value(&objective, 2, z, NULL), 10 - 31.5 + 20.25, 1e-13);
    dismiss();
    build(
        (struct objective_spec){
            .function = FUNCTION_ROSENBROCK, NONE, .coefficients = {5, 7}, .coefficient_count = 2},
        2);
    assert_close(objective_value(&objective, 2, z, NULL), 9 + 7, 1e-13);
    dismiss();
    build(
        (struct objective_spec){
            .function = FUNCTION_PLATEAU, NONE, .coefficients = {2}, .coefficient_count = 1},
        2);
    assert_close(objective_value(&objective, 2, z, NULL), 13.0 / 17, 1e-13);
    dismiss();
}

/* By Python, in doubles: iterated 100 times from 0.3. Beside the fold at w = 5, b = -2.5 the slope
 * is a thousand times that of a gentle place. */
static void the_surface_of_the_recurrent_unit_is_the_known_one(void **state)
{
    static const struct {
        double z[2], value, slope[2];
    } known[] = {
        {{0, 0}, 0.022500000000000006, {-0.037500000000000006, -0.075000000000000011}},
        {{2, -1}, 0.022500000000000006, {-0.075000000000000011, -0.15000000000000002}},
        {{5, -2}, 0.081662070232251888, {0.045959872376986607, 0.049114718967335463}},
        {{5, -2.5}, 0.25523299305278485, {-0.047567455465244379, -0.32851789370547119}},
        {{-3, 1}, 0.048907655677640494, {-0.026780943925762621, -0.062448387471128471}},
        {{4.5, -2.19}, 0.025323661481523201, {-28.822339805178725, -85.078922621408566}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double slope[2];

        function(FUNCTION_RECURRENT, 2);
        assert_close(objective_value(&objective, 2, known[i].z, slope), known[i].value, 1e-14);
        for (int j = 0; j < 2; j++)
            assert_close(slope[j], known[i].slope[j], 1e-11 * fmax(1, fabs(known[i].slope[j])));
        dismiss();
    }
}

static void slopes_are_the_derivatives(void **state)
{
    static const double step = 1e-5;

    (void)state;
    for (int which = FUNCTION_QUADRATIC; which <= FUNCTION_RECURRENT; which++) {
        size_t d = which == FUNCTION_QUADRATIC_DEEP ? 100 : 2;
        double z[100], slope[100];

        function((enum function)which, d);
        for (size_t j = 0; j < d; j++)
            z[j] = sin(1.0 + 3 * (double)j);
        objective_value(&objective, d, z, slope);
        for (size_t j = 0; j < d; j++) {
            double middle = z[j], above, below;

            z[j] = middle + step;
            above = objective_value(&objective, d, z, NULL);
            z[j] = middle - step;
            below = objective_value(&objective, d, z, NULL);
            z[j] = middle;
            assert_close((above - below) / (2 * step), slope[j], 1e-6 * fmax(1, fabs(slope[j])));
        }
        dismiss();
    }
}

/* ---- Spectra -----------------------------------------------------------------------------------
 */

static void a_spectrum_is_given_whole_or_by_its_first_value_and_condition(void **state)
{
    static const double geometric[] = {8, 4, 2, 1};

    (void)state;
    build((struct objective_spec){QUADRATIC, NONE, .spectrum = {0.4, -4}, .spectrum_count = 2}, 2);
    assert_int_equal(objective.kind, OBJECTIVE_SQUARES);
    assert_true(coefficients[0] == 0.4 && coefficients[1] == -4);
    dismiss();
    build((struct objective_spec){QUADRATIC, .condition = 8, .spectrum = {8}, .spectrum_count = 1},
          4);
    for (int j = 0; j < 4; j++)
        assert_close(coefficients[j], geometric[j], 1e-14);
    dismiss();
    build((struct objective_spec){QUADRATIC, NONE}, 3);
    for (int j = 0; j < 3; j++)
        assert_true(coefficients[j] == 1);
    dismiss();
}

static void rotations_are_those_of_the_subgroup_algorithm_on_numpy_streams(void **state)
{
    static const struct {
        const double *expected;
        size_t dimensions;
        uint32_t seed;
    } known[] = {{rotation_2, 2, 5}, {rotation_3, 3, 6}, {rotation_4, 4, 7}};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t d = known[i].dimensions;
        struct numpy_stream stream;
        double matrix[16];

        numpy_open(&stream, known[i].seed);
        assert_int_equal(objective_rotation(&stream, d, matrix), 0);
        numpy_close(&stream);
        for (size_t k = 0; k < d * d; k++)
            assert_close(matrix[k], known[i].expected[k], 1e-14);
    }
}

/* trace = sum, |Q|^2 = sum of squares, Q (Q z) as by the spectrum: enough to tell a wrong one. */
static void a_rotation_keeps_the_spectrum(void **state)
{
    double trace = 0, squares = 0;

    (void)state;
    build((struct objective_spec){QUADRATIC, NONE, .spectrum = {1, 2, 3, 4, 5}, .spectrum_count = 5,
                                  .rotation = 9},
          5);
    assert_int_equal(objective.kind, OBJECTIVE_QUADRATIC);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) {
            trace += i == j ? coefficients[5 * i + j] : 0;
            squares += coefficients[5 * i + j] * coefficients[5 * i + j];
            assert_close(coefficients[5 * i + j], coefficients[5 * j + i], 1e-14);
        }
    assert_close(trace, 15, 1e-13);
    assert_close(squares, 55, 1e-12);
    assert_true(fabs(coefficients[1]) > 1e-3);
    dismiss();
}

/* The largest eigenvalue of the matrix, by power iteration. */
static double largest_eigenvalue(size_t d)
{
    double z[100], slope[100], length = 0;

    for (size_t j = 0; j < d; j++)
        z[j] = 1 + 0.01 * (double)j;
    for (int i = 0; i < 3000; i++) {
        objective_value(&objective, d, z, slope);
        length = 0;
        for (size_t j = 0; j < d; j++)
            length += slope[j] * slope[j];
        length = sqrt(length);
        for (size_t j = 0; j < d; j++)
            z[j] = slope[j] / length;
    }
    return length;
}

static void quadratic_deep_is_that_of_deepobs(void **state)
{
    (void)state;
    function(FUNCTION_QUADRATIC_DEEP, 100);
    assert_int_equal(objective.kind, OBJECTIVE_QUADRATIC);
    for (size_t i = 0; i < sizeof deep_places / sizeof *deep_places; i++)
        assert_close(coefficients[deep_places[i]], deep_matrix[i], 1e-12);
    assert_close(largest_eigenvalue(100), deep_largest, 1e-6);
    assert_true(objective_flops(&objective, 100) == 20000);
    dismiss();
}

/* ---- From the file -----------------------------------------------------------------------------
 */

static void the_start_is_given_whole_or_for_every_coordinate(void **state)
{
    float theta[3];

    (void)state;
    objective_start(&(struct objective_spec){.start = {3, 4, 5}, .start_count = 3}, 3, theta);
    assert_true(theta[0] == 3 && theta[1] == 4 && theta[2] == 5);
    objective_start(&(struct objective_spec){.start = {-2}, .start_count = 1}, 3, theta);
    assert_true(theta[0] == -2 && theta[1] == -2 && theta[2] == -2);
    objective_start(&(struct objective_spec){.start_count = 0}, 3, theta);
    assert_true(theta[0] == 1 && theta[1] == 1 && theta[2] == 1);
}

static void what_does_not_fit_is_named(void **state)
{
    static const struct {
        struct objective_spec spec;
        size_t dimensions;
        const char *message;
    } bad[] = {
        {{.function = FUNCTION_ROSENBROCK, NONE},
         3,
         "rosenbrock is a function of 2 variables, the data has 3 features"},
        {{.function = FUNCTION_QUADRATIC_DEEP, NONE}, 2, "100 variables"},
        {{QUADRATIC, NONE, .spectrum_count = 2}, 3, "spectrum: 2 eigenvalues, expected one"},
        {{QUADRATIC, .condition = 3, .spectrum_count = 2}, 2, "condition: all eigenvalues"},
        {{QUADRATIC, NONE, .rotation = 1}, 1, "rotation: 1 features, expected 2 to 1000"},
        {{QUADRATIC, NONE, .rotation = (uint64_t)1 << 32}, 2, "rotation: 4294967296"},
        {{QUADRATIC, NONE, .coefficient_count = 1}, 2, "coefficients: 1 numbers, expected 0"},
        {{.function = FUNCTION_SADDLE, NONE, .coefficient_count = 1}, 2, "expected 2 for saddle"},
        {{.function = FUNCTION_SADDLE, NONE, .start_count = 3}, 2, "start: 3 numbers"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(
            objective_build(&objective, &coefficients, &bad[i].spec, bad[i].dimensions), -1);
        if (!strstr(error_text(), bad[i].message))
            fail_msg("`%s` lacks `%s`", error_text(), bad[i].message);
        assert_null(coefficients);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_stationary_points_are_the_known_ones),
        cmocka_unit_test(coefficients_have_their_places),
        cmocka_unit_test(the_surface_of_the_recurrent_unit_is_the_known_one),
        cmocka_unit_test(slopes_are_the_derivatives),
        cmocka_unit_test(a_spectrum_is_given_whole_or_by_its_first_value_and_condition),
        cmocka_unit_test(rotations_are_those_of_the_subgroup_algorithm_on_numpy_streams),
        cmocka_unit_test(a_rotation_keeps_the_spectrum),
        cmocka_unit_test(quadratic_deep_is_that_of_deepobs),
        cmocka_unit_test(the_start_is_given_whole_or_for_every_coordinate),
        cmocka_unit_test(what_does_not_fit_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
