/* One layer and one example of the naive and the reference engine. Compiled twice: in float, and in
 * double with NAIVE_DOUBLE. */
#ifndef BATCHLAB_NAIVE_LAYERS_H
#define BATCHLAB_NAIVE_LAYERS_H

#include "engine.h"

#ifdef NAIVE_DOUBLE
#define REAL double
#else
#define REAL float
#endif

struct naive_layer {
    struct layer shape;
    size_t weights, biases; /* where they start in theta and in the gradient */
};

/* f'(z) from a = f(z). */
REAL naive_derivative(enum activation, REAL a);

/* out[outputs] of in[inputs]. */
void naive_forward(const struct naive_layer *, const REAL *theta, const REAL *in, REAL *out);

/* delta_in[inputs] = dloss/dz of the layer before, whose outputs are in[inputs], from
 * delta_out[outputs] = dloss/dz of this one. */
void naive_backward(const struct naive_layer *, const REAL *theta, const REAL *delta_out,
                    enum activation before, const REAL *in, REAL *delta_in);

/* Adds factor times the layer's part of the example's gradient. */
void naive_add_gradient(const struct naive_layer *, const REAL *delta, const REAL *in, REAL factor,
                        REAL *gradient);

/* Squared norm of the layer's part of the example's gradient, which is not formed. */
double naive_squared_norm(const struct naive_layer *, const REAL *delta, const REAL *in);

#endif
