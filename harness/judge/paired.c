/* The judge of paired measurements. */
#include "judge/paired.h"

#include "base/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *const paired_verdict_names[PAIRED_VERDICTS] = {
    [PAIRED_SAME] = "SAME",
    [PAIRED_IMPROVED] = "IMPROVED",
    [PAIRED_REGRESSION] = "REGRESSION",
    [PAIRED_INCONCLUSIVE] = "INCONCLUSIVE",
};

double paired_confidence(size_t cells)
{
    return 1 - 0.05 / (double)cells;
}

size_t paired_rounds_needed(size_t cells)
{
    return (size_t)ceil(log2(40 * (double)cells));
}

static int is_time(double seconds)
{
    return isfinite(seconds) && seconds > 0;
}

/* differences[count] of the logarithms; 0 if a value is no time. */
static int differences_of(const double *base, const double *head, size_t count, double *differences)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_time(base[i]) || !is_time(head[i]))
            return 0;
        differences[i] = log(head[i]) - log(base[i]);
    }
    return 1;
}

static double smallest(const double *values, size_t count)
{
    double least = INFINITY;

    for (size_t i = 0; i < count; i++)
        least = fmin(least, values[i]);
    return least;
}

static size_t ties_of(const struct paired *paired)
{
    size_t ties = 0;

    for (size_t i = 0; i < paired->count; i++)
        ties += paired->base[i] == paired->head[i];
    return ties;
}

static void give(struct paired_finding *finding, enum paired_verdict verdict, const char *reason)
{
    finding->verdict = verdict;
    snprintf(finding->reason, sizeof finding->reason, "%s", reason);
}

/* What the interval says. */
static enum paired_verdict read_interval(const struct paired_finding *finding, double margin)
{
    if (finding->low > 1 + margin)
        return PAIRED_REGRESSION;
    if (finding->high < 1 - margin)
        return PAIRED_IMPROVED;
    if (finding->low >= 1 / (1 + margin) && finding->high <= 1 + margin)
        return PAIRED_SAME;
    return PAIRED_INCONCLUSIVE;
}

/* NaN, not known, contradicts nothing. */
static int contradicts(double ratio, enum paired_verdict verdict)
{
    return verdict == PAIRED_REGRESSION ? ratio <= 1 : ratio >= 1;
}

static void decide(struct paired_finding *finding, double margin)
{
    enum paired_verdict verdict = read_interval(finding, margin);
    char reason[sizeof finding->reason];

    if (verdict == PAIRED_SAME) {
        snprintf(reason, sizeof reason, "within %.1f %%", 100 * margin);
    } else if (verdict == PAIRED_INCONCLUSIVE) {
        snprintf(reason, sizeof reason, "the interval reaches over the margin of %.1f %%",
                 100 * margin);
    } else if (contradicts(finding->cpu_ratio, verdict)) {
        snprintf(reason, sizeof reason, "by the wall clock %.3f, by the processor's time %.3f",
                 finding->ratio, finding->cpu_ratio);
        verdict = PAIRED_INCONCLUSIVE;
    } else if (contradicts(finding->minimum_ratio, verdict)) {
        snprintf(reason, sizeof reason, "median %.3f, but smallest against smallest %.3f",
                 finding->ratio, finding->minimum_ratio);
        verdict = PAIRED_INCONCLUSIVE;
    } else {
        snprintf(reason, sizeof reason, "%s by more than %.1f %%",
                 verdict == PAIRED_REGRESSION ? "slower" : "faster", 100 * margin);
    }
    give(finding, verdict, reason);
}

struct paired_finding paired_judge(const struct paired *paired, double margin, double confidence)
{
    struct paired_finding finding = {.ratio = NAN,
                                     .low = 0,
                                     .high = INFINITY,
                                     .coverage = 1,
                                     .cpu_ratio = NAN,
                                     .minimum_ratio = NAN};
    double *differences = calloc(paired->count + 1, sizeof *differences);
    struct interval interval;

    if (!differences)
        abort();
    if (!(margin > 0)) {
        give(&finding, PAIRED_INCONCLUSIVE, "no margin to judge by");
    } else if (paired->count == 0) {
        give(&finding, PAIRED_INCONCLUSIVE, "no rounds");
    } else if (!differences_of(paired->base, paired->head, paired->count, differences)) {
        give(&finding, PAIRED_INCONCLUSIVE, "a time that is not a number above 0");
    } else {
        interval = stats_median_interval(differences, paired->count, confidence);
        finding.ratio = exp(stats_median(differences, paired->count));
        finding.low = exp(interval.low);
        finding.high = exp(interval.high);
        finding.coverage = interval.coverage;
        finding.ties = ties_of(paired);
        finding.minimum_ratio =
            smallest(paired->head, paired->count) / smallest(paired->base, paired->count);
        if (paired->base_cpu && paired->head_cpu &&
            differences_of(paired->base_cpu, paired->head_cpu, paired->count, differences))
            finding.cpu_ratio = exp(stats_median(differences, paired->count));
        if (isinf(finding.high))
            give(&finding, PAIRED_INCONCLUSIVE, "too few rounds for an interval");
        else
            decide(&finding, margin);
    }
    free(differences);
    return finding;
}
