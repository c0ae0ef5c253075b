/* From an experiment to its cells: the product of the axes, each cell with a stable id. */
#ifndef BATCHLAB_PLAN_H
#define BATCHLAB_PLAN_H

#include "plan/experiment.h"
#include "train/network.h"

/* The training examples that some options leave, which take copies away: looked for once. */
struct kept_examples {
    struct training_options options;
    int32_t *rows; /* [count], owned */
    size_t count, dropped;
    struct kept_examples *next;
};

struct cell {
    char id[128]; /* readable slug and hash; letters, digits, '.', '-', '_': safe as a file name */
    struct settings settings;
    const char *const *given; /* of a run made elsewhere, in place of `settings`: [settings_fields]
                                 texts, "" for what is not known; NULL: of a plan */
    const struct network_spec *network;           /* in the experiment */
    const struct weighting_spec *weighting;       /* in the experiment; NULL: none */
    const struct augmentation_spec *augmentation; /* likewise */
    size_t train_examples;                        /* N after all that the axes make of the data */
    size_t dropped_examples;                      /* copies taken away; N is without them */
    const struct kept_examples *kept;             /* in the plan; NULL: no copies are taken away */
    int batch_size;                               /* K, with `full` resolved */
    const struct schedule_spec *schedule;         /* in the experiment; NULL: constant */
    const struct budget *budget;                  /* in the experiment; NULL: its common one */
    double schedule_length;                       /* of the schedule, where the budget decides it */
    double rate;                                  /* alpha, scaled with K */
    int largest_batch;                            /* K at the end of a schedule that grows it */
    unsigned tuned; /* bits of the experiment's tuning.keys that decide something here and that no
                       case gives: their values are the first of the tuning until one is chosen */
    char tuned_keys[64]; /* their names, with a blank between; the column `tuned` */
    int edge;            /* 1: a chosen value lies on the edge of those tried; -1: none is chosen */
};

struct plan {
    struct cell *cells; /* [count], in the order of the grid: the order of cells.csv */
    int count;
    int *order;                 /* [count], indices into cells in the seeded order of running */
    struct kept_examples *kept; /* a list, owned */
    char base[16]; /* hash of all that is outside the grid: one results folder, one base */
};

/* The rate of throughput cells, whatever the file says: theta stays near its start, so that speed
 * is not measured on diverged numbers. */
#define THROUGHPUT_RATE 1e-7

/* The experiment is borrowed and must outlive the plan. K larger than N is an error with its line.
 */
int plan_open(struct plan *, const struct experiment *, const struct dataset *);
void plan_close(struct plan *); /* accepts NULL and a zeroed struct */

/* What ends the cell. */
const struct budget *cell_budget(const struct cell *, const struct experiment *);

/* A plan of cells with these settings, as many and in this order. Settings that a cell of a plan of
 * the experiment has, but for what is tuned and the seed, always fit. */
int plan_list(struct plan *, const struct experiment *, const struct dataset *,
              const struct settings *, int count);

/* A plan of some cells of another one, in this order; of those that are the same cell the first. */
int plan_pick(struct plan *, const struct plan *from, const int *indices, int count,
              const struct experiment *);

/* What the axes make of the training examples, and what the plan knows of them already. */
struct training_options plan_training_options(const struct cell *);

/* Expected seconds of one cell, a rough upper bound: training at a cautious rate, capped by the
 * budget's seconds, plus evaluations. */
double plan_cell_seconds(const struct cell *, const struct experiment *, const struct dataset *);

#endif
