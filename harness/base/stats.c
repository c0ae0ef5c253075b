/* Order statistics of small samples. */
#include "base/stats.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

static bool any_nan(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            return true;
    return false;
}

/* Free with free(). Running out of memory for a few dozen numbers is not a condition to report. */
static double *sorted_copy(const double *values, size_t count)
{
    double *sorted = malloc(count * sizeof *sorted);

    if (!sorted)
        abort();
    memcpy(sorted, values, count * sizeof *sorted);
    gsl_sort(sorted, 1, count);
    return sorted;
}

/* low + share * (high - low), but equal neighbours give themselves and an infinite neighbour counts
 * only where it has a share: inf - inf and 0 * inf would be not-a-number. */
static double between(double low, double high, double share)
{
    if (share == 0 || low == high)
        return low;
    return (1 - share) * low + share * high;
}

double stats_quantile(const double *values, size_t count, double p)
{
    double *sorted;
    double position, result;
    size_t below;

    assert(p >= 0 && p <= 1);
    if (count == 0 || any_nan(values, count))
        return NAN;
    sorted = sorted_copy(values, count);
    position = p * (double)(count - 1);
    below = (size_t)position;
    result = below + 1 < count ? between(sorted[below], sorted[below + 1], position - (double)below)
                               : sorted[count - 1];
    free(sorted);
    return result;
}

double stats_median(const double *values, size_t count)
{
    return stats_quantile(values, count, 0.5);
}

/* Probability that the median lies between the k-th smallest and the k-th largest of count values,
 * k >= 1: 1 - 2 P(X <= k-1), X binomial(count, 1/2). */
static double coverage_of(size_t k, size_t count)
{
    return 1 - 2 * gsl_cdf_binomial_P((unsigned)(k - 1), 0.5, (unsigned)count);
}

struct interval stats_median_interval(const double *values, size_t count, double confidence)
{
    struct interval interval = {-INFINITY, INFINITY, 1};
    double *sorted;
    size_t k = 0;

    if (any_nan(values, count))
        return (struct interval){NAN, NAN, 0};
    while (k < count / 2 && coverage_of(k + 1, count) >= confidence)
        k++;
    if (k == 0)
        return interval;
    sorted = sorted_copy(values, count);
    interval = (struct interval){sorted[k - 1], sorted[count - k], coverage_of(k, count)};
    free(sorted);
    return interval;
}

struct interval stats_share_interval(size_t successes, size_t count, double confidence)
{
    double tail = (1 - confidence) / 2, k = (double)successes, n = (double)count;

    assert(successes <= count && confidence > 0 && confidence < 1);
    return (struct interval){
        .low = successes == 0 ? 0 : gsl_cdf_beta_Pinv(tail, k, n - k + 1),
        .high = successes == count ? 1 : gsl_cdf_beta_Qinv(tail, k + 1, n - k),
        .coverage = confidence,
    };
}
