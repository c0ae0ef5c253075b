/* Draws the rows of the next batch. */
#include "data/sampler.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "base/rng.h"
#include "data/alias.h"

#include <stdlib.h>
#include <string.h>

struct sampler {
    struct sampler_options options;
    int32_t *order;   /* [count], of this epoch */
    size_t position;  /* in order, of the next row */
    uint32_t epochs;  /* started so far */
    struct rng draws; /* independent ones: one stream for the whole run */
    struct alias alias;
    float *corrections;   /* [count], 1 / (N p_i); NULL: all 1 */
    float *class_weights; /* [classes]; NULL: all 1 */
    double own_scale;     /* of own weights, to a mean of 1; 0: they do not count */
    float *weights;       /* [N] for the batch; NULL: never any but 1 */
    int is_weighted;      /* the last batch */
};

int sampling_is_independent(enum sampling sampling)
{
    switch (sampling) {
    case SAMPLING_RESHUFFLE:
    case SAMPLING_ONCE:
    case SAMPLING_NONE:
        break;
    case SAMPLING_WITH_REPLACEMENT:
    case SAMPLING_BALANCED:
    case SAMPLING_WEIGHTED:
    case SAMPLING_IMPORTANCE:
        return 1;
    }
    return 0;
}

/* ---- Orders -----------------------------------------------------------------------------------
 */

static int ascending(const void *left, const void *right, void *labels)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    const int32_t *label = labels;

    if (label && label[a] != label[b])
        return (label[a] > label[b]) - (label[a] < label[b]);
    return (a > b) - (a < b);
}

static void sort(struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;

    qsort_r(sampler->order, options->count, sizeof *sampler->order, ascending,
            options->order == ORDER_CLASS ? (void *)(uintptr_t)options->labels : NULL);
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

/* ---- Weights ----------------------------------------------------------------------------------
 */

/* shares[classes] = 1 / n_c, 0 for a class without examples; returns how many have any. */
static size_t invert_counts(const struct sampler_options *options, double *shares)
{
    size_t present = 0;

    for (size_t i = 0; i < options->count; i++)
        shares[options->labels[options->rows[i]]]++;
    for (int c = 0; c < options->classes; c++) {
        present += shares[c] > 0;
        shares[c] = shares[c] > 0 ? 1 / shares[c] : 0;
    }
    return present;
}

/* p_i in proportion to these; and of SAMPLING_IMPORTANCE 1 / (N p_i). */
static int open_draws(struct sampler *sampler, const double *weights)
{
    const struct sampler_options *options = &sampler->options;
    double n = (double)options->count, sum = 0;

    if (alias_open(&sampler->alias, weights, options->count) != 0)
        return -1;
    if (options->sampling != SAMPLING_IMPORTANCE)
        return 0;
    sampler->corrections = malloc(options->count * sizeof *sampler->corrections);
    if (!sampler->corrections)
        return error_set("sampler: out of memory for %zu weights", options->count);
    for (size_t i = 0; i < options->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a sampler has at least one example */
        sum += weights[i];
    for (size_t i = 0; i < options->count; i++) {
        if (!(weights[i] > 0))
            return error_set("sampler: importance: example %zu has weight 0 and would never be "
                             "drawn, expected weights above 0",
                             i + 1);
        sampler->corrections[i] = (float)(sum / (n * weights[i]));
    }
    return 0;
}

static int open_balanced(struct sampler *sampler, const double *shares)
{
    const struct sampler_options *options = &sampler->options;
    double *weights = malloc(options->count * sizeof *weights);
    int status;

    if (!weights)
        return error_set("sampler: out of memory for %zu weights", options->count);
    for (size_t i = 0; i < options->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): balanced ones have labels */
        weights[i] = shares[options->labels[options->rows[i]]];
    status = open_draws(sampler, weights);
    free(weights);
    return status;
}

static int open_class_weights(struct sampler *sampler, const double *shares, size_t present)
{
    const struct sampler_options *options = &sampler->options;

    sampler->class_weights = malloc((size_t)options->classes * sizeof *sampler->class_weights);
    if (!sampler->class_weights)
        return error_set("sampler: out of memory for %d weights", options->classes);
    for (int c = 0; c < options->classes; c++)
        sampler->class_weights[c] = (float)((double)options->count * shares[c] / (double)present);
    return 0;
}

static int open_own_weights(struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;
    double sum = 0;

    for (size_t i = 0; i < options->count; i++)
        sum += options->own_weights[options->rows[i]];
    if (!(sum > 0))
        return error_set("sampler: class_weights: given: the weights of the %zu training examples "
                         "sum to zero, expected one above 0 at least",
                         options->count);
    sampler->own_scale = (double)options->count / sum;
    return 0;
}

/* 1: what an example's loss counts is not the same for all. */
static int weighs_losses(const struct sampler *sampler)
{
    return sampler->class_weights || sampler->own_scale > 0;
}

/* For a batch whose examples may weigh other than 1. */
static int open_batch_weights(struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;

    if (!sampler->corrections && !weighs_losses(sampler) && options->last_batch == LAST_BATCH_DROP)
        return 0;
    sampler->weights = malloc(options->count * sizeof *sampler->weights);
    if (!sampler->weights)
        return error_set("sampler: out of memory for %zu weights", options->count);
    return 0;
}

static int open_weights(struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;
    enum sampling sampling = options->sampling;
    double *shares = calloc((size_t)options->classes + 1, sizeof *shares);
    size_t present;
    int status = 0;

    if (!shares)
        return error_set("sampler: out of memory for %d classes", options->classes);
    present = options->labels ? invert_counts(options, shares) : 0;
    if (sampling == SAMPLING_BALANCED)
        status = open_balanced(sampler, shares);
    else if (sampling == SAMPLING_WEIGHTED || sampling == SAMPLING_IMPORTANCE)
        status = open_draws(sampler, options->weights);
    if (status == 0 && options->class_weights == CLASS_WEIGHTS_INVERSE)
        status = open_class_weights(sampler, shares, present);
    if (status == 0 && options->class_weights == CLASS_WEIGHTS_GIVEN)
        status = open_own_weights(sampler);
    free(shares);
    return status == 0 ? open_batch_weights(sampler) : -1;
}

/* The weights of a batch are there but for those of its losses, and its size if it is short. */
static void finish_weights(struct sampler *sampler, const int32_t *rows, int size)
{
    const struct sampler_options *options = &sampler->options;
    float share = (float)size / (float)options->batch_size;

    if (!sampler->is_weighted)
        for (int i = 0; i < size; i++)
            sampler->weights[i] = 1;
    if (sampler->class_weights)
        for (int i = 0; i < size; i++)
            sampler->weights[i] *= sampler->class_weights[options->labels[rows[i]]];
    if (sampler->own_scale > 0)
        for (int i = 0; i < size; i++)
            sampler->weights[i] *= (float)(options->own_weights[rows[i]] * sampler->own_scale);
    if (size < options->batch_size)
        for (int i = 0; i < size; i++)
            sampler->weights[i] *= share;
    sampler->is_weighted = 1;
}

const float *sampler_weights(const struct sampler *sampler)
{
    return sampler->is_weighted ? sampler->weights : NULL;
}

/* ---- Opening ----------------------------------------------------------------------------------
 */

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
    if (open_weights(fresh) != 0)
        goto done;
    shuffle(fresh, 0);
    if (options->sampling == SAMPLING_NONE)
        sort(fresh);
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
    alias_close(&sampler->alias);
    free(sampler->corrections);
    free(sampler->class_weights);
    free(sampler->weights);
    free(sampler->order);
    free(sampler);
}

void sampler_set_batch_size(struct sampler *sampler, int batch_size)
{
    sampler->options.batch_size = batch_size;
}

/* The order is not in it: it follows from the epoch. */
void sampler_checkpoint(struct sampler *sampler, struct checkpoint *checkpoint)
{
    const struct sampler_options *options = &sampler->options;

    CHECKPOINT(checkpoint, "sampler.batch_size", sampler->options.batch_size);
    CHECKPOINT(checkpoint, "sampler.position", sampler->position);
    CHECKPOINT(checkpoint, "sampler.epochs", sampler->epochs);
    CHECKPOINT(checkpoint, "sampler.draws", sampler->draws);
    if (!checkpoint_is_read(checkpoint) || checkpoint_has_failed(checkpoint))
        return;
    if (options->batch_size < 1 || (size_t)options->batch_size > options->count ||
        sampler->position > options->count || sampler->epochs < 1)
        checkpoint_refuse(checkpoint, "is not of a sampler of so many examples");
    else if (options->sampling == SAMPLING_RESHUFFLE)
        shuffle(sampler, sampler->epochs - 1);
}

/* ---- Drawing ----------------------------------------------------------------------------------
 */

static int draw_uniform(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;

    for (int i = 0; i < options->batch_size; i++)
        rows[i] = options->rows[rng_below(&sampler->draws, (uint32_t)options->count)];
    return options->batch_size;
}

static int draw_by_weight(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;

    for (int i = 0; i < options->batch_size; i++) {
        size_t position = alias_draw(&sampler->alias, &sampler->draws);

        rows[i] = options->rows[position];
        if (sampler->corrections)
            sampler->weights[i] = sampler->corrections[position];
    }
    sampler->is_weighted = sampler->corrections != NULL;
    return options->batch_size;
}

static int follow_order(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;
    size_t size = (size_t)options->batch_size, left = options->count - sampler->position;

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

int sampler_next(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;
    int size;

    sampler->is_weighted = 0;
    if (sampler->alias.entries)
        size = draw_by_weight(sampler, rows);
    else if (options->sampling == SAMPLING_WITH_REPLACEMENT)
        size = draw_uniform(sampler, rows);
    else
        size = follow_order(sampler, rows);
    if (weighs_losses(sampler) || size < options->batch_size)
        finish_weights(sampler, rows, size);
    return size;
}
