/* The ratio of two measurements of the same thing. */
#include "compare/ratio.h"

#include "base/stats.h"
#include "judge/means.h"
#include "judge/ranks.h"
#include "judge/scratch.h"

#include <assert.h>
#include <math.h>

static const double confidence = 0.95;

static struct ratio unknown(void)
{
    return (struct ratio){.effect = {NAN, 0, INFINITY}, .p = NAN};
}

static struct effect from_logarithms(double value, double low, double high)
{
    return (struct effect){exp(value), exp(low), exp(high)};
}

/* Of two one-sided p. */
static double doubled_smaller(double above, double below)
{
    double smaller = fmin(above, below);

    return isnan(above) || isnan(below) ? (double)NAN : fmin(1, 2 * smaller);
}

/* ---- Pairs ------------------------------------------------------------------------------------
 */

/* logarithms[up to count] of b / a; returns how many pairs tell something. */
static size_t find_logarithms(const double *a, const double *b, size_t count, double *logarithms,
                              bool *identical)
{
    size_t n = 0;

    *identical = count > 0;
    for (size_t i = 0; i < count; i++) {
        *identical &= a[i] == b[i];
        if (a[i] > 0 && b[i] > 0 && !(isinf(a[i]) && isinf(b[i])))
            logarithms[n++] = a[i] == b[i] ? 0 : log(b[i]) - log(a[i]);
    }
    return n;
}

static void judge_by_t(struct ratio *ratio, const struct mean_difference *mean, double margin)
{
    struct effect effect = means_interval(mean, confidence);

    ratio->effect = from_logarithms(effect.value, effect.low, effect.high);
    ratio->p =
        doubled_smaller(means_p(mean, log1p(margin), GREATER), means_p(mean, -log1p(margin), LESS));
}

static double sign_p(const double *logarithms, size_t count, double null,
                     enum alternative alternative)
{
    double *shifted = scratch_take(count, sizeof *shifted), p;

    for (size_t i = 0; i < count; i++)
        shifted[i] = logarithms[i] - null;
    p = ranks_sign(shifted, count, alternative).p;
    free(shifted);
    return p;
}

static void judge_by_signs(struct ratio *ratio, const double *logarithms, size_t count,
                           double margin)
{
    struct interval interval = stats_median_interval(logarithms, count, confidence);

    ratio->effect = from_logarithms(stats_median(logarithms, count), interval.low, interval.high);
    ratio->p = doubled_smaller(sign_p(logarithms, count, log1p(margin), GREATER),
                               sign_p(logarithms, count, -log1p(margin), LESS));
}

struct ratio ratio_paired(const double *a, const double *b, size_t count, double margin)
{
    struct ratio ratio = unknown();
    double *logarithms = scratch_take(count, sizeof *logarithms);
    struct mean_difference mean;

    assert(margin > 0);
    ratio.n = find_logarithms(a, b, count, logarithms, &ratio.identical);
    mean = means_of(logarithms, ratio.n);
    if (ratio.identical) {
        if (ratio.n > 0)
            ratio.effect = (struct effect){1, 1, 1};
        ratio.p = 1;
    } else if (ratio.n > 1 && !(mean.standard_error > 0)) {
        judge_by_signs(&ratio, logarithms, ratio.n, margin);
    } else if (ratio.n > 0) {
        judge_by_t(&ratio, &mean, margin);
    }
    free(logarithms);
    return ratio;
}

/* ---- Blocks -----------------------------------------------------------------------------------
 */

static double blocks_p(const double *a, size_t count_a, const double *b, size_t count_b,
                       double null, enum alternative alternative)
{
    double *scaled = scratch_take(count_a, sizeof *scaled), p;

    for (size_t i = 0; i < count_a; i++)
        scaled[i] = a[i] * null;
    p = ranks_mann_whitney(b, count_b, scaled, count_a, alternative).p;
    free(scaled);
    return p;
}

struct ratio ratio_of_medians(const double *a, size_t count_a, const double *b, size_t count_b,
                              double margin)
{
    struct ratio ratio = unknown();
    struct interval of_a, of_b;

    assert(margin > 0);
    if (count_a == 0 || count_b == 0)
        return ratio;
    of_a = stats_median_interval(a, count_a, (1 + confidence) / 2);
    of_b = stats_median_interval(b, count_b, (1 + confidence) / 2);
    ratio.n = count_a < count_b ? count_a : count_b;
    ratio.effect.value = stats_median(b, count_b) / stats_median(a, count_a);
    ratio.effect.low = fmax(0, of_b.low) / of_a.high; /* too few blocks: the bounds are infinite */
    ratio.effect.high = of_b.high / fmax(0, of_a.low);
    ratio.p = doubled_smaller(blocks_p(a, count_a, b, count_b, 1 + margin, GREATER),
                              blocks_p(a, count_a, b, count_b, 1 / (1 + margin), LESS));
    return ratio;
}
