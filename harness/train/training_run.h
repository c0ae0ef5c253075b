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
    struct async *async;           /* NULL: updates are made one after the other */
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

    int is_late; /* of a team: beyond the limits' cell_seconds */

    int is_kept;        /* it leaves checkpoints */
    double kept;        /* clock_now() after the last one */
    double pause;       /* seconds from then to the next */
    int has_complained; /* that one cannot be written */
};

/* The training clock: opened once, started before updates, read after them. */
void training_clock_open(struct training_run *);
void training_clock_start(struct training_run *);
void training_clock_read(struct training_run *);

/* After each update, if another one is to follow. 1: a look was due, and the seconds of the budget
 * are spent; of a team, all ranks stop after the next update instead. Makes checkpoints. */
int training_clock_look(struct training_run *);

/* 1: of a team, and beyond the limits' cell_seconds: nobody can kill such a cell and keep its job,
 * so that it ends itself. */
int training_run_is_late(struct training_run *);

/* 1: it is time for a checkpoint. */
int training_run_is_to_be_kept(const struct training_run *);

/* Writes the checkpoint; the training clock stands still. That it cannot be written is told once on
 * stderr and changes nothing else. */
void training_run_keep(struct training_run *);

/* Of a team, collective: the leader's *status in all its ranks, who are awake then. -1 (the
 * stepper's reason set): it is below 0, or the ranks have lost each other. */
int training_run_hear(struct training_run *, int *status);

/* To be called at the run's beginning, by all ranks of a team: the leader finds the checkpoint, and
 * the others read it if there is one. 1: the run is where its checkpoint says, between two
 * updates; 0: it is at its beginning, for there is no checkpoint, or none that can be used, which
 * is told on stderr and removed; -1: it is neither (error and the stepper's reason set). */
int training_run_resume(struct training_run *);

#endif
