/* Chart `sensitivity`: the loss at the end against the learning rate, a line per group, to see how
 * wide the range of good rates is. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

/* Fewer rates make no line that tells how wide the good range is. */
enum { RATES_MIN = 4 };

static bool is_drawn(const struct group *group)
{
    return group->trained && group->count >= RATES_MIN;
}

int chart_sensitivity_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence"), found = 0;

    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        found |= is_drawn(&groups.groups[g]);
    groups_close(&groups);
    return status == 0 ? found : -1;
}

/* The batch size goes without saying where all groups have the same. */
static bool one_batch_size(const struct groups *groups)
{
    for (size_t g = 1; g < groups->group_count; g++)
        if (!groups_same_batch(groups, 0, g))
            return false;
    return true;
}

static void describe_line(const struct groups *groups, size_t g, char *text, size_t size)
{
    char setting[256], batch[64];
    bool is_short;

    groups_describe(groups, g, AXES_ALL, setting, sizeof setting);
    group_batch_text(&groups->groups[g], batch, sizeof batch);
    is_short = *setting && one_batch_size(groups);
    snprintf(text, size, "%s%s%s", setting, *setting && !is_short ? " · " : "",
             is_short ? "" : batch);
}

/* Seeds that diverged are the largest; where most did the median is not finite and not drawn. */
static int write_arm(struct sheet *sheet, const struct groups *groups, const struct arm *arm,
                     const double *column, size_t series, const char *label)
{
    double *values = calloc(arm->count + 1, sizeof *values);

    if (!values)
        return error_set("%s: out of memory", groups->results->folder);
    arm_end_values(groups, arm, column, values);
    sheet_cells(sheet, groups, arm);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
    sheet_number(sheet, arm->learning_rate);
    sheet_number(sheet, (double)arm->count);
    sheet_range(sheet, values, arm->count, 0);
    sheet_end_row(sheet);
    free(values);
    return 0;
}

int chart_sensitivity_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    const double *validation, *column;
    size_t series = 0;
    int status = groups_open(&groups, results, "convergence");

    if (status != 0)
        goto done;
    validation = table_numbers(results->cells, "final_validation_loss");
    column = validation;
    for (size_t i = 0; i < table_rows(results->cells); i++)
        if (!isnan(validation[i]))
            goto found;
    column = table_numbers(results->cells, "final_train_loss");
found:
    sheet_open(&sheet, file, &groups,
               column == validation
                   ? word("points: median over seeds of the validation loss at the end; "
                          "bars: smallest to largest; diverged rates are left out")
                   : word("points: median over seeds of the training loss at the end; "
                          "bars: smallest to largest; diverged rates are left out"));
    sheet_header(&sheet, "series,label,learning_rate,n,median,low,high");
    for (size_t g = 0; g < groups.group_count && status == 0; g++) {
        const struct group *group = &groups.groups[g];
        char label[384];

        if (!is_drawn(group))
            continue;
        series++;
        describe_line(&groups, g, label, sizeof label);
        for (size_t a = 0; a < group->count && status == 0; a++)
            status =
                write_arm(&sheet, &groups, &groups.arms[group->first + a], column, series, label);
    }
done:
    groups_close(&groups);
    return status;
}
