/* Draws the rows of the next batch. */
#include "data/sampler.h"

#include "base/error.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

struct sampler {
    struct sampler_options options;
    int32_t *order;   /* [count], of this epoch */
    size_t position;  /* in order, of the next row */
    uint32_t epochs;  /* started so far */
    struct rng draws; /* with replacement: one stream for the whole run */
};

static int ascending(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

    return (a > b) - (a < b);
}

/* Starts from the rows as given, not from the last epoch's order: so epoch e is the same whichever
 * epochs came before. */
static void shuffle(struct sampler *sampler, uint32_t epoch)
{
    const struct sampler_options *options = &sampler->options;
    struct rng rng;

    memcpy(sampler->order, options->rows, options->count * sizeof *sampler->order);
    rng_init(&rng, options->seed, RNG_ORDER, epoch);
    rng_shuffle(&rng, sampler->order, options->count);
}

static void start_epoch(struct sampler *sampler)
{
    if (sampler->options.sampling == SAMPLING_RESHUFFLE && sampler->epochs > 0)
        shuffle(sampler, sampler->epochs);
    sampler->epochs++;
    sampler->position = 0;
}

static int check(const struct sampler_options *options)
{
    if (options->count < 1 || options->count > INT32_MAX)
        return error_set("sampler: %zu examples to draw from, expected 1 .. %d", options->count,
                         INT32_MAX);
    if (options->batch_size < 1 || (size_t)options->batch_size > options->count)
        return error_set("sampler: batch size %d is not in 1 .. %zu, the number of examples",
                         options->batch_size, options->count);
    return 0;
}

int sampler_open(struct sampler **sampler, const struct sampler_options *options)
{
    int status = -1;
    struct sampler *fresh = NULL;

    *sampler = NULL;
    if (check(options) != 0)
        goto done;
    fresh = calloc(1, sizeof *fresh);
    if (fresh)
        fresh->order = malloc(options->count * sizeof *fresh->order);
    if (!fresh || !fresh->order) {
        error_set("sampler: out of memory for the order of %zu examples", options->count);
        goto done;
    }
    fresh->options = *options;
    rng_init(&fresh->draws, options->seed, RNG_ORDER, 0);
    shuffle(fresh, 0);
    if (options->sampling == SAMPLING_NONE)
        qsort(fresh->order, options->count, sizeof *fresh->order, ascending);
    start_epoch(fresh);
    *sampler = fresh;
    fresh = NULL;
    status = 0;
done:
    sampler_close(fresh);
    return status;
}

void sampler_close(struct sampler *sampler)
{
    if (!sampler)
        return;
    free(sampler->order);
    free(sampler);
}

void sampler_set_batch_size(struct sampler *sampler, int batch_size)
{
    sampler->options.batch_size = batch_size;
}

static int draw(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;

    for (int i = 0; i < options->batch_size; i++)
        rows[i] = options->rows[rng_below(&sampler->draws, (uint32_t)options->count)];
    return options->batch_size;
}

int sampler_next(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;
    size_t size = (size_t)options->batch_size, left = options->count - sampler->position;

    if (options->sampling == SAMPLING_WITH_REPLACEMENT)
        return draw(sampler, rows);
    if (left == 0 || (left < size && options->last_batch == LAST_BATCH_DROP)) {
        start_epoch(sampler);
        left = options->count;
    }
    if (size > left)
        size = left;
    memcpy(rows, sampler->order + sampler->position, size * sizeof *rows);
    sampler->position += size;
    return (int)size;
}
