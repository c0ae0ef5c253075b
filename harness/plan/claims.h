/* The claims of an experiment file, `claims:`: a sentence each, and the test on columns of the
 * results that decides it. How each test judges: results/README.md, verdicts.csv. */
#ifndef BATCHLAB_CLAIMS_H
#define BATCHLAB_CLAIMS_H

#include "plan/schema.h"

enum claim_test {
    CLAIM_SLOPE,       /* of y over x, within [above, below] */
    CLAIM_RATIO,       /* y of the first arm over y of the second, within [above, below] */
    CLAIM_EQUIVALENCE, /* y of two arms, no further apart than the margin */
    CLAIM_ORDER,       /* y rises from arm to arm, by the margin at least */
    CLAIM_BOUND,       /* y within [above, below], in every row */
    CLAIM_AGREEMENT,   /* y over another column, or y itself, within 1 +- margin, in every row */
    CLAIM_TREND,       /* y rises, or falls, with x */
};

enum claim_scale {
    SCALE_LINEAR,  /* y over x */
    SCALE_LOG,     /* log y over log x */
    SCALE_SEMILOG, /* y over log x: of what may be below 0 */
};

enum claim_pick { PICK_NONE, PICK_MIN, PICK_MAX };

enum { CLAIM_ARMS_MAX = 8, CLAIM_EACH_MAX = 6, CLAIM_CONDITIONS_MAX = 8, CLAIM_COLUMN_SIZE = 64 };

/* A column and the values of it that are meant. */
struct condition {
    char column[CLAIM_COLUMN_SIZE];
    char **values; /* [count], owned */
    int count;
};

/* Rows of the results that meet every condition. */
struct selection {
    struct condition conditions[CLAIM_CONDITIONS_MAX];
    int count;
    enum claim_pick pick; /* of several cells for a seed: those whose median y over the seeds is the
                             least, or the most */
};

struct claim {
    char id[32], part[48]; /* "C24", "variance"; part may be empty */
    char says[320];        /* in plain words */
    int line;              /* in the file */
    enum claim_test test;
    char from[32];                 /* the CSV file without its suffix */
    char x[CLAIM_COLUMN_SIZE];     /* of a slope or trend */
    char y[CLAIM_COLUMN_SIZE];     /* what is judged */
    char minus[CLAIM_COLUMN_SIZE]; /* what is taken from y; "": nothing */
    char over[CLAIM_COLUMN_SIZE];  /* what y is divided by then; "": nothing */
    char low[CLAIM_COLUMN_SIZE];   /* of y's own 95 % interval; "": it comes from the seeds */
    char high[CLAIM_COLUMN_SIZE];  /* likewise; one of both: a one-sided bound */
    double above, below;           /* -INFINITY, INFINITY: no such bound */
    double margin;                 /* NAN: not given */
    int is_relative;               /* differences of logarithms: a margin of 0.03 is 3 % */
    enum claim_scale scale;        /* of a slope */
    int is_falling;                /* trend */
    int seeds;                     /* that the verdict needs at least; 1: nothing is random */
    char axis[48], condition[160]; /* to be printed: "equal updates"; what limits the result */
    struct selection where;        /* rows that count */
    struct selection arms[CLAIM_ARMS_MAX];
    int arm_count;
    char each[CLAIM_EACH_MAX][CLAIM_COLUMN_SIZE]; /* judged for each value of these apart */
    int each_count;
};

struct claims {
    struct claim *list; /* [count], owned */
    int count;
};

/* Reads `claims:`. Errors are `file:line: ...`; what was read is freed with claims_free all the
 * same. */
int claims_read(const struct schema_source *, yaml_node_t *, struct claims *);
void claims_free(struct claims *); /* accepts a zeroed struct */

extern const struct choice claim_tests[]; /* by enum claim_test */

void claims_document(FILE *);

#endif
