/* The Brier score of several training runs that differ only by chance, taken apart into a squared
 * bias and a variance (Domingos 2000; for the Brier score Geman, Bienenstock, Doursat 1992). */
#ifndef BATCHLAB_JUDGE_BRIER_H
#define BATCHLAB_JUDGE_BRIER_H

#include <stddef.h>

/* Means over examples of sums over classes. score = bias_squared + variance, up to rounding. */
struct brier {
    double bias_squared; /* |E p - y|^2, E over runs, y 1 at the label's class and else 0: estimated
                            from pairs of runs, so without what of the variance would be in it. May
                            fall below 0 */
    double variance;     /* E |p - E p|^2, likewise from pairs: the divisor is runs - 1 */
    double score;        /* E |p - y|^2 */
};

/* all: the estimates. each[runs]: their jackknife pseudo-values, runs x (estimate of all) - (runs -
 * 1) x (estimate without this run) (Quenouille 1956; Tukey 1958): their mean is the estimate, and
 * they may be taken for a sample of one number a run; so may differences and ratios of them.
 * probabilities[runs][examples][classes], labels[examples]; runs >= 3, examples >= 1, else all are
 * NaN. -1: out of memory (error set). */
int brier_decompose(const double *probabilities, const int *labels, size_t runs, size_t examples,
                    size_t classes, struct brier *all, struct brier *each);

#endif
