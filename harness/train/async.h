/* Ranks that wait for nobody (`transport: mpi_async`): a parameter server whose memory is rank 0's.
 * Each takes the next batch of the run, reads the parameters, computes the whole batch's gradient
 * and adds its step to whatever the parameters are by then. Between two evaluations there are as
 * many updates as of one worker; which rank makes which, at parameters how old, is chance, and
 * counted. */
#ifndef BATCHLAB_ASYNC_H
#define BATCHLAB_ASYNC_H

#include "train/training_run.h"

struct async;

/* Collective, once the stepper and the batches are open. -1: error set. */
int async_open(struct async **, struct training_run *);
void async_close(struct async *); /* collective, unless something has failed; accepts NULL */

/* Collective: so many updates, rank 0's number, off and on the run's clock as those of the loop.
 * Afterwards rank 0 has the parameters, all have the counts. -1: a rank's engine failed (the
 * stepper's reason set). */
int async_train(struct async *, struct training_run *, long updates);

#endif
