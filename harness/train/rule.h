/* Update rules: theta[t] = theta[t-1] + delta(gradient oracle, alpha[t]).
 *
 * A rule decides at which point it wants the gradient and how many of them, and names the
 * parameters to evaluate; so look-ahead, variance reduction and averaging fit beside plain SGD. */
#ifndef BATCHLAB_RULE_H
#define BATCHLAB_RULE_H

#include <stddef.h>

/* Computes the gradient[P] of the current batch at theta[P]. 0, or -1 with the error set. */
typedef int gradient_oracle(void *context, const float *theta, float *gradient);

struct rule_parameters {
    double momentum;     /* rho, [0, 1) */
    double beta1, beta2; /* decay of the first and second moment, [0, 1) */
    double epsilon;      /* > 0 */
};

struct rule_state {
    size_t parameter_count; /* P */
    struct rule_parameters parameters;
    long step;       /* t: updates begun, 1 during the first */
    float *gradient; /* [P], the last gradient the oracle gave */
    float *memory;   /* [vectors][P], zero at the start */
};

struct rule {
    const char *name;
    const char *summary;
    int vectors;       /* how many vectors of length P it keeps */
    int uses_momentum; /* which of the parameters below have a meaning */
    int uses_moments;  /* beta1, beta2, epsilon */
    int is_plain_sgd;  /* an engine's fused sgd_step may replace it */
    int (*step)(struct rule_state *, float *theta, double rate, gradient_oracle *, void *context);
    /* The parameters to evaluate; NULL: theta itself. */
    const float *(*evaluated)(const struct rule_state *, const float *theta);
};

/* All rules, ended by a name of NULL. */
const struct rule *rule_table(void);
const struct rule *rule_find(const char *name); /* NULL if there is none */

int rule_open(struct rule_state *, const struct rule *, size_t parameter_count,
              const struct rule_parameters *);
void rule_close(struct rule_state *); /* accepts NULL and a zeroed struct */

/* One update of theta[P] in place; between the steps of one state theta is nobody else's to change.
 * 0, or -1 with the oracle's error; theta is then as before. */
int rule_step(const struct rule *, struct rule_state *, float *theta, double rate,
              gradient_oracle *, void *context);

#endif
