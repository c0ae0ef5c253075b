/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011; Random123).
 * A stream is a pure function of (seed, purpose, index): it does not depend on threads, on ranks,
 * or on how much another stream has been used. */
#ifndef BATCHLAB_RNG_H
#define BATCHLAB_RNG_H

#include <stddef.h>
#include <stdint.h>

/* One purpose, one family of streams, so that changing one leaves the others alone. The numbers are
 * part of what a seed means: add at the end, never renumber. */
enum rng_purpose {
    RNG_DATA = 1,    /* synthetic examples */
    RNG_SPLIT = 2,   /* train / validation / test permutation */
    RNG_WEIGHTS = 3, /* initial parameters */
    RNG_ORDER = 4,   /* sampler */
    RNG_JITTER = 5,  /* perturbation of redundant copies */
    RNG_PLAN = 6,    /* run order of cells */
    RNG_TEST = 7,    /* conformance cases */
    RNG_LABELS = 8,  /* label noise */
    RNG_AUGMENT = 9, /* augmentation of drawn examples */
    RNG_SHIFT = 10,  /* shifted copies of the test set */
    RNG_NOISE = 11,  /* added to gradients */
    RNG_PROBE = 12,  /* mini-batches and directions of probes */
    RNG_JUDGE = 13,  /* bootstrap resamples and permutations */
    RNG_SUBSET = 14, /* which training examples a cell uses */
    RNG_GATE = 15,   /* order of paired measurements */
    RNG_BLOCKS = 16, /* sampler, of blocks and within them */
    RNG_PARTS = 17,  /* sampler, seeds of its parts */
};

struct rng {
    uint32_t seed[2], purpose, index;
    uint64_t counter; /* blocks drawn so far */
    uint32_t block[4];
    int left; /* words of the block not used yet */
};

/* index tells streams of one purpose apart (an epoch, a layer, an example), < 2^32. */
void rng_init(struct rng *, uint64_t seed, enum rng_purpose, uint32_t index);

/* Goes to the start of part `part` of the stream, of 2^34 words each; a fresh stream is at part 0.
 */
void rng_seek(struct rng *, uint32_t part);

uint32_t rng_word(struct rng *);

/* Uniform on 0 .. n-1 without modulo bias, n >= 1 (Lemire 2019). */
uint32_t rng_below(struct rng *, uint32_t n);

/* Uniform on the open interval (0, 1), 52 bits. */
double rng_uniform(struct rng *);

/* Standard normal (Box and Muller 1958). */
double rng_normal(struct rng *);

/* Uniform random permutation in place (Fisher and Yates). count < 2^32. */
void rng_shuffle(struct rng *, int32_t *items, size_t count);

#endif
