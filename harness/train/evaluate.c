/* Losses and errors of parameters that stand still. */
#include "train/evaluate.h"

#include "base/error.h"
#include "data/weighting.h"
#include "train/call.h"

#include <stdlib.h>

int evaluate(struct stepper *stepper, const struct examples *examples, size_t count,
             struct evaluated *evaluated)
{
    const struct workbench *bench = stepper->bench;
    const void *theta = rule_evaluated(stepper->rule, &stepper->state, stepper->theta);
    size_t largest =
        (size_t)(bench->max_batch < EVALUATION_BATCH ? bench->max_batch : EVALUATION_BATCH);
    double loss = 0, errors = 0;

    *evaluated = (struct evaluated){NOT_APPLICABLE, NOT_APPLICABLE};
    for (size_t first = 0; first < count;) {
        size_t size = count - first < largest ? count - first : largest;
        struct batch batch = batch_of(examples);
        struct message message = {""};
        struct score score;

        batch.size = (int)size;
        batch.rows = examples->rows + first;
        if (call_loss(bench->engine, bench->cell->settings.precision, bench->session, theta, &batch,
                      &score, &message) != 0)
            return stepper_failed(stepper, &message);
        loss += score.loss * (double)size;
        errors += (double)score.errors;
        first += size;
    }
    if (count > 0)
        evaluated->loss = loss / (double)count;
    if (count > 0 && bench->classes > 0)
        evaluated->error = errors / (double)count;
    return 0;
}

/* ---- The test split ---------------------------------------------------------------------------
 */

/* rows[count] of the test examples, class by class; ends[classes]: where each class ends. */
static void sort_test(const struct examples *test, int32_t *rows, size_t *ends, int classes)
{
    size_t place = 0;

    for (int c = 0; c < classes; c++) {
        for (size_t i = 0; i < test->count; i++)
            if (test->labels[test->rows[i]] == c)
                rows[place++] = test->rows[i];
        ends[c] = place;
    }
}

/* counts[2][classes]: room, zero */
static int test_classes(struct stepper *stepper, struct training_result *result, int32_t *rows,
                        size_t *counts)
{
    const struct workbench *bench = stepper->bench;
    struct examples test = bench->test;
    size_t *ends = counts, *trained = counts + bench->classes, first = 0, tested = 0;
    double sum = 0, skewed = 0, share = 0;

    sort_test(&test, rows, ends, bench->classes);
    count_classes(&bench->train, trained);
    for (int c = 0; c < bench->classes; first = ends[c++]) {
        struct class_error *class = &result->class_errors[c];
        struct evaluated evaluated;

        test.rows = rows + first;
        test.count = ends[c] - first;
        if (evaluate(stepper, &test, test.count, &evaluated) != 0)
            return -1;
        *class = (struct class_error){trained[c], test.count, evaluated.error};
        if (test.count > 0) {
            sum += class->error;
            skewed += class->error * (double)trained[c];
            share += (double)trained[c];
            tested++;
        }
    }
    result->class_count = bench->classes;
    if (tested > 0)
        result->balanced_error = sum / (double)tested;
    if (share > 0)
        result->skewed_error = skewed / share;
    return 0;
}

static int test_by_class(struct stepper *stepper, struct training_result *result)
{
    size_t classes = (size_t)stepper->bench->classes;
    int32_t *rows = calloc(stepper->bench->test.count + 1, sizeof *rows);
    size_t *counts = calloc(2 * classes, sizeof *counts);
    int status;

    result->class_errors = calloc(classes, sizeof *result->class_errors);
    if (!rows || !counts || !result->class_errors)
        status = error_set("out of memory for the test examples of %zu classes", classes);
    else
        status = test_classes(stepper, result, rows, counts);
    free(rows);
    free(counts);
    return status;
}

int evaluate_test(struct stepper *stepper, struct training_result *result)
{
    const struct workbench *bench = stepper->bench;

    if (evaluate(stepper, &bench->test, bench->test.count, &result->test) != 0)
        return -1;
    for (int kind = 0; bench->shifted && kind < SHIFT_COUNT; kind++) {
        const struct examples *copies = &bench->shifted->tests[kind];
        struct evaluated evaluated;

        if (evaluate(stepper, copies, copies->count, &evaluated) != 0)
            return -1;
        result->shifted_errors[kind] = evaluated.error;
    }
    if (bench->experiment->evaluation.per_class && bench->classes > 0)
        return test_by_class(stepper, result);
    return 0;
}
