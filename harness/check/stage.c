/* Sets the stage of a conformance case: problem, judge's answer, session; reports the result. */
#include "check/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int stage_ask(struct stage *stage, struct answer *answer, const struct batch *batch)
{
    return answer_open(answer, &stage->suite->judge.loaded.engine, &stage->problem, batch,
                       stage->suite->arithmetic);
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
    struct problem_spec spec = entry->problem;
    enum trial_outcome outcome;
    char name[sizeof(((struct conformance_case_result *)0)->name)];
    char problem[sizeof stage.problem.name];
    int status = -1;

    spec.margin = suite->arithmetic->margin;
    if (problem_crowded(&spec)) /* in this arithmetic the engine may well take other branches */
        return 0;
    problem_describe(&spec, problem, sizeof problem);
    snprintf(name, sizeof name, "%s: %.70s", entry->name, problem);
    if (suite->only && strncmp(name, suite->only, strlen(suite->only)) != 0)
        return 0;
    if (problem_open(&stage.problem, &spec) != 0)
        goto done;
    suite_begin(suite, name);
    outcome = trial_open(&stage.trial, observer, &stage.problem, &entry->options, &stage.finding);
    if (outcome == TRIAL_OPEN &&
        (stage_ask(&stage, &stage.answer, &stage.problem.batch) != 0 || entry->play(&stage) != 0))
        goto done;
    if (!stage.finding.note[0]) /* nothing compared is nothing passed */
        finding_take(&stage.finding, NAN, 0, "nothing was compared");
    if (outcome == TRIAL_UNSUPPORTED) {
        if (!suite->declined[0])
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
