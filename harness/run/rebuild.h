/* The derived files of a results folder, made anew of its cells. */
#ifndef BATCHLAB_REBUILD_H
#define BATCHLAB_REBUILD_H

#include "run/cell.h"

/* Makes cells.csv and all others beside the cells of what is recorded, as a run does at its end,
 * and their checksums; runs nothing. *reported: rows of cells.csv. -1 (error set): another batchlab
 * is in the folder, it holds another experiment, or a cell cannot be read. */
int rebuild(const struct campaign *, int *reported);

/* The same but for the checksums, of a folder that is locked and known to be the experiment's.
 * *repeated: as in struct run_log. */
int rebuild_locked(const struct campaign *, int *reported, int *repeated);

#endif
