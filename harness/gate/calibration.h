/* What a gate can tell on this machine: the same program against itself, and against itself with
 * known slow-downs, judged as a gate judges. */
#ifndef BATCHLAB_GATE_CALIBRATION_H
#define BATCHLAB_GATE_CALIBRATION_H

#include "gate/gate.h"

enum { CALIBRATION_ARMS_MAX = 9 };

/* Ways to come by runs of a gate. */
enum calibration_method {
    /* One run a stretch of so many rounds as the gate's; doubling and confirmation take the
     * stretches after it. */
    CALIBRATION_RECORDED,
    /* Rounds drawn anew from all recorded ones, in blocks that keep what neighbours share. */
    CALIBRATION_RESAMPLED,
    /* What one would do without pairs: the medians of one stretch of the base and of the next one
     * of the head, a regression if they are more than 5 % apart. For contrast. */
    CALIBRATION_SEQUENTIAL,
    CALIBRATION_METHODS
};

extern const char *const calibration_method_names[CALIBRATION_METHODS];

struct calibration_options {
    struct gate_options gate;            /* rounds: of one run */
    double shares[CALIBRATION_ARMS_MAX]; /* [arm_count] of calls made twice; the first is 0 */
    int arm_count;
    int runs[CALIBRATION_ARMS_MAX]; /* [arm_count] recorded ones */
    int resamples;
};

/* In how many runs a group of cells has one that is a regression, and one that is inconclusive. */
struct calibration_rate {
    char group[GATE_NAME_SIZE]; /* "*": all cells; with a star at the end: of that engine; else a
                                   cell */
    double share;
    enum calibration_method method;
    size_t runs, found, inconclusive;
};

struct calibration {
    struct calibration_options options;
    struct gate arms[CALIBRATION_ARMS_MAX]; /* [opened] */
    int opened;
    double *floors; /* [arms[0].count]: 95th percentile of |ln ratio| over the recorded runs of the
                       same against itself; owned */
    struct calibration_rate *rates; /* [rate_count], owned */
    size_t rate_count;
    double seconds;
};

/* Records all arms in turn, round by round, and judges. side: resolved. -1 (error set). */
int calibration_run(struct calibration *, const struct calibration_options *,
                    const struct contender *side);
void calibration_close(struct calibration *); /* also after a failed run */

/* The judging alone, of arms whose series are filled (GATE_FIRST): floors and rates. */
int calibration_judge(struct calibration *);

/* For a terminal of 80 columns. */
void calibration_print(FILE *, const struct calibration *);

/* folder/calibration.csv; numbers of the chart in folder/figures/calibration.csv. */
int calibration_write(const struct calibration *, const char *folder);

/* ---- As a gate uses it ------------------------------------------------------------------------
 */

/* Sets the cells' floors from the file. note[size] says in one line what was used, how old it is,
 * or why it was not: another machine, other rounds or turns. A file that is not there is no error,
 * but for the note. -1 (error set): a file that is no calibration, or of a newer version. */
int calibration_apply(const char *file, struct gate *, char *note, size_t size);

#endif
