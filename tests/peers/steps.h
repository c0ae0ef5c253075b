/* Training steps on batches that lie gathered in memory, as the programs of this folder time them.
 * Whatever fails ends the program with one line. */
#ifndef BATCHLAB_STEPS_H
#define BATCHLAB_STEPS_H

#include "plan/plan.h"
#include "train/step.h"

/* All training images of Fashion-MNIST as floats, in the order of the data set. */
struct pool {
    const float *features; /* [count][inputs] */
    const int32_t *labels;
    size_t count, inputs, next;
};

/* One cell of the harness, as a file would describe it, and a stepper for it. */
struct cell_steps {
    struct experiment experiment;
    struct plan plan;
    struct model model;
    struct workbench bench;
    struct stepper stepper;
    int is_open; /* 0: the engine does not support the network */
};

_Noreturn void give_up(const char *reason);

void experiment_of(struct experiment *, const char *engine, int threads, const char *network,
                   int k);

void pool_open(struct pool *, const struct dataset *);
void pool_close(struct pool *);

/* network: a name of an experiment ("S", "M", "L", "lenet"). loaded stays the caller's. */
void steps_open(struct cell_steps *, const struct dataset *, const struct loaded_engine *loaded,
                const char *engine, int threads, const char *network, int k);
void steps_close(struct cell_steps *);

/* Seconds of so many steps, through the pool from where the last ones ended. */
double steps_time(struct cell_steps *, struct pool *, long steps);

#endif
