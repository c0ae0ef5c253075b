/* Counter-based random numbers. */
#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>

void rng_init(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint32_t index)
{
    *rng = (struct rng){
        .seed = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .purpose = (uint32_t)purpose,
        .index = index,
    };
}

void rng_seek(struct rng *rng, uint32_t part)
{
    rng->counter = (uint64_t)part << 32;
    rng->left = 0;
}

static void next_block(struct rng *rng)
{
    philox4x32_ctr_t counter = {
        {(uint32_t)rng->counter, (uint32_t)(rng->counter >> 32), rng->purpose, rng->index}};
    philox4x32_key_t key = {{rng->seed[0], rng->seed[1]}};
    philox4x32_ctr_t words = philox4x32(counter, key);

    for (int i = 0; i < 4; i++)
        rng->block[i] = words.v[i];
    rng->counter++;
    rng->left = 4;
}

uint32_t rng_word(struct rng *rng)
{
    if (rng->left == 0)
        next_block(rng);
    return rng->block[4 - rng->left--];
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    uint64_t product = (uint64_t)rng_word(rng) * n;

    if ((uint32_t)product < n) {
        uint32_t threshold = (0u - n) % n; /* words below it would be over-represented */

        while ((uint32_t)product < threshold)
            product = (uint64_t)rng_word(rng) * n;
    }
    return (uint32_t)(product >> 32);
}

double rng_uniform(struct rng *rng)
{
    uint64_t high = rng_word(rng), low = rng_word(rng);

    return ((double)(((high << 32) | low) >> 12) + 0.5) * 0x1p-52; /* one bit more rounds to 1 */
}

double rng_normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(rng_uniform(rng)));

    return radius * cos(2 * M_PI * rng_uniform(rng));
}

void rng_shuffle(struct rng *rng, int32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = rng_below(rng, (uint32_t)i);
        int32_t item = items[i - 1];

        items[i - 1] = items[j];
        items[j] = item;
    }
}
