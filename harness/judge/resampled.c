/* Statistics to bootstrap: means and medians of the members that are named. */
#include "base/stats.h"
#include "judge/bootstrap.h"
#include "judge/scratch.h"

static double mean_at(const double *values, const size_t *indices, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[indices[i]];
    return sum / (double)count;
}

static double median_at(const double *values, const size_t *indices, size_t count)
{
    double *named = scratch_take(count, sizeof *named);
    double median;

    for (size_t i = 0; i < count; i++)
        named[i] = values[indices[i]];
    median = stats_median(named, count);
    free(named);
    return median;
}

void resampled_mean(const void *context, const size_t *const *indices, const size_t *counts,
                    double *values)
{
    const double *const *samples = context;

    *values = mean_at(samples[0], indices[0], counts[0]);
}

void resampled_median(const void *context, const size_t *const *indices, const size_t *counts,
                      double *values)
{
    const double *const *samples = context;

    *values = median_at(samples[0], indices[0], counts[0]);
}

void resampled_mean_difference(const void *context, const size_t *const *indices,
                               const size_t *counts, double *values)
{
    const double *const *samples = context;

    *values =
        mean_at(samples[0], indices[0], counts[0]) - mean_at(samples[1], indices[1], counts[1]);
}

void resampled_median_ratio(const void *context, const size_t *const *indices, const size_t *counts,
                            double *values)
{
    const double *const *samples = context;

    *values =
        median_at(samples[0], indices[0], counts[0]) / median_at(samples[1], indices[1], counts[1]);
}

void resampled_paired_mean_difference(const void *context, const size_t *const *indices,
                                      const size_t *counts, double *values)
{
    const double *const *samples = context;

    *values =
        mean_at(samples[0], indices[0], counts[0]) - mean_at(samples[1], indices[0], counts[0]);
}

void resampled_paired_median_ratio(const void *context, const size_t *const *indices,
                                   const size_t *counts, double *values)
{
    const double *const *samples = context;

    *values =
        median_at(samples[0], indices[0], counts[0]) / median_at(samples[1], indices[0], counts[0]);
}
