/* What the repetitions of a case come to. */
#ifndef BATCHLAB_EXPORT_NUMBERS_H
#define BATCHLAB_EXPORT_NUMBERS_H

#include "export/export.h"

struct numbers {
    size_t count;             /* repetitions that are numbers; 0: the case is none */
    double median, low, high; /* seconds for an update; the interval is NaN where too few */
    double least;             /* seconds for an update, the fastest repetition */
    double total_seconds;     /* of all repetitions */
    double examples_per_second, gflops; /* at the median; NaN where unknown */
};

/* 0, or -1: out of memory. */
int numbers_of(struct numbers *, const struct exported_case *, double confidence);

/* The repetition is above 0 and finite, in nanoseconds too, and its case has no error. */
bool repetition_is_number(const struct exported_case *, size_t repetition);
long repetition_iterations(const struct exported_case *, size_t repetition);

/* Why the case has no numbers. */
const char *case_error(const struct exported_case *);

/* Of struct export: 0.95 unless it says another. */
double export_confidence(const struct export *);

/* No ratio has this name: the case stands for itself where there are ratios. */
bool case_is_alone(const struct export *, const struct exported_case *);

#endif
