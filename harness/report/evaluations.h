/* The evaluations of each cell: rows of curves.csv by row of cells.csv. */
#ifndef BATCHLAB_EVALUATIONS_H
#define BATCHLAB_EVALUATIONS_H

#include "report/results.h"

/* Of a cell: rows[first[cell]] .. rows[first[cell + 1] - 1], in the file's order. */
struct evaluations {
    size_t *first, *rows;
};

/* After results_curves. -1 with the message set. */
int evaluations_open(struct evaluations *, const struct results *);
void evaluations_close(struct evaluations *); /* accepts a zeroed struct */

#endif
