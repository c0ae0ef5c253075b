/* Runs the cells of a plan: each in a child process pinned to its own processors, finished ones
 * skipped, nothing finished lost. The parent loads no engine and starts no thread. */
#ifndef BATCHLAB_RUNNER_H
#define BATCHLAB_RUNNER_H

#include "ranks/post.h"
#include "run/cell.h"
#include "run/host.h"
#include "run/manifest.h"
#include "train/train.h"

struct runner_progress {
    int done, total;    /* of the cells to run now; with tuning, those of the grid included */
    int round;          /* of tuning, from 1; 0: the cells of the grid run */
    double eta_seconds; /* expected from the cells measured so far; NAN before the first */
    int running;
};

struct runner_options {
    const char *only;        /* extended regular expression on ids; NULL: all */
    int jobs;                /* cells at a time, of each rank; 0: as many as processors allow */
    const struct post *post; /* as rank 0 of several: they run cells, too; NULL: alone */
    double deadline;         /* seconds from the call at which everything has ended; 0: none */
    int force;               /* take over a folder of another experiment */
    int max_failures;        /* an engine that lost so many cells running is left out; 0: never */
    int no_roof; /* 1: the roof of the machine is not measured, its columns stay empty */
    int here;    /* 1: the one cell there is to run runs in this process, as a debugger wants it */
    /* Called after each cell, and with cell == NULL about five times a second. */
    void (*report)(void *context, const struct runner_progress *, const struct cell *, enum outcome,
                   double wall_seconds);
    /* Called once for each engine before the cells run, with what it says of its library. */
    void (*announce)(void *context, const char *engine, const char *library);
    void *context;
};

enum runner_end {
    RUNNER_COMPLETE,
    RUNNER_INTERRUPTED, /* SIGINT, SIGTERM or SIGHUP */
    RUNNER_DEADLINE,
};

struct runner_result {
    enum runner_end end;
    int run, skipped; /* cells */
    int troubled;     /* of those run: failed, crashed, timeout, out-of-memory */
    int unsupported;
    int left_out;   /* cells of engines that lost too many */
    char lost[128]; /* the first cell that crashed; "": none did */
    int wrong;      /* 1: the run was refused because an engine of a throughput experiment fails its
                       conformance */
    int unfinished; /* of those chosen, and with tuning of all that follow */
    int reported;   /* rows of cells.csv */
    int jobs;
    double wall_seconds, cell_wall_seconds, train_seconds, evaluation_seconds;
};

/* 0 when the cells ended or were stopped; -1 if the run could not go on (error set). Derived files
 * and manifest are up to date in both cases as far as the disk allows. */
int runner_run(const struct campaign *, const struct runner_options *, struct runner_result *);

#endif
