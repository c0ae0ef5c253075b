/* A pass of our own over networks of dense layers, in double precision and by plain loops: what it
 * takes to know each example's loss and gradient norm without forming any gradient. */
#ifndef BATCHLAB_PROBE_DENSE_H
#define BATCHLAB_PROBE_DENSE_H

#include "data/dataset.h"

/* 1: all layers are dense. */
int dense_applies(const struct network *);

struct dense_pass;

/* Takes the memory for a network that applies, which must outlive the pass. */
int dense_open(struct dense_pass **, const struct network *);
void dense_close(struct dense_pass *); /* accepts NULL */

/* losses[count] and squared_norms[count] of the examples' own gradients at theta[P]:
 *   |g_i|^2 = sum over layers of |delta|^2 (|a|^2 + 1)
 * with delta the derivative of the example's loss by the layer's z, and a the layer's input: the
 * gradient of its weights is their outer product, that of its biases delta (Goodfellow 2015).
 * Either may be NULL. */
void dense_examples(struct dense_pass *, const double *theta, const struct examples *,
                    const int32_t *rows, size_t count, double *losses, double *squared_norms);

#endif
