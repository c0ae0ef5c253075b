/* Finds the resolution of costs in results of any age. */
#include "report/cadence.h"

#include "base/error.h"
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double cadence_limit = 0.05;

/* The curve's two columns that matter, and which cell each row is of. */
struct trace {
    const double *updates, *metric;
    size_t *cell_of, rows;
};

static int trace_open(struct trace *trace, struct results *results, const struct target *target)
{
    *trace = (struct trace){.rows = 0};
    if (results_curves(results) != 0)
        return -1;
    trace->rows = table_rows(results->curves);
    trace->updates = table_numbers(results->curves, "update");
    trace->metric = trace->updates ? table_numbers(results->curves, target->metric) : NULL;
    return trace->metric ? table_join(results->curves, results->cells, &trace->cell_of) : -1;
}

/* points: [trace->rows] */
static double resolution_of(const struct trace *trace, size_t cell, double value,
                            struct curve_point *points)
{
    const struct target_spec target = {.metric = METRIC_TRAIN_LOSS, .value = value};
    double resolution;
    int count = 0;

    for (size_t i = 0; i < trace->rows; i++)
        if (trace->cell_of[i] == cell)
            points[count++] = (struct curve_point){.update = (long)trace->updates[i],
                                                   .train.loss = trace->metric[i]};
    resolution = train_target_cost(points, count, &target).resolution;
    return resolution == NOT_APPLICABLE ? (double)NAN : resolution;
}

static int trace_all(struct results *results, const struct target *target, double *resolutions)
{
    struct curve_point *points = NULL;
    struct trace trace;
    int status = trace_open(&trace, results, target);

    if (status == 0) {
        points = calloc(trace.rows + 1, sizeof *points);
        if (!points)
            status = error_set("%s: out of memory", results->folder);
    }
    for (size_t i = 0; i < table_rows(results->cells) && status == 0; i++)
        resolutions[i] = resolution_of(&trace, i, target->value, points);
    free(points);
    free(trace.cell_of);
    return status;
}

double *cadence_resolutions(struct results *results, size_t t)
{
    const struct target *target = &results->targets[t];
    size_t count = table_rows(results->cells);
    double *resolutions = calloc(count + 1, sizeof *resolutions);
    const double *recorded;
    char column[128];
    int status = 0;

    if (!resolutions) {
        error_set("%s: out of memory", results->folder);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        resolutions[i] = NAN;
    snprintf(column, sizeof column, "resolution_of_%s", target->name);
    if (table_has(results->cells, column)) {
        recorded = table_numbers(results->cells, column);
        status = recorded ? 0 : -1;
        for (size_t i = 0; i < count && status == 0; i++)
            resolutions[i] = recorded[i];
    } else if (results_has_curves(results)) {
        status = trace_all(results, target, resolutions);
    }
    if (status == 0)
        return resolutions;
    free(resolutions);
    return NULL;
}
