/* Differences of two means, from independent samples (Welch) or from pairs of the same seed: their
 * intervals, and tests for difference, superiority, non-inferiority and equivalence.
 *
 * Student's t throughout: for means of values that are roughly normal, or of many. Censored or
 * heavy-tailed values belong to judge/ranks.h, judge/bootstrap.h or judge/survival.h: one that is
 * not finite leaves no standard error. */
#ifndef BATCHLAB_JUDGE_MEANS_H
#define BATCHLAB_JUDGE_MEANS_H

#include "judge/effect.h"

#include <stddef.h>

struct mean_difference {
    double value;          /* mean of a - mean of b */
    double standard_error; /* NaN: fewer than two values (or pairs), or one not finite */
    double freedom;        /* degrees of freedom; NaN where the standard error is NaN or 0 */
};

/* Independent samples of unequal variances (Welch 1947, Satterthwaite 1946). */
struct mean_difference means_welch(const double *a, size_t count_a, const double *b,
                                   size_t count_b);

/* The mean of one sample against 0. */
struct mean_difference means_of(const double *values, size_t count);

/* a[i] and b[i] of the same seed (common random numbers). */
struct mean_difference means_paired(const double *a, const double *b, size_t count);

/* Value -+ t standard errors; -inf .. +inf without a standard error, the value alone where it is 0.
 */
struct effect means_interval(const struct mean_difference *, double confidence);

/* p of the null hypothesis that the difference is `null`, or, with GREATER, at most `null`, or,
 * with LESS, at least. With higher values better, GREATER tests superiority by a margin m with null
 * = m and non-inferiority with null = -m. NaN without a standard error. Where it is 0 (values that
 * do not vary) p is 0 if the difference lies in the alternative and else 1. */
double means_p(const struct mean_difference *, double null, enum alternative);

struct equivalence {
    double p;               /* of the null hypothesis that the difference is outside the margins */
    struct effect interval; /* of confidence 1 - 2 alpha, 90 % for 0.05: it lies within the margins
                               where p < alpha */
};

/* Two one-sided tests (Schuirmann 1987) against the margins low < high, alpha in (0, 0.5): -m and m
 * of a difference; log 0.9 and log 1.1 of a ratio within 10 %, a and b being logarithms. */
struct equivalence means_equivalence(const struct mean_difference *, double low, double high,
                                     double alpha);

#endif
