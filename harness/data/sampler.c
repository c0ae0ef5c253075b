/* Draws the rows of the next batch. */
#include "data/sampler.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "base/rng.h"
#include "data/alias.h"
#include "data/block_order.h"
#include "data/permutation.h"

#include <stdlib.h>
#include <string.h>

/* A range of the rows with an order of its own. */
struct part {
    size_t first, count; /* places in the order that was cut */
    uint64_t seed;
    struct permutation permutation; /* of the epoch, without a list */
    struct block_order blocks;
};

struct sampler {
    struct sampler_options options;
    struct part *parts; /* [options.parts] */
    int32_t *order;     /* [count], of this epoch; of what is cut, before that; NULL: no list */
    size_t position;    /* in the epoch, of the next row */
    uint32_t epochs;    /* started so far */
    struct rng draws;   /* independent ones: one stream for the whole run */
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
    case SAMPLING_BLOCKS:
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

size_t part_first(size_t count, int parts, int part)
{
    size_t p = (size_t)part, more = count % (size_t)parts;

    return count / (size_t)parts * p + (p < more ? p : more);
}

/* 1: what comes is computed from places, and no list is shuffled. */
static int is_permuted(const struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;

    return (options->sampling == SAMPLING_RESHUFFLE || options->sampling == SAMPLING_ONCE) &&
           (options->parts > 1 || !sampler->order);
}

/* Starts from the rows as given, not from the last epoch's order: so epoch e is the same whichever
 * epochs came before. */
static void shuffle(struct sampler *sampler, uint32_t epoch)
{
    const struct sampler_options *options = &sampler->options;
    struct rng rng;

    for (int p = 0; p < options->parts && is_permuted(sampler); p++) {
        struct part *part = &sampler->parts[p];

        rng_init(&rng, part->seed, RNG_ORDER, epoch);
        permutation_init(&part->permutation, (uint32_t)part->count, &rng);
    }
    if (is_permuted(sampler))
        return;
    rng_init(&rng, options->seed, RNG_ORDER, epoch);
    memcpy(sampler->order, options->rows, options->count * sizeof *sampler->order);
    rng_shuffle(&rng, sampler->order, options->count);
}

/* The order of an epoch, where it has one of its own. */
static void order_epoch(struct sampler *sampler, uint32_t epoch)
{
    enum sampling sampling = sampler->options.sampling;

    if (sampling == SAMPLING_RESHUFFLE || (sampling == SAMPLING_ONCE && epoch == 0))
        shuffle(sampler, epoch);
    else if (sampling == SAMPLING_BLOCKS)
        for (int p = 0; p < sampler->options.parts; p++)
            block_order_start(&sampler->parts[p].blocks, epoch);
}

static void start_epoch(struct sampler *sampler)
{
    order_epoch(sampler, sampler->epochs);
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
    int by_class = sampling == SAMPLING_BALANCED || options->class_weights == CLASS_WEIGHTS_INVERSE;
    double *shares = calloc((size_t)options->classes + 1, sizeof *shares);
    size_t present;
    int status = 0;

    if (!shares)
        return error_set("sampler: out of memory for %d classes", options->classes);
    present = by_class ? invert_counts(options, shares) : 0;
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
    if (options->sampling == SAMPLING_BLOCKS && options->block < 1)
        return error_set("sampler: blocks of %zu examples, expected 1 or more", options->block);
    if (options->parts > 1 &&
        (options->batch_size < options->parts || ((size_t)options->batch_size != options->count &&
                                                  options->batch_size % options->parts != 0)))
        return error_set("sampler: batch size %d in %d parts, expected a multiple of them",
                         options->batch_size, options->parts);
    return 0;
}

/* The list of rows, where one is kept, in the order in which it is cut or drawn. */
static int open_order(struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;

    if (options->rows) {
        sampler->order = malloc(options->count * sizeof *sampler->order);
        if (!sampler->order)
            return error_set("sampler: out of memory for the order of %zu examples",
                             options->count);
        memcpy(sampler->order, options->rows, options->count * sizeof *sampler->order);
        if (options->sampling == SAMPLING_NONE || options->sampling == SAMPLING_BLOCKS ||
            options->parts > 1)
            sort(sampler);
    }
    return 0;
}

/* Orders of parts have nothing to do with each other, nor with those of another seed. */
static uint64_t seed_of_part(const struct sampler_options *options, int part)
{
    struct rng rng;
    uint64_t high;

    if (options->parts == 1)
        return options->seed;
    rng_init(&rng, options->seed, RNG_PARTS, (uint32_t)part);
    high = rng_word(&rng);
    return high << 32 | rng_word(&rng);
}

static int open_parts(struct sampler *sampler)
{
    const struct sampler_options *options = &sampler->options;

    sampler->parts = calloc((size_t)options->parts, sizeof *sampler->parts);
    if (!sampler->parts)
        return error_set("sampler: out of memory");
    for (int p = 0; p < options->parts; p++) {
        struct part *part = &sampler->parts[p];

        part->first = part_first(options->count, options->parts, p);
        part->count = part_first(options->count, options->parts, p + 1) - part->first;
        part->seed = seed_of_part(options, p);
        if (options->sampling == SAMPLING_BLOCKS &&
            block_order_open(&part->blocks, part->count, options->block, part->seed) != 0)
            return -1;
    }
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
    if (!fresh) {
        error_set("sampler: out of memory");
        goto done;
    }
    fresh->options = *options;
    if (options->parts < 1)
        fresh->options.parts = 1;
    rng_init(&fresh->draws, options->seed, RNG_ORDER, 0);
    if (open_order(fresh) != 0 || open_parts(fresh) != 0 || open_weights(fresh) != 0)
        goto done;
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
    for (int p = 0; p < sampler->options.parts && sampler->parts; p++)
        block_order_close(&sampler->parts[p].blocks);
    free(sampler->parts);
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
    else
        order_epoch(sampler, sampler->epochs - 1);
}

/* ---- Drawing ----------------------------------------------------------------------------------
 */

static int draw_uniform(struct sampler *sampler, int32_t *rows)
{
    const struct sampler_options *options = &sampler->options;

    for (int i = 0; i < options->batch_size; i++) {
        uint32_t place = rng_below(&sampler->draws, (uint32_t)options->count);

        rows[i] = options->rows ? options->rows[place] : (int32_t)place;
    }
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

int32_t sampler_row_at(const struct sampler *sampler, size_t place)
{
    return sampler->order ? sampler->order[place] : (int32_t)place;
}

int sampler_next_block(const struct sampler *sampler, int part, size_t *first, size_t *last)
{
    if (sampler->options.sampling != SAMPLING_BLOCKS ||
        !block_order_next(&sampler->parts[part].blocks, first, last))
        return 0;
    *first += sampler->parts[part].first;
    *last += sampler->parts[part].first;
    return 1;
}

/* rows[size] = those of one part from its place `position` of the epoch on */
static void copy_part(struct sampler *sampler, struct part *part, size_t position, int32_t *rows,
                      size_t size)
{
    if (sampler->options.sampling == SAMPLING_BLOCKS)
        for (size_t i = 0; i < size; i++)
            rows[i] =
                sampler_row_at(sampler, part->first + block_order_at(&part->blocks, position + i));
    else if (is_permuted(sampler))
        for (size_t i = 0; i < size; i++)
            rows[i] =
                sampler_row_at(sampler, part->first + permutation_at(&part->permutation,
                                                                     (uint32_t)(position + i)));
    else if (sampler->order)
        memcpy(rows, sampler->order + position, size * sizeof *rows);
    else
        for (size_t i = 0; i < size; i++)
            rows[i] = (int32_t)(position + i);
}

/* rows[size] = those of the epoch from its position on, of which each part has given as many: what
 * does not divide is left to the last batch, as it is to the ranges. */
static void copy_rows(struct sampler *sampler, int32_t *rows, size_t size)
{
    int parts = sampler->options.parts;

    for (int p = 0; p < parts; p++) {
        size_t first = part_first(size, parts, p);

        copy_part(sampler, &sampler->parts[p], sampler->position / (size_t)parts, rows + first,
                  part_first(size, parts, p + 1) - first);
    }
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
    copy_rows(sampler, rows, size);
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
