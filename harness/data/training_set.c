/* The training examples of a cell. */
#include "data/training_set.h"

#include "base/error.h"
#include "base/rng.h"
#include "data/duplicates.h"
#include "data/weighting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
static size_t *quotas(const struct dataset *dataset, double ratio, size_t *sum)
{
    size_t *counts = calloc((size_t)dataset->classes, sizeof *counts);

    if (!counts) {
        error_set("imbalance: out of memory for %d classes", dataset->classes);
        return NULL;
    }
    count_classes(&dataset->train, counts);
    *sum = thin_out(counts, dataset->classes, ratio);
    return counts;
}

/* rows[] = those that stay, in their order */
static int apply_imbalance(struct training_set *set, const struct dataset *dataset, double ratio)
{
    const struct examples *train = &dataset->train;
    size_t count, *left = quotas(dataset, ratio, &count);

    if (!left)
        return -1;
    set->rows = malloc(count * sizeof *set->rows);
    if (!set->rows) {
        free(left);
        return error_set("imbalance: out of memory for %zu rows", count);
    }
    set->examples.count = 0;
    for (size_t i = 0; i < train->count; i++) {
        size_t *quota = &left[train->labels[train->rows[i]]];

        if (*quota == 0)
            continue;
        (*quota)--;
        set->rows[set->examples.count++] = train->rows[i];
    }
    set->examples.rows = set->rows;
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
    if (options->imbalance > 1 && apply_imbalance(set, dataset, options->imbalance) != 0)
        goto done;
    if (options->label_noise > 0 &&
        apply_label_noise(set, dataset->classes, options->label_noise, options->seed) != 0)
        goto done;
    before.train = set->examples;
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
    size_t count = dataset->train.count, *left;

    if (options->imbalance > 1) {
        left = quotas(dataset, options->imbalance, &count);
        if (!left)
            return 0;
        free(left);
    }
    return redundancy_count(count, &options->redundancy);
}
