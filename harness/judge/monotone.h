/* Whether, and how, values rise along an ordered factor. */
#ifndef BATCHLAB_JUDGE_MONOTONE_H
#define BATCHLAB_JUDGE_MONOTONE_H

#include "judge/effect.h"

#include <stddef.h>
#include <stdint.h>

/* Isotonic regression: fitted[count] that never falls and is closest to values[count] in the sum of
 * weights (values - fitted)^2, by pooling adjacent violators (Ayer et al. 1955). weights[count] >
 * 0, or NULL: all equal. fitted may be values. For values that never rise, fit their negatives. A
 * NaN makes all NaN; +inf before a lower value makes all from there on infinite, or NaN where that
 * is -inf. */
void monotone_fit(const double *values, const double *weights, size_t count, double *fitted);

struct trend {
    double statistic; /* J: pairs from two different groups in which the later group's is higher,
                         ties half */
    double tendency;  /* (J - its mean) / its mean, in [-1, 1]: Somers' d of values on groups */
    double p;         /* NaN: no two groups with values, or a value that is NaN */
};

/* Jonckheere-Terpstra test for an ordered alternative (Terpstra 1952, Jonckheere 1954); with one
 * value a group it is the Mann-Kendall test. values[count] of groups[count], which are numbered
 * along the factor. p by `permutations` random permutations, (1 + those as extreme) / (1 +
 * permutations) (Phipson and Smyth 2010); 9999 resolve 0.0001. GREATER: values rise. Infinite
 * values and ties are legitimate. */
struct trend monotone_trend(const double *values, const int *groups, size_t count, enum alternative,
                            size_t permutations, uint64_t seed);

#endif
