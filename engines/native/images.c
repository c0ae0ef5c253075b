/* How much memory images need while they are worked on. */
#include "native/images.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t native_images_size(struct shape shape, int rows, int lanes)
{
    size_t most = 0;

    /* Fewer than twice as many examples go in groups of this size, unless it is the largest. */
    for (int group = 1; group <= native_group(rows, lanes); group *= 2) {
        int examples = group < lanes && 2 * group - 1 < rows ? 2 * group - 1 : rows;
        size_t groups = (size_t)((examples + group - 1) / group);

        most = larger(most, groups * native_group_size(shape, group, lanes));
    }
    return most;
}

/* With the zeros of a kernel beside an image, of so many columns: whatever the group, less than
 * these. */
static size_t planes(struct shape shape, int columns, int kernel_width, int lanes)
{
    return (size_t)shape.channels * (size_t)(shape.height + 2) *
               (size_t)((columns + kernel_width) * lanes) +
           (size_t)lanes;
}

size_t native_images_scratch(const struct native_images *images, int lanes)
{
    const struct layer *l = &images->layer;
    size_t in = native_group_size(l->input, lanes, lanes);
    size_t out = native_group_size(l->output, lanes, lanes);

    return larger(in, planes(l->input, l->output.width, l->kernel_width, lanes)) +
           larger(out, planes(l->output, l->input.width, l->kernel_width, lanes)) +
           in + out + (size_t)(2 * lanes);
}
