/* Draws the rows of the next batch, and what each of them weighs. */
#ifndef BATCHLAB_SAMPLER_H
#define BATCHLAB_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

struct checkpoint;

enum sampling {
    SAMPLING_RESHUFFLE,        /* without replacement, a new order every epoch */
    SAMPLING_ONCE,             /* one random order, the same in every epoch */
    SAMPLING_WITH_REPLACEMENT, /* independent uniform draws */
    SAMPLING_NONE,             /* the same order every epoch, not a random one: see enum order */
    SAMPLING_BALANCED,         /* independent draws: each class that has examples with the same
                                  probability, of them each example with the same */
    SAMPLING_WEIGHTED,         /* independent draws, p_i = w_i / sum of w */
    SAMPLING_IMPORTANCE, /* the same, and each example drawn weighs 1 / (N p_i): the expectation of
                            a batch's gradient is that of the mean loss, whatever the weights */
    SAMPLING_BLOCKS,     /* without replacement: the examples, in the order of enum order, are cut
                            into blocks; each epoch has the blocks in a new order, and each block
                            its examples. So what lies together in a file is read together */
};

/* 1: draws are independent of each other, so that an epoch has no last batch. */
int sampling_is_independent(enum sampling);

enum last_batch {
    LAST_BATCH_DROP, /* an epoch is floor(N / K) batches; the rest of the order is not used */
    LAST_BATCH_KEEP, /* the last batch holds the N mod K examples left, weighted as size / K, so
                        that every example moves theta equally in an epoch */
};

/* Of SAMPLING_NONE and SAMPLING_BLOCKS. */
enum order {
    ORDER_STORED, /* ascending stored row: the order of the file */
    ORDER_CLASS,  /* one class after the other, in each by ascending stored row */
};

/* What an example's loss counts, however it is drawn. */
enum class_weights {
    CLASS_WEIGHTS_NONE,    /* 1 */
    CLASS_WEIGHTS_INVERSE, /* N / (C n_c), n_c its class's examples, C classes that have any: each
                              class has the same share of the mean loss (King, Zeng 2001) */
    CLASS_WEIGHTS_GIVEN,   /* its own weight over the mean of those of the N examples */
};

struct sampler_options {
    enum sampling sampling;
    enum last_batch last_batch; /* no meaning with independent draws */
    enum order order;
    enum class_weights class_weights;
    const int32_t *rows;   /* [count] stored rows to draw from, borrowed; NULL: rows 0 .. count - 1,
                              of which no list is kept: what is drawn is 0 .. count - 1, memory is
                              flat, and the orders of SAMPLING_RESHUFFLE and SAMPLING_ONCE are those
                              of struct permutation. Neither labels nor weights then */
    size_t count;          /* N >= 1 */
    const int32_t *labels; /* [stored], 0 .. classes - 1, borrowed; NULL: regression, where nothing
                              may ask for classes */
    int classes;
    const double *weights;     /* [count], of rows[i]; SAMPLING_WEIGHTED: >= 0, SAMPLING_IMPORTANCE:
                                  > 0; read by sampler_open only */
    const double *own_weights; /* [stored], >= 0, borrowed: of CLASS_WEIGHTS_GIVEN */
    size_t block;              /* >= 1, of SAMPLING_BLOCKS; the last one has what is left */
    int parts; /* 0 or 1: one. More, of SAMPLING_RESHUFFLE and SAMPLING_BLOCKS: the rows, sorted,
                  are cut into as many ranges (part_first) of one size but for one row, each
                  with an order or blocks of its own, and each batch is drawn from all of them
                  alike, part by part */
    int batch_size; /* 1 <= K <= N; a multiple of the parts, or N */
    uint64_t seed;
};

struct sampler;

/* On failure (sizes, weights that sum to zero, out of memory) *sampler is NULL. */
int sampler_open(struct sampler **, const struct sampler_options *);
void sampler_close(struct sampler *); /* accepts NULL */

/* Of `count` things in parts, those of part p are part_first(.., p) .. part_first(.., p + 1) - 1:
 * of N rows its range, of a batch of any size what is drawn from it. */
size_t part_first(size_t count, int parts, int part);

/* From the next batch on, 1 <= batch_size <= N; the order goes on where it was. One part alone. */
void sampler_set_batch_size(struct sampler *, int batch_size);

/* Writes the stored rows of the next batch to rows[K] and returns how many: K, or fewer for a kept
 * last batch. Epoch e's order depends on (seed, e) alone. */
int sampler_next(struct sampler *, int32_t *rows);

/* SAMPLING_BLOCKS: the first and the last place, in the order that was cut, of the block of a part
 * that is drawn after its current one in this epoch; row_at says what stands there. 0: there is
 * none. */
int sampler_next_block(const struct sampler *, int part, size_t *first, size_t *last);
int32_t sampler_row_at(const struct sampler *, size_t place);

/* weights[size] of the batch that sampler_next wrote last, for the contract's struct batch; NULL:
 * all 1. Valid until the next batch. */
const float *sampler_weights(const struct sampler *);

/* Its state between two batches: of a sampler opened alike, which draws on from there. */
void sampler_checkpoint(struct sampler *, struct checkpoint *);

#endif
