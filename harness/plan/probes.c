/* Probes of an experiment: whether they fit, and what they cost. */
#include "plan/probes.h"

#include "base/error.h"

#include <math.h>

static int refuse(const struct experiment *experiment, const char *what)
{
    return error_set("%s:%d: probes: %s", experiment->file, experiment->probes_line, what);
}

int probes_check(const struct experiment *experiment)
{
    const struct probe_options *options = &experiment->probes;
    const struct budget *budget = &experiment->budget;
    int is_timed = options->at_count > 0 || options->every > 0 || options->end;

    if (is_timed && options->which == 0)
        return refuse(experiment, "which: missing, expected names such as [noise_scale]");
    if (options->which == 0)
        return 0;
    if (!is_timed)
        return refuse(experiment, "at: missing, expected epochs such as [0, 1], or every, or end");
    if (experiment->measure != MEASURE_CONVERGENCE)
        return refuse(experiment, "expected measure: convergence, as nothing is trained here");
    if (options->small_batch >= options->large_batch)
        return refuse(experiment, "small_batch: expected less than large_batch");
    if (options->which & PROBE_REDRAWS &&
        (options->member_count == 0 || options->correlation_count == 0))
        return refuse(experiment, "redraws: members or correlations are missing, expected lists "
                                  "such as [1, 10] and [0, 0.5]");
    for (int i = 0; i < options->member_count; i++)
        if ((double)options->clusters * options->members[i] > INT32_MAX)
            return refuse(experiment, "clusters: times members they are more examples than "
                                      "2147483647");
    if (options->which & PROBE_PREDICTIONS && experiment->dataset.validation == 0)
        return refuse(experiment,
                      "predictions: are of validation examples, expected `dataset: {validation: "
                      "...}`");
    if (options->which & PROBE_LINEAR_PROBE && experiment->dataset.validation == 0)
        return refuse(experiment, "linear_probe: is judged by validation examples, expected "
                                  "`dataset: {validation: ...}`");
    for (int i = 0; i < options->at_count; i++) {
        if (i > 0 && !(options->at[i] > options->at[i - 1]))
            return refuse(experiment, "at: expected increasing numbers");
        if (budget->epochs > 0 && options->at[i] > budget->epochs)
            return error_set("%s:%d: probes: at: %g lies beyond the budget of %g epochs",
                             experiment->file, experiment->probes_line, options->at[i],
                             budget->epochs);
    }
    return 0;
}

size_t probes_population(const struct probe_options *options, size_t train_examples)
{
    return options->examples > 0 ? (size_t)options->examples : train_examples;
}

static int refuse_size(const struct experiment *experiment, const char *key, int size, size_t most,
                       const char *what)
{
    return error_set("%s:%d: probes: %s: %d is larger than the %zu %s, expected at most that",
                     experiment->file, experiment->probes_line, key, size, most, what);
}

int probes_fit(const struct cell *cell, const struct experiment *experiment,
               const struct dataset *dataset)
{
    const struct probe_options *options = &experiment->probes;
    size_t population = probes_population(options, cell->train_examples);
    const char *what = options->examples > 0 ? "examples of the probes" : "training examples";

    if (options->which == 0)
        return 0;
    if (population > cell->train_examples)
        return refuse_size(experiment, "examples", options->examples, cell->train_examples,
                           "training examples");
    for (int i = 0; i < options->batch_size_count; i++)
        if ((size_t)options->batch_sizes[i] > population)
            return refuse_size(experiment, "batch_sizes", options->batch_sizes[i], population,
                               what);
    if (options->which & (PROBE_SAMPLING | PROBE_SECOND_MOMENT) && options->batch_size_count == 0 &&
        (size_t)cell->batch_size > population)
        return refuse_size(experiment, "batch_size of the grid", cell->batch_size, population,
                           what);
    if (options->which & PROBE_NOISE_SCALE && (size_t)options->large_batch > population)
        return refuse_size(experiment, "large_batch", options->large_batch, population, what);
    if (options->which & (PROBE_LINEAR_PROBE | PROBE_PREDICTIONS) && dataset->classes == 0)
        return refuse(experiment,
                      "linear_probe, predictions: are of classes, expected data with labels");
    return 0;
}

double probes_examples(const struct cell *cell, const struct experiment *experiment,
                       double evaluations, int classes)
{
    const struct probe_options *options = &experiment->probes;
    double n = (double)probes_population(options, cell->train_examples), examples = 0;
    double times = options->at_count + options->end;

    if (options->every > 0)
        times = fmin(times + 1, evaluations) + evaluations / options->every;
    if (options->which & PROBE_NOISE_SCALE)
        examples +=
            2 * n + fmin(options->draw_examples,
                         (double)options->draws * (options->small_batch + options->large_batch));
    if (options->which & PROBE_SAMPLING) {
        examples += 2 * n;
        for (int i = 0; i < options->batch_size_count; i++)
            examples +=
                2 * fmin(options->draw_examples, (double)options->draws * options->batch_sizes[i]);
        if (options->batch_size_count == 0)
            examples += 2 * fmin(options->draw_examples, (double)options->draws * cell->batch_size);
    }
    if (options->which & PROBE_REDRAWS) {
        examples += 2 * n;
        for (int i = 0; i < options->member_count; i++)
            examples += options->correlation_count *
                        fmin(options->draw_examples,
                             (double)options->draws * options->clusters * options->members[i]);
    }
    if (options->which & PROBE_SECOND_MOMENT) {
        double batches = fmax(options->draws, 1600); /* 8 repetitions with beta2 = 0.99 */

        examples += 2 * n;
        for (int i = 0; i < options->batch_size_count; i++)
            examples += batches * options->batch_sizes[i];
        if (options->batch_size_count == 0)
            examples += batches * cell->batch_size;
    }
    if (options->which & PROBE_SHARPNESS)
        examples += 50 * n;
    if (options->which & (PROBE_ENERGY | PROBE_EFFECTIVE_SIZE | PROBE_NESTED))
        examples += (classes > 0 ? 3 : 2) * n;
    return times * examples;
}
