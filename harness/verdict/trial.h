/* Puts one part of a claim, under one condition, to its test. */
#ifndef BATCHLAB_VERDICT_TRIAL_H
#define BATCHLAB_VERDICT_TRIAL_H

#include "verdict/details.h"
#include "verdict/evidence.h"
#include "verdict/finding.h"

struct trial {
    struct finding finding;
    size_t seeds; /* of the arm with the fewest */
    size_t censored, infeasible, on_edge;
    /* Seeds or rows that tell nothing: neither arm got there, a run failed, a point is missing. */
    size_t dropped;
    double hours;      /* that the cells took */
    double resolution; /* share by which the costs depend on the cadence; 0: no costs, or unknown */
    char note[512];    /* what else there is to say, for a person */
    struct details details; /* owned */
};

/* -1: the claim and the results do not fit, error set without file and line. Free with trial_free
 * in either case. */
int trial_hold(struct trial *, const struct evidence *, const struct claim *, const struct rows *);
void trial_free(struct trial *);

/* ---- Its parts: tests in files of their own, of a trial that is zeroed --------------------------
 */

int hold_critical_batch(struct trial *, const struct evidence *, const struct claim *,
                        const struct rows *);
int hold_shares(struct trial *, const struct evidence *, const struct claim *, const struct rows *);
int hold_straight(struct trial *, const struct evidence *, const struct claim *,
                  const struct rows *);
int hold_regret(struct trial *, const struct evidence *, const struct claim *, const struct rows *);

#endif
