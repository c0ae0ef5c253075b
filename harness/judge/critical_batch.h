/* The critical batch size from what it took to reach a target: steps S(K) = S_min + E_min / K, a
 * straight line in 1 / K, which is (S / S_min - 1) (E / E_min - 1) = 1 with E = K S examples
 * (McCandlish et al. 2018, eq. 2.11). B_crit = E_min / S_min. */
#ifndef BATCHLAB_JUDGE_CRITICAL_BATCH_H
#define BATCHLAB_JUDGE_CRITICAL_BATCH_H

#include "judge/effect.h"

#include <stddef.h>
#include <stdint.h>

/* Bounds of all three are at least 0. */
struct critical_batch {
    struct effect least_steps;    /* S_min, updates */
    struct effect least_examples; /* E_min, examples */
    /* B_crit, examples: +inf where S_min is not above 0 (no K was too large), 0 where E_min is not
     * (none was small enough), NaN where neither is. */
    struct effect batch;
    double r_squared_log; /* of log S; NaN where the fitted S is not above 0 somewhere */
    double mape;          /* mean |residual / S|, a fraction */
    double misfit_p; /* small where the points do not lie on such a curve (chi squared, count - 2
                        degrees); NaN from the bootstrap, which knows no variances */
};

/* From steps[count] (medians or means over seeds) at batch_sizes[count] >= 1 with known
 * variances[count] > 0 of these. The interval of B_crit is Fieller's (1954), for the ratio of two
 * correlated normal estimates: where S_min is not certainly above 0 it has no upper bound, which
 * the delta method would hide. Fewer than two different K, or anything not finite: NaN and
 * 0 .. +inf. */
struct critical_batch critical_batch_fit(const double *batch_sizes, const double *steps,
                                         const double *variances, size_t count, double confidence);

/* From the steps of every seed, steps[k][0 .. seeds[k]-1], +inf where the target was not reached:
 * fitted to their medians, weighted by 1 / median^2 (their spread grows as they do), the intervals
 * by bootstrap_run over the seeds of each K on its own. Resamples in which a median is infinite
 * have no fit and count for both bounds, so that censoring widens them. Fewer than two seeds of
 * some K: bounds 0 .. +inf. */
struct critical_batch critical_batch_bootstrap(const double *batch_sizes,
                                               const double *const *steps, const size_t *seeds,
                                               size_t count, double confidence, size_t resamples,
                                               uint64_t seed);

#endif
