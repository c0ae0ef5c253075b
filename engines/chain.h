/* Value, gradient and update step of a network, layer after layer, for engines that bring their own
 * layers.
 *
 * The examples of a batch are shared out among threads, and each thread takes its share through the
 * network in chunks, calling the layers as a single thread; gradients are then added in the order
 * of the threads. So a library of matrix products is never asked to use threads itself: two threads
 * at one large product each, and one meeting at the end, do better than two at every product. */
#ifndef BATCHLAB_CHAIN_H
#define BATCHLAB_CHAIN_H

#include "engine.h"

struct chain_layer {
    struct layer shape;
    int inputs, outputs;    /* values of one example */
    size_t weights, biases; /* where they start in theta and in the gradient */
};

/* Who calls a layer: several threads do at once, each as another worker. */
struct chain_call {
    void *context; /* the engine's, from chain_open() */
    int worker;    /* 0 .. thread_count - 1 */
    int gathered;  /* the first layer's x was put together just now; 0: it is the batch's */
    int preceding, following; /* rows of the same share, before and after those at hand */
    struct message message;   /* for the reason of a failure */
};

/* What an engine brings. x are a layer's inputs and a its outputs, each [rows][values] without
 * gaps, in the contract's order, unless `values` is there; delta is dloss/dz of a, and like a.
 * theta and gradient are the whole arrays: the layer says where its part starts. 0, or -1 with a
 * message. */
struct chain_layers {
    /* a = activation(z of x) */
    int (*forward)(struct chain_call *, const struct chain_layer *, int rows, const float *x,
                   const float *theta, float *a);
    /* The layer's weights and biases: dloss/dW and dloss/db, added to what is there if accumulate.
     * Not called for a layer without any. */
    int (*weight_gradient)(struct chain_call *, const struct chain_layer *, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient);
    /* dx = dloss/dz of the layer before, whose outputs are x and whose activation is `before` */
    int (*input_gradient)(struct chain_call *, const struct chain_layer *, int rows,
                          const float *delta, const float *theta, enum activation before,
                          const float *x, float *dx);
    /* A single example's step: dx as by input_gradient, unless it is NULL, and then the gradient is
     * added to theta as by weight_gradient; so one pass may do for both. May be NULL. */
    int (*descend)(struct chain_call *, const struct chain_layer *, const float *delta,
                   float *theta, enum activation before, const float *x, float *dx);
    /* Called by one thread before the others are called with a number of rows. May be NULL. */
    int (*prepare)(struct chain_call *, int rows);
    /* How many floats hold the outputs of a layer that is not the last, for so many rows: the
     * engine may have a layout of its own between its layers, in which x, a, dx and delta are whole
     * arrays of that many. Prepared rows only. NULL: rows * outputs. */
    size_t (*values)(struct chain_call *, const struct chain_layer *, int rows);
    int rows; /* in a chunk at the most, if the engine may choose; 0: as many as are good for
                 libraries of matrix products */
};

struct chain {
    int layer_count;
    struct chain_layer *layers;
    enum head head;
    size_t parameters;
    int thread_count;             /* the most a batch of this session is shared among */
    int chunk;                    /* the most rows the layers see */
    struct chain_worker *workers; /* [thread_count] */
    const struct chain_layers *own;
    void (*ready)(void *context, size_t first, size_t count); /* NULL: nobody hears */
    void *ready_context;
};

/* Takes all memory. Calls prepare() for whole chunks before it asks `values`, and nothing else. The
 * network must have passed check_network(). On failure nothing is held. */
int chain_open(struct chain *, const struct network *, const struct engine_options *,
               const struct chain_layers *, void *context, struct message *);
void chain_close(struct chain *); /* accepts a zeroed struct */

/* Calls prepare() for every number of rows a batch of this size is cut into. */
int chain_prepare(struct chain *, int batch_size, struct message *);

/* Score of the batch and, unless gradient is NULL, its gradient[P]. score may be NULL. */
int chain_score(struct chain *, const float *theta, const struct batch *, float *gradient,
                struct score *, struct message *);

/* The contract's on_ready, of chain_score: layer after layer, from the last, in the last chunk of a
 * single thread; all at the end of several threads. */
void chain_on_ready(struct chain *, void (*ready)(void *context, size_t first, size_t count),
                    void *context);

/* theta -= rate * gradient. A batch that is a single thread's and a single chunk is never summed up
 * in an array of its own: each layer adds -rate times its part to theta, once nobody else needs the
 * layer's weights. score may be NULL. */
int chain_step(struct chain *, float *theta, const struct batch *, float rate, struct score *,
               struct message *);

#endif
