/* Probes: what is looked at beside the losses while theta stands still at an evaluation, off the
 * training clock and with any engine. What each records: results/README.md, probes.csv. */
#ifndef BATCHLAB_PROBE_H
#define BATCHLAB_PROBE_H

#include "train/train.h"

/* One row of probes.csv. */
struct probe_row {
    double epoch, examples; /* of the evaluation */
    long update;
    const char *probe, *quantity;
    char part[32];        /* of the quantity: "exact", "class 3"; "": there is but one */
    int batch_size;       /* K; 0: does not apply */
    const char *sampling; /* "with_replacement", "without_replacement"; "": does not apply */
    double value;
    double low, high; /* 95 % interval; NOT_APPLICABLE where there is none */
    double n;         /* what the value is of: examples, draws, pairs, iterations */
    double seconds;   /* that the probe took at this evaluation, the same in all its rows */
};

/* What the network says of the first validation examples at one evaluation. */
struct predictions {
    double epoch, examples;
    long update;
    int count, classes;
    int32_t *labels;       /* [count] */
    double *probabilities; /* [count][classes] */
};

struct prober;
struct checkpoint;

/* For the probes of the bench's experiment; the bench is borrowed. NULL, and 0, where it has none.
 */
int prober_open(struct prober **, const struct workbench *);
void prober_close(struct prober *); /* accepts NULL */

/* workbench.observe of a prober: records every probe of theta. */
int prober_observe(void *prober, const struct curve_point *, const void *theta);

/* workbench.keep of a prober: what it has recorded so far. */
void prober_checkpoint(void *prober, struct checkpoint *);

/* All rows so far, [*count]; none for NULL. Borrowed. */
const struct probe_row *prober_rows(const struct prober *, int *count);

/* The same of what probe `predictions` has recorded. */
const struct predictions *prober_predictions(const struct prober *, int *count);

#endif
