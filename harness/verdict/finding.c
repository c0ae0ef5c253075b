/* Judges numbers by an expectation. */
#include "verdict/finding.h"

#include "base/stats.h"
#include "judge/line.h"
#include "judge/means.h"
#include "judge/monotone.h"
#include "judge/multiple.h"
#include "judge/power.h"
#include "judge/ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double confidence = 0.95, alpha = 0.05, power = 0.8;

/* Normal quantiles of an interval's bound: of two sides, and of one. */
static const double two_sided = 1.959963984540054, one_sided = 1.6448536269514722;

static struct finding nothing(const char *reason)
{
    return (struct finding){.effect = {NAN, -INFINITY, INFINITY},
                            .p_confirm = NAN,
                            .p_refute = NAN,
                            .detectable = NAN,
                            .margin = NAN,
                            .reason = reason};
}

/* From the p values against either bound: that the quantity lies beyond it, and that it does not.
 * A bound that is not there is met for certain; without any, nothing could fail and nothing is
 * confirmed. */
static void judge(struct finding *finding, struct range range, const double beyond[2],
                  const double within[2])
{
    int bounds = isfinite(range.above) + isfinite(range.below);
    double least = fmin(beyond[0], beyond[1]);

    if (bounds == 0) {
        finding->reason = "no bound";
        return;
    }
    /* fmax passes over not-a-number, which is no confirmation */
    finding->p_confirm = isnan(within[0] + within[1]) ? (double)NAN : fmax(within[0], within[1]);
    finding->p_refute = isnan(finding->p_confirm) ? (double)NAN : fmin(1, bounds * least);
}

/* ---- One value a seed -------------------------------------------------------------------------
 */

static void judge_mean(struct finding *finding, const struct mean_difference *mean,
                       struct range range)
{
    double within[2] = {0, 0}, beyond[2] = {1, 1};

    if (isfinite(range.above)) {
        within[0] = means_p(mean, range.above, GREATER);
        beyond[0] = means_p(mean, range.above, LESS);
    }
    if (isfinite(range.below)) {
        within[1] = means_p(mean, range.below, LESS);
        beyond[1] = means_p(mean, range.below, GREATER);
    }
    judge(finding, range, beyond, within);
}

static double sign_p(const double *values, size_t count, double bound, enum alternative alternative)
{
    double *differences = calloc(count + 1, sizeof *differences), p;

    if (!differences)
        abort();
    for (size_t i = 0; i < count; i++)
        differences[i] = values[i] - bound;
    p = ranks_sign(differences, count, alternative).p;
    free(differences);
    return p;
}

static void judge_median(struct finding *finding, const double *values, size_t count,
                         struct range range)
{
    double within[2] = {0, 0}, beyond[2] = {1, 1};
    struct interval interval = stats_median_interval(values, count, confidence);

    finding->effect = (struct effect){stats_median(values, count), interval.low, interval.high};
    if (isfinite(range.above)) {
        within[0] = sign_p(values, count, range.above, GREATER);
        beyond[0] = sign_p(values, count, range.above, LESS);
    }
    if (isfinite(range.below)) {
        within[1] = sign_p(values, count, range.below, LESS);
        beyond[1] = sign_p(values, count, range.below, GREATER);
    }
    judge(finding, range, beyond, within);
}

/* Of values already on the scale on which they are judged. */
static struct finding judge_values(const double *values, size_t count, struct range range)
{
    struct finding finding = nothing(NULL);
    double *zeros = calloc(count + 1, sizeof *zeros);
    struct mean_difference mean;

    if (!zeros)
        abort();
    mean = means_paired(values, zeros, count);
    free(zeros);
    finding.n = count;
    finding.margin = isfinite(range.above) && isfinite(range.below)
                         ? (range.below - range.above) / 2
                         : (double)NAN;
    if (isnan(mean.standard_error)) {
        judge_median(&finding, values, count, range);
        return finding;
    }
    if (mean.standard_error == 0) { /* rounded, perhaps: no more certain than as many coins */
        judge_median(&finding, values, count, range);
        finding.effect = (struct effect){mean.value, mean.value, mean.value};
        finding.detectable = 0;
        return finding;
    }
    finding.effect = means_interval(&mean, confidence);
    judge_mean(&finding, &mean, range);
    finding.detectable =
        power_detectable_paired(mean.standard_error * sqrt((double)count), count, alpha, power);
    return finding;
}

static void back_from_logarithms(struct effect *effect)
{
    effect->value = exp(effect->value);
    effect->low = exp(effect->low);
    effect->high = exp(effect->high);
}

struct finding finding_of_seeds(const double *values, size_t count, struct range range, int is_log)
{
    double *kept = calloc(count + 1, sizeof *kept);
    struct finding finding;
    size_t n = 0, negative = 0;

    if (!kept)
        abort();
    for (size_t i = 0; i < count; i++) {
        negative += is_log && values[i] < 0;
        if (!isnan(values[i]) && !(is_log && values[i] < 0))
            kept[n++] = is_log ? log(values[i]) : values[i];
    }
    if (is_log)
        range = (struct range){range.above > 0 ? log(range.above) : (double)-INFINITY,
                               log(range.below)};
    if (negative > 0)
        finding = nothing("a ratio below 0");
    else if (n < 2)
        finding = nothing(n == 0 ? "no values" : "one seed");
    else
        finding = judge_values(kept, n, range);
    finding.n = n;
    if (n == 1)
        finding.effect.value = kept[0];
    if (is_log)
        back_from_logarithms(&finding.effect);
    free(kept);
    return finding;
}

/* ---- Values known otherwise -------------------------------------------------------------------
 */

/* Standard error of a side; NAN: the bound is not known. */
static double error_of_side(double width, double other)
{
    return isfinite(width) ? width / (isfinite(other) ? two_sided : one_sided) : (double)NAN;
}

struct finding finding_of_interval(struct effect effect, struct range range)
{
    struct finding finding = nothing(NULL);
    double low = effect.value - effect.low, high = effect.high - effect.value;
    double below_error = error_of_side(low, high), above_error = error_of_side(high, low);
    double within[2] = {0, 0}, beyond[2] = {1, 1};

    finding.effect = effect;
    finding.n = 1;
    if (isnan(effect.value))
        return nothing("not a number");
    if (low < 0 || high < 0)
        return nothing("its interval does not hold the value");
    /* Whether q is above the lower bound is said by the interval's lower side, and so on. */
    if (isfinite(range.above)) {
        within[0] = gsl_cdf_ugaussian_Q((effect.value - range.above) / below_error);
        beyond[0] = gsl_cdf_ugaussian_P((effect.value - range.above) / above_error);
    }
    if (isfinite(range.below)) {
        within[1] = gsl_cdf_ugaussian_P((effect.value - range.below) / above_error);
        beyond[1] = gsl_cdf_ugaussian_Q((effect.value - range.below) / below_error);
    }
    for (int side = 0; side < 2; side++)
        if (isnan(beyond[side]))
            beyond[side] = 1;
    judge(&finding, range, beyond, within);
    if (isfinite(range.above) && isfinite(range.below)) {
        finding.margin = (range.below - range.above) / 2;
        finding.detectable =
            fmax(below_error, above_error) * (two_sided + gsl_cdf_ugaussian_Pinv(power));
    }
    if (isnan(finding.p_confirm))
        finding.reason = "its interval has no bound";
    finding.effect.low = isnan(effect.low) ? (double)-INFINITY : effect.low;
    finding.effect.high = isnan(effect.high) ? (double)INFINITY : effect.high;
    return finding;
}

struct finding finding_of_constant(double value, struct range range)
{
    struct finding finding = nothing(isnan(value) ? "not a number" : NULL);
    int is_within = value >= range.above && value <= range.below;

    finding.effect = (struct effect){value, value, value};
    finding.n = 1;
    if (isnan(value))
        return finding;
    finding.p_confirm = is_within ? 0 : 1;
    finding.p_refute = is_within ? 1 : 0;
    finding.detectable = 0;
    return finding;
}

struct finding finding_all(const struct finding *findings, size_t count)
{
    struct finding all = findings[0];
    double least = 1, detectable = findings[0].detectable;

    for (size_t i = 0; i < count; i++) {
        const struct finding *finding = &findings[i];

        /* what is not known is weaker than anything */
        if (!isnan(all.p_confirm) && !(finding->p_confirm <= all.p_confirm))
            all = *finding;
        if (finding->p_refute < least)
            least = finding->p_refute;
    }
    for (size_t i = 0; i < count; i++) /* the least telling, whichever is shown */
        if (findings[i].detectable > detectable)
            detectable = findings[i].detectable;
    /* What refutes all is the one that stands out, and is what is to be shown. */
    for (size_t i = 0; i < count; i++)
        if (findings[i].p_refute == least && fmin(1, (double)count * least) <= alpha)
            all = findings[i];
    if (!isnan(all.p_refute) || least < 1)
        all.p_refute = fmin(1, (double)count * least);
    all.detectable = detectable;
    return all;
}

/* ---- Of several points ------------------------------------------------------------------------
 */

/* Kendall's tau of one seed, as a tendency, and where `p` is not NULL how surprising it were. */
static double tendency(const double *x, const double *y, size_t points, double p[2])
{
    size_t permutations = p ? 9999 : 1;
    int *ranks = calloc(points + 1, sizeof *ranks);
    struct trend rising, falling;

    if (!ranks)
        abort();
    for (size_t i = 0; i < points; i++)
        for (size_t j = 0; j < points; j++)
            ranks[i] += x[j] < x[i];
    rising = monotone_trend(y, ranks, points, GREATER, permutations, 1);
    falling = monotone_trend(y, ranks, points, LESS, permutations, 1);
    free(ranks);
    if (p) {
        p[0] = rising.p;
        p[1] = falling.p;
    }
    return rising.tendency;
}

struct finding finding_of_trend(const double *x, const double *const *y, size_t points,
                                size_t seeds, int is_falling)
{
    struct range range = {is_falling ? (double)-INFINITY : 0, is_falling ? 0 : (double)INFINITY};
    double *tendencies = calloc(seeds + 1, sizeof *tendencies), p[2];
    struct finding finding = nothing(NULL);

    if (!tendencies)
        abort();
    if (seeds == 1) {
        finding.effect.value = tendency(x, y[0], points, p);
        finding.n = 1;
        finding.p_confirm = p[is_falling];
        finding.p_refute = p[!is_falling];
        if (isnan(finding.p_confirm))
            finding.reason = "fewer than two values of x, or a value that is not a number";
    } else {
        for (size_t s = 0; s < seeds; s++)
            tendencies[s] = tendency(x, y[s], points, NULL);
        finding = finding_of_seeds(tendencies, seeds, range, 0);
    }
    free(tendencies);
    return finding;
}

static struct line fit(const double *x, const double *y, size_t points, int is_log)
{
    return is_log ? line_fit_logs(x, y, NULL, points, LINE_SCALE_UNKNOWN, confidence)
                  : line_fit(x, y, NULL, points, LINE_SCALE_UNKNOWN, confidence);
}

/* The slope of one seed, with the scatter of its points. */
static struct finding judge_line(const struct line *line, struct range range)
{
    struct mean_difference slope = {line->slope.value, sqrt(line->slope_variance),
                                    (double)line->count - 2};
    struct finding finding = nothing(NULL);

    finding.effect = line->slope;
    finding.n = 1;
    if (isnan(slope.standard_error))
        return nothing("no line through the points");
    judge_mean(&finding, &slope, range);
    return finding;
}

struct finding finding_of_slope(const double *x, const double *const *y, size_t points,
                                size_t seeds, struct range range, int is_log)
{
    double *slopes = calloc(seeds + 1, sizeof *slopes);
    struct finding finding;

    if (!slopes)
        abort();
    for (size_t s = 0; s < seeds; s++)
        slopes[s] = fit(x, y[s], points, is_log).slope.value;
    if (seeds == 1) {
        struct line line = fit(x, y[0], points, is_log);

        finding = judge_line(&line, range);
    } else {
        finding = finding_of_seeds(slopes, seeds, range, 0);
    }
    free(slopes);
    return finding;
}
