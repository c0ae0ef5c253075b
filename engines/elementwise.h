/* Everything of a network that is neither a matrix product nor a window. Matrices are row-major,
 * [rows][columns], without gaps; each function is called by one thread on its own rows. */
#ifndef BATCHLAB_ELEMENTWISE_H
#define BATCHLAB_ELEMENTWISE_H

#include "engine.h"

/* x[count][inputs] = scale * stored row + offset, for examples first .. first+count-1 of the batch.
 */
void gather_rows(float *x, const struct batch *, int first, int count, int inputs);

/* a[count] = f(a) */
void activate(float *a, size_t count, enum activation);

/* a[rows][columns] = f(a + biases[columns]) */
void add_biases_and_activate(float *a, const float *biases, int rows, int columns, enum activation);

/* a[count] = f(a + bias) */
void add_bias_and_activate(float *a, float bias, int count, enum activation);

/* delta[count] *= f'(z), from a[count] = f(z). */
void multiply_by_derivative(float *delta, const float *a, size_t count, enum activation);

/* a[count] *= factor */
void scale(float *a, size_t count, float factor);

/* sums[columns] = sum over rows of matrix[rows][columns]; added to what is there if accumulate. */
void sum_columns(float *sums, const float *matrix, int rows, int columns, int accumulate);

/* sums[rows] = sum over columns of matrix[rows][columns]; added to what is there if accumulate. */
void sum_rows(float *sums, const float *matrix, int rows, int columns, int accumulate);

/* What a head is told about its piece of a batch: examples first .. first+rows-1. */
struct head_piece {
    const struct batch *batch;
    int first, rows, outputs;
};

/* Softmax cross-entropy of the logits a[rows][outputs]. Adds weight * loss to score->loss and the
 * errors to score->errors, and writes delta[rows][outputs] = dloss/da * weight / batch size.
 * Finite for any finite logits. */
void softmax_cross_entropy(const float *a, const struct head_piece *, float *delta, struct score *);

/* The same for mean squared error; dloss/da, the last activation's derivative is not in it. */
void mean_squared_error(const float *a, const struct head_piece *, float *delta, struct score *);

#endif
