/* Where the time on the training clock goes. A clock inside the loop would cost as much as what it
 * is to see of an update of 500 ns; so the parts are timed on their own after the run, and what
 * they leave of the run's training clock is the gradient. */
#ifndef BATCHLAB_PROFILE_H
#define BATCHLAB_PROFILE_H

#include "train/train.h"

/* Seconds of the run; they add up to its train_seconds. */
struct profile {
    double sampling;    /* drawing the rows of each batch */
    double bookkeeping; /* counting, looking whether an evaluation or the end is due */
    double gather;      /* what a step takes longer than one whose batch lies in contiguous floats:
                           below zero where reading those takes longer still */
    double gradient;    /* the rest; of a step in one piece the update as well */
    double update;      /* 0 where the engine makes the step in one piece */
};

/* Takes about half a second. result: of train() on this workbench; the session is used, theta is
 * not. 0, or -1 (error set): out of memory, or the engine failed. */
int profile_training(const struct workbench *, const struct training_result *result,
                     struct profile *);

#endif
