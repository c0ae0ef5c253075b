/* Update rules: theta[t] = theta[t-1] + delta(gradient oracle, alpha[t]).
 *
 * A rule decides at which point it wants gradients, which and how many, and names the parameters to
 * evaluate; so look-ahead, variance reduction, averaging and implicit steps fit beside plain SGD.
 * theta, gradients and everything a rule remembers are floats, or doubles with PRECISION_DOUBLE. */
#ifndef BATCHLAB_RULE_H
#define BATCHLAB_RULE_H

#include "engine.h"

#include <stddef.h>

struct checkpoint;

/* Where gradients come from. Each function returns 0, or -1 with the error set. A rule calls what
 * it names in `needs`, and `batch`; the others may be NULL. */
struct gradient_oracle {
    void *context;
    int batch_size; /* of the current batch */
    /* gradient[P] of the current batch's mean loss at theta[P] */
    int (*batch)(void *context, const void *theta, void *gradient);
    /* of the mean loss over all training examples */
    int (*all)(void *context, const void *theta, void *gradient);
    /* Of each distinct example of the current batch in turn, at theta: writes its own gradient[P]
     * and calls take(taker, example, share); example: 0 .. example_count - 1; share: how much of
     * the batch it is. */
    int (*each)(void *context, const void *theta, void *gradient,
                void (*take)(void *taker, size_t example, double share), void *taker);
    /* theta[P] becomes the minimiser of rate * (batch's mean loss) + 1/2 |. - theta|^2. */
    int (*proximal)(void *context, void *theta, double rate);
};

enum epsilon_place { EPSILON_DEFAULT, EPSILON_INSIDE, EPSILON_OUTSIDE }; /* of the root */

/* DEFAULT_PARAMETER where the rule's own default is meant: rule_complete puts it in. */
#define DEFAULT_PARAMETER (-1)

struct rule_parameters {
    double momentum;     /* rho, [0, 1) */
    double beta1, beta2; /* decay of the first and second moment, [0, 1) */
    double epsilon;      /* > 0 */
    enum epsilon_place epsilon_place;
    double l2;           /* lambda of 1/2 lambda |theta|^2 in the objective: the gradient has
                            lambda theta added; 0: none */
    double weight_decay; /* decoupled: theta shrinks by alpha * weight_decay of itself in each
                            update, whatever the gradient (Loshchilov, Hutter 2019); 0: none */
    double clip_value;   /* components of the batch's gradient are cut to +- this; 0: not */
    double clip_norm;    /* a batch's gradient longer than this is shortened to it; 0: not */
    long snapshot;       /* svrg: updates from one full gradient to the next, >= 1 */
    long average_from;   /* asgd: updates before averaging starts, >= 0 */
};

/* Which parameters have a meaning, beyond l2, weight_decay and clipping. */
enum rule_uses {
    USES_MOMENTUM = 1,
    USES_BETA1 = 2,
    USES_BETA2 = 4,
    USES_EPSILON = 8,
    USES_SNAPSHOT = 16,
    USES_AVERAGE = 32,
    USES_NO_EXTRAS = 64, /* neither l2, weight_decay nor clipping either */
};

/* What the oracle must have, beyond the batch's gradient. */
enum rule_needs { NEEDS_ALL = 1, NEEDS_EACH = 2, NEEDS_PROXIMAL = 4 };

struct rule_state {
    size_t parameter_count; /* P */
    size_t example_count;   /* N of the oracle */
    enum precision precision;
    struct rule_parameters parameters;
    long step;      /* t: updates begun, 1 during the first */
    void *gradient; /* [P], the last gradient the pass was given */
    void *memory;   /* [vectors][P], zero at the start */
    void *table;    /* [N][P] for those that remember each example's gradient, else NULL */
    double product; /* nadam: of its momenta so far */
    double extra;   /* examples' gradients asked for in the last update beyond the batch's one */
};

/* One pass over theta and what the rule remembers. */
struct rule_pass {
    struct rule_state *state;
    void *theta;
    double rate;
};

struct rule {
    const char *name;
    const char *summary; /* the formula, and where it is from */
    int vectors;         /* how many vectors of length P it keeps */
    int keeps_table;     /* and one of each example */
    unsigned uses, needs;
    struct rule_parameters defaults; /* of what may be DEFAULT_PARAMETER */
    int is_plain_sgd;                /* an engine's fused sgd_step may replace it */
    int ahead;     /* 1 + the vector at which it wants the gradient; 0: at theta */
    int evaluated; /* 1 + the vector to evaluate; 0: theta */
    /* The direction that takes the place of the batch's gradient; NULL: that gradient. */
    int (*direct)(struct rule_state *, const void *theta, const struct gradient_oracle *);
    size_t pass; /* of struct rule_vectors, by its offset; 0: a proximal step instead */
};

/* All rules, ended by a name of NULL. */
const struct rule *rule_table(void);
const struct rule *rule_find(const char *name); /* NULL if there is none */

/* Replaces DEFAULT_PARAMETER and EPSILON_DEFAULT, and sets what the rule does not use to 0. */
void rule_complete(const struct rule *, struct rule_parameters *);

/* 1: no l2, decay or clipping. */
int rule_is_bare(const struct rule_parameters *);

/* parameters: complete. example_count: N, for rules that keep a table. */
int rule_open(struct rule_state *, const struct rule *, size_t parameter_count,
              size_t example_count, enum precision, const struct rule_parameters *);
void rule_close(struct rule_state *); /* accepts NULL and a zeroed struct */

/* All that changes in it, between two steps. */
void rule_checkpoint(const struct rule *, struct rule_state *, struct checkpoint *);

/* One update of theta[P] in place; between the steps of one state theta is nobody else's to change.
 * 0, or -1 with the oracle's error; theta is then as before. */
int rule_step(const struct rule *, struct rule_state *, void *theta, double rate,
              const struct gradient_oracle *);

/* The parameters to evaluate after a step. */
const void *rule_evaluated(const struct rule *, const struct rule_state *, const void *theta);

/* Euclidean norm of count elements, added up in double. */
double rule_norm(const void *vector, size_t count, enum precision);

#endif
