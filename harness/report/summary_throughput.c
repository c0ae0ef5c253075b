/* What a throughput run found, printed for a terminal of 80 columns. */
#include "report/summary.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const unsigned setting_axes =
    AXES_ALL & ~(AXIS_BIT(AXIS_NETWORK) | AXIS_BIT(AXIS_ENGINE) | AXIS_BIT(AXIS_THREADS));

enum { ENGINE_WIDTH = 20 };

/* The columns that are printed. */
struct columns {
    const double *rate, *gflops, *pregathered, *threads;
    const char *const *engine, *const *network, *const *outcome;
};

static int fetch(struct columns *columns, struct table *cells)
{
    columns->rate = table_numbers(cells, "examples_per_second");
    columns->gflops = table_numbers(cells, "gflops");
    columns->pregathered = table_numbers(cells, "pregathered_examples_per_second");
    columns->threads = table_numbers(cells, "threads");
    columns->engine = table_texts(cells, "engine");
    columns->network = table_texts(cells, "network");
    columns->outcome = table_texts(cells, "outcome");
    return columns->rate && columns->gflops && columns->pregathered && columns->threads &&
                   columns->engine && columns->network && columns->outcome
               ? 0
               : -1;
}

/* "58 %" of the multiply-add peak of that many threads, "" if it is not known. */
static void peak_text(const struct results *results, double gflops, double threads, char text[16])
{
    double share = 100 * gflops / results_fma_peak_gflops(results, (int)threads);

    if (isfinite(share))
        snprintf(text, 16, "%.0f %%", share);
    else
        text[0] = '\0';
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
    char engine[64], batch[16] = "full", peak[16], other[16] = "-";

    if (!group->full_batch)
        snprintf(batch, sizeof batch, "%.0f", group->batch_size);
    summary_engine(groups, g, ENGINE_WIDTH, engine);
    fprintf(file, "%-*s %7s %7.0f ", ENGINE_WIDTH, engine, batch, columns->threads[cell]);
    if (!isfinite(rate)) {
        fprintf(file, "%12s\n", columns->outcome[cell]);
        return;
    }
    if (isfinite(pregathered))
        snprintf(other, sizeof other, "%.0f", pregathered);
    peak_text(groups->results, gflops, columns->threads[cell], peak);
    fprintf(file, "%12.0f %9.4g %6s %12s\n", rate, gflops, peak, other);
}

static void print_fastest(FILE *file, const struct groups *groups, const struct columns *columns,
                          size_t g)
{
    const struct group *group = &groups->groups[g];
    const struct arm all = group_cells(groups, group);
    size_t cell = groups->order[all.first];
    double gflops = arm_median(groups, &all, columns->gflops);
    char batch[32], peak[16], setting[256], text[1024];

    group_batch_text(group, batch, sizeof batch);
    groups_describe(groups, g, setting_axes, setting, sizeof setting);
    peak_text(groups->results, gflops, columns->threads[cell], peak);
    snprintf(text, sizeof text,
             "Fastest for %s: engine %s, %s, %.0f thread%s%s%s: %.0f examples/s, %.4g "
             "GFLOP/s%s%s%s",
             columns->network[cell], columns->engine[cell], batch, columns->threads[cell],
             columns->threads[cell] == 1 ? "" : "s", *setting ? ", " : "", setting,
             arm_median(groups, &all, columns->rate), gflops, *peak ? " (" : "", peak,
             *peak ? " of the multiply-add peak)." : ".");
    summary_print_wrapped(file, text);
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
            fprintf(file, "%-*s %7s %7s %12s %9s %6s %12s\n", ENGINE_WIDTH, "engine", "K",
                    "threads", "examples/s", "GFLOP/s", "peak", "pre-gathered");
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
    fputc('\n', file);
    if (fastest < groups->group_count)
        print_fastest(file, groups, columns, fastest);
    else
        fprintf(file, "No cell of this network ran.\n");
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
    if (fetch(&columns, results->cells) != 0) {
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
