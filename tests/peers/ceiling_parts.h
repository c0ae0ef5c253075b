/* What a step of dense layers consists of, each part alone on operands that lie where the last
 * repetition left them, and what the machine does at most meanwhile. */
#ifndef BATCHLAB_CEILING_PARTS_H
#define BATCHLAB_CEILING_PARTS_H

#include "engine.h"

enum part_kind { PART_FORWARD, PART_WEIGHTS, PART_INPUTS, PART_ELEMENTWISE };

/* With one row, PART_WEIGHTS is the descent of native, and PART_INPUTS is in it. */
struct part {
    enum part_kind kind;
    int rows, inputs, outputs;
    enum activation activation; /* of the layer */
    int is_last;                /* PART_ELEMENTWISE: the loss is in it */
    int needs_inputs;           /* PART_WEIGHTS of one row: the gradient of the inputs is in it */
    double repeats;             /* in a step of one thread */
};

enum by { BY_NATIVE, BY_ONEDNN, BY_OPENBLAS, BY_BLIS, BY_COUNT };
extern const char *const by_names[BY_COUNT];

/* Loads what there is of the libraries. rows, inputs, outputs: the most of any part. 0, or -1 with
 * the message set. */
int parts_open(int threads, int rows, int inputs, int outputs, struct message *);
void parts_close(void);

/* 1 if the part can be asked of it. Elementwise parts and single descents have one answer only. */
int part_is_by(const struct part *, enum by);

double part_flops(const struct part *); /* of one repetition in one thread; 0: elementwise */

/* Seconds of `times` repetitions in all threads at once, until the last has finished. */
double part_time(const struct part *, enum by, long times);

/* What the product's inner loop does at most, in GFLOP/s of all threads together: */
enum ceiling {
    CEILING_FMA,     /* multiply-adds in registers */
    CEILING_TILE_L1, /* native's tile of 12 rows, both operands in the first cache */
    CEILING_TILE_L2, /* the same, its B read once from the second cache */
    CEILING_TILE_L3, /* or from the third */
    CEILING_READ,    /* GB/s: reading memory that no cache has */
    CEILING_COUNT,
};
extern const char *const ceiling_names[CEILING_COUNT];

double ceiling_rate(enum ceiling);

/* GB/s of reading, or of reading and writing in place (counted twice), an array of so many bytes
 * over and over, by one thread. */
double traffic_rate(size_t bytes, int writes);

#endif
