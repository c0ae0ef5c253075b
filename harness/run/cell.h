/* One cell from start to end, in its own process. */
#ifndef BATCHLAB_CELL_H
#define BATCHLAB_CELL_H

#include "plan/plan.h"
#include "run/roof.h"
#include "train/train.h"

#include <stdio.h>

/* What all cells of a run share. Borrowed. */
struct campaign {
    const struct experiment *experiment;
    const struct dataset *dataset;
    const struct plan *plan;
    const struct shifted_tests *shifted; /* copies of the test set; NULL: none asked for */
    const char *results;                 /* folder */
    const struct ranks *ranks; /* that cells with transport mpi have; NULL: this process is alone */
    int profile;               /* 1: cells that train record where their time went */
    double started;            /* clock_now() when the program did */
};

/* What a cell runs with: its settings, with what they leave open decided. */
struct assignment {
    char engine[sizeof(((struct settings *)0)->engine)];
    int threads; /* of each worker */
    int workers;
    struct team *team; /* whose ranks are the workers; NULL: this process has them all; borrowed */
};

/* Trains or times the cell and records how it ended. To be called in a child process: it loads the
 * engine. roof: of the machine with so many threads, NULL if it is not known. What it
 * goes on from and leaves, NULL for nothing; `started` is set here. 0 once it is
 * recorded, whatever the outcome; -1 if it could not be (error set). */
int cell_run(const struct campaign *, const struct cell *, const struct assignment *,
             const struct roof *roof, const struct checkpointing *);

/* The same in a rank of the assignment's team that does not lead: nothing is evaluated or recorded.
 * Ends the job where it fails otherwise than all ranks do. */
int cell_follow(const struct campaign *, const struct cell *, const struct assignment *,
                const struct checkpointing *);

/* Records a cell that could not do so itself: crashed, timed out. */
int cell_record_loss(const struct campaign *, const struct cell *, const struct assignment *,
                     enum outcome, const char *reason, double wall_seconds);

/* A question to an engine, to be asked through child_capture. */
struct cell_probe {
    const struct campaign *campaign;
    const struct cell *cell; /* any cell of the engine */
    const char *engine;
};

/* What the line starts with when the engine says nothing of its library. */
#define CELL_UNAVAILABLE "unavailable: "

/* Loads the engine and writes one line on its library and kernel, or why it cannot be opened for
 * the cell. Only an engine that cannot be loaded is a failure. context: struct cell_probe. */
int cell_probe_engine(FILE *out, void *context);

/* Several ways to run one cell, to be timed in turn through child_capture. */
struct cell_contest {
    const struct campaign *campaign;
    const struct cell *cell;
    const struct assignment *assignments; /* [count] */
    int count;
};

/* Writes a line for each assignment: examples per second, `nan` for one that does not support the
 * cell or fails. context: struct cell_contest. */
int cell_hold_contest(FILE *out, void *context);

#endif
