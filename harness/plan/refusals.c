/* Settings that do not go together. */
#include "plan/refusals.h"

#include "train/proximal.h"
#include "train/rule.h"

#include <string.h>

/* Not every example counts the same in the mean of a batch's gradient. */
static int changes_objective(const struct settings *s)
{
    return s->class_weights != CLASS_WEIGHTS_NONE || s->sampler == SAMPLING_BALANCED ||
           s->sampler == SAMPLING_WEIGHTED;
}

const char *refusal_async(const struct cell *cell, const struct experiment *experiment)
{
    const struct settings *s = &cell->settings;

    if (s->transport != TRANSPORT_MPI_ASYNC)
        return NULL;
    if (experiment->measure == MEASURE_THROUGHPUT)
        return "cannot be timed by blocks";
    if (strcmp(s->optimizer, "sgd") != 0 || !rule_is_bare(&s->rule) || cell->schedule)
        return "takes plain steps of optimizer sgd at a constant rate";
    if (s->precision != PRECISION_SINGLE || s->delay > 0 || s->micro_batch > 0 ||
        s->gradient_noise > 0 || s->last_batch != LAST_BATCH_DROP)
        return "goes with neither precision double, delay, micro_batch, gradient_noise nor "
               "last_batch keep";
    return NULL;
}

const char *refusal_own_data(const struct cell *cell)
{
    const struct settings *s = &cell->settings;

    if (s->worker_data != WORKER_DATA_OWN)
        return NULL;
    if (s->workers == 1)
        return "expected workers: 2 or more";
    if (s->sampler != SAMPLING_BLOCKS && s->sampler != SAMPLING_RESHUFFLE)
        return "expected sampler: block_shuffle or reshuffle";
    if (s->transport == TRANSPORT_MPI_ASYNC || s->micro_batch > 0)
        return "neither with transport: mpi_async nor with micro_batch";
    if (rule_find(s->optimizer)->needs & (NEEDS_ALL | NEEDS_EACH))
        return "not with an optimizer that asks for gradients of all examples";
    if (cell->largest_batch != cell->batch_size)
        return "not with a schedule of batch sizes";
    if (cell->batch_size % s->workers != 0 && (size_t)cell->batch_size != cell->train_examples)
        return "expected a batch_size that is a multiple of workers, or full";
    return NULL;
}

const char *refusal_rule(const struct cell *cell, const struct experiment *experiment,
                         const struct dataset *dataset)
{
    const struct settings *s = &cell->settings;
    const struct rule *rule = rule_find(s->optimizer);
    const char *refusal;
    struct model model;

    if (rule->needs && s->delay > 0)
        return "has no delayed form";
    if (rule->needs && experiment->measure == MEASURE_THROUGHPUT)
        return "cannot be timed by blocks: its steps differ";
    if (rule->needs & (NEEDS_ALL | NEEDS_EACH) && dataset->generator)
        return "asks for gradients of the same examples again, and generated ones are not kept";
    if (rule->needs & NEEDS_EACH && s->redundancy > 1)
        return "keeps one gradient for each example, and redundant copies are one example";
    if (rule->needs & (NEEDS_ALL | NEEDS_EACH) && cell->augmentation)
        return "asks for gradients of the same examples again, and augmentation varies them";
    if (rule->needs & (NEEDS_ALL | NEEDS_EACH) && changes_objective(s))
        return "knows the plain mean loss: neither class_weights nor sampler balanced or weighted";
    if (rule->needs & NEEDS_EACH && s->sampler == SAMPLING_IMPORTANCE)
        return "draws uniformly: not with sampler importance";
    if (!(rule->needs & NEEDS_PROXIMAL))
        return NULL;
    if (s->workers > 1 || s->micro_batch > 0)
        return "solves for a whole batch: neither workers nor micro_batch";
    network_build(&model, cell->network, dataset->shape, dataset->outputs, dataset->classes);
    refusal = proximal_refuses(&model.network, cell->largest_batch);
    network_free(&model);
    return refusal;
}
