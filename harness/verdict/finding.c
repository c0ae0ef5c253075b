/* Judges numbers by an expectation. */
#include "verdict/finding.h"

#include "base/stats.h"
#include "judge/line.h"
#include "judge/means.h"
#include "judge/monotone.h"
#include "judge/power.h"
#include "judge/ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

const double finding_alpha = 0.05;

static const double confidence = 0.95, power = 0.8;

/* Normal quantiles of an interval's bound: of two sides, and of one. */
static const double two_sided = 1.959963984540054, one_sided = 1.6448536269514722;

struct finding finding_of_nothing(const char *reason)
{
    return (struct finding){.effect = {NAN, -INFINITY, INFINITY},
                            .p_confirm = NAN,
                            .p_refute = NAN,
                            .detectable = NAN,
                            .deviation = NAN,
                            .margin = NAN,
                            .reason = reason};
}

size_t finding_seeds_needed(const struct finding *finding)
{
    return finding->deviation > 0 && finding->margin > 0
               ? power_needed_paired(finding->margin, finding->deviation, finding_alpha, power)
               : 0;
}

/* p of the null hypothesis that q is at the bound, or on the side of it opposite to the
 * alternative. */
typedef double bound_p(const void *context, double bound, enum alternative);

/* From the p values against either bound: that q lies beyond it, and that it does not. A bound that
 * is not there is met for certain; without any, nothing could fail and nothing is confirmed. */
static void judge(struct finding *finding, struct range range, bound_p *p, const void *context)
{
    double within[2] = {0, 0}, beyond[2] = {1, 1};
    int bounds = isfinite(range.above) + isfinite(range.below);

    if (bounds == 0) {
        finding->reason = "no bound";
        return;
    }
    if (isfinite(range.above)) {
        within[0] = p(context, range.above, GREATER);
        beyond[0] = p(context, range.above, LESS);
    }
    if (isfinite(range.below)) {
        within[1] = p(context, range.below, LESS);
        beyond[1] = p(context, range.below, GREATER);
    }
    /* fmax passes over not-a-number, which is no confirmation; beyond, it is no refutation */
    finding->p_confirm = isnan(within[0] + within[1]) ? (double)NAN : fmax(within[0], within[1]);
    finding->p_refute =
        isnan(finding->p_confirm) ? (double)NAN : fmin(1, bounds * fmin(beyond[0], beyond[1]));
}

/* ---- One value a seed -------------------------------------------------------------------------
 */

static double mean_p(const void *mean, double bound, enum alternative alternative)
{
    return means_p(mean, bound, alternative);
}

struct sample {
    const double *values;
    size_t count;
};

/* Of the median, by the sign test. */
static double median_p(const void *context, double bound, enum alternative alternative)
{
    const struct sample *sample = context;
    double *differences = calloc(sample->count + 1, sizeof *differences), p;

    if (!differences)
        abort();
    for (size_t i = 0; i < sample->count; i++)
        differences[i] = sample->values[i] - bound;
    p = ranks_sign(differences, sample->count, alternative).p;
    free(differences);
    return p;
}

/* The minimum detectable effect grows as the deviation does: that of a deviation of 1 is found once
 * for each number of seeds, in milliseconds. */
static double detectable_of(double deviation, size_t count)
{
    static double of_1[65]; /* 0: not yet */

    if (count >= sizeof of_1 / sizeof *of_1)
        return power_detectable_paired(deviation, count, finding_alpha, power);
    if (of_1[count] == 0)
        of_1[count] = power_detectable_paired(1, count, finding_alpha, power);
    return deviation * of_1[count];
}

/* What the median's interval is of a standard error, taken for normal. Infinite ends: unknown. */
static void judge_width(struct finding *finding, size_t count)
{
    double error = (finding->effect.high - finding->effect.low) / (2 * two_sided);

    if (!isfinite(error))
        return;
    finding->deviation = error * sqrt((double)count);
    finding->detectable = error * (two_sided + gsl_cdf_ugaussian_Pinv(power));
}

/* Of values already on the scale on which they are judged. */
static struct finding judge_values(const double *values, size_t count, struct range range,
                                   int is_median)
{
    struct finding finding = finding_of_nothing(NULL);
    const struct mean_difference mean = means_of(values, count);
    const struct sample sample = {values, count};

    finding.deviation = mean.standard_error * sqrt((double)count);
    if (isfinite(range.above) && isfinite(range.below))
        finding.margin = (range.below - range.above) / 2;
    if (mean.standard_error > 0 && !is_median) {
        finding.effect = means_interval(&mean, confidence);
        judge(&finding, range, mean_p, &mean);
        finding.detectable = detectable_of(finding.deviation, count);
        return finding;
    }
    judge(&finding, range, median_p, &sample);
    if (mean.standard_error == 0) { /* rounded, perhaps: no more certain than as many coins */
        finding.effect = (struct effect){mean.value, mean.value, mean.value};
        finding.detectable = 0;
    } else {
        struct interval interval = stats_median_interval(values, count, confidence);

        finding.effect = (struct effect){stats_median(values, count), interval.low, interval.high};
        if (is_median)
            judge_width(&finding, count);
    }
    return finding;
}

static void back_from_logarithms(struct effect *effect)
{
    effect->value = exp(effect->value);
    effect->low = exp(effect->low);
    effect->high = exp(effect->high);
}

static struct finding of_seeds(const double *values, size_t count, struct range range, int is_log,
                               int is_median)
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
        finding = finding_of_nothing("a ratio below 0");
    else if (n < 2)
        finding = finding_of_nothing(n == 0 ? "no values" : "one seed");
    else
        finding = judge_values(kept, n, range, is_median);
    finding.n = n;
    if (n == 1)
        finding.effect.value = kept[0];
    if (is_log)
        back_from_logarithms(&finding.effect);
    free(kept);
    return finding;
}

struct finding finding_of_seeds(const double *values, size_t count, struct range range, int is_log)
{
    return of_seeds(values, count, range, is_log, 0);
}

struct finding finding_of_median(const double *values, size_t count, struct range range, int is_log)
{
    return of_seeds(values, count, range, is_log, 1);
}

/* Not known: as not found, which is 1. */
static double p_or_1(double p)
{
    return isnan(p) ? 1 : p;
}

struct finding finding_of_jackknife(statistic_of_seeds *statistic, const void *context,
                                    size_t seeds, struct range range, int is_log)
{
    double *values = calloc(seeds + 1, sizeof *values), all = statistic(context, seeds);
    struct finding finding;
    int is_known = isfinite(is_log ? log(all) : all);

    if (!values)
        abort();
    for (size_t s = 0; s < seeds && seeds > 1; s++) {
        double without = statistic(context, s);

        if (is_log)
            values[s] = all * pow(all / without, (double)seeds - 1);
        else
            values[s] = (double)seeds * all - ((double)seeds - 1) * without;
        is_known &= isfinite(is_log ? log(values[s]) : values[s]);
    }
    if (seeds < 2)
        finding = finding_of_nothing(seeds == 0 ? "no values" : "one seed");
    else if (!is_known)
        finding = finding_of_nothing("without some seed it is not bounded");
    else
        finding = finding_of_seeds(values, seeds, range, is_log);
    if (finding.reason)
        finding.effect.value = all;
    finding.n = seeds;
    free(values);
    return finding;
}

/* ---- Values known otherwise -------------------------------------------------------------------
 */

/* A value and the standard errors of both sides; NAN: the bound is not known. */
struct sides {
    double value, below, above;
};

static double error_of_side(double width, double other)
{
    return isfinite(width) ? width / (isfinite(other) ? two_sided : one_sided) : (double)NAN;
}

/* Whether q is above a bound is said by the interval's lower side, and the other way round. */
static double side_p(const void *context, double bound, enum alternative alternative)
{
    const struct sides *sides = context;
    double distance = sides->value - bound;

    return alternative == GREATER ? gsl_cdf_ugaussian_Q(distance / sides->below)
                                  : gsl_cdf_ugaussian_P(distance / sides->above);
}

struct finding finding_of_interval(struct effect effect, struct range range)
{
    struct finding finding = finding_of_nothing(NULL);
    double low = effect.value - effect.low, high = effect.high - effect.value;
    const struct sides sides = {effect.value, error_of_side(low, high), error_of_side(high, low)};

    if (isnan(effect.value))
        return finding_of_nothing("not a number");
    if (low < 0 || high < 0)
        return finding_of_nothing("its interval does not hold the value");
    judge(&finding, range, side_p, &sides);
    if (isfinite(range.above) && isfinite(range.below)) {
        finding.margin = (range.below - range.above) / 2;
        finding.detectable =
            fmax(sides.below, sides.above) * (two_sided + gsl_cdf_ugaussian_Pinv(power));
    }
    if (isnan(finding.p_confirm))
        finding.reason = "its interval has no bound";
    finding.n = 1;
    finding.effect.value = effect.value;
    if (!isnan(effect.low))
        finding.effect.low = effect.low;
    if (!isnan(effect.high))
        finding.effect.high = effect.high;
    return finding;
}

struct finding finding_of_constant(double value, struct range range)
{
    struct finding finding = finding_of_nothing(isnan(value) ? "not a number" : NULL);
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
        /* the least telling, whichever is shown */
        if (isnan(detectable) || finding->detectable > detectable)
            detectable = finding->detectable;
    }
    /* What refutes all is the one that stands out, and is what is to be shown. */
    for (size_t i = 0; i < count; i++)
        if (findings[i].p_refute == least && fmin(1, (double)count * least) <= finding_alpha)
            all = findings[i];
    if (!isnan(all.p_refute) || least < 1)
        all.p_refute = fmin(1, (double)count * least);
    all.detectable = detectable;
    return all;
}

static int compare_p(const void *a, const void *b)
{
    double first = p_or_1((*(const struct finding *const *)a)->p_confirm);
    double second = p_or_1((*(const struct finding *const *)b)->p_confirm);

    return (first > second) - (first < second);
}

static int compare_p_refute(const void *a, const void *b)
{
    double first = p_or_1((*(const struct finding *const *)a)->p_refute);
    double second = p_or_1((*(const struct finding *const *)b)->p_refute);

    return (first > second) - (first < second);
}

struct finding finding_most(const struct finding *findings, size_t count, size_t least)
{
    const struct finding **order = calloc(count + 1, sizeof *order);
    size_t spared = count - least;
    struct finding most;
    double refute;

    if (!order)
        abort();
    for (size_t i = 0; i < count; i++)
        order[i] = &findings[i];
    qsort(order, count, sizeof(const struct finding *), compare_p_refute);
    refute = fmin(1, (double)least * p_or_1(order[spared]->p_refute));
    most = *order[spared];
    if (!(refute <= finding_alpha)) {
        qsort(order, count, sizeof(const struct finding *), compare_p);
        most = *order[least - 1];
        most.p_confirm = fmin(1, (double)(spared + 1) * p_or_1(most.p_confirm));
    }
    most.p_refute = refute;
    if (refute <= finding_alpha)
        most.p_confirm = 1;
    free(order);
    return most;
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
    struct finding finding = finding_of_nothing(NULL);

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
    struct finding finding = finding_of_nothing(NULL);

    finding.effect = line->slope;
    finding.n = 1;
    if (isnan(slope.standard_error))
        return finding_of_nothing("no line through the points");
    judge(&finding, range, mean_p, &slope);
    if (isfinite(range.above) && isfinite(range.below)) {
        finding.margin = (range.below - range.above) / 2;
        finding.detectable =
            slope.standard_error * (gsl_cdf_tdist_Pinv((1 + confidence) / 2, slope.freedom) +
                                    gsl_cdf_tdist_Pinv(power, slope.freedom));
    }
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
