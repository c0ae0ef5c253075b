/* The inside of the conformance suite: what its cases share. */
#ifndef BATCHLAB_SUITE_H
#define BATCHLAB_SUITE_H

#include "check/answer.h"
#include "check/conformance.h"
#include "check/observe.h"

struct suite {
    struct observer engine, judge;
    const struct arithmetic
        *arithmetic; /* of the engine: the one place that states its tolerance */
    void (*begin)(void *context, const char *name); /* before a case; may be NULL */
    conformance_report *report;
    void *context;
    const char *only; /* on a stage, only cases whose name begins so; NULL: all */
    int failures;
    int supported_count; /* agreement cases the engine did not decline */
    char declined[256];  /* why it declined the first one */
};

/* Loads engines: call it in a child process only, one forked with nothing left in stdout's buffer.
 * 0, or -1 with the error set: no engine of that name, or no judge. */
int suite_run(struct suite *, const char *engine_specification, int threads);

/* ---- Cases ---------------------------------------------------------------------------------- */

/* What a case plays on: its problem, the judge's answer to it, the engine's open session. */
struct stage {
    struct suite *suite;
    struct problem problem;
    struct answer answer;
    struct trial trial;
    struct finding finding;
    int skipped; /* set by stage_skip */
};

enum judged { JUDGE_THE_ENGINE, JUDGE_THE_JUDGE };

struct conformance_case {
    const char *name; /* the problem's is added */
    struct problem_spec problem;
    struct trial_options options;
    enum judged judged;
    /* Takes comparisons into the finding. 0, or -1 with the error set: the suite cannot go on. */
    int (*play)(struct stage *);
};

int stage_run(struct suite *, const struct conformance_case *);

/* The judge's answer to another batch of the stage's problem. 0, or -1 with the error set. */
int stage_ask(struct stage *, struct answer *, const struct batch *);

/* The engine does without: the case is reported as skipped. Always returns 0. */
int stage_skip(struct stage *, const char *reason);

/* For a case without a stage: begin, then report. */
void suite_begin(struct suite *, const char *name);
void suite_report(struct suite *, const char *name, const struct finding *, int skipped);

/* The tables of cases, each ended by a name of NULL. */
extern const struct conformance_case judge_cases[];     /* is the judge right? */
extern const struct conformance_case behaviour_cases[]; /* sessions, chunks, repeats */
extern const struct conformance_case optional_cases[];  /* optional slots */

int play_agreement(struct stage *);

#endif
