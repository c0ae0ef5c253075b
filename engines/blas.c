/* Matrix products by a BLAS library. Variants: `openblas` (the default), `blis`, or the path of any
 * library that has CBLAS functions; each is loaded on its own, so several can be in use at once. */
#include "blas_library.h"
#include "chain.h"
#include "check.h"
#include "elementwise.h"
#include "engine.h"
#include "message.h"
#include "window.h"

#include <stdlib.h>

struct session {
    struct chain chain;
    const struct blas_library *library;
    float *
        *columns; /* [workers], each for one image of the largest convolution; NULL without any */
};

/* ---- Dense layers -----------------------------------------------------------------------------
 */

/* a[rows][outputs] = f(x[rows][inputs] W^T + b) */
static void dense_forward(const struct session *session, const struct chain_layer *layer, int rows,
                          const float *x, const float *theta, float *a)
{
    const int m = rows, n = layer->outputs, k = layer->inputs;

    session->library->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_TRANSPOSE, m, n, k, 1, x, k,
                            theta + layer->weights, k, 0, a, n);
    add_biases_and_activate(a, theta + layer->biases, rows, layer->outputs,
                            layer->shape.activation);
}

/* dW[outputs][inputs] (+)= delta[rows][outputs]^T x[rows][inputs] */
static void dense_weight_gradient(const struct session *session, const struct chain_layer *layer,
                                  int rows, const float *delta, const float *x, int accumulate,
                                  float *gradient)
{
    const int m = layer->outputs, n = layer->inputs, k = rows;

    session->library->sgemm(BLAS_ROW_MAJOR, BLAS_TRANSPOSE, BLAS_NO_TRANSPOSE, m, n, k, 1, delta, m,
                            x, n, accumulate ? 1 : 0, gradient + layer->weights, n);
    sum_columns(gradient + layer->biases, delta, rows, layer->outputs, accumulate);
}

/* dx[rows][inputs] = delta[rows][outputs] W[outputs][inputs] */
static void dense_input_gradient(const struct session *session, const struct chain_layer *layer,
                                 int rows, const float *delta, const float *theta, float *dx)
{
    const int m = rows, n = layer->inputs, k = layer->outputs;

    session->library->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_NO_TRANSPOSE, m, n, k, 1, delta,
                            k, theta + layer->weights, n, 0, dx, n);
}

/* ---- Convolutions: one image after the other, laid out as columns ------------------------------
 */

static int places_of(const struct chain_layer *layer)
{
    return layer->shape.output.height * layer->shape.output.width;
}

/* columns[row of weights][places] of one image */
static const float *columns_of(const struct session *session, int worker,
                               const struct chain_layer *layer, const float *x)
{
    if (columns_are_image(&layer->shape))
        return x;
    image_to_columns(&layer->shape, x, session->columns[worker]);
    return session->columns[worker];
}

/* a[channels][places] = f(W columns + b) */
static void convolution_forward(const struct session *session, int worker,
                                const struct chain_layer *layer, const float *x, const float *theta,
                                float *a)
{
    const int m = layer->shape.output.channels, n = places_of(layer),
              k = (int)layer_row(&layer->shape);

    session->library->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_NO_TRANSPOSE, m, n, k, 1,
                            theta + layer->weights, k, columns_of(session, worker, layer, x), n, 0,
                            a, n);
    for (int o = 0; o < m; o++, a += n)
        add_bias_and_activate(a, theta[layer->biases + (size_t)o], n, layer->shape.activation);
}

/* dW[channels][row] (+)= delta[channels][places] columns^T */
static void convolution_weight_gradient(const struct session *session, int worker,
                                        const struct chain_layer *layer, const float *delta,
                                        const float *x, int accumulate, float *gradient)
{
    const int m = layer->shape.output.channels, n = (int)layer_row(&layer->shape),
              k = places_of(layer);

    session->library->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANSPOSE, BLAS_TRANSPOSE, m, n, k, 1, delta, k,
                            columns_of(session, worker, layer, x), k, accumulate ? 1 : 0,
                            gradient + layer->weights, n);
    sum_rows(gradient + layer->biases, delta, m, k, accumulate);
}

/* dx: the image of W^T[row][channels] delta[channels][places] */
static void convolution_input_gradient(const struct session *session, int worker,
                                       const struct chain_layer *layer, const float *delta,
                                       const float *theta, float *dx)
{
    const int m = (int)layer_row(&layer->shape), n = places_of(layer),
              k = layer->shape.output.channels;
    float *columns = columns_are_image(&layer->shape) ? dx : session->columns[worker];

    session->library->sgemm(BLAS_ROW_MAJOR, BLAS_TRANSPOSE, BLAS_NO_TRANSPOSE, m, n, k, 1,
                            theta + layer->weights, m, delta, n, 0, columns, n);
    if (columns != dx)
        columns_to_image(&layer->shape, columns, dx);
}

/* ---- Any layer --------------------------------------------------------------------------------
 */

static int forward(struct chain_call *call, const struct chain_layer *layer, int rows,
                   const float *x, const float *theta, float *a)
{
    const struct session *session = call->context;

    if (layer->shape.kind == LAYER_DENSE)
        dense_forward(session, layer, rows, x, theta, a);
    for (int r = 0; layer->shape.kind != LAYER_DENSE && r < rows; r++) {
        if (layer->shape.kind == LAYER_CONVOLUTION)
            convolution_forward(session, call->worker, layer, x, theta, a);
        else
            pool_largest(&layer->shape, x, a);
        x += layer->inputs;
        a += layer->outputs;
    }
    return 0;
}

static int weight_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient)
{
    const struct session *session = call->context;

    if (layer->shape.kind == LAYER_DENSE)
        dense_weight_gradient(session, layer, rows, delta, x, accumulate, gradient);
    for (int r = 0; layer->shape.kind == LAYER_CONVOLUTION && r < rows; r++) {
        convolution_weight_gradient(session, call->worker, layer, delta, x, accumulate || r > 0,
                                    gradient);
        delta += layer->outputs;
        x += layer->inputs;
    }
    return 0;
}

static int input_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                          const float *delta, const float *theta, enum activation before,
                          const float *x, float *dx)
{
    const struct session *session = call->context;
    size_t inputs = (size_t)layer->inputs;

    if (layer->shape.kind == LAYER_DENSE)
        dense_input_gradient(session, layer, rows, delta, theta, dx);
    for (size_t r = 0; layer->shape.kind != LAYER_DENSE && r < (size_t)rows; r++) {
        if (layer->shape.kind == LAYER_CONVOLUTION)
            convolution_input_gradient(session, call->worker, layer, delta, theta, dx + r * inputs);
        else
            pool_gradient(&layer->shape, delta, x + r * inputs, dx + r * inputs);
        delta += layer->outputs;
    }
    multiply_by_derivative(dx, x, (size_t)rows * inputs, before);
    return 0;
}

static const struct chain_layers own_layers = {
    .forward = forward,
    .weight_gradient = weight_gradient,
    .input_gradient = input_gradient,
};

/* ---- The contract --------------------------------------------------------------------------- */

static int blas_supports(const struct network *network, const struct engine_options *options,
                         struct message *why)
{
    return check_network(network, options, why) && check_single(options, why) &&
           blas_library(options->variant ? options->variant : "", why);
}

static void blas_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    for (int w = 0; session->columns && w < session->chain.thread_count; w++)
        free(session->columns[w]);
    free(session->columns);
    chain_close(&session->chain);
    free(session);
}

static int take_columns(struct session *session, struct message *message)
{
    size_t most = 0;

    for (int l = 0; l < session->chain.layer_count; l++) {
        const struct chain_layer *layer = &session->chain.layers[l];
        size_t count = layer_row(&layer->shape) * (size_t)places_of(layer);

        if (layer->shape.kind == LAYER_CONVOLUTION && count > most)
            most = count;
    }
    if (most == 0)
        return 0;
    session->columns = calloc((size_t)session->chain.thread_count, sizeof *session->columns);
    for (int w = 0; session->columns && w < session->chain.thread_count; w++) {
        session->columns[w] = malloc(most * sizeof **session->columns);
        if (!session->columns[w])
            return message_set(message, "out of memory for %zu floats of columns", most);
    }
    return session->columns ? 0 : message_set(message, "out of memory");
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
    if (!session->library ||
        chain_open(&session->chain, network, options, &own_layers, session, message) != 0 ||
        take_columns(session, message) != 0)
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

    return chain_score(&session->chain, theta, batch, NULL, score, message);
}

static int blas_gradient(void *opaque, const float *theta, const struct batch *batch,
                         float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_score(&session->chain, theta, batch, gradient, score, message);
}

static void blas_on_ready(void *opaque, void (*ready)(void *context, size_t first, size_t count),
                          void *context)
{
    struct session *session = opaque;

    chain_on_ready(&session->chain, ready, context);
}

static int blas_sgd_step(void *opaque, float *theta, const struct batch *batch, float rate,
                         struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_step(&session->chain, theta, batch, rate, score, message);
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
    .sgd_step = blas_sgd_step,
    .on_ready = blas_on_ready,
    .describe = blas_describe,
};
