/* The random numbers of NumPy's RandomState (its legacy streams, frozen by NEP 19), for problems
 * that are published as a seed of it. Everything else draws from base/rng.h.
 *
 * The generator is MT19937 (Matsumoto and Nishimura 1998, initialised as in 2002), which GSL has.
 */
#ifndef BATCHLAB_NUMPY_STREAM_H
#define BATCHLAB_NUMPY_STREAM_H

#include <stdint.h>

struct numpy_stream {
    void *generator; /* owned */
    double saved;    /* the second value of a pair of normal ones */
    int has_saved;
};

/* RandomState(seed), seed >= 1. 0, or -1 with the error set. */
int numpy_open(struct numpy_stream *, uint32_t seed);
void numpy_close(struct numpy_stream *); /* accepts a zeroed struct */

/* random_sample(): uniform on [0, 1), 53 bits of two words. */
double numpy_uniform(struct numpy_stream *);

/* standard_normal(): the polar method (Marsaglia and Bray 1964), pairs in NumPy's order. */
double numpy_normal(struct numpy_stream *);

#endif
