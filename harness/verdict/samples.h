/* What is judged, as one number of each seed, or of each seed at each x: y of its cell, or what the
 * claim takes of several cells (struct taken). */
#ifndef BATCHLAB_VERDICT_SAMPLES_H
#define BATCHLAB_VERDICT_SAMPLES_H

#include "verdict/evidence.h"

struct sample {
    size_t row; /* of the table: the first of its cells */
    uint64_t seed;
    double x;                    /* NAN: not asked for, or an empty field */
    double value;                /* NAN: not known; +infinity: not reached, diverged */
    size_t censored, infeasible; /* of its cells: a target not reached; diverged, dead or failed */
    size_t on_edge;              /* a better or wider value may lie beyond what was tried */
    double hours;                /* that its cells took */
};

/* One for each row, or with claim->taken for each seed and x. x: a column, or NULL. *list is owned:
 * free(). -1: a column that does not exist, or is not a number; two cells that claim->taken does
 * not tell apart. */
int samples_find(const struct evidence *, const struct claim *, const struct rows *, const char *x,
                 struct sample **list, size_t *count);

#endif
