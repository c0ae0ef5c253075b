/* Whether two experiments have the same cells, whatever they ask, claim and draw. */
#ifndef BATCHLAB_SAME_CELLS_H
#define BATCHLAB_SAME_CELLS_H

#include "plan/experiment.h"

/* 1: the same data, budgets, evaluations, probes, networks, axes, cases and tuning; 0: not so. */
int experiment_same_cells(const struct experiment *, const struct experiment *);

#endif
