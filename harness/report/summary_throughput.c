/* What a throughput run found, printed for a terminal of 80 columns. */
#include "report/summary.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t setting_axes =
    AXES_ALL & ~(AXIS_BIT(AXIS_NETWORK) | AXIS_BIT(AXIS_ENGINE) | AXIS_BIT(AXIS_THREADS));

enum { ENGINE_WIDTH = 17 };

/* The columns that are printed. */
struct columns {
    const double *rate, *gflops, *pregathered, *threads;
    const char *const *engine, *const *network, *const *outcome;
    /* NULL in results older than the roof. */
    const double *roof_fraction, *live_fraction, *roof_live;
    const char *const *roof_bound;
};

static int fetch(struct columns *columns, struct results *results)
{
    struct table *cells = results->cells;

    memset(columns, 0, sizeof *columns);
    if (table_has(cells, "roof_fraction")) {
        columns->roof_fraction = table_numbers(cells, "roof_fraction");
        columns->live_fraction = table_numbers(cells, "live_fraction");
        columns->roof_live = table_numbers(cells, "roof_live_examples_per_second");
        columns->roof_bound = table_texts(cells, "roof_bound");
        if (!columns->roof_fraction || !columns->live_fraction || !columns->roof_live ||
            !columns->roof_bound)
            return -1;
    }
    columns->rate = table_numbers(cells, "examples_per_second");
    columns->gflops = table_numbers(cells, "gflops");
    columns->pregathered = table_numbers(cells, "pregathered_examples_per_second");
    columns->threads = results_threads(results);
    columns->engine =
        table_texts(cells, table_has(cells, "engine_used") ? "engine_used" : "engine");
    columns->network = table_texts(cells, "network");
    columns->outcome = table_texts(cells, "outcome");
    return columns->rate && columns->gflops && columns->pregathered && columns->threads &&
                   columns->engine && columns->network && columns->outcome
               ? 0
               : -1;
}

/* The share of the roof that the group reaches, NAN if it is not known. */
static double roof_share(const struct groups *groups, const struct arm *all,
                         const struct columns *columns)
{
    double share =
        columns->roof_fraction ? arm_median(groups, all, columns->roof_fraction) : (double)NAN;

    return isfinite(share) ? share : (double)NAN;
}

/* What the sentence says of the speed: "pre-gathered 58 % of the roof, bound by FLOPs", in results
 * without a roof "58 % of the multiply-add peak", "" if neither is known. */
static void share_text(const struct groups *groups, const struct arm *all,
                       const struct columns *columns, char text[96])
{
    static const char *const bounds[][2] = {
        {"flops", "FLOPs"}, {"weights", "weight traffic"}, {"inputs", "reading the inputs"}};
    size_t cell = groups->order[all->first];
    double share = roof_share(groups, all, columns);
    const char *bound = "?";

    text[0] = '\0';
    if (isfinite(share)) {
        for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
            if (columns->roof_bound && strcmp(columns->roof_bound[cell], bounds[i][0]) == 0)
                bound = bounds[i][1];
        snprintf(text, 96, "pre-gathered %.0f %% of the roof, bound by %s", 100 * share, bound);
        return;
    }
    share = arm_median(groups, all, columns->gflops) /
            results_fma_peak_gflops(groups->results, (int)columns->threads[cell]);
    if (isfinite(share))
        snprintf(text, 96, "%.0f %% of the multiply-add peak", 100 * share);
}

static void print_row(FILE *file, const struct groups *groups, const struct columns *columns,
                      size_t g)
{
    const struct group *group = &groups->groups[g];
    const struct arm all = group_cells(groups, group);
    size_t cell = groups->order[all.first];
    double rate = arm_median(groups, &all, columns->rate);
    double gflops = arm_median(groups, &all, columns->gflops);
    double pregathered = arm_median(groups, &all, columns->pregathered);
    double share = roof_share(groups, &all, columns);
    char engine[64], batch[16] = "full", other[16] = "-", roof[16] = "-";

    if (!group->full_batch)
        snprintf(batch, sizeof batch, "%.0f", group->batch_size);
    summary_engine(groups, g, ENGINE_WIDTH, engine);
    if (strcmp(engine, "auto") == 0)
        snprintf(engine, sizeof engine, "auto: %s", columns->engine[cell]);
    fprintf(file, "%-*s %6s %7.0f ", ENGINE_WIDTH, engine, batch, columns->threads[cell]);
    if (!isfinite(rate)) {
        fprintf(file, "%10s\n", columns->outcome[cell]);
        return;
    }
    if (isfinite(pregathered))
        snprintf(other, sizeof other, "%.0f", pregathered);
    if (isfinite(share))
        snprintf(roof, sizeof roof, "%.0f %%", 100 * share);
    fprintf(file, "%10.0f %12s %8.4g %5s %7s\n", rate, other, gflops, roof,
            isfinite(share) && columns->roof_bound ? columns->roof_bound[cell] : "");
}

static void print_fastest(FILE *file, const struct groups *groups, const struct columns *columns,
                          size_t g)
{
    const struct group *group = &groups->groups[g];
    const struct arm all = group_cells(groups, group);
    size_t cell = groups->order[all.first];
    double gflops = arm_median(groups, &all, columns->gflops);
    char batch[32], share[96], setting[256], text[1024];

    group_batch_text(group, batch, sizeof batch);
    groups_describe(groups, g, setting_axes, setting, sizeof setting);
    share_text(groups, &all, columns, share);
    snprintf(text, sizeof text,
             "Fastest for %s: engine %s, %s, %.0f thread%s%s%s: %.0f examples/s, %.4g "
             "GFLOP/s%s%s%s",
             columns->network[cell], columns->engine[cell], batch, columns->threads[cell],
             columns->threads[cell] == 1 ? "" : "s", *setting ? ", " : "", setting,
             arm_median(groups, &all, columns->rate), gflops, *share ? " (" : "", share,
             *share ? ")." : ".");
    summary_print_wrapped(file, text);
}

/* At K = 1 the rows of dead units need no update: the roof without them, for the network's fastest
 * row that has one. */
static void print_live(FILE *file, const struct groups *groups, const struct columns *columns,
                       const size_t *network, size_t number)
{
    size_t fastest = groups->group_count, cell;
    double highest = 0;
    char text[512];

    for (size_t g = 0; g < groups->group_count && columns->roof_live; g++) {
        const struct arm all = group_cells(groups, &groups->groups[g]);
        double rate = arm_median(groups, &all, columns->pregathered);

        if (network[g] == number && isfinite(arm_median(groups, &all, columns->roof_live)) &&
            isfinite(rate) && rate > highest) {
            highest = rate;
            fastest = g;
        }
    }
    if (fastest < groups->group_count) {
        const struct arm all = group_cells(groups, &groups->groups[fastest]);
        double roof = arm_median(groups, &all, columns->roof_live);

        cell = groups->order[all.first];
        snprintf(text, sizeof text,
                 "K = 1, %.0f thread%s: %.0f %% of the hidden units are live; the roof of their "
                 "rows alone is %.0f examples/s, of which engine %s reaches %.0f %%.",
                 columns->threads[cell], columns->threads[cell] == 1 ? "" : "s",
                 100 * arm_median(groups, &all, columns->live_fraction), roof,
                 columns->engine[cell], 100 * highest / roof);
        summary_print_wrapped(file, text);
    }
}

static void print_network(FILE *file, const struct groups *groups, const struct columns *columns,
                          const size_t *network, size_t number)
{
    double highest = 0;
    bool none = false;
    size_t fastest = groups->group_count, before = groups->group_count;

    for (size_t g = 0; g < groups->group_count; g++) {
        const struct arm all = group_cells(groups, &groups->groups[g]);
        double rate = arm_median(groups, &all, columns->rate);
        bool first = before == groups->group_count;
        char setting[256];

        if (network[g] != number)
            continue;
        if (first) {
            fprintf(file, "network %s; medians over timed blocks\n",
                    columns->network[groups->order[all.first]]);
            fprintf(file, "%-*s %6s %7s %10s %12s %8s %5s %7s\n", ENGINE_WIDTH, "engine", "K",
                    "threads", "examples/s", "pre-gathered", "GFLOP/s", "roof", "bound");
        }
        groups_describe(groups, g, setting_axes, setting, sizeof setting);
        if (*setting && (first || !groups_same(groups, g, before, setting_axes)))
            fprintf(file, "  %s\n", setting);
        print_row(file, groups, columns, g);
        none |= isfinite(rate) && !isfinite(arm_median(groups, &all, columns->pregathered));
        if (isfinite(rate) && rate > highest) {
            highest = rate;
            fastest = g;
        }
        before = g;
    }
    summary_print_engines(file, groups, before, AXIS_BIT(AXIS_NETWORK), ENGINE_WIDTH);
    if (none)
        fprintf(file, "- not measured\n");
    summary_print_steps(file, groups, network, number, columns->rate, columns->threads);
    fputc('\n', file);
    if (fastest < groups->group_count)
        print_fastest(file, groups, columns, fastest);
    else
        fprintf(file, "No cell of this network ran.\n");
    print_live(file, groups, columns, network, number);
    fputc('\n', file);
}

int summary_print_throughput(FILE *file, struct results *results)
{
    int status = -1;
    struct groups groups;
    struct columns columns;
    size_t *network = NULL, networks;

    if (groups_open(&groups, results, "throughput") != 0)
        goto done;
    status = 0;
    if (groups.group_count == 0)
        goto done;
    network = calloc(groups.group_count, sizeof *network);
    if (!network) {
        status = error_set("%s: out of memory", results->folder);
        goto done;
    }
    if (fetch(&columns, results) != 0) {
        status = -1;
        goto done;
    }
    networks = groups_rank(&groups, AXIS_BIT(AXIS_NETWORK), network);
    for (size_t n = 1; n <= networks; n++)
        print_network(file, &groups, &columns, network, n);
done:
    free(network);
    groups_close(&groups);
    return status;
}
