/* The training examples of a cell. */
#include "data/training_set.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/duplicates.h"
#include "data/weighting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Subset -----------------------------------------------------------------------------------
 */

/* rows[] = the first n of the seed's permutation */
static int apply_subset(struct training_set *set, int n, uint64_t seed)
{
    struct examples *examples = &set->examples;
    struct rng rng;

    if (examples->generator) { /* one number is as good as the other */
        examples->count = (size_t)n;
        return 0;
    }
    set->rows = malloc(examples->count * sizeof *set->rows);
    if (!set->rows)
        return error_set("subset: out of memory for %zu rows", examples->count);
    memcpy(set->rows, examples->rows, examples->count * sizeof *set->rows);
    rng_init(&rng, seed, RNG_SUBSET, 0);
    rng_shuffle(&rng, set->rows, examples->count);
    examples->rows = set->rows;
    examples->count = (size_t)n;
    return 0;
}

/* ---- Imbalance --------------------------------------------------------------------------------
 */

/* counts[classes]: how many examples there are of each class; then how many stay. */
static size_t thin_out(size_t *counts, int classes, double ratio)
{
    size_t sum = 0;

    for (int c = 0; c < classes; c++) {
        double share = pow(ratio, -(double)c / (classes - 1));

        if (counts[c] > 0)
            counts[c] = (size_t)fmax(1, round((double)counts[c] * share));
        sum += counts[c];
    }
    return sum;
}

/* NULL: out of memory (error set). */
static size_t *quotas(const struct examples *examples, int classes, double ratio, size_t *sum)
{
    size_t *counts = calloc((size_t)classes, sizeof *counts);

    if (!counts) {
        error_set("imbalance: out of memory for %d classes", classes);
        return NULL;
    }
    count_classes(examples, counts);
    *sum = thin_out(counts, classes, ratio);
    return counts;
}

/* rows[] = those that stay, in their order */
static int apply_imbalance(struct training_set *set, int classes, double ratio)
{
    const struct examples before = set->examples;
    size_t count, *left = quotas(&before, classes, ratio, &count);
    int32_t *rows;

    if (!left)
        return -1;
    rows = malloc(count * sizeof *rows);
    if (!rows) {
        free(left);
        return error_set("imbalance: out of memory for %zu rows", count);
    }
    set->examples.count = 0;
    for (size_t i = 0; i < before.count; i++) {
        size_t *quota = &left[before.labels[before.rows[i]]];

        if (*quota == 0)
            continue;
        (*quota)--;
        rows[set->examples.count++] = before.rows[i];
    }
    free(set->rows); /* of the subset */
    set->examples.rows = set->rows = rows;
    free(left);
    return 0;
}

/* ---- Label noise ------------------------------------------------------------------------------
 */

static size_t rows_behind(const struct examples *examples)
{
    int32_t largest = 0;

    for (size_t i = 0; i < examples->count; i++)
        if (examples->rows[i] > largest)
            largest = examples->rows[i];
    return (size_t)largest + 1;
}

/* Labels are known by stored row, which validation and test share: training gets its own. */
static int apply_label_noise(struct training_set *set, int classes, double share, uint64_t seed)
{
    struct examples *examples = &set->examples;
    size_t stored = rows_behind(examples), count = examples->count;
    size_t wrong = (size_t)round(share * (double)count);
    int32_t *order = malloc(count * sizeof *order);
    struct rng choice, label;

    set->labels = malloc(stored * sizeof *set->labels);
    if (!order || !set->labels) {
        free(order);
        return error_set("label_noise: out of memory for %zu labels", stored);
    }
    memcpy(order, examples->rows, count * sizeof *order);
    memcpy(set->labels, examples->labels, stored * sizeof *set->labels);
    rng_init(&choice, seed, RNG_LABELS, 0);
    rng_init(&label, seed, RNG_LABELS, 1);
    rng_shuffle(&choice, order, count);
    for (size_t i = 0; i < wrong; i++) {
        int32_t *of = &set->labels[order[i]];

        *of = (*of + 1 + (int32_t)rng_below(&label, (uint32_t)classes - 1)) % classes;
    }
    examples->labels = set->labels;
    free(order);
    return 0;
}

/* ---- De-duplication ---------------------------------------------------------------------------
 */

static int drop_copies(struct training_set *set, const struct dataset *dataset,
                       const struct training_options *options)
{
    struct examples *examples = &set->examples;
    int32_t *kept = malloc(examples->count * sizeof *kept);
    long count;

    if (!kept)
        return error_set("deduplicate: out of memory for %zu rows", examples->count);
    if (options->kept) {
        count = (long)options->kept_count;
        memcpy(kept, options->kept, options->kept_count * sizeof *kept);
    } else if (options->deduplicate == DEDUPLICATE_EXACT) {
        count = duplicates_exact(examples, dataset->inputs, dataset->outputs, kept);
    } else {
        count = duplicates_near(examples, dataset->image_height, dataset->image_width,
                                dataset->classes, options->near_cosine, kept);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): apply_* have put others in their place */
    free(set->rows);
    set->rows = kept;
    if (count < 0)
        return -1;
    set->dropped = examples->count - (size_t)count;
    examples->count = (size_t)count;
    examples->rows = kept;
    return 0;
}

/* ---- All of it --------------------------------------------------------------------------------
 */

int training_set_open(struct training_set *set, const struct dataset *dataset,
                      const struct training_options *options)
{
    int status = -1;
    struct dataset before = *dataset; /* redundancy */

    *set = (struct training_set){.examples = dataset->train};
    if (options->subset != SUBSET_ALL && apply_subset(set, options->subset, options->seed) != 0)
        goto done;
    if (options->imbalance > 1 && apply_imbalance(set, dataset->classes, options->imbalance) != 0)
        goto done;
    if (options->label_noise > 0 &&
        apply_label_noise(set, dataset->classes, options->label_noise, options->seed) != 0)
        goto done;
    before.train = set->examples;
    if (set->examples.generator)
        return 0; /* nothing else is asked of them */
    if (redundancy_open(&set->redundant, &before, &options->redundancy) != 0)
        goto done;
    set->examples = set->redundant.examples;
    if (options->deduplicate != DEDUPLICATE_NONE && drop_copies(set, dataset, options) != 0)
        goto done;
    status = 0;
done:
    if (status != 0)
        training_set_close(set);
    return status;
}

void training_set_close(struct training_set *set)
{
    if (!set)
        return;
    redundancy_close(&set->redundant);
    free(set->rows);
    free(set->labels);
    *set = (struct training_set){.dropped = 0};
}

size_t training_set_count(const struct dataset *dataset, const struct training_options *options)
{
    struct training_set set = {.examples = dataset->train};
    size_t count, *left = NULL;

    /* How many examples the classes lose depends on which are there. */
    if (options->subset != SUBSET_ALL && options->imbalance > 1 &&
        apply_subset(&set, options->subset, options->seed) != 0)
        return 0;
    count = options->subset != SUBSET_ALL ? (size_t)options->subset : dataset->train.count;
    if (options->imbalance > 1)
        left = quotas(&set.examples, dataset->classes, options->imbalance, &count);
    training_set_close(&set);
    if (options->imbalance > 1 && !left)
        return 0;
    free(left);
    return redundancy_count(count, &options->redundancy);
}
