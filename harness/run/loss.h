/* Cells that could not record themselves: how they ended, and engines that keep losing them. */
#ifndef BATCHLAB_LOSS_H
#define BATCHLAB_LOSS_H

#include "run/cell.h"

struct loss {
    enum outcome outcome;
    char reason[256];
};

/* wait_status: as waitpid gives it, of a child that did not say that it was done. late: it was
 * killed for its time. */
struct loss loss_of(int wait_status, int late, const struct limits *);

enum { LOSS_ENGINES_MAX = 64 };

/* Lost cells running, by engine. Starts zeroed. */
struct losses {
    struct {
        char engine[sizeof(((struct assignment *)0)->engine)];
        int running;
    } list[LOSS_ENGINES_MAX];
    int count;
};

/* Notes how a cell of the engine ended, and returns how many of its cells have been lost running,
 * this one included: crashed, out of time or out of memory. A cell that ended otherwise makes it 0.
 * Of engines beyond the first LOSS_ENGINES_MAX nothing is kept. */
int losses_note(struct losses *, const char *engine, enum outcome);

#endif
