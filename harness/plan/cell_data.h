/* What the axes of the data make of a cell: its training examples, its weighting, its augmentation.
 */
#ifndef BATCHLAB_CELL_DATA_H
#define BATCHLAB_CELL_DATA_H

#include "plan/plan.h"

/* How many examples are left after copies are taken away: known only once they have been looked
 * for, and the same for many cells. */
struct count_cache {
    struct counted *list; /* [count], owned */
    int count;
};
void count_cache_free(struct count_cache *); /* accepts a zeroed struct */

/* Fills the cell's weighting, augmentation, train_examples and dropped_examples from its settings.
 * -1: they do not fit the data; the error says why, without file and line, and *axis names the
 * setting to blame, *line where the file says it if not there, else 0. */
int cell_data_complete(struct cell *, const struct experiment *, const struct dataset *,
                       struct count_cache *, const char **axis, int *line);

#endif
