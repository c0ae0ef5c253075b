/* Chart `throughput`: examples per second against batch size, a panel per network, with quartiles,
 * gathered and pre-gathered, and the roof of the machine. */
#include "base/error.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t series_axes = AXES_ALL & ~AXIS_BIT(AXIS_NETWORK);

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

/* The roof of the group's step as its cells recorded it; in results older than that column the rate
 * that the multiply-add peak would allow. Not finite: not known. -1: a column is missing. */
static int group_roof(const struct groups *groups, const struct arm *all, double *roof)
{
    struct table *cells = groups->results->cells;
    size_t cell = groups->order[all->first];
    const double *flops = table_numbers(cells, "flops_per_example");
    const double *threads = results_threads(groups->results), *recorded;

    if (!flops || !threads)
        return -1;
    if (!table_has(cells, "roof_examples_per_second")) {
        *roof = 1e9 * results_fma_peak_gflops(groups->results, (int)threads[cell]) / flops[cell];
        return 0;
    }
    recorded = table_numbers(cells, "roof_examples_per_second");
    if (!recorded)
        return -1;
    *roof = arm_median(groups, all, recorded);
    return 0;
}

/* "flops", "weights" or "inputs"; "" where it is not recorded. */
static const char *bound_of(const struct groups *groups, size_t cell)
{
    struct table *cells = groups->results->cells;

    return table_has(cells, "roof_bound") ? table_texts(cells, "roof_bound")[cell] : "";
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
    const double *threads = results_threads(groups->results);
    const double *rates[3], *blocks, *gflops;
    double roof;
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
    if (!threads || !blocks || !gflops || group_roof(groups, &all, &roof) != 0)
        return -1;
    sheet_cell(sheet, cell);
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
    sheet_number(sheet, roof);
    sheet_text(sheet, bound_of(groups, cell));
    sheet_end_row(sheet);
    return 0;
}

/* ---- Roofs: a line for each network and number of threads -------------------------------------
 */

struct point {
    size_t panel, group, cell;
    double threads, batch_size, roof;
};

static int compare_points(const void *left, const void *right)
{
    const struct point *a = left, *b = right;

    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    if (a->threads < b->threads || a->threads > b->threads)
        return a->threads < b->threads ? -1 : 1;
    if (a->batch_size < b->batch_size || a->batch_size > b->batch_size)
        return a->batch_size < b->batch_size ? -1 : 1;
    return (b->roof > a->roof) - (b->roof < a->roof); /* the highest first */
}

static void write_roof(struct sheet *sheet, const struct groups *groups, const struct point *point,
                       size_t series)
{
    struct table *cells = groups->results->cells;
    char label[64];

    if (table_has(cells, "roof_examples_per_second"))
        snprintf(label, sizeof label,
                 point->threads <= 1 ? word("roof · %.0f thread") : word("roof · %.0f threads"),
                 point->threads);
    else
        snprintf(label, sizeof label,
                 point->threads <= 1 ? word("peak · %.0f thread") : word("peak · %.0f threads"),
                 point->threads);
    sheet_number(sheet, (double)point->panel);
    sheet_text(sheet, table_texts(cells, "network")[point->cell]);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, label);
    sheet_text(sheet, "roof");
    sheet_number(sheet, point->batch_size);
    sheet_number(sheet, groups->groups[point->group].full_batch);
    sheet_number(sheet, point->threads);
    sheet_text(sheet, ""); /* blocks */
    sheet_number(sheet, point->roof);
    for (int i = 0; i < 3; i++)
        sheet_text(sheet, ""); /* quartiles, gflops */
    sheet_number(sheet, point->roof);
    sheet_text(sheet, bound_of(groups, point->cell));
    sheet_end_row(sheet);
}

/* Engines and seeds share a roof. Where a folder was filled by several runs, each of which measured
 * it, the highest stands. */
static int write_roofs(struct sheet *sheet, const struct groups *groups, const size_t *panel)
{
    const double *threads = results_threads(groups->results);
    struct point *points = calloc(groups->group_count, sizeof *points);
    size_t count = 0, series = 0;

    if (!points || !threads) {
        free(points);
        return threads ? error_set("%s: out of memory", groups->results->folder) : -1;
    }
    for (size_t g = 0; g < groups->group_count; g++) {
        const struct arm all = group_cells(groups, &groups->groups[g]);
        struct point *point = &points[count];

        point->panel = panel[g];
        point->group = g;
        point->cell = groups->order[all.first];
        point->threads = threads[point->cell];
        point->batch_size = groups->groups[g].batch_size;
        if (group_roof(groups, &all, &point->roof) != 0) {
            free(points);
            return -1;
        }
        count += isfinite(point->roof) != 0;
    }
    qsort(points, count, sizeof *points, compare_points);
    for (size_t i = 0; i < count; i++) {
        const struct point *point = &points[i], *last = i > 0 ? &points[i - 1] : NULL;
        int same_line = last && last->panel == point->panel &&
                        !(last->threads < point->threads || last->threads > point->threads);

        series += !same_line;
        if (!same_line || last->batch_size < point->batch_size)
            write_roof(sheet, groups, point, series);
    }
    free(points);
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
        word("points: median over timed blocks; bars: quartiles; solid: gathered from the data "
             "set; dashed: pre-gathered"));
    sheet_explain(&sheet,
                  table_has(results->cells, "roof_examples_per_second")
                      ? word("grey dots: roof of a step by multiply-add peak or weight traffic "
                             "or reading of inputs")
                      : word("grey dots: multiply-add peak / FLOPs of an example"));
    sheet_header(&sheet,
                 "panel,panel_title,series,label,input,batch_size,full_batch,threads,n_blocks,"
                 "examples_per_second,examples_per_second_q1,examples_per_second_q3,"
                 "gflops_per_second,roof_examples_per_second,roof_bound");
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        status = write_group(&sheet, &groups, g, panel[g], series[g], "gather", "");
    for (size_t g = 0; g < groups.group_count && status == 0; g++)
        status =
            write_group(&sheet, &groups, g, panel[g], series[g], "pregathered", "pregathered_");
    if (status == 0)
        status = write_roofs(&sheet, &groups, panel);
done:
    free(panel);
    free(series);
    groups_close(&groups);
    return status;
}
