/* Convolutions and pooling of the engine `native`: how their images lie while they are worked on.
 */
#ifndef BATCHLAB_NATIVE_IMAGES_H
#define BATCHLAB_NATIVE_IMAGES_H

#include "engine.h"

#include <stddef.h>

/* A layer of images among many examples: whether its inputs and its outputs lie in groups of as
 * many examples as a vector has lanes, [group][value][example], or one example after the other. */
struct native_images {
    struct layer layer;
    int reads_groups, writes_groups;
};

/* Floats of scratch for groups of so many examples. */
size_t native_images_scratch(const struct native_images *, int lanes);

/* Images of few examples lie in planes, one a channel, with the convolution's zeros around them,
 * and are read as if each were one long row: the place of output (y, v) is q = y * width + v, and
 * the pixel that weight (i, j) meets there is plane[q + i * width + j]. So every weight meets whole
 * vectors, only further on. Places beyond the output's width are computed as well and belong to
 * nobody: the deltas there are 0. */
struct native_geometry {
    struct layer layer;
    int width;       /* of a row with its zeros */
    int places;      /* output height * width, rounded up to whole panels of any vectors */
    int pixels;      /* input height * width, likewise */
    int reach;       /* from a place to the pixel that the last weight meets there */
    int plane;       /* floats of a plane of the input */
    int margin;      /* zeros before place 0 in a plane of deltas, at least `reach` */
    int delta_plane; /* floats of a plane of deltas */
    int together;    /* examples whose weight gradients are summed in registers */

    int row; /* weights of an output channel */
    /* Weights in the contract's order (c, i, j): from place 0 to the pixel met there. [row] */
    int *met;
    /* The same in the order (i, c, j), in which the rows of the kernel follow each other, and where
     * each stands in the contract's. [row] */
    int *met_by_row, *weight_by_row;
    /* In the order (i, o, j): from the first pixel to the place whose delta it gets back. [kernel
     * height * output channels * kernel width] */
    int *back_by_row;
};

/* For a convolution. 0; -1 if there is no memory: nothing is held then. */
int native_geometry_open(struct native_geometry *, const struct layer *);
void native_geometry_close(struct native_geometry *); /* accepts a zeroed struct */

/* Floats of scratch for the functions on it. */
size_t native_geometry_scratch(const struct native_geometry *);

#endif
