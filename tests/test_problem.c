/* The problems engines are tried on: they cover what they claim, and their answers are right. */
#include "check/answer.h"
#include "check/observe.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Coverage ------------------------------------------------------------------------------- */

enum { CHOICES = 10, VALUES = 4 };

/* The choices of a problem of the grid as small numbers; -1 where a choice has no meaning. */
static void choices_of(const struct problem_spec *spec, int choices[CHOICES])
{
    int depth = 0;

    while (spec->sizes[depth + 1] > 0)
        depth++;
    choices[0] = spec->batch_size == 1    ? 0
                 : spec->batch_size == 3  ? 1
                 : spec->batch_size == 17 ? 2
                                          : 3;
    choices[1] = spec->sizes[0] == 1 ? 0 : spec->sizes[0] == 7 ? 1 : 2;
    choices[2] = depth - 1;
    choices[3] = spec->head == HEAD_MEAN_SQUARED_ERROR;
    choices[4] = depth > 1 ? (int)spec->hidden : -1;
    choices[5] = spec->head == HEAD_MEAN_SQUARED_ERROR ? (int)spec->last : -1;
    choices[6] = spec->element == ELEMENT_UINT8;
    choices[7] = spec->order == ROWS_REPEATED;
    choices[8] = spec->weighted;
    choices[9] = spec->misaligned;
}

static int is_in_grid(const struct problem_spec *spec)
{
    return spec->batch_size <= 129 && spec->sizes[0] <= 65 && spec->theta == THETA_ORDINARY;
}

/* Whether the two values can meet at all. */
static int is_possible(int a, int value_a, int b, int value_b)
{
    int depth = a == 2 ? value_a : b == 2 ? value_b : 1;
    int squares = a == 3 ? value_a : b == 3 ? value_b : 1;

    return !((a == 4 || b == 4) && depth == 0) && !((a == 5 || b == 5) && squares == 0);
}

static void every_pair_of_choices_occurs(void **state)
{
    static const int value_counts[CHOICES] = {4, 3, 3, 2, 4, 4, 2, 2, 2, 2};
    static int seen[CHOICES][VALUES][CHOICES][VALUES];

    (void)state;
    for (int i = 0; i < problem_count(); i++) {
        struct problem_spec spec = problem_spec_at(i);
        int choices[CHOICES];

        choices_of(&spec, choices);
        for (int a = 0; is_in_grid(&spec) && a < CHOICES; a++)
            for (int b = 0; b < a; b++)
                if (choices[a] >= 0 && choices[b] >= 0)
                    seen[a][choices[a]][b][choices[b]] = 1;
    }
    for (int a = 0; a < CHOICES; a++)
        for (int b = 0; b < a; b++)
            for (int i = 0; i < value_counts[a]; i++)
                for (int j = 0; j < value_counts[b]; j++)
                    if (is_possible(a, i, b, j) && !seen[a][i][b][j])
                        fail_msg("choice %d = %d never meets choice %d = %d", a, i, b, j);
}

static void every_problem_opens_under_a_name_of_its_own(void **state)
{
    static char names[256][sizeof((struct problem *)NULL)->name];

    (void)state;
    assert_in_range(problem_count(), 72, 255);
    for (int i = 0; i < problem_count(); i++) {
        struct problem_spec spec = problem_spec_at(i);
        struct problem problem;

        assert_return_code(problem_open(&problem, &spec), 0);
        assert_true(isfinite(problem.expected.loss));
        memcpy(names[i], problem.name, sizeof names[i]);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
        problem_close(&problem);
    }
}

/* Otherwise an engine that does nothing would agree. */
static void the_gradient_vanishes_for_one_class_only(void **state)
{
    struct observer judge;
    struct message message;

    (void)state;
    assert_return_code(observer_load(&judge, "reference", 1, &message), 0);
    for (int i = 0; i < problem_count(); i++) {
        struct problem_spec spec = problem_spec_at(i);
        struct problem problem;
        struct answer answer;
        double largest = 0;
        int one_class;

        assert_return_code(problem_open(&problem, &spec), 0);
        assert_return_code(answer_open(&answer, &judge.loaded.engine, &problem, &problem.batch,
                                       &arithmetic_single),
                           0);
        one_class =
            spec.head == HEAD_SOFTMAX_CROSS_ENTROPY && network_outputs(&problem.network) == 1;
        for (size_t p = 0; p < problem.parameters; p++)
            largest = fmax(largest, fabs(answer.gradient[p]));
        if ((largest == 0) != one_class)
            fail_msg("%s: largest element %g", problem.name, largest);
        answer_close(&answer);
        problem_close(&problem);
    }
}

/* ---- Known answers -------------------------------------------------------------------------- */

static void zero_parameters_give_the_logarithm_of_the_classes(void **state)
{
    struct problem_spec spec = {.sizes = {7, 5},
                                .head = HEAD_SOFTMAX_CROSS_ENTROPY,
                                .batch_size = 17,
                                .element = ELEMENT_FLOAT32,
                                .theta = THETA_ZERO};
    struct problem problem;
    int not_first = 0;

    (void)state;
    assert_return_code(problem_open(&problem, &spec), 0);
    for (int i = 0; i < 17; i++)
        not_first += problem.batch.labels[i] != 0;
    assert_float_equal(problem.expected.loss, log(5), 1e-14);
    assert_int_equal(problem.expected.errors, not_first); /* the first of equals counts */
    problem_close(&problem);
}

static void zero_parameters_give_the_mean_square_of_the_targets(void **state)
{
    struct problem_spec spec = {.sizes = {7, 3},
                                .head = HEAD_MEAN_SQUARED_ERROR,
                                .batch_size = 17,
                                .element = ELEMENT_UINT8,
                                .order = ROWS_REPEATED,
                                .weighted = 1,
                                .theta = THETA_ZERO};
    struct problem problem;
    double sum = 0;

    (void)state;
    assert_return_code(problem_open(&problem, &spec), 0);
    for (int i = 0; i < 17; i++)
        for (int j = 0; j < 3; j++) {
            double target = (double)problem.batch.targets[3 * problem.batch.rows[i] + j];

            sum += (double)problem.batch.weights[i] * target * target;
        }
    assert_float_equal(problem.expected.loss, sum / (17 * 3), 1e-14);
    assert_int_equal(problem.expected.errors, 0);
    problem_close(&problem);
}

static void extreme_parameters_give_a_large_finite_loss(void **state)
{
    struct problem_spec spec = {.sizes = {65, 10},
                                .head = HEAD_SOFTMAX_CROSS_ENTROPY,
                                .batch_size = 17,
                                .element = ELEMENT_FLOAT32,
                                .theta = THETA_EXTREME};
    struct problem problem;

    (void)state;
    assert_return_code(problem_open(&problem, &spec), 0);
    assert_true(problem.expected.loss > 500); /* exp overflows a float at 89 and a double at 710 */
    assert_true(isfinite(problem.expected.loss));
    problem_close(&problem);
}

static void rows_repeat_and_are_out_of_order_and_some_weights_are_zero(void **state)
{
    struct problem_spec spec = {.sizes = {7, 5},
                                .head = HEAD_SOFTMAX_CROSS_ENTROPY,
                                .batch_size = 17,
                                .element = ELEMENT_FLOAT32,
                                .order = ROWS_REPEATED,
                                .weighted = 1};
    struct problem problem;
    int repeats = 0, descents = 0, zeros = 0;

    (void)state;
    assert_return_code(problem_open(&problem, &spec), 0);
    for (int i = 0; i < 17; i++) {
        for (int j = 0; j < i; j++)
            repeats += problem.batch.rows[i] == problem.batch.rows[j];
        descents += i > 0 && problem.batch.rows[i] < problem.batch.rows[i - 1];
        zeros += problem.batch.weights[i] <= 0;
    }
    assert_true(repeats > 0);
    assert_true(descents > 0);
    assert_int_equal(zeros, 4);
    problem_close(&problem);
}

static void closing_twice_or_nothing_is_fine(void **state)
{
    struct problem_spec spec = problem_spec_at(0);
    struct problem problem;

    (void)state;
    assert_return_code(problem_open(&problem, &spec), 0);
    problem_close(&problem);
    problem_close(&problem);
    problem_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_choices_occurs),
        cmocka_unit_test(every_problem_opens_under_a_name_of_its_own),
        cmocka_unit_test(the_gradient_vanishes_for_one_class_only),
        cmocka_unit_test(zero_parameters_give_the_logarithm_of_the_classes),
        cmocka_unit_test(zero_parameters_give_the_mean_square_of_the_targets),
        cmocka_unit_test(extreme_parameters_give_a_large_finite_loss),
        cmocka_unit_test(rows_repeat_and_are_out_of_order_and_some_weights_are_zero),
        cmocka_unit_test(closing_twice_or_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
