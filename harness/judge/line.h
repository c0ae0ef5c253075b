/* Weighted straight lines and power laws with intervals. */
#ifndef BATCHLAB_JUDGE_LINE_H
#define BATCHLAB_JUDGE_LINE_H

#include "judge/effect.h"

#include <stddef.h>

enum line_scale {
    /* weights are 1 / variance of each y: the errors follow from them alone, intervals are normal
     */
    LINE_SCALE_KNOWN,
    /* weights are 1 / variance up to a common factor, estimated from the residuals: Student's t
       with count - 2 degrees of freedom */
    LINE_SCALE_UNKNOWN,
};

struct line {
    struct effect intercept, slope;
    double intercept_variance, slope_variance, covariance; /* NaN: scale unknown, two points */
    double r_squared; /* 1 - weighted squared residuals / those about the weighted mean of y */
    /* 1 - (median |residual| / median |y - median y|)^2, deaf to a minority of outliers among the
     * residuals (Rousseeuw and Leroy 1987, 2.3); the fit itself is not. */
    double robust_r_squared;
    double mape; /* mean |residual / y|, a fraction; +inf where a y of 0 is not met */
    /* Of weighted squared residuals this large if the points lie on a line (chi squared, count -
     * 2): small where they do not. NaN: scale unknown, two points. */
    double misfit_p;
    size_t count; /* points used */
};

/* y = intercept + slope x by least squares. weights[count] or NULL: all 1. A point of weight 0 is
 * left out. Fewer than two points, all x the same, or anything not finite (or a weight below 0):
 * values NaN, bounds -inf .. +inf. Both R^2 are NaN where y does not vary. */
struct line line_fit(const double *x, const double *y, const double *weights, size_t count,
                     enum line_scale, double confidence);

/* log y = intercept + slope log x, natural logarithms; weights are of log y, both R^2 too, mape is
 * of y itself. An x or y that is not above 0 and finite is as one that is not finite above. */
struct line line_fit_logs(const double *x, const double *y, const double *weights, size_t count,
                          enum line_scale, double confidence);

#endif
