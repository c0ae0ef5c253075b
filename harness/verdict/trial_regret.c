/* The test of a search range: how much worse the best x inside it is than the best of all, for each
 * circumstance and each cost.
 *
 * The least of several noisy values is less than any of them is worth. So what a seed says of the
 * best is asked of an x that the other seeds chose. It stays below `below` if the chosen x inside
 * does against every x outside, and does not if the chosen x outside beats every x inside by more.
 */
#include "verdict/trial.h"

#include "base/error.h"
#include "base/stats.h"
#include "verdict/cadence_check.h"
#include "verdict/points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One circumstance and cost. */
struct contest {
    const struct claim *claim;
    struct points points;
    double *least;  /* [seed_count][count]: y, or where it was not reached what was spent in vain */
    double *values; /* [seed_count] scratch */
};

static void contest_close(struct contest *contest)
{
    points_close(&contest->points);
    free(contest->least);
    free(contest->values);
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* The column of cells.csv that says what a cell spent, in the unit of the cost; NULL: none. */
static const char *spent_column(const char *cost)
{
    static const char *const pairs[][2] = {{"updates_to_", "updates"},
                                           {"examples_to_", "examples"},
                                           {"epochs_to_", "epochs"},
                                           {"seconds_to_", "train_seconds"}};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strncmp(cost, pairs[i][0], strlen(pairs[i][0])) == 0)
            return pairs[i][1];
    return NULL;
}

static int read_least(struct contest *contest, const struct evidence *evidence,
                      const struct claim *claim)
{
    const struct points *points = &contest->points;
    const char *spent = spent_column(claim->y);

    for (size_t i = 0; i < points->seed_count * points->count; i++) {
        contest->least[i] = points->y[i];
        if (!isinf(points->y[i]) || !spent || claim->over[0] ||
            !table_has(evidence->results->cells, spent))
            continue;
        if (evidence_number(evidence, spent, points->rows[i], &contest->least[i]) != 0)
            return -1;
        if (!(contest->least[i] > 0))
            contest->least[i] = points->y[i];
    }
    return 0;
}

static int contest_open(struct contest *contest, struct trial *trial,
                        const struct evidence *evidence, const struct claim *claim,
                        const struct rows *rows)
{
    struct points *points = &contest->points;

    *contest = (struct contest){.claim = claim};
    if (points_open(points, evidence, claim, rows) != 0)
        return -1;
    trial->censored += points->censored;
    trial->infeasible += points->infeasible;
    trial->on_edge += points->on_edge;
    trial->hours += points->hours;
    trial->dropped += points_leave_incomplete(points, 0);
    contest->least = calloc(points->seed_count * points->count + 1, sizeof *contest->least);
    contest->values = calloc(points->seed_count + 1, sizeof *contest->values);
    if (!contest->least || !contest->values)
        return error_set("out of memory for the regret of a claim");
    return read_least(contest, evidence, claim);
}

/* ---- Choosing ---------------------------------------------------------------------------------
 */

static int is_inside(const struct contest *contest, size_t p)
{
    double x = contest->points.x[p];

    return x >= contest->claim->inside[0] && x <= contest->claim->inside[1];
}

static double median_at(const struct contest *contest, size_t p, size_t left_out)
{
    const struct points *points = &contest->points;
    double *values = malloc((points->seed_count + 1) * sizeof *values), median;
    size_t kept = 0;

    if (!values)
        abort();
    for (size_t s = 0; s < points->seed_count; s++)
        if (s != left_out)
            values[kept++] = points->y[s * points->count + p];
    median = stats_median(values, kept);
    free(values);
    return median;
}

/* The x with the least median, inside or outside, of all seeds but one; count: none. */
static size_t choose(const struct contest *contest, int inside, size_t left_out)
{
    size_t best = contest->points.count;
    double least = INFINITY;

    for (size_t p = 0; p < contest->points.count; p++) {
        double median = median_at(contest, p, left_out);

        if (is_inside(contest, p) != inside || (best < contest->points.count && !(median < least)))
            continue;
        best = p;
        least = median;
    }
    return best;
}

/* ---- Judging ----------------------------------------------------------------------------------
 */

/* The chosen x of one side over another x, or (turned) the other way round: the ratio of y, of
 * which what was not reached may make it larger, never smaller than it is (turned: the reverse). */
static struct finding compare(const struct contest *contest, int chosen_inside, size_t other,
                              struct range range)
{
    const struct points *points = &contest->points;

    for (size_t s = 0; s < points->seed_count; s++) {
        const double *y = points->y + s * points->count;
        const double *least = contest->least + s * points->count;
        double chosen = y[choose(contest, chosen_inside, s)];

        contest->values[s] = chosen_inside ? chosen / least[other] : least[other] / chosen;
    }
    return finding_of_seeds(contest->values, points->seed_count, range, 1);
}

/* The largest p_confirm over all x of the other side, and the finding it is of. */
static struct finding compare_all(const struct contest *contest, int chosen_inside,
                                  struct range range)
{
    struct finding worst = finding_of_nothing("no values");
    int is_first = 1;

    for (size_t p = 0; p < contest->points.count; p++) {
        struct finding finding;

        if (is_inside(contest, p) == chosen_inside)
            continue;
        finding = compare(contest, chosen_inside, p, range);
        if (is_first || isnan(finding.p_confirm) ||
            (!isnan(worst.p_confirm) && finding.p_confirm > worst.p_confirm))
            worst = finding;
        is_first = 0;
    }
    return worst;
}

static double regret_of(double ratio)
{
    return fmax(0, ratio - 1);
}

/* The medians' regret. It is bounded from above by the chosen x inside against the x outside that
 * it is least certain of, and from below by the chosen x outside against all inside: not reached,
 * one of them may leave a side open. */
static struct effect effect_of(double inside, double outside, const struct finding *at_most,
                               const struct finding *at_least)
{
    struct effect effect = {NAN, regret_of(at_least->effect.low), regret_of(at_most->effect.high)};

    effect.value = regret_of(inside / fmin(inside, outside));
    effect.value = fmax(effect.low, fmin(effect.high, effect.value));
    return effect;
}

static struct finding judge_contest(const struct contest *contest)
{
    const double limit = 1 + contest->claim->below;
    const size_t none = contest->points.count;
    size_t inside = choose(contest, 1, SIZE_MAX), outside = choose(contest, 0, SIZE_MAX);
    struct finding finding, against;
    double median_inside, median_outside;

    if (contest->points.seed_count < 2)
        return finding_of_nothing(contest->points.seed_count ? "one seed"
                                                             : "no seed has every value of x");
    if (inside == none || outside == none)
        return finding_of_nothing("no value of x inside the range, or none outside");
    median_inside = median_at(contest, inside, SIZE_MAX);
    median_outside = median_at(contest, outside, SIZE_MAX);
    if (isinf(median_inside) && isinf(median_outside))
        return finding_of_nothing("not reached at any x");
    finding = compare_all(contest, 1, (struct range){-INFINITY, limit});
    against = compare_all(contest, 0, (struct range){limit, INFINITY});
    finding.p_refute = against.p_confirm;
    finding.margin = log(limit);
    finding.effect = effect_of(median_inside, median_outside, &finding, &against);
    return finding;
}

static int add_details(struct trial *trial, const struct contest *contest, const char *text,
                       const struct finding *finding)
{
    const size_t none = contest->points.count, seeds = contest->points.seed_count;
    size_t inside = choose(contest, 1, SIZE_MAX), outside = choose(contest, 0, SIZE_MAX), best;
    char of[256];

    snprintf(of, sizeof of, "%.180s%s%s", text, text[0] ? ", " : "", contest->claim->y);
    if (details_add(&trial->details, "regret", of, finding->effect, seeds) != 0)
        return -1;
    if (seeds == 0 || inside == none || outside == none)
        return 0;
    best = median_at(contest, inside, SIZE_MAX) <= median_at(contest, outside, SIZE_MAX) ? inside
                                                                                         : outside;
    if (details_add(&trial->details, "best_inside", of, detail_value(contest->points.x[inside]),
                    seeds) != 0)
        return -1;
    return details_add(&trial->details, "best_of_all", of, detail_value(contest->points.x[best]),
                       seeds);
}

static int hold_contest(struct trial *trial, const struct evidence *evidence,
                        const struct claim *claim, const struct circumstance *circumstance,
                        struct finding *finding)
{
    struct contest contest;
    double resolution = 0;
    int status = contest_open(&contest, trial, evidence, claim, &circumstance->rows);

    if (status == 0)
        status = cadence_check(evidence, claim, &circumstance->rows, &resolution);
    if (status == 0) {
        trial->resolution = fmax(trial->resolution, resolution);
        *finding = judge_contest(&contest);
        if (contest.points.seed_count < trial->seeds)
            trial->seeds = contest.points.seed_count;
        status = add_details(trial, &contest, circumstance->text, finding);
    }
    contest_close(&contest);
    return status;
}

static void judge_all(struct trial *trial, const struct claim *claim,
                      const struct finding *findings, size_t count)
{
    size_t least = (size_t)ceil(claim->share * (double)count - 1e-9), below = 0, above = 0;

    for (size_t i = 0; i < count; i++) {
        below += findings[i].effect.high < claim->below;
        above += findings[i].effect.low > claim->below;
        trial->dropped += findings[i].reason != NULL;
    }
    trial->finding = finding_most(findings, count, least > 0 ? least : 1);
    trial->finding.n = count;
    snprintf(trial->note, sizeof trial->note,
             "of %zu circumstances the regret's interval lies below %g in %zu and above in %zu; "
             "shown: the weakest of the %zu that it takes",
             count, claim->below, below, above, least);
}

int hold_regret(struct trial *trial, const struct evidence *evidence, const struct claim *claim,
                const struct rows *rows)
{
    size_t costs = claim->costs.count ? (size_t)claim->costs.count : 1, count, found = 0;
    struct circumstance *list;
    struct finding *findings;
    int status = circumstances_split(evidence, claim, rows, &list, &count);

    if (status != 0)
        return -1;
    findings = calloc(count * costs + 1, sizeof *findings);
    if (!findings)
        status = error_set("out of memory for the regret of a claim");
    trial->seeds = SIZE_MAX;
    for (size_t i = 0; i < count && status == 0; i++)
        for (size_t c = 0; c < costs && status == 0; c++) {
            struct claim one = *claim;

            if (claim->costs.count)
                strcpy(one.y, claim->costs.names[c]);
            status = hold_contest(trial, evidence, &one, &list[i], &findings[found++]);
        }
    if (status == 0)
        judge_all(trial, claim, findings, found);
    free(findings);
    circumstances_free(list, count);
    return status;
}
