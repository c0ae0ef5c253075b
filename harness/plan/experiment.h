/* An experiment file in memory: what is asked, on which data, over which grid, within which limits.
 */
#ifndef BATCHLAB_EXPERIMENT_H
#define BATCHLAB_EXPERIMENT_H

#include "data/augmentation.h"
#include "data/dataset.h"
#include "data/weighting.h"
#include "plan/claims.h"
#include "plan/grid.h"
#include "plan/tuning.h"
#include "train/network.h"
#include "train/schedule.h"

#include <stdint.h>
#include <stdio.h>

enum {
    EXPERIMENT_NETWORKS_MAX = 31,
    EXPERIMENT_BUDGETS_MAX = 16,
    EXPERIMENT_SCHEDULES_MAX = 24,
    EXPERIMENT_WEIGHTINGS_MAX = 24,
    EXPERIMENT_AUGMENTATIONS_MAX = 24,
    EXPERIMENT_TARGETS_MAX = 16,
    EXPERIMENT_CHARTS_MAX = 8,
    PROBE_TIMES_MAX = 64,
    PROBE_BATCHES_MAX = 24,
};

enum measure {
    MEASURE_CONVERGENCE, /* train each cell, record its curve */
    MEASURE_THROUGHPUT,  /* time blocks of training steps, one cell at a time */
};

enum until {
    UNTIL_BUDGET, /* train to the end of the budget */
    UNTIL_FIRST,  /* stop at the first target reached */
    UNTIL_ALL,    /* stop when all targets are reached */
};

/* The first limit that is met ends a cell. 0: no such limit. */
struct budget {
    char name[32]; /* "" for that of `budget:` */
    int line;      /* of a named one */
    double epochs, examples;
    int updates;
    double seconds;    /* of the training clock */
    double train_loss; /* the evaluated training loss is at or below it */
    int patience;      /* so many evaluations running without a better validation loss */
    enum until until;
};

/* How often an experiment can be afforded: all of a tier together take minutes, hours, a day. */
enum tier { TIER_NONE, TIER_CI, TIER_NIGHTLY, TIER_REPORT };
extern const struct choice tiers[]; /* by enum tier */
extern const double tier_seconds[]; /* by enum tier: what all of one may take on 2 cores */

/* When the test split is looked at. */
enum test_use {
    TEST_AT_END, /* once, when all choices are made */
    TEST_EACH,   /* at every evaluation as well: for curves published so. Nothing is chosen by it */
};

struct evaluation {
    int train_examples; /* size of the fixed subset for the training loss, <= 10 000 */
    int per_decade;     /* evaluations for each tenfold number of examples */
    int first;          /* examples at the first evaluation after the start */
    int shifted_tests;  /* 1: also on shifted copies of the test set, once at the end */
    int per_class;      /* 1: also on the test examples of each class, once at the end */
    int every;          /* examples from one evaluation to the next, instead; 0: log-spaced */
    enum test_use test;
};

struct throughput_options {
    double seconds;       /* per cell and input: what warm-up and blocks may take */
    double block_seconds; /* length of one timed block */
    double precision;     /* half-width of the median's 95 % interval that is tight enough */
    int blocks;           /* at least this many */
};

/* What is looked at beside the losses; bits of probe_options.which. harness/probe/ has them. */
enum probe {
    PROBE_MEMORY = 1,
    PROBE_NOISE_SCALE = 2,
    PROBE_SAMPLING = 4,
    PROBE_SHARPNESS = 8,
    PROBE_ENERGY = 16,
    PROBE_EFFECTIVE_SIZE = 32,
    PROBE_LINEAR_PROBE = 64,
    PROBE_DUPLICATES = 128,
    PROBE_PREDICTIONS = 256,
    PROBE_NESTED = 512,
    PROBE_GRADIENT = 1024,
    PROBE_UPDATE = 2048,
    PROBE_UNITS = 4096,
    PROBE_REDRAWS = 8192,
    PROBE_SECOND_MOMENT = 16384,
};

/* Probes are recorded at evaluations, off the training clock, and change nothing of a run but that
 * each of `at` is an evaluation as well. */
struct probe_options {
    double at[PROBE_TIMES_MAX]; /* epochs, increasing; [at_count] */
    int at_count;
    int every;    /* and at each so many evaluations, from the first on; 0: only at `at` */
    int end;      /* 1: and at the last one, wherever it falls */
    int which;    /* bits of enum probe; 0: none */
    int examples; /* the first so many training examples stand for all; 0: all of them */
    int batch_sizes[PROBE_BATCHES_MAX]; /* of probes sampling and second_moment, [batch_size_count];
                                           0: the cell's */
    int batch_size_count;
    /* Of probe redraws: training sets of `clusters` clusters, for each number of members and each
     * correlation. */
    int clusters, members[PROBE_BATCHES_MAX], member_count;
    double correlations[PROBE_BATCHES_MAX];
    int correlation_count;
    int draws;             /* mini-batches, or training sets, at least, of a kind */
    double precision;      /* half-width of a 95 % interval, relative, at which drawing ends */
    double bias_precision; /* and the share of |G| that a bias may hide in; 0: any */
    double draw_examples;  /* or once so many examples are drawn */
    int small_batch, large_batch; /* of the two-batch estimate */
};

struct limits {
    double cell_seconds; /* wall time after which a cell is killed: outcome `timeout` */
    double memory_bytes; /* that a cell may take; beyond: outcome `out-of-memory`; 0: no limit */
    double checkpoint_seconds; /* wall time between two checkpoints of a cell; 0: none */
    int lets_dead_live;        /* 1: no better than chance is no reason to end, as on a plateau */
};

enum metric {
    METRIC_TRAIN_LOSS,
    METRIC_TRAIN_ERROR,
    METRIC_VALIDATION_LOSS,
    METRIC_VALIDATION_ERROR,
    METRIC_COUNT,
};

struct target_spec {
    enum metric metric;
    double value;  /* reached when the metric is at or below it */
    int line;      /* in the file */
    char name[64]; /* "validation_error_0.15": the T of the columns in cells.csv */
};

struct experiment {
    char name[64]; /* the file's name without folder and suffix */
    char file[1024];
    char *text; /* the file verbatim, owned */
    int quick;  /* 1: with the overrides under `quick:` applied */
    char question[512];
    char title[128]; /* short, for charts; default: the name */
    enum measure measure;
    enum tier tier;
    double expected_seconds; /* of the whole grid on 2 cores, measured; 0: not said */
    uint64_t shuffle;        /* seed of the run order */
    struct dataset_spec dataset;
    int dataset_line; /* where the file asks for it */
    int evaluation_line;
    struct budget budget; /* of cells without a named one */
    struct budget budgets[EXPERIMENT_BUDGETS_MAX];
    int budget_count;
    struct evaluation evaluation;
    struct throughput_options throughput;
    struct probe_options probes;
    int probes_line; /* where the file asks for them */
    struct limits limits;
    struct network_spec
        networks[EXPERIMENT_NETWORKS_MAX]; /* those the file defines, then presets */
    int network_count;
    struct schedule_spec schedules[EXPERIMENT_SCHEDULES_MAX];
    int schedule_count;
    struct weighting_spec
        weightings[EXPERIMENT_WEIGHTINGS_MAX]; /* those the file defines, then presets */
    int weighting_count;
    struct augmentation_spec augmentations[EXPERIMENT_AUGMENTATIONS_MAX];
    int augmentation_count;
    struct target_spec targets[EXPERIMENT_TARGETS_MAX];
    int target_count;
    char charts[EXPERIMENT_CHARTS_MAX][32]; /* names, not checked here: charts are a layer above */
    int chart_lines[EXPERIMENT_CHARTS_MAX];
    int chart_count;
    struct claims claims;
    struct tuning_spec tuning;
    struct grid grid;   /* axes common to all cases */
    struct grid *cases; /* [case_count], owned; each is crossed with the common axes */
    int case_count;
};

/* Names of metrics as in curves.csv, indexed by enum metric. */
extern const char *const metric_names[METRIC_COUNT];

/* Reads and checks a file. Errors are `file:line: what was wrong, what was expected`; nothing is
 * held then. quick != 0 applies what stands under `quick:`. */
int experiment_open(struct experiment *, const char *file, int quick);

/* The same from a text in memory, which is copied; `file` is what messages call it. */
int experiment_open_text(struct experiment *, const char *file, const char *text, int quick);

/* Of a file that need not say what is run, such as the mapping of an import: question, title,
 * targets, charts and claims. Other keys are passed over. The text is copied. */
int experiment_open_claims(struct experiment *, const char *file, const char *text);

void experiment_close(struct experiment *); /* accepts NULL and a zeroed struct */

/* Replaces an axis by one value, wherever it stands: what the command line overrides. */
int experiment_set_axis(struct experiment *, const char *key, const char *value);

const struct network_spec *experiment_network(const struct experiment *, const char *name);

/* NULL: SCHEDULE_NONE, or not known. */
const struct schedule_spec *experiment_schedule(const struct experiment *, const char *name);

/* NULL: WEIGHTING_NONE or AUGMENTATION_NONE, or not known. */
const struct weighting_spec *experiment_weighting(const struct experiment *, const char *name);
const struct augmentation_spec *experiment_augmentation(const struct experiment *,
                                                        const char *name);

/* The line at which an axis has this value; 1 if the file does not say so. */
int experiment_line(const struct experiment *, const char *key, const char *value);

/* 1 if an engine is given by its path, with or without a variant; 0 for `blas:/a/library`. */
int experiment_engine_is_path(const char *engine);

/* What the registry loads: an engine given by a relative path lies relative to the experiment file.
 */
int experiment_engine(const struct experiment *, const char *engine, char *path, size_t size);

/* Writes the canonical text of everything outside the grid that decides a cell's result. */
void experiment_dump(FILE *, const struct experiment *);
void experiment_dump_network(FILE *, const struct network_spec *);
void experiment_dump_schedule(FILE *, const struct schedule_spec *);
void experiment_dump_weighting(FILE *, const struct weighting_spec *);
void experiment_dump_augmentation(FILE *, const struct augmentation_spec *);

/* Documents every key: `batchlab list keys`. */
void experiment_document(FILE *);

#endif
