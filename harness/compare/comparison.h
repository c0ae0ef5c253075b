/* Two results folders side by side: the ratio of what each measured, setting by setting, and what
 * only one of them has. A setting are the cells that differ in nothing but the seed; a rate that
 * was tuned may differ between the folders. */
#ifndef BATCHLAB_COMPARISON_H
#define BATCHLAB_COMPARISON_H

#include "compare/ratio.h"
#include "report/results.h"

#include <stdio.h>

enum compared {
    COMPARED_BETTER, /* b than a: beyond the margin with p, adjusted for all rows, at most 0.05, and
                        1 outside the interval */
    COMPARED_WORSE,
    COMPARED_SAME, /* identical, or the interval lies within the margin */
    COMPARED_UNCLEAR,
    COMPARED_KINDS
};

extern const char *const compared_names[COMPARED_KINDS];

struct compared_row {
    char *setting;        /* "engine blas · K = 32", owned */
    char measure[16];     /* "throughput", "convergence" */
    char quantity[96];    /* "examples_per_second", "updates_to_validation_error_0.15" */
    char what[96];        /* for a person: "updates to 15 % validation error" */
    int higher_is_better; /* of the quantity; else lower is */
    int by_clock; /* seconds or a rate: what the machine did between the two runs is in it, and
                     in no interval */
    double a, b;  /* medians, +infinity: not reached */
    struct ratio ratio; /* its p adjusted over all rows (Holm) */
    size_t censored[2]; /* seeds of a and of b that did not reach it, of those that both have */
    enum compared verdict;
};

/* Seeds of a setting that only one side can speak of. */
struct absent {
    char *setting;    /* owned */
    int side;         /* that has them: 0: a, 1: b */
    size_t count, of; /* seeds, of so many that this side has */
    int has_failed;   /* the other side ran them and failed; else it has no such cells */
    char reason[128]; /* what the other side says of the first that failed */
};

struct comparison {
    struct results sides[2];
    double margin;
    struct compared_row *rows; /* [count], owned */
    size_t count;
    struct absent *absent; /* [absent_count], owned */
    size_t absent_count;
    size_t failed_on_both; /* pairs of cells */
    size_t kinds[COMPARED_KINDS];
};

/* margin > 0: 0.1 takes ratios between 1 / 1.1 and 1.1 for no difference. -1: a folder that cannot
 * be read, the same folder twice, results of different machines, libraries or experiments (not with
 * `anyway`), nothing in common. */
int comparison_open(struct comparison *, const char *folder_a, const char *folder_b, double margin,
                    int anyway);
void comparison_close(struct comparison *); /* also after a failed open */

/* Rows that are worse; with_clock: those that a clock decides too. */
size_t comparison_worse(const struct comparison *, int with_clock);

/* 1: b could not do what a did. */
int comparison_has_failed(const struct comparison *);

/* A table for a terminal of 80 columns. all: rows that are the same too. */
void comparison_print(FILE *, const struct comparison *, int all);

/* folder/comparison.csv; the numbers of its chart in folder/figures/comparison.csv. */
int comparison_write(const struct comparison *, const char *folder);
int comparison_write_chart(const struct comparison *, const char *folder);

#endif
