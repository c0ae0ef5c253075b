/* One update of one batch: what training and its timing have in common. */
#ifndef BATCHLAB_STEP_H
#define BATCHLAB_STEP_H

#include "train/rule.h"
#include "train/train.h"

/* Parameters, rule and current batch of a run. */
struct stepper {
    const struct workbench *bench;
    const struct rule *rule;
    struct rule_state state;
    struct gradient_oracle oracle;
    struct gradient *gradient;
    struct proximal *proximal; /* NULL unless the rule needs it */
    uint32_t noisy;            /* gradients that noise was added to */
    int32_t *positions;        /* of stored rows among the training examples; NULL unless needed */
    void *theta;               /* [P], floats or doubles as the cell's precision says */
    double rate;               /* of the next update; at first the cell's */
    struct batch batch;        /* the caller sets size, rows and weights, or all of it */
    int is_bare;               /* the rule's step is theta -= rate * gradient and nothing else */
    int wants_gradient; /* the caller: the next update is to leave its gradient in state.gradient,
                           whatever a step in one piece would save */
    int has_gradient;   /* whether the last update did */
    struct score score; /* of the current batch, after an update */
    char reason[256];   /* what the engine said when it failed; "" while it has not */
};

/* A view of these examples without rows: size, rows and weights are for the caller to set. */
struct batch batch_of(const struct examples *);

/* Takes all memory, sets theta to its initial value and computes one gradient of the first K
 * examples, so that what an engine plans or touches at its first call is not timed. */
int stepper_open(struct stepper *, const struct workbench *);
void stepper_close(struct stepper *); /* accepts a zeroed struct */

/* theta after the current batch: by the engine's own step where it has one, the rule is plain SGD
 * and nobody wants the gradient, else by the rule. 0, or -1 with `reason` and the error set. */
int stepper_update(struct stepper *);

/* Its state between two updates. */
void stepper_checkpoint(struct stepper *, struct checkpoint *);

/* 1: updates are the engine's sgd_step. */
int step_is_bare(const struct workbench *);

/* The rule's parameters as the cell has them, epochs turned into updates. */
struct rule_parameters step_parameters(const struct workbench *);

/* Sets `reason` and the error from an engine's message. Always -1. */
int stepper_failed(struct stepper *, const struct message *);

#endif
