/* How long the cells of a plan will take: as estimated, at the pace that cells of their kind
 * (engine, network, batch size) have shown so far. */
#ifndef BATCHLAB_FORECAST_H
#define BATCHLAB_FORECAST_H

#include "run/cell.h"

struct forecast {
    const struct plan *plan;
    double *expected;           /* [plan->count], owned: estimated seconds */
    int *kinds;                 /* [plan->count], owned: of list */
    struct forecast_kind *list; /* [count], owned */
    int count;
    double spent, expected_of_spent; /* of all that were noted */
};

/* Of a plan of the campaign, which is borrowed; what its results folder holds of it is noted. */
int forecast_open(struct forecast *, const struct campaign *, const struct plan *);
void forecast_close(struct forecast *); /* accepts a zeroed one */

/* The cell, of the plan, has taken so long. Of cells that are not of the plan nothing is noted. */
void forecast_note(struct forecast *, const struct cell *, double seconds);

/* Seconds the cell, of the plan, is expected to take. */
double forecast_seconds(const struct forecast *, const struct cell *);

#endif
