/* Cells that run as children of this process, each pinned to its own processors. */
#ifndef BATCHLAB_CREW_H
#define BATCHLAB_CREW_H

#include "run/awaited.h"
#include "run/cell.h"
#include "run/processors.h"
#include "run/survey.h"

struct crew {
    const struct campaign *campaign;
    const struct survey *survey; /* its machine's processors are the crew's */
    struct crew_slot *slots;     /* [slot_count], owned */
    int slot_count;
    int is_fixed; /* 1: the number of slots was asked for, whatever processors there are */
    int running;
    struct processors processors;
};

/* How a cell ended, once that is recorded. */
struct cell_end {
    const struct cell *cell;
    struct assignment assignment;
    enum outcome outcome;
    double wall_seconds; /* of this process of it */
};

/* jobs: cells at a time; 0: as many as processors allow. Throughput cells run alone. The survey is
 * borrowed. 0, or -1 (error set). */
int crew_open(struct crew *, const struct campaign *, const struct survey *, int jobs);
void crew_close(struct crew *); /* accepts a zeroed one; nothing runs any more */

/* Processors that the cell takes: at most those there are. */
int crew_processors_of(const struct crew *, const struct assignment *);

/* 1 if a slot is free and the cell's threads find idle processors. */
int crew_has_room(const struct crew *, const struct assignment *);

/* Starts it in a free slot. 0, or -1 (error set). The cell is borrowed until it has ended. */
int crew_start(struct crew *, const struct cell *, const struct assignment *);

/* Runs it in this very process. */
int crew_run_here(struct crew *, const struct cell *, const struct assignment *, struct cell_end *);

/* Records those that have ended and calls ended(context, ...) for each; kills those that are late.
 * 0; -1 (error set): one could not be recorded, or ended() said -1. */
int crew_reap(struct crew *, struct awaited *, int (*ended)(void *context, const struct cell_end *),
              void *context);

/* Kills all, and waits for them. */
void crew_stop(struct crew *);

#endif
