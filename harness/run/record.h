/* Writes results, and only this module does: one folder a cell, whole or not at all, and the CSV
 * files derived from them. Columns: results/README.md. */
#ifndef BATCHLAB_RECORD_H
#define BATCHLAB_RECORD_H

#include "base/parcel.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "train/profile.h"
#include "train/throughput.h"
#include "train/train.h"

/* One row of cells.csv beside the settings. Numbers that do not apply are NOT_APPLICABLE. */
struct cell_record {
    enum outcome outcome;
    char reason[256];
    const char *engine_used; /* borrowed */
    int threads_used;
    double parameters, flops_per_example;
    double updates, epochs, examples;
    double train_seconds, evaluation_seconds, setup_seconds, wall_seconds;
    double seconds_per_update;      /* throughput: K over the median rate, gathering */
    struct rate rates[INPUT_COUNT]; /* convergence: only the median of INPUT_GATHER */
    double gflops[INPUT_COUNT], blocks[INPUT_COUNT];
    /* Throughput alone: the step's roof, and the pre-gathered median as a share of it. */
    double roof, roof_fraction;
    const char *roof_bound;          /* "flops", "weights", "inputs"; NULL: does not apply */
    double live_fraction, roof_live; /* K = 1 and dense layers with ReLU */
    double peak_memory_bytes, session_memory_bytes, stored_bytes, epoch_bytes;
    double distinct_epoch_bytes, storage_read_bytes, storage_epoch_bytes, major_faults;
    double communication_bytes, communication_seconds; /* of ranks, as struct team_traffic */
    double evaluations;
    double final_train_loss, final_validation_loss, final_validation_error, best_validation_error;
    struct evaluated test;
    double shifted_errors[SHIFT_COUNT], balanced_error, skewed_error;
    struct target_cost costs[EXPERIMENT_TARGETS_MAX];
    /* Borrowed. */
    const struct curve_point *curve;
    int curve_count;
    const struct timed_block *block_list;
    int block_count;
    const struct class_error *class_errors;
    int class_count;
    const struct probe_row *probes;
    int probe_count;
    const struct predictions *predictions;
    int prediction_count;
    const struct resumption *resumptions;
    int resumption_count;
    const long *staleness; /* [STALENESS_MAX + 1]; NULL: does not apply */
};

/* What the folder of a cell is called until it is whole begins with this. */
#define RECORD_TEMPORARY ".tmp-"

/* Where a cell that is not finished leaves what it has come to. */
#define RECORD_CHECKPOINT ".checkpoint-"
void record_checkpoint_path(const char *results, const char *id, char *path, size_t size);

/* Every number NOT_APPLICABLE. */
void record_clear(struct cell_record *);

/* A number of a CSV field: "nan", and nothing where it is NOT_APPLICABLE. */
void record_write_number(FILE *, double);

/* Writes results/cells/<id>/, replacing what is there. With a final outcome its checkpoint goes. */
int record_cell(const char *results, const struct experiment *, const struct cell *,
                const struct cell_record *);

/* Puts down what was recorded of the cell in another folder, packed there of its own one. */
int record_take(const char *results, const char *id, const struct parcel *);

/* The columns of the settings, each after a comma: names, and a cell's values. but: the key of one
 * that is left out, or NULL. */
void record_write_settings_names(FILE *, const char *but);
void record_write_settings(FILE *, const struct cell *, const char *but);

/* Where the time of a trained cell went. Seconds. */
struct cell_profile {
    double first_step; /* from the start of the program to that of the cell's first update */
    double wall;       /* from the start of the cell to when it stood recorded */
    double setup, train, evaluation, logging;
    struct profile parts; /* of train */
};

/* Adds results/cells/<id>/profile.csv to what is recorded of the cell. */
int record_profile(const char *results, const struct cell *, const struct cell_profile *);

struct recorded {
    enum outcome outcome;
    double train_seconds, evaluation_seconds; /* NAN where empty */
};

/* What is recorded for a cell: 1, or 0 if there is nothing (that can be read). */
int record_find(const char *results, const char *id, struct recorded *);

/* The same, with numbers of some more columns: values[count], NAN where the field is empty. */
int record_read(const char *results, const char *id, struct recorded *, const char *const *columns,
                double *values, int count);

/* Takes what an earlier process had done of the cell, up to where its last one took it up, from
 * what is recorded. */
void record_take_earlier(const char *results, const char *id, struct recorded *);

/* Derives cells.csv, curves.csv, timings.csv, classes.csv, probes.csv, predictions.csv,
 * resumed.csv, staleness.csv and profile.csv from the finished cells of the plan, in the plan's
 * order, and decomposition.csv from their predictions. A file is there only if it has rows;
 * *finished is the number of cells. */
int record_merge(const char *results, const struct plan *, int *finished);

/* Derives tuning_cells.csv, as cells.csv, from the plan of the tuning cells. */
int record_merge_tuning(const char *results, const struct plan *);

/* Before one of the files below changes: takes their checksums away, so that a run that is killed
 * before record_seal leaves files that are not checked, not files that look damaged. */
int record_unseal(const char *results);

/* Writes the checksums of the manifest and of all that is derived from cells; what other commands
 * write beside them, such as verdicts.csv, they may write again. */
int record_seal(const char *results);

/* Removes what an earlier run left half-written, and checkpoints of cells that are finished. */
int record_clean(const char *results);

#endif
