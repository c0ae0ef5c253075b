/* The best of each batch size so far, while a grid runs. */
#ifndef BATCHLAB_LIVE_H
#define BATCHLAB_LIVE_H

#include "plan/plan.h"
#include "report/canvas.h"

#include <stddef.h>
#include <stdio.h>

enum { LIVE_MAX = 16 };

/* Of one K: the run that reached most targets, of those the one that was soonest at its last one;
 * where none is reached that of the smallest error (or loss) at the end. Of throughput: the
 * fastest. */
struct live_best {
    int batch_size, full;
    int cells;   /* finished ones */
    int reached; /* targets */
    double value;
    double rate;
};

struct live {
    const struct experiment *experiment;
    const char *results;             /* folder */
    struct live_best best[LIVE_MAX]; /* [count], by K */
    int count;
};

/* Takes in a cell that is finished: reads its row. One that cannot be read changes nothing. */
void live_take(struct live *, const struct cell *);

/* "best so far: K = 8 0.24 s, K = 32 0.35 s", in at most `width` characters. "": nothing yet. */
void live_line(const struct live *, int width, char *text, size_t size);

/* A line that says what is shown, and one with a bar for each K. How many. */
int live_chart(const struct live *, FILE *, const struct terminal *);

#endif
