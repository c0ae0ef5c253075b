/* Chart `survival`: the share of runs that have not reached the target yet, against updates
 * (Kaplan, Meier 1958), a line for each setting and batch size at its best rate. */
#include "base/error.h"
#include "judge/survival.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The runs of an arm, and the curve that they make. */
struct waiting {
    double *times; /* [count] updates */
    bool *reached;
    struct survival_step *steps; /* [step_count] */
    size_t count, step_count;
};

static void waiting_free(struct waiting *waiting)
{
    free(waiting->times);
    free(waiting->reached);
    free(waiting->steps);
}

/* A run that ended without having reached the target was last seen after all its updates. */
static int waiting_find(struct waiting *waiting, const struct groups *groups, const struct arm *arm,
                        size_t target)
{
    const double *cost = results_cost(groups->results, "updates", target);
    const double *updates = table_numbers(groups->results->cells, "updates");

    *waiting = (struct waiting){.times = calloc(arm->count + 1, sizeof(double)),
                                .reached = calloc(arm->count + 1, sizeof(bool)),
                                .steps = calloc(arm->count + 1, sizeof(struct survival_step))};
    if (!waiting->times || !waiting->reached || !waiting->steps)
        return error_set("%s: out of memory", groups->results->folder);
    if (!cost || !updates)
        return -1;
    for (size_t i = 0; i < arm->count; i++) {
        size_t cell = groups->order[arm->first + i];

        if (!isfinite(cost[cell]) && !isfinite(updates[cell])) /* never ran */
            continue;
        waiting->reached[waiting->count] = isfinite(cost[cell]);
        waiting->times[waiting->count++] = isfinite(cost[cell]) ? cost[cell] : updates[cell];
    }
    waiting->step_count =
        survival_curve(waiting->times, waiting->reached, waiting->count, waiting->steps);
    return 0;
}

static double last_time(const struct waiting *waiting)
{
    double last = 0;

    for (size_t i = 0; i < waiting->count; i++)
        last = fmax(last, waiting->times[i]);
    return last;
}

/* The leading targets are in the order of difficulty; of one that nobody reaches there is no curve.
 */
int chart_survival_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence"), found = 0;

    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        found |= results->target_count > 0 && groups.groups[g].trained &&
                 groups.arms[groups.groups[g].best].count >= 5;
    groups_close(&groups);
    return status == 0 ? found : -1;
}

/* "K = 8", "gradient noise 0.3", or both, where both vary. */
static void name_line(const struct groups *groups, size_t g, char *text, size_t size)
{
    size_t length;
    bool same = true;

    for (size_t other = 0; other < groups->group_count; other++)
        same &= groups_same_batch(groups, g, other);
    groups_describe(groups, g, AXES_ALL, text, size);
    length = strlen(text);
    if (length > 0 && same)
        return;
    if (length > 0)
        length += (size_t)snprintf(text + length, size - length, " · ");
    if (length < size)
        group_batch_text(&groups->groups[g], text + length, size - length);
}

static void write_point(struct sheet *sheet, const struct groups *groups, size_t g, size_t series,
                        const struct waiting *waiting, double updates, double share)
{
    char label[256];

    name_line(groups, g, label, sizeof label);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
    sheet_group(sheet, groups, &groups->groups[g]);
    sheet_number(sheet, (double)waiting->count);
    sheet_number(sheet, updates);
    sheet_number(sheet, share);
    sheet_number(sheet,
                 survival_median(waiting->times, waiting->reached, waiting->count, 0.95).value);
    sheet_end_row(sheet);
}

static int write_group(struct sheet *sheet, const struct groups *groups, size_t g, size_t series,
                       size_t target)
{
    const struct group *group = &groups->groups[g];
    struct waiting waiting;
    double share = 1;

    if (waiting_find(&waiting, groups, &groups->arms[group->best], target) != 0) {
        waiting_free(&waiting);
        return -1;
    }
    write_point(sheet, groups, g, series, &waiting, 0, share);
    for (size_t s = 0; s < waiting.step_count; s++) {
        share = waiting.steps[s].survival;
        write_point(sheet, groups, g, series, &waiting, waiting.steps[s].time, share);
    }
    if (share > 0)
        write_point(sheet, groups, g, series, &waiting, last_time(&waiting), share);
    waiting_free(&waiting);
    return 0;
}

int chart_survival_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    char text[128], goal[192];
    size_t series = 0, target = results->leading_count - 1;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0) {
        target_describe(&results->targets[target], text, sizeof text);
        snprintf(goal, sizeof goal,
                 word("share of runs that have not reached %s (Kaplan and Meier 1958)"), text);
        sheet_open(&sheet, file, &groups, goal);
        sheet_header(&sheet, "series,label," SHEET_GROUP ",n,updates,share,median_updates");
    }
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        if (groups.groups[g].trained)
            status = write_group(&sheet, &groups, g, ++series, target);
    groups_close(&groups);
    return status;
}
