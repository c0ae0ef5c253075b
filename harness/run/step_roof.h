/* The roof of a training step: what the machine's roof leaves of it at most, after the roofline
 * model (Williams, Waterman and Patterson 2009): no step is faster than its slowest resource.
 *
 *   seconds of a step = max( FLOPs / multiply-add peak,
 *                            weight bytes / bandwidth of the level that theta fits in,
 *                            input bytes / bandwidth of memory )
 *
 * for K examples in single precision with plain SGD. Each count is what a step cannot do without:
 *
 *   FLOPs         K times the network's flops_per_example.
 *   weight bytes  4 P read forward, 4 (P - parameters of the first layer that has any) read for the
 *                 gradients of the layers' inputs, 8 P read and written by the update, once a step
 *                 whatever K is; the gradient itself never reaches memory. A step that updates a
 *                 row of weights in the same pass in which it reads it for the input gradient
 * spares that reading, and may exceed this roof: up to 1.13 for 784-512-512-10, 1.004 for
 *                 784-128-10.
 *   input bytes   4 K inputs: gathered floats, read once.
 *
 * More work (activations, a gradient in memory, a batch in several pieces, the state of another
 * update rule) only makes a step slower, so that the roof holds for it too.
 *
 * theta (4 P bytes) fits in L1 or L2 if that of all threads' cores together holds it, each core a
 * share; in L3 if the L3 as reported holds it; else it is in memory. An L3 that could not be
 * measured counts as fast as L2. Of a level's bandwidths (reading, writing, triad) the fastest
 * counts, as weights are both read and written. */
#ifndef BATCHLAB_STEP_ROOF_H
#define BATCHLAB_STEP_ROOF_H

#include "engine.h"
#include "run/roof.h"

enum bound { BOUND_FLOPS, BOUND_WEIGHTS, BOUND_INPUTS, BOUND_COUNT };

extern const char *const bound_names[BOUND_COUNT]; /* "flops", "weights", "inputs" */

/* What one step must do. */
struct step_work {
    int examples;        /* K */
    double flops;        /* of all K */
    double weight_bytes; /* of the step */
    double input_bytes;  /* of all K */
    double theta_bytes;  /* 4 P */
};

struct step_roof {
    double examples_per_second;  /* NAN if any of the three is not known */
    double seconds[BOUND_COUNT]; /* of a step, if there were only that resource */
    enum bound bound;            /* the slowest of them; the first of equals */
};

/* flops_per_example: of the network, as the model counts it. examples >= 1. */
struct step_work step_work(const struct network *, double flops_per_example, int examples);

/* The same for one example (K = 1) of which only some units are live: live[layer_count] is the
 * share of a layer's units with a ReLU activation above 0. The weights of a dead unit (its row and
 * bias) are read forward, since that is how it is known to be dead, but neither for the input
 * gradient nor by the update, and their FLOPs are those of forward alone. Nothing is spared of the
 * next layer's weights that meet its zero. Dense layers only: 1, or 0 if the network has another
 * kind or no layer with ReLU. */
int step_work_live(const struct network *, double flops_per_example, const double *live,
                   struct step_work *);

/* A peak or bandwidth that is needed and is not a positive number makes the roof NAN. */
struct step_roof step_roof(const struct step_work *, const struct roof *);

#endif
