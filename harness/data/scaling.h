/* Brings features to a common scale, by statistics of the training examples alone. */
#ifndef BATCHLAB_SCALING_H
#define BATCHLAB_SCALING_H

#include "data/dataset.h"

/* Bytes get one scale and offset for all (dataset->train, validation and test); floats are changed
 * in place, all `stored` rows. Fails if a value outside the training examples no longer fits a
 * float, and when memory runs out. */
int scaling_apply(struct dataset *, enum scaling, size_t stored);

/* value = (value - centre[j]) / width[j] of features[stored][inputs]; a width of 0 is a constant
 * feature, which becomes 0. Fails (error set) if one no longer fits a float. */
int scaling_numbers(float *features, size_t stored, size_t inputs, const double *centre,
                    const double *width);

#endif
