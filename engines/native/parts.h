/* What the files of one width of vectors have for each other. */
#ifndef BATCHLAB_NATIVE_PARTS_H
#define BATCHLAB_NATIVE_PARTS_H

#include "native/kernels.h"
#include "native/vector.h"

/* ---- C[m][n] (+)= A[m][depth] B[depth][n] -------------------------------------------------------
 */

struct operand {
    const float *data;
    size_t row, column; /* from one element to the next */
};

struct product {
    int m, n, depth;
    struct operand a; /* one of row and column is 1 */
    struct operand b; /* likewise */
    float *c;
    int add;
    int fetches_a;   /* the next rows of A meanwhile */
    size_t behind_b; /* floats behind B to be fetched meanwhile, by a shallow product */
    float *scratch;
};

void NATIVE(multiply)(const struct product *);

/* ---- Dot products -------------------------------------------------------------------------------
 */

/* z[rows][outputs] = x[rows][inputs] W^T, along the inputs */
void NATIVE(dots)(int rows, int inputs, int outputs, const float *x, enum native_fetch,
                  const float *weights, float *z);

/* ---- As in kernels.h ----------------------------------------------------------------------------
 */

void NATIVE(forward_one)(int inputs, int outputs, const float *x, const float *weights,
                         const float *biases, float *z);
void NATIVE(descend_one)(int inputs, int outputs, const float *delta, const float *x, float rate,
                         float *weights, float *dx, int *live);
void NATIVE(convolution_forward)(const struct native_images *, int rows, const float *x,
                                 const float *weights, const float *biases, float *a,
                                 float *scratch);
void NATIVE(convolution_weight_gradient)(const struct native_images *, int rows, const float *delta,
                                         const float *x, int accumulate, float *weights,
                                         float *biases, float *scratch);
void NATIVE(convolution_input_gradient)(const struct native_images *, int rows, const float *delta,
                                        const float *weights, float *dx, float *scratch);
void NATIVE(pool_forward)(const struct native_images *, int rows, const float *x, float *a,
                          float *scratch);
void NATIVE(pool_gradient)(const struct native_images *, int rows, const float *delta,
                           const float *x, enum activation before, float *dx, float *scratch);

#endif
