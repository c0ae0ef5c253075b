/* The roof of the machine: what its multiply-add units and each level of its memory can do at most,
 * measured in the same run as the engines that are held against it. */
#ifndef BATCHLAB_ROOF_H
#define BATCHLAB_ROOF_H

#include "run/host.h"
#include "run/kernels.h"

enum level { LEVEL_L1, LEVEL_L2, LEVEL_L3, LEVEL_MEMORY, LEVEL_COUNT };

extern const char *const level_names[LEVEL_COUNT];     /* "l1", "l2", "l3", "dram" */
extern const char *const traffic_names[TRAFFIC_COUNT]; /* "read", "write", "triad" */

struct roof {
    int threads;
    double fma_gflops; /* single precision, all threads together; NAN: not known */
    /* GB/s (1e9 bytes), all threads together; NAN where the level is not there, its size is not
     * known or it was not measured. What the loop names is counted: 4 bytes an element read or
     * written, 12 of a triad; no write-allocate. */
    double bandwidth[LEVEL_COUNT][TRAFFIC_COUNT];
    double measured_bytes[LEVEL_COUNT]; /* each thread's buffer; 0: not measured */
    double l1_bytes, l2_bytes;          /* capacity of one core, as the system says; 0: not known */
    double l3_bytes; /* shared by all cores; 0: none, or not known. Of a virtual machine
                        it may be far more than what its neighbours leave */
    double seconds;  /* what measuring took */
};

/* Bytes of each of `threads` buffers that stays in the level: half of L1, half of L2; of L3 four
 * times L2, but no more than a share of its half; of memory a share of four times L3, of 64 to
 * 512 MiB, and of an eighth of memory_bytes at most. 0 where the level has no such size. */
double roof_buffer_bytes(const struct host *, enum level, int threads);

/* Measures with `threads` threads pinned to the first of host->processors, all at the same time
 * between barriers, each with a buffer of its own that it touches first. Of the repetitions the
 * best counts: whatever disturbs one (an interrupt, a neighbour, a stolen processor) only makes it
 * slower, and a roof is what the machine can do. Of the peak, L1 and L2 each thread's best, as each
 * has its own; of L3 and memory, which threads share, the best of all together. To be called in a
 * child process. 0, or -1 with the error set: more threads than processors, no memory.
 * Takes one to two seconds. */
int roof_measure(struct roof *, const struct host *, int threads);

/* roof_measure in a child process: -1 with the error set also if that did not come back. */
int roof_measure_apart(struct roof *, const struct host *, int threads);

/* Every number NAN or 0. */
void roof_clear(struct roof *, const struct host *, int threads);

#endif
