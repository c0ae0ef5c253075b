/* Copies of the test set that differ from it in a way that does not change what is to be seen: what
 * a model has learned of the variation between examples shows in its errors there. */
#ifndef BATCHLAB_SHIFTED_H
#define BATCHLAB_SHIFTED_H

#include "data/dataset.h"

/* A kind that is added comes last: an example's copies share a stream of random numbers. */
enum shift {
    SHIFT_TRANSLATED, /* by up to 2 pixels each way, never by nothing; 0 comes in */
    SHIFT_BRIGHTNESS, /* every pixel times one factor, uniform on 0.5 .. 1.5; cut at 255 */
    SHIFT_ROTATED,    /* about the centre by an angle uniform on +-15 degrees, bilinear; 0 comes in
                       */
    SHIFT_TEXTURED,   /* a background of smooth random grey, 0 .. 127, shines through where the
                         image is dark: pixel + (1 - pixel / 255) texture */
    SHIFT_COUNT
};

extern const char *const shift_names[SHIFT_COUNT]; /* as in the columns of cells.csv */

struct shifted_tests {
    struct examples
        tests[SHIFT_COUNT]; /* each as many as there are test examples, in their order */
    uint8_t *images;        /* [SHIFT_COUNT][count][inputs], owned */
    int32_t *labels, *rows; /* [count], shared by all */
};

/* For test examples that are images of bytes. Copies of an example depend on (seed, stored row)
 * alone. -1: out of memory (error set). */
int shifted_open(struct shifted_tests *, const struct dataset *, uint64_t seed);
void shifted_close(struct shifted_tests *); /* accepts NULL and a zeroed struct */

#endif
