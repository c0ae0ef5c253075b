/* An epoch in blocks: the places 0 .. count - 1 are cut into blocks, which come in random order,
 * each with its places in random order. Kept is the order of the blocks, and of one block's places.
 *
 * Both are functions of (seed, epoch), and what is within a block of that and the block alone. */
#ifndef BATCHLAB_BLOCK_ORDER_H
#define BATCHLAB_BLOCK_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct block_order {
    uint64_t seed;
    size_t count, block; /* places in all, and of a block; the last block has what is left */
    size_t block_count;
    uint32_t epoch;
    int32_t *order;     /* [block_count], blocks as they come */
    int32_t *places;    /* [block], of the current one, as they come */
    size_t current;     /* which of them it is, in `order` */
    size_t first, size; /* its first position in the epoch, and how many it has */
};

/* count and block 1 .. 2^31 - 1. -1: out of memory (error set). Nothing is drawn before
 * block_order_start. */
int block_order_open(struct block_order *, size_t count, size_t block, uint64_t seed);
void block_order_close(struct block_order *); /* accepts a zeroed struct */

void block_order_start(struct block_order *, uint32_t epoch);

/* The place drawn at this position, 0 .. count - 1, of the epoch. Quick for positions one after
 * another; any other is right as well. */
size_t block_order_at(struct block_order *, size_t position);

/* The first and the last place of the block after the current one. 0: it is the epoch's last. */
int block_order_next(const struct block_order *, size_t *first, size_t *last);

#endif
