/* y along x, seed by seed: a table of numbers for the tests that look at several values of x. */
#ifndef BATCHLAB_VERDICT_POINTS_H
#define BATCHLAB_VERDICT_POINTS_H

#include "verdict/evidence.h"

struct points {
    double *x;       /* [count], rising */
    uint64_t *seeds; /* [seed_count], rising */
    double *y;       /* [seed_count][count]; NAN: no such row, or nothing known */
    size_t *rows;    /* [seed_count][count], of the evidence's table; SIZE_MAX: no such row */
    size_t count, seed_count;
    size_t censored, infeasible, on_edge; /* as of struct series */
    double hours;
};

/* -1: a column that does not exist, several rows for one x and seed, an empty x. Free with
 * points_close, also after a failure. */
int points_open(struct points *, const struct evidence *, const struct claim *,
                const struct rows *);
void points_close(struct points *);

/* Leaves out every x at which some seed's y is infinite: y of the other seeds alone would be that
 * of the quick ones. Returns their number. */
size_t points_leave_unreached(struct points *);

/* Leaves out every seed without a number at some x, and with `finite` those where it is infinite.
 * Returns their number. */
size_t points_leave_incomplete(struct points *, int finite);

#endif
