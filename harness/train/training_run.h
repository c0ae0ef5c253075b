/* The state of one training run, between the loop (train.c) and what keeps it (training_run.c). */
#ifndef BATCHLAB_TRAINING_RUN_H
#define BATCHLAB_TRAINING_RUN_H

#include "train/batch_losses.h"
#include "train/batches.h"
#include "train/step.h"

struct training_run {
    const struct workbench *bench;
    struct training_result *result;
    struct stepper stepper;
    struct batches *batches;
    int capacity;                  /* of result->curve */
    int due;                       /* index of the next evaluation of the schedule */
    int probe_due;                 /* index of the next one that the probes ask for */
    int observed;                  /* evaluations when the observer was last shown one */
    struct schedule_spec schedule; /* with its length; constant where the cell has none */
    int is_constant;
    int batch_size; /* now */
    const struct budget *budget;
    double best_loss;           /* of validation, for the budget's patience */
    int stale;                  /* evaluations running without a better one */
    int suspicions;             /* evaluations running with a loss above the limit */
    int chances;                /* evaluations running at chance level */
    struct batch_losses losses; /* since the last evaluation */

    /* The training clock: result->train_seconds is what it showed when last looked at. */
    double before, start; /* what it showed when it was started, and when that was */
    double look_seconds;  /* from one look to the next, about; below 0: nobody asks */
    long stride;          /* updates from one look to the next */
    long unseen;          /* updates since the last */

    int is_kept;        /* it leaves checkpoints */
    double kept;        /* clock_now() after the last one */
    double pause;       /* seconds from then to the next */
    int has_complained; /* that one cannot be written */
};

/* Writes the checkpoint; the training clock stands still. That it cannot be written is told once on
 * stderr and changes nothing else. */
void training_run_keep(struct training_run *);

/* To be called at the run's beginning. 1: the run is where its checkpoint says, between two
 * updates; 0: it is at its beginning, for there is no checkpoint, or none that can be used, which
 * is told on stderr and removed; -1: it is neither (error and the stepper's reason set). */
int training_run_resume(struct training_run *);

#endif
