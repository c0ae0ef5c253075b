/* Matrix products by a BLAS library. Variants: `openblas` (the default), `blis`, or the path of any
 * library that has CBLAS functions; each is loaded on its own, so several can be in use at once. */
#include "blas_library.h"
#include "check.h"
#include "dense.h"
#include "elementwise.h"
#include "engine.h"
#include "message.h"

#include <stdlib.h>

struct session {
    struct dense dense;
    const struct blas_library *library;
};

/* a[rows][outputs] = f(x[rows][inputs] W^T + b) */
static int forward(struct dense_call *call, const struct dense_layer *layer, int rows,
                   const float *x, const float *theta, float *a)
{
    const struct blas_library *library = call->context;
    const int m = rows, n = layer->outputs, k = layer->inputs;

    library->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_TRANSPOSE, m, n, k, 1, x, k,
                   theta + layer->weights, k, 0, a, n);
    add_biases_and_activate(a, theta + layer->biases, rows, layer->outputs, layer->activation);
    return 0;
}

/* dW[outputs][inputs] (+)= delta[rows][outputs]^T x[rows][inputs] */
static int weight_gradient(struct dense_call *call, const struct dense_layer *layer, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient)
{
    const struct blas_library *library = call->context;
    const int m = layer->outputs, n = layer->inputs, k = rows;

    library->sgemm(BLAS_ROW_MAJOR, BLAS_TRANSPOSE, BLAS_NO_TRANSPOSE, m, n, k, 1, delta, m, x, n,
                   accumulate ? 1 : 0, gradient + layer->weights, n);
    return 0;
}

/* dx[rows][inputs] = delta[rows][outputs] W[outputs][inputs] */
static int input_gradient(struct dense_call *call, const struct dense_layer *layer, int rows,
                          const float *delta, const float *theta, float *dx)
{
    const struct blas_library *library = call->context;
    const int m = rows, n = layer->inputs, k = layer->outputs;

    library->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_NO_TRANSPOSE, m, n, k, 1, delta, k,
                   theta + layer->weights, n, 0, dx, n);
    return 0;
}

static const struct dense_products products = {
    .forward = forward,
    .weight_gradient = weight_gradient,
    .input_gradient = input_gradient,
};

static int blas_supports(const struct network *network, const struct engine_options *options,
                         struct message *why)
{
    return check_network(network, options, why) && check_dense(network, why) &&
           check_single(options, why) &&
           blas_library(options->variant ? options->variant : "", why);
}

static void blas_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    dense_close(&session->dense);
    free(session);
}

static int blas_open(void **opaque, const struct network *network,
                     const struct engine_options *options, struct message *message)
{
    struct session *session = NULL;
    int status = -1;

    *opaque = NULL;
    if (!blas_supports(network, options, message))
        goto done;
    session = calloc(1, sizeof *session);
    if (!session) {
        message_set(message, "out of memory");
        goto done;
    }
    session->library = blas_library(options->variant ? options->variant : "", message);
    if (!session->library || dense_open(&session->dense, network, options, &products,
                                        (void *)session->library, message) != 0)
        goto done;
    *opaque = session;
    status = 0;
done:
    if (status != 0)
        blas_close(session);
    return status;
}

static int blas_loss(void *opaque, const float *theta, const struct batch *batch,
                     struct score *score, struct message *message)
{
    struct session *session = opaque;

    return dense_score(&session->dense, theta, batch, NULL, score, message);
}

static int blas_gradient(void *opaque, const float *theta, const struct batch *batch,
                         float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;

    return dense_score(&session->dense, theta, batch, gradient, score, message);
}

static int blas_describe(void *opaque, struct message *text)
{
    const struct session *session = opaque;
    const struct blas_library *library = session->library;

    message_set(text, "%s, kernels %s%s", library->name, library->kernels, library->note);
    return 0;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "blas",
    .summary = "matrix products by a BLAS library loaded at run time",
    .supports = blas_supports,
    .open = blas_open,
    .loss = blas_loss,
    .gradient = blas_gradient,
    .close = blas_close,
    .describe = blas_describe,
};
