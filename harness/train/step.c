/* One update of one batch. */
#include "train/step.h"

#include "base/error.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct batch batch_of(const struct examples *examples)
{
    return (struct batch){
        .features = examples->features,
        .element = examples->element,
        .scale = examples->scale,
        .offset = examples->offset,
        .labels = examples->labels,
        .targets = examples->targets,
    };
}

int stepper_failed(struct stepper *stepper, const struct message *message)
{
    snprintf(stepper->reason, sizeof stepper->reason, "%.255s",
             message->text[0] ? message->text : "the engine failed without a message");
    return error_set("%s", stepper->reason);
}

/* The oracle of update rules: the gradient of the current batch. */
static int batch_gradient(void *context, const float *theta, float *gradient)
{
    struct stepper *stepper = context;
    const struct workbench *bench = stepper->bench;
    struct message message = {""};

    if (bench->engine->gradient(bench->session, theta, &stepper->batch, gradient, &stepper->score,
                                &message) != 0)
        return stepper_failed(stepper, &message);
    return 0;
}

int stepper_update(struct stepper *stepper)
{
    const struct workbench *bench = stepper->bench;
    double rate = bench->cell->settings.learning_rate;
    struct message message = {""};

    stepper->has_gradient =
        !stepper->rule->is_plain_sgd || !bench->engine->sgd_step || stepper->wants_gradient;
    if (stepper->has_gradient)
        return rule_step(stepper->rule, &stepper->state, stepper->theta, rate, batch_gradient,
                         stepper);
    if (bench->engine->sgd_step(bench->session, stepper->theta, &stepper->batch, (float)rate,
                                &stepper->score, &message) != 0)
        return stepper_failed(stepper, &message);
    return 0;
}

/* One gradient that nobody uses, of each size that will come. */
static int warm_up(struct stepper *stepper)
{
    const struct workbench *bench = stepper->bench;
    int k = bench->cell->batch_size, rest = (int)(bench->train.count % (size_t)k);
    int status;

    stepper->batch.rows = bench->train.rows;
    stepper->batch.size = k;
    status = batch_gradient(stepper, stepper->theta, stepper->state.gradient);
    if (status == 0 && rest > 0 && bench->cell->settings.last_batch == LAST_BATCH_KEEP) {
        stepper->batch.size = rest;
        status = batch_gradient(stepper, stepper->theta, stepper->state.gradient);
    }
    stepper->batch.rows = NULL;
    return status;
}

int stepper_open(struct stepper *stepper, const struct workbench *bench)
{
    const struct settings *settings = &bench->cell->settings;
    const struct rule_parameters parameters = {settings->momentum, settings->beta1, settings->beta2,
                                               settings->epsilon};

    *stepper = (struct stepper){
        .bench = bench,
        .rule = rule_find(settings->optimizer),
        .batch = batch_of(&bench->train),
    };
    stepper->theta = memory_take_floats(bench->model->parameters);
    if (!stepper->theta)
        return error_set("out of memory");
    if (rule_open(&stepper->state, stepper->rule, bench->model->parameters, &parameters) != 0)
        return -1;
    network_initialize(bench->model, bench->cell->network, settings->seed, stepper->theta);
    return warm_up(stepper);
}

void stepper_close(struct stepper *stepper)
{
    rule_close(&stepper->state);
    free(stepper->theta);
    memset(stepper, 0, sizeof *stepper);
}
