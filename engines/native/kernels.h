/* The loops of the engine `native`, compiled once for each width of vectors and chosen when the
 * engine is loaded. All matrices are row-major without gaps; each function is called by one thread
 * on its own data and scratch. */
#ifndef BATCHLAB_NATIVE_KERNELS_H
#define BATCHLAB_NATIVE_KERNELS_H

#include "native/images.h"

#include <stddef.h>

/* Products in pieces of this depth: what is packed stays small whatever the batch is. */
enum { NATIVE_DEPTH = 1024 };

/* What a layer fetches from memory while it computes: examples that nobody has read yet come from
 * there, one after the other, and no processor foresees it all. */
enum native_fetch {
    NATIVE_FETCH_NOTHING,
    NATIVE_FETCH_OWN,  /* the examples it will come to */
    NATIVE_FETCH_NEXT, /* some of as many that lie behind them */
};

struct native_kernels {
    const char *name; /* "avx512", "avx2", "baseline" */
    int panel;        /* columns of a packed panel */
    int lanes;        /* of a vector */

    /* Dense layers of several examples. scratch: native_scratch() floats. */

    /* z[rows][outputs] = x[rows][inputs] W^T; biases are not added */
    void (*forward)(int rows, int inputs, int outputs, const float *x, enum native_fetch,
                    const float *weights, float *z, float *scratch);
    /* gradient[outputs][inputs] = delta[rows][outputs]^T x[rows][inputs], added to it if accumulate
     */
    void (*weight_gradient)(int rows, int inputs, int outputs, const float *delta, const float *x,
                            enum native_fetch, int accumulate, float *gradient, float *scratch);
    /* dx[rows][inputs] = delta[rows][outputs] W */
    void (*input_gradient)(int rows, int inputs, int outputs, const float *delta,
                           const float *weights, float *dx, float *scratch);

    /* One example. */

    /* z[outputs] = W x[inputs] + b[outputs] */
    void (*forward_one)(int inputs, int outputs, const float *x, const float *weights,
                        const float *biases, float *z);
    /* W[o][.] -= rate delta[o] x; before that, unless dx is NULL, dx[inputs] = W^T delta. Rows
     * whose delta is 0 are neither read nor written. live[outputs]: scratch */
    void (*descend_one)(int inputs, int outputs, const float *delta, const float *x, float rate,
                        float *weights, float *dx, int *live);

    /* Layers of images (images.h). scratch: native_images_scratch() floats. */

    /* a = activation(z), if it is ReLU, else z, biases included */
    void (*convolution_forward)(const struct native_images *, int rows, const float *x,
                                const float *weights, const float *biases, float *a,
                                float *scratch);
    /* The gradients of weights and biases, added to what is there if accumulate. */
    void (*convolution_weight_gradient)(const struct native_images *, int rows, const float *delta,
                                        const float *x, int accumulate, float *weights,
                                        float *biases, float *scratch);
    void (*convolution_input_gradient)(const struct native_images *, int rows, const float *delta,
                                       const float *weights, float *dx, float *scratch);
    /* As pool_largest() and pool_gradient() of window.h; dx is multiplied by the derivative of the
     * activation before, whose outputs are x. */
    void (*pool_forward)(const struct native_images *, int rows, const float *x, float *a,
                         float *scratch);
    void (*pool_gradient)(const struct native_images *, int rows, const float *delta,
                          const float *x, enum activation before, float *dx, float *scratch);
};

/* 1 if the weights of so many inputs and outputs stay in the first cache. */
static inline int native_weights_stay(int inputs, int outputs)
{
    return (size_t)inputs * (size_t)outputs * sizeof(float) <= 32768;
}

/* Those of this name, or for the widest vectors of this processor if it is "". NULL, with the
 * reason, if the processor does not run them or there is no such name. */
const struct native_kernels *native_kernels(const char *name, struct message *why);

/* Floats of scratch for dense layers of up to so many rows and outputs. */
size_t native_scratch(const struct native_kernels *, int rows, int outputs);

extern const struct native_kernels native_baseline_kernels, native_avx2_kernels,
    native_avx512_kernels;

#endif
