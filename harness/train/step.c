/* One update of one batch. */
#include "train/step.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "base/rng.h"
#include "memory.h"
#include "train/gradient.h"
#include "train/proximal.h"

#include <math.h>
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

/* ---- The oracle of update rules ---------------------------------------------------------------
 */

/* A stream for each gradient: what a gradient's noise is does not depend on the others. */
static void add_noise(struct stepper *stepper, void *gradient)
{
    const struct settings *settings = &stepper->bench->cell->settings;
    size_t count = stepper->bench->model->parameters;
    struct rng rng;

    rng_init(&rng, settings->seed, RNG_NOISE, stepper->noisy++);
    for (size_t j = 0; j < count; j++)
        if (settings->precision == PRECISION_DOUBLE)
            ((double *)gradient)[j] += settings->gradient_noise * rng_normal(&rng);
        else
            ((float *)gradient)[j] += (float)(settings->gradient_noise * rng_normal(&rng));
}

static int batch_gradient(void *context, const void *theta, void *gradient)
{
    struct stepper *stepper = context;
    struct message message = {""};

    if (gradient_of(stepper->gradient, theta, &stepper->batch, gradient, &stepper->score,
                    &message) != 0)
        return stepper_failed(stepper, &message);
    if (stepper->bench->cell->settings.gradient_noise > 0)
        add_noise(stepper, gradient);
    return 0;
}

static int full_gradient(void *context, const void *theta, void *gradient)
{
    struct stepper *stepper = context;
    const struct examples *train = &stepper->bench->train;
    struct message message = {""};
    struct batch all = batch_of(train);

    all.rows = train->rows;
    all.size = (int)train->count;
    if (gradient_of_many(stepper->gradient, theta, &all, gradient, &message) != 0)
        return stepper_failed(stepper, &message);
    return 0;
}

static int earlier_of(const struct batch *batch, int i)
{
    for (int j = 0; j < i; j++)
        if (batch->rows[j] == batch->rows[i])
            return 1;
    return 0;
}

/* An example that a batch has twice has one gradient and two shares. */
static int each_gradient(void *context, const void *theta, void *gradient,
                         void (*take)(void *taker, size_t example, double share), void *taker)
{
    struct stepper *stepper = context;
    const struct batch batch = stepper->batch;
    struct score sum = {0};
    struct message message = {""};

    for (int i = 0; i < batch.size; i++) {
        struct batch one = batch;
        struct score score;
        int times = 0;

        if (earlier_of(&batch, i))
            continue;
        for (int j = i; j < batch.size; j++)
            times += batch.rows[j] == batch.rows[i];
        one.size = 1;
        one.rows = batch.rows + i;
        one.weights = NULL;
        if (gradient_at(stepper->gradient, theta, &one, gradient, &score, &message) != 0)
            return stepper_failed(stepper, &message);
        take(taker, (size_t)stepper->positions[batch.rows[i]], (double)times / batch.size);
        sum.loss += score.loss * times / batch.size;
        sum.errors += score.errors * times;
    }
    stepper->score = sum;
    return 0;
}

static int to_proximal_point(void *context, void *theta, double rate)
{
    struct stepper *stepper = context;
    struct message message;

    if (proximal_step(stepper->proximal, theta, stepper->bench->cell->settings.precision, rate,
                      &stepper->batch, &stepper->score) == 0)
        return 0;
    snprintf(message.text, sizeof message.text, "%.500s", error_text());
    return stepper_failed(stepper, &message);
}

/* ---- The update -------------------------------------------------------------------------------
 */

int stepper_update(struct stepper *stepper)
{
    const struct workbench *bench = stepper->bench;
    struct message message = {""};

    stepper->has_gradient = !stepper->is_bare || stepper->wants_gradient;
    if (stepper->has_gradient) {
        stepper->oracle.batch_size = stepper->batch.size;
        return rule_step(stepper->rule, &stepper->state, stepper->theta, stepper->rate,
                         &stepper->oracle);
    }
    if (bench->engine->sgd_step(bench->session, stepper->theta, &stepper->batch,
                                (float)stepper->rate, &stepper->score, &message) != 0)
        return stepper_failed(stepper, &message);
    return 0;
}

/* One gradient that nobody uses, of each size that will come. */
static int warm_up(struct stepper *stepper)
{
    const struct workbench *bench = stepper->bench;
    int k = bench->cell->batch_size, rest = (int)(bench->train.count % (size_t)k);
    int sizes[2] = {k, bench->cell->settings.last_batch == LAST_BATCH_KEEP ? rest : 0};
    const struct examples shown = examples_shown(&bench->train);
    struct message message = {""};
    struct score score;

    for (int i = 0; i < 2; i++) {
        struct batch batch = batch_of(&shown);

        batch.rows = shown.rows;
        batch.size = sizes[i];
        if (batch.size > 0 && gradient_at(stepper->gradient, stepper->theta, &batch,
                                          stepper->state.gradient, &score, &message) != 0)
            return stepper_failed(stepper, &message);
    }
    return 0;
}

/* ---- Opening ----------------------------------------------------------------------------------
 */

struct rule_parameters step_parameters(const struct workbench *bench)
{
    const struct settings *s = &bench->cell->settings;
    double epoch = (double)bench->train.count / bench->cell->batch_size; /* updates */
    double snapshot = round(s->snapshot_epochs * epoch);
    struct rule_parameters parameters = s->rule;

    parameters.snapshot = snapshot < 1 ? 1 : (long)snapshot;
    parameters.average_from = (long)round(s->average_from * epoch);
    return parameters;
}

int step_is_bare(const struct workbench *bench)
{
    const struct settings *settings = &bench->cell->settings;
    const struct rule_parameters parameters = step_parameters(bench);

    return rule_find(settings->optimizer)->is_plain_sgd && bench->engine->sgd_step &&
           rule_is_bare(&parameters) && settings->precision == PRECISION_SINGLE &&
           settings->micro_batch == 0 && settings->workers == 1 && settings->delay == 0 &&
           settings->gradient_noise == 0;
}

static int map_positions(struct stepper *stepper)
{
    const struct examples *train = &stepper->bench->train;
    int32_t largest = 0;

    for (size_t i = 0; i < train->count; i++)
        if (train->rows[i] > largest)
            largest = train->rows[i];
    stepper->positions = calloc((size_t)largest + 1, sizeof *stepper->positions);
    if (!stepper->positions)
        return error_set("out of memory");
    for (size_t i = 0; i < train->count; i++)
        stepper->positions[train->rows[i]] = (int32_t)i;
    return 0;
}

/* What the rule needs beyond a batch's gradient. */
static int open_oracle(struct stepper *stepper)
{
    const struct workbench *bench = stepper->bench;

    stepper->oracle = (struct gradient_oracle){
        .context = stepper,
        .batch = batch_gradient,
        .all = full_gradient,
        .each = each_gradient,
        .proximal = to_proximal_point,
    };
    if (gradient_open(&stepper->gradient, bench) != 0)
        return -1;
    if (stepper->rule->needs & NEEDS_EACH && map_positions(stepper) != 0)
        return -1;
    if (stepper->rule->needs & NEEDS_PROXIMAL)
        return proximal_open(&stepper->proximal, &bench->model->network,
                             bench->cell->largest_batch);
    return 0;
}

static int start_theta(struct stepper *stepper)
{
    const struct workbench *bench = stepper->bench;
    size_t count = bench->model->parameters;
    float *start = memory_take_floats(count);

    if (!start)
        return error_set("out of memory");
    network_initialize(bench->model, bench->cell->network, bench->cell->settings.seed, start);
    if (bench->cell->settings.precision == PRECISION_SINGLE) {
        stepper->theta = start;
        return 0;
    }
    stepper->theta = memory_take(count * sizeof(double));
    for (size_t j = 0; j < count && stepper->theta; j++)
        ((double *)stepper->theta)[j] = (double)start[j];
    free(start);
    return stepper->theta ? 0 : error_set("out of memory");
}

int stepper_open(struct stepper *stepper, const struct workbench *bench)
{
    const struct settings *settings = &bench->cell->settings;
    const struct rule_parameters parameters = step_parameters(bench);

    *stepper = (struct stepper){
        .bench = bench,
        .rule = rule_find(settings->optimizer),
        .batch = batch_of(&bench->train),
        .rate = bench->cell->rate,
    };
    stepper->is_bare = step_is_bare(bench);
    if (start_theta(stepper) != 0 || open_oracle(stepper) != 0 ||
        rule_open(&stepper->state, stepper->rule, bench->model->parameters, bench->train.count,
                  settings->precision, &parameters) != 0)
        return -1;
    return warm_up(stepper);
}

void stepper_close(struct stepper *stepper)
{
    rule_close(&stepper->state);
    gradient_close(stepper->gradient);
    proximal_close(stepper->proximal);
    free(stepper->positions);
    free(stepper->theta);
    memset(stepper, 0, sizeof *stepper);
}

void stepper_checkpoint(struct stepper *stepper, struct checkpoint *checkpoint)
{
    size_t size = stepper->state.precision == PRECISION_DOUBLE ? sizeof(double) : sizeof(float);

    checkpoint_item(checkpoint, "theta", stepper->theta, stepper->state.parameter_count * size);
    CHECKPOINT(checkpoint, "rate", stepper->rate);
    CHECKPOINT(checkpoint, "noisy", stepper->noisy);
    CHECKPOINT(checkpoint, "has_gradient", stepper->has_gradient);
    rule_checkpoint(stepper->rule, &stepper->state, checkpoint);
    gradient_checkpoint(stepper->gradient, checkpoint);
}
