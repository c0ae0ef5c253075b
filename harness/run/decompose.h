/* decomposition.csv: what bias and what variance the predictions of cells have that differ in their
 * seed alone. */
#ifndef BATCHLAB_DECOMPOSE_H
#define BATCHLAB_DECOMPOSE_H

#include "plan/plan.h"

/* Derives results/decomposition.csv from the recorded predictions of the plan's cells, each probed
 * evaluation (the same number of updates and examples) of at least three seeds by itself. A file
 * that would have no row is removed. */
int decomposition_write(const char *results, const struct plan *);

#endif
