/* Names of cells that two builds of the program agree on: an id has a hash of all that decides a
 * result, which another version may make otherwise. */
#ifndef BATCHLAB_GATE_NAMES_H
#define BATCHLAB_GATE_NAMES_H

#include "plan/plan.h"

enum { GATE_NAME_SIZE = 256 };

/* "blas/M/k=512", then "/key=value" of every other axis that differs between cells. No blanks.
 * Where the engine is what is compared, the name is without it. names[plan->count], to be freed by
 * the caller; NULL (error set): out of memory, two cells of one name, or one of
 * GATE_NAME_SIZE - 1 characters or more. */
char (*gate_names(const struct plan *, int with_engine))[GATE_NAME_SIZE];

#endif
