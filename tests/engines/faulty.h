/* Engines with one fault each, to prove that the conformance suite finds it; and, with NONE, the
 * same engine without a fault. What they share is compiled once (faulty.c), and for each fault the
 * table that names it (faulty_engine.c). */
#ifndef BATCHLAB_TESTS_FAULTY_H
#define BATCHLAB_TESTS_FAULTY_H

#include "engine.h"

enum fault {
    NONE,
    /* the gradient */
    BIAS_OFF, /* one bias gradient is 1 % too large */
    SUM_NOT_MEAN,
    ZERO_GRADIENT,
    NAN_GRADIENT,
    STALE_GRADIENT, /* adds to what was there */
    BATCH_TAIL,     /* drops the last example of an odd batch */
    MAX_BATCH_MEAN, /* divides by max_batch */
    CHUNK_TAIL,     /* drops the last, incomplete chunk */
    TRANSPOSED,     /* the first layer's weight gradient is [inputs][outputs] */
    RELU_AT_ZERO,   /* derivative 1 at 0 */
    OVERFLOWING,    /* softmax without offset */
    IGNORES_ROWS,
    IGNORES_WEIGHTS,
    NORMALISES_WEIGHTS, /* divides by their sum */
    IGNORES_OFFSET,
    /* the score */
    LOSS_OFF, /* 1 % */
    WRONG_ERROR_COUNT,
    LAST_OF_EQUALS,
    NAN_IS_NO_ERROR,
    NEEDS_SCORE, /* crashes where it is NULL */
    /* what must be left alone */
    WRITES_PAST_END,
    WRITES_BEFORE_START,
    WRITES_THETA,
    WRITES_FEATURES,
    LEAVES_FTZ,
    PRINTS,
    /* sessions */
    NOT_REPEATABLE, /* the last bit changes from call to call */
    SHARES_STATE,   /* all sessions use the network of the newest */
    LEAKS,
    CRASHES,
    CRASHES_ON_CLOSE_NULL,
    HANGS,
    EXITS,
    FAILS_LATE, /* supports() said yes, gradient() says no */
    SUPPORTS_NOTHING,
    REFUSES_TO_OPEN,  /* though supports() said yes */
    SINGLE_LAYER,     /* no fault: supports one layer only */
    WITHOUT_OPTIONAL, /* no fault: fills no optional slot */
    SEES_BLAS,        /* no fault: open() refuses if it sees a BLAS or GSL of the program */
    /* optional slots */
    SGD_STEP_OFF, /* the rate is 1 % too large */
    NORMS_WEIGHTED,
    GRADIENT64_IN_SINGLE,
    ANNOUNCES_EARLY,
    ANNOUNCES_TWICE,
    DESCRIBES_NOTHING,
    /* the descriptor */
    WRONG_ABI,
    MISSING_SLOT,
    SHOUTING_NAME,
};

/* The fault of this engine. */
extern const enum fault fault;

/* The slots of the contract. */
int faulty_supports(const struct network *network, const struct engine_options *options,
                    struct message *why);
void faulty_close(void *opaque);
int faulty_open(void **opaque, const struct network *network, const struct engine_options *options,
                struct message *message);
int faulty_loss(void *opaque, const float *theta, const struct batch *batch, struct score *score,
                struct message *message);
int faulty_gradient(void *opaque, const float *theta, const struct batch *batch, float *gradient,
                    struct score *score, struct message *message);
int faulty_sgd_step(void *opaque, float *theta, const struct batch *batch, float rate,
                    struct score *score, struct message *message);
int faulty_gradient_norms(void *opaque, const float *theta, const struct batch *batch,
                          double *squared_norms, struct message *message);
int faulty_loss64(void *opaque, const double *theta, const struct batch *batch, struct score *score,
                  struct message *message);
int faulty_gradient64(void *opaque, const double *theta, const struct batch *batch,
                      double *gradient, struct score *score, struct message *message);
void faulty_on_ready(void *opaque, void (*ready)(void *context, size_t first, size_t count),
                     void *context);
int faulty_describe(void *opaque, struct message *text);

#endif
