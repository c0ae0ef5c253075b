/* How what was measured moves from run to run: history.csv, a row for each run, a column for each
 * number (the shape that Hunter and its successor Otava read: time, commit, metrics). Columns are
 * explained in results/README.md. */
#ifndef BATCHLAB_HISTORY_H
#define BATCHLAB_HISTORY_H

#include "judge/changes.h"
#include "report/results.h"

#include <stdio.h>

/* ---- One more run -----------------------------------------------------------------------------
 */

/* Adds the medians of a results folder to the file, in the order of time; the file is made where
 * there is none, and gains the columns that it lacks. *numbers: how many were added. -1: no
 * manifest, a run that is there already, a file that is no history. */
int history_add(const char *file, const char *results_folder, size_t *numbers);

/* ---- Change points ----------------------------------------------------------------------------
 */

/* One number on one machine, over the runs that have it. */
struct series {
    const char *name, *machine; /* borrowed from the table */
    int higher_is_better;
    size_t *rows;   /* [count] of the table, in the order of time, owned */
    double *values; /* [count], above 0, owned */
    size_t count;
    struct change *changes; /* [change_count] of the logarithms, owned */
    size_t change_count;
};

struct scan {
    struct table *table;
    struct series *series; /* [count], owned: those with four values or more */
    size_t count;
    size_t short_count;  /* left out: fewer values */
    size_t signed_count; /* left out: values that are not above 0, which have no ratios */
    size_t change_count; /* of all series */
};

/* Looks for changes in every series. rule->least is of the logarithm. -1: the file cannot be read,
 * is no history, or its rows are not in the order of time. */
int history_scan(struct scan *, const char *file, const struct changes_rule *);
void scan_close(struct scan *); /* also after a failed scan */

/* A table for a terminal of 80 columns. */
void scan_print(FILE *, const struct scan *);

/* folder/changes.csv; the numbers of the chart in folder/figures/history.csv. */
int scan_write(const struct scan *, const char *folder);
int scan_write_chart(const struct scan *, const char *folder);

/* What both halves agree on. */
enum {
    HISTORY_TIME,
    HISTORY_COMMIT,
    HISTORY_EXPERIMENT,
    HISTORY_MACHINE,
    HISTORY_LIBRARIES,
    HISTORY_FIXED
};
extern const char *const history_columns[HISTORY_FIXED];

/* The file, checked to begin with these columns, which are its version, and to have no more than
 * LIMIT_HISTORY_RUNS rows. */
int history_open(struct table **, const char *file);

#endif
