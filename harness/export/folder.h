/* A results folder as an export: what `batchlab export` writes. */
#ifndef BATCHLAB_EXPORT_FOLDER_H
#define BATCHLAB_EXPORT_FOLDER_H

#include "export/export.h"
#include "report/results.h"

struct exported_texts; /* all that `export` borrows and the results do not hold */

/* Cases are arms, cells that differ in their seed alone: EXPERIMENT/CELL/gather and /pregathered of
 * throughput cells, EXPERIMENT/CELL/train of convergence cells, where CELL is the first seed's id.
 * With several seeds a repetition is a seed, each of which ran in a process of its own (the median
 * of its blocks, or the whole training); with one, a timed block. Values are the medians of updates
 * and seconds to each target. A failed seed makes the arm an error. */
struct exported_folder {
    struct export export; /* without ratios and counts */
    struct results results;
    struct exported_texts *texts;
};

/* -1 with the message set: no such folder, no manifest, nothing in it that was timed. */
int exported_folder_open(struct exported_folder *, const char *path);
void exported_folder_close(struct exported_folder *); /* also after a failed open */

#endif
