/* Weighted straight lines and power laws with intervals. */
#include "judge/line.h"

#include "base/stats.h"
#include "judge/scratch.h"

#include <assert.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>

/* ---- Points -----------------------------------------------------------------------------------
 */

struct points {
    double *x, *y, *weights; /* [count], weights above 0 */
    size_t count;
};

static void points_close(struct points *points)
{
    free(points->x);
    free(points->y);
    free(points->weights);
}

/* Those of weight above 0; false if there is one that no line can be laid through. */
static bool points_open(struct points *points, const double *x, const double *y,
                        const double *weights, size_t count)
{
    bool good = true;

    *points = (struct points){
        .x = scratch_take(count, sizeof(double)),
        .y = scratch_take(count, sizeof(double)),
        .weights = scratch_take(count, sizeof(double)),
    };
    for (size_t i = 0; i < count; i++) {
        double weight = weights ? weights[i] : 1;

        if (weight == 0)
            continue;
        good = good && isfinite(x[i]) && isfinite(y[i]) && isfinite(weight) && weight > 0;
        points->x[points->count] = x[i];
        points->y[points->count] = y[i];
        points->weights[points->count++] = weight;
    }
    return good;
}

static bool all_equal(const double *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (values[i] != values[0])
            return false;
    return true;
}

/* ---- How good ---------------------------------------------------------------------------------
 */

static double robust_r_squared_of(const struct points *points, const double *residuals)
{
    double *sizes = scratch_take(points->count, sizeof *sizes);
    double middle = stats_median(points->y, points->count), ratio;

    for (size_t i = 0; i < points->count; i++)
        sizes[i] = fabs(residuals[i]);
    ratio = stats_median(sizes, points->count);
    for (size_t i = 0; i < points->count; i++)
        sizes[i] = fabs(points->y[i] - middle);
    ratio /= stats_median(sizes, points->count);
    free(sizes);
    return isfinite(ratio) ? 1 - ratio * ratio : (double)NAN;
}

static double mape_of(const double *y, const double *residuals, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += residuals[i] == 0 ? 0 : fabs(residuals[i] / y[i]);
    return sum / (double)count;
}

static void set_goodness(struct line *line, const struct points *points, double chi_squared)
{
    size_t count = points->count;
    double *residuals = scratch_take(count, sizeof *residuals);
    double total = gsl_stats_wtss(points->weights, 1, points->y, 1, count);

    for (size_t i = 0; i < count; i++)
        residuals[i] = points->y[i] - (line->intercept.value + line->slope.value * points->x[i]);
    line->r_squared = 1 - chi_squared / total; /* 0 / 0, exactly, where y does not vary */
    line->robust_r_squared = robust_r_squared_of(points, residuals);
    line->mape = mape_of(points->y, residuals, count);
    free(residuals);
}

/* ---- Fit --------------------------------------------------------------------------------------
 */

static void set_interval(struct effect *effect, double variance, double quantile)
{
    double half = quantile * sqrt(variance);

    if (isnan(half))
        return;
    effect->low = effect->value - half;
    effect->high = effect->value + half;
}

struct line line_fit(const double *x, const double *y, const double *weights, size_t count,
                     enum line_scale scale, double confidence)
{
    struct effect unknown = {NAN, -INFINITY, INFINITY};
    struct line line = {unknown, unknown, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0};
    double chi_squared, factor = 1, freedom, quantile;
    struct points points;
    bool good = points_open(&points, x, y, weights, count);

    assert(confidence > 0 && confidence < 1);
    line.count = points.count;
    if (!good || points.count < 2 || all_equal(points.x, points.count))
        goto done;
    gsl_fit_wlinear(points.x, 1, points.weights, 1, points.y, 1, points.count,
                    &line.intercept.value, &line.slope.value, &line.intercept_variance,
                    &line.covariance, &line.slope_variance, &chi_squared);
    set_goodness(&line, &points, chi_squared);
    freedom = (double)points.count - 2;
    if (scale == LINE_SCALE_KNOWN) {
        quantile = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2);
        if (freedom > 0)
            line.misfit_p = gsl_cdf_chisq_Q(chi_squared, freedom);
    } else {
        factor = freedom > 0 ? chi_squared / freedom : (double)NAN;
        quantile = freedom > 0 ? gsl_cdf_tdist_Pinv((1 + confidence) / 2, freedom) : (double)NAN;
    }
    line.intercept_variance *= factor;
    line.slope_variance *= factor;
    line.covariance *= factor;
    set_interval(&line.intercept, line.intercept_variance, quantile);
    set_interval(&line.slope, line.slope_variance, quantile);
done:
    points_close(&points);
    return line;
}

/* Not-a-number where there is no logarithm, which line_fit refuses. */
static double *logs_of(const double *values, size_t count)
{
    double *logs = scratch_take(count, sizeof *logs);

    for (size_t i = 0; i < count; i++)
        logs[i] = values[i] > 0 ? log(values[i]) : (double)NAN;
    return logs;
}

struct line line_fit_logs(const double *x, const double *y, const double *weights, size_t count,
                          enum line_scale scale, double confidence)
{
    double *log_x = logs_of(x, count), *log_y = logs_of(y, count), sum = 0;
    struct line line = line_fit(log_x, log_y, weights, count, scale, confidence);

    for (size_t i = 0; i < count; i++)
        if (!weights || weights[i] != 0)
            sum += fabs(expm1(line.intercept.value + line.slope.value * log_x[i] - log_y[i]));
    line.mape = sum / (double)line.count;
    free(log_y);
    free(log_x);
    return line;
}
