/* Convolutions and pooling of the engine `native`: how images lie while they are worked on.
 *
 * Examples go in groups, and a vector holds the same columns of all of them: one column of as many
 * examples as it has lanes or, where a batch is smaller, several columns of fewer. A group is
 * [channels][height][row], and a row [columns][examples of the group], filled up to whole vectors:
 * with numbers that are nobody's and, where they are deltas, with 0. */
#ifndef BATCHLAB_NATIVE_IMAGES_H
#define BATCHLAB_NATIVE_IMAGES_H

#include "engine.h"

#include <stddef.h>

/* A layer of images, and whether its inputs and its outputs lie in groups or, as everywhere else,
 * one example after the other. */
struct native_images {
    struct layer layer;
    int reads_groups, writes_groups;
};

/* Examples in a group: a power of two, so that they and their columns fill vectors. */
static inline int native_group(int rows, int lanes)
{
    int group = 1;

    while (2 * group <= rows && 2 * group <= lanes)
        group *= 2;
    return group;
}

/* Floats of a group's rows of so many columns. */
static inline size_t native_row(int columns, int group, int lanes)
{
    size_t count = (size_t)columns * (size_t)group, whole = (size_t)lanes;

    return (count + whole - 1) / whole * whole;
}

static inline size_t native_group_size(struct shape shape, int group, int lanes)
{
    return (size_t)shape.channels * (size_t)shape.height * native_row(shape.width, group, lanes);
}

/* Floats of so many examples in groups, and of any fewer. */
size_t native_images_size(struct shape, int rows, int lanes);

/* Floats of scratch for the functions of such a layer. */
size_t native_images_scratch(const struct native_images *, int lanes);

#endif
