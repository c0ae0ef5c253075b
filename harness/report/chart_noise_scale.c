/* Chart `noise_scale`: the gradient noise scale along training, exact and by the two-batch
 * estimate, a line per batch size and setting at its best rate. */
#include "base/error.h"
#include "base/stats.h"
#include "report/chart_parts.h"
#include "report/words.h"

#include <math.h>
#include <stdlib.h>

enum way { EXACT, TWO_BATCH, WAYS };
static const char *const way_names[WAYS] = {"exact", "two_batch"};

int chart_noise_scale_applies(struct results *results)
{
    return probed_applies(results, "noise_scale", "noise_scale", "exact");
}

/* The columns of probes.csv that are drawn. */
struct columns {
    const double *epoch, *value, *low, *high;
};

static int columns_open(struct columns *columns, struct table *probes)
{
    columns->epoch = table_numbers(probes, "epoch");
    columns->value = table_numbers(probes, "value");
    columns->low = table_numbers(probes, "low");
    columns->high = table_numbers(probes, "high");
    return columns->epoch && columns->value && columns->low && columns->high ? 0 : -1;
}

/* What the seeds of an arm say at their m-th probed evaluation. */
struct moment {
    size_t n;
    double *epochs, *values, *ratios; /* [most], of two_batch over exact */
    double low, high;                 /* over seeds; of one seed its interval */
    double ratio_low, ratio_high;
};

static void take_seed(struct moment *moment, const struct columns *columns, size_t exact,
                      size_t row)
{
    double truth = columns->value[exact], value = columns->value[row];
    double low = isnan(columns->low[row]) ? value : columns->low[row];
    double high = isnan(columns->high[row]) ? value : columns->high[row];

    moment->epochs[moment->n] = columns->epoch[row];
    moment->values[moment->n] = value;
    moment->ratios[moment->n] = value / truth;
    if (moment->n++ == 0) {
        moment->low = low;
        moment->high = high;
        moment->ratio_low = low / truth;
        moment->ratio_high = high / truth;
        return;
    }
    moment->low = fmin(moment->low, value);
    moment->high = fmax(moment->high, value);
    moment->ratio_low = fmin(moment->ratio_low, value / truth);
    moment->ratio_high = fmax(moment->ratio_high, value / truth);
}

/* The seeds' first intervals give way to their range. */
static void take_moment(struct moment *moment, const struct groups *groups, const struct arm *arm,
                        const struct probed probed[WAYS], const struct columns *columns,
                        enum way way, size_t m)
{
    moment->n = 0;
    for (size_t i = 0; i < arm->count; i++) {
        size_t cell = groups->order[arm->first + i];
        size_t exact = probed[EXACT].first[cell] + m, row = probed[way].first[cell] + m;

        if (exact >= probed[EXACT].first[cell + 1] || row >= probed[way].first[cell + 1])
            continue;
        take_seed(moment, columns, probed[EXACT].rows[exact], probed[way].rows[row]);
    }
    if (moment->n < 2)
        return;
    moment->low = stats_quantile(moment->values, moment->n, 0);
    moment->high = stats_quantile(moment->values, moment->n, 1);
    moment->ratio_low = stats_quantile(moment->ratios, moment->n, 0);
    moment->ratio_high = stats_quantile(moment->ratios, moment->n, 1);
}

static void write_line(struct sheet *sheet, const struct groups *groups, size_t g, size_t series,
                       const struct probed probed[WAYS], const struct columns *columns,
                       struct moment *moment)
{
    const struct group *group = &groups->groups[g];
    const struct arm *arm = &groups->arms[group->best];
    char setting[256], batch[64], label[340];

    groups_describe(groups, g, AXES_ALL, setting, sizeof setting);
    group_label(groups, group, batch, sizeof batch);
    snprintf(label, sizeof label, "%s%s%s", setting, *setting ? " · " : "", batch);
    for (int way = 0; way < WAYS; way++)
        for (size_t m = 0;; m++) {
            take_moment(moment, groups, arm, probed, columns, (enum way)way, m);
            if (2 * moment->n <= arm->count)
                break;
            sheet_number(sheet, (double)series);
            sheet_text(sheet, label);
            sheet_text(sheet, way_names[way]);
            sheet_group(sheet, groups, group);
            sheet_number(sheet, (double)moment->n);
            sheet_number(sheet, stats_median(moment->epochs, moment->n));
            sheet_number(sheet, stats_median(moment->values, moment->n));
            sheet_number(sheet, moment->low);
            sheet_number(sheet, moment->high);
            sheet_number(sheet, stats_median(moment->ratios, moment->n));
            sheet_number(sheet, moment->ratio_low);
            sheet_number(sheet, moment->ratio_high);
            sheet_end_row(sheet);
        }
}

static int has_moments(const struct groups *groups, const struct arm *arm,
                       const struct probed *exact)
{
    for (size_t i = 0; i < arm->count; i++) {
        size_t cell = groups->order[arm->first + i];

        if (exact->first[cell + 1] > exact->first[cell])
            return 1;
    }
    return 0;
}

static size_t most_seeds(const struct groups *groups)
{
    size_t most = 1;

    for (size_t a = 0; a < groups->arm_count; a++)
        most = groups->arms[a].count > most ? groups->arms[a].count : most;
    return most;
}

static int write_lines(struct sheet *sheet, const struct groups *groups,
                       const struct probed probed[WAYS], const struct columns *columns)
{
    size_t most = most_seeds(groups), series = 0;
    double *memory = calloc(3 * most, sizeof *memory);
    struct moment moment = {.epochs = memory, .values = memory + most, .ratios = memory + 2 * most};

    if (!memory)
        return error_set("%s: out of memory", groups->results->folder);
    for (size_t g = 0; g < groups->group_count; g++) {
        const struct group *group = &groups->groups[g];

        if (group->trained && has_moments(groups, &groups->arms[group->best], &probed[EXACT]))
            write_line(sheet, groups, g, ++series, probed, columns, &moment);
    }
    free(memory);
    return 0;
}

int chart_noise_scale_write(struct results *results, FILE *file)
{
    struct probed probed[WAYS] = {{0}};
    struct groups groups;
    struct columns columns;
    struct sheet sheet;
    int status = groups_open(&groups, results, "convergence");

    for (int way = 0; way < WAYS && status == 0; way++)
        status = probed_open(&probed[way], results, "noise_scale", "noise_scale", way_names[way]);
    if (status == 0)
        status = columns_open(&columns, results->probes);
    if (status == 0) {
        sheet_open(&sheet, file, &groups,
                   most_seeds(&groups) == 1
                       ? word("bars of the two-batch estimate: its 95 % interval")
                       : word("points: median over seeds; bars: smallest to largest"));
        sheet_explain_rates(&sheet, &groups);
        sheet_header(&sheet, "series,label,estimate," SHEET_GROUP
                             ",n,epochs,noise_scale,noise_scale_low,noise_scale_high,ratio,"
                             "ratio_low,ratio_high");
        status = write_lines(&sheet, &groups, probed, &columns);
    }
    for (int way = 0; way < WAYS; way++)
        probed_close(&probed[way]);
    groups_close(&groups);
    return status;
}
