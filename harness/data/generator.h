/* Examples of any number, made when they are asked for: example i is a function of (seed, i) alone,
 * so nothing is stored but what a batch holds.
 *
 * Features are independent and uniform on +-sqrt(3): mean 0, variance 1. The label is what a
 * teacher says, a linear map with weights from N(0, 1 / features): the class of its largest score,
 * to each of which comes noise of its own, uniform with standard deviation `noise`, where the
 * scores have 1. */
#ifndef BATCHLAB_GENERATOR_H
#define BATCHLAB_GENERATOR_H

#include "data/dataset.h"

/* The most examples of a batch, and those that stand for the training examples where a fixed set of
 * them is looked at. */
enum { GENERATOR_SHOWN = 16384 };

struct generator {
    uint64_t seed;
    size_t inputs;
    int classes;
    double noise;
    float *teacher;        /* [classes][inputs], owned */
    struct examples shown; /* the first GENERATOR_SHOWN training examples, or all; stored with the
                              data set */
};

/* -1: the spec's numbers are out of range, or no memory (error set). */
int generator_open(struct generator *, const struct dataset_spec *);
void generator_close(struct generator *); /* accepts NULL */

/* features[inputs] and label of example `number`. */
void generator_make(const struct generator *, uint32_t number, float *features, int32_t *label);

/* The same of several; features[count][inputs]. */
void generator_make_all(const struct generator *, uint32_t first, const int32_t *rows, size_t count,
                        float *features, int32_t *labels);

#endif
