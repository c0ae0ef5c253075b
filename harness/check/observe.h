/* An engine under observation: every call is followed by a look at what it must leave alone. */
#ifndef BATCHLAB_OBSERVE_H
#define BATCHLAB_OBSERVE_H

#include "check/compare.h"
#include "check/problem.h"
#include "registry.h"

/* What a call may have done that the contract forbids. */
enum misdeed {
    MISDEED_THETA_WRITTEN,
    MISDEED_BATCH_WRITTEN,
    MISDEED_OUTSIDE_WRITTEN, /* beside the array for the results */
    MISDEED_FLOATING_POINT,  /* rounding mode, flush-to-zero, denormals-are-zero, traps */
    MISDEED_COUNT,
};

struct floating_point {
    int rounding;
    unsigned control; /* of MXCSR; 0 where there is none */
};

struct observer {
    struct loaded_engine loaded;
    int threads;
    struct floating_point floating_point; /* as it was before the engine was loaded */
    struct {
        int calls;       /* that did it */
        char first[200]; /* where it was first seen */
    } misdeeds[MISDEED_COUNT];
};

/* Loads the engine and begins to observe it. 0, or -1 with the message of the registry. */
int observer_load(struct observer *, const char *specification, int threads, struct message *);

/* Notes what has changed since the last look, and puts it back. problem may be NULL. */
void observer_look(struct observer *, const struct problem *, const char *call);

/* An array for results of element_bytes * count bytes between guard words. */
struct guarded {
    unsigned char *memory;
    size_t bytes;
    void *values;
};

/* 0; -1 with the error set. misaligned: values begin one element past a 64-byte boundary. */
int guarded_open(struct guarded *, size_t count, size_t element_bytes, int misaligned);
void guarded_close(struct guarded *); /* accepts a zeroed struct */
void guarded_look(const struct guarded *, struct observer *, const char *call);

/* One session on one problem. */
struct trial {
    struct observer *observer;
    const struct problem *problem;
    void *session;
    struct guarded gradient; /* float [P] */
    struct score score;      /* of the last call */
    double *gradient64;      /* [P], the last gradient in double precision */
};

enum trial_outcome {
    TRIAL_OPEN = 0,
    TRIAL_UNSUPPORTED = 1, /* finding->note says why */
    TRIAL_FAILED = -1,     /* in the finding */
};

struct trial_options {
    int max_batch; /* 0: the problem's batch size */
    int chunk;
    enum precision precision; /* 0: single */
};

/* supports(), then open(). On anything but TRIAL_OPEN the trial is closed already. */
enum trial_outcome trial_open(struct trial *, struct observer *, const struct problem *,
                              const struct trial_options *, struct finding *);
void trial_close(struct trial *); /* accepts a zeroed struct */

/* One call each, at the problem's theta; the gradient is filled with not-a-number before.
 * 0, or -1 with the failure in the finding. batch NULL: the problem's. */
int trial_loss(struct trial *, const struct batch *batch, struct finding *);
int trial_gradient(struct trial *, const struct batch *batch, struct finding *);

/* The same with the gradient filled with `fill` before, and with or without a score. */
int trial_gradient_filled(struct trial *, const struct batch *batch, float fill, int with_score,
                          struct finding *);

#endif
