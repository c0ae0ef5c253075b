/* Where the examples of a data set come from: files, shards, a generator. */
#ifndef BATCHLAB_SOURCE_H
#define BATCHLAB_SOURCE_H

#include "data/dataset.h"

#include <stdbool.h>

/* The stored rows of a source, before the split. */
struct pool {
    size_t count;  /* rows to split */
    size_t made;   /* of a generator: rows that are stored all the same, the first ones; else 0 */
    size_t tests;  /* rows of a test file, stored after them */
    size_t family; /* so many consecutive rows stay together; 1: each goes its own way */
    bool as_is;    /* scaling is not for them */
    float scale, offset; /* of stored bytes, before scaling */
    bool watched; /* the test file is also what validates, unless examples are split off for it */
};

/* Fills the stored arrays, inputs, classes, the shape of images and the pool, as the spec's name
 * says; the element is float32 unless the source says otherwise. -1: error set; what is held goes
 * with dataset_close. */
int source_load(struct dataset *, struct pool *, const struct dataset_spec *);

#endif
