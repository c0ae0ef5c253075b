/* The test of the critical batch size: S = S_min + E_min / K is fitted to the updates S that it
 * takes to a target at batch size K, and one quantity of the fit is judged.
 *
 * What is fitted are geometric means over the seeds, weighted by 1 / S^2; what is judged are
 * pseudo-values (finding_of_jackknife), which hold their level with few seeds where a bootstrap's
 * interval is too short. The bootstrap of the medians (judge/critical_batch.h) is in the details.
 */
#include "verdict/trial.h"

#include "base/error.h"
#include "base/stats.h"
#include "judge/bootstrap.h"
#include "judge/critical_batch.h"
#include "judge/line.h"
#include "judge/survival.h"
#include "verdict/points.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 2000, BCA_SEEDS = 5, FIT_POINTS = 3, SWEEPS_MAX = 16 };

static const double confidence = 0.95;

/* The share of the critical batch up to which a K is small: the curve's own slope is -0.91 there.
 */
static const double small_share = 0.1;

/* Batch sizes under one condition. */
struct sweep {
    char text[128]; /* "train_examples=6875"; "" */
    double at;      /* its value of claim->along */
    struct points points;
    double *steps,
        *variances; /* [points.count] scratch of the fit; steps is the block of all three */
    double *over;   /* [points.seed_count]; NULL: nothing is divided by */
    size_t small;   /* how many of the smallest K are small */
};

struct sweeps {
    const struct claim *claim;
    struct sweep list[SWEEPS_MAX];
    size_t count, seeds;
};

static void sweeps_close(struct sweeps *sweeps)
{
    for (size_t i = 0; i < sweeps->count; i++) {
        points_close(&sweeps->list[i].points);
        free(sweeps->list[i].steps);
    }
}

/* ---- The fit to all seeds but one -------------------------------------------------------------
 */

/* Mean of the logarithms of values[0], values[stride], ... but the one left out. */
static double log_mean(const double *values, size_t stride, size_t count, size_t left_out)
{
    double sum = 0;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (i != left_out) {
            sum += log(values[i * stride]);
            kept++;
        }
    return sum / (double)kept;
}

static struct critical_batch fit(const struct sweep *sweep, size_t left_out)
{
    const struct points *points = &sweep->points;

    for (size_t p = 0; p < points->count; p++) {
        sweep->steps[p] = exp(log_mean(points->y + p, points->count, points->seed_count, left_out));
        sweep->variances[p] = sweep->steps[p] * sweep->steps[p];
    }
    return critical_batch_fit(points->x, sweep->steps, sweep->variances, points->count, confidence);
}

static double quantity_of(const struct sweep *sweep, enum claim_quantity quantity, size_t left_out)
{
    struct critical_batch found = fit(sweep, left_out);
    double over = 1;

    if (sweep->over)
        over = exp(log_mean(sweep->over, 1, sweep->points.seed_count, left_out));
    switch (quantity) {
    case QUANTITY_MIN_UPDATES:
        return found.least_steps.value / over;
    case QUANTITY_MIN_EXAMPLES:
        return found.least_examples.value / over;
    case QUANTITY_R_SQUARED:
        return found.r_squared_log / over;
    case QUANTITY_SLOPE_SMALL_K:
        return line_fit_logs(sweep->points.x, sweep->steps, NULL, sweep->small, LINE_SCALE_UNKNOWN,
                             confidence)
                   .slope.value /
               over;
    case QUANTITY_NONE:
    case QUANTITY_CRITICAL_BATCH:
        break;
    }
    return found.batch.value / over;
}

static double quantity_of_one(const void *context, size_t left_out)
{
    const struct sweeps *sweeps = context;

    return quantity_of(&sweeps->list[0], sweeps->claim->quantity, left_out);
}

/* Slope of the logarithm of the quantity over that of `along`. */
static double slope_along(const void *context, size_t left_out)
{
    const struct sweeps *sweeps = context;
    double x[SWEEPS_MAX], y[SWEEPS_MAX];

    for (size_t i = 0; i < sweeps->count; i++) {
        x[i] = sweeps->list[i].at;
        y[i] = quantity_of(&sweeps->list[i], sweeps->claim->quantity, left_out);
    }
    return line_fit_logs(x, y, NULL, sweeps->count, LINE_SCALE_UNKNOWN, confidence).slope.value;
}

static int is_positive(enum claim_quantity quantity)
{
    return quantity != QUANTITY_R_SQUARED && quantity != QUANTITY_SLOPE_SMALL_K;
}

/* ---- Details ----------------------------------------------------------------------------------
 */

/* steps[k][seeds] of the sweep, behind pointers to them; one block, free(). NULL: out of memory. */
static double **steps_by_batch(const struct points *points)
{
    size_t seeds = points->seed_count;
    double **steps = calloc(points->count * (sizeof *steps + seeds * sizeof **steps) + 1, 1);

    if (!steps) {
        error_set("out of memory for the fit of a claim");
        return NULL;
    }
    for (size_t p = 0; p < points->count; p++) {
        steps[p] = (double *)(steps + points->count) + p * seeds;
        for (size_t s = 0; s < seeds; s++)
            steps[p][s] = points->y[s * points->count + p];
    }
    return steps;
}

/* With its interval: BCa of enough seeds, Kaplan and Meier's where some did not get there. */
static struct effect median_of(const double *values, size_t count)
{
    bool *reached = calloc(count + 1, sizeof *reached);
    bool all = true;
    struct effect median;

    if (!reached)
        abort();
    assert(values);
    for (size_t i = 0; i < count; i++)
        all &= reached[i] = isfinite(values[i]);
    if (all && count >= BCA_SEEDS) {
        const double *const groups[] = {values};
        const struct bootstrap bootstrap = {.statistic = resampled_median,
                                            .context = groups,
                                            .counts = &count,
                                            .groups = 1,
                                            .outputs = 1,
                                            .confidence = confidence,
                                            .resamples = RESAMPLES,
                                            .seed = 1};
        struct bootstrap_result result;

        bootstrap_run(&bootstrap, &result);
        median = result.effect;
    } else {
        median = survival_median(values, reached, count, confidence);
    }
    free(reached);
    return median;
}

static int add_medians(struct trial *trial, const struct sweep *sweep)
{
    double **steps = steps_by_batch(&sweep->points);
    int status = steps ? 0 : -1;

    for (size_t p = 0; p < sweep->points.count && status == 0; p++) {
        char of[256];

        snprintf(of, sizeof of, "%s%sK = %g", sweep->text, sweep->text[0] ? ", " : "",
                 sweep->points.x[p]);
        status =
            details_add(&trial->details, "updates", of,
                        median_of(steps[p], sweep->points.seed_count), sweep->points.seed_count);
    }
    free(steps);
    return status;
}

/* What the bootstrap of the medians says of the fit. */
static int bootstrap_fit(const struct sweep *sweep, struct critical_batch *found)
{
    const struct points *points = &sweep->points;
    double **steps = steps_by_batch(points);
    size_t *seeds = calloc(points->count + 1, sizeof *seeds);

    if (!steps || !seeds) {
        free(steps);
        free(seeds);
        return error_set("out of memory for the fit of a claim");
    }
    for (size_t p = 0; p < points->count; p++)
        seeds[p] = points->seed_count;
    *found = critical_batch_bootstrap(points->x, (const double *const *)steps, seeds, points->count,
                                      confidence, RESAMPLES, 1);
    free(seeds);
    free(steps);
    return 0;
}

static int add_fit(struct trial *trial, const struct sweep *sweep)
{
    struct critical_batch found = {.r_squared_log = NAN};
    const size_t seeds = sweep->points.seed_count;
    size_t length = strlen(trial->note);

    if (bootstrap_fit(sweep, &found) != 0)
        return -1;
    length += (size_t)snprintf(trial->note + length, sizeof trial->note - length,
                               "%s%s%sB_crit %.3g [%.3g, %.3g]", length ? "; " : "", sweep->text,
                               sweep->text[0] ? ": " : "", found.batch.value, found.batch.low,
                               found.batch.high);
    if (length < sizeof trial->note && !sweep->text[0])
        snprintf(trial->note + length, sizeof trial->note - length,
                 ", S_min %.3g, E_min %.3g, R^2 %.3f", found.least_steps.value,
                 found.least_examples.value, found.r_squared_log);
    if (details_add(&trial->details, "critical_batch", sweep->text, found.batch, seeds) != 0 ||
        details_add(&trial->details, "min_updates", sweep->text, found.least_steps, seeds) != 0 ||
        details_add(&trial->details, "min_examples", sweep->text, found.least_examples, seeds) !=
            0 ||
        details_add(&trial->details, "r_squared", sweep->text, detail_value(found.r_squared_log),
                    seeds) != 0)
        return -1;
    if (!sweep->over)
        return 0;
    return details_add(&trial->details, "over", sweep->text,
                       detail_value(exp(log_mean(sweep->over, 1, seeds, seeds))), seeds);
}

/* ---- What it is divided by --------------------------------------------------------------------
 */

/* sweep->over[s] = geometric mean of those rows of probes.csv that meet the conditions, of the
 * sweep's cells of that seed; NAN: none. */
static int read_over(const struct evidence *probes, const struct evidence *cells,
                     const struct claim *claim, const struct rows *rows, struct sweep *sweep)
{
    const struct points *points = &sweep->points;

    for (size_t s = 0; s < points->seed_count; s++) {
        double sum = 0;
        size_t count = 0;

        for (size_t row = 0; row < table_rows(probes->table); row++) {
            int met = evidence_meets(probes, &claim->other, row), is_ours = 0;
            double value;
            uint64_t seed;

            for (size_t i = 0; i < rows->count && met == 1; i++)
                is_ours |= probes->cell_of[row] ==
                           (cells->cell_of ? cells->cell_of[rows->list[i]] : rows->list[i]);
            if (met < 0 || evidence_seed(probes, row, &seed) != 0 ||
                evidence_number(probes, "value", row, &value) != 0)
                return -1;
            if (!is_ours || seed != points->seeds[s])
                continue;
            sum += log(value);
            count++;
        }
        sweep->over[s] = count ? exp(sum / (double)count) : (double)NAN;
    }
    return 0;
}

static int find_over(const struct evidence *evidence, const struct claim *claim,
                     const struct rows *rows, struct sweep *sweep)
{
    struct evidence probes;
    int status;

    if (claim->other.count == 0)
        return 0;
    sweep->over = sweep->variances + sweep->points.count;
    status = evidence_open(&probes, evidence->results, "probes");
    if (status > 0)
        return error_set("over: the results have no probes.csv");
    if (status == 0)
        status = read_over(&probes, evidence, claim, rows, sweep);
    evidence_close(&probes);
    return status;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* "K = 1, 2 left out: not reached by every seed", once for sweeps of which that is true alike. */
static void note_left_out(struct trial *trial, const struct sweep *sweep, const double *all,
                          size_t count)
{
    char text[256] = "";
    size_t length = 0, kept = 0, used = strlen(trial->note);

    for (size_t p = 0; p < count; p++) {
        if (kept < sweep->points.count && sweep->points.x[kept] == all[p])
            kept++;
        else if (length < sizeof text)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%g",
                                       length ? ", " : "K = ", all[p]);
    }
    if (length > 0 && !strstr(trial->note, text))
        snprintf(trial->note + used, sizeof trial->note - used,
                 "%s%s left out: not reached by every seed", used ? "; " : "", text);
}

static int open_sweep(struct trial *trial, const struct evidence *evidence,
                      const struct claim *claim, const struct rows *rows, struct sweep *sweep)
{
    struct points *points = &sweep->points;
    double *all;
    size_t count;

    if (points_open(points, evidence, claim, rows) != 0 || add_medians(trial, sweep) != 0)
        return -1;
    trial->censored += points->censored;
    trial->infeasible += points->infeasible;
    trial->on_edge += points->on_edge;
    trial->hours += points->hours;
    count = points->count;
    all = malloc((count + 1) * sizeof *all);
    sweep->steps = calloc(2 * count + points->seed_count + 1, sizeof *sweep->steps);
    if (!all || !sweep->steps) {
        free(all);
        return error_set("out of memory for the fit of a claim");
    }
    sweep->variances = sweep->steps + count;
    memcpy(all, points->x, count * sizeof *all);
    points_leave_unreached(points);
    note_left_out(trial, sweep, all, count);
    free(all);
    trial->dropped += points_leave_incomplete(points, 1);
    return find_over(evidence, claim, rows, sweep);
}

/* A sweep for each value of claim->along, or one. */
static int open_sweeps(struct trial *trial, const struct evidence *evidence,
                       const struct claim *claim, const struct rows *rows, struct sweeps *sweeps)
{
    struct claim apart = *claim;
    struct circumstance *list;
    size_t count;
    int status;

    apart.each.count = claim->along[0] != '\0';
    strcpy(apart.each.names[0], claim->along);
    if (circumstances_split(evidence, &apart, rows, &list, &count) != 0)
        return -1;
    status = count <= SWEEPS_MAX ? 0
                                 : error_set("along: %zu values of %s, expected at most %d", count,
                                             claim->along, SWEEPS_MAX);
    for (size_t i = 0; i < count && status == 0; i++) {
        struct sweep *sweep = &sweeps->list[sweeps->count++];

        snprintf(sweep->text, sizeof sweep->text, "%.127s", list[i].text);
        if (claim->along[0])
            status = evidence_number(evidence, claim->along, list[i].rows.list[0], &sweep->at);
        if (status == 0)
            status = open_sweep(trial, evidence, claim, &list[i].rows, sweep);
    }
    circumstances_free(list, count);
    return status;
}

/* ---- Judging ----------------------------------------------------------------------------------
 */

/* Why there is nothing to judge; NULL: there is. */
static const char *find_obstacle(const struct sweeps *sweeps)
{
    if (sweeps->claim->along[0] && sweeps->count < 3)
        return "fewer than three values of what it is judged along";
    for (size_t i = 0; i < sweeps->count; i++) {
        const struct sweep *sweep = &sweeps->list[i];

        if (sweep->points.count < FIT_POINTS)
            return "fewer than three batch sizes that every seed got to the target with";
        if (sweep->points.seed_count == 0)
            return "no seed has every batch size";
        if (sweep->points.seed_count != sweeps->list[0].points.seed_count ||
            memcmp(sweep->points.seeds, sweeps->list[0].points.seeds,
                   sweep->points.seed_count * sizeof *sweep->points.seeds) != 0)
            return "not the same seeds at every value of what it is judged along";
        for (size_t s = 0; sweep->over && s < sweep->points.seed_count; s++)
            if (!(sweep->over[s] > 0))
                return "what it is divided by is not there, or not above 0";
        if (sweeps->claim->quantity == QUANTITY_SLOPE_SMALL_K && sweep->small < 2)
            return "fewer than two batch sizes up to a tenth of the critical one";
    }
    return NULL;
}

static void count_small(struct sweep *sweep)
{
    double critical = fit(sweep, SIZE_MAX).batch.value;

    while (sweep->small < sweep->points.count &&
           sweep->points.x[sweep->small] <= small_share * critical)
        sweep->small++;
}

static int judge_sweeps(struct trial *trial, struct sweeps *sweeps)
{
    const struct claim *claim = sweeps->claim;
    const struct range range = {claim->above, claim->below};
    const size_t seeds = sweeps->list[0].points.seed_count;
    const char *obstacle;

    trial->seeds = seeds;
    for (size_t i = 0; i < sweeps->count; i++)
        if (sweeps->list[i].points.count >= FIT_POINTS && sweeps->list[i].points.seed_count > 0)
            count_small(&sweeps->list[i]);
    obstacle = find_obstacle(sweeps);
    if (obstacle) {
        trial->finding = finding_of_nothing(obstacle);
        return 0;
    }
    for (size_t i = 0; i < sweeps->count; i++)
        if (add_fit(trial, &sweeps->list[i]) != 0)
            return -1;
    trial->finding =
        finding_of_jackknife(claim->along[0] ? slope_along : quantity_of_one, sweeps, seeds, range,
                             !claim->along[0] && is_positive(claim->quantity));
    if (trial->finding.reason && seeds > 1)
        trial->finding.reason = "not bounded: no batch size was too large, or none too small";
    return 0;
}

int hold_critical_batch(struct trial *trial, const struct evidence *evidence,
                        const struct claim *claim, const struct rows *rows)
{
    struct sweeps sweeps = {.claim = claim};
    int status = open_sweeps(trial, evidence, claim, rows, &sweeps);

    if (status == 0)
        status = judge_sweeps(trial, &sweeps);
    sweeps_close(&sweeps);
    return status;
}
