/* Synthetic data with known properties: see blobs, linear and points in dataset.h. Example i is a
 * pure function of the spec's seed and its shape parameters: it does not depend on `examples`. */
#ifndef BATCHLAB_SYNTHETIC_H
#define BATCHLAB_SYNTHETIC_H

#include "data/dataset.h"

/* features[examples][features] and labels[examples], to be freed by the caller. Families are
 * consecutive; family f belongs to class f mod classes, there to cluster f / classes mod clusters.
 * On failure both are NULL and the error names the parameter and its range. */
int synthetic_blobs(const struct dataset_spec *, float **features, int32_t **labels);

/* features[examples][features] and targets[examples], likewise. */
int synthetic_linear(const struct dataset_spec *, float **features, float **targets);

/* features[examples][features] alone. */
int synthetic_points(const struct dataset_spec *, float **features);

#endif
