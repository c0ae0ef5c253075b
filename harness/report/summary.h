/* What a run found, for a terminal of 80 columns: a table, and a line to act on. */
#ifndef BATCHLAB_SUMMARY_H
#define BATCHLAB_SUMMARY_H

#include "report/groups.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SUMMARY_OUTCOMES = 10, SUMMARY_NONE = -1 };

/* What must agree for rows to be comparable; the rest may be chosen freely. */
#define SUMMARY_PROBLEM_AXES                                                                       \
    (AXIS_BIT(AXIS_NETWORK) | AXIS_BIT(AXIS_BUDGET) | AXIS_BIT(AXIS_SUBSET) |                      \
     AXIS_BIT(AXIS_IMBALANCE) | AXIS_BIT(AXIS_LABEL_NOISE) | AXIS_BIT(AXIS_REDUNDANCY_MODE) |      \
     AXIS_BIT(AXIS_COPIES) | AXIS_BIT(AXIS_REDUNDANCY))

/* "reached", "budget", "diverged", ..., last "other" for a word that is none of them. */
extern const char *const summary_outcomes[SUMMARY_OUTCOMES];

/* One batch size at its best rate. Medians over its seeds; +infinity: not reached. Where no rate
 * trained: +infinity throughout, over all cells of all rates. */
struct summary_row {
    size_t group;                              /* in summary.groups */
    size_t n;                                  /* seeds */
    double seconds, epochs, updates, examples; /* to the section's target */
    double end, test; /* at the end, see summary_end and summary_test; diverged: +infinity */
    double low, high; /* over the seeds, of what rows are compared by: seconds, or else `end` */
    size_t outcomes[SUMMARY_OUTCOMES]; /* of those seeds */
};

/* Rows that may be compared: the same network, data and budget. */
struct summary_section {
    size_t first, count; /* its rows */
    int target;          /* the hardest that any row reaches in the median, SUMMARY_NONE */
    /* Indices of rows, SUMMARY_NONE where there is none. Without a target the order is that of
     * `end`. */
    int best, runner_up;
    int single, mini, full; /* the best row with K = 1, with 1 < K < N, with the full batch */
};

struct summary {
    struct groups groups;
    size_t row_count;
    struct summary_row *rows;
    size_t section_count;
    struct summary_section *sections;
    size_t outcomes[SUMMARY_OUTCOMES]; /* of all convergence cells, whatever their rate */
};

/* The numbers of the convergence table; the results stay open while it is used. No convergence
 * cells: row_count 0. */
int summary_compute(struct summary *, struct results *);
void summary_close(struct summary *); /* also after a failed compute */

/* What `end` is: "validation error", in regression "validation loss", without a validation split
 * "training loss". */
const char *summary_end(const struct groups *);
/* What `test` is: "test error" or "test loss". */
const char *summary_test(const struct groups *);

/* The group's engine in a column of that width: its name, or where that is longer "e1", "e2" by
 * the order of appearance. The legend names those of the groups that agree with `like` on axes. */
void summary_engine(const struct groups *, size_t group, size_t width, char text[64]);
void summary_print_engines(FILE *, const struct groups *, size_t like, uint64_t axes, size_t width);

/* Broken at blanks into lines of at most 79 characters. */
void summary_print_wrapped(FILE *, const char *text);
/* The same, each line behind so many blanks. */
void summary_print_indented(FILE *, size_t indent, const char *text);

/* Prints the convergence table and the throughput table, whichever the results have cells for.
 * -1 with the message set if the results cannot be read. */
int summary_print(FILE *, const char *results_folder);

/* The throughput part alone; prints nothing where there is no such cell. */
int summary_print_throughput(FILE *, struct results *);

/* Of each setting of that network with four batch sizes at least: seconds of a step = t0 + t1 K,
 * by least squares of relative residuals, and their mean. network[group_count]: whose number is
 * meant. rates, threads: of each cell, examples per second. */
void summary_print_steps(FILE *, const struct groups *, const size_t *network, size_t number,
                         const double *rates, const double *threads);

/* Where the time of the cells in profile.csv went. */
int summary_print_profile(FILE *, const char *results_folder);

#endif
