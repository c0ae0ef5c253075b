/* Data sets, in memory or mapped from shards: features, labels or targets, and their split. Loaded
 * once by the parent process; cells read the same pages. */
#ifndef BATCHLAB_DATASET_H
#define BATCHLAB_DATASET_H

#include "engine.h"

#include <stddef.h>
#include <stdint.h>

enum scaling {
    SCALING_NONE, /* values as they are (bytes 0 .. 255) */
    SCALING_UNIT, /* to [0, 1]: bytes / 255; other data by the training minimum and maximum of each
                     feature */
    SCALING_STANDARD, /* zero mean, unit variance by training statistics only: images with one mean
                         and deviation for all pixels, other data feature by feature (a constant
                         feature becomes 0) */
};

/* Where the examples' own weights stand. All "": there are none. */
struct weight_source {
    char name[1024]; /* where one text says it: of csv data a column of theirs, else as file */
    char file[1024]; /* one weight for each example before the split: see own_weights.h */
    char column[64]; /* of the file; of csv data without a file, theirs; "": the only one */
};

/* What an experiment says under `dataset:`. Zero means "not given" where a default is named. */
struct dataset_spec {
    char name[32];   /* fashion-mnist | idx | csv | shards | generated | blobs | linear | points |
                          quadratic_deep                    */
    char path[1024]; /* fashion-mnist: folder (default: $BATCHLAB_DATA where set, else the Debian
                        package's); csv: the file; shards: the folder */
    char test_path[1024]; /* shards: folder of the test examples, optional: else `test` examples are
                             split off */
    char images[1024], labels[1024];           /* idx */
    char test_images[1024], test_labels[1024]; /* idx, optional: else `test` examples are split
                                                  off */
    char label[64];  /* csv: name of the column of class names (softmax) */
    char target[64]; /* csv: name of the column of numbers (mean squared error), instead of label */
    struct weight_source weights;
    int train;      /* examples; 0: all that is left */
    int validation; /* examples, split off by seeded permutation; 0: none */
    int test;       /* examples split off where there is no test file; 0: none; with one, 0 */
    enum scaling scaling;
    uint64_t seed; /* of the split and of synthetic data */
    int shape[3];  /* channels, height, width of an example, [shape_count]: 0 or 3 of them; images
                      of a file have theirs */
    int shape_count;

    /* blobs, linear, points and generated (see generator.h) */
    int examples, features;
    /* blobs: each class has `clusters` centres drawn from N(0, separation^2 I); an example is its
     * centre + N(0, I) noise of which the share `correlation` of the variance is common to a
     * family of `family` examples of the same cluster, so that the intra-cluster correlation of
     * the noise is `correlation`. `examples` is a multiple of `family`, and the split parts no
     * family: relatives in training and validation would make validation errors too good. */
    int classes, clusters, family;
    double separation, correlation;
    /* linear: y = x . w + noise * N(0, 1), w drawn from N(0, I / features); the features are
     * independent with variances spaced evenly in the logarithm so that the largest over the
     * smallest eigenvalue of the covariance is `condition`; the largest is 1.
     * points: features from N(0, noise^2), neither labels nor targets: the noise of an objective.
     * quadratic_deep: the 1000 training examples of DeepOBS, N(0, 0.6^2) in 100 dimensions, and its
     * 896 test examples, which are the validation examples too (unless some are split off): the
     * curves that are published are theirs. */
    double condition, noise;
};

/* Some examples of a data set, by stored row. Borrowed: owns nothing. */
struct examples {
    enum element element;
    float scale, offset;   /* value = scale * element + offset; 1 and 0 for floats */
    const void *features;  /* [stored][inputs] */
    const int32_t *labels; /* [stored], or NULL */
    const float *targets;  /* [stored][outputs], or NULL */
    const double *weights; /* [stored], the user's, of those that were split; or NULL */
    const int32_t *rows;   /* [count], in random order for training and validation: any prefix is a
                              fair subset. A test file keeps its order */
    size_t count;          /* may be 0 for validation and test */
    int is_mapped;         /* features lie in files, and may have to be read first */
    /* Not NULL: examples are made when they are asked for. Nothing is stored: features, labels,
     * targets, weights and rows are NULL, and example i is number first + i. */
    const struct generator *generator;
    uint32_t first;
};

/* Examples that are stored and stand for these: the same, or the first of them. */
struct examples examples_shown(const struct examples *);

/* How many different stored rows there are among them: exact copies made by an axis are one. 0: out
 * of memory. */
size_t examples_distinct(const struct examples *);

/* The value of one stored feature; scale and offset as struct examples has them. */
static inline double feature_value(enum element element, float scale, float offset,
                                   const void *features, size_t index)
{
    double stored = element == ELEMENT_UINT8 ? (double)((const uint8_t *)features)[index]
                                             : (double)((const float *)features)[index];

    return (double)scale * stored + (double)offset;
}

static inline double examples_feature(const struct examples *examples, size_t index)
{
    return feature_value(examples->element, examples->scale, examples->offset, examples->features,
                         index);
}

struct dataset {
    char name[32];
    size_t inputs, outputs;        /* outputs: classes, or target columns (1); 0: neither */
    int classes;                   /* 0 for regression */
    struct shape shape;            /* of an example; {inputs, 1, 1} where nothing says otherwise */
    int image_height, image_width; /* 0 where rows are not images of bytes */
    struct examples train, validation, test;
    uint32_t fingerprint; /* CRC-32 of everything stored and of the split: same value, same data */
    uint32_t weights_fingerprint; /* CRC-32 of the examples' own weights; 0: there are none */
    char description[256];        /* one line for manifest and captions */

    struct generator *generator;            /* owned; NULL: examples are stored */
    struct shard_set *shards, *test_shards; /* owned; NULL: none */
    void *stored_features; /* owned, unless they are the shards'; those cannot be written */
    int32_t *stored_labels;
    float *stored_targets;
    double *stored_weights;
    int32_t *stored_rows;
};

/* Loads or generates, splits, scales. On failure nothing is held and the error names the file (and
 * line for CSV), what is wrong and what was expected; a missing Fashion-MNIST names the Debian
 * package dataset-fashion-mnist. */
int dataset_open(struct dataset *, const struct dataset_spec *);
void dataset_close(struct dataset *); /* accepts NULL and a zeroed struct */

/* Bytes of one stored row of features. */
size_t dataset_row_bytes(const struct examples *, size_t inputs);

/* mean[inputs] and deviation[inputs] (divided by N, not N - 1) of each feature over the rows of
 * examples with ELEMENT_FLOAT32, count >= 1. The deviation of a constant feature is exactly 0. */
void examples_moments(const struct examples *, size_t inputs, double *mean, double *deviation);

enum redundancy_mode {
    REDUNDANCY_GROW, /* each distinct training example r times: N grows to r * N */
    REDUNDANCY_FILL, /* N stays; the first ceil(N / r) examples of the split, repeated cyclically */
};

enum copies {
    COPIES_EXACT,  /* an index map: costs no memory for features */
    COPIES_JITTER, /* images: shifted by up to one pixel each way, never by nothing; other data:
                      normal noise of 5 % of the feature's standard deviation (over all training
                      examples). The first occurrence of an example stays as it is. Copy c of an
                      example depends on (seed, stored row, c) alone. */
    COPIES_NOISE,  /* the same with normal noise in place of shifts: on every pixel of an image, 5 %
                      of the range of a byte, rounded and cut at its ends; other data as jitter */
};

struct redundancy {
    int factor; /* r >= 1; 1 changes nothing */
    enum redundancy_mode mode;
    enum copies copies;
    uint64_t seed; /* of the jitter */
};

/* Training examples with redundancy applied: the distinct ones, then all of them again, and so on.
 * Validation and test are untouched because the split came first. Owns what it had to make and
 * borrows the rest from the data set. */
struct redundant_examples {
    struct examples examples;
    int32_t *rows;
    void *features;
    int32_t *labels;
    float *targets;
    double *weights;
};

int redundancy_open(struct redundant_examples *, const struct dataset *, const struct redundancy *);
void redundancy_close(struct redundant_examples *); /* accepts NULL and a zeroed struct */

/* N after redundancy, from N before, without building anything. */
size_t redundancy_count(size_t train_count, const struct redundancy *);

#endif
