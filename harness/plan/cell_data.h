/* What the axes of the data make of a cell: its training examples, its weighting, its augmentation.
 */
#ifndef BATCHLAB_CELL_DATA_H
#define BATCHLAB_CELL_DATA_H

#include "plan/plan.h"

void kept_examples_free(struct kept_examples *); /* the whole list; accepts NULL */

/* Fills the cell's weighting, augmentation, kept, train_examples and dropped_examples from its
 * settings; *list has what was kept for other cells, and gets what was not yet.
 * -1: they do not fit the data; the error says why, without file and line, and *axis names the
 * setting to blame, *line where the file says it if not there, else 0. */
int cell_data_complete(struct cell *, const struct experiment *, const struct dataset *,
                       struct kept_examples **list, const char **axis, int *line);

#endif
