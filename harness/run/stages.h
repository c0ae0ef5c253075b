/* The plans that a run goes through: that of the grid; or with `tuning:` a plan for each round of
 * it, each made from what is recorded of those before, and then the grid with the chosen values. */
#ifndef BATCHLAB_STAGES_H
#define BATCHLAB_STAGES_H

#include "run/tuning.h"

/* Starts with nothing but its campaign. */
struct stages {
    const struct campaign *campaign;
    const struct plan *plan; /* the one to run; NULL before the first */
    int is_last;             /* it is the grid's */
    int round;               /* of tuning, from 1; 0: the grid's cells run */
    struct tuning tuning;    /* zeroed where nothing is tuned */
    struct plan tuned;       /* what `plan` points to where something is */
};

/* Goes on to the next plan. 1: there is one; 0: that was the last; -1: error set. */
int stages_next(struct stages *);

/* Derives the files of the grid's cells and of the tuning from what is recorded. *reported: rows of
 * cells.csv. */
int stages_derive(struct stages *, int *reported);

void stages_close(struct stages *); /* accepts one that never went on */

#endif
