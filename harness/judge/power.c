/* Power of t tests, the effects they can detect and the values they need. */
#include "judge/power.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

/* P(|T| > critical) of noncentral t. T^2 is noncentral F with 1 and `freedom` degrees of freedom,
 * and that a Poisson mixture of beta distributions (Johnson, Kotz and Balakrishnan 1995, chapter
 * 30). Summed from the most likely term to where the rest is below rounding. */
static double chance_beyond(double critical, double freedom, double noncentrality)
{
    double mean = noncentrality * noncentrality / 2;
    double below = freedom / (freedom + critical * critical); /* 1 - x: no cancellation */
    double spread = 40 + 10 * sqrt(mean);
    unsigned first = (unsigned)fmax(0, mean - spread), last = (unsigned)(mean + spread) + 1;
    double sum = 0;

    for (unsigned j = first; j <= last; j++)
        sum += (mean > 0 ? gsl_ran_poisson_pdf(j, mean) : j == 0) *
               gsl_cdf_beta_P(below, freedom / 2, j + 0.5); /* = Q(x; j + 1/2, freedom / 2) */
    return fmin(1, sum);
}

/* So far from 0 only the spread of the estimated deviation counts: T is noncentrality over it, and
 * the sum above would be long. */
#define FAR 1e4

static double chance_far_beyond(double critical, double freedom, double noncentrality)
{
    double ratio = noncentrality / critical;

    return isinf(ratio) ? 1 : gsl_cdf_chisq_P(freedom * ratio * ratio, freedom);
}

/* effect_in_errors: the effect over the standard error of the difference. */
static double power_of(double effect_in_errors, double freedom, double alpha)
{
    double critical;

    assert(alpha > 0 && alpha < 1);
    if (!(freedom >= 1) || isnan(effect_in_errors))
        return NAN;
    critical = gsl_cdf_tdist_Qinv(alpha / 2, freedom);
    return fabs(effect_in_errors) < FAR ? chance_beyond(critical, freedom, effect_in_errors)
                                        : chance_far_beyond(critical, freedom, effect_in_errors);
}

/* The effect in standard errors that has this power, by bisection to the last bit. */
static double detectable_in_errors(double freedom, double alpha, double power)
{
    double low = 0, high = 1;

    assert(power > alpha && power < 1);
    if (!(freedom >= 1))
        return INFINITY;
    while (power_of(high, freedom, alpha) < power)
        high *= 2;
    for (double middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
        if (power_of(middle, freedom, alpha) < power)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* ---- Two samples and pairs --------------------------------------------------------------------
 */

/* Standard error of the difference, over the deviation; NaN below two values a sample. */
static double error_two_samples(double count_a, double count_b)
{
    return count_a < 2 || count_b < 2 ? (double)NAN : sqrt(1 / count_a + 1 / count_b);
}

static double error_paired(double count)
{
    return count < 2 ? (double)NAN : sqrt(1 / count);
}

double power_two_samples(double effect, double deviation, size_t count_a, size_t count_b,
                         double alpha)
{
    double a = (double)count_a, b = (double)count_b;

    return power_of(effect / (deviation * error_two_samples(a, b)), a + b - 2, alpha);
}

double power_paired(double effect, double deviation, size_t count, double alpha)
{
    double n = (double)count;

    return power_of(effect / (deviation * error_paired(n)), n - 1, alpha);
}

double power_detectable_two_samples(double deviation, size_t count_a, size_t count_b, double alpha,
                                    double power)
{
    double a = (double)count_a, b = (double)count_b, error = error_two_samples(a, b);

    if (isnan(error))
        return INFINITY;
    return detectable_in_errors(a + b - 2, alpha, power) * error * deviation;
}

double power_detectable_paired(double deviation, size_t count, double alpha, double power)
{
    double n = (double)count, error = error_paired(n);

    if (isnan(error))
        return INFINITY;
    return detectable_in_errors(n - 1, alpha, power) * error * deviation;
}

/* ---- How many ---------------------------------------------------------------------------------
 */

static double power_two_equal(double effect, double deviation, size_t count, double alpha)
{
    return power_two_samples(effect, deviation, count, count, alpha);
}

/* Power rises with the number: double it until it is enough, then bisect. */
static size_t needed(double (*power_with)(double, double, size_t, double), double effect,
                     double deviation, double alpha, double power)
{
    size_t low = 1, high = 2;

    assert(power > alpha && power < 1);
    while (!(power_with(effect, deviation, high, alpha) >= power)) {
        low = high;
        high *= 2;
        if (high > UINT32_MAX)
            return 0;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (power_with(effect, deviation, middle, alpha) >= power)
            high = middle;
        else
            low = middle;
    }
    return high;
}

size_t power_needed_two_samples(double effect, double deviation, double alpha, double power)
{
    return needed(power_two_equal, effect, deviation, alpha, power);
}

size_t power_needed_paired(double effect, double deviation, double alpha, double power)
{
    return needed(power_paired, effect, deviation, alpha, power);
}
