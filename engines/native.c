/* Kernels of our own for what libraries of matrix products leave on the table: layers of few
 * outputs, few examples, single examples, the update in the pass that reads the weights. The widest
 * vectors the processor has are chosen when the engine is loaded. */
#include "chain.h"
#include "check.h"
#include "elementwise.h"
#include "engine.h"
#include "memory.h"
#include "message.h"
#include "native/kernels.h"

#include <stdlib.h>

struct session {
    struct chain chain;
    struct chain_layers layers; /* own_layers with rows of this network */
    const struct native_kernels *kernels;
    struct native_images *images; /* [layer_count], of layers of images */
    float **scratch;              /* [workers] */
    struct single *single;        /* NULL unless all layers are dense */
};

enum {
    /* Rows in a chunk if the first layer has few weights: the next rows come from memory meanwhile,
     * and both have to stay. */
    FEW_WEIGHTS_ROWS = 32,
    /* Rows in a chunk of images: whole groups, which go on alone, and enough for dense layers; more
     * of them where weights do not stay in the second cache. */
    IMAGE_ROWS = 32,
    MANY_WEIGHTS = 1 << 19,
};

/* ---- Several examples ---------------------------------------------------------------------------
 */

/* Only the first layer's x may still be in memory. With few weights the time it takes to come from
 * there is as long as what is computed with it: then one chunk fetches the next. With more, what is
 * fetched too early is lost again. */
static enum native_fetch fetch_forward(const struct session *session, const struct chain_call *call,
                                       const struct chain_layer *layer)
{
    if (layer != session->chain.layers || call->gathered)
        return NATIVE_FETCH_NOTHING;
    if (!native_weights_stay(layer->inputs, layer->outputs) || call->preceding == 0)
        return NATIVE_FETCH_OWN;
    return call->following > 0 ? NATIVE_FETCH_NEXT : NATIVE_FETCH_NOTHING;
}

static enum native_fetch fetch_backward(const struct session *session,
                                        const struct chain_call *call,
                                        const struct chain_layer *layer)
{
    return layer == session->chain.layers && !call->gathered && call->following > 0 &&
                   native_weights_stay(layer->inputs, layer->outputs)
               ? NATIVE_FETCH_NEXT
               : NATIVE_FETCH_NOTHING;
}

static int index_of(const struct session *session, const struct chain_layer *layer)
{
    return (int)(layer - session->chain.layers);
}

static void dense_forward(const struct session *session, const struct chain_call *call,
                          const struct chain_layer *layer, int rows, const float *x,
                          const float *theta, float *a)
{
    if (rows == 1) {
        session->kernels->forward_one(layer->inputs, layer->outputs, x, theta + layer->weights,
                                      theta + layer->biases, a);
        activate(a, (size_t)layer->outputs, layer->shape.activation);
        return;
    }
    session->kernels->forward(rows, layer->inputs, layer->outputs, x,
                              fetch_forward(session, call, layer), theta + layer->weights, a,
                              session->scratch[call->worker]);
    add_biases_and_activate(a, theta + layer->biases, rows, layer->outputs,
                            layer->shape.activation);
}

static int is_dense_layer(const struct chain_layer *layer)
{
    return layer->shape.kind == LAYER_DENSE;
}

/* Between layers of images they stay in groups. */
static int writes_groups(const struct session *session, int l)
{
    const struct chain_layer *layer = &session->chain.layers[l];

    return l + 1 < session->chain.layer_count && !is_dense_layer(layer) &&
           !is_dense_layer(layer + 1);
}

static size_t values(struct chain_call *call, const struct chain_layer *layer, int rows)
{
    const struct session *session = call->context;

    if (writes_groups(session, index_of(session, layer)))
        return native_images_size(layer->shape.output, rows, session->kernels->lanes);
    return (size_t)rows * (size_t)layer->outputs;
}

static int forward(struct chain_call *call, const struct chain_layer *layer, int rows,
                   const float *x, const float *theta, float *a)
{
    const struct session *session = call->context;
    const struct native_images *images = &session->images[index_of(session, layer)];
    float *scratch = session->scratch[call->worker];

    switch (layer->shape.kind) {
    case LAYER_DENSE:
        dense_forward(session, call, layer, rows, x, theta, a);
        break;
    case LAYER_CONVOLUTION:
        session->kernels->convolution_forward(images, rows, x, theta + layer->weights,
                                              theta + layer->biases, a, scratch);
        if (layer->shape.activation != ACTIVATION_RELU)
            activate(a, values(call, layer, rows), layer->shape.activation);
        break;
    case LAYER_MAX_POOLING:
        session->kernels->pool_forward(images, rows, x, a, scratch);
        break;
    case LAYER_POSITION: /* refused by check_network */
        break;
    }
    return 0;
}

static int weight_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient)
{
    const struct session *session = call->context;
    float *scratch = session->scratch[call->worker];
    float *weights = gradient + layer->weights, *biases = gradient + layer->biases;

    if (layer->shape.kind == LAYER_CONVOLUTION) {
        session->kernels->convolution_weight_gradient(&session->images[index_of(session, layer)],
                                                      rows, delta, x, accumulate, weights, biases,
                                                      scratch);
        return 0;
    }
    session->kernels->weight_gradient(rows, layer->inputs, layer->outputs, delta, x,
                                      fetch_backward(session, call, layer), accumulate, weights,
                                      scratch);
    sum_columns(biases, delta, rows, layer->outputs, accumulate);
    return 0;
}

static int input_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                          const float *delta, const float *theta, enum activation before,
                          const float *x, float *dx)
{
    const struct session *session = call->context;
    const struct native_images *images = &session->images[index_of(session, layer)];
    float *scratch = session->scratch[call->worker];

    switch (layer->shape.kind) {
    case LAYER_DENSE:
        session->kernels->input_gradient(rows, layer->inputs, layer->outputs, delta,
                                         theta + layer->weights, dx, scratch);
        break;
    case LAYER_CONVOLUTION:
        session->kernels->convolution_input_gradient(images, rows, delta, theta + layer->weights,
                                                     dx, scratch);
        break;
    case LAYER_MAX_POOLING:
        session->kernels->pool_gradient(images, rows, delta, x, before, dx, scratch);
        return 0;
    case LAYER_POSITION:
        break;
    }
    multiply_by_derivative(dx, x, values(call, layer - 1, rows), before);
    return 0;
}

/* Of dense layers in one pass, which leaves out dead units. */
static int descend(struct chain_call *call, const struct chain_layer *layer, const float *delta,
                   float *theta, enum activation before, const float *x, float *dx)
{
    const struct session *session = call->context;

    if (layer->shape.kind == LAYER_DENSE) {
        session->kernels->descend_one(layer->inputs, layer->outputs, delta, x, -1,
                                      theta + layer->weights, dx,
                                      (int *)session->scratch[call->worker]);
        sum_columns(theta + layer->biases, delta, 1, layer->outputs, 1);
        if (dx)
            multiply_by_derivative(dx, x, (size_t)layer->inputs, before);
        return 0;
    }
    if (dx && input_gradient(call, layer, 1, delta, theta, before, x, dx) != 0)
        return -1;
    return layer->weights < layer->biases ? weight_gradient(call, layer, 1, delta, x, 1, theta) : 0;
}

static const struct chain_layers own_layers = {
    .forward = forward,
    .weight_gradient = weight_gradient,
    .input_gradient = input_gradient,
    .descend = descend,
    .values = values,
};

/* ---- One example: theta moves as the error comes back -------------------------------------------
 */

struct single {
    float *input;
    float **activations; /* [layer_count] */
    float *deltas[2];
    int *live;
};

/* Examples that lie gathered mostly come in the order of memory: the next one is fetched while this
 * one is learnt from. */
static void fetch_example(const float *x, int inputs)
{
    enum { LINE = 16, NEAR = 2 }; /* floats in a cache line; into the second cache */

    for (int i = 0; i < inputs; i += LINE)
        __builtin_prefetch(x + i, 0, NEAR);
}

static void single_step(const struct session *session, float *theta, const struct batch *batch,
                        float rate, struct score *score)
{
    const struct chain *chain = &session->chain;
    const struct native_kernels *kernels = session->kernels;
    struct single *single = session->single;
    const struct chain_layer *last = &chain->layers[chain->layer_count - 1];
    const struct head_piece piece = {batch, 0, 1, last->outputs};
    const float *x = single->input, *a;
    float *delta = single->deltas[0], *before = single->deltas[1];
    struct score sum = {0};

    if (!batch->rows && batch->element == ELEMENT_FLOAT32)
        x = batch->features;
    else
        gather_rows(single->input, batch, 0, 1, chain->layers[0].inputs);
    a = x;
    for (int l = 0; l < chain->layer_count; l++) {
        const struct chain_layer *layer = &chain->layers[l];

        kernels->forward_one(layer->inputs, layer->outputs, a, theta + layer->weights,
                             theta + layer->biases, single->activations[l]);
        a = single->activations[l];
        activate(single->activations[l], (size_t)layer->outputs, layer->shape.activation);
    }
    if (x != single->input)
        fetch_example(x + chain->layers[0].inputs, chain->layers[0].inputs);
    if (chain->head == HEAD_SOFTMAX_CROSS_ENTROPY)
        softmax_cross_entropy(a, &piece, delta, &sum);
    else
        mean_squared_error(a, &piece, delta, &sum);
    multiply_by_derivative(delta, a, (size_t)last->outputs, last->shape.activation);
    for (int l = chain->layer_count - 1; l >= 0; l--) {
        const struct chain_layer *layer = &chain->layers[l];
        const float *input = l > 0 ? single->activations[l - 1] : x;
        float *biases = theta + layer->biases, *swap = delta;

        kernels->descend_one(layer->inputs, layer->outputs, delta, input, rate,
                             theta + layer->weights, l > 0 ? before : NULL, single->live);
        for (int o = 0; o < layer->outputs; o++)
            biases[o] -= rate * delta[o];
        if (l > 0)
            multiply_by_derivative(before, input, (size_t)layer->inputs,
                                   chain->layers[l - 1].shape.activation);
        delta = before;
        before = swap;
    }
    if (score)
        *score = sum;
}

/* ---- The contract -------------------------------------------------------------------------------
 */

static int native_supports(const struct network *network, const struct engine_options *options,
                           struct message *why)
{
    return check_network(network, options, why) && check_single(options, why) &&
           native_kernels(options->variant ? options->variant : "", why);
}

static void close_single(struct session *session)
{
    struct single *single = session->single;

    if (!single)
        return;
    for (int l = 0; single->activations && l < session->chain.layer_count; l++)
        free(single->activations[l]);
    free(single->activations);
    free(single->input);
    free(single->deltas[0]);
    free(single->deltas[1]);
    free(single->live);
    free(single);
}

static void native_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    close_single(session);
    free(session->images);
    for (int w = 0; session->scratch && w < session->chain.thread_count; w++)
        free(session->scratch[w]);
    free(session->scratch);
    chain_close(&session->chain);
    free(session);
}

static int take_single(struct session *session)
{
    const struct chain *chain = &session->chain;
    struct single *single = session->single = calloc(1, sizeof *single);
    size_t widest = 0;

    if (!single)
        return -1;
    single->activations = calloc((size_t)chain->layer_count, sizeof *single->activations);
    single->input = memory_take_floats((size_t)chain->layers[0].inputs);
    if (!single->activations || !single->input)
        return -1;
    for (int l = 0; l < chain->layer_count; l++) {
        size_t outputs = (size_t)chain->layers[l].outputs;

        widest = outputs > widest ? outputs : widest;
        single->activations[l] = memory_take_floats(outputs);
        if (!single->activations[l])
            return -1;
    }
    single->deltas[0] = memory_take_floats(widest);
    single->deltas[1] = memory_take_floats(widest);
    single->live = calloc(widest, sizeof *single->live);
    return single->deltas[0] && single->deltas[1] && single->live ? 0 : -1;
}

static size_t scratch_of(const struct session *session, int l)
{
    const struct chain_layer *layer = &session->chain.layers[l];

    if (is_dense_layer(layer))
        return native_scratch(session->kernels, session->chain.chunk, layer->outputs);
    return native_images_scratch(&session->images[l], session->kernels->lanes);
}

static int take_images(struct session *session)
{
    const struct chain *chain = &session->chain;

    session->images = calloc((size_t)chain->layer_count, sizeof *session->images);
    if (!session->images)
        return -1;
    for (int l = 0; l < chain->layer_count; l++)
        session->images[l] = (struct native_images){
            .layer = chain->layers[l].shape,
            .reads_groups = l > 0 && writes_groups(session, l - 1),
            .writes_groups = writes_groups(session, l),
        };
    return 0;
}

static int take_scratch(struct session *session)
{
    const struct chain *chain = &session->chain;
    size_t most = 0;

    for (int l = 0; l < chain->layer_count; l++)
        most = scratch_of(session, l) > most ? scratch_of(session, l) : most;
    session->scratch = calloc((size_t)chain->thread_count, sizeof *session->scratch);
    if (!session->scratch)
        return -1;
    for (int w = 0; w < chain->thread_count; w++) {
        session->scratch[w] = memory_take_floats(most);
        if (!session->scratch[w])
            return -1;
    }
    return 0;
}

static int is_dense(const struct network *network)
{
    for (int l = 0; l < network->layer_count; l++)
        if (network->layers[l].kind != LAYER_DENSE)
            return 0;
    return 1;
}

/* 0: as chain.h says. */
static int rows_in_chunk(const struct network *network)
{
    if (!is_dense(network))
        return network_parameters(network) > MANY_WEIGHTS ? 4 * IMAGE_ROWS : IMAGE_ROWS;
    return native_weights_stay((int)network_inputs(network),
                               (int)shape_size(network->layers[0].output))
               ? FEW_WEIGHTS_ROWS
               : 0;
}

static int native_open(void **opaque, const struct network *network,
                       const struct engine_options *options, struct message *message)
{
    struct session *session = NULL;
    int status = -1;

    *opaque = NULL;
    if (!native_supports(network, options, message))
        goto done;
    session = calloc(1, sizeof *session);
    if (!session) {
        message_set(message, "out of memory");
        goto done;
    }
    session->kernels = native_kernels(options->variant ? options->variant : "", message);
    session->layers = own_layers;
    session->layers.rows = rows_in_chunk(network);
    if (chain_open(&session->chain, network, options, &session->layers, session, message) != 0)
        goto done;
    if (take_images(session) != 0 || take_scratch(session) != 0 ||
        (is_dense(network) && take_single(session) != 0)) {
        message_set(message, "out of memory");
        goto done;
    }
    *opaque = session;
    status = 0;
done:
    if (status != 0)
        native_close(session);
    return status;
}

static int native_loss(void *opaque, const float *theta, const struct batch *batch,
                       struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_score(&session->chain, theta, batch, NULL, score, message);
}

static int native_gradient(void *opaque, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_score(&session->chain, theta, batch, gradient, score, message);
}

static void native_on_ready(void *opaque, void (*ready)(void *context, size_t first, size_t count),
                            void *context)
{
    struct session *session = opaque;

    chain_on_ready(&session->chain, ready, context);
}

static int native_sgd_step(void *opaque, float *theta, const struct batch *batch, float rate,
                           struct score *score, struct message *message)
{
    struct session *session = opaque;

    if (batch->size > 1 || !session->single)
        return chain_step(&session->chain, theta, batch, rate, score, message);
    single_step(session, theta, batch, rate, score);
    return 0;
}

static int native_describe(void *opaque, struct message *text)
{
    const struct session *session = opaque;

    message_set(text, "kernels of this project, %s", session->kernels->name);
    return 0;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "native",
    .summary = "own vector kernels: small batches, few outputs, fused updates",
    .supports = native_supports,
    .open = native_open,
    .loss = native_loss,
    .gradient = native_gradient,
    .close = native_close,
    .sgd_step = native_sgd_step,
    .on_ready = native_on_ready,
    .describe = native_describe,
};
