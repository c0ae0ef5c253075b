/* What a cell costs and computes, counted instead of timed: FLOPs, calls of the engine, memory
 * taken, updates to a target, the loss at the end. The same build on the same machine gives the
 * same numbers, or nearly so, whatever else the machine does; counts_judge.h compares two. */
#ifndef BATCHLAB_COUNTS_H
#define BATCHLAB_COUNTS_H

#include "train/train.h"

#include <stdio.h>

/* From before the session is opened to after the last counted update. Bytes are those asked for;
 * an allocation is a successful malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign,
 * valloc, pvalloc, anonymous mmap or growing mremap of anyone in the process. Without the library
 * of counts_preload_path they are unknown. */
enum count_quantity {
    COUNT_FLOPS,          /* by the harness's formula, of the examples the engine was given */
    COUNT_GRADIENT_CALLS, /* one of them for the untimed gradient before the first update */
    COUNT_GRADIENT_EXAMPLES,
    COUNT_STEP_CALLS, /* sgd_step */
    COUNT_STEP_EXAMPLES,
    COUNT_LOSS_CALLS,
    COUNT_LOSS_EXAMPLES,
    COUNT_NORM_CALLS, /* gradient_norms */
    COUNT_NORM_EXAMPLES,
    COUNT_OPEN_ALLOCATIONS, /* session, parameters, rule, sampler, the untimed gradient */
    COUNT_OPEN_BYTES,
    COUNT_FIRST_ALLOCATIONS, /* during the first update */
    COUNT_FIRST_BYTES,
    COUNT_STEADY_ALLOCATIONS, /* during all further ones: 0, or something takes memory in each */
    COUNT_STEADY_BYTES,
    COUNT_RETAINED_BYTES, /* held once all is closed, above the start: pools and plans that a
                             library keeps, or a leak. Usable bytes, as malloc_usable_size has them;
                             negative where older memory was freed */
    COUNT_PEAK_BYTES, /* resident, above the start of the run; VmHWM, where the system lets it be
                         set back (run/resident.h) */
    COUNT_PEAK_RUSAGE_BYTES, /* where it does not: ru_maxrss, above its own value at the start; 0
                                where the process had needed more before. One of the two is unknown
                              */
    COUNT_UPDATES_TO_TARGET, /* +infinity: not reached; see struct counts_request */
    /* By engine `reference` in double precision, of the parameters after the first update, where
     * rounding alone has little to say, and after the last one. An objective's, which that engine
     * does not know, by the engine itself. May be not finite, if training diverged. */
    COUNT_FIRST_LOSS,
    COUNT_FINAL_LOSS,
    COUNT_QUANTITIES
};

struct count_name {
    const char *key;  /* in a line: "steady_bytes" */
    const char *unit; /* "bytes", "FLOP", "" */
    const char *what; /* for a person: "bytes taken after the first update" */
};
extern const struct count_name count_names[COUNT_QUANTITIES];

struct count {
    int known;
    double value;
};

/* One cell's. What comes before `of` is what was done: numbers of two that did something else are
 * not compared. */
struct counts {
    char engine[256]; /* as in the experiment: `blas:blis`, a path */
    char network[64];
    double batch_size, threads, parameters, flops_per_example;
    double updates; /* counted ones */
    double learning_rate, seed;
    double loss_examples; /* that the losses are of: the first of the cell's training examples */
    struct count of[COUNT_QUANTITIES];
};

/* 0 in a field: the default. */
struct counts_request {
    /* Counted updates; by default as many as 2e9 FLOP are, at least 4, at most 256. */
    long updates;
    /* Goes on uncounted until the target is reached, up to this many; by default 4 times `updates`.
     */
    long most_updates;
    /* By default the cell's, or for a cell of throughput, whose rate trains nothing, that of
     * counts_rate(). */
    double learning_rate;
    /* The target is reached when the mean loss of the last n batches is at most this part of the
     * mean of the first n, each batch's loss taken before its update; n: as many as hold 64
     * examples. By default 0.5. Both means are of many examples, so that one lucky batch decides
     * nothing, and come with the updates: no evaluation disturbs what is counted. Unknown where the
     * loss does not start above 0. */
    double target;
    size_t loss_examples; /* by default as many as a forward pass of 5e7 FLOP is, 16 .. 256 */
};

/* Rate at which a batch of so many examples trains visibly and safely: 0.01 sqrt(K), at most 0.1.
 */
double counts_rate(int batch_size);

/* Trains the cell from its seeded start and counts. To be called in a process of its own, before
 * anything else in it has opened the engine: what a library takes once is counted for the first
 * session alone. bench: its engine loaded; its session is not used, one is opened with these
 * options and closed. The cell has one worker. Loads `reference` afterwards, beside the engine. 0;
 * -1: the engine failed, out of memory (error set). */
int counts_measure(const struct workbench *bench, const struct engine_options *options,
                   const struct counts_request *request, struct counts *counts);

/* One line of `key=value` between spaces, with its newline; unknown quantities are left out. */
void counts_print(FILE *file, const struct counts *counts);

/* The line, with or without its newline. Keys it does not know are passed over, and quantities that
 * are not there are unknown, so lines of older and newer programs can be read. -1: not a line of
 * counts, a key twice, a value that is no number or cannot be one of that quantity (error set). */
int counts_parse(struct counts *counts, const char *line);

/* The library to be named in LD_PRELOAD of a process that calls counts_measure, so that allocations
 * are counted: ../lib/batchlab/count_allocations.so beside the folder of the running program, or
 * $BATCHLAB_COUNTER. One serves programs of any version. -1 where there is none, as in a build
 * with sanitizers, or its path has a blank or a colon (error set): start the process without. */
int counts_preload_path(char *path, size_t size);

#endif
