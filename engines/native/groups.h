/* Groups: as many examples as a vector has lanes, each value of theirs one vector. Whatever sizes
 * images have, every layer then works on whole vectors. */
#ifndef BATCHLAB_NATIVE_GROUPS_H
#define BATCHLAB_NATIVE_GROUPS_H

#include "native/images.h"
#include "native/vector.h"

/* Values of examples that lie in groups, [group][values][LANES], or one after the other. */
struct examples {
    size_t values; /* of one */
    int grouped;
};

/* The group that begins with example `first` of x, [values][LANES]: where it is or, if it has to be
 * put together, in space; 0 in the examples that it lacks. */
const float *NATIVE(take_group)(const struct examples *, const float *x, int first, int rows,
                                float *space);
/* Back to their place in a, unless they are there: from space[values][LANES]. */
void NATIVE(give_group)(const struct examples *, const float *space, int first, int rows, float *a);

#endif
