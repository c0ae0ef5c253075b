/* What a training step costs by its batch size, as a straight line: t0 + t1 K. */
#include "report/summary.h"

#include "judge/line.h"

#include <math.h>
#include <stdlib.h>

enum { POINTS_LEAST = 4, ENGINE_WIDTH = 17 };

static const uint64_t other_axes =
    AXES_ALL & ~(AXIS_BIT(AXIS_NETWORK) | AXIS_BIT(AXIS_ENGINE) | AXIS_BIT(AXIS_THREADS));

/* Least squares of relative residuals over the groups [first, first + count), which differ in K
 * alone. What was not measured is left out: fewer points in the line. */
static struct line fit(const struct groups *groups, size_t first, size_t count, const double *rates)
{
    double *k = calloc(3 * count, sizeof *k), *seconds = k + count, *weights = seconds + count;
    struct line line;
    size_t n = 0;

    if (!k)
        abort();
    for (size_t g = first; g < first + count; g++) {
        const struct arm all = group_cells(groups, &groups->groups[g]);
        double rate = arm_median(groups, &all, rates);

        if (!(isfinite(rate) && rate > 0))
            continue;
        k[n] = groups->groups[g].batch_size;
        seconds[n] = k[n] / rate;
        weights[n] = 1 / (seconds[n] * seconds[n]);
        n++;
    }
    line = line_fit(k, seconds, weights, n, LINE_SCALE_UNKNOWN, 0.95);
    line.count = n;
    free(k);
    return line;
}

static void print_line(FILE *file, const struct groups *groups, size_t g, double threads,
                       const struct line *line)
{
    double t0 = line->intercept.value, t1 = line->slope.value;
    char engine[64], half[16] = "-";

    if (t0 > 0) /* else a step of no examples would take no time, as far as can be told */
        snprintf(half, sizeof half, "%.3g", t0 / t1);
    summary_engine(groups, g, ENGINE_WIDTH, engine);
    fprintf(file, "%-*s %7.0f %10.3g %10.3g %8s %10.2g %%\n", ENGINE_WIDTH, engine, threads,
            1e6 * t0, 1e6 * t1, half, 100 * line->mape);
}

void summary_print_steps(FILE *file, const struct groups *groups, const size_t *network,
                         size_t number, const double *rates, const double *threads)
{
    size_t before = groups->group_count, count;

    for (size_t g = 0; g < groups->group_count; g += count) {
        bool first = before == groups->group_count;
        char setting[256];
        struct line line;

        count = 1;
        while (g + count < groups->group_count && groups_same(groups, g, g + count, AXES_ALL))
            count++;
        if (network[g] != number || count < POINTS_LEAST)
            continue;
        line = fit(groups, g, count, rates);
        if (line.count < POINTS_LEAST)
            continue;
        if (first)
            fprintf(file,
                    "\nA step takes t0 + t1 K; half of it is t0 at K = t0 / t1\n%-*s %7s %10s %10s "
                    "%8s %12s\n",
                    ENGINE_WIDTH, "engine", "threads", "t0, us", "t1, us", "t0 / t1", "deviation");
        groups_describe(groups, g, other_axes, setting, sizeof setting);
        if (*setting && (first || !groups_same(groups, g, before, other_axes)))
            fprintf(file, "  %s\n", setting);
        print_line(file, groups, g,
                   threads[groups->order[group_cells(groups, &groups->groups[g]).first]], &line);
        before = g;
    }
}
