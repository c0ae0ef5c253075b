/* The critical batch size: the fit of steps to target, and its intervals. */
#include "judge/critical_batch.h"

#include "base/stats.h"
#include "judge/bootstrap.h"
#include "judge/line.h"
#include "judge/scratch.h"

#include <gsl/gsl_cdf.h>

/* ---- Fit --------------------------------------------------------------------------------------
 */

/* The line over 1 / K: its intercept is S_min, its slope E_min. */
static struct line fit(const double *batch_sizes, const double *steps, const double *variances,
                       size_t count, double confidence)
{
    double *inverse = scratch_take(count, sizeof *inverse);
    double *weights = scratch_take(count, sizeof *weights);
    struct line line;

    for (size_t i = 0; i < count; i++) {
        inverse[i] = 1 / batch_sizes[i];
        /* An infinite variance must not pass for a point to leave out. */
        weights[i] = isfinite(variances[i]) ? 1 / variances[i] : (double)NAN;
    }
    line = line_fit(inverse, steps, weights, count, LINE_SCALE_KNOWN, confidence);
    free(weights);
    free(inverse);
    return line;
}

static double ratio_of(double least_examples, double least_steps)
{
    if (least_steps > 0)
        return least_examples > 0 ? least_examples / least_steps : 0;
    return least_examples > 0 ? (double)INFINITY : (double)NAN;
}

static double r_squared_log_of(const struct line *line, const double *batch_sizes,
                               const double *steps, size_t count)
{
    double mean = 0, residuals = 0, total = 0;

    for (size_t i = 0; i < count; i++)
        mean += log(steps[i]) / (double)count;
    for (size_t i = 0; i < count; i++) {
        double log_steps = log(steps[i]);
        double log_fitted = log(line->intercept.value + line->slope.value / batch_sizes[i]);

        residuals += (log_steps - log_fitted) * (log_steps - log_fitted);
        total += (log_steps - mean) * (log_steps - mean);
    }
    return total > 0 ? 1 - residuals / total : (double)NAN;
}

static struct effect not_below_0(struct effect effect)
{
    effect.low = fmax(0, effect.low);
    effect.high = fmax(0, effect.high);
    return effect;
}

/* All but the interval of the ratio. */
static struct critical_batch critical_batch_of(const struct line *line, const double *batch_sizes,
                                               const double *steps, size_t count)
{
    return (struct critical_batch){
        .least_steps = not_below_0(line->intercept),
        .least_examples = not_below_0(line->slope),
        .batch = {ratio_of(line->slope.value, line->intercept.value), 0, INFINITY},
        .r_squared_log = r_squared_log_of(line, batch_sizes, steps, count),
        .mape = line->mape,
        .misfit_p = line->misfit_p,
    };
}

/* ---- Known variances: Fieller -----------------------------------------------------------------
 */

/* Those ratios r >= 0 for which numerator - r denominator may be 0:
 *   (a - r b)^2 <= z^2 (v_aa - 2 r v_ab + r^2 v_bb),
 * that is A r^2 - 2 B r + C <= 0. Where they are not one interval, the interval around them. */
static void set_fieller(struct effect *ratio, const struct line *line, double confidence)
{
    double a = line->slope.value, b = line->intercept.value;
    double z = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2);
    double square = b * b - z * z * line->intercept_variance;
    double half = a * b - z * z * line->covariance;
    double constant = a * a - z * z * line->slope_variance;
    double root = sqrt(half * half - square * constant);

    if (square > 0 && b > 0) { /* S_min is above 0 for certain */
        ratio->low = fmax(0, constant / (half + root));
        ratio->high = fmax(0, (half + root) / square);
    } else if (square < 0 && constant > 0 && a > 0) {
        /* Only E_min is: the roots lie on both sides of 0, and all beyond the upper is possible. */
        ratio->low = constant / (half + root);
    }
}

struct critical_batch critical_batch_fit(const double *batch_sizes, const double *steps,
                                         const double *variances, size_t count, double confidence)
{
    struct line line = fit(batch_sizes, steps, variances, count, confidence);
    struct critical_batch result = critical_batch_of(&line, batch_sizes, steps, count);

    set_fieller(&result.batch, &line, confidence);
    return result;
}

/* ---- Seeds: bootstrap -------------------------------------------------------------------------
 */

struct seeds {
    const double *batch_sizes;
    const double *const *steps;
    size_t count;
    double confidence;
};

enum { LEAST_STEPS, LEAST_EXAMPLES, CRITICAL, OUTPUTS };

/* medians[count] of the seeds that are named, and the line through them. */
static struct line fit_medians(const struct seeds *seeds, const size_t *const *indices,
                               const size_t *counts, double *medians)
{
    double *variances = scratch_take(seeds->count, sizeof *variances);
    struct line line;

    for (size_t k = 0; k < seeds->count; k++) {
        double *named = scratch_take(counts[k], sizeof *named);

        for (size_t i = 0; i < counts[k]; i++)
            named[i] = seeds->steps[k][indices[k][i]];
        medians[k] = stats_median(named, counts[k]);
        variances[k] = medians[k] * medians[k];
        free(named);
    }
    line = fit(seeds->batch_sizes, medians, variances, seeds->count, seeds->confidence);
    free(variances);
    return line;
}

static void fit_resampled(const void *context, const size_t *const *indices, const size_t *counts,
                          double *values)
{
    const struct seeds *seeds = context;
    double *medians = scratch_take(seeds->count, sizeof *medians);
    struct line line = fit_medians(seeds, indices, counts, medians);

    values[LEAST_STEPS] = line.intercept.value;
    values[LEAST_EXAMPLES] = line.slope.value;
    values[CRITICAL] = ratio_of(line.slope.value, line.intercept.value);
    free(medians);
}

/* The fit to all seeds: how good it is. */
static struct critical_batch fit_all(const struct seeds *seeds, const size_t *counts)
{
    double *medians = scratch_take(seeds->count, sizeof *medians);
    size_t **indices = scratch_take(seeds->count, sizeof *indices);
    struct critical_batch result;
    struct line line;

    for (size_t k = 0; k < seeds->count; k++) {
        indices[k] = scratch_take(counts[k], sizeof **indices);
        for (size_t i = 0; i < counts[k]; i++)
            indices[k][i] = i;
    }
    line = fit_medians(seeds, (const size_t *const *)indices, counts, medians);
    result = critical_batch_of(&line, seeds->batch_sizes, medians, seeds->count);
    result.misfit_p = NAN; /* the variances were no more than weights */
    for (size_t k = 0; k < seeds->count; k++)
        free(indices[k]);
    free(indices);
    free(medians);
    return result;
}

struct critical_batch critical_batch_bootstrap(const double *batch_sizes,
                                               const double *const *steps, const size_t *seeds,
                                               size_t count, double confidence, size_t resamples,
                                               uint64_t seed)
{
    struct seeds data = {batch_sizes, steps, count, confidence};
    struct critical_batch result = fit_all(&data, seeds);
    struct bootstrap_result results[OUTPUTS];
    struct bootstrap bootstrap = {
        .statistic = fit_resampled,
        .context = &data,
        .counts = seeds,
        .groups = count,
        .outputs = OUTPUTS,
        .confidence = confidence,
        .resamples = resamples,
        .seed = seed,
    };

    bootstrap_run(&bootstrap, results);
    result.least_steps = not_below_0(results[LEAST_STEPS].effect);
    result.least_examples = not_below_0(results[LEAST_EXAMPLES].effect);
    result.batch = not_below_0(results[CRITICAL].effect);
    return result;
}
