/* Chart `heatmap`: median error (or loss) at the end over learning rate and batch size, a panel
 * per setting; combinations that diverge or fail are masked, the best rate of each batch size is
 * ringed. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

int chart_heatmap_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0)
        for (size_t g = 0; g < groups.group_count; g++)
            status |= groups.groups[g].count > 1;
    groups_close(&groups);
    return status;
}

/* Distinct values, rising. */
struct scale {
    double *values;
    size_t count;
};

static void sort_distinct(struct scale *scale)
{
    size_t kept = 0;

    qsort(scale->values, scale->count, sizeof *scale->values, compare_doubles);
    for (size_t i = 0; i < scale->count; i++)
        if (i == 0 || scale->values[i] > scale->values[kept - 1])
            scale->values[kept++] = scale->values[i];
    scale->count = kept;
}

/* From 1. */
static double place(const struct scale *scale, double value)
{
    size_t i = 0;

    while (i < scale->count && scale->values[i] < value)
        i++;
    return (double)(i + 1);
}

/* A full batch is one column whatever its size: behind all others. */
static double batch_key(const struct group *group)
{
    return group->full_batch ? (double)INFINITY : group->batch_size;
}

enum fate { TRAINED, DIVERGED, NOT_TRAINED };

/* Diverged: most seeds, or those that leave no finite median. Not trained: failed, unsupported. */
static enum fate fate_of(const struct groups *groups, const struct arm *arm)
{
    const double *loss =
        table_numbers(groups->results->cells,
                      groups->by_train_loss ? "final_train_loss" : "final_validation_loss");
    size_t diverged = arm_outcomes(groups, arm, "diverged");

    if (2 * diverged <= arm->count && isfinite(arm_median(groups, arm, loss)))
        return TRAINED;
    return diverged > 0 ? DIVERGED : NOT_TRAINED;
}

static void write_arm(struct sheet *sheet, const struct groups *groups, const struct group *group,
                      size_t a)
{
    static const char *const columns[] = {"final_validation_error", "final_validation_loss",
                                          "final_train_loss"};
    struct table *cells = groups->results->cells;
    const struct arm *arm = &groups->arms[a];
    size_t diverged = arm_outcomes(groups, arm, "diverged");
    size_t trained = diverged + arm_outcomes(groups, arm, "reached") +
                     arm_outcomes(groups, arm, "budget") + arm_outcomes(groups, arm, "dead");
    bool masked = fate_of(groups, arm) != TRAINED;
    bool best = group->trained && a == group->best;

    sheet_cells(sheet, groups, arm);
    sheet_number(sheet, (double)arm->count);
    sheet_number(sheet, (double)diverged);
    sheet_number(sheet, (double)(arm->count - trained));
    sheet_number(sheet, masked);
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
        sheet_number(sheet, masked ? (double)NAN
                                   : arm_median(groups, arm, table_numbers(cells, columns[c])));
    sheet_number(sheet, best);
    sheet_number(sheet, best && group->edge);
    sheet_end_row(sheet);
}

static void write_panels(struct sheet *sheet, const struct groups *groups,
                         const struct scale *batches, const struct scale *rates)
{
    size_t panel = 0;

    for (size_t g = 0; g < groups->group_count; g++) {
        const struct group *group = &groups->groups[g];
        char title[256];

        panel += g == 0 || !groups_same(groups, g, g - 1, AXES_ALL);
        groups_describe(groups, g, AXES_ALL, title, sizeof title);
        for (size_t a = group->first; a < group->first + group->count; a++) {
            sheet_number(sheet, (double)panel);
            sheet_text(sheet, title);
            sheet_number(sheet, place(batches, batch_key(group)));
            sheet_number(sheet, group->batch_size);
            sheet_number(sheet, group->full_batch);
            sheet_number(sheet, place(rates, groups->arms[a].learning_rate));
            sheet_number(sheet, groups->arms[a].learning_rate);
            write_arm(sheet, groups, group, a);
        }
    }
}

/* What the marks mean, of those that occur. */
static void explain(struct sheet *sheet, const struct groups *groups, const struct scale *batches,
                    const struct scale *rates)
{
    size_t panels = 0;
    bool found[3] = {false}, edge = false;

    for (size_t g = 0; g < groups->group_count; g++) {
        panels += g == 0 || !groups_same(groups, g, g - 1, AXES_ALL);
        edge |= groups->groups[g].edge;
    }
    for (size_t a = 0; a < groups->arm_count; a++)
        found[fate_of(groups, &groups->arms[a])] = true;
    sheet_explain(sheet,
                  groups->results->leading_count == 0
                      ? word("ring: best rate by final loss")
                      : word("ring: best rate by time to the hardest target reached or else by "
                             "final loss"));
    if (edge)
        sheet_explain(sheet, word("dashed ring: on the edge of the rates tried"));
    sheet_explain_rates(sheet, groups);
    if (found[DIVERGED])
        sheet_explain(sheet, word("grey ×: diverged"));
    if (found[NOT_TRAINED])
        sheet_explain(sheet, word("grey –: failed or not run"));
    if (groups->arm_count < panels * batches->count * rates->count)
        sheet_explain(sheet, word("blank: not tried"));
}

int chart_heatmap_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    struct scale batches = {0}, rates = {0};
    int status = groups_open(&groups, results, "convergence");

    if (status != 0)
        goto done;
    batches.values = calloc(groups.group_count, sizeof *batches.values);
    rates.values = calloc(groups.arm_count, sizeof *rates.values);
    if (!batches.values || !rates.values) {
        status = error_set("%s: out of memory", results->folder);
        goto done;
    }
    for (size_t g = 0; g < groups.group_count; g++)
        batches.values[batches.count++] = batch_key(&groups.groups[g]);
    for (size_t a = 0; a < groups.arm_count; a++)
        rates.values[rates.count++] = groups.arms[a].learning_rate;
    sort_distinct(&batches);
    sort_distinct(&rates);
    sheet_open(&sheet, file, &groups, word("colour: median over seeds"));
    explain(&sheet, &groups, &batches, &rates);
    sheet_header(&sheet, "panel,panel_title,column,batch_size,full_batch,row,learning_rate,n,"
                         "diverged,not_trained,masked,validation_error,validation_loss,train_loss,"
                         "best,edge");
    write_panels(&sheet, &groups, &batches, &rates);
done:
    free(batches.values);
    free(rates.values);
    groups_close(&groups);
    return status;
}
