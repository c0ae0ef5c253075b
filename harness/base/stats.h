/* Order statistics of small samples. Values need not be sorted and are not changed.
 * +infinity is a legitimate value ("not reached"); not-a-number makes the result NaN. */
#ifndef BATCHLAB_STATS_H
#define BATCHLAB_STATS_H

#include <stddef.h>

/* Quantile p in [0, 1], linear interpolation between order statistics (Hyndman and Fan 1996,
 * type 7). count == 0: NaN. An infinite neighbour with non-zero share makes it infinite. */
double stats_quantile(const double *values, size_t count, double p);

double stats_median(const double *values, size_t count);

struct interval {
    double low, high;
    double coverage; /* exact confidence, from the binomial distribution; 0 if there is none */
};

/* Distribution-free interval of the median: the order statistics k and n-k+1 with the largest k
 * whose coverage is at least `confidence` (sign test). Fewer values than that needs: -inf, +inf,
 * coverage 1. */
struct interval stats_median_interval(const double *values, size_t count, double confidence);

/* Exact interval of a share, `successes` of `count` (Clopper and Pearson 1934): it holds the true
 * one at least that often. count == 0: 0 .. 1. */
struct interval stats_share_interval(size_t successes, size_t count, double confidence);

#endif
