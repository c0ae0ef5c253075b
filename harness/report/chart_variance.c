/* Chart `variance`: the measured variance of mini-batch gradients over its prediction, with its
 * interval, and the bias statistic, against the size of the batches drawn: a panel per network and
 * probed evaluation, a line per way of drawing. */
#include "base/error.h"
#include "base/stats.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int chart_variance_applies(struct results *results)
{
    return probed_applies(results, "sampling", "variance_ratio", NULL);
}

enum quantity { VARIANCE_RATIO, BIAS_STATISTIC, QUANTITIES };
static const char *const quantity_names[QUANTITIES] = {"variance_ratio", "bias_statistic"};

/* Ways of drawing, in the order of the legend. */
static const char *const way_names[] = {WORD("with replacement"), WORD("without replacement"),
                                        WORD("importance")};

static size_t way_of(const char *sampling)
{
    return strcmp(sampling, "with_replacement") == 0      ? 1
           : strcmp(sampling, "without_replacement") == 0 ? 2
                                                          : 3;
}

/* One measured point, of one cell. */
struct point {
    const char *network, *sampling;
    size_t cell, moment; /* moment: which of the cell's probed evaluations */
    double batch_size, epoch;
    double value[QUANTITIES], low[QUANTITIES], high[QUANTITIES];
    double draws;
};

/* Points of one place in the chart; 0: the same place. */
static int compare_places(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    int order = strcmp(a->network, b->network);

    if (order == 0)
        order = (a->moment > b->moment) - (a->moment < b->moment);
    if (order == 0)
        order = strcmp(a->sampling, b->sampling);
    if (order == 0)
        order = (a->batch_size > b->batch_size) - (a->batch_size < b->batch_size);
    return order;
}

/* The chart's points, one for each row of either quantity: they come in the same order. */
struct cloud {
    size_t count;
    struct point *points;
};

static int fill(struct cloud *cloud, struct results *results, const struct probed *probed)
{
    struct table *probes = results->probes;
    const char *const *sampling = table_texts(probes, "sampling");
    const char *const *network = table_texts(results->cells, "network");
    const double *epoch = table_numbers(probes, "epoch"), *k = table_numbers(probes, "batch_size");
    const double *value = table_numbers(probes, "value"), *low = table_numbers(probes, "low");
    const double *high = table_numbers(probes, "high"), *n = table_numbers(probes, "n");

    if (!sampling || !network || !epoch || !k || !value || !low || !high || !n)
        return -1;
    for (size_t cell = 0; cell < table_rows(results->cells); cell++) {
        size_t moment = 0, count = probed[0].first[cell + 1] - probed[0].first[cell];

        if (probed[1].first[cell + 1] - probed[1].first[cell] != count)
            return error_set("%s: cell %zu has %s and no %s", table_path(probes), cell + 1,
                             quantity_names[0], quantity_names[1]);
        for (size_t i = 0; i < count; i++) {
            struct point *point = &cloud->points[cloud->count++];
            size_t first = probed[0].rows[probed[0].first[cell] + i];

            moment += i > 0 && epoch[first] > point[-1].epoch;
            *point = (struct point){.network = network[cell],
                                    .sampling = sampling[first],
                                    .cell = cell,
                                    .moment = moment,
                                    .batch_size = k[first],
                                    .epoch = epoch[first],
                                    .draws = n[first]};
            for (int q = 0; q < QUANTITIES; q++) {
                size_t row = probed[q].rows[probed[q].first[cell] + i];

                point->value[q] = value[row];
                point->low[q] = low[row];
                point->high[q] = high[row];
            }
        }
    }
    return 0;
}

/* Points of several cells in one place: the median, and the smallest and largest end. */
static void write_place(struct sheet *sheet, const struct point *points, size_t count, size_t panel,
                        size_t series, double *values)
{
    char title[96];

    snprintf(title, sizeof title, word("network %s · epoch %.3g"), points->network, points->epoch);
    sheet_cell(sheet, first_cell(&points->cell, sizeof *points, count));
    sheet_number(sheet, (double)panel);
    sheet_text(sheet, title);
    sheet_number(sheet, (double)series);
    sheet_text(sheet, word(way_names[series - 1]));
    sheet_number(sheet, points->batch_size);
    sheet_number(sheet, 0); /* never "full": that leaves nothing to chance */
    sheet_number(sheet, (double)count);
    sheet_number(sheet, points->draws);
    for (int q = 0; q < QUANTITIES; q++) {
        double low = points->low[q], high = points->high[q];

        for (size_t i = 0; i < count; i++) {
            values[i] = points[i].value[q];
            low = fmin(low, points[i].low[q]);
            high = fmax(high, points[i].high[q]);
        }
        sheet_number(sheet, stats_median(values, count));
        sheet_number(sheet, low);
        sheet_number(sheet, high);
    }
    sheet_end_row(sheet);
}

static void write_points(struct sheet *sheet, const struct cloud *cloud, double *values)
{
    size_t panel = 0;

    for (size_t i = 0, count; i < cloud->count; i += count) {
        const struct point *here = &cloud->points[i];

        for (count = 1; i + count < cloud->count && compare_places(here, here + count) == 0;)
            count++;
        panel += i == 0 || strcmp(here->network, here[-1].network) != 0 ||
                 here->moment != here[-1].moment;
        write_place(sheet, here, count, panel, way_of(here->sampling), values);
    }
}

int chart_variance_write(struct results *results, FILE *file)
{
    struct probed probed[QUANTITIES] = {{0}};
    struct groups groups;
    struct cloud cloud = {0};
    struct sheet sheet;
    double *values = NULL;
    int status = groups_open(&groups, results, "convergence");

    for (int q = 0; q < QUANTITIES && status == 0; q++)
        status = probed_open(&probed[q], results, "sampling", quantity_names[q], NULL);
    if (status != 0)
        goto done;
    cloud.points = calloc(probed[0].count + 1, sizeof *cloud.points);
    values = calloc(probed[0].count + 1, sizeof *values);
    if (!cloud.points || !values)
        status = error_set("%s: out of memory", results->folder);
    else
        status = fill(&cloud, results, probed);
    if (status != 0)
        goto done;
    qsort(cloud.points, cloud.count, sizeof *cloud.points, compare_places);
    sheet_open(&sheet, file, &groups,
               word("bars: 95 % intervals over draws; grey: within 5 % of the prediction"));
    sheet_header(&sheet, "panel,panel_title,series,label,batch_size,full_batch,cells,draws,"
                         "variance_ratio,variance_ratio_low,variance_ratio_high,bias_statistic,"
                         "bias_statistic_low,bias_statistic_high");
    write_points(&sheet, &cloud, values);
done:
    free(cloud.points);
    free(values);
    for (int q = 0; q < QUANTITIES; q++)
        probed_close(&probed[q]);
    groups_close(&groups);
    return status;
}
