/* Results folders of one experiment made one: shards, and what was run on several machines. */
#ifndef BATCHLAB_JOIN_H
#define BATCHLAB_JOIN_H

#include "run/cell.h"

/* Adds the cells of the folders, with their checksums, to the campaign's, which is made if it is
 * not there, and derives its other files anew. A cell that is finished in two of them must be the
 * same, byte for byte; one that is not finished gives way to one that is. Nothing is written unless
 * all of it can be: each folder holds the experiment and data of the campaign, was measured on the
 * same processor with the same libraries (unless force), and no cell is damaged. *joined: cells
 * that are new; *reported: rows of cells.csv. 0, or -1 (error set). */
int join_folders(const struct campaign *, char *const *folders, int count, int force, int *joined,
                 int *reported);

#endif
