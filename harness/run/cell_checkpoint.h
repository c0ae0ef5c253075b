/* The checkpoint of a cell: where it lies, and whose it must be to be gone on from. */
#ifndef BATCHLAB_CELL_CHECKPOINT_H
#define BATCHLAB_CELL_CHECKPOINT_H

#include "run/cell.h"
#include "run/survey.h"

#include <limits.h>

struct cell_checkpoint {
    char path[PATH_MAX + 160];
    char key[4096];
};

/* 1: it is described; 0: the cell makes none: it is timed, or its experiment wants none. The key is
 * of all that decides the result bit by bit: the cell, the experiment, its data; the files of the
 * program and of the engine, by size and time of change; the library that the engine has found,
 * the processor, and what `auto` stands for. */
int cell_checkpoint_describe(struct cell_checkpoint *, const struct campaign *,
                             const struct survey *, const struct cell *, const struct assignment *);

/* As train() wants it; borrows. */
struct checkpointing cell_checkpointing(const struct cell_checkpoint *, const struct limits *);

/* Seconds of wall time that the cell has taken up to its checkpoint; 0 without one. One that cannot
 * be used is told on stderr and removed. */
double cell_checkpoint_seconds(const struct cell_checkpoint *);

#endif
