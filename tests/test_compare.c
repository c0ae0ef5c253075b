/* The judge's comparators: what passes, and above all what must not. */
#include "check/answer.h"
#include "check/observe.h"

#include "base/error.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct layer layers[2] = {
    {.kind = LAYER_DENSE, .input = {784, 1, 1}, .output = {128, 1, 1}},
    {.kind = LAYER_DENSE, .input = {128, 1, 1}, .output = {10, 1, 1}},
};
static const struct network realistic = {2, layers, HEAD_SOFTMAX_CROSS_ENTROPY, NULL};

static struct layer small_layer = {.kind = LAYER_DENSE, .input = {2, 1, 1}, .output = {2, 1, 1}};
static const struct network small = {1, &small_layer, HEAD_SOFTMAX_CROSS_ENTROPY, NULL};

enum { SMALL_PARAMETERS = 6 }; /* four weights, two biases */

static const double reference[SMALL_PARAMETERS] = {0.5, -0.25, 0.125, 0, 0.01, -0.02};

/* 1 if the gradient passes as the small network's. */
static int passes(const double *actual, const double *expected)
{
    double magnitudes[SMALL_PARAMETERS];
    struct yardstick yardstick = {&small, expected, magnitudes, 1e-6};
    struct finding finding = {0};

    for (int p = 0; p < SMALL_PARAMETERS; p++)
        magnitudes[p] = fabs(expected[p]);
    compare_gradient(&finding, &yardstick, actual, 0);
    return !finding.failed;
}

static void the_reference_passes_as_itself(void **state)
{
    (void)state;
    assert_true(passes(reference, reference));
}

static void an_error_below_the_tolerance_passes(void **state)
{
    double actual[SMALL_PARAMETERS];

    (void)state;
    memcpy(actual, reference, sizeof actual);
    actual[1] += 0.9e-6 * 0.5;
    actual[4] -= 0.9e-6 * 0.02;
    assert_true(passes(actual, reference));
}

static void an_error_above_the_tolerance_fails_in_weights_and_in_biases(void **state)
{
    double actual[SMALL_PARAMETERS];

    (void)state;
    memcpy(actual, reference, sizeof actual);
    actual[3] = 1.1e-6 * 0.5;
    assert_false(passes(actual, reference));
    memcpy(actual, reference, sizeof actual);
    actual[4] += 1.1e-6 * 0.02; /* far below what the weights' magnitude would allow */
    assert_false(passes(actual, reference));
}

static void a_zero_gradient_fails(void **state)
{
    static const double zero[SMALL_PARAMETERS];

    (void)state;
    assert_false(passes(zero, reference));
}

static void zero_passes_where_the_reference_is_zero(void **state)
{
    static const double zero[SMALL_PARAMETERS];
    double actual[SMALL_PARAMETERS] = {0};

    (void)state;
    assert_true(passes(zero, zero));
    actual[5] = 2e-6;
    assert_false(passes(actual, zero));
}

static void not_a_number_and_infinity_fail_wherever_they_stand(void **state)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    for (int p = 0; p < SMALL_PARAMETERS; p++)
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
            double actual[SMALL_PARAMETERS];

            memcpy(actual, reference, sizeof actual);
            actual[p] = bad[b];
            assert_false(passes(actual, reference));
        }
}

static void a_finding_keeps_the_worst(void **state)
{
    struct finding finding = {0};

    (void)state;
    finding_take(&finding, 0, 0, "exact");
    assert_string_equal(finding.note, "exact");
    finding_take(&finding, 1e-7, 1e-6, "a tenth");
    finding_take(&finding, 5e-7, 1e-6, "a half");
    finding_take(&finding, 2e-5, 1e-3, "larger, but a fiftieth");
    assert_string_equal(finding.note, "a half");
    assert_false(finding.failed);
    finding_take(&finding, 1, 0, "a count that differs");
    assert_true(finding.failed);
    finding_take(&finding, 0, 0, "fine again");
    assert_string_equal(finding.note, "a count that differs");
}

static void a_finding_does_not_forget_not_a_number(void **state)
{
    struct finding finding = {0};

    (void)state;
    finding_take(&finding, (double)NAN, 1e-6, "not a number");
    finding_take(&finding, 0, 1e-6, "perfect");
    finding_take(&finding, 1e9, 1e-6, "far off");
    assert_true(finding.failed);
    assert_string_equal(finding.note, "not a number");
}

static void a_tolerance_of_not_a_number_fails(void **state)
{
    struct finding finding = {0};

    (void)state;
    finding_take(&finding, 0, (double)NAN, "no tolerance");
    assert_true(finding.failed);
}

static int score_passes(double loss, int64_t errors)
{
    struct score expected = {2.5, 7}, actual = {loss, errors};
    struct finding finding = {0};

    compare_score(&finding, &expected, &actual, 1e-6, "score");
    return !finding.failed;
}

static void scores_agree_in_loss_and_exactly_in_errors(void **state)
{
    (void)state;
    assert_true(score_passes(2.5, 7));
    assert_true(score_passes(2.500002, 7));
    assert_false(score_passes(2.525, 7));
    assert_false(score_passes(2.5, 8));
    assert_false(score_passes(2.5, 6));
    assert_false(score_passes((double)NAN, 7));
    assert_false(score_passes(0, 0));
}

static void the_tolerance_is_what_the_header_says(void **state)
{
    (void)state;
    assert_float_equal(compare_tolerance(&realistic, 129, &arithmetic_single), 8.2e-6, 1e-7);
}

/* 1 if the answer with element p 1 % too large fails. */
static int catches_one_percent(const struct answer *answer, double *actual, size_t p)
{
    struct finding before = {0}, after = {0};
    double correct = actual[p];

    compare_gradient(&before, &answer->yardstick, actual, 0);
    assert_false(before.failed);
    actual[p] *= 1.01;
    compare_gradient(&after, &answer->yardstick, actual, 0);
    actual[p] = correct;
    return after.failed;
}

/* Each bias of 784-128-10 in turn is 1 % too large; dead units have no gradient. Caught are those
 * that are not themselves below 0.1 % of their layer's largest: all but one at most. */
static void one_percent_in_one_bias_of_a_realistic_network_fails(void **state)
{
    static const int batch_sizes[] = {17, 129};
    struct observer judge;
    struct message message;

    (void)state;
    assert_return_code(observer_load(&judge, "reference", 1, &message), 0);
    for (size_t b = 0; b < sizeof batch_sizes / sizeof *batch_sizes; b++) {
        struct problem_spec spec = {.sizes = {784, 128, 10},
                                    .hidden = ACTIVATION_RELU,
                                    .head = HEAD_SOFTMAX_CROSS_ENTROPY,
                                    .batch_size = batch_sizes[b],
                                    .element = ELEMENT_UINT8};
        int alive = 0, caught = 0;
        struct problem problem;
        struct answer answer;
        double *actual;

        assert_return_code(problem_open(&problem, &spec), 0);
        assert_return_code(answer_open(&answer, &judge.loaded.engine, &problem, &problem.batch,
                                       &arithmetic_single),
                           0);
        actual = malloc(problem.parameters * sizeof *actual);
        assert_non_null(actual);
        memcpy(actual, answer.gradient, problem.parameters * sizeof *actual);
        for (size_t p = 784 * 128; p < problem.parameters; p++) {
            int first = p < 785 * 128, last = p >= problem.parameters - 10;
            double scale =
                first ? compare_scale(answer.magnitudes, problem.parameters, 784 * 128, 128)
                      : compare_scale(answer.magnitudes, problem.parameters,
                                      problem.parameters - 10, 10);

            if ((!first && !last) || actual[p] == 0)
                continue;
            alive++;
            if (catches_one_percent(&answer, actual, p))
                caught++;
            else
                assert_true(fabs(actual[p]) < 0.001 * scale);
        }
        assert_in_range(alive, 100, 138);
        assert_in_range(caught, alive - 1, alive);
        free(actual);
        answer_close(&answer);
        problem_close(&problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_passes_as_itself),
        cmocka_unit_test(an_error_below_the_tolerance_passes),
        cmocka_unit_test(an_error_above_the_tolerance_fails_in_weights_and_in_biases),
        cmocka_unit_test(a_zero_gradient_fails),
        cmocka_unit_test(zero_passes_where_the_reference_is_zero),
        cmocka_unit_test(not_a_number_and_infinity_fail_wherever_they_stand),
        cmocka_unit_test(a_finding_keeps_the_worst),
        cmocka_unit_test(a_finding_does_not_forget_not_a_number),
        cmocka_unit_test(a_tolerance_of_not_a_number_fails),
        cmocka_unit_test(scores_agree_in_loss_and_exactly_in_errors),
        cmocka_unit_test(the_tolerance_is_what_the_header_says),
        cmocka_unit_test(one_percent_in_one_bias_of_a_realistic_network_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
