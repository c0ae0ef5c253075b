/* The test at the end of training: as a whole, class by class, and on shifted copies. */
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* 100 training examples of 4 classes, 30 for validation, 20 for testing. */
#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 150, features: 2, classes: 4, validation: 30, test: 20}\n"

static struct bench bench;
static struct training_result result;
static long evaluated; /* examples */

static int loss(void *session, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    (void)session, (void)theta, (void)message;
    *score = (struct score){.loss = 1};
    for (int i = 0; i < batch->size; i++)
        score->errors += batch->labels[batch_row(batch, i)] == 2;
    evaluated += batch->size;
    return 0;
}

static int gradient(void *session, const float *theta, const struct batch *batch, float *into,
                    struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)message;
    into[0] = 0;
    *score = (struct score){.loss = 1};
    return 0;
}

static const struct engine engine = {.name = "of two", .loss = loss, .gradient = gradient};

static void close_training(void)
{
    training_free(&result);
    bench_close(&bench);
}

/* Every example of class 2 is an error, and no other is. */
static void test_with(int per_class)
{
    evaluated = 0;
    bench_open(&bench, DATA "budget: {updates: 3}\n", &engine, NULL);
    bench.experiment.evaluation.per_class = per_class;
    assert_int_equal(train(&bench.workbench, &result), 0);
}

static void each_class_is_tested_at_the_end(void **state)
{
    size_t trained = 0, tested = 0;
    long without;

    (void)state;
    test_with(0);
    assert_int_equal(result.class_count, 0);
    assert_true(result.balanced_error == NOT_APPLICABLE);
    assert_true(result.shifted_errors[SHIFT_ROTATED] == NOT_APPLICABLE);
    without = evaluated;
    close_training();
    test_with(1);
    assert_int_equal(result.class_count, 4);
    for (int c = 0; c < 4; c++) {
        trained += result.class_errors[c].train_examples;
        tested += result.class_errors[c].test_examples;
        assert_true(result.class_errors[c].test_examples > 0);
        assert_true(result.class_errors[c].error == (c == 2));
    }
    assert_int_equal(trained, 100);
    assert_int_equal(tested, 20);
    assert_int_equal(evaluated, without + 20);
    assert_true(result.balanced_error == 0.25);
    assert_true(result.skewed_error == (double)result.class_errors[2].train_examples / 100);
    assert_true(fabs(result.test.error * 20 - (double)result.class_errors[2].test_examples) < 1e-9);
    close_training();
}

static void the_test_split_is_opened_once_unless_told_otherwise(void **state)
{
    long once;

    (void)state;
    test_with(0);
    for (int i = 0; i < result.curve_count; i++)
        assert_true(result.curve[i].test.error == NOT_APPLICABLE);
    once = evaluated;
    close_training();

    evaluated = 0;
    bench_open(&bench, DATA "budget: {updates: 3}\n", &engine, NULL);
    bench.experiment.evaluation.test = TEST_EACH;
    assert_int_equal(train(&bench.workbench, &result), 0);
    assert_int_equal(evaluated, once + 20 * result.curve_count);
    for (int i = 0; i < result.curve_count; i++)
        assert_true(result.curve[i].test.error ==
                    result.test.error); /* of an engine that errs so */
    close_training();
}

static void a_class_without_test_examples_does_not_count(void **state)
{
    (void)state;
    evaluated = 0;
    bench_open(&bench, DATA "budget: {updates: 3}\n", &engine, NULL);
    bench.experiment.evaluation.per_class = 1;
    bench.workbench.test.count = 1;
    assert_int_equal(train(&bench.workbench, &result), 0);
    for (int c = 0; c < 4; c++)
        assert_true((result.class_errors[c].error == NOT_APPLICABLE) ==
                    (result.class_errors[c].test_examples == 0));
    assert_true(result.balanced_error == result.test.error);
    close_training();
}

static void shifted_copies_are_tested_kind_by_kind(void **state)
{
    struct shifted_tests shifted = {.images = NULL};

    (void)state;
    evaluated = 0;
    bench_open(&bench, DATA "budget: {updates: 3}\n", &engine, NULL);
    for (int kind = 0; kind < SHIFT_COUNT; kind++) {
        shifted.tests[kind] = bench.dataset.test;
        shifted.tests[kind].count = (size_t)kind + 1;
    }
    bench.workbench.shifted = &shifted;
    assert_int_equal(train(&bench.workbench, &result), 0);
    for (int kind = 0; kind < SHIFT_COUNT; kind++) {
        double errors = 0;

        for (int i = 0; i <= kind; i++)
            errors += bench.dataset.test.labels[bench.dataset.test.rows[i]] == 2;
        assert_true(fabs(result.shifted_errors[kind] - errors / (kind + 1)) < 1e-12);
    }
    close_training();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_split_is_opened_once_unless_told_otherwise),
        cmocka_unit_test(each_class_is_tested_at_the_end),
        cmocka_unit_test(a_class_without_test_examples_does_not_count),
        cmocka_unit_test(shifted_copies_are_tested_kind_by_kind),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
