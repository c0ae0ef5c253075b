/* Differences of two means: Welch and paired, and the tests that start from them. */
#include "judge/means.h"

#include "judge/scratch.h"

#include <assert.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>

/* Squared standard error of the mean; NaN below two values. GSL's recurrence makes it 0 exactly
 * where the values are equal. */
static double squared_error(const double *values, size_t count)
{
    if (count < 2 || !scratch_all_finite(values, count))
        return NAN;
    return gsl_stats_variance(values, 1, count) / (double)count;
}

/* gsl_stats_mean makes NaN of an infinite value. */
static double mean_of(const double *values, size_t count)
{
    double sum = 0;

    if (scratch_all_finite(values, count) && count > 0)
        return gsl_stats_mean(values, 1, count);
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

struct mean_difference means_welch(const double *a, size_t count_a, const double *b, size_t count_b)
{
    double error_a = squared_error(a, count_a), error_b = squared_error(b, count_b);
    double error = error_a + error_b;

    return (struct mean_difference){
        .value = mean_of(a, count_a) - mean_of(b, count_b),
        .standard_error = sqrt(error),
        .freedom =
            error * error /
            (error_a * error_a / ((double)count_a - 1) + error_b * error_b / ((double)count_b - 1)),
    };
}

struct mean_difference means_of(const double *values, size_t count)
{
    double error = squared_error(values, count);

    return (struct mean_difference){
        .value = mean_of(values, count),
        .standard_error = sqrt(error),
        .freedom = error > 0 ? (double)count - 1 : (double)NAN,
    };
}

struct mean_difference means_paired(const double *a, const double *b, size_t count)
{
    double *differences = scratch_take(count, sizeof *differences);
    struct mean_difference difference;

    for (size_t i = 0; i < count; i++)
        differences[i] = a[i] - b[i];
    difference = means_of(differences, count);
    free(differences);
    return difference;
}

struct effect means_interval(const struct mean_difference *difference, double confidence)
{
    struct effect effect = {difference->value, -INFINITY, INFINITY};
    double half = 0;

    assert(confidence > 0 && confidence < 1);
    if (isnan(difference->standard_error))
        return effect;
    if (difference->standard_error > 0)
        half = gsl_cdf_tdist_Pinv((1 + confidence) / 2, difference->freedom) *
               difference->standard_error;
    effect.low = effect.value - half;
    effect.high = effect.value + half;
    return effect;
}

double means_p(const struct mean_difference *difference, double null, enum alternative alternative)
{
    double distance = difference->value - null;
    double t = distance / difference->standard_error;

    if (alternative == TWO_SIDED)
        t = fabs(t);
    if (alternative == LESS) {
        distance = -distance;
        t = -t;
    }
    if (difference->standard_error == 0)
        return alternative == TWO_SIDED ? distance == 0 : !(distance > 0);
    if (isnan(t) || isnan(difference->freedom))
        return NAN;
    return gsl_cdf_tdist_Q(t, difference->freedom) * (alternative == TWO_SIDED ? 2 : 1);
}

struct equivalence means_equivalence(const struct mean_difference *difference, double low,
                                     double high, double alpha)
{
    double above = means_p(difference, low, GREATER), below = means_p(difference, high, LESS);

    assert(low < high && alpha > 0 && alpha < 0.5);
    return (struct equivalence){
        .p = above > below || isnan(above) ? above : below,
        .interval = means_interval(difference, 1 - 2 * alpha),
    };
}
