/* The training examples of a cell: what its axes make of those of the data set. In this order,
 *
 *     subset         leaves some of them
 *     imbalance      leaves some classes fewer examples
 *     label noise    gives some of those that are left another class
 *     redundancy     repeats them, wrong labels and all
 *     deduplicate    takes copies away again, made here or there from the start
 *
 * Validation and test are untouched: the split came first. */
#ifndef BATCHLAB_TRAINING_SET_H
#define BATCHLAB_TRAINING_SET_H

#include "data/dataset.h"

enum deduplicate {
    DEDUPLICATE_NONE,
    DEDUPLICATE_EXACT, /* same bytes, same class or target */
    DEDUPLICATE_NEAR,  /* images: same class, and alike; see duplicates.h */
};

#define SUBSET_ALL 0

struct training_options {
    /* n, how many examples are used, <= those of the split: the first n of one permutation of the
     * seed, so that fewer examples of a seed are among more of them, and seeds are draws of their
     * own. SUBSET_ALL: all, in the order of the split. Of a generator: its first n, whatever the
     * seed; and of the options below none. */
    int subset;
    /* Long-tail ratio, >= 1: class c of C keeps its first n_c ratio^(-c / (C - 1)) examples in the
     * order of the split, rounded, at least one (Cui et al. 2019). So the last class has 1 / ratio
     * of its examples, and what a larger ratio keeps, a smaller one keeps. */
    double imbalance;
    /* Share [0, 1] of the examples whose label is replaced by one of the other classes, each with
     * the same probability: exactly this share, rounded, by a permutation of the seed; those of a
     * smaller share are among those of a larger one, with the same wrong labels. */
    double label_noise;
    struct redundancy redundancy;
    enum deduplicate deduplicate;
    double near_cosine;  /* of DEDUPLICATE_NEAR, (0, 1] */
    uint64_t seed;       /* of the subset and of the label noise */
    const int32_t *kept; /* [kept_count]: rows that are left where copies were looked for before,
                            with these options, borrowed; NULL: they are looked for */
    size_t kept_count;
};

/* Owns what had to be made, borrows the rest from the data set. */
struct training_set {
    struct examples examples;
    size_t dropped; /* copies taken away */
    int32_t *rows, *labels;
    struct redundant_examples redundant;
};

/* Imbalance and label noise ask for classes, DEDUPLICATE_NEAR for images of bytes. On failure (out
 * of memory, too many examples) nothing is held. */
int training_set_open(struct training_set *, const struct dataset *,
                      const struct training_options *);
void training_set_close(struct training_set *); /* accepts NULL and a zeroed struct */

/* N before copies are taken away: without building anything. May be beyond INT32_MAX. 0: out of
 * memory (error set). */
size_t training_set_count(const struct dataset *, const struct training_options *);

#endif
