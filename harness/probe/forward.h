/* A forward pass of our own over any network of layers, in double precision and by plain loops. */
#ifndef BATCHLAB_PROBE_FORWARD_H
#define BATCHLAB_PROBE_FORWARD_H

#include "data/dataset.h"

/* Examples at a time; they are the innermost index of all matrices, so that sums over inputs need
 * no reordering to use vectors. */
enum { FORWARD_LANES = 16 };

struct forward_pass;

/* Takes the memory for a network of dense layers, convolutions and max pooling, which must outlive
 * the pass. -1: out of memory (error set). */
int forward_open(struct forward_pass **, const struct network *);
void forward_close(struct forward_pass *); /* accepts NULL */

/* Runs 1 .. FORWARD_LANES examples through all layers at theta[P]; lanes from `count` on repeat the
 * first example. */
void forward_run(struct forward_pass *, const double *theta, const struct examples *,
                 const int32_t *rows, size_t count);

/* activations[width of the layer][FORWARD_LANES] of layer 1 .. layer_count, after its activation;
 * layer 0 is the input. Good until the next run. */
const double *forward_layer(const struct forward_pass *, int layer);

#endif
