/* Charts of the cost of reaching a target: `target` (against batch size), `redundancy` (against r),
 * `grid` (by engine and batch size). A target not reached in the median is a censored point: its
 * numbers are empty and the script puts an open mark at the panel's top. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

static const char bars_text[] =
    WORD("points: median over seeds; bars: smallest to largest; "
         "open marks at the top: not reached by most seeds within the budget");

/* 1: there are convergence cells, targets, and more than one value of those axes (0: no matter). */
static int has_targets(struct results *results, uint64_t varying)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0)
        status = groups.group_count > 0 && results->target_count > 0 &&
                 (varying == 0 || (groups.varying & varying));
    groups_close(&groups);
    return status;
}

/* ---- target -----------------------------------------------------------------------------------
 */

int chart_target_applies(struct results *results)
{
    return has_targets(results, 0);
}

static void write_target(struct sheet *sheet, const struct groups *groups, size_t g, size_t target)
{
    static const char *const units[] = {"seconds", "updates", "examples"};
    const struct group *group = &groups->groups[g];
    struct cost seconds = group_cost_range(groups, group, "seconds", (int)target);
    char label[96];

    target_describe(&groups->results->targets[target], label, sizeof label);
    sheet_number(sheet, (double)(target + 1));
    sheet_text(sheet, label);
    sheet_text(sheet, groups->results->targets[target].name);
    sheet_group(sheet, groups, group);
    sheet_number(sheet, (double)seconds.n);
    sheet_number(sheet, (double)seconds.reached);
    sheet_number(sheet, !isfinite(seconds.median));
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        sheet_cost(sheet, group_cost_range(groups, group, units[u], (int)target));
    sheet_end_row(sheet);
}

int chart_target_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    size_t shown;
    int status = groups_open(&groups, results, "convergence");

    if (status != 0)
        goto done;
    shown = groups_fastest(&groups);
    sheet_open(&sheet, file, &groups, word(bars_text));
    sheet_explain_rates(&sheet, &groups);
    sheet_name_setting(&sheet, &groups, shown, AXES_ALL);
    sheet_header(&sheet, "series,label,target," SHEET_GROUP
                         ",n,reached,censored,median_seconds,low_seconds,high_seconds,"
                         "median_updates,low_updates,high_updates,median_examples,low_examples,"
                         "high_examples");
    for (size_t target = 0; target < results->target_count; target++)
        for (size_t g = 0; g < groups.group_count; g++)
            if (groups_same(&groups, g, shown, AXES_ALL))
                write_target(&sheet, &groups, g, target);
done:
    groups_close(&groups);
    return status;
}

/* ---- redundancy -------------------------------------------------------------------------------
 */

int chart_redundancy_applies(struct results *results)
{
    return has_targets(results, AXIS_BIT(AXIS_REDUNDANCY));
}

static double redundancy_of(const struct groups *groups, size_t g)
{
    const double *redundancy = table_numbers(groups->results->cells, "redundancy");

    return redundancy[groups->order[groups->arms[groups->groups[g].first].first]];
}

static void write_redundancy(struct sheet *sheet, const struct groups *groups, size_t g,
                             size_t series, int target)
{
    static const char *const units[] = {"updates", "examples", "seconds"};
    const struct group *group = &groups->groups[g];
    struct cost seconds = group_cost_range(groups, group, "seconds", target);
    char label[96];

    sheet_number(sheet, (double)series);
    group_batch_text(group, label, sizeof label);
    sheet_text(sheet, label);
    if (target >= 0)
        target_describe(&groups->results->targets[target], label, sizeof label);
    else
        snprintf(label, sizeof label, word("any target (none reached)"));
    sheet_text(sheet, label);
    sheet_number(sheet, redundancy_of(groups, g));
    sheet_group(sheet, groups, group);
    sheet_number(sheet, (double)seconds.n);
    sheet_number(sheet, (double)seconds.reached);
    sheet_number(sheet, !isfinite(seconds.median));
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        sheet_cost(sheet, group_cost_range(groups, group, units[u], target));
    sheet_end_row(sheet);
}

int chart_redundancy_write(struct results *results, FILE *file)
{
    const uint64_t shared = AXES_ALL & ~AXIS_BIT(AXIS_REDUNDANCY);
    struct groups groups;
    struct sheet sheet;
    size_t shown, count = 0, series = 0, *members = NULL;
    int target;
    int status = groups_open(&groups, results, "convergence");

    if (status != 0)
        goto done;
    members = calloc(groups.group_count, sizeof *members);
    if (!members) {
        status = error_set("%s: out of memory", results->folder);
        goto done;
    }
    /* r = 1 is on the lines of all modes and copies: what repeats says which line is meant. */
    shown = groups_fastest_repeated(&groups, groups_fastest(&groups), shared);
    for (size_t g = 0; g < groups.group_count; g++)
        if (groups_same(&groups, g, shown, shared))
            members[count++] = g;
    target = groups_common_target(&groups, members, count);
    sheet_open(&sheet, file, &groups, word(bars_text));
    sheet_explain_rates(&sheet, &groups);
    sheet_name_setting(&sheet, &groups, shown, shared);
    sheet_header(&sheet, "series,label,target,redundancy," SHEET_GROUP
                         ",n,reached,censored,median_updates,low_updates,high_updates,"
                         "median_examples,low_examples,high_examples,median_seconds,low_seconds,"
                         "high_seconds");
    /* A line per batch size: its first member opens it. */
    for (size_t i = 0; i < count; i++) {
        bool opened = false;

        for (size_t j = 0; j < i; j++)
            opened |= groups_same_batch(&groups, members[i], members[j]);
        if (opened)
            continue;
        series++;
        for (size_t j = i; j < count; j++)
            if (groups_same_batch(&groups, members[i], members[j]))
                write_redundancy(&sheet, &groups, members[j], series, target);
    }
done:
    free(members);
    groups_close(&groups);
    return status;
}

/* ---- grid -------------------------------------------------------------------------------------
 */

int chart_grid_applies(struct results *results)
{
    return has_targets(results, 0);
}

static const uint64_t panel_axes =
    AXIS_BIT(AXIS_NETWORK) | AXIS_BIT(AXIS_BUDGET) | AXIS_BIT(AXIS_REDUNDANCY);
static const uint64_t series_axes =
    AXES_ALL & ~(AXIS_BIT(AXIS_NETWORK) | AXIS_BIT(AXIS_BUDGET) | AXIS_BIT(AXIS_REDUNDANCY));

static void write_grid(struct sheet *sheet, const struct groups *groups, size_t g, size_t panel,
                       size_t series, size_t line, int target)
{
    const struct group *group = &groups->groups[g];
    const struct results *results = groups->results;
    struct cost cost = group_cost_range(groups, group, "seconds", target);
    size_t cell = groups->order[groups->arms[group->first].first];
    char text[256];

    sheet_number(sheet, (double)panel);
    groups_describe(groups, g, panel_axes, text, sizeof text);
    sheet_text(sheet, text);
    sheet_number(sheet, (double)series);
    groups_describe(groups, line, series_axes, text, sizeof text);
    if (!*text)
        snprintf(text, sizeof text, word("engine %s"), table_texts(results->cells, "engine")[cell]);
    sheet_text(sheet, text);
    snprintf(text, sizeof text, word("any target (none reached)"));
    if (target >= 0)
        target_describe(&results->targets[target], text, sizeof text);
    sheet_text(sheet, text);
    sheet_group(sheet, groups, group);
    sheet_number(sheet, (double)cost.n);
    sheet_number(sheet, (double)cost.reached);
    sheet_number(sheet, !isfinite(cost.median));
    sheet_cost(sheet, cost);
    sheet_end_row(sheet);
}

int chart_grid_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    size_t *members = NULL, *panel = NULL, *lines = NULL;
    size_t line_count;
    int target;
    int status = groups_open(&groups, results, "convergence");

    if (status != 0)
        goto done;
    members = calloc(groups.group_count, sizeof *members);
    panel = calloc(groups.group_count, sizeof *panel);
    lines = calloc(groups.group_count, sizeof *lines);
    if (!members || !panel || !lines) {
        status = error_set("%s: out of memory", results->folder);
        goto done;
    }
    for (size_t g = 0; g < groups.group_count; g++)
        members[g] = g;
    groups_rank(&groups, panel_axes, panel);
    line_count = groups_lines(&groups, series_axes, lines);
    target = groups_common_target(&groups, members, groups.group_count);
    sheet_open(&sheet, file, &groups, word(bars_text));
    sheet_explain_rates(&sheet, &groups);
    sheet_header(&sheet, "panel,panel_title,series,label,target," SHEET_GROUP
                         ",n,reached,censored,median_seconds,low_seconds,high_seconds");
    for (size_t g = 0; g < groups.group_count; g++)
        for (size_t l = 0; l < line_count; l++)
            if (groups_same(&groups, g, lines[l], series_axes))
                write_grid(&sheet, &groups, g, panel[g], l + 1, lines[l], target);
done:
    free(members);
    free(panel);
    free(lines);
    groups_close(&groups);
    return status;
}
