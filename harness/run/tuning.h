/* Tuning as a sequence of plans: rounds of cells on the tuning's seeds, each made from what is
 * recorded of those before; then the cells of the grid, with the values chosen. */
#ifndef BATCHLAB_RUN_TUNING_H
#define BATCHLAB_RUN_TUNING_H

#include "run/cell.h"
#include "run/decision.h"

#define TUNING_FILE "tuning.csv" /* in the results folder; one row a group and value tried */

/* Cells of the grid that differ in the seed alone, their tuned values left open. */
struct tuned_group {
    const struct cell *cell;                         /* any of them, in the campaign's plan */
    int low[TUNING_KEYS_MAX], span[TUNING_KEYS_MAX]; /* places that may ever be tried */
    int first; /* of its tuning cells in `all`: by place, then by seed */
    struct decision decision;
};

struct tuning {
    const struct campaign *campaign; /* its plan is that of the grid */
    struct tuned_group *groups;      /* [count], owned */
    int count;
    int *group_of;       /* [campaign->plan->count], owned: of a cell of the grid; -1: not tuned */
    struct plan all;     /* every tuning cell that may ever be due */
    struct tried *tried; /* [all.count], owned: what this run knows of them */
    const char *columns[3]; /* of cells.csv: criterion, examples, shortfall or NULL */
    int round;              /* of the plan made last */
    int repeated; /* cells of the grid, as settled last, that the chosen values made another one */
};

/* Finds the groups; nothing is read or run. To be closed also after a failure. */
int tuning_open(struct tuning *, const struct campaign *);
void tuning_close(struct tuning *); /* accepts a zeroed struct */

/* Opens the plan of the next round: cells due by what is recorded of the rounds before, finished
 * ones included, so that a run that goes on takes the same way. 1: there is one, to be closed; 0:
 * no cell is due that was not in a round of this run, the plan is zeroed; -1: error set. */
int tuning_next(struct tuning *, struct plan *);

/* Opens the plan of the grid's cells, those of groups that have no value yet left out. */
int tuning_settle(struct tuning *, struct plan *);

/* After tuning_settle: writes tuning.csv and derives tuning_cells.csv. */
int tuning_record(const struct tuning *);

#endif
