/* A results folder read back: its CSV files by column name, and what the captions need of its
 * manifest. Columns are explained in results/README.md. */
#ifndef BATCHLAB_RESULTS_H
#define BATCHLAB_RESULTS_H

#include "base/table.h"

#include <stddef.h>

/* "validation_error_0.15": reached once the metric is no more than the value. */
struct target {
    char name[64];   /* as in the column names */
    char metric[48]; /* "validation_error" */
    double value;    /* 0.15 */
};

struct results {
    char *folder;
    struct table *cells;
    struct table *curves;               /* NULL: results_curves has not been called */
    struct table *probes, *predictions; /* likewise */
    struct table *verdicts;             /* likewise */

    /* Easiest first: metrics in the order of the columns, then the value falling. Only targets of
     * one metric are easier or harder than each other: the rate is chosen by, and "the hardest"
     * is one of, targets[0 .. leading_count - 1], those with the metric of the file's first. */
    size_t target_count, leading_count;
    struct target *targets;

    /* From manifest.json; "" where it does not say, or is not there. */
    char *cpu;      /* "machine": {"cpu": ...} */
    char *dataset;  /* "dataset": a string, or an object's "description", else its "name" */
    void *manifest; /* json_t of the whole, NULL if there is none */
};

/* Reads cells.csv and manifest.json. A missing manifest is no error; a malformed one is, and
 * one of a later version than this program's (base/schema_version.h). */
int results_open(struct results *, const char *folder);
void results_close(struct results *); /* also after a failed open */

/* 1: there is a curves.csv; results of throughput have none. */
int results_has_curves(const struct results *);

/* Reads curves.csv, once. */
int results_curves(struct results *);

/* The same of probes.csv, predictions.csv and verdicts.csv. */
int results_has_probes(const struct results *);
int results_probes(struct results *);
int results_has_predictions(const struct results *);
int results_predictions(struct results *);
int results_has_verdicts(const struct results *);
int results_verdicts(struct results *);

/* The machine's multiply-add peak with that many threads in GFLOP/s (machine.fma_peak_gflops, an
 * object keyed by the thread count), NaN if unknown. */
double results_fma_peak_gflops(const struct results *, int threads);

/* Threads that each cell ran with, one number per row of cells.csv; `threads` is what was asked
 * for. NULL with the message set. Borrowed. */
const double *results_threads(struct results *);

/* The cost of reaching a target, one number per row of cells.csv, NaN where it was not reached.
 * unit: "updates", "examples", "epochs", "flops", "seconds". NULL with the message set. Borrowed.
 */
const double *results_cost(struct results *, const char *unit, size_t target);

/* "15 % validation error", "validation loss 0.4" */
void target_describe(const struct target *, char *text, size_t size);

#endif
