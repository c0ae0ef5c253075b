/* Draws from a discrete distribution, each draw in constant time: the alias method (Walker 1977;
 * its table in linear time: Vose 1991). */
#ifndef BATCHLAB_ALIAS_H
#define BATCHLAB_ALIAS_H

#include "base/rng.h"

#include <stddef.h>
#include <stdint.h>

/* Index i is drawn as itself with probability `own` of the entry that a uniform draw hits, else as
 * its `other`. */
struct alias_entry {
    double own; /* [0, 1] */
    int32_t other;
};

struct alias {
    struct alias_entry *entries; /* [count], owned */
    size_t count;
};

/* Probabilities in proportion to weights[count], finite and >= 0; 1 <= count <= INT32_MAX. An error
 * where they sum to zero, or to no finite number. On failure nothing is held. */
int alias_open(struct alias *, const double *weights, size_t count);
void alias_close(struct alias *); /* accepts NULL and a zeroed struct */

/* 0 .. count - 1. An index of weight 0 is never drawn. */
size_t alias_draw(const struct alias *, struct rng *);

#endif
