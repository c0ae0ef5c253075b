/* An epoch in blocks. */
#include "data/block_order.h"

#include "base/error.h"
#include "base/rng.h"

#include <stdlib.h>

int block_order_open(struct block_order *blocks, size_t count, size_t block, uint64_t seed)
{
    block = block < count ? block : count;
    *blocks = (struct block_order){.seed = seed, .count = count, .block = block};
    blocks->block_count = (count + block - 1) / block;
    blocks->order = malloc(blocks->block_count * sizeof *blocks->order);
    blocks->places = malloc(block * sizeof *blocks->places);
    if (blocks->order && blocks->places)
        return 0;
    block_order_close(blocks);
    return error_set("sampler: out of memory for blocks of %zu of %zu examples", block, count);
}

void block_order_close(struct block_order *blocks)
{
    free(blocks->order);
    free(blocks->places);
    blocks->order = blocks->places = NULL;
}

static size_t size_of(const struct block_order *blocks, size_t block)
{
    size_t first = block * blocks->block, left = blocks->count - first;

    return left < blocks->block ? left : blocks->block;
}

/* Makes it the current one: its places, shuffled by part block + 1 of the epoch's stream. */
static void enter(struct block_order *blocks, size_t current)
{
    size_t block = (size_t)blocks->order[current];
    struct rng rng;

    blocks->current = current;
    blocks->size = size_of(blocks, block);
    for (size_t i = 0; i < blocks->size; i++)
        blocks->places[i] = (int32_t)(block * blocks->block + i);
    rng_init(&rng, blocks->seed, RNG_BLOCKS, blocks->epoch);
    rng_seek(&rng, (uint32_t)block + 1);
    rng_shuffle(&rng, blocks->places, blocks->size);
}

void block_order_start(struct block_order *blocks, uint32_t epoch)
{
    struct rng rng;

    blocks->epoch = epoch;
    for (size_t b = 0; b < blocks->block_count; b++)
        blocks->order[b] = (int32_t)b;
    rng_init(&rng, blocks->seed, RNG_BLOCKS, epoch);
    rng_shuffle(&rng, blocks->order, blocks->block_count);
    blocks->first = 0;
    enter(blocks, 0);
}

size_t block_order_at(struct block_order *blocks, size_t position)
{
    if (position < blocks->first) {
        blocks->first = 0;
        enter(blocks, 0);
    }
    if (position >= blocks->first + blocks->size) {
        size_t current = blocks->current, first = blocks->first, size = blocks->size;

        while (position >= first + size) {
            first += size;
            size = size_of(blocks, (size_t)blocks->order[++current]);
        }
        blocks->first = first;
        enter(blocks, current);
    }
    return (size_t)blocks->places[position - blocks->first];
}

int block_order_next(const struct block_order *blocks, size_t *first, size_t *last)
{
    size_t block;

    if (blocks->current + 1 >= blocks->block_count)
        return 0;
    block = (size_t)blocks->order[blocks->current + 1];
    *first = block * blocks->block;
    *last = *first + size_of(blocks, block) - 1;
    return 1;
}
