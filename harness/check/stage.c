/* Sets the stage of a conformance case: problem, judge's answer, session; and reports the result.
 */
#include "check/suite.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* magnitudes[P] from gradient[P] and the gradients of the examples one by one. */
static int measure_magnitudes(struct answer *answer, const struct engine *judge, void *session,
                              const double *theta, size_t parameters, const struct batch *batch,
                              struct message *message)
{
    double *one_gradient = malloc(parameters * sizeof *one_gradient);
    int status = -1;

    if (!one_gradient)
        goto done;
    memset(answer->magnitudes, 0, parameters * sizeof *answer->magnitudes);
    for (int i = 0; i < batch->size; i++) {
        int32_t row = (int32_t)batch_row(batch, i);
        struct batch one = *batch;

        one.size = 1;
        one.rows = &row;
        one.weights = batch->weights ? batch->weights + i : NULL;
        if (judge->gradient64(session, theta, &one, one_gradient, NULL, message) != 0)
            goto done;
        for (size_t p = 0; p < parameters; p++)
            answer->magnitudes[p] += one_gradient[p] * one_gradient[p];
    }
    for (size_t p = 0; p < parameters; p++)
        answer->magnitudes[p] =
            fmax(sqrt(answer->magnitudes[p]) / batch->size, fabs(answer->gradient[p]));
    status = 0;
done:
    free(one_gradient);
    return status;
}

static int ask_judge(struct answer *answer, const struct engine *judge,
                     const struct problem *problem, const struct batch *batch,
                     struct message *message)
{
    const struct engine_options options = {
        .max_batch = batch->size, .threads = 1, .precision = PRECISION_DOUBLE, .variant = ""};
    double *theta = malloc(problem->parameters * sizeof *theta);
    void *session = NULL;
    int status = -1;

    if (!theta)
        goto done;
    for (size_t p = 0; p < problem->parameters; p++)
        theta[p] = (double)problem->theta[p];
    if (judge->open(&session, &problem->network, &options, message) != 0 ||
        judge->gradient64(session, theta, batch, answer->gradient, &answer->score, message) != 0)
        goto done;
    status = measure_magnitudes(answer, judge, session, theta, problem->parameters, batch, message);
done:
    judge->close(session);
    free(theta);
    return status;
}

int answer_open(struct answer *answer, struct suite *suite, const struct problem *problem,
                const struct batch *batch)
{
    struct message message = {"out of memory"};

    answer->gradient = malloc(problem->parameters * sizeof *answer->gradient);
    answer->magnitudes = malloc(problem->parameters * sizeof *answer->magnitudes);
    if (!answer->gradient || !answer->magnitudes ||
        ask_judge(answer, &suite->judge.loaded.engine, problem, batch, &message) != 0) {
        answer_close(answer);
        return error_set("%s: reference: %s", problem->name, message.text);
    }
    answer->yardstick = (struct yardstick){
        .network = &problem->network,
        .reference = answer->gradient,
        .magnitudes = answer->magnitudes,
        .tolerance = compare_tolerance(&problem->network, batch->size, suite->unit_roundoff),
    };
    return 0;
}

void answer_close(struct answer *answer)
{
    free(answer->gradient);
    free(answer->magnitudes);
    memset(answer, 0, sizeof *answer);
}

int stage_skip(struct stage *stage, const char *reason)
{
    stage->skipped = 1;
    snprintf(stage->finding.note, sizeof stage->finding.note, "%s", reason);
    return 0;
}

void suite_begin(struct suite *suite, const char *name)
{
    if (suite->begin)
        suite->begin(suite->context, name);
}

void suite_report(struct suite *suite, const char *name, const struct finding *finding, int skipped)
{
    struct conformance_case_result result = {
        .error = finding->error,
        .tolerance = finding->tolerance,
        .passed = skipped || !finding->failed,
        .skipped = skipped,
    };

    snprintf(result.name, sizeof result.name, "%s", name);
    snprintf(result.note, sizeof result.note, "%s", finding->note);
    suite->failures += !result.passed;
    suite->report(suite->context, &result);
}

int stage_run(struct suite *suite, const struct conformance_case *entry)
{
    struct observer *observer = entry->judged == JUDGE_THE_JUDGE ? &suite->judge : &suite->engine;
    struct stage stage = {.suite = suite};
    enum trial_outcome outcome;
    char name[sizeof(((struct conformance_case_result *)0)->name)];
    int status = -1;

    if (problem_open(&stage.problem, &entry->problem) != 0)
        goto done;
    snprintf(name, sizeof name, "%s: %.70s", entry->name, stage.problem.name);
    suite_begin(suite, name);
    if (answer_open(&stage.answer, suite, &stage.problem, &stage.problem.batch) != 0)
        goto done;
    outcome = trial_open(&stage.trial, observer, &stage.problem, &entry->options, &stage.finding);
    if (outcome == TRIAL_OPEN && entry->play(&stage) != 0)
        goto done;
    if (!stage.finding.note[0]) /* nothing compared is nothing passed */
        finding_take(&stage.finding, NAN, 0, "nothing was compared");
    if (outcome == TRIAL_UNSUPPORTED) {
        snprintf(suite->declined, sizeof suite->declined, "%s", stage.finding.note);
        stage.skipped = 1;
    } else if (entry->play == play_agreement) {
        suite->supported_count++;
    }
    trial_close(&stage.trial); /* a crash in there belongs to this case */
    suite_report(suite, name, &stage.finding, stage.skipped);
    status = 0;
done:
    trial_close(&stage.trial);
    answer_close(&stage.answer);
    problem_close(&stage.problem);
    return status;
}
