/* Runs made elsewhere as a results folder. */
#ifndef BATCHLAB_IMPORTED_H
#define BATCHLAB_IMPORTED_H

#include "import/runs.h"
#include "plan/experiment.h"

/* `base` of a manifest of runs made elsewhere: no experiment that is run has this one. */
#define IMPORTED_BASE "imported"

/* Writes cells/, cells.csv, curves.csv, manifest.json and checksums.csv of the runs, in place of an
 * import that is there. The experiment is what the mapping says of one (experiment_open_claims).
 * Settings without a source are empty; runs that differ in nothing are told apart by seeds 1, 2,
 * 3, ... in the order of appearance where the seed has no source. -1 (error set): two runs with all
 * settings and the seed the same, a folder that holds anything but an import. */
int imported_write(const char *results, const struct experiment *, const struct mapping *,
                   struct runs *);

#endif
