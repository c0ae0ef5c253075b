/* Draws the rows of the next batch. */
#ifndef BATCHLAB_SAMPLER_H
#define BATCHLAB_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

enum sampling {
    SAMPLING_RESHUFFLE,        /* without replacement, a new order every epoch */
    SAMPLING_ONCE,             /* one random order, the same in every epoch */
    SAMPLING_WITH_REPLACEMENT, /* independent uniform draws */
    SAMPLING_NONE,             /* ascending stored row, every epoch: the order of the file */
};

enum last_batch {
    LAST_BATCH_DROP, /* an epoch is floor(N / K) batches; the rest of the order is not used */
    LAST_BATCH_KEEP, /* the last batch holds the N mod K examples left, weighted as size / K, so
                        that every example moves theta equally in an epoch */
};

struct sampler_options {
    enum sampling sampling;
    enum last_batch last_batch; /* no meaning with replacement */
    const int32_t *rows;        /* [count] stored rows to draw from, borrowed */
    size_t count;               /* N >= 1 */
    int batch_size;             /* 1 <= K <= N */
    uint64_t seed;
};

struct sampler;

int sampler_open(struct sampler **, const struct sampler_options *);
void sampler_close(struct sampler *); /* accepts NULL */

/* From the next batch on, 1 <= batch_size <= N; the order goes on where it was. */
void sampler_set_batch_size(struct sampler *, int batch_size);

/* Writes the stored rows of the next batch to rows[K] and returns how many: K, or fewer for a kept
 * last batch. Epoch e's order depends on (seed, e) alone. */
int sampler_next(struct sampler *, int32_t *rows);

#endif
