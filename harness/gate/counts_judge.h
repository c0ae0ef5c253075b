/* Two counts of one cell, base and head: the same, changed, or worse than they may be. No clock, no
 * samples, nothing but comparisons. */
#ifndef BATCHLAB_COUNTS_JUDGE_H
#define BATCHLAB_COUNTS_JUDGE_H

#include "gate/counts.h"

enum count_verdict {
    COUNT_ABSENT,  /* neither side has it, which only memory and the target may be: say nothing */
    COUNT_SAME,    /* equal, or as near as two runs of one build are */
    COUNT_CHANGED, /* not equal; within the tolerance, or better: reported, never failed */
    COUNT_UNKNOWN, /* one side does not have it, or the two did not do the same: nothing is shown */
    COUNT_WORSE,   /* beyond the tolerance: a regression */
    COUNT_WRONG,   /* a loss that is not finite, or further off than rounding explains */
    COUNT_VERDICTS
};
extern const char *const count_verdict_names[COUNT_VERDICTS]; /* "absent", "same", ... */

/* head is within it if head <= base + max(absolute, relative * |base|); of the loss, which has no
 * better side, if |head - base| is. */
struct count_tolerance {
    double relative, absolute; /* 0 and 0: none; infinity: any change is no more than a change */
    double
        noise; /* what runs of one build differ by: no more than that, and the two are the same */
};

struct count_tolerances {
    struct count_tolerance of[COUNT_QUANTITIES];
};

/* The defaults, for these engines: one and the same on both sides, or two. */
struct count_tolerances counts_tolerances(const char *base_engine, const char *head_engine);

struct count_judgement {
    enum count_quantity quantity;
    struct count base, head;
    double tolerance; /* of this base: max(absolute, relative * |base|) */
    enum count_verdict verdict;
    char reason[192]; /* one line for a person */
};

struct counts_judgement {
    struct count_judgement of[COUNT_QUANTITIES];
    enum count_verdict worst; /* of all: the largest */
};

/* tolerances: NULL: the defaults, and none on allocations of several threads. Counts of different
 * cells, or of other numbers of updates, are all unknown, and so are those of no update. */
void counts_judge(const struct counts *base, const struct counts *head,
                  const struct count_tolerances *tolerances, struct counts_judgement *judgement);

/* Rows of counts.csv: the header line, and one for each quantity of the cell but those that are
 * absent. A side that does not know it has an empty field. */
void counts_write_header(FILE *file);
void counts_write_rows(FILE *file, const char *cell, const struct counts_judgement *judgement);

/* 1: worse or wrong. */
int count_has_failed(enum count_verdict);

#endif
