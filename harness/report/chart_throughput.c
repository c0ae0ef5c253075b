/* Chart `throughput`: examples per second against batch size, a panel per network, with quartiles,
 * gathered and pre-gathered, and the rate the machine's multiply-add peak would allow. */
#include "base/error.h"
#include "report/chart_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const unsigned series_axes = AXES_ALL & ~AXIS_BIT(AXIS_NETWORK);

int chart_throughput_applies(struct results *results)
{
    struct groups groups;
    int status = groups_open(&groups, results, "throughput");

    if (status == 0)
        status = groups.group_count > 0;
    groups_close(&groups);
    return status;
}

static double blocks_of(const struct groups *groups, const struct arm *cells, const double *blocks)
{
    double total = 0;

    for (size_t i = 0; i < cells->count; i++) {
        double count = blocks[groups->order[cells->first + i]];

        total += isnan(count) ? 0 : count;
    }
    return total;
}

/* input: "gather" or "pregathered"; the columns of the latter have that prefix. */
static int write_group(struct sheet *sheet, const struct groups *groups, size_t g, size_t panel,
                       size_t series, const char *input, const char *prefix)
{
    static const char *const suffixes[] = {"", "_q1", "_q3"};
    struct table *cells = groups->results->cells;
    const struct group *group = &groups->groups[g];
    const struct arm all = group_cells(groups, group);
    size_t cell = groups->order[all.first];
    const double *flops = table_numbers(cells, "flops_per_example");
    const double *threads = table_numbers(cells, "threads");
    const double *rates[3], *blocks, *gflops;
    char text[256];

    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%sexamples_per_second%s", prefix, suffixes[i]);
        if (!(rates[i] = table_numbers(cells, text)))
            return -1;
    }
    snprintf(text, sizeof text, "%sblocks", prefix);
    blocks = table_numbers(cells, text);
    snprintf(text, sizeof text, "%sgflops", prefix);
    gflops = table_numbers(cells, text);
    if (!flops || !threads || !blocks || !gflops)
        return -1;
    sheet_number(sheet, (double)panel);
    sheet_text(sheet, table_texts(cells, "network")[cell]);
    sheet_number(sheet, (double)series);
    groups_describe(groups, g, series_axes, text, sizeof text);
    sheet_text(sheet, *text ? text : table_texts(cells, "engine")[cell]);
    sheet_text(sheet, input);
    sheet_number(sheet, group->batch_size);
    sheet_number(sheet, group->full_batch);
    sheet_number(sheet, threads[cell]);
    sheet_number(sheet, blocks_of(groups, &all, blocks));
    for (size_t i = 0; i < 3; i++)
        sheet_number(sheet, arm_median(groups, &all, rates[i]));
    sheet_number(sheet, arm_median(groups, &all, gflops));
    sheet_number(sheet,
                 1e9 * results_fma_peak_gflops(groups->results, (int)threads[cell]) / flops[cell]);
    sheet_end_row(sheet);
    return 0;
}

int chart_throughput_write(struct results *results, FILE *file)
{
    struct groups groups;
    struct sheet sheet;
    size_t *panel = NULL, *series = NULL;
    int status = groups_open(&groups, results, "throughput");

    if (status != 0)
        goto done;
    panel = calloc(groups.group_count, sizeof *panel);
    series = calloc(groups.group_count, sizeof *series);
    if (!panel || !series) {
        status = error_set("%s: out of memory", results->folder);
        goto done;
    }
    groups_rank(&groups, AXIS_BIT(AXIS_NETWORK), panel);
    groups_rank(&groups, series_axes, series);
    sheet_open(
        &sheet, file, &groups,
        "points: median over timed blocks; bars: quartiles; solid: gathered from the data set; "
        "dashed: pre-gathered; thin lines: multiply-add peak / FLOP per example");
    sheet_header(&sheet,
                 "panel,panel_title,series,label,input,batch_size,full_batch,threads,n_blocks,"
                 "examples_per_second,examples_per_second_q1,examples_per_second_q3,"
                 "gflops_per_second,roof_examples_per_second");
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        status = write_group(&sheet, &groups, g, panel[g], series[g], "gather", "");
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        status =
            write_group(&sheet, &groups, g, panel[g], series[g], "pregathered", "pregathered_");
done:
    free(panel);
    free(series);
    groups_close(&groups);
    return status;
}
