/* Bootstrap intervals for any statistic: bias-corrected and accelerated, BCa (Efron 1987), the
 * acceleration by the jackknife.
 *
 * The data are one or more independent groups; what is resampled are the members of each group, by
 * index. Paired data are one group of pairs: the statistic takes both members at one index.
 *
 * With few members the intervals are too short, whatever the method: of the mean of 5 normal values
 * 95 % hold it in some 83 %. judge/means.h and stats_median_interval have no such fault. */
#ifndef BATCHLAB_JUDGE_BOOTSTRAP_H
#define BATCHLAB_JUDGE_BOOTSTRAP_H

#include "judge/effect.h"

#include <stddef.h>
#include <stdint.h>

/* values[outputs] from the members of the groups that are named: indices[g][0 .. counts[g]-1], each
 * below the count of group g; counts[g] is one less where the jackknife leaves a member out. */
typedef void bootstrap_statistic(const void *context, const size_t *const *indices,
                                 const size_t *counts, double *values);

struct bootstrap {
    bootstrap_statistic *statistic;
    const void *context;  /* handed to the statistic: the data */
    const size_t *counts; /* [groups], members of each group, < 2^32 */
    size_t groups, outputs;
    double confidence; /* in (0, 1); 0.95 */
    size_t resamples;  /* 10000 */
    uint64_t seed;     /* the same seed, the same interval */
};

enum bootstrap_method {
    BOOTSTRAP_NONE, /* a group of fewer than two, or a value that is not a number: -inf .. +inf */
    BOOTSTRAP_PERCENTILE,
    BOOTSTRAP_BCA,
};

struct bootstrap_result {
    struct effect effect; /* the value is the statistic of the data themselves */
    enum bootstrap_method method;
};

/* results[outputs]. All outputs are of the same resamples. Infinite values are legitimate: a bound
 * that falls among infinite replicates is infinite. */
void bootstrap_run(const struct bootstrap *, struct bootstrap_result *results);

/* ---- Its parts ------------------------------------------------------------------------------ */

/* a = 1/6 sum U^3/n^3 / (sum U^2/n^2)^(3/2) over all members of all groups, U = (n - 1) (mean of
 * the group's jackknife values - jackknife value) (Efron 1987; several groups: Davison and Hinkley
 * 1997, 5.3.2). accelerations[outputs]; NaN where all jackknife values are equal or one is not
 * finite. */
void bootstrap_accelerations(const struct bootstrap *, double *accelerations);

/* The interval of replicates[count] of a statistic whose value on the data is `value`; quantiles
 * are of type 7, replicates equal to the value count half in the bias correction. It is the
 * percentile interval (Efron 1979) where BCa has none: the acceleration is NaN, all replicates lie
 * on one side of the value, or some replicate is not a number. Such a replicate might have been
 * anything: it counts as -inf for the lower bound and as +inf for the upper. */
struct bootstrap_result bootstrap_interval(double value, const double *replicates, size_t count,
                                           double acceleration, double confidence);

/* ---- Statistics of one output ----------------------------------------------------------------
 *
 * The context is a `const double *const *`: the values of group g are context[g][]. In the paired
 * ones, one group, context[0] and context[1] are of the same seeds. An infinite value makes a mean
 * infinite; a median as stats_median. inf - inf and inf / inf are not-a-number. */

bootstrap_statistic resampled_mean, resampled_median;
bootstrap_statistic resampled_mean_difference; /* of group 0 - of group 1 */
bootstrap_statistic resampled_median_ratio;    /* of group 0 / of group 1 */
bootstrap_statistic resampled_paired_mean_difference, resampled_paired_median_ratio;

#endif
