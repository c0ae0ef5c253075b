/* Cells whose workers are ranks (`transport: mpi`, `mpi_async`): they run in the ranks themselves,
 * without a process of their own, so that one that crashes ends the job; the next run goes on. Rank
 * 0 runs the experiment, and calls the others for one such cell after the other; between them they
 * sleep. */
#ifndef BATCHLAB_TEAMWORK_H
#define BATCHLAB_TEAMWORK_H

#include "ranks/ranks.h"
#include "run/cell_job.h"
#include "run/queue.h"

/* 1: some of the experiment's cells are. To be asked before its data are opened. */
int teamwork_is_wanted(const struct experiment *);

/* Collective: whether all ranks have opened the experiment (status 0, else the error is the pending
 * one), and the same one, with the same data and the same files of engines. experiment, plan and
 * dataset: of those that have. 0, or -1 in all ranks: the error is set, and *speaks is 1 in the one
 * that is to tell it. */
int teamwork_agree(const struct ranks *, int status, const struct experiment *, const struct plan *,
                   const struct dataset *, int *speaks);

int teamwork_is_of(const struct cell *); /* 1: its workers are ranks */

/* Are there ranks enough for all that are not finished? -1: error set. */
int teamwork_check(const struct queue *, const struct campaign *);

/* Rank 0: runs the cell, with the ranks that it needs. As cell_run. */
int teamwork_run(const struct cell_job *);

/* The other ranks: take part in what rank 0 calls for, until it dismisses them. -1: error set. */
int teamwork_follow(const struct campaign *, const struct ranks *);

/* Rank 0: nothing more comes, and its exit status for all. */
void teamwork_dismiss(int status);

#endif
