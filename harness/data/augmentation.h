/* Random variations of images of bytes, made anew each time an example is drawn. */
#ifndef BATCHLAB_AUGMENTATION_H
#define BATCHLAB_AUGMENTATION_H

#include <stdint.h>

/* In this order, each with its own random numbers; 0 leaves one out. */
struct augmentation_spec {
    char name[32];
    int crop;     /* pixels: a window of (height - c) x (width - c), c uniform on 0 .. crop, at a
                     uniformly random place, is brought back to height x width by bilinear
                     interpolation (random resized crop). Below the shorter side */
    int shift;    /* pixels: moved by uniform whole numbers of -shift .. shift, each way; 0 comes in
                     from beyond the border. The same as padding with zeros and cutting back. Below
                     the shorter side */
    double flip;  /* probability [0, 1] of left and right changing sides */
    double noise; /* standard deviation of normal noise on each pixel as a share of the range of a
                     byte, [0, 1]; rounded, cut at 0 and 255. Drawn from 4096 equally likely values,
                     so none beyond 3.7 deviations */
};

struct augmenter;

/* For images [height][width]. -1: out of memory (error set). */
int augmenter_open(struct augmenter **, const struct augmentation_spec *, int height, int width,
                   uint64_t seed);
void augmenter_close(struct augmenter *); /* accepts NULL */

/* target[height][width] = the variation that drawn example number `draw` gets of source: a function
 * of (seed, draw modulo 2^32, source) alone. They do not overlap. */
void augmenter_apply(struct augmenter *, const uint8_t *source, uint8_t *target, uint64_t draw);

#endif
