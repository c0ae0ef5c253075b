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
    CLAIM_STRAIGHT, /* y over x is a straight line; mean relative deviation: the margin at most */
    CLAIM_CRITICAL_BATCH, /* what is fitted to the updates y over the batch sizes x, within [above,
                             below] */
    CLAIM_SHARES, /* the factors account for more of the variance of log y than any of the rivals */
    CLAIM_REGRET, /* the least y among x inside a range is hardly above the least of all */
};

/* Of S(K) = S_min + E_min / K; in each case an interval over seeds. */
enum claim_quantity {
    QUANTITY_NONE,           /* not given: the first */
    QUANTITY_CRITICAL_BATCH, /* E_min / S_min, examples */
    QUANTITY_MIN_UPDATES,    /* S_min */
    QUANTITY_MIN_EXAMPLES,   /* E_min */
    QUANTITY_R_SQUARED,      /* of log S */
    QUANTITY_SLOPE_SMALL_K,  /* of log S over log K, where K is at most a tenth of the critical */
};

/* What several cells of a seed that differ in one setting are reduced to. */
enum claim_take { TAKE_NONE, TAKE_LARGEST, TAKE_SMALLEST, TAKE_DECADES };

enum claim_scale {
    SCALE_LINEAR,  /* y over x */
    SCALE_LOG,     /* log y over log x */
    SCALE_SEMILOG, /* y over log x: of what may be below 0 */
};

enum claim_pick { PICK_NONE, PICK_MIN, PICK_MAX };

enum {
    CLAIM_ARMS_MAX = 8,
    CLAIM_EACH_MAX = 6,
    CLAIM_COSTS_MAX = 12,
    CLAIM_FACTORS_MAX = 4,
    CLAIM_RIVALS_MAX = 3, /* with the seed and the factors as many as judge/shares.h takes */
    CLAIM_CONDITIONS_MAX = 8,
    CLAIM_COLUMN_SIZE = 64
};

/* Names of columns. */
struct columns {
    char names[CLAIM_COSTS_MAX][CLAIM_COLUMN_SIZE];
    int count;
};

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

/* y as one number of a seed's cells: the largest, the smallest or the decades between both, of the
 * values of a column in those cells that meet `where` and, with `of`, in the run of neighbours
 * around the cell with the least `of` in which it is at most 1 + within times that. */
struct taken {
    enum claim_take take;
    char column[CLAIM_COLUMN_SIZE];
    char of[CLAIM_COLUMN_SIZE]; /* "": all count */
    double within;
    struct selection where;
};

struct claim {
    char id[32], part[48]; /* "C24", "variance"; part may be empty */
    char says[320];        /* in plain words */
    int line;              /* in the file */
    enum claim_test test;
    char from[32];                 /* the CSV file without its suffix */
    char x[CLAIM_COLUMN_SIZE];     /* of a slope or trend */
    char y[CLAIM_COLUMN_SIZE];     /* what is judged */
    struct taken taken;            /* what is judged in place of y, where it takes something */
    char minus[CLAIM_COLUMN_SIZE]; /* what is taken from y; "": nothing */
    char over[CLAIM_COLUMN_SIZE];  /* what y is divided by; "": nothing */
    struct selection other; /* what y is divided by, if there are conditions: the row that meets
                               them and is in all else as y's; critical_batch: rows of probes.csv */
    char low[CLAIM_COLUMN_SIZE];  /* of y's own 95 % interval; "": it comes from the seeds */
    char high[CLAIM_COLUMN_SIZE]; /* likewise; one of both: a one-sided bound */
    double above, below;          /* -INFINITY, INFINITY: no such bound */
    double refuted[2];            /* what lies within refutes; NAN: all beyond the bounds, or the
                                     margin */
    double margin;                /* NAN: not given */
    int is_relative;              /* differences of logarithms: a margin of 0.03 is 3 % */
    enum claim_scale scale;       /* of a slope */
    int is_absolute;              /* agreement: y - over, not y / over */
    int is_falling;               /* trend */
    int is_median;                /* of the seeds' values the median is judged, not the mean */
    int is_aside; /* judged and listed, and the verdict on the claim does not depend on it */
    enum claim_quantity quantity;   /* critical_batch */
    char along[CLAIM_COLUMN_SIZE];  /* critical_batch: slope of log quantity over log of this; "" */
    double ceiling;                 /* shares: y where it diverged, and at most; INFINITY: none */
    double inside[2];               /* regret: of x; NAN: not given */
    double share;                   /* regret: of the circumstances and costs */
    struct columns costs;           /* regret: y, if there are several */
    struct columns factors, rivals; /* shares */
    int seeds;                      /* that the verdict needs at least; 1: nothing is random */
    char axis[48], condition[160];  /* to be printed: "equal updates"; what limits the result */
    struct selection where;         /* rows that count */
    struct selection arms[CLAIM_ARMS_MAX];
    int arm_count;
    struct columns each; /* judged for each value of these apart */
};

struct claims {
    struct claim *list; /* [count], owned */
    int count;
};

/* Reads `claims:`. Errors are `file:line: ...`; what was read is freed with claims_free all the
 * same. */
int claims_read(const struct schema_source *, yaml_node_t *, struct claims *);
void claims_free(struct claims *); /* accepts a zeroed struct */

/* One claim, as it was read from the node; has_test: its `test` was given. */
int claim_check(const struct schema_source *, const yaml_node_t *, const struct claim *,
                int has_test);

extern const struct choice claim_tests[];      /* by enum claim_test */
extern const struct choice claim_quantities[]; /* by enum claim_quantity, but for none */

void claims_document(FILE *);

#endif
