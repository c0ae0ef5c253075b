/* What one cell is trained with: every axis a grid may have, and nothing else. */
#ifndef BATCHLAB_SETTINGS_H
#define BATCHLAB_SETTINGS_H

#include "data/dataset.h"
#include "data/sampler.h"
#include "data/training_set.h"
#include "train/rule.h"

#include <stdint.h>

#define BATCH_SIZE_FULL 0
/* Left to a choice of the harness, by measurement. */
#define ENGINE_AUTO "auto"
#define THREADS_AUTO 0
#define SCHEDULE_NONE "constant"
#define BUDGET_COMMON "default"
#define WEIGHTING_NONE "none"
#define AUGMENTATION_NONE "none"

enum transport { TRANSPORT_THREADS, TRANSPORT_MPI, TRANSPORT_MPI_ASYNC }; /* between workers */

/* What a worker draws its share of a batch from: all examples, or a range of them that no other
 * worker draws from. */
enum worker_data { WORKER_DATA_SHARED, WORKER_DATA_OWN };

/* How the gradients of ranks are added: in the order of threads' ones, to the same bytes; or in
 * whatever order MPI's library takes. */
enum reduction { REDUCTION_FIXED_ORDER, REDUCTION_LIBRARY };

enum rate_scaling { RATE_SCALING_NONE, RATE_SCALING_LINEAR, RATE_SCALING_SQRT };

struct settings {
    char engine[256];
    char network[32]; /* name among the experiment's networks, or a preset */
    int batch_size;   /* K, or BATCH_SIZE_FULL */
    double learning_rate;
    enum rate_scaling rate_scaling; /* with K */
    int base_batch_size;            /* K at which the rate is learning_rate */
    char schedule[32];              /* name among the experiment's schedules; "constant": none */
    char budget[32]; /* name among the experiment's budgets; "default": the one of `budget:` */
    char optimizer[32];
    struct rule_parameters rule; /* snapshot and average_from are those below, in epochs */
    double gradient_noise;       /* standard deviation */
    double snapshot_epochs;      /* svrg: from one full gradient to the next */
    double average_from;         /* asgd: epochs before averaging starts */
    int subset;                  /* n, or SUBSET_ALL */
    double imbalance, label_noise;
    int redundancy;
    enum redundancy_mode redundancy_mode;
    enum copies copies;
    enum deduplicate deduplicate;
    double near_cosine;
    enum order order; /* of the examples where nothing shuffles them */
    enum sampling sampler;
    int block;          /* examples, of SAMPLING_BLOCKS */
    char weighting[32]; /* name among the experiment's weightings, or a preset; "none" */
    enum class_weights class_weights;
    enum last_batch last_batch;
    char augmentation[32]; /* name among the experiment's augmentations; "none" */
    int threads;           /* or THREADS_AUTO */
    int chunk;             /* ENGINE_CHUNK_AUTO, ENGINE_CHUNK_NONE, or examples */
    enum precision precision;
    int micro_batch; /* examples of a piece of a batch; 0: the batch is one piece */
    int workers;     /* each with its share of a batch */
    enum worker_data worker_data;
    enum transport transport;
    enum reduction reduction;
    int overlap; /* 1: a sum of ranks begins as soon as what is added is final */
    int delay;   /* updates that a gradient's point is old */
    uint64_t seed;
};

#endif
