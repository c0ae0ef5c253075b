/* How long a cell may take. */
#include "plan/plan.h"
#include "plan/probes.h"

#include <math.h>

/* Cautious rates of one thread: arithmetic, and what an update costs beside it. */
static const double assumed_flops_per_second = 2e10, assumed_update_seconds = 5e-6;

double plan_cell_seconds(const struct cell *cell, const struct experiment *experiment,
                         const struct dataset *dataset)
{
    const struct budget *budget = cell_budget(cell, experiment);
    double n = (double)cell->train_examples, k = cell->batch_size;
    double examples = INFINITY, training, evaluations, evaluated;
    struct model model;

    network_build(&model, cell->network, dataset->shape, dataset->outputs, dataset->classes);
    network_free(&model);                          /* its sizes are all that counts */
    if (experiment->measure == MEASURE_THROUGHPUT) /* both inputs; each four steps at the least */
        return 2 * fmax(experiment->throughput.seconds,
                        4 * k * model.flops_per_example / assumed_flops_per_second);
    if (budget->epochs > 0)
        examples = fmin(examples, budget->epochs * n);
    if (budget->examples > 0)
        examples = fmin(examples, budget->examples);
    if (budget->updates > 0)
        examples = fmin(examples, budget->updates * k);
    training = examples * model.flops_per_example / assumed_flops_per_second +
               examples / k * assumed_update_seconds;
    if (budget->seconds > 0)
        training = fmin(training, budget->seconds);
    examples = fmin(examples, training * assumed_flops_per_second / model.flops_per_example);
    evaluations = experiment->evaluation.every > 0
                      ? 2 + examples / experiment->evaluation.every
                      : 2 + experiment->evaluation.per_decade *
                                log10(fmax(1, examples / experiment->evaluation.first));
    evaluated = (double)dataset->validation.count + experiment->evaluation.train_examples;
    if (experiment->evaluation.test == TEST_EACH)
        evaluated += (double)dataset->test.count;
    evaluated = evaluations * evaluated / 3 +
                probes_examples(cell, experiment, evaluations, dataset->classes);
    return training + evaluated * model.flops_per_example / assumed_flops_per_second;
}
