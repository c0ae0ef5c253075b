/* What a cell runs with: its network, its training examples, its engine's sessions. */
#ifndef BATCHLAB_BENCH_H
#define BATCHLAB_BENCH_H

#include "data/training_set.h"
#include "registry.h"
#include "run/cell.h"

struct bench {
    struct training_set training; /* the caller opens it, and points bench.train at it */
    struct model model;
    struct loaded_engine loaded;
    struct workbench bench;
    void **more_sessions; /* [workers - 1] */
    const struct assignment *assignment;
    double resident;    /* bytes, before the session was opened */
    double peak_before; /* the most until then */
};

/* Everything but training examples and engine. The campaign, the cell and the assignment are
 * borrowed. */
void bench_describe(struct bench *, const struct campaign *, const struct cell *,
                    const struct assignment *);

/* Loads the engine, in a child process only. 1: it supports the cell; 0: it does not, message says
 * why; -1: error in message. */
int bench_load(struct bench *, struct message *);

/* Loads and opens it. 1: ready; 0 and -1 as above. */
int bench_open(struct bench *, struct message *);

int bench_is_loaded(const struct bench *); /* 1: the engine is, whether or not it could be opened */

void bench_close(struct bench *); /* also after a failed open */

struct engine_options bench_options(const struct bench *); /* of its sessions */

/* Examples that a session is given at once in training. */
int bench_largest_part(const struct cell *);

/* Bytes, of the process so far. */
double bench_peak_memory(void);

#endif
