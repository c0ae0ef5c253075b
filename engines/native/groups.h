/* Examples into groups (images.h) and back. */
#ifndef BATCHLAB_NATIVE_GROUPS_H
#define BATCHLAB_NATIVE_GROUPS_H

#include "native/images.h"
#include "native/vector.h"

typedef int lane_index __attribute__((vector_size(4 * LANES)));

/* The images of a batch: in groups, or one example after the other. */
struct images {
    struct shape shape;
    int rows, grouped;
    int group; /* examples of a group */
};

/* Where a group is worked on, [channels][height with a border above and below][row]: rows of so
 * many floats, images `left` columns from their beginnings. */
struct planes {
    size_t row;
    int left, border;
};

/* Zeros into space, plane_of() floats a channel and a vector, if take_group() will use it: they
 * stay beside the images. */
void NATIVE(clear_planes)(const struct images *, const struct planes *, float *space);

/* Group `first` / group of x on planes, without the border above the first: where it is, if it lies
 * like that, else in space, zeros beside it. Examples that the group lacks are 0. */
const float *NATIVE(take_group)(const struct images *, const float *x, int first,
                                const struct planes *, float *space);

/* Where the group goes that begins with example `first`: in a, or in space, from where give_group()
 * takes it to its place in a. A vector behind it is read as well. */
float *NATIVE(place_of_group)(const struct images *, float *a, int first, float *space);
void NATIVE(give_group)(const struct images *, const float *space, int first, float *a);

/* Zeros behind the columns of a group's rows. */
void NATIVE(clear_filling)(const struct images *, float *group);

static inline size_t plane_of(const struct images *images, const struct planes *planes)
{
    return (size_t)(images->shape.height + 2 * planes->border) * planes->row;
}

static inline size_t row_of(const struct images *images)
{
    return native_row(images->shape.width, images->group, LANES);
}

#endif
