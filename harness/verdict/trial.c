/* The tests of single cells, of arms and along x. */
#include "verdict/trial.h"

#include "base/error.h"
#include "judge/survival.h"
#include "verdict/cadence_check.h"
#include "verdict/expected.h"
#include "verdict/points.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- Arms -------------------------------------------------------------------------------------
 */

static void count_in(struct trial *trial, const struct series *series)
{
    trial->censored += series->censored;
    trial->infeasible += series->infeasible;
    trial->on_edge += series->on_edge;
    trial->hours += series->hours;
}

static void judge_seeds(struct trial *trial, const struct claim *claim, const double *values,
                        size_t count, struct range range, int is_log)
{
    if (count == 1 && claim->seeds == 1) {
        trial->finding = finding_of_constant(values[0], range);
        trial->seeds = 1;
        return;
    }
    trial->finding = claim->is_median ? finding_of_median(values, count, range, is_log)
                                      : finding_of_seeds(values, count, range, is_log);
    if (trial->finding.n < trial->seeds)
        trial->seeds = trial->finding.n;
    trial->dropped += count - trial->finding.n;
}

/* a over b, or a - b, seed by seed, against the range. */
static int compare(struct trial *trial, const struct claim *claim, struct series *a,
                   struct series *b, struct range range, int is_ratio)
{
    double *values;

    series_pair(a, b);
    count_in(trial, a);
    count_in(trial, b);
    values = calloc(a->count + 1, sizeof *values);
    if (!values)
        return error_set("out of memory for the seeds of a claim");
    for (size_t i = 0; i < a->count; i++) /* both not reached: inf / inf, which tells nothing */
        values[i] = is_ratio ? a->values[i] / b->values[i] : a->values[i] - b->values[i];
    judge_seeds(trial, claim, values, a->count, range, is_ratio);
    free(values);
    return 0;
}

/* "1st: median 120 [90, inf], 2 of 7 not reached" (Kaplan and Meier): a run that did not get there
 * ended later than any that did. */
static int describe_censored(struct trial *trial, const struct series *series, const char *arm)
{
    bool *reached = calloc(series->count + 1, sizeof *reached);
    size_t length = strlen(trial->note), late = 0;
    struct effect median;

    if (!reached)
        return error_set("out of memory for the seeds of a claim");
    for (size_t i = 0; i < series->count; i++) {
        reached[i] = isfinite(series->values[i]);
        late += !reached[i];
    }
    median = survival_median(series->values, reached, series->count, 0.95);
    free(reached);
    snprintf(trial->note + length, sizeof trial->note - length,
             "%s%s: median %.3g [%.3g, %.3g], %zu of %zu not reached", length ? "; " : "", arm,
             median.value, fmax(0, median.low), median.high, late, series->count);
    return details_add(&trial->details, "median", arm, median, series->count);
}

static int compare_arms(struct trial *trial, const struct evidence *evidence,
                        const struct claim *claim, const struct rows *rows,
                        const struct selection *first, const struct selection *second,
                        struct range range, int is_ratio)
{
    struct series a, b;
    int status;

    if (series_find(evidence, claim, rows, first, &a) != 0)
        return -1;
    if (series_find(evidence, claim, rows, second, &b) != 0) {
        series_free(&a);
        return -1;
    }
    status = compare(trial, claim, &a, &b, range, is_ratio);
    if (status == 0 && a.censored > 0)
        status = describe_censored(trial, &a, is_ratio ? "numerator" : "first arm");
    if (status == 0 && b.censored > 0)
        status = describe_censored(trial, &b, is_ratio ? "denominator" : "second arm");
    series_free(&a);
    series_free(&b);
    return status;
}

/* Each arm above the one before it. */
static int hold_order(struct trial *trial, const struct evidence *evidence,
                      const struct claim *claim, const struct rows *rows)
{
    struct range range = expected_range(claim);
    struct finding findings[CLAIM_ARMS_MAX];

    for (int i = 0; i + 1 < claim->arm_count; i++) {
        if (compare_arms(trial, evidence, claim, rows, &claim->arms[i + 1], &claim->arms[i], range,
                         claim->is_relative) != 0)
            return -1;
        findings[i] = trial->finding;
    }
    trial->finding = finding_all(findings, (size_t)claim->arm_count - 1);
    return 0;
}

/* ---- Every row --------------------------------------------------------------------------------
 */

/* A bound of y's interval; NAN where the claim has no column for it. */
static int read_bound(const struct evidence *evidence, const struct claim *claim,
                      const char *column, size_t row, double over, double *bound)
{
    *bound = NAN;
    if (column[0] && evidence_number(evidence, column, row, bound) != 0)
        return -1;
    *bound = claim->is_absolute ? *bound - over : *bound / over;
    return 0;
}

/* Divided by something below 0 an interval is upside down. */
static void turn(struct effect *effect)
{
    double low = effect->low;

    effect->low = effect->high;
    effect->high = low;
}

static int has_interval(const struct claim *claim)
{
    return claim->low[0] || claim->high[0];
}

static int judge_row(const struct evidence *evidence, const struct claim *claim, size_t row,
                     struct range range, struct finding *finding)
{
    struct effect effect;
    double over;

    if (evidence_value(evidence, claim, row, &effect.value) != 0 ||
        evidence_over(evidence, claim, row, &over) != 0 ||
        read_bound(evidence, claim, claim->low, row, over, &effect.low) != 0 ||
        read_bound(evidence, claim, claim->high, row, over, &effect.high) != 0)
        return -1;
    if (over < 0 && !claim->is_absolute)
        turn(&effect);
    *finding = has_interval(claim) ? finding_of_interval(effect, range)
                                   : finding_of_constant(effect.value, range);
    return 0;
}

static int hold_rows(struct trial *trial, const struct evidence *evidence,
                     const struct claim *claim, const struct rows *rows, struct range range)
{
    struct finding *findings = calloc(rows->count + 1, sizeof *findings);
    int status = 0;

    if (!findings)
        return error_set("out of memory for the rows of a claim");
    for (size_t i = 0; i < rows->count && status == 0; i++) {
        status = judge_row(evidence, claim, rows->list[i], range, &findings[i]);
        trial->on_edge += (size_t)evidence_on_edge(evidence, rows->list[i]);
        trial->dropped += status == 0 && findings[i].reason;
    }
    if (status == 0)
        trial->finding = finding_all(findings, rows->count);
    trial->finding.n = rows->count;
    trial->seeds = 1;
    free(findings);
    return status;
}

static int hold_range(struct trial *trial, const struct evidence *evidence,
                      const struct claim *claim, const struct rows *rows, struct range range)
{
    struct series series;

    if (has_interval(claim) || (claim->seeds == 1 && claim->taken.take == TAKE_NONE))
        return hold_rows(trial, evidence, claim, rows, range);
    if (series_find(evidence, claim, rows, NULL, &series) != 0)
        return -1;
    count_in(trial, &series);
    judge_seeds(trial, claim, series.values, series.count, range, 0);
    series_free(&series);
    return 0;
}

/* ---- Along x ----------------------------------------------------------------------------------
 */

static struct finding judge_points(const struct claim *claim, const struct points *points,
                                   const double *const *y)
{
    if (points->seed_count == 0)
        return finding_of_nothing("no seed has every value of x");
    if (points->count < 3)
        return finding_of_nothing("fewer than three values of x");
    if (claim->test == CLAIM_TREND)
        return finding_of_trend(points->x, y, points->count, points->seed_count, claim->is_falling);
    return finding_of_slope(points->x, y, points->count, points->seed_count,
                            (struct range){claim->above, claim->below}, claim->scale == SCALE_LOG);
}

static int judge_along(struct trial *trial, const struct claim *claim, struct points *points)
{
    const double **y;

    trial->dropped = points_leave_incomplete(points, 1);
    trial->seeds = points->seed_count;
    trial->on_edge = points->on_edge;
    trial->hours = points->hours;
    if (claim->test == CLAIM_SLOPE && claim->scale == SCALE_SEMILOG)
        for (size_t p = 0; p < points->count; p++)
            points->x[p] = log(points->x[p]);
    y = calloc(points->seed_count + 1, sizeof *y);
    if (!y)
        return error_set("out of memory for the points of a claim");
    for (size_t s = 0; s < points->seed_count; s++)
        y[s] = points->y + s * points->count;
    trial->finding = judge_points(claim, points, y);
    free(y);
    if (!trial->finding.reason && trial->finding.n < trial->seeds) { /* no logarithm below 0 */
        trial->dropped += trial->seeds - trial->finding.n;
        trial->seeds = trial->finding.n;
    }
    return 0;
}

static int hold_along(struct trial *trial, const struct evidence *evidence,
                      const struct claim *claim, const struct rows *rows)
{
    struct points points;
    int status = points_open(&points, evidence, claim, rows);

    if (status == 0)
        status = judge_along(trial, claim, &points);
    points_close(&points);
    return status;
}

/* -----------------------------------------------------------------------------------------------
 */

static int hold(struct trial *trial, const struct evidence *evidence, const struct claim *claim,
                const struct rows *rows)
{
    const struct range range = expected_range(claim);

    *trial = (struct trial){.seeds = SIZE_MAX};
    if (cadence_check(evidence, claim, rows, &trial->resolution) != 0)
        return -1;
    switch (claim->test) {
    case CLAIM_RATIO:
        return compare_arms(trial, evidence, claim, rows, &claim->arms[0], &claim->arms[1], range,
                            1);
    case CLAIM_EQUIVALENCE:
        return compare_arms(trial, evidence, claim, rows, &claim->arms[0], &claim->arms[1], range,
                            claim->is_relative);
    case CLAIM_ORDER:
        return hold_order(trial, evidence, claim, rows);
    case CLAIM_BOUND:
    case CLAIM_AGREEMENT:
        return hold_range(trial, evidence, claim, rows, range);
    case CLAIM_SLOPE:
    case CLAIM_TREND:
        return hold_along(trial, evidence, claim, rows);
    case CLAIM_STRAIGHT:
        return hold_straight(trial, evidence, claim, rows);
    case CLAIM_CRITICAL_BATCH:
        return hold_critical_batch(trial, evidence, claim, rows);
    case CLAIM_SHARES:
        return hold_shares(trial, evidence, claim, rows);
    case CLAIM_REGRET:
        return hold_regret(trial, evidence, claim, rows);
    }
    return error_set("a test that is not known");
}

/* Refuted by what lies within a range of its own: of everything else nothing is said. */
static int hold_against(struct trial *trial, const struct evidence *evidence,
                        const struct claim *claim, const struct rows *rows)
{
    struct claim opposite = *claim;
    struct trial against;
    int status;

    opposite.above = claim->refuted[0];
    opposite.below = claim->refuted[1];
    status = hold(&against, evidence, &opposite, rows);
    trial->finding.p_refute = against.finding.p_confirm;
    trial->finding.margin = against.finding.margin;
    trial_free(&against);
    return status;
}

int trial_hold(struct trial *trial, const struct evidence *evidence, const struct claim *claim,
               const struct rows *rows)
{
    if (hold(trial, evidence, claim, rows) != 0)
        return -1;
    return isnan(claim->refuted[0]) ? 0 : hold_against(trial, evidence, claim, rows);
}

void trial_free(struct trial *trial)
{
    details_free(&trial->details);
}
