/* What was timed, in the formats that other tools read. Nothing here measures or judges: a results
 * folder (export/folder.h) or a gate fills the structs, a writer for each format puts them into a
 * file. results/README.md, "Formats others read", has the units of every field.
 *
 * No format gets a number that is not finite: a case without finite numbers is an error where the
 * format knows errors, else it is left out and counted. Texts may hold anything; bytes that are not
 * UTF-8, and in XML characters that XML forbids, are written as U+FFFD. All pointers are borrowed
 * and may be NULL where there is nothing to say. */
#ifndef BATCHLAB_EXPORT_H
#define BATCHLAB_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* ---- What was timed ---------------------------------------------------------------------------
 */

/* One cell on one side. */
struct exported_case {
    const char *name;  /* "train/M/blas/k=512": the same in every run, unique, no blanks */
    const char *label; /* free text */
    int threads;
    /* Repetitions: seconds for one update, wall clock, and processor time of all threads (NULL: not
     * measured). One that is not above 0 and finite is left out. */
    size_t count;
    const double *seconds, *cpu_seconds;                /* [count] */
    long iterations;                                    /* updates in each repetition */
    const long *iterations_each;                        /* [count], where they differ; else NULL */
    double examples_per_iteration, flops_per_iteration; /* 0: unknown */
    const char *error; /* why there are no numbers, or why they are none; NULL: all is well */
    bool skipped;      /* the error is no failure: the engine cannot do this cell */
};

/* Base to head, one cell; only a gate has them. */
struct exported_ratio {
    const char *name;
    double ratio, low, high; /* time of the head / time of the base, with its interval */
    double confidence;       /* of the interval, 0.95 */
    double floor;            /* smaller changes are none, 0.02 */
    const char *verdict; /* REGRESSION, IMPROVED, SAME, INCONCLUSIVE, WRONG or CHANGED; others are
                            refused by export_write */
    const char *reason;
    const struct exported_case *base, *head;
};

/* What needs no clock: FLOPs, calls of the engine, bytes, loss at a fixed seed. */
struct exported_count {
    const char *name;     /* of the cell */
    const char *quantity; /* "flops", "gemm_calls", "peak_bytes", "final_loss" */
    double base, head;    /* NaN: not known on that side */
    const char *verdict;  /* SAME, CHANGED or WRONG (past its tolerance, or where none is) */
    const char *reason;
};

/* Another number of a cell, of one side: seconds to a target, for instance. */
struct exported_value {
    const char *name;    /* of the cell */
    const char *measure; /* "seconds_to_validation_error_0.15" */
    const char *unit;    /* "s", "updates" */
    double value;        /* not finite: left out */
    double low, high;    /* interval; not finite: none */
    bool higher_is_better;
};

/* ---- Where and when ---------------------------------------------------------------------------
 */

struct exported_cache {
    const char *type; /* "Data", "Instruction" or "Unified" */
    int level;
    double bytes;
    int sharing; /* processors */
};

enum exported_answer { EXPORTED_UNKNOWN, EXPORTED_NO, EXPORTED_YES };

struct exported_pair {
    const char *key, *value;
};

struct exported_figure {
    const char *name, *path; /* path: absolute; a PNG */
};

struct export
{
    const char *suite;   /* "batchlab-gate", or the experiment: name of the JUnit suite */
    const char *summary; /* one sentence, the first of the Markdown; NULL: verdicts are counted */
    double confidence;   /* of medians' intervals; 0: 0.95 */
    bool strict;         /* INCONCLUSIVE is a failure in JUnit */

    const char *date; /* ISO 8601: "2026-11-25T03:36:18Z" */
    const char *host, *cpu, *executable;
    int processors;                   /* 0: unknown */
    double mhz;                       /* 0: unknown */
    enum exported_answer cpu_scaling; /* the governor may change the frequency */
    const double *load;               /* [load_count] averages over 1, 5 and 15 minutes */
    size_t load_count;
    const struct exported_cache *caches; /* [cache_count] */
    size_t cache_count;
    const char *library_version;        /* of batchlab */
    const char *build_type;             /* "release" or "debug" */
    const char *commit;                 /* of the side that `cases` are of */
    const struct exported_pair *custom; /* [custom_count] anything else */
    size_t custom_count;

    /* Of one side: a results folder's, or the head's. For a file of the base, a gate sets these and
     * the commit in a copy, and no ratios. */
    const struct exported_case *cases; /* [case_count] */
    size_t case_count;
    const struct exported_value *values; /* [value_count] */
    size_t value_count;

    /* Of both sides; empty unless a gate was there. */
    const struct exported_ratio *ratios; /* [ratio_count] */
    size_t ratio_count;
    const struct exported_count *counts; /* [count_count] */
    size_t count_count;
    const struct exported_figure *figures; /* [figure_count] for CTest */
    size_t figure_count;
};

/* ---- Writing ----------------------------------------------------------------------------------
 */

enum export_format {
    EXPORT_GOOGLE_BENCHMARK, /* cases; a row for each repetition */
    EXPORT_ACTION_SMALLER,   /* github-action-benchmark, customSmallerIsBetter: time, values */
    EXPORT_ACTION_BIGGER,    /* customBiggerIsBetter: examples per second, values */
    EXPORT_BENCHER,          /* Bencher Metric Format: cases, values, ratios, counts */
    EXPORT_JUNIT,            /* ratios and counts; cases where there are no ratios */
    EXPORT_CTEST,            /* measurements for CTest, on stdout of a test */
    EXPORT_MARKDOWN,         /* ratios and counts; cases where there are no ratios */
    EXPORT_FORMATS
};

/* Rows of the format: what is in the file, and what has no place there (failed cells, numbers that
 * are not finite). */
struct export_tally {
    size_t written, left_out;
};

/* "google-benchmark.json": the usual name of the file. */
const char *export_file_name(enum export_format);

/* Writes the whole file or none. A format without a row is no file: what lies there is removed, and
 * it is no error (written 0). -1 with the message set: a name that is missing or there twice, a
 * verdict that is none, what cannot be written. tally may be NULL. */
int export_write(const struct export *, enum export_format, const char *path,
                 struct export_tally *tally);
/* The same to a stream, which stays open and whose errors are the caller's. */
int export_print(const struct export *, enum export_format, FILE *, struct export_tally *tally);

#endif
