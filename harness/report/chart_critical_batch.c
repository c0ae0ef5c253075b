/* Chart `critical_batch`: updates and examples to each target against batch size, with the curve
 * S = S_min + E_min / K through them (judge/critical_batch.h) and the critical batch size. */
#include "base/error.h"
#include "base/stats.h"
#include "judge/critical_batch.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

enum { CURVE_POINTS = 65, FIT_POINTS = 3, RESAMPLES = 2000 };

/* The batch sizes of one setting that all seeds reached a target with. */
struct sweep {
    double *batch_sizes; /* [count] */
    double **steps;      /* [count][seeds[]], owned */
    size_t *seeds;       /* [count] */
    size_t count;
};

static void sweep_close(struct sweep *sweep)
{
    for (size_t k = 0; k < sweep->count; k++)
        free(sweep->steps[k]);
    free(sweep->batch_sizes);
    free(sweep->steps);
    free(sweep->seeds);
}

static int sweep_add(struct sweep *sweep, const struct groups *groups, const struct group *group,
                     const double *updates)
{
    const struct arm *arm = &groups->arms[group->best];
    double *steps = calloc(arm->count + 1, sizeof *steps);

    if (!steps)
        return error_set("%s: out of memory", groups->results->folder);
    arm_values(groups, arm, updates, steps);
    for (size_t s = 0; s < arm->count; s++)
        if (!isfinite(steps[s])) {
            free(steps);
            return 0;
        }
    sweep->batch_sizes[sweep->count] = group->batch_size;
    sweep->seeds[sweep->count] = arm->count;
    sweep->steps[sweep->count++] = steps;
    return 0;
}

/* Each at its best rate. */
static int sweep_open(struct sweep *sweep, const struct groups *groups, size_t shown, size_t target)
{
    const double *updates = results_cost(groups->results, "updates", target);
    size_t most = groups->group_count + 1;

    *sweep = (struct sweep){.batch_sizes = calloc(most, sizeof *sweep->batch_sizes),
                            .steps = calloc(most, sizeof *sweep->steps),
                            .seeds = calloc(most, sizeof *sweep->seeds)};
    if (!updates)
        return -1;
    if (!sweep->batch_sizes || !sweep->steps || !sweep->seeds)
        return error_set("%s: out of memory", groups->results->folder);
    for (size_t g = 0; g < groups->group_count; g++)
        if (groups_same(groups, g, shown, AXES_ALL) && groups->groups[g].trained &&
            sweep_add(sweep, groups, &groups->groups[g], updates) != 0)
            return -1;
    return 0;
}

int chart_critical_batch_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence"), applies = 0;

    for (size_t target = 0; status == 0 && groups.group_count > 0 && target < results->target_count;
         target++) {
        struct sweep sweep;

        status = sweep_open(&sweep, &groups, groups_fastest(&groups), target);
        applies |= sweep.count >= FIT_POINTS;
        sweep_close(&sweep);
    }
    groups_close(&groups);
    return status == 0 ? applies : -1;
}

/* ---- Rows -------------------------------------------------------------------------------------
 */

static void begin_row(struct sheet *sheet, const char *kind, size_t series, const char *label)
{
    sheet_text(sheet, kind);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
}

static void leave_empty(struct sheet *sheet, int fields)
{
    for (int f = 0; f < fields; f++)
        sheet_number(sheet, NAN);
}

static void write_point(struct sheet *sheet, const struct groups *groups, size_t g, size_t target,
                        const char *label)
{
    const struct group *group = &groups->groups[g];
    struct cost updates = group_cost_range(groups, group, "updates", (int)target);

    begin_row(sheet, "point", target + 1, label);
    sheet_group(sheet, groups, group);
    leave_empty(sheet, 2);
    sheet_number(sheet, (double)updates.n);
    sheet_number(sheet, (double)updates.reached);
    sheet_number(sheet, !isfinite(updates.median));
    sheet_cost(sheet, updates);
    sheet_cost(sheet, group_cost_range(groups, group, "examples", (int)target));
    sheet_end_row(sheet);
}

/* A batch size with its interval: a vertical line. */
static void write_batch(struct sheet *sheet, const char *kind, size_t series, const char *label,
                        struct effect batch)
{
    begin_row(sheet, kind, series, label);
    sheet_number(sheet, batch.value);
    leave_empty(sheet, 4);
    sheet_number(sheet, batch.low);
    sheet_number(sheet, batch.high);
    leave_empty(sheet, 9);
    sheet_end_row(sheet);
}

static void write_on_curve(struct sheet *sheet, const char *kind, size_t series, const char *label,
                           double batch_size, double updates)
{
    begin_row(sheet, kind, series, label);
    sheet_number(sheet, batch_size);
    leave_empty(sheet, 9);
    sheet_number(sheet, updates);
    leave_empty(sheet, 2);
    sheet_number(sheet, updates * batch_size);
    leave_empty(sheet, 2);
    sheet_end_row(sheet);
}

/* The curve over the batch sizes it is fitted to, and what it bends between: perfect scaling, E_min
 * / K, and none, S_min. */
static void write_curve(struct sheet *sheet, const struct sweep *sweep,
                        const struct critical_batch *fit, size_t series, const char *label)
{
    double first = sweep->batch_sizes[0], last = sweep->batch_sizes[sweep->count - 1];
    double floor = fmax(0, fit->least_steps.value), examples = fit->least_examples.value;

    for (int i = 0; i < CURVE_POINTS; i++) {
        double k = first * pow(last / first, (double)i / (CURVE_POINTS - 1));

        write_on_curve(sheet, "curve", series, label, k, fit->least_steps.value + examples / k);
    }
    for (int i = 0; i < CURVE_POINTS; i++) {
        double k = first * pow(last / first, (double)i / (CURVE_POINTS - 1));

        write_on_curve(sheet, "asymptote", series, label, k, fmax(floor, examples / k));
    }
}

static void describe_fit(const struct critical_batch *fit, const struct target *target, char *text,
                         size_t size)
{
    char name[96];

    target_describe(target, name, sizeof name);
    if (isfinite(fit->batch.value) && fit->batch.value > 0)
        snprintf(text, size, word("%s · critical K = %.3g"), name, fit->batch.value);
    else
        snprintf(text, size, word("%s · no critical K"), name);
}

static int write_target(struct sheet *sheet, const struct groups *groups, size_t shown,
                        size_t target)
{
    struct sweep sweep;
    struct critical_batch fit;
    char label[160];
    int status = sweep_open(&sweep, groups, shown, target);

    if (status == 0 && sweep.count >= FIT_POINTS) {
        fit = critical_batch_bootstrap(sweep.batch_sizes, (const double *const *)sweep.steps,
                                       sweep.seeds, sweep.count, 0.95, RESAMPLES, 1);
        describe_fit(&fit, &groups->results->targets[target], label, sizeof label);
    } else {
        target_describe(&groups->results->targets[target], label, sizeof label);
    }
    for (size_t g = 0; g < groups->group_count && status == 0; g++)
        if (groups_same(groups, g, shown, AXES_ALL))
            write_point(sheet, groups, g, target, label);
    if (status == 0 && sweep.count >= FIT_POINTS) {
        write_curve(sheet, &sweep, &fit, target + 1, label);
        if (isfinite(fit.batch.value) && fit.batch.value > 0)
            write_batch(sheet, "critical", target + 1, label, fit.batch);
    }
    sweep_close(&sweep);
    return status;
}

/* ---- The noise scale beside it ------------------------------------------------------------------
 */

/* Of the shown cells, at all evaluations but the one before training: the median and the range. */
static int write_noise_scale(struct sheet *sheet, const struct groups *groups, size_t shown)
{
    struct results *results = groups->results;
    struct probed probed;
    const double *values, *updates;
    double *list;
    size_t count = 0;
    int status = probed_open(&probed, results, "noise_scale", "noise_scale", "exact");

    if (status != 0 || probed.count == 0)
        goto done;
    values = table_numbers(results->probes, "value");
    updates = table_numbers(results->probes, "update");
    list = calloc(probed.count + 1, sizeof *list);
    if (!values || !updates || !list) {
        free(list);
        status = list ? -1 : error_set("%s: out of memory", results->folder);
        goto done;
    }
    for (size_t g = 0; g < groups->group_count; g++) {
        const struct arm *arm = &groups->arms[groups->groups[g].best];

        if (!groups_same(groups, g, shown, AXES_ALL) || !groups->groups[g].trained)
            continue;
        for (size_t i = 0; i < arm->count; i++) {
            size_t cell = groups->order[arm->first + i];

            for (size_t r = probed.first[cell]; r < probed.first[cell + 1]; r++)
                if (updates[probed.rows[r]] > 0)
                    list[count++] = values[probed.rows[r]];
        }
    }
    if (count > 0)
        write_batch(sheet, "noise_scale", groups->results->target_count + 1, word("noise scale"),
                    (struct effect){stats_median(list, count), stats_quantile(list, count, 0),
                                    stats_quantile(list, count, 1)});
    free(list);
done:
    probed_close(&probed);
    return status;
}

int chart_critical_batch_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    size_t shown;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0) {
        shown = groups_fastest(&groups);
        sheet_open(
            &sheet, file, &groups,
            word("points: median over seeds; bars: smallest to largest; curve: S = S_min + E_min "
                 "/ K, dotted: E_min / K and S_min; upright: where they meet, the critical batch "
                 "size, with its 95 % interval by bootstrap"));
        sheet_explain_rates(&sheet, &groups);
        sheet_name_setting(&sheet, &groups, shown, AXES_ALL);
        sheet_header(&sheet, "kind,series,label," SHEET_GROUP
                             ",batch_low,batch_high,n,reached,censored,median_updates,low_updates,"
                             "high_updates,median_examples,low_examples,high_examples");
        for (size_t target = 0; target < results->target_count && status == 0; target++)
            status = write_target(&sheet, &groups, shown, target);
        if (status == 0)
            status = write_noise_scale(&sheet, &groups, shown);
    }
    groups_close(&groups);
    return status;
}
