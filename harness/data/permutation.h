/* A random order of any number of things, computed and not stored.
 *
 * A Feistel network of hashed rounds (Luby, Rackoff 1988) on the smallest power of two above n, 64
 * at least; numbers that fall at n or beyond are sent through it again (cycle walking: Black,
 * Rogaway 2002). Not every order can come, as there are 2^128 keys at most, and it is no cipher. */
#ifndef BATCHLAB_PERMUTATION_H
#define BATCHLAB_PERMUTATION_H

#include "base/rng.h"

enum { PERMUTATION_ROUNDS = 8 };

struct permutation {
    uint32_t n;
    int high_bits, low_bits;
    uint32_t keys[PERMUTATION_ROUNDS];
};

/* Of 0 .. n-1, 1 <= n <= 2^31, by the next words of the stream. */
void permutation_init(struct permutation *, uint32_t n, struct rng *);

/* What stands at place i < n. */
uint32_t permutation_at(const struct permutation *, uint32_t i);

#endif
