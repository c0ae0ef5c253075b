/* Chart `loss`: training and validation loss against epochs, updates and seconds, one curve per
 * batch size at its best rate: the median over seeds and a band. */
#include "base/error.h"
#include "base/stats.h"
#include "report/chart_parts.h"
#include "report/evaluations.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The columns of curves.csv that are drawn. */
enum quantity { EPOCH, UPDATE, TRAIN_SECONDS, TRAIN_LOSS, VALIDATION_LOSS, QUANTITY_COUNT };
static const char *const quantity_columns[QUANTITY_COUNT] = {
    "epoch", "update", "train_seconds", "train_loss", "validation_loss",
};

static bool any_trained(const struct groups *groups)
{
    bool any = false;

    for (size_t g = 0; g < groups->group_count; g++)
        any |= groups->groups[g].trained;
    return any;
}

int chart_loss_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "convergence");

    if (status == 0 && any_trained(&groups) && results_has_curves(results))
        status = results_curves(results) == 0 ? table_rows(results->curves) > 0 : -1;
    groups_close(&groups);
    return status;
}

/* One row per evaluation that more than half of the seeds have: a minority that trains on would
 * bend the line. The e-th evaluations of the seeds belong together even where the clock ended a run
 * between two of the schedule. */
static void write_curve(struct sheet *sheet, const struct groups *groups,
                        const struct evaluations *evaluations,
                        const double *const columns[QUANTITY_COUNT], size_t series, size_t g,
                        double *values)
{
    const struct group *group = &groups->groups[g];
    const struct arm *arm = &groups->arms[group->best];
    char label[64];

    group_label(groups, group, label, sizeof label);
    for (size_t e = 0;; e++) {
        size_t n = 0;

        for (size_t i = 0; i < arm->count; i++) {
            size_t cell = groups->order[arm->first + i];
            size_t row = evaluations->first[cell] + e;

            if (row >= evaluations->first[cell + 1])
                continue;
            for (int q = 0; q < QUANTITY_COUNT; q++) {
                double value = columns[q][evaluations->rows[row]];

                values[(size_t)q * arm->count + n] = isnan(value) ? (double)INFINITY : value;
            }
            n++;
        }
        if (2 * n <= arm->count)
            break;
        sheet_number(sheet, (double)series);
        sheet_text(sheet, label);
        sheet_group(sheet, groups, group);
        sheet_number(sheet, (double)(e + 1));
        sheet_number(sheet, (double)n);
        for (size_t q = EPOCH; q <= TRAIN_SECONDS; q++)
            sheet_number(sheet, stats_median(values + q * arm->count, n));
        for (size_t q = TRAIN_LOSS; q <= VALIDATION_LOSS; q++)
            sheet_range(sheet, values + q * arm->count, n, band_tail(n));
        sheet_end_row(sheet);
    }
}

/* Names the batch sizes that have no curve, as no rate is their best. */
static void explain_left_out(struct sheet *sheet, const struct groups *groups, size_t shown)
{
    char text[256], batch[32];
    bool any = false;

    snprintf(text, sizeof text, "%s ", word("left out (every rate diverged or failed):"));

    for (size_t g = 0; g < groups->group_count; g++) {
        size_t used = strlen(text);

        if (groups->groups[g].trained || !groups_same(groups, g, shown, AXES_ALL))
            continue;
        group_batch_text(&groups->groups[g], batch, sizeof batch);
        snprintf(text + used, sizeof text - used, "%s%s", any ? "; " : "", batch);
        any = true;
    }
    if (any)
        sheet_explain(sheet, text);
}

int chart_loss_write(struct results *results, FILE *file)
{
    int status = -1;
    struct groups groups;
    struct evaluations evaluations = {0};
    struct sheet sheet;
    const double *columns[QUANTITY_COUNT];
    double *values = NULL;
    size_t shown, most = 0, series = 0;

    if (groups_open(&groups, results, "convergence") != 0 || results_curves(results) != 0 ||
        evaluations_open(&evaluations, results) != 0)
        goto done;
    for (int q = 0; q < QUANTITY_COUNT; q++)
        if (!(columns[q] = table_numbers(results->curves, quantity_columns[q])))
            goto done;
    for (size_t a = 0; a < groups.arm_count; a++)
        if (groups.arms[a].count > most)
            most = groups.arms[a].count;
    values = calloc(most * QUANTITY_COUNT, sizeof *values);
    if (!values) {
        error_set("%s: out of memory", results->folder);
        goto done;
    }
    shown = groups_fastest(&groups);
    sheet_open(&sheet, file, &groups,
               most <= 1   ? word("line: median over seeds; band: none (one seed)")
               : most <= 3 ? word("line: median over seeds; band: smallest to largest")
                           : word("line: median over seeds; band: 10 % to 90 %"));
    explain_left_out(&sheet, &groups, shown);
    sheet_explain_rates(&sheet, &groups);
    sheet_name_setting(&sheet, &groups, shown, AXES_ALL);
    sheet_header(&sheet, "series,label," SHEET_GROUP
                         ",evaluation,n,epochs,updates,train_seconds,train_loss,train_loss_low,"
                         "train_loss_high,validation_loss,validation_loss_low,"
                         "validation_loss_high");
    for (size_t g = 0; g < groups.group_count; g++)
        if (groups.groups[g].trained && groups_same(&groups, g, shown, AXES_ALL))
            write_curve(&sheet, &groups, &evaluations, columns, ++series, g, values);
    status = 0;
done:
    free(values);
    evaluations_close(&evaluations);
    groups_close(&groups);
    return status;
}
