/* Tests that look at order alone, so that +infinity ("not reached") is as good a value as any: two
 * infinite values are a tie. NaN in, NaN out. */
#ifndef BATCHLAB_JUDGE_RANKS_H
#define BATCHLAB_JUDGE_RANKS_H

#include "judge/effect.h"

#include <stdbool.h>
#include <stddef.h>

struct rank_test {
    double statistic;
    double p;   /* NaN: no values */
    bool exact; /* from the distribution itself; else normal */
};

/* Sign test, exact: the statistic is the number of differences above 0, binomial(n, 1/2) among the
 * n that are not 0. p = 1 where all are 0; NaN where there are none. GREATER: they tend to be above
 * 0. */
struct rank_test ranks_sign(const double *differences, size_t count, enum alternative);

/* Wilcoxon signed rank (Wilcoxon 1945): for differences symmetric about their centre. Zeros are
 * dropped; the statistic is the sum of the ranks of those above 0. Exact, with ties too, for up to
 * 50 differences; else normal with tie and continuity correction. p = 1 where all are 0. */
struct rank_test ranks_signed(const double *differences, size_t count, enum alternative);

/* Mann-Whitney U (Mann and Whitney 1947): the statistic is the number of pairs a > b, ties half;
 * over count_a count_b it is the chance that a run of a is above one of b. Exact, with ties too (of
 * all ways to share the values out: Streitberg and Roehmel 1986), for up to 100 values in all; else
 * normal with tie (Hemelrijk 1952) and continuity correction. p = 1 where all are equal. GREATER: a
 * tends to be above b. */
struct rank_test ranks_mann_whitney(const double *a, size_t count_a, const double *b,
                                    size_t count_b, enum alternative);

#endif
