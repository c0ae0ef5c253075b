/* Matrix products, convolutions and pooling by oneDNN, planned once for every number of rows: whole
 * chunks in open(), others when they first occur. Variant `bf16`: what is multiplied is rounded to
 * bfloat16; parameters, sums and everything else are floats. */
#include "chain.h"
#include "check.h"
#include "elementwise.h"
#include "engine.h"
#include "message.h"
#include "onednn_plan.h"

#include <stdlib.h>
#include <string.h>

struct session {
    struct chain chain;
    struct plan_context context;
    dnnl_stream_t *streams; /* [stream_count], one for each worker */
    int stream_count;
    struct plan **plans; /* [largest + 1], by rows; NULL where none was needed yet */
    int largest;         /* rows that may come */
};

static int failed(dnnl_status_t status, const char *what, struct message *message)
{
    if (status == dnnl_success)
        return 0;
    return message_set(message, "oneDNN %s: %s", what, dnnl_status2str(status));
}

/* ---- Layers -----------------------------------------------------------------------------------
 */

/* Plans everything for a number of rows, once. */
static int prepare(struct chain_call *call, int rows)
{
    struct session *session = call->context;

    if (session->plans[rows])
        return 0;
    session->context.layers = session->chain.layers;
    session->context.layer_count = session->chain.layer_count;
    session->context.workers = session->chain.thread_count;
    return failed(plan_open(&session->plans[rows], &session->context, rows),
                  "cannot plan this network", &call->message);
}

static int index_of(const struct session *session, const struct chain_layer *layer)
{
    return (int)(layer - session->chain.layers);
}

static size_t values(struct chain_call *call, const struct chain_layer *layer, int rows)
{
    const struct session *session = call->context;

    return plan_values(session->plans[rows], index_of(session, layer));
}

/* oneDNN takes pointers to what it only reads without const. */
static int execute(struct chain_call *call, const struct chain_layer *layer, int rows,
                   enum task_kind kind, const float *const data[OPERANDS])
{
    struct session *session = call->context;

    return failed(plan_execute(session->plans[rows], index_of(session, layer), kind, call->worker,
                               session->streams[call->worker], (float *const *)data),
                  "failed", &call->message);
}

/* Activations are not left to oneDNN: its ReLU makes 0 of not-a-number, and a diverged network
 * would look alive. */
static int forward(struct chain_call *call, const struct chain_layer *layer, int rows,
                   const float *x, const float *theta, float *a)
{
    const struct session *session = call->context;
    const float *const data[OPERANDS] = {[OPERAND_X] = x,
                                         [OPERAND_WEIGHTS] = theta + layer->weights,
                                         [OPERAND_BIASES] = theta + layer->biases,
                                         [OPERAND_A] = a};

    if (execute(call, layer, rows, TASK_FORWARD, data) != 0)
        return -1;
    activate(a, plan_values(session->plans[rows], index_of(session, layer)),
             layer->shape.activation);
    return 0;
}

static int weight_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient)
{
    const float *const data[OPERANDS] = {[OPERAND_X] = x,
                                         [OPERAND_WEIGHTS] = gradient + layer->weights,
                                         [OPERAND_BIASES] = gradient + layer->biases,
                                         [OPERAND_A] = delta};

    if (execute(call, layer, rows, accumulate ? TASK_ADD_WEIGHTS : TASK_WEIGHTS, data) != 0)
        return -1;
    if (layer->shape.kind == LAYER_DENSE)
        sum_columns(gradient + layer->biases, delta, rows, layer->outputs, accumulate);
    return 0;
}

/* How many floats hold a layer's inputs. */
static size_t input_values(const struct session *session, const struct chain_layer *layer, int rows)
{
    return plan_values(session->plans[rows], index_of(session, layer) - 1);
}

static int input_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                          const float *delta, const float *theta, enum activation before,
                          const float *x, float *dx)
{
    const float *const data[OPERANDS] = {
        [OPERAND_X] = dx, [OPERAND_WEIGHTS] = theta + layer->weights, [OPERAND_A] = delta};

    if (execute(call, layer, rows, TASK_INPUT, data) != 0)
        return -1;
    multiply_by_derivative(dx, x, input_values(call->context, layer, rows), before);
    return 0;
}

static const struct chain_layers own_layers = {
    .forward = forward,
    .weight_gradient = weight_gradient,
    .input_gradient = input_gradient,
    .prepare = prepare,
    .values = values,
};

/* ---- The contract --------------------------------------------------------------------------- */

/* Through every conversion to bfloat16 and back a product on another processor would be slower than
 * in floats, or is not there at all. */
static int check_bf16(struct message *why)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512bf16"))
        return 1;
#endif
    message_set(why, "bf16: this processor has no bfloat16 instructions (AVX512_BF16)");
    return 0;
}

static int is_bf16(const struct engine_options *options)
{
    return options->variant && strcmp(options->variant, "bf16") == 0;
}

static int onednn_supports(const struct network *network, const struct engine_options *options,
                           struct message *why)
{
    if (!check_network(network, options, why) || !check_single(options, why))
        return 0;
    return is_bf16(options) ? check_bf16(why) : check_no_variant(options, why);
}

static void onednn_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    for (int rows = 0; session->plans && rows <= session->largest; rows++)
        plan_close(session->plans[rows], &session->context);
    free(session->plans);
    for (int s = 0; session->streams && s < session->stream_count; s++)
        dnnl_stream_destroy(session->streams[s]);
    free(session->streams);
    chain_close(&session->chain);
    dnnl_engine_destroy(session->context.engine);
    free(session);
}

static int start(struct session *session, const struct engine_options *options,
                 struct message *message)
{
    dnnl_status_t status;

    session->context.type = is_bf16(options) ? dnnl_bf16 : dnnl_f32;
    session->largest = options->max_batch;
    session->stream_count = options->threads;
    session->plans = calloc((size_t)session->largest + 1, sizeof *session->plans);
    session->streams = calloc((size_t)session->stream_count, sizeof *session->streams);
    if (!session->plans || !session->streams)
        return message_set(message, "out of memory");
    status = dnnl_engine_create(&session->context.engine, dnnl_cpu, 0);
    for (int s = 0; s < session->stream_count && status == dnnl_success; s++)
        status = dnnl_stream_create(&session->streams[s], session->context.engine,
                                    dnnl_stream_default_flags);
    return failed(status, "cannot start", message);
}

static int onednn_open(void **opaque, const struct network *network,
                       const struct engine_options *options, struct message *message)
{
    struct session *session = NULL;
    int status = -1;

    *opaque = NULL;
    if (!onednn_supports(network, options, message))
        goto done;
    session = calloc(1, sizeof *session);
    if (!session) {
        message_set(message, "out of memory");
        goto done;
    }
    if (start(session, options, message) != 0 ||
        chain_open(&session->chain, network, options, &own_layers, session, message) != 0 ||
        chain_prepare(&session->chain, options->max_batch, message) != 0)
        goto done;
    *opaque = session;
    status = 0;
done:
    if (status != 0)
        onednn_close(session);
    return status;
}

static int onednn_loss(void *opaque, const float *theta, const struct batch *batch,
                       struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_score(&session->chain, theta, batch, NULL, score, message);
}

static int onednn_gradient(void *opaque, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_score(&session->chain, theta, batch, gradient, score, message);
}

static int onednn_sgd_step(void *opaque, float *theta, const struct batch *batch, float rate,
                           struct score *score, struct message *message)
{
    struct session *session = opaque;

    return chain_step(&session->chain, theta, batch, rate, score, message);
}

static int onednn_describe(void *opaque, struct message *text)
{
    const struct session *session = opaque;
    const dnnl_version_t *version = dnnl_version();

    message_set(text, "oneDNN %d.%d.%d, kernels %s", version->major, version->minor, version->patch,
                plan_kernels(session->plans[session->chain.chunk]));
    return 0;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "onednn",
    .summary = "matrix products, convolutions and pooling by oneDNN",
    .supports = onednn_supports,
    .open = onednn_open,
    .loss = onednn_loss,
    .gradient = onednn_gradient,
    .close = onednn_close,
    .sgd_step = onednn_sgd_step,
    .describe = onednn_describe,
};
