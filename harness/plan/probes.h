/* Probes of an experiment: whether they fit, and what they cost. */
#ifndef BATCHLAB_PLAN_PROBES_H
#define BATCHLAB_PLAN_PROBES_H

#include "plan/plan.h"

/* What can be said without the data. Errors are `file:line: ...`. */
int probes_check(const struct experiment *);

/* Whether no probe is larger than the cell's data, and all know its network. Errors are
 * `file:line: ...`. */
int probes_fit(const struct cell *, const struct experiment *, const struct dataset *);

/* Training examples that stand for all. */
size_t probes_population(const struct probe_options *, size_t train_examples);

/* Gradients of single examples that all probes of a cell with so many evaluations ask for, a rough
 * estimate. */
double probes_examples(const struct cell *, const struct experiment *, double evaluations,
                       int classes);

#endif
