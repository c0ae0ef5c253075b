/* The examples of DeepOBS's quadratic_deep. */
#include "data/quadratic_deep.h"

#include "base/error.h"
#include "base/numpy_stream.h"

#include <stddef.h>
#include <stdlib.h>

static const double deviation = 0.6;
static const uint32_t train_seed = 42, test_seed = 43;

static int draw_rows(float *features, size_t rows, uint32_t seed)
{
    struct numpy_stream stream;

    if (numpy_open(&stream, seed) != 0)
        return -1;
    for (size_t i = 0; i < rows * QUADRATIC_DEEP_FEATURES; i++)
        features[i] = (float)(deviation * numpy_normal(&stream));
    numpy_close(&stream);
    return 0;
}

int quadratic_deep_draw(float **features)
{
    size_t rows = QUADRATIC_DEEP_TRAIN + QUADRATIC_DEEP_TEST;

    *features = calloc(rows * QUADRATIC_DEEP_FEATURES, sizeof **features);
    if (!*features)
        return error_set("dataset: out of memory for quadratic_deep");
    if (draw_rows(*features, QUADRATIC_DEEP_TRAIN, train_seed) == 0 &&
        draw_rows(*features + (size_t)QUADRATIC_DEEP_TRAIN * QUADRATIC_DEEP_FEATURES,
                  QUADRATIC_DEEP_TEST, test_seed) == 0)
        return 0;
    free(*features);
    *features = NULL;
    return -1;
}
