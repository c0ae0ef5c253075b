/* Times training steps of one cell: warm-up, then blocks until the median is known well enough. */
#ifndef BATCHLAB_THROUGHPUT_H
#define BATCHLAB_THROUGHPUT_H

#include "train/team.h"
#include "train/train.h"

enum throughput_input {
    INPUT_GATHER,      /* random rows of the stored data set, a new draw each step */
    INPUT_PREGATHERED, /* contiguous floats, gathered before: batches in turn out of a pool of twice
                          the last cache (at least 16384 and K examples; without these, at most
                          256 MiB), so that inputs come from memory, not from cache */
    INPUT_COUNT,
};

extern const char *const throughput_input_names[INPUT_COUNT];

struct timed_block {
    enum throughput_input input;
    long updates;
    double seconds;
};

struct rate {
    double median, q1, q3; /* examples per second, over blocks */
    int blocks;
};

struct throughput_result {
    enum outcome outcome;
    char reason[256];
    struct timed_block *blocks; /* [block_count] in order of time, owned */
    int block_count;
    struct rate rates[INPUT_COUNT];
    long updates; /* all timed ones, gathering */
    double train_seconds, setup_seconds;
    struct team_traffic traffic; /* of those updates */
    double *live; /* [layer_count] as live_units counts them over the first 256 gathered examples at
                     the theta where timing ended; owned; NULL where K > 1 or it does not apply */
};

/* A step is what training does for a batch: draw, gradient, update by the cell's rule. 0, or -1
 * (error set). */
int throughput(const struct workbench *, struct throughput_result *);
void throughput_free(struct throughput_result *);

#endif
