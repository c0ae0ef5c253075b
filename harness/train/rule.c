/* Update rules. */
#include "train/rule.h"

#include "base/error.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each rule updates in one pass over its vectors, which do not overlap: the compiler then uses
 * vector instructions without asking at run time. */

/* theta -= alpha * g */
static void descend(float *restrict theta, const float *restrict gradient, size_t count,
                    float alpha)
{
    for (size_t j = 0; j < count; j++)
        theta[j] -= alpha * gradient[j];
}

static int sgd_step(struct rule_state *state, float *theta, double rate, gradient_oracle *oracle,
                    void *context)
{
    if (oracle(context, theta, state->gradient) != 0)
        return -1;
    descend(theta, state->gradient, state->parameter_count, (float)rate);
    return 0;
}

/* v = rho * v - alpha * g(theta);  theta += v   (Polyak 1964) */
static void roll(float *restrict theta, float *restrict velocity, const float *restrict gradient,
                 size_t count, float alpha, float rho)
{
    for (size_t j = 0; j < count; j++) {
        velocity[j] = rho * velocity[j] - alpha * gradient[j];
        theta[j] += velocity[j];
    }
}

static int momentum_step(struct rule_state *state, float *theta, double rate,
                         gradient_oracle *oracle, void *context)
{
    if (oracle(context, theta, state->gradient) != 0)
        return -1;
    roll(theta, state->memory, state->gradient, state->parameter_count, (float)rate,
         (float)state->parameters.momentum);
    return 0;
}

/* v = rho * v - alpha * g(theta + rho * v);  theta += v   (Nesterov 1983, in the form of
 * Sutskever et al. 2013): the gradient is taken at the look-ahead point. The next such point comes
 * out of the same pass. */
static void roll_ahead(float *restrict theta, float *restrict velocity, float *restrict ahead,
                       const float *restrict gradient, size_t count, float alpha, float rho)
{
    for (size_t j = 0; j < count; j++) {
        velocity[j] = rho * velocity[j] - alpha * gradient[j];
        theta[j] += velocity[j];
        ahead[j] = theta[j] + rho * velocity[j];
    }
}

static int nesterov_step(struct rule_state *state, float *theta, double rate,
                         gradient_oracle *oracle, void *context)
{
    float *velocity = state->memory, *ahead = state->memory + state->parameter_count;

    if (state->step == 1) /* the velocity is zero */
        memcpy(ahead, theta, state->parameter_count * sizeof *ahead);
    if (oracle(context, ahead, state->gradient) != 0)
        return -1;
    roll_ahead(theta, velocity, ahead, state->gradient, state->parameter_count, (float)rate,
               (float)state->parameters.momentum);
    return 0;
}

/* m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 * theta -= alpha * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)   (Kingma and Ba 2015)
 * alpha: with the first correction in it; correction: 1 / (1 - b2^t). */
static void adapt(float *restrict theta, float *restrict first, float *restrict second,
                  const float *restrict gradient, size_t count, float alpha, float correction,
                  const struct rule_parameters *parameters)
{
    float beta1 = (float)parameters->beta1, beta2 = (float)parameters->beta2;
    float epsilon = (float)parameters->epsilon;

    for (size_t j = 0; j < count; j++) {
        first[j] = beta1 * first[j] + (1 - beta1) * gradient[j];
        second[j] = beta2 * second[j] + (1 - beta2) * gradient[j] * gradient[j];
        theta[j] -= alpha * first[j] / (sqrtf(second[j] * correction) + epsilon);
    }
}

static int adam_step(struct rule_state *state, float *theta, double rate, gradient_oracle *oracle,
                     void *context)
{
    const struct rule_parameters *p = &state->parameters;
    float alpha = (float)(rate / (1 - pow(p->beta1, (double)state->step)));
    float correction = (float)(1 / (1 - pow(p->beta2, (double)state->step)));

    if (oracle(context, theta, state->gradient) != 0)
        return -1;
    adapt(theta, state->memory, state->memory + state->parameter_count, state->gradient,
          state->parameter_count, alpha, correction, p);
    return 0;
}

static const struct rule rules[] = {
    {
        .name = "sgd",
        .summary = "theta -= alpha g",
        .is_plain_sgd = 1,
        .step = sgd_step,
    },
    {
        .name = "momentum",
        .summary = "v = rho v - alpha g; theta += v (Polyak 1964)",
        .vectors = 1,
        .uses_momentum = 1,
        .step = momentum_step,
    },
    {
        .name = "nesterov",
        .summary = "momentum with the gradient at theta + rho v (Nesterov 1983)",
        .vectors = 2,
        .uses_momentum = 1,
        .step = nesterov_step,
    },
    {
        .name = "adam",
        .summary = "moments with bias correction, epsilon outside the root (Kingma, Ba 2015)",
        .vectors = 2,
        .uses_moments = 1,
        .step = adam_step,
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

int rule_open(struct rule_state *state, const struct rule *rule, size_t parameter_count,
              const struct rule_parameters *parameters)
{
    memset(state, 0, sizeof *state);
    state->parameter_count = parameter_count;
    state->parameters = *parameters;
    state->gradient = memory_take_floats(parameter_count);
    if (rule->vectors > 0)
        state->memory = memory_take_floats((size_t)rule->vectors * parameter_count);
    if (!state->gradient || (rule->vectors > 0 && !state->memory)) {
        rule_close(state);
        return error_set("out of memory for the state of %s (%zu parameters)", rule->name,
                         parameter_count);
    }
    return 0;
}

void rule_close(struct rule_state *state)
{
    if (!state)
        return;
    free(state->gradient);
    free(state->memory);
    memset(state, 0, sizeof *state);
}

int rule_step(const struct rule *rule, struct rule_state *state, float *theta, double rate,
              gradient_oracle *oracle, void *context)
{
    state->step++;
    return rule->step(state, theta, rate, oracle, context);
}
