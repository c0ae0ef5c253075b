/* The examples of DeepOBS's quadratic_deep (Schneider, Balles, Hennig 2019): N(0, 0.6^2) in 100
 * dimensions, 1000 for training from RandomState(42) and 1000 for testing from RandomState(43), of
 * which batches of 128 use the first 896. */
#ifndef BATCHLAB_QUADRATIC_DEEP_H
#define BATCHLAB_QUADRATIC_DEEP_H

enum {
    QUADRATIC_DEEP_FEATURES = 100,
    QUADRATIC_DEEP_TRAIN = 1000,
    QUADRATIC_DEEP_TEST = 7 * 128,
};

/* features[QUADRATIC_DEEP_TRAIN + QUADRATIC_DEEP_TEST][QUADRATIC_DEEP_FEATURES], training examples
 * first, to be freed by the caller. 0, or -1 with the error set and NULL. */
int quadratic_deep_draw(float **features);

#endif
