/* Training examples that occur more than once, as exact or jittered copies. */
#include "data/dataset.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/image.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double noise_share =
    0.05; /* of a feature's standard deviation, or of a byte's range */

size_t redundancy_count(size_t train_count, const struct redundancy *redundancy)
{
    return redundancy->mode == REDUNDANCY_GROW ? train_count * (size_t)redundancy->factor
                                               : train_count;
}

static size_t distinct_count(size_t train_count, const struct redundancy *redundancy)
{
    size_t factor = (size_t)redundancy->factor;

    return redundancy->mode == REDUNDANCY_GROW ? train_count : (train_count + factor - 1) / factor;
}

/* target[height][width] is all zero */
static void jitter_image(uint8_t *target, const uint8_t *source, const struct dataset *dataset,
                         struct rng *rng)
{
    int direction = (int)rng_below(rng, 8); /* the 8 neighbours of (0, 0) in reading order */
    int place = direction < 4 ? direction : direction + 1;

    image_shift(target, source, dataset->image_height, dataset->image_width, place / 3 - 1,
                place % 3 - 1);
}

static void add_noise(uint8_t *target, const uint8_t *source, size_t inputs, struct rng *rng)
{
    for (size_t j = 0; j < inputs; j++) {
        double value = round(source[j] + noise_share * UINT8_MAX * rng_normal(rng));

        target[j] = (uint8_t)fmin(UINT8_MAX, fmax(0, value));
    }
}

static void jitter_numbers(float *target, const float *source, const double *deviation,
                           size_t inputs, struct rng *rng)
{
    for (size_t j = 0; j < inputs; j++)
        target[j] = (float)((double)source[j] + noise_share * deviation[j] * rng_normal(rng));
}

/* features[count], labels and targets of the copies: the distinct examples as they are, then
 * jittered ones. An example's copies follow each other in its own stream, so that copy c does not
 * depend on how many there are. */
static void fill_jittered(struct redundant_examples *redundant, const struct dataset *dataset,
                          const struct redundancy *redundancy, size_t distinct,
                          const double *deviation)
{
    const struct examples *train = &dataset->train;
    size_t count = redundant->examples.count, bytes = dataset_row_bytes(train, dataset->inputs);

    for (size_t i = 0; i < distinct; i++) {
        size_t row = (size_t)train->rows[i];
        const char *source = (const char *)train->features + row * bytes;
        struct rng rng;

        rng_init(&rng, redundancy->seed, RNG_JITTER, (uint32_t)row);
        for (size_t at = i; at < count; at += distinct) {
            char *target = (char *)redundant->features + at * bytes;

            if (at == i)
                memcpy(target, source, bytes);
            else if (train->element == ELEMENT_UINT8 && redundancy->copies == COPIES_NOISE)
                add_noise((uint8_t *)target, (const uint8_t *)source, dataset->inputs, &rng);
            else if (train->element == ELEMENT_UINT8)
                jitter_image((uint8_t *)target, (const uint8_t *)source, dataset, &rng);
            else
                jitter_numbers((float *)target, (const float *)source, deviation, dataset->inputs,
                               &rng);
            if (train->labels)
                redundant->labels[at] = train->labels[row];
            if (train->weights)
                redundant->weights[at] = train->weights[row];
            if (train->targets)
                memcpy(redundant->targets + at * dataset->outputs,
                       train->targets + row * dataset->outputs,
                       dataset->outputs * sizeof *redundant->targets);
        }
    }
}

static int make_jittered(struct redundant_examples *redundant, const struct dataset *dataset,
                         const struct redundancy *redundancy, size_t distinct)
{
    int status = -1;
    const struct examples *train = &dataset->train;
    struct examples *examples = &redundant->examples;
    size_t count = examples->count, inputs = dataset->inputs;
    double *moments = calloc(2 * inputs, sizeof *moments);

    redundant->features = memory_take(count * dataset_row_bytes(train, inputs));
    if (train->labels)
        redundant->labels = calloc(count, sizeof *redundant->labels);
    if (train->targets)
        redundant->targets = calloc(count, dataset->outputs * sizeof *redundant->targets);
    if (train->weights)
        redundant->weights = calloc(count, sizeof *redundant->weights);
    if (!moments || !redundant->features || (train->labels && !redundant->labels) ||
        (train->targets && !redundant->targets) || (train->weights && !redundant->weights)) {
        error_set("redundancy: out of memory for %zu examples of %zu features", count, inputs);
        goto done;
    }
    if (train->element == ELEMENT_FLOAT32)
        examples_moments(train, inputs, moments, moments + inputs);
    fill_jittered(redundant, dataset, redundancy, distinct, moments + inputs);
    for (size_t i = 0; i < count; i++)
        redundant->rows[i] = (int32_t)i;
    examples->features = redundant->features;
    examples->labels = redundant->labels;
    examples->targets = redundant->targets;
    examples->weights = redundant->weights;
    status = 0;
done:
    free(moments);
    return status;
}

int redundancy_open(struct redundant_examples *redundant, const struct dataset *dataset,
                    const struct redundancy *redundancy)
{
    int status = -1;
    const struct examples *train = &dataset->train;
    size_t count, distinct;

    *redundant = (struct redundant_examples){.examples = *train};
    if (redundancy->factor < 1) {
        error_set("redundancy: %d is not a positive integer", redundancy->factor);
        goto done;
    }
    if (redundancy->factor == 1)
        return 0;
    count = redundancy_count(train->count, redundancy);
    if (count > INT32_MAX) {
        error_set("redundancy: %d times %zu examples are %zu, expected at most %d",
                  redundancy->factor, train->count, count, INT32_MAX);
        goto done;
    }
    distinct = distinct_count(train->count, redundancy);
    redundant->rows = calloc(count, sizeof *redundant->rows);
    if (!redundant->rows) {
        error_set("redundancy: out of memory for %zu rows", count);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        redundant->rows[i] = train->rows[i % distinct];
    redundant->examples.rows = redundant->rows;
    redundant->examples.count = count;
    if (redundancy->copies != COPIES_EXACT && distinct < count &&
        make_jittered(redundant, dataset, redundancy, distinct) != 0)
        goto done;
    status = 0;
done:
    if (status != 0)
        redundancy_close(redundant);
    return status;
}

void redundancy_close(struct redundant_examples *redundant)
{
    if (!redundant)
        return;
    free(redundant->rows);
    free(redundant->features);
    free(redundant->labels);
    free(redundant->targets);
    free(redundant->weights);
    *redundant = (struct redundant_examples){0};
}
