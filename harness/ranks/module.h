/* What the module of MPI (lib/batchlab/ranks_mpi.so, symbol batchlab_ranks) offers to ranks.c.
 * Built and installed with the program: no interface for others. All return 0 or -1 with *why;
 * collectives, tags and sizes as in ranks.h. */
#ifndef BATCHLAB_RANKS_MODULE_H
#define BATCHLAB_RANKS_MODULE_H

#include "engine.h" /* struct message */
#include "ranks/ranks.h"

struct ranks_module {
    size_t size; /* of this struct: program and module are of one build */
    int (*open)(struct ranks *, struct message *why);
    void (*close)(void);
    void (*abort)(int status);
    int (*barrier)(struct message *why);
    int (*broadcast)(void *bytes, size_t size, int from, struct message *why);
    int (*all_gather)(const void *bytes, size_t size, void *all, struct message *why);
    int (*sum_begin)(float *values, size_t count, int *ticket, struct message *why);
    int (*sum_finish)(int ticket, struct message *why);
    int (*team)(int size, struct message *why);
    int (*team_barrier)(struct message *why);
    int (*team_await)(void *bytes, size_t size, struct message *why);
    int (*team_gather)(const void *bytes, size_t size, void *all, struct message *why);
    int (*team_sum_begin)(void *values, size_t count, size_t element, int *ticket,
                          struct message *why);
    int (*team_slices)(const void *values, size_t count, size_t element, void *slices,
                       struct message *why);
    int (*team_join)(void *values, size_t count, size_t element, struct message *why);
    int (*team_pass)(void *bytes, size_t size, int from, int to, struct message *why);
    int (*shelf_open)(const float *values, size_t count, struct message *why);
    int (*shelf_close)(struct message *why);
    int (*shelf_read)(float *values, size_t count, struct message *why);
    int (*shelf_add)(const float *values, size_t count, struct message *why);
    int (*shelf_count)(int counter, int64_t add, int64_t *before, struct message *why);
    int (*send)(int to, int tag, const void *bytes, size_t size, struct message *why);
    int (*poll)(int *from, int *tag, size_t *size, struct message *why); /* 1: there is one */
    int (*receive)(int from, int tag, void *bytes, size_t size, struct message *why);
};

#endif
