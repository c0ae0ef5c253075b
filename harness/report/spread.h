/* How predictions differ between runs that differ only in their seed. */
#ifndef BATCHLAB_SPREAD_H
#define BATCHLAB_SPREAD_H

#include <stddef.h>

/* Decomposition of the Brier score of single runs over seeds, mean over examples (Domingos 2000).
 */
struct spread {
    double variance;     /* sum over classes of the sample variance over seeds: unbiased */
    double squared_bias; /* |mean prediction - label|^2, less what of the variance is in it */
    double disagreement; /* share of pairs of seeds that name different classes */
    double low, high;    /* 95 % interval of the variance, normal, over examples */
};

/* probabilities[seeds][examples][classes], labels[examples]; seeds >= 2, else NaN. */
struct spread spread_of(const double *probabilities, const double *labels, size_t seeds,
                        size_t examples, size_t classes);

#endif
