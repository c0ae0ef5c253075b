/* The cells of a plan as a list: none twice, and in the order of running. */
#ifndef BATCHLAB_CELL_LIST_H
#define BATCHLAB_CELL_LIST_H

#include "plan/plan.h"

#include <stdint.h>

/* Axes that decide nothing for some cells (a momentum for sgd) yield the same cell more than once:
 * the first stays. */
int cell_list_drop_repeated(struct plan *);

/* All that decides the cell but its seed, and which of its values are yet to be chosen: alike cells
 * have the same text. To be freed; NULL: out of memory. */
char *cell_signature(const struct cell *);

/* Fills plan->order, anew for each plan. */
int cell_list_shuffle(struct plan *, uint64_t seed);

#endif
