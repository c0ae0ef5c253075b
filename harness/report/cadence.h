/* How finely the evaluations of a run tell what a target cost. */
#ifndef BATCHLAB_CADENCE_H
#define BATCHLAB_CADENCE_H

#include "report/results.h"

/* Costs that depend on the way of interpolating by more than this share are limited by cadence. */
extern const double cadence_limit;

/* Of each row of cells.csv: resolution_of_T, or where results have no such column what curves.csv
 * says of it. NAN: not reached, or not known. Free with free(); NULL with the message set. */
double *cadence_resolutions(struct results *, size_t target);

#endif
