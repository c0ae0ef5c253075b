/* Finds training examples that are copies of an earlier one.
 *
 * Copies are examples of the same class, or the same target: what contradicts another example is
 * not its copy. */
#ifndef BATCHLAB_DUPLICATES_H
#define BATCHLAB_DUPLICATES_H

#include "data/dataset.h"

/* Rows of the examples that are no exact copy of one before, in their order, written to kept[]
 * (room for examples->count); returns how many. Copies have the same bytes: a hash finds them, a
 * comparison makes sure. -1: out of memory (error set). */
long duplicates_exact(const struct examples *, size_t inputs, size_t outputs, int32_t *kept);

/* The same for near copies: images of bytes [height][width] with labels, of whose thumbnails the
 * cosine is at least this, (0, 1], to a rounding of 1e-6. An example is compared with those of its
 * class that are kept: the work grows with the square of their number, some 4 s for 10 classes of
 * 5 500. */
long duplicates_near(const struct examples *, int height, int width, int classes, double cosine,
                     int32_t *kept);

enum { THUMBNAIL_SIDE = 14, THUMBNAIL_SIZE = THUMBNAIL_SIDE * THUMBNAIL_SIDE };

/* thumbnail[THUMBNAIL_SIZE] of image[height][width]: the image moved until its centre of brightness
 * is in the middle, so that shifted copies agree; averaged down to at most 14 x 14; less its mean;
 * scaled to length 1. All 0 where the image has one brightness: no copy but of its kind. Of an
 * image with shorter sides the rest is 0.
 *
 * Of the 55 000 training images of Fashion-MNIST (split of seed 1), so many have an earlier one of
 * their class from this cosine on; and of 20 000 copies shifted by a pixel, so many are found:
 *
 *     cosine    dropped         copies found
 *     0.99      6 886 (12.5 %)  95 %           among them other garments, by shape and by print
 *     0.995     1 440 (2.6 %)   88 %           the same
 *     0.998        83 (0.15 %)  70 %           the default
 *     0.999        36 (0.07 %)  57 %
 *     0.9995       21 (0.04 %)  47 % */
void duplicates_thumbnail(const uint8_t *image, int height, int width, float *thumbnail);

#endif
