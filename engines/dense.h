/* Value and gradient of a network of dense layers, for engines that bring their own matrix
 * products.
 *
 * The examples of a batch are shared out among threads, and each thread takes its share through the
 * network in chunks, calling the products as a single thread; gradients are then added in the order
 * of the threads. So a library of matrix products is never asked to use threads itself: two threads
 * at one large product each, and one meeting at the end, do better than two at every product. */
#ifndef BATCHLAB_DENSE_H
#define BATCHLAB_DENSE_H

#include "engine.h"

struct dense_layer {
    int inputs, outputs;
    enum activation activation;
    size_t weights, biases; /* where they start in theta and in the gradient */
};

/* Who calls a product: several threads do at once, each as another worker. */
struct dense_call {
    void *context;          /* the engine's, from dense_open() */
    int worker;             /* 0 .. thread_count - 1 */
    struct message message; /* for the reason of a failure */
};

/* The products of one layer. W is [outputs][inputs]; all matrices are row-major without gaps. theta
 * and gradient are the whole arrays: the layer says where its part starts. 0, or -1 with a message.
 */
struct dense_products {
    /* a[rows][outputs] = activation(x[rows][inputs] W^T + biases) */
    int (*forward)(struct dense_call *, const struct dense_layer *, int rows, const float *x,
                   const float *theta, float *a);
    /* dW = delta[rows][outputs]^T x[rows][inputs]; added to what is there if accumulate */
    int (*weight_gradient)(struct dense_call *, const struct dense_layer *, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient);
    /* dx[rows][inputs] = delta[rows][outputs] W */
    int (*input_gradient)(struct dense_call *, const struct dense_layer *, int rows,
                          const float *delta, const float *theta, float *dx);
    /* Called by one thread before the others are called with a number of rows. May be NULL. */
    int (*prepare)(struct dense_call *, int rows);
};

struct dense {
    int layer_count;
    struct dense_layer *layers;
    enum head head;
    size_t parameters;
    int thread_count;             /* the most a batch of this session is shared among */
    int chunk;                    /* the most rows the products see */
    struct dense_worker *workers; /* [thread_count] */
    const struct dense_products *products;
};

/* Takes all memory. Does not call the products. The network must have passed check_network(). On
 * failure nothing is held. */
int dense_open(struct dense *, const struct network *, const struct engine_options *,
               const struct dense_products *, void *context, struct message *);
void dense_close(struct dense *); /* accepts a zeroed struct */

/* Calls the products' prepare() for every number of rows a batch of this size is cut into. */
int dense_prepare(struct dense *, int batch_size, struct message *);

/* Score of the batch and, unless gradient is NULL, its gradient[P]. score may be NULL. */
int dense_score(struct dense *, const float *theta, const struct batch *, float *gradient,
                struct score *, struct message *);

#endif
