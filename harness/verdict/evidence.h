/* The rows of a results folder that a claim speaks of, and what they say seed by seed. */
#ifndef BATCHLAB_VERDICT_EVIDENCE_H
#define BATCHLAB_VERDICT_EVIDENCE_H

#include "plan/claims.h"
#include "report/results.h"

#include <stdint.h>

/* One CSV file of the results, with the columns of cells.csv beside its own: a name is looked up in
 * the file first; a setting that its row leaves empty is the cell's. */
struct evidence {
    struct results *results; /* borrowed */
    struct table *table;     /* results->cells, or owned */
    size_t *cell_of;         /* [rows]: the row of cells.csv; NULL: the table is that */
};

/* 1: no such file, nothing is open; -1 with the error set: it cannot be read, or has an id that
 * cells.csv lacks. */
int evidence_open(struct evidence *, struct results *, const char *from);
void evidence_close(struct evidence *);

/* The rows of one part of a claim: all of one condition. */
struct rows {
    size_t *list; /* [count], owned */
    size_t count;
};

/* A condition under which a claim is judged apart: one value for each column of `each`. */
struct circumstance {
    char text[1024]; /* "network=M, epoch=20"; "" where the claim has no `each` */
    struct rows rows;
};

/* Rows of claim->where, by the values of claim->each in the order of appearance (those of a regret
 * together). *list is owned,
 * free with circumstances_free. No such row is an empty list. -1: a column that does not exist. */
int circumstances_find(const struct evidence *, const struct claim *, struct circumstance **list,
                       size_t *count);
/* Rows by the values of claim->each. */
int circumstances_split(const struct evidence *, const struct claim *, const struct rows *,
                        struct circumstance **list, size_t *count);
void circumstances_free(struct circumstance *list, size_t count);

/* What is judged, seed by seed. */
struct series {
    double
        *values; /* [count], owned, in the order of the seeds; +infinity: not reached, diverged */
    uint64_t *seeds;
    size_t count;
    size_t censored;   /* of them, a target not reached within the budget */
    size_t infeasible; /* diverged, dead or failed */
    size_t on_edge;    /* of cells whose tuned rate lies on the edge of what was tried */
    double hours;      /* that the cells took */
};

/* y of the arm's rows among `rows`, one a seed; arm NULL: of all. -1: two cells of one seed, which
 * the claim does not tell apart; a column that does not exist. Free with series_free. */
int series_find(const struct evidence *, const struct claim *, const struct rows *,
                const struct selection *arm, struct series *);
void series_free(struct series *);

/* Keeps of two series the seeds that both have. */
void series_pair(struct series *, struct series *);

/* 1: what the row says of the column is said by its cell. A largest eigenvalue, for instance, has
 * no batch of its own. */
int evidence_is_of_cell(const struct evidence *, const char *column, size_t row);

/* A row's column as text; NULL: no such column. */
const char *evidence_text(const struct evidence *, const char *column, size_t row);

/* Number of a row's column; NAN where it is empty. -1: no such column, no number. */
int evidence_number(const struct evidence *, const char *column, size_t row, double *value);

/* The same of what training came to: a loss or error of a run that diverged is +INFINITY, and so is
 * what it took to reach what was not reached. */
int evidence_outcome(const struct evidence *, const char *column, size_t row, double *value);

/* y less what the claim takes from it, over what it divides it by, or less that as well. +INFINITY
 * where nothing was reached. */
int evidence_value(const struct evidence *, const struct claim *, size_t row, double *value);

/* What the claim divides y by, or takes from it: 1 or 0 where there is nothing such. */
int evidence_over(const struct evidence *, const struct claim *, size_t row, double *value);

/* 1: the row meets all conditions; 0: it does not; -1: no such column. */
int evidence_meets(const struct evidence *, const struct selection *, size_t row);

/* 1: diverged, dead or failed; and of these 1: failed, so that nothing is known of it. */
int evidence_is_infeasible(const struct evidence *, size_t row);
int evidence_has_failed(const struct evidence *, size_t row);

/* The seed of the row's cell. -1: none, or no whole number. */
int evidence_seed(const struct evidence *, size_t row, uint64_t *seed);

/* 1: the row's tuned rate lies on the edge. */
int evidence_on_edge(const struct evidence *, size_t row);

#endif
