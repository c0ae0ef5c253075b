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

int processors_idle(const struct processors *); /* number of those without a cell */

#endif
