/* Which processors a cell runs on. */
#ifndef BATCHLAB_PROCESSORS_H
#define BATCHLAB_PROCESSORS_H

#include "run/host.h"

/* How many cells each processor has. */
struct processors {
    int busy[HOST_PROCESSORS_MAX]; /* [count] */
    int count;
};

/* taken[wanted]: the least busy ones, none twice. wanted <= count */
void processors_take(struct processors *, int wanted, int *taken);
void processors_release(struct processors *, const int *taken, int count);

/* What is one's own of `count` processors that several share, the one at `place` of 0 .. sharers-1:
 * *part of them from *first on, neighbours together; where there are fewer than sharers, one. */
void processors_share(int count, int place, int sharers, int *first, int *part);

int processors_idle(const struct processors *); /* number of those without a cell */

#endif
