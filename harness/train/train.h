/* The training loop: for t = 1, 2, ...: draw K examples, g[t] = gradient of their mean loss at
 * theta[t-1], theta[t] = theta[t-1] + rule(g[t], alpha).
 *
 * The clock runs over drawing, gathering, gradient and update. Evaluations stop it. */
#ifndef BATCHLAB_TRAIN_H
#define BATCHLAB_TRAIN_H

#include "data/shifted.h"
#include "plan/plan.h"
#include "registry.h"

/* No recorded quantity can be negative infinity: it stands for "does not apply", an empty field. */
#define NOT_APPLICABLE (-__builtin_inf())

enum outcome {
    OUTCOME_REACHED,
    OUTCOME_BUDGET,
    /* Loss not finite, or far above the initial at two evaluations running: above 4 times it; of an
     * objective, which may begin at or below 0, above it by 3 |initial| and by 3. */
    OUTCOME_DIVERGED,
    OUTCOME_DEAD, /* classification: at chance level at two evaluations running, after an epoch and
                     100 updates */
    OUTCOME_UNSUPPORTED,
    OUTCOME_FAILED, /* an error of the engine or the machine */
    OUTCOME_CRASHED,
    OUTCOME_TIMEOUT,
    OUTCOME_OUT_OF_MEMORY,
};

const char *outcome_name(enum outcome);
int outcome_is_final(enum outcome); /* 0: a later run tries the cell again */

struct evaluated {
    double loss, error; /* error: a fraction; NOT_APPLICABLE for regression and empty splits */
};

/* One row of curves.csv. */
struct curve_point {
    double epoch, flops, train_seconds;
    long update;
    double examples;
    double rate;    /* of the next update */
    double penalty; /* 1/2 l2 |theta|^2; NOT_APPLICABLE without l2 */
    struct evaluated train, validation;
    struct evaluated test; /* NOT_APPLICABLE where it is kept for the end */
    double gradient_norm;  /* of the last batch; NOT_APPLICABLE at update 0, and where a step in one
                              piece was the last one because the loss or the clock ended the run */
    /* Of the batches since the last evaluation, each before its update: their mean loss, and its
     * standard deviation from batch to batch without the trend, the root of half the mean square of
     * successive differences (von Neumann et al. 1941). NOT_APPLICABLE where there are fewer than
     * one, or two, of them. */
    double batch_loss, batch_loss_deviation;
    double theta[2]; /* of an objective, the first coordinates; else NOT_APPLICABLE */
};

/* One row of classes.csv: of the test split, with the last theta. */
struct class_error {
    size_t train_examples, test_examples;
    double error; /* 1 - recall; NOT_APPLICABLE without test examples */
};

/* What it took to reach a target, interpolated; NOT_APPLICABLE where it was not reached. */
struct target_cost {
    double updates, examples, epochs, flops, seconds;
    double resolution; /* by what share of itself the cost depends on the way of interpolating */
};

/* Updates of ranks that wait for nobody, by how many others came between reading the parameters and
 * adding to them; the last also counts all beyond. */
enum { STALENESS_MAX = 64 };

/* Where a process took up the work of an earlier one: after so much. */
struct resumption {
    long updates;
    double examples, train_seconds, evaluation_seconds;
    double seconds; /* of wall time */
};

struct training_result {
    enum outcome outcome;
    char reason[256];
    long updates;
    double examples, train_seconds;
    double evaluation_seconds; /* the test split's and the observer's included */
    double
        setup_seconds; /* initial weights, state of the rule, sampler, an untimed first gradient */
    double first_step; /* clock_now() when the first update began; 0: none did */
    double earlier_seconds; /* wall time of earlier processes, up to the checkpoint that this one
                               went on from */
    struct resumption *resumptions; /* [resumption_count], owned */
    int resumption_count;
    struct curve_point *curve; /* [curve_count], owned */
    int curve_count;
    long staleness[STALENESS_MAX + 1]; /* of transport mpi_async */
    struct evaluated test;
    double shifted_errors[SHIFT_COUNT]; /* NOT_APPLICABLE where nobody asks for them */
    struct class_error *class_errors;   /* [class_count], owned; 0 of them: nobody asks */
    int class_count;
    double balanced_error; /* mean of class_errors over the classes with test examples */
    double skewed_error;   /* the same, each class counting as among the training examples */
    double best_validation_error;
    struct target_cost costs[EXPERIMENT_TARGETS_MAX];
};

/* Where a run leaves what it has come to, now and then, and goes on from. Off the training clock.
 */
struct checkpointing {
    const char *path; /* NULL: neither */
    const char *key;  /* as checkpoint_open wants it: of all that decides the result */
    double seconds;   /* of wall time from one to the next; more where writing takes more than a
                         twentieth of them */
    long updates;     /* > 0: updates from one to the next instead */
    double started;   /* clock_now() when the cell did, in this process */
};

struct checkpoint;

/* Evaluations go in batches of up to this many examples. */
enum { EVALUATION_BATCH = 1000 };

/* A loaded engine with an open session, and what it works on. Borrowed by the loops. */
struct workbench {
    const struct engine *engine;
    void *session;              /* opened for batches of up to max_batch */
    void *const *more_sessions; /* [workers - 1], without a team */
    struct team *team;          /* whose ranks are the workers; NULL: this process has them all */
    int max_batch;
    const struct experiment *experiment;
    const struct cell *cell;
    const struct model *model;
    struct examples train; /* as the cell's axes make them */
    struct examples validation, test;
    const struct shifted_tests *shifted; /* NULL: none */
    int classes;                         /* 0: regression */
    /* Looks at the run at the evaluations that the experiment's probes name, off the clock. theta
     * [P], floats or doubles as the cell's precision says, are the parameters evaluated. 0, or -1
     * with the error set: the cell has failed. NULL: nobody looks. */
    int (*observe)(void *observer, const struct curve_point *, const void *theta);
    void *observer;
    /* What the observer remembers, into a checkpoint or out of it. NULL: a run that is observed
     * makes none. */
    void (*keep)(void *observer, struct checkpoint *);
    struct checkpointing checkpoint;
};

/* Trains one cell from its initial weights, or from its checkpoint: the result is the same but for
 * what is measured in seconds. A checkpoint that cannot be used is told on stderr, removed, and the
 * cell begins anew; one that is used stays. 0: the result says how it ended, divergence and engine
 * errors included; -1: out of memory (error set). Free with training_free in either case. */
int train(const struct workbench *, struct training_result *);
void training_free(struct training_result *);

/* The examples after which the i-th evaluation is due, i = 0, 1, 2, ...: 0, then `first` times
 * 10^((i - 1) / per_decade); or i * `every`. The same for every batch size. */
double train_evaluation_due(const struct evaluation *, int i);

/* Costs of reaching the target along the curve: where the metric first falls to the value, by
 * linear interpolation between the two evaluations around it, in its logarithm where the target is
 * above 0. */
struct target_cost train_target_cost(const struct curve_point *curve, int count,
                                     const struct target_spec *);

#endif
