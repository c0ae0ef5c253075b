/* Loads or generates a data set, splits it, scales it. */
#include "data/dataset.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/generator.h"
#include "data/own_weights.h"
#include "data/scaling.h"
#include "data/shards.h"
#include "data/source.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* One weight for each example that is split, in the order in which they are stored: of the file, or
 * of being generated. Examples of a test file have none. */
static int load_weights(struct dataset *dataset, const struct pool *pool,
                        const struct weight_source *source)
{
    size_t stored = pool->count + pool->tests;
    double *grown;

    if (!dataset->stored_weights) {
        if (source->file[0] == '\0' && source->column[0] == '\0')
            return 0;
        if (source->file[0] == '\0')
            return error_set("dataset: weights: column: %s has no columns, expected a file as well",
                             dataset->name);
        if (own_weights_read(&dataset->stored_weights, pool->count, source->file, source->column) !=
            0)
            return -1;
    }
    dataset->weights_fingerprint = (uint32_t)crc32_z(0, (const Bytef *)dataset->stored_weights,
                                                     pool->count * sizeof *dataset->stored_weights);
    grown = realloc(dataset->stored_weights, stored * sizeof *grown);
    if (!grown)
        return error_set("dataset: out of memory for %zu weights", stored);
    dataset->stored_weights = grown;
    for (size_t i = pool->count; i < stored; i++)
        grown[i] = 0;
    return 0;
}

/* Rows that leave the pool for a part of this many examples: whole families. */
static size_t rows_taken(int examples, size_t family)
{
    return ((size_t)examples + family - 1) / family * family;
}

static int check_split(const struct dataset_spec *spec, const struct pool *pool)
{
    size_t train = spec->train > 0 ? (size_t)spec->train : 1, taken;

    if (spec->train < 0 || spec->validation < 0 || spec->test < 0)
        return error_set("dataset: train %d, validation %d, test %d: expected 0 or more each",
                         spec->train, spec->validation, spec->test);
    if (spec->test > 0 && pool->tests > 0)
        return error_set("dataset: test: %d cannot be split off, %s has a test file with %zu "
                         "examples of its own",
                         spec->test, spec->name, pool->tests);
    taken = rows_taken(spec->test, pool->family) + rows_taken(spec->validation, pool->family);
    if (taken + train <= pool->count)
        return 0;
    if (pool->family > 1)
        return error_set(
            "dataset: train %zu + validation %d + test %d in whole families of %zu are "
            "%zu examples, but %s has %zu",
            train, spec->validation, spec->test, pool->family, taken + train, spec->name,
            pool->count);
    return error_set(
        "dataset: train %zu + validation %d + test %d are %zu examples, but %s has %zu "
        "to split",
        train, spec->validation, spec->test, taken + train, spec->name, pool->count);
}

/* rows[pool.count] = all rows, family by family in random order */
static void permute_families(int32_t *rows, const struct pool *pool, struct rng *rng)
{
    size_t family = pool->family, families = pool->count / family;

    for (size_t f = 0; f < families; f++)
        rows[f] = (int32_t)f;
    rng_shuffle(rng, rows, families);
    for (size_t f = families; f-- > 0;) { /* from the back: rows[f] is read before it is written */
        int32_t first = rows[f] * (int32_t)family;

        for (size_t i = 0; i < family; i++)
            rows[f * family + i] = first + (int32_t)i;
    }
}

static struct examples view(const struct dataset *dataset, const struct pool *pool, int32_t *rows,
                            size_t count)
{
    return (struct examples){
        .element = dataset->train.element,
        .scale = pool->scale,
        .offset = pool->offset,
        .features = dataset->stored_features,
        .labels = dataset->stored_labels,
        .targets = dataset->stored_targets,
        .weights = dataset->stored_weights,
        .rows = rows,
        .count = count,
        .is_mapped = dataset->shards != NULL,
    };
}

/* The first of the training examples are stored, and stand for all where some are looked at. */
static int split_generated(struct dataset *dataset, const struct dataset_spec *spec,
                           const struct pool *pool)
{
    size_t test = (size_t)spec->test, validation = (size_t)spec->validation;
    size_t before = test + validation, left = pool->count - before;
    int32_t *rows = malloc(pool->made * sizeof *rows);

    dataset->stored_rows = rows;
    if (!rows)
        return error_set("dataset: out of memory for the split of %zu examples", pool->made);
    for (size_t i = 0; i < pool->made; i++)
        rows[i] = (int32_t)i;
    dataset->test = view(dataset, pool, rows, test);
    dataset->validation = view(dataset, pool, rows + test, validation);
    dataset->generator->shown = view(dataset, pool, rows + before, pool->made - before);
    dataset->train = (struct examples){
        .element = ELEMENT_FLOAT32,
        .scale = 1,
        .generator = dataset->generator,
        .first = (uint32_t)before,
        .count = spec->train > 0 ? (size_t)spec->train : left,
    };
    return 0;
}

struct examples examples_shown(const struct examples *examples)
{
    struct examples shown;

    if (!examples->generator)
        return *examples;
    shown = examples->generator->shown;
    shown.count = shown.count < examples->count ? shown.count : examples->count;
    return shown;
}

/* Test examples first (unless they have a file), then validation, then training. */
static int split(struct dataset *dataset, const struct dataset_spec *spec, const struct pool *pool)
{
    struct rng rng;
    int32_t *validation, *train;
    size_t stored = pool->count + pool->tests, left;

    if (stored > INT32_MAX)
        return error_set("dataset: %s has %zu examples, expected at most %d", spec->name, stored,
                         INT32_MAX);
    if (check_split(spec, pool) != 0)
        return -1;
    if (dataset->generator)
        return split_generated(dataset, spec, pool);
    dataset->stored_rows = calloc(stored, sizeof *dataset->stored_rows);
    if (!dataset->stored_rows)
        return error_set("dataset: out of memory for the split of %zu examples", stored);
    rng_init(&rng, spec->seed, RNG_SPLIT, 0);
    permute_families(dataset->stored_rows, pool, &rng);
    for (size_t i = pool->count; i < stored; i++) /* a set of test shards counts from 0 */
        dataset->stored_rows[i] = (int32_t)(dataset->test_shards ? i - pool->count : i);
    validation = dataset->stored_rows + rows_taken(spec->test, pool->family);
    train = validation + rows_taken(spec->validation, pool->family);
    left = pool->count - (size_t)(train - dataset->stored_rows);
    if (pool->family > 1)
        rng_shuffle(&rng, train, left); /* relatives apart again */

    if (pool->tests > 0)
        dataset->test = view(dataset, pool, dataset->stored_rows + pool->count, pool->tests);
    else
        dataset->test = view(dataset, pool, dataset->stored_rows, (size_t)spec->test);
    if (dataset->test_shards) {
        dataset->test.features = dataset->test_shards->features;
        dataset->test.labels = dataset->test_shards->labels;
        dataset->test.targets = dataset->test_shards->numbers;
        dataset->test.weights = NULL;
    }
    dataset->validation = pool->watched && spec->validation == 0
                              ? dataset->test
                              : view(dataset, pool, validation, (size_t)spec->validation);
    dataset->train = view(dataset, pool, train, spec->train > 0 ? (size_t)spec->train : left);
    return 0;
}

/* Rows are read in random order, each from another page: huge ones spare most of the look-ups. */
static int move_to_huge_pages(struct dataset *dataset, size_t stored)
{
    size_t bytes = stored * dataset_row_bytes(&dataset->train, dataset->inputs);
    void *features;

    if (dataset->shards)
        return 0;
    features = memory_take(bytes);
    if (!features)
        return error_set("dataset: out of memory for %zu examples", stored);
    memcpy(features, dataset->stored_features, bytes);
    free(dataset->stored_features);
    dataset->stored_features = features;
    return 0;
}

static uint32_t add_part(uint32_t crc, const struct examples *part)
{
    uint64_t count = part->count;

    crc = (uint32_t)crc32_z(crc, (const Bytef *)&count, sizeof count);
    crc = (uint32_t)crc32_z(crc, (const Bytef *)&part->scale, sizeof part->scale);
    crc = (uint32_t)crc32_z(crc, (const Bytef *)&part->offset, sizeof part->offset);
    if (part->generator)
        return (uint32_t)crc32_z(crc, (const Bytef *)&part->first, sizeof part->first);
    return (uint32_t)crc32_z(crc, (const Bytef *)part->rows, part->count * sizeof *part->rows);
}

/* Of features, labels and targets in memory. */
static uint32_t stored_crc(const struct dataset *dataset, size_t stored)
{
    size_t feature_bytes = stored * dataset_row_bytes(&dataset->train, dataset->inputs);
    uint32_t crc = (uint32_t)crc32_z(0, dataset->stored_features, feature_bytes);

    if (dataset->stored_labels)
        crc = (uint32_t)crc32_z(crc, (const Bytef *)dataset->stored_labels,
                                stored * sizeof *dataset->stored_labels);
    if (dataset->stored_targets)
        crc = (uint32_t)crc32_z(crc, (const Bytef *)dataset->stored_targets,
                                stored * dataset->outputs * sizeof *dataset->stored_targets);
    return crc;
}

/* The same of shards, from what their headers say of their parts: nothing is read. */
static uint32_t shards_crc(const struct dataset *dataset)
{
    const struct shard_set *sets[] = {dataset->shards, dataset->test_shards};
    uint32_t crc = 0;

    for (int s = 0; s < 2 && sets[s]; s++)
        crc =
            (uint32_t)crc32_combine(crc, sets[s]->features_crc,
                                    (z_off_t)(sets[s]->count * shard_row_bytes(&sets[s]->common)));
    for (int s = 0; s < 2 && sets[s]; s++)
        crc = (uint32_t)crc32_combine(crc, sets[s]->targets_crc,
                                      (z_off_t)(sets[s]->count * sizeof(int32_t)));
    return crc;
}

static uint32_t fingerprint(const struct dataset *dataset, size_t stored)
{
    uint32_t crc = dataset->shards ? shards_crc(dataset) : stored_crc(dataset, stored);

    crc = add_part(crc, &dataset->train);
    crc = add_part(crc, &dataset->validation);
    return add_part(crc, &dataset->test);
}

/* What layers of images see. */
static int set_shape(struct dataset *dataset, const struct dataset_spec *spec)
{
    const int *asked = spec->shape;

    if (dataset->shape.channels == 0)
        dataset->shape = (struct shape){(int)dataset->inputs, 1, 1};
    if (dataset->image_height > 0)
        dataset->shape = (struct shape){1, dataset->image_height, dataset->image_width};
    if (spec->shape_count == 0)
        return 0;
    if (spec->shape_count != 3)
        return error_set("dataset: shape: %d numbers, expected channels, height and width",
                         spec->shape_count);
    if (dataset->image_height > 0)
        return error_set("dataset: shape: the images of %s have theirs, %d x %d", spec->name,
                         dataset->image_height, dataset->image_width);
    if ((double)asked[0] * asked[1] * asked[2] != (double)dataset->inputs)
        return error_set("dataset: shape: %d x %d x %d is not %zu features", asked[0], asked[1],
                         asked[2], dataset->inputs);
    dataset->shape = (struct shape){asked[0], asked[1], asked[2]};
    return 0;
}

static void describe(struct dataset *dataset)
{
    char shape[64], kind[64] = "one target";

    if (dataset->outputs == 0)
        snprintf(kind, sizeof kind, "nothing to predict");
    if (dataset->image_height > 0)
        snprintf(shape, sizeof shape, "%dx%d pixels", dataset->image_height, dataset->image_width);
    else
        snprintf(shape, sizeof shape, "%zu features", dataset->inputs);
    if (dataset->classes > 0)
        snprintf(kind, sizeof kind, "%d classes", dataset->classes);
    snprintf(dataset->description, sizeof dataset->description,
             "%s: %zu training, %zu validation and %zu test examples of %s, %s", dataset->name,
             dataset->train.count, dataset->validation.count, dataset->test.count, shape, kind);
}

int dataset_open(struct dataset *dataset, const struct dataset_spec *spec)
{
    int status = -1;
    struct pool pool = {.family = 1, .scale = 1};
    size_t stored;

    *dataset = (struct dataset){.train.element = ELEMENT_FLOAT32};
    snprintf(dataset->name, sizeof dataset->name, "%s", spec->name);
    if (source_load(dataset, &pool, spec) != 0 || load_weights(dataset, &pool, &spec->weights) != 0)
        goto done;
    dataset->outputs =
        dataset->classes > 0 ? (size_t)dataset->classes : dataset->stored_targets != NULL;
    stored = pool.made > 0 ? pool.made : pool.count + pool.tests;
    if (move_to_huge_pages(dataset, stored) != 0 || set_shape(dataset, spec) != 0 ||
        split(dataset, spec, &pool) != 0 ||
        scaling_apply(dataset, pool.as_is ? SCALING_NONE : spec->scaling, stored) != 0)
        goto done;
    dataset->fingerprint = fingerprint(dataset, stored);
    describe(dataset);
    status = 0;
done:
    if (status != 0)
        dataset_close(dataset);
    return status;
}

void dataset_close(struct dataset *dataset)
{
    if (!dataset)
        return;
    if (!dataset->shards) {
        free(dataset->stored_features);
        free(dataset->stored_labels);
        free(dataset->stored_targets);
    }
    generator_close(dataset->generator);
    free(dataset->generator);
    shard_set_close(dataset->shards);
    shard_set_close(dataset->test_shards);
    free(dataset->shards);
    free(dataset->test_shards);
    free(dataset->stored_weights);
    free(dataset->stored_rows);
    *dataset = (struct dataset){0};
}

size_t examples_distinct(const struct examples *examples)
{
    int32_t largest = 0;
    size_t distinct = 0;
    uint8_t *seen;

    for (size_t i = 0; i < examples->count; i++)
        largest = examples->rows[i] > largest ? examples->rows[i] : largest;
    seen = calloc((size_t)largest / 8 + 1, 1);
    for (size_t i = 0; seen && i < examples->count; i++) {
        uint8_t *byte = &seen[examples->rows[i] / 8], bit = (uint8_t)(1 << examples->rows[i] % 8);

        distinct += (*byte & bit) == 0;
        *byte |= bit;
    }
    free(seen);
    return distinct;
}

size_t dataset_row_bytes(const struct examples *examples, size_t inputs)
{
    return inputs * (examples->element == ELEMENT_UINT8 ? sizeof(uint8_t) : sizeof(float));
}
