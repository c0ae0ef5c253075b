/* One cell in a process of its own, on its own processors. */
#ifndef BATCHLAB_CELL_JOB_H
#define BATCHLAB_CELL_JOB_H

#include "run/cell.h"

#include <sys/types.h>

struct cell_job {
    const struct campaign *campaign;
    const struct cell *cell;
    const struct assignment *assignment;
    const struct roof *roof; /* as cell_run wants it */
    const struct checkpointing *checkpoint;
    const int *processors; /* [processor_count]: numbers, to be pinned to */
    int processor_count;
};

/* Pinned and within its limit of memory, in this very process. As cell_run. */
int cell_job_run(const struct cell_job *);

/* The same in a child. *words: what to read from once the child has ended, without waiting, and to
 * be closed; the child leaves CELL_JOB_DONE there once the cell is recorded, or why it could not
 * be, or nothing if it came to another end. -1 (error set): it could not be started. */
#define CELL_JOB_DONE "ok"
int cell_job_start(const struct cell_job *, pid_t *child, int *words);

#endif
