/* Is the head slower than the base? Both are measured in pairs, in one sitting, and judged cell by
 * cell: each round starts a fresh process of either side and goes through the cells in a shuffled
 * order; in each cell the sides take turns, ABBA or BAAB by a seeded draw, with the same number of
 * updates, on the same core. A cell whose interval is too wide has its rounds doubled once; one
 * that is slower is measured anew, and is a regression only if both say so. */
#ifndef BATCHLAB_GATE_H
#define BATCHLAB_GATE_H

#include "gate/contender.h"
#include "gate/counts_judge.h"
#include "gate/sample.h"
#include "judge/paired.h"

#include <stdint.h>

enum { GATE_BASE, GATE_HEAD, GATE_SIDES };
enum { GATE_FIRST, GATE_CONFIRMATION, GATE_STAGES };

enum gate_verdict {
    GATE_SAME,
    GATE_IMPROVED,
    GATE_REGRESSION,
    GATE_INCONCLUSIVE,
    GATE_UNSUPPORTED, /* by both sides: nothing to compare */
    GATE_MISSING,     /* on one side only, or it failed: never a pass */
    GATE_WRONG,       /* its engine does not conform on one side: no speed is compared */
    GATE_VERDICTS
};

extern const char *const gate_verdict_names[GATE_VERDICTS];
extern const char *const gate_side_names[GATE_SIDES]; /* "base", "head" */

struct gate_options {
    const char *file; /* experiment, `measure: throughput` */
    const char *only; /* cells whose name has this in it; NULL: all */
    int rounds;       /* even; 0: 20, or 30 where more than 10 cells are judged */
    double slice;     /* seconds of one turn */
    int turns;        /* of each side in a round, even: ABBA once for two, twice for four */
    double margin;    /* the least ratio that counts is 1 + margin */
    double budget;    /* seconds for all rounds: what goes beyond is not begun */
    uint64_t seed;
    int processor; /* both sides run on; -1: on any */
    int skips_check, skips_counts;
    /* Told before each round; NULL: nobody is. */
    void (*progress)(void *context, int stage, int round, int rounds);
    void *context;
};

/* One turn. */
struct gate_turn {
    int cell, side, stage, round, position; /* 0, 1, ... within the round */
    struct gate_sample sample;
};

/* What was measured of a cell in one stage, a value a round: the median of its turns, which a turn
 * that somebody else took the core from does not move. */
struct gate_series {
    double *seconds[GATE_SIDES], *cpu[GATE_SIDES]; /* [count], owned */
    size_t count;
};

struct gate_cell {
    char name[GATE_NAME_SIZE];
    char engine[PATH_MAX]; /* of the file, its path from here */
    char library[256];     /* of the base, and the kernels that it chose */
    long updates;          /* of a turn */
    struct gate_series series[GATE_STAGES];
    struct paired_finding findings[GATE_STAGES];
    double floor;  /* what the same against itself differs by here (calibration); NaN: not known */
    double margin; /* the largest of the options', the floor and what the clock can tell */
    size_t tagged[GATE_SIDES]; /* turns during which the machine had other things to do */
    int is_confirmed;          /* the second stage has been */
    enum gate_verdict verdict;
    char reason[256];
    int is_counted; /* both sides have been, without a clock */
    struct counts_judgement counts;
    char count_reason[256]; /* why they have not; "": they have, or were not to be */
};

struct gate {
    struct gate_options options;
    struct contender sides[GATE_SIDES];
    struct gate_cell *cells; /* [count], owned */
    int count;
    int rounds_made[GATE_STAGES];
    int rounds;              /* of the first stage, before doubling */
    double confidence;       /* of each cell's interval */
    double resolution;       /* seconds, of the clock */
    struct gate_turn *turns; /* [turn_count] in the order of time, owned */
    size_t turn_count, turn_capacity;
    double seconds; /* that all took */
    double load_before;
    int is_cut; /* the budget was over before all was done */
    char started[32];
    char calibration[512]; /* which one the floors are of, or why there are none */
};

/* Looks what cells both sides have, and how many updates fill a turn. -1 (error set): rounds that
 * cannot decide anything, a file or side that cannot be used, a processor that cannot be pinned, a
 * clock that is too coarse. The sides are resolved already. */
int gate_open(struct gate *, const struct gate_options *, const struct contender *base,
              const struct contender *head);
/* The same of a gate that is open and has measured nothing, whose cells and turns it takes over:
 * its head makes that share of its calls twice. -1 (error set): out of memory. */
int gate_open_slowed(struct gate *, const struct gate *open, double share);
void gate_close(struct gate *); /* also after a failed open */

/* Measures and judges. floors[count] as in the cells may have been set before. -1 (error set). */
int gate_run(struct gate *);

/* Quantities of all cells with this verdict of their counts. */
int gate_counted(const struct gate *, enum count_verdict);

/* Cells of this verdict. */
int gate_count(const struct gate *, enum gate_verdict);

/* Cells that the budget has left without an answer: too few rounds for an interval, or slower and
 * not measured anew. However slow they are they may be no pass. */
int gate_unfinished(const struct gate *);

/* Ctrl-C: the turn in progress ends, nothing more is begun, and what runs returns -1. */
void gate_interrupt(void);
int gate_interrupted(void);

/* ---- Its parts --------------------------------------------------------------------------------
 */

/* The finding of what its series holds of the stage, and the margin it was judged by. */
void gate_judge(const struct gate *, struct gate_cell *, int stage);

/* The verdict, from the findings of its stages. */
void gate_conclude(struct gate_cell *);

/* Starts both sides, the one of that index first, in place of what runs there (NULL: nothing). -1
 * (error set): one cannot be started. */
int gate_start_sides(struct gate *, int first, struct side_process *sides[GATE_SIDES]);
void gate_stop_sides(struct side_process *sides[GATE_SIDES]);

/* Measures the cells chosen[count] != 0 in so many rounds more of the stage. -1 (error set). A side
 * that fails at a cell takes that cell out of the comparison (GATE_MISSING), nothing else. */
int gate_measure(struct gate *, const char *chosen, int stage, int rounds, uint64_t seed);

/* Counts the cells that both sides have, each in a process of its own, and judges (count_cells.c).
 * -1 (error set): interrupted. */
int gate_count_cells(struct gate *);

/* ---- What is left of it (gate_table.c) --------------------------------------------------------
 */

/* For a terminal of 80 columns. */
void gate_print(FILE *, const struct gate *);

/* folder/gate.json, gate.csv, samples.csv, counts.csv; numbers of the chart in
 * folder/figures/gate.csv. */
int gate_write(const struct gate *, const char *folder);
int gate_write_json(const struct gate *, const char *folder); /* one of these (gate_json.c) */

/* folder/google-benchmark-base.json, -head.json, github-action-smaller.json, -bigger.json,
 * bencher.json, junit.xml, comment.md; with `measurements` also lines for CTest to that stream
 * (gate_export.c). strict: what is inconclusive is a failure. */
int gate_export(const struct gate *, const char *folder, int strict, FILE *measurements);

#endif
