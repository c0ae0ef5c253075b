/* Chart `budgets`: the training loss within each budget, a panel each with one curve per batch size
 * at its best rate, against what the budget makes equal: epochs, updates or seconds. */
#include "base/error.h"
#include "base/stats.h"
#include "report/chart_parts.h"
#include "report/evaluations.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PANELS_MAX = 9 };

/* What a budget may make equal, by the columns of curves.csv. */
static const struct {
    const char *column, *label;
} across[] = {{"epoch", WORD("epochs")},
              {"update", WORD("updates")},
              {"train_seconds", WORD("training time [s]")}};
enum { ACROSS = sizeof across / sizeof *across };

/* Everything that a panel is drawn from. */
struct view {
    struct groups groups;
    struct evaluations evaluations;
    const double *axes[ACROSS], *loss; /* columns of curves.csv */
    double *values, *places;           /* [seeds of an arm, at most] */
};

static bool begins_panel(const struct groups *groups, size_t g)
{
    for (size_t other = 0; other < g; other++)
        if (groups->groups[other].trained && groups_same(groups, other, g, AXES_ALL))
            return false;
    return groups->groups[g].trained;
}

int chart_budgets_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence"), panels = 0;
    uint64_t rest = AXES_ALL & ~AXIS_BIT(AXIS_BUDGET) & ~AXIS_BIT(AXIS_TUNED);

    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        panels += begins_panel(&groups, g) && groups_same(&groups, 0, g, rest);
    groups_close(&groups);
    if (status != 0 || panels < 2 || !results_has_curves(results))
        return status == 0 ? 0 : -1;
    return results_curves(results) == 0 ? table_rows(results->curves) > 0 : -1;
}

/* The row of a cell's e-th evaluation; of its last where e is beyond; -1: it has none. */
static long row_of(const struct view *view, size_t cell, size_t e, bool or_last)
{
    size_t first = view->evaluations.first[cell], end = view->evaluations.first[cell + 1];

    if (first + e >= end && (!or_last || first == end))
        return -1;
    return (long)view->evaluations.rows[first + e < end ? first + e : end - 1];
}

/* The axis on which the panel's runs end nearest to each other. */
static size_t axis_of(const struct view *view, size_t panel)
{
    size_t best = 0;
    double least = INFINITY;

    for (size_t a = 0; a < ACROSS; a++) {
        double low = INFINITY, high = 0;

        for (size_t g = 0; g < view->groups.group_count; g++) {
            const struct group *group = &view->groups.groups[g];
            const struct arm *arm = &view->groups.arms[group->best];
            long row;

            if (!group->trained || !groups_same(&view->groups, g, panel, AXES_ALL))
                continue;
            row = row_of(view, view->groups.order[arm->first], SIZE_MAX / 2, true);
            if (row >= 0) {
                low = fmin(low, view->axes[a][row]);
                high = fmax(high, view->axes[a][row]);
            }
        }
        if (low > 0 && high / low < least * 0.99) { /* of equals the first */
            least = high / low;
            best = a;
        }
    }
    return best;
}

/* One row per evaluation that more than half of the seeds have. */
static void write_curve(struct sheet *sheet, const struct view *view, size_t g, size_t panel,
                        const char *title, size_t axis, size_t series)
{
    const struct group *group = &view->groups.groups[g];
    const struct arm *arm = &view->groups.arms[group->best];
    char label[64];

    group_batch_text(group, label, sizeof label);
    for (size_t e = 1;; e++) { /* a logarithmic axis has no zero */
        size_t n = 0;

        for (size_t i = 0; i < arm->count; i++) {
            long row = row_of(view, view->groups.order[arm->first + i], e, false);

            if (row < 0)
                continue;
            view->places[n] = view->axes[axis][row];
            view->values[n++] = isnan(view->loss[row]) ? (double)INFINITY : view->loss[row];
        }
        if (2 * n <= arm->count)
            return;
        sheet_number(sheet, (double)panel);
        sheet_text(sheet, title);
        sheet_text(sheet, word(across[axis].label));
        sheet_number(sheet, (double)series);
        sheet_text(sheet, label);
        sheet_group(sheet, &view->groups, group);
        sheet_number(sheet, (double)n);
        sheet_number(sheet, stats_median(view->places, n));
        sheet_range(sheet, view->values, n, band_tail(arm->count));
        sheet_end_row(sheet);
    }
}

/* Batch sizes have the same number in all panels: how many smaller ones there are, from 1. */
static size_t series_of(const struct groups *groups, size_t g)
{
    size_t smaller = 0;

    for (size_t other = 0; other < groups->group_count; other++) {
        bool is_first = true;

        for (size_t before = 0; before < other; before++)
            is_first &= !groups_same_batch(groups, before, other);
        smaller += is_first && groups->groups[other].batch_size < groups->groups[g].batch_size;
    }
    return smaller + 1;
}

/* "budget printed-updates · α = 0.01; 0.5; 0.5", the rates in the order of the batch sizes. */
static void describe_panel(const struct groups *groups, size_t panel, char *text, size_t size)
{
    size_t used;

    groups_describe(groups, panel, AXIS_BIT(AXIS_BUDGET), text, size);
    for (size_t g = 0, any = 0; g < groups->group_count; g++) {
        const struct group *group = &groups->groups[g];

        if (!group->trained || !groups_same(groups, g, panel, AXES_ALL))
            continue;
        used = strlen(text);
        snprintf(text + used, size - used, "%s%g",
                 any++ ? "; " : " · α = ", groups->arms[group->best].learning_rate);
    }
}

static int open_view(struct view *view, struct results *results)
{
    size_t most = 1;

    if (groups_open(&view->groups, results, "convergence") != 0 || results_curves(results) != 0 ||
        evaluations_open(&view->evaluations, results) != 0)
        return -1;
    for (size_t a = 0; a < ACROSS; a++)
        if (!(view->axes[a] = table_numbers(results->curves, across[a].column)))
            return -1;
    if (!(view->loss = table_numbers(results->curves, "train_loss")))
        return -1;
    for (size_t a = 0; a < view->groups.arm_count; a++)
        if (view->groups.arms[a].count > most)
            most = view->groups.arms[a].count;
    view->values = calloc(2 * most, sizeof *view->values);
    if (!view->values)
        return error_set("%s: out of memory", results->folder);
    view->places = view->values + most;
    return 0;
}

int chart_budgets_write(struct results *results, FILE *file)
{
    struct view view = {.values = NULL};
    struct sheet sheet;
    size_t panel = 0;
    int status = open_view(&view, results);

    if (status == 0) {
        sheet_open(
            &sheet, file, &view.groups,
            word("line: median over seeds; band: 10 % to 90 %; of up to three seeds all; rates in "
                 "the order of the batch sizes"));
        sheet_explain_rates(&sheet, &view.groups);
        sheet_header(&sheet, "panel,panel_title,axis,series,label," SHEET_GROUP
                             ",n,place,train_loss,train_loss_low,train_loss_high");
    }
    for (size_t p = 0; status == 0 && p < view.groups.group_count && panel < PANELS_MAX; p++) {
        char title[256];
        size_t axis;

        if (!begins_panel(&view.groups, p))
            continue;
        panel++;
        axis = axis_of(&view, p);
        describe_panel(&view.groups, p, title, sizeof title);
        for (size_t g = 0; g < view.groups.group_count; g++)
            if (view.groups.groups[g].trained && groups_same(&view.groups, g, p, AXES_ALL))
                write_curve(&sheet, &view, g, panel, title, axis, series_of(&view.groups, g));
    }
    free(view.values);
    evaluations_close(&view.evaluations);
    groups_close(&view.groups);
    return status;
}
