/* The conformance suite: does an engine keep the contract of engines/engine.h?
 *
 * Every answer is held against the engine `reference`, computed in double precision; the reference
 * itself is held against the formulas of the contract and central finite differences in every run.
 * Objectives, which the reference does not compute, are held against the formulas.
 * Nothing here prints. */
#ifndef BATCHLAB_CONFORMANCE_H
#define BATCHLAB_CONFORMANCE_H

struct conformance_case_result {
    char name[96];           /* what was tried: "7-65-1 relu softmax K=17 uint8 rows" */
    double error, tolerance; /* passed means error <= tolerance; not-a-number fails */
    int passed;
    int skipped; /* the engine says that it does not support the case: passed is 1, note says why */
    char note[256]; /* what the error is of, and where it is largest; "" if there is nothing to say
                     */
};

typedef void conformance_report(void *context, const struct conformance_case_result *);

struct conformance_options {
    int threads;            /* of the engine */
    double timeout_seconds; /* a case that takes longer hangs */
    const char *only;       /* on problems, only cases whose name begins so; NULL: all */
};

/* Runs the cases in a child process of their own and reports each when it is done: a crash, an
 * early exit, and timeout_seconds without a finished case each become a failed case with the
 * reason; cases after it are not run. What the engine prints to stdout meanwhile is held back and
 * fails a case.
 * 0: the suite ran, *failures cases failed; -1: it could not run, the error is set. */
int conformance_run_isolated(const char *engine_specification, const struct conformance_options *,
                             conformance_report *report, void *context, int *failures);

#endif
