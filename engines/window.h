/* What convolutions and pooling need beside matrix products: images laid out as columns, and the
 * windows of pooling. Images are [channels][height][width] without gaps; each function is called by
 * one thread on its own images. */
#ifndef BATCHLAB_WINDOW_H
#define BATCHLAB_WINDOW_H

#include "engine.h"

/* columns[c][i][j][y][v] = x[c][y + i - padding_height][v + j - padding_width], 0 outside the
 * image: one row for each weight of an output, one column for each place. */
void image_to_columns(const struct layer *, const float *x, float *columns);

/* The other way, as gradients go: x[c][.][.] = the sum of the columns' elements taken from there.
 */
void columns_to_image(const struct layer *, const float *columns, float *x);

/* 1 if the columns are the image itself: 1 x 1 without padding. */
int columns_are_image(const struct layer *);

/* a[output values] = the largest of each window; not-a-number counts as larger than any number. */
void pool_largest(const struct layer *, const float *x, float *a);

/* dx[input values] = the sum of the deltas of the windows whose largest value is there, the first
 * of equals row by row. */
void pool_gradient(const struct layer *, const float *delta, const float *x, float *dx);

#endif
