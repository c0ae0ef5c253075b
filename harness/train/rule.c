/* Update rules: the table, and what happens around their passes. */
#include "train/rule.h"

#include "base/checkpoint.h"
#include "base/error.h"
#include "memory.h"
#include "train/rule_vectors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct rule_vectors *vectors_of(const struct rule_state *state)
{
    return rule_vectors_of(state->precision);
}

/* The i-th vector the rule keeps. */
static void *vector_of(const struct rule_state *state, int i)
{
    return (char *)state->memory + (size_t)i * state->parameter_count * vectors_of(state)->size;
}

/* ---- Directions -------------------------------------------------------------------------------
 */

enum { SVRG_ANCHOR, SVRG_MEAN, SVRG_THERE };

/* g(theta) - g(anchor) + mean, where the mean is the full gradient at the anchor, which moves to
 * theta now and then   (Johnson, Zhang 2013, option I) */
static int direct_by_anchor(struct rule_state *state, const void *theta,
                            const struct gradient_oracle *oracle)
{
    const struct rule_vectors *v = vectors_of(state);
    void *anchor = vector_of(state, SVRG_ANCHOR), *mean = vector_of(state, SVRG_MEAN);
    void *there = vector_of(state, SVRG_THERE);

    if ((state->step - 1) % state->parameters.snapshot == 0) {
        if (oracle->all(oracle->context, theta, mean) != 0)
            return -1;
        memcpy(anchor, theta, state->parameter_count * v->size);
        state->extra += (double)state->example_count;
    }
    if (oracle->batch(oracle->context, anchor, there) != 0 ||
        oracle->batch(oracle->context, theta, state->gradient) != 0)
        return -1;
    state->extra += oracle->batch_size;
    v->add(state->gradient, there, state->parameter_count, -1);
    v->add(state->gradient, mean, state->parameter_count, 1);
    return 0;
}

enum { SAGA_MEAN, SAGA_FRESH };

static void take_example(void *taker, size_t example, double share)
{
    struct rule_state *state = taker;
    const struct rule_vectors *v = vectors_of(state);
    char *kept = (char *)state->table + example * state->parameter_count * v->size;

    v->exchange(state->gradient, vector_of(state, SAGA_MEAN), kept, vector_of(state, SAGA_FRESH),
                state->parameter_count, share, 1 / (double)state->example_count);
}

/* mean of the table + batch's mean of (g_i - table_i); table_i becomes g_i   (Defazio, Bach,
 * Lacoste-Julien 2014). The table starts at zero, which leaves the direction unbiased. */
static int direct_by_table(struct rule_state *state, const void *theta,
                           const struct gradient_oracle *oracle)
{
    memcpy(state->gradient, vector_of(state, SAGA_MEAN),
           state->parameter_count * vectors_of(state)->size);
    return oracle->each(oracle->context, theta, vector_of(state, SAGA_FRESH), take_example, state);
}

/* ---- The table --------------------------------------------------------------------------------
 */

#define PASS(name) offsetof(struct rule_vectors, name)
#define USES_MOMENTS (USES_BETA1 | USES_BETA2 | USES_EPSILON)

static const struct rule rules[] = {
    {
        .name = "sgd",
        .summary = "theta -= alpha g",
        .is_plain_sgd = 1,
        .pass = PASS(descend),
    },
    {
        .name = "momentum",
        .summary = "v = rho v - alpha g; theta += v (Polyak 1964)",
        .vectors = 1,
        .uses = USES_MOMENTUM,
        .pass = PASS(roll),
    },
    {
        .name = "nesterov",
        .summary = "momentum with the gradient at theta + rho v (Nesterov 1983)",
        .vectors = 2,
        .uses = USES_MOMENTUM,
        .ahead = 2,
        .pass = PASS(roll_ahead),
    },
    {
        .name = "nesterov_rearranged",
        .summary = "v = rho v - alpha g; theta += rho v - alpha g: nesterov's look-ahead point as "
                   "theta (Bengio et al. 2012; PyTorch)",
        .vectors = 1,
        .uses = USES_MOMENTUM,
        .pass = PASS(roll_rearranged),
    },
    {
        .name = "adagrad",
        .summary = "v += g^2; theta -= alpha g / (sqrt(v) + epsilon) (Duchi et al. 2011)",
        .vectors = 1,
        .uses = USES_EPSILON,
        .defaults = {.epsilon = 1e-10, .epsilon_place = EPSILON_OUTSIDE},
        .pass = PASS(adapt_all),
    },
    {
        .name = "rmsprop",
        .summary = "v = b2 v + (1 - b2) g^2; theta -= alpha g / (sqrt(v) + epsilon) (Tieleman, "
                   "Hinton 2012)",
        .vectors = 1,
        .uses = USES_BETA2 | USES_EPSILON,
        .defaults = {.beta2 = 0.9, .epsilon = 1e-8, .epsilon_place = EPSILON_OUTSIDE},
        .pass = PASS(adapt_recent),
    },
    {
        .name = "adadelta",
        .summary = "theta -= alpha d, d = g sqrt(x + epsilon) / sqrt(v + epsilon), x the mean of "
                   "d^2, v of g^2 (Zeiler 2012; there alpha = 1)",
        .vectors = 2,
        .uses = USES_BETA2 | USES_EPSILON,
        .defaults = {.beta2 = 0.95, .epsilon = 1e-6, .epsilon_place = EPSILON_INSIDE},
        .pass = PASS(adapt_without_rate),
    },
    {
        .name = "adam",
        .summary = "theta -= alpha m / (sqrt(v) + epsilon), moments corrected for their start "
                   "(Kingma, Ba 2015)",
        .vectors = 2,
        .uses = USES_MOMENTS,
        .defaults = {.beta2 = 0.999, .epsilon = 1e-8, .epsilon_place = EPSILON_OUTSIDE},
        .pass = PASS(adapt_moments),
    },
    {
        .name = "adamw",
        .summary = "adam with decoupled weight decay, 0.01 unless told (Loshchilov, Hutter 2019)",
        .vectors = 2,
        .uses = USES_MOMENTS,
        .defaults = {.beta2 = 0.999,
                     .epsilon = 1e-8,
                     .epsilon_place = EPSILON_OUTSIDE,
                     .weight_decay = 0.01},
        .pass = PASS(adapt_moments),
    },
    {
        .name = "nadam",
        .summary = "adam with Nesterov's momentum, b1 warmed up (Dozat 2016)",
        .vectors = 2,
        .uses = USES_MOMENTS,
        .defaults = {.beta2 = 0.999, .epsilon = 1e-8, .epsilon_place = EPSILON_OUTSIDE},
        .pass = PASS(adapt_ahead),
    },
    {
        .name = "amsgrad",
        .summary = "adam with the largest v so far (Reddi et al. 2018)",
        .vectors = 3,
        .uses = USES_MOMENTS,
        .defaults = {.beta2 = 0.999, .epsilon = 1e-8, .epsilon_place = EPSILON_OUTSIDE},
        .pass = PASS(adapt_largest),
    },
    {
        .name = "asgd",
        .summary = "sgd; evaluated is the mean of theta (Polyak, Juditsky 1992)",
        .vectors = 1,
        .uses = USES_AVERAGE,
        .evaluated = 1,
        .pass = PASS(average),
    },
    {
        .name = "svrg",
        .summary = "theta -= alpha (g(theta) - g(anchor) + full gradient at the anchor) (Johnson, "
                   "Zhang 2013)",
        .vectors = 3,
        .uses = USES_SNAPSHOT,
        .needs = NEEDS_ALL,
        .direct = direct_by_anchor,
        .pass = PASS(descend),
    },
    {
        .name = "saga",
        .summary = "theta -= alpha (g_i - g_i last time + their mean) (Defazio et al. 2014)",
        .vectors = 2,
        .keeps_table = 1,
        .needs = NEEDS_EACH,
        .direct = direct_by_table,
        .pass = PASS(descend),
    },
    {
        .name = "implicit",
        .summary = "theta -= alpha g(theta after the step) (Toulis, Airoldi 2017): networks of one "
                   "layer",
        .uses = USES_NO_EXTRAS,
        .needs = NEEDS_PROXIMAL,
    },
    {.name = NULL},
};

const struct rule *rule_table(void)
{
    return rules;
}

const struct rule *rule_find(const char *name)
{
    for (const struct rule *rule = rules; rule->name; rule++)
        if (strcmp(rule->name, name) == 0)
            return rule;
    return NULL;
}

/* ---- Parameters -------------------------------------------------------------------------------
 */

static void complete(double *parameter, double fallback, int is_used)
{
    if (!is_used)
        *parameter = 0;
    else if (*parameter == DEFAULT_PARAMETER)
        *parameter = fallback;
}

void rule_complete(const struct rule *rule, struct rule_parameters *p)
{
    const struct rule_parameters *defaults = &rule->defaults;
    int takes_extras = !(rule->uses & USES_NO_EXTRAS);

    complete(&p->momentum, 0.9, rule->uses & USES_MOMENTUM);
    complete(&p->beta1, 0.9, rule->uses & USES_BETA1);
    complete(&p->beta2, defaults->beta2, rule->uses & USES_BETA2);
    complete(&p->epsilon, defaults->epsilon, rule->uses & USES_EPSILON);
    if (!(rule->uses & USES_EPSILON))
        p->epsilon_place = EPSILON_DEFAULT;
    else if (p->epsilon_place == EPSILON_DEFAULT)
        p->epsilon_place = defaults->epsilon_place;
    complete(&p->weight_decay, defaults->weight_decay, takes_extras);
    complete(&p->l2, 0, takes_extras);
    complete(&p->clip_value, 0, takes_extras);
    complete(&p->clip_norm, 0, takes_extras);
}

int rule_is_bare(const struct rule_parameters *p)
{
    return p->l2 == 0 && p->weight_decay == 0 && p->clip_value == 0 && p->clip_norm == 0;
}

/* ---- State ------------------------------------------------------------------------------------
 */

static void *take(size_t vectors, size_t count, size_t size)
{
    if (vectors > 0 && count > SIZE_MAX / size / vectors)
        return NULL;
    return memory_take(vectors * count * size);
}

int rule_open(struct rule_state *state, const struct rule *rule, size_t parameter_count,
              size_t example_count, enum precision precision,
              const struct rule_parameters *parameters)
{
    size_t size;

    *state = (struct rule_state){
        .parameter_count = parameter_count,
        .example_count = example_count,
        .precision = precision,
        .parameters = *parameters,
    };
    size = vectors_of(state)->size;
    state->gradient = take(1, parameter_count, size);
    if (rule->vectors > 0)
        state->memory = take((size_t)rule->vectors, parameter_count, size);
    if (rule->keeps_table)
        state->table = take(example_count, parameter_count, size);
    if (state->gradient && (state->memory || rule->vectors == 0) &&
        (state->table || !rule->keeps_table))
        return 0;
    rule_close(state);
    if (rule->keeps_table)
        return error_set("%s: out of memory for a table of the gradients of %zu examples, %zu "
                         "parameters each",
                         rule->name, example_count, parameter_count);
    return error_set("out of memory for the state of %s (%zu parameters)", rule->name,
                     parameter_count);
}

void rule_close(struct rule_state *state)
{
    if (!state)
        return;
    free(state->gradient);
    free(state->memory);
    free(state->table);
    memset(state, 0, sizeof *state);
}

void rule_checkpoint(const struct rule *rule, struct rule_state *state,
                     struct checkpoint *checkpoint)
{
    size_t vector = state->parameter_count * vectors_of(state)->size;

    CHECKPOINT(checkpoint, "rule.step", state->step);
    CHECKPOINT(checkpoint, "rule.product", state->product);
    CHECKPOINT(checkpoint, "rule.extra", state->extra);
    checkpoint_item(checkpoint, "rule.gradient", state->gradient, vector);
    if (rule->vectors > 0)
        checkpoint_item(checkpoint, "rule.memory", state->memory, (size_t)rule->vectors * vector);
    if (rule->keeps_table)
        checkpoint_item(checkpoint, "rule.table", state->table, state->example_count * vector);
}

/* ---- A step -----------------------------------------------------------------------------------
 */

/* Clips the batch's gradient, then adds the penalty's: what stands for the loss is cut, not what
 * holds theta together. */
static void shape_gradient(struct rule_state *state, const void *point)
{
    const struct rule_vectors *v = vectors_of(state);
    const struct rule_parameters *p = &state->parameters;
    size_t count = state->parameter_count;

    if (p->clip_value > 0)
        v->cut(state->gradient, count, p->clip_value);
    if (p->clip_norm > 0) {
        double length = v->norm(state->gradient, count);

        if (length > p->clip_norm)
            v->scale(state->gradient, count, p->clip_norm / length);
    }
    if (p->l2 > 0)
        v->add(state->gradient, point, count, p->l2);
}

/* The gradient of the objective at theta after the step is what theta moved by. */
static int step_to_proximal_point(struct rule_state *state, void *theta, double rate,
                                  const struct gradient_oracle *oracle)
{
    const struct rule_vectors *v = vectors_of(state);

    memcpy(state->gradient, theta, state->parameter_count * v->size);
    if (oracle->proximal(oracle->context, theta, rate) != 0)
        return -1;
    v->add(state->gradient, theta, state->parameter_count, -1);
    v->scale(state->gradient, state->parameter_count, 1 / rate);
    return 0;
}

int rule_step(const struct rule *rule, struct rule_state *state, void *theta, double rate,
              const struct gradient_oracle *oracle)
{
    const struct rule_vectors *v = vectors_of(state);
    const void *point = theta;

    state->step++;
    state->extra = 0;
    if (rule->needs & NEEDS_PROXIMAL)
        return step_to_proximal_point(state, theta, rate, oracle);
    if (rule->ahead) {
        void *ahead = vector_of(state, rule->ahead - 1);

        if (state->step == 1) /* nothing has been remembered yet */
            memcpy(ahead, theta, state->parameter_count * v->size);
        point = ahead;
    }
    if ((rule->direct ? rule->direct(state, point, oracle)
                      : oracle->batch(oracle->context, point, state->gradient)) != 0)
        return -1;
    shape_gradient(state, point);
    if (state->parameters.weight_decay > 0)
        v->scale(theta, state->parameter_count, 1 - rate * state->parameters.weight_decay);
    (*(rule_pass_function *const *)(const void *)((const char *)v + rule->pass))(
        &(struct rule_pass){state, theta, rate});
    return 0;
}

const void *rule_evaluated(const struct rule *rule, const struct rule_state *state,
                           const void *theta)
{
    return rule->evaluated && state->step > 0 ? vector_of(state, rule->evaluated - 1) : theta;
}

double rule_norm(const void *vector, size_t count, enum precision precision)
{
    return rule_vectors_of(precision)->norm(vector, count);
}
