/* Which factors of a full factorial grid account for how much of the variance of its values:
 * functional ANOVA (Hooker 2007; of hyper-parameters Hutter et al. 2014), that is Sobol indices
 * (Sobol 1993) of the uniform distribution over the grid. */
#ifndef BATCHLAB_JUDGE_SHARES_H
#define BATCHLAB_JUDGE_SHARES_H

#include "judge/effect.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SHARES_FACTORS = 8,
    SHARES_PAIRS = SHARES_FACTORS * (SHARES_FACTORS - 1) / 2,
};

/* Shares in [0, 1] that sum to 1 with the residual, which is all interactions of three and more.
 * Noise makes shares of no effect larger than 0, never smaller: compare with those of rivals, the
 * seed among them. pair[] in the order (0,1), (0,2), ..., (1,2), ...: see shares_pair. */
struct shares {
    double variance; /* of all values, divisor their number */
    double main[SHARES_FACTORS], pair[SHARES_PAIRS], residual;
};

/* Place of factors a and b, different, in pair[] of `factors`. */
size_t shares_pair(size_t a, size_t b, size_t factors);

/* values[levels[0]][levels[1]]...[levels[factors-1]], every combination once, 1 <= factors <=
 * SHARES_FACTORS. All shares are NaN where the values are all equal or one is not finite: say first
 * what a diverged cell counts as. */
struct shares shares_of(const double *values, const size_t *levels, size_t factors);

/* Share of all that the factors in this mask of bits do, alone and together: the closed index
 * (Sobol 1993). What is left is the total index of the others. NaN as above. */
double shares_closed(const double *values, const size_t *levels, size_t factors, unsigned mask);

struct share_intervals {
    struct effect main[SHARES_FACTORS], pair[SHARES_PAIRS], residual;
};

/* The same with intervals by bootstrap_run, where the last factor is the seed: what is resampled
 * are seeds, each with all its cells (common random numbers). Bounds are within [0, 1]; 0 .. 1 of
 * fewer than two seeds. A resample holds some seeds twice and so shows a little less of the seeds'
 * own share. */
struct share_intervals shares_bootstrap(const double *values, const size_t *levels, size_t factors,
                                        double confidence, size_t resamples, uint64_t seed);

#endif
