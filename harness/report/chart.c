/* The charts: a table, and the writing of their numbers. */
#include "report/chart.h"

#include "base/error.h"
#include "report/chart_parts.h"

#include <limits.h>
#include <string.h>

const struct chart charts[] = {
    {"loss", "loss against epochs, updates and seconds, per batch size at its best rate",
     "convergence cells that trained, and curves.csv", "loss.gp", chart_loss_applies,
     chart_loss_write},
    {"target", "time, updates and examples to each target against batch size",
     "convergence cells and targets", "target.gp", chart_target_applies, chart_target_write},
    {"heatmap", "validation error over learning rate and batch size, divergence marked",
     "convergence cells of several learning rates", "heatmap.gp", chart_heatmap_applies,
     chart_heatmap_write},
    {"redundancy", "updates, examples and time to the target against redundancy",
     "convergence cells of several redundancies, and targets", "redundancy.gp",
     chart_redundancy_applies, chart_redundancy_write},
    {"grid", "time to the target by engine and batch size, a panel per redundancy",
     "convergence cells and targets", "grid.gp", chart_grid_applies, chart_grid_write},
    {"trajectory", "paths over the contour lines of an objective of two variables",
     "cells on an objective, and its theta in curves.csv", "trajectory.gp",
     chart_trajectory_applies, chart_trajectory_write},
    {"throughput", "examples per second against batch size, per engine and threads",
     "throughput cells", "throughput.gp", chart_throughput_applies, chart_throughput_write},
    {"noise_scale", "gradient noise scale against epochs, exact and by the two-batch estimate",
     "convergence cells with probe noise_scale", "noise_scale.gp", chart_noise_scale_applies,
     chart_noise_scale_write},
    {"variance", "variance of mini-batch gradients over its prediction, against batch size",
     "convergence cells with probe sampling", "variance.gp", chart_variance_applies,
     chart_variance_write},
    {"critical_batch", "updates and examples to target over batch size, and the critical one",
     "convergence cells that reach a target with three batch sizes", "critical_batch.gp",
     chart_critical_batch_applies, chart_critical_batch_write},
    {"effective_size",
     "what training sets of clusters are worth to the gradient, against their size",
     "convergence cells with probe redraws", "effective_size.gp", chart_effective_size_applies,
     chart_effective_size_write},
    {"predictions", "variance of predictions across seeds, against batch size",
     "convergence cells of several seeds with probe predictions", "predictions.gp",
     chart_predictions_applies, chart_predictions_write},
    {"volume", "test error, and test less training loss, against the number of training examples",
     "convergence cells of several subsets, and classes", "volume.gp", chart_volume_applies,
     chart_volume_write},
    {"nested", "cosine of a part's gradient with that of all, and its variance, against its size",
     "convergence cells with probe nested", "nested.gp", chart_nested_applies, chart_nested_write},
    {"budgets", "training loss within each budget, against what it makes equal",
     "convergence cells of several budgets", "budgets.gp", chart_budgets_applies,
     chart_budgets_write},
    {"sensitivity", "loss at the end against the learning rate",
     "convergence cells of four rates or more", "sensitivity.gp", chart_sensitivity_applies,
     chart_sensitivity_write},
    {"survival", "share of runs that have not reached the target yet, against updates",
     "convergence cells of five seeds or more, and targets", "survival.gp", chart_survival_applies,
     chart_survival_write},
    {"scale", "examples per second against ranks, and predicted seconds to the target",
     "scale.csv, by `batchlab scale`", "scale.gp", chart_scale_applies, chart_scale_write},
    {"verdicts", "effects that the verdicts rest on, beside what the claims expect",
     "verdicts.csv with an effect, by `batchlab verdict`", "verdicts.gp", chart_verdicts_applies,
     chart_verdicts_write},
};

const size_t chart_count = sizeof charts / sizeof charts[0];

const struct chart *chart_find(const char *name)
{
    char names[320] = "";

    for (size_t i = 0; i < chart_count; i++) {
        size_t used = strlen(names);

        if (strcmp(charts[i].name, name) == 0)
            return &charts[i];
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", charts[i].name);
    }
    error_set("no chart `%s`; there are %s", name, names);
    return NULL;
}

int chart_applies(const char *results_folder, const char *name)
{
    int status = -1;
    struct results results = {0};
    const struct chart *chart = chart_find(name);

    if (chart && results_open(&results, results_folder) == 0)
        status = chart->applies(&results);
    results_close(&results);
    return status;
}

struct drawing {
    const struct chart *chart;
    struct results *results;
};

static int write_numbers(const void *context, FILE *file)
{
    const struct drawing *drawing = context;

    return drawing->chart->write(drawing->results, file);
}

int chart_write_to(const char *results_folder, const char *name, const char *csv_path)
{
    int status = -1;
    int applies;
    struct results results = {0};
    const struct chart *chart = chart_find(name);

    if (!chart || results_open(&results, results_folder) != 0)
        goto done;
    applies = chart->applies(&results);
    if (applies == 0)
        error_set("%s: chart %s needs %s", results_folder, name, chart->needs);
    if (applies != 1)
        goto done;
    status = sheet_write_to(csv_path, write_numbers, &(const struct drawing){chart, &results});
done:
    results_close(&results);
    return status;
}

int chart_write(const char *results_folder, const char *name)
{
    char path[PATH_MAX];

    if (!chart_find(name) || sheet_path(results_folder, name, path, sizeof path) != 0)
        return -1;
    return chart_write_to(results_folder, name, path);
}
