/* What results tell of scaling: measured updates of one worker, from which compute is fitted; those
 * of several ranks, which the fit has not seen and is tried on; and how many updates a target takes
 * by batch size. */
#ifndef BATCHLAB_SCALE_H
#define BATCHLAB_SCALE_H

#include "judge/critical_batch.h"
#include "report/results.h"
#include "scale/model.h"

/* The median over the cells that differ in nothing that is named here. */
struct scale_point {
    double batch_size, workers;
    const char *reduction; /* of several workers; borrowed from the results */
    const char *overlap;   /* the same */
    const char *cell;      /* the id of the first of them; borrowed, too */
    double seconds;        /* of an update */
    double predicted;
};

struct scale_setting {
    const char *network, *engine; /* borrowed from the results */
    double threads;               /* of each rank */
    double parameters, train_examples;
    struct scale_model model;
    struct scale_point *points; /* [count], owned; by workers, then batch size */
    size_t count;
    size_t held_out;                    /* points of several ranks */
    double median_error, largest_error; /* of these, |predicted / measured - 1|; NAN: none */
    int has_target;                     /* 1: the three below are known */
    char target[64];                    /* the hardest that three batch sizes reach */
    struct critical_batch critical;     /* of the network's cells, whatever engine */
    struct scale_steps steps;
};

struct scale {
    struct scale_setting *list; /* [count], owned: the settings that a line can be fitted to */
    size_t count;
    double processors; /* of the machine the results are of; 0: unknown */
};

/* timed: results with updates of one worker, and of ranks where there are any. stepped: results
 * that reach a target with three batch sizes or more, the same or others; NULL: none is looked for.
 * interconnect: between the ranks of points measured, too. Borrows both. -1 (error set): nothing
 * can be fitted. */
int scale_open(struct scale *, struct results *timed, struct results *stepped,
               const struct interconnect *);
void scale_close(struct scale *); /* accepts a zeroed one */

enum { SCALE_RANKS_MAX = 10000 };

/* Writes FOLDER/scale.csv: rows of kinds measured, predicted, target, critical (results/README.md).
 */
int scale_write(const struct scale *, const char *folder);
#define SCALE_FILE "scale.csv"

#endif
