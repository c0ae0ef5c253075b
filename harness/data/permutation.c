/* A random order of any number of things, computed and not stored. */
#include "data/permutation.h"

void permutation_init(struct permutation *permutation, uint32_t n, struct rng *rng)
{
    int bits = 6;

    while (((uint64_t)1 << bits) < n)
        bits++;
    *permutation = (struct permutation){.n = n, .high_bits = bits / 2, .low_bits = bits - bits / 2};
    for (int r = 0; r < PERMUTATION_ROUNDS; r++)
        permutation->keys[r] = rng_word(rng);
}

/* All bits of the result depend on all of the word (MurmurHash3's finalizer: Appleby 2011). */
static uint32_t mix(uint32_t word)
{
    word ^= word >> 16;
    word *= 0x85ebca6bu;
    word ^= word >> 13;
    word *= 0xc2b2ae35u;
    return word ^ word >> 16;
}

uint32_t permutation_at(const struct permutation *permutation, uint32_t i)
{
    const uint32_t low_mask = ((uint32_t)1 << permutation->low_bits) - 1;
    const uint32_t high_mask = ((uint32_t)1 << permutation->high_bits) - 1;

    do {
        uint32_t high = i >> permutation->low_bits, low = i & low_mask;

        for (int r = 0; r < PERMUTATION_ROUNDS; r += 2) {
            high ^= mix(low + permutation->keys[r]) & high_mask;
            low ^= mix(high + permutation->keys[r + 1]) & low_mask;
        }
        i = high << permutation->low_bits | low;
    } while (i >= permutation->n);
    return i;
}
