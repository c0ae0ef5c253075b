/* What one cell is trained with: every axis a grid may have, and nothing else. */
#ifndef BATCHLAB_SETTINGS_H
#define BATCHLAB_SETTINGS_H

#include "data/dataset.h"
#include "data/sampler.h"

#include <stdint.h>

#define BATCH_SIZE_FULL 0
/* Left to a choice of the harness, by measurement. */
#define ENGINE_AUTO "auto"
#define THREADS_AUTO 0

struct settings {
    char engine[256];
    char network[32]; /* name among the experiment's networks, or a preset */
    int batch_size;   /* K, or BATCH_SIZE_FULL */
    double learning_rate;
    char optimizer[32];
    double momentum, beta1, beta2, epsilon;
    int redundancy;
    enum redundancy_mode redundancy_mode;
    enum copies copies;
    enum sampling sampler;
    enum last_batch last_batch;
    int threads; /* or THREADS_AUTO */
    int chunk;   /* ENGINE_CHUNK_AUTO, ENGINE_CHUNK_NONE, or examples */
    uint64_t seed;
};

#endif
