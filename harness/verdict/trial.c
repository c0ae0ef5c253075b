/* The seven tests. */
#include "verdict/trial.h"

#include "base/error.h"
#include "verdict/cadence_check.h"

#include <math.h>
#include <stdlib.h>

/* ---- Arms -------------------------------------------------------------------------------------
 */

static void count_in(struct trial *trial, const struct series *series)
{
    trial->censored += series->censored;
    trial->infeasible += series->infeasible;
    trial->on_edge += series->on_edge;
    trial->hours += series->hours;
}

static void judge_seeds(struct trial *trial, const double *values, size_t count, struct range range,
                        int is_log, int needs_seeds)
{
    if (count == 1 && needs_seeds == 1) {
        trial->finding = finding_of_constant(values[0], range);
        trial->seeds = 1;
        return;
    }
    trial->finding = finding_of_seeds(values, count, range, is_log);
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
    judge_seeds(trial, values, a->count, range, is_ratio, claim->seeds);
    free(values);
    return 0;
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
    series_free(&a);
    series_free(&b);
    return status;
}

static struct range range_of_equivalence(const struct claim *claim)
{
    return claim->is_relative ? (struct range){exp(-claim->margin), exp(claim->margin)}
                              : (struct range){-claim->margin, claim->margin};
}

/* Each arm above the one before it. */
static int hold_order(struct trial *trial, const struct evidence *evidence,
                      const struct claim *claim, const struct rows *rows)
{
    double least = isnan(claim->margin) ? 0 : claim->margin;
    struct range range = {claim->is_relative ? exp(least) : least, INFINITY};
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
static int read_bound(const struct evidence *evidence, const char *column, size_t row, double over,
                      double *bound)
{
    *bound = NAN;
    if (column[0] && evidence_number(evidence, column, row, bound) != 0)
        return -1;
    *bound /= over;
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
    double over = 1;

    if (evidence_value(evidence, claim, row, &effect.value) != 0 ||
        (claim->over[0] && evidence_number(evidence, claim->over, row, &over) != 0) ||
        read_bound(evidence, claim->low, row, over, &effect.low) != 0 ||
        read_bound(evidence, claim->high, row, over, &effect.high) != 0)
        return -1;
    if (over < 0)
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

    if (has_interval(claim) || claim->seeds == 1)
        return hold_rows(trial, evidence, claim, rows, range);
    if (series_find(evidence, claim, rows, NULL, &series) != 0)
        return -1;
    count_in(trial, &series);
    judge_seeds(trial, series.values, series.count, range, 0, claim->seeds);
    series_free(&series);
    return 0;
}

/* ---- Along x ----------------------------------------------------------------------------------
 */

struct points {
    double *x;         /* [count], increasing */
    double *y;         /* [seeds][count]; NAN: no such row */
    const double **of; /* [seeds]: rows of y without a hole */
    uint64_t *seeds;
    size_t count, seed_count, complete;
};

static void points_free(struct points *points)
{
    free(points->x);
    free(points->y);
    free(points->of);
    free(points->seeds);
}

static int points_open(struct points *points, size_t rows)
{
    *points = (struct points){.x = calloc(rows + 1, sizeof(double)),
                              .of = calloc(rows + 1, sizeof(double *)),
                              .seeds = calloc(rows + 1, sizeof(uint64_t))};
    if (points->x && points->of && points->seeds)
        return 0;
    points_free(points);
    return error_set("out of memory for the points of a claim");
}

/* Where `value` stands in the sorted list, put in if it is new. */
static void insert_real(double *list, size_t *count, double value)
{
    size_t place = *count;

    for (size_t i = 0; i < *count; i++)
        if (list[i] == value)
            return;
    while (place > 0 && list[place - 1] > value) {
        list[place] = list[place - 1];
        place--;
    }
    list[place] = value;
    ++*count;
}

static size_t find_seed(struct points *points, uint64_t seed)
{
    size_t s = 0;

    while (s < points->seed_count && points->seeds[s] != seed)
        s++;
    if (s == points->seed_count)
        points->seeds[points->seed_count++] = seed;
    return s;
}

static int place_point(struct points *points, const struct evidence *evidence,
                       const struct claim *claim, size_t row)
{
    double x, value, *y;
    uint64_t seed;
    size_t p = 0;

    if (evidence_number(evidence, claim->x, row, &x) != 0 ||
        evidence_seed(evidence, row, &seed) != 0 ||
        evidence_value(evidence, claim, row, &value) != 0)
        return -1;
    while (p < points->count && points->x[p] != x)
        p++;
    if (p == points->count)
        return error_set("%s:%zu: column `%s` is empty", table_path(evidence->table),
                         table_line(evidence->table, row), claim->x);
    y = &points->y[find_seed(points, seed) * points->count + p];
    if (!isnan(*y))
        return error_set("%s:%zu: several rows for %s = %g and seed %llu, expected one: `where` or "
                         "`each` must tell them apart",
                         table_path(evidence->table), table_line(evidence->table, row), claim->x, x,
                         (unsigned long long)seed);
    *y = value;
    return 0;
}

static int points_fill(struct points *points, const struct evidence *evidence,
                       const struct claim *claim, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t seed;
        double x;

        if (evidence_number(evidence, claim->x, rows->list[i], &x) != 0)
            return -1;
        if (!isnan(x))
            insert_real(points->x, &points->count, x);
        if (evidence_seed(evidence, rows->list[i], &seed) != 0)
            return -1;
        find_seed(points, seed);
    }
    points->y = calloc(points->seed_count * points->count + 1, sizeof *points->y);
    if (!points->y)
        return error_set("out of memory for the points of a claim");
    for (size_t i = 0; i < points->seed_count * points->count; i++)
        points->y[i] = NAN;
    for (size_t i = 0; i < rows->count; i++)
        if (place_point(points, evidence, claim, rows->list[i]) != 0)
            return -1;
    for (size_t s = 0; s < points->seed_count; s++) {
        size_t filled = 0;

        for (size_t p = 0; p < points->count; p++)
            filled += (size_t)isfinite(points->y[s * points->count + p]);
        if (filled == points->count)
            points->of[points->complete++] = points->y + s * points->count;
    }
    return 0;
}

static struct finding judge_points(const struct claim *claim, const struct points *points)
{
    if (points->complete == 0)
        return finding_of_nothing("no seed has every value of x");
    if (points->count < 3)
        return finding_of_nothing("fewer than three values of x");
    if (claim->test == CLAIM_TREND)
        return finding_of_trend(points->x, points->of, points->count, points->complete,
                                claim->is_falling);
    return finding_of_slope(points->x, points->of, points->count, points->complete,
                            (struct range){claim->above, claim->below}, claim->is_log);
}

static int hold_along(struct trial *trial, const struct evidence *evidence,
                      const struct claim *claim, const struct rows *rows)
{
    struct points points;
    int status;

    if (points_open(&points, rows->count) != 0)
        return -1;
    status = points_fill(&points, evidence, claim, rows);
    if (status == 0) {
        trial->finding = judge_points(claim, &points);
        trial->seeds = points.complete;
        trial->dropped = points.seed_count - points.complete;
        for (size_t i = 0; i < rows->count; i++)
            trial->on_edge += (size_t)evidence_on_edge(evidence, rows->list[i]);
    }
    points_free(&points);
    return status;
}

/* -----------------------------------------------------------------------------------------------
 */

int trial_hold(struct trial *trial, const struct evidence *evidence, const struct claim *claim,
               const struct rows *rows)
{
    const struct range bounds = {claim->above, claim->below};
    const struct range around_1 = {1 - claim->margin, 1 + claim->margin};

    *trial = (struct trial){.seeds = SIZE_MAX};
    if (cadence_check(evidence, claim, rows, &trial->resolution) != 0)
        return -1;
    switch (claim->test) {
    case CLAIM_RATIO:
        return compare_arms(trial, evidence, claim, rows, &claim->arms[0], &claim->arms[1], bounds,
                            1);
    case CLAIM_EQUIVALENCE:
        return compare_arms(trial, evidence, claim, rows, &claim->arms[0], &claim->arms[1],
                            range_of_equivalence(claim), claim->is_relative);
    case CLAIM_ORDER:
        return hold_order(trial, evidence, claim, rows);
    case CLAIM_BOUND:
        return hold_range(trial, evidence, claim, rows, bounds);
    case CLAIM_AGREEMENT:
        return hold_range(trial, evidence, claim, rows, around_1);
    case CLAIM_SLOPE:
    case CLAIM_TREND:
        return hold_along(trial, evidence, claim, rows);
    }
    return error_set("a test that is not known");
}
