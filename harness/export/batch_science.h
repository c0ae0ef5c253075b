/* Trained cells as the published data of Shallue et al. 2019, "Measuring the Effects of Data
 * Parallelism on Neural Network Training" (JMLR 20(112)), lie in folders:
 *
 *   DATASET/MODEL/OPTIMIZER/BATCH_SIZE/study.json
 *                                     /TRIAL/metadata.json
 *                                     /TRIAL/measurements.csv
 *
 * so that what reads theirs reads ours. measurements.csv has their columns, then those of
 * curves.csv that they have not. map.yaml beside DATASET brings all of it back by `batchlab
 * import`. */
#ifndef BATCHLAB_BATCH_SCIENCE_H
#define BATCHLAB_BATCH_SCIENCE_H

#include <stddef.h>

/* What stands where: a column of curves.csv, and what they call it. */
struct science_column {
    const char *ours, *theirs;
};
extern const struct science_column science_columns[]; /* ends with NULL */

struct science_tally {
    size_t studies, trials;
    size_t left_out; /* cells without a curve: timed, or failed before the first evaluation */
};

/* Writes the folder, which must not be there. -1 (error set): it is, no results, none with a curve.
 */
int batch_science_write(const char *results, const char *folder, struct science_tally *);

#endif
