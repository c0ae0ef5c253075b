/* Puts one part of a claim, under one condition, to its test. */
#ifndef BATCHLAB_VERDICT_TRIAL_H
#define BATCHLAB_VERDICT_TRIAL_H

#include "verdict/evidence.h"
#include "verdict/finding.h"

struct trial {
    struct finding finding;
    size_t seeds; /* of the arm with the fewest */
    size_t censored, infeasible, on_edge;
    /* Seeds or rows that tell nothing: neither arm got there, a run failed, a point is missing. */
    size_t dropped;
    double resolution; /* share by which the costs depend on the cadence; 0: no costs, or unknown */
    double hours;      /* that the cells took */
};

/* -1: the claim and the results do not fit, error set without file and line. */
int trial_hold(struct trial *, const struct evidence *, const struct claim *, const struct rows *);

#endif
