/* The cells of a plan that are to run. */
#ifndef BATCHLAB_QUEUE_H
#define BATCHLAB_QUEUE_H

#include "plan/plan.h"

struct queue {
    const struct cell **cells; /* [count], owned; of the plan, in running order */
    int count;
    int next;    /* the first that has not been started */
    int matched; /* cells that were asked for, in all plans so far */
};

/* All cells of the plan that are asked for, finished or not, those of several ranks last. only: an
 * extended regular expression on ids; NULL: all. */
int queue_choose(struct queue *, const struct plan *, const char *only);

/* -1: nothing was asked for, up to this plan, which is the last. */
int queue_check_matched(const struct queue *, const struct plan *, const char *only);

/* Leaves those to run. Returns how many it took away. To be called with the folder locked, so that
 * nobody finishes a cell meanwhile. */
int queue_skip_finished(struct queue *, const char *results);

/* Brings the one to the front of what has not been started for which seconds(context, cell) is
 * largest; the first of equals. */
void queue_longest_first(struct queue *,
                         double (*seconds)(const void *context, const struct cell *),
                         const void *context);

/* One that was started is to be started again, next. */
void queue_return(struct queue *, const struct cell *);

/* Takes away what has not been started of cells that `is_of` says 1 of. Returns how many. */
int queue_drop(struct queue *, int (*is_of)(const void *context, const struct cell *),
               const void *context);

void queue_free(struct queue *); /* accepts a zeroed struct */

#endif
