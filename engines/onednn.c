/* Matrix products by oneDNN. Each product of each layer is a primitive, planned once for every
 * number of rows: the usual ones in open(), others when they first occur. */
#include "check.h"
#include "dense.h"
#include "elementwise.h"
#include "engine.h"
#include "message.h"
#include "onednn_shim.h"

#include <stdlib.h>

enum product_kind { FORWARD, WEIGHT_GRADIENT, ADD_WEIGHT_GRADIENT, INPUT_GRADIENT, PRODUCT_KINDS };

enum operand { A, B, BIAS, C, SCRATCH, OPERANDS };

static const int argument_of_operand[OPERANDS] = {
    [A] = DNNL_ARG_SRC, [B] = DNNL_ARG_WEIGHTS,          [BIAS] = DNNL_ARG_BIAS,
    [C] = DNNL_ARG_DST, [SCRATCH] = DNNL_ARG_SCRATCHPAD,
};

/* A planned product. The primitive is shared; what points to data is each worker's own. */
struct product {
    dnnl_primitive_t primitive;
    dnnl_memory_t (*memories)[OPERANDS]; /* [workers][OPERANDS], NULL for an operand it has not */
};

struct session {
    struct dense dense;
    dnnl_engine_t engine;
    dnnl_stream_t *streams;   /* [workers] */
    struct product **plans;   /* [chunk + 1], by rows; each [layers][PRODUCT_KINDS], or NULL */
    char implementation[128]; /* of the first product planned */
};

static int failed(dnnl_status_t status, const char *what, struct message *message)
{
    if (status == dnnl_success)
        return 0;
    return message_set(message, "oneDNN %s: %s", what, dnnl_status2str(status));
}

/* ---- Plans ---------------------------------------------------------------------------------- */

/* Row-major [rows][columns] without gaps. */
static struct matrix plain(int rows, int columns)
{
    return (struct matrix){rows, columns, columns, 1};
}

static struct matrix transposed(struct matrix matrix)
{
    return (struct matrix){matrix.columns, matrix.rows, matrix.column_stride, matrix.row_stride};
}

static struct matmul matmul_of(enum product_kind kind, const struct dense_layer *layer, int rows)
{
    struct matrix x = plain(rows, layer->inputs), a = plain(rows, layer->outputs);
    struct matrix weights = plain(layer->outputs, layer->inputs);

    switch (kind) {
    case FORWARD: /* a = x W^T + b */
        return (struct matmul){
            .a = x, .b = transposed(weights), .bias = plain(1, layer->outputs), .c = a};
    case WEIGHT_GRADIENT: /* dW = delta^T x */
    case ADD_WEIGHT_GRADIENT:
        return (struct matmul){
            .a = transposed(a), .b = x, .c = weights, .accumulate = kind == ADD_WEIGHT_GRADIENT};
    default: /* dx = delta W */
        return (struct matmul){.a = a, .b = weights, .c = x};
    }
}

static dnnl_status_t create_attributes(dnnl_primitive_attr_t *attributes,
                                       const struct matmul *matmul)
{
    dnnl_post_ops_t operations = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);

    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success && matmul->accumulate)
        status = shim_append_sum(operations);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
    dnnl_post_ops_destroy(operations);
    return status;
}

/* What every worker needs to call the primitive; the data is filled in at each call. */
static dnnl_status_t create_memories(struct session *session, struct product *product,
                                     const struct matmul *matmul,
                                     const_dnnl_primitive_desc_t description)
{
    const struct matrix *matrices[] = {
        [A] = &matmul->a, [B] = &matmul->b, [BIAS] = &matmul->bias, [C] = &matmul->c};
    dnnl_status_t status = dnnl_success;

    for (int w = 0; w < session->dense.thread_count && status == dnnl_success; w++) {
        dnnl_memory_t *memories = product->memories[w];

        for (int o = A; o <= C && status == dnnl_success; o++)
            if (matrices[o]->rows > 0)
                status = shim_memory(&memories[o], matrices[o], session->engine);
        if (status == dnnl_success)
            status = dnnl_memory_create(
                &memories[SCRATCH],
                dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0),
                session->engine, DNNL_MEMORY_ALLOCATE);
    }
    return status;
}

static dnnl_status_t create_product(struct session *session, struct product *product,
                                    const struct matmul *matmul)
{
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t description = NULL;
    const char *implementation = NULL;
    dnnl_status_t status = dnnl_out_of_memory;

    product->memories = calloc((size_t)session->dense.thread_count, sizeof *product->memories);
    if (!product->memories)
        goto done;
    status = create_attributes(&attributes, matmul);
    if (status == dnnl_success)
        status = shim_matmul(&description, matmul, attributes, session->engine);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&product->primitive, description);
    if (status == dnnl_success)
        status = create_memories(session, product, matmul, description);
    if (status == dnnl_success && !*session->implementation &&
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &implementation) ==
            dnnl_success)
        snprintf(session->implementation, sizeof session->implementation, "%s", implementation);
done:
    dnnl_primitive_desc_destroy(description);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static void destroy_plan(const struct session *session, struct product *plan)
{
    for (int i = 0; plan && i < session->dense.layer_count * PRODUCT_KINDS; i++) {
        for (int w = 0; plan[i].memories && w < session->dense.thread_count; w++)
            for (int o = 0; o < OPERANDS; o++)
                dnnl_memory_destroy(plan[i].memories[w][o]);
        free(plan[i].memories);
        dnnl_primitive_destroy(plan[i].primitive);
    }
    free(plan);
}

/* Plans all products for a number of rows, once. */
static int prepare(struct dense_call *call, int rows)
{
    struct session *session = call->context;
    int layer_count = session->dense.layer_count;
    dnnl_status_t status = dnnl_success;
    struct product *plan;

    if (session->plans[rows])
        return 0;
    plan = calloc((size_t)layer_count * PRODUCT_KINDS, sizeof *plan);
    if (!plan)
        return message_set(&call->message, "out of memory");
    for (int i = 0; i < layer_count * PRODUCT_KINDS && status == dnnl_success; i++) {
        struct matmul matmul =
            matmul_of(i % PRODUCT_KINDS, &session->dense.layers[i / PRODUCT_KINDS], rows);

        status = create_product(session, &plan[i], &matmul);
    }
    if (failed(status, "cannot plan a matrix product", &call->message) != 0) {
        destroy_plan(session, plan);
        return -1;
    }
    session->plans[rows] = plan;
    return 0;
}

/* ---- Products ------------------------------------------------------------------------------- */

/* Calls a planned product on the data of its operands. oneDNN takes pointers to what it only reads
 * without const. */
static int execute(struct dense_call *call, enum product_kind kind, const struct dense_layer *layer,
                   int rows, const float *const data[SCRATCH])
{
    struct session *session = call->context;
    struct product *plan = session->plans[rows];
    struct product *product = &plan[(layer - session->dense.layers) * PRODUCT_KINDS + kind];
    dnnl_exec_arg_t arguments[OPERANDS];
    dnnl_status_t status = dnnl_success;
    int count = 0;

    for (int o = 0; o < OPERANDS && status == dnnl_success; o++) {
        dnnl_memory_t memory = product->memories[call->worker][o];

        if (!memory)
            continue;
        if (o != SCRATCH)
            status = dnnl_memory_set_data_handle(memory, (void *)data[o]);
        arguments[count++] = (dnnl_exec_arg_t){argument_of_operand[o], memory};
    }
    if (status == dnnl_success)
        status = dnnl_primitive_execute(product->primitive, session->streams[call->worker], count,
                                        arguments);
    return failed(status, "matrix product", &call->message);
}

static int forward(struct dense_call *call, const struct dense_layer *layer, int rows,
                   const float *x, const float *theta, float *a)
{
    const float *const data[SCRATCH] = {
        [A] = x, [B] = theta + layer->weights, [BIAS] = theta + layer->biases, [C] = a};

    if (execute(call, FORWARD, layer, rows, data) != 0)
        return -1;
    /* Not by the primitive: oneDNN's ReLU makes 0 of not-a-number, and a diverged network would
     * look alive. */
    activate(a, (size_t)rows * (size_t)layer->outputs, layer->activation);
    return 0;
}

static int weight_gradient(struct dense_call *call, const struct dense_layer *layer, int rows,
                           const float *delta, const float *x, int accumulate, float *gradient)
{
    const float *const data[SCRATCH] = {[A] = delta, [B] = x, [C] = gradient + layer->weights};

    return execute(call, accumulate ? ADD_WEIGHT_GRADIENT : WEIGHT_GRADIENT, layer, rows, data);
}

static int input_gradient(struct dense_call *call, const struct dense_layer *layer, int rows,
                          const float *delta, const float *theta, float *dx)
{
    const float *const data[SCRATCH] = {[A] = delta, [B] = theta + layer->weights, [C] = dx};

    return execute(call, INPUT_GRADIENT, layer, rows, data);
}

static const struct dense_products products = {
    .forward = forward,
    .weight_gradient = weight_gradient,
    .input_gradient = input_gradient,
    .prepare = prepare,
};

/* ---- The contract --------------------------------------------------------------------------- */

static int onednn_supports(const struct network *network, const struct engine_options *options,
                           struct message *why)
{
    return check_network(network, options, why) && check_dense(network, why) &&
           check_single(options, why) && check_no_variant(options, why);
}

static void onednn_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    for (int rows = 0; session->plans && rows <= session->dense.chunk; rows++)
        destroy_plan(session, session->plans[rows]);
    free(session->plans);
    for (int w = 0; session->streams && w < session->dense.thread_count; w++)
        dnnl_stream_destroy(session->streams[w]);
    free(session->streams);
    dnnl_engine_destroy(session->engine);
    dense_close(&session->dense);
    free(session);
}

static int open_onednn(struct session *session, struct message *message)
{
    int workers = session->dense.thread_count;
    dnnl_status_t status;

    session->plans = calloc((size_t)session->dense.chunk + 1, sizeof *session->plans);
    session->streams = calloc((size_t)workers, sizeof *session->streams);
    if (!session->plans || !session->streams)
        return message_set(message, "out of memory");
    status = dnnl_engine_create(&session->engine, dnnl_cpu, 0);
    for (int w = 0; w < workers && status == dnnl_success; w++)
        status =
            dnnl_stream_create(&session->streams[w], session->engine, dnnl_stream_default_flags);
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
    if (dense_open(&session->dense, network, options, &products, session, message) != 0 ||
        open_onednn(session, message) != 0 ||
        dense_prepare(&session->dense, options->max_batch, message) != 0)
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

    return dense_score(&session->dense, theta, batch, NULL, score, message);
}

static int onednn_gradient(void *opaque, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;

    return dense_score(&session->dense, theta, batch, gradient, score, message);
}

static int onednn_describe(void *opaque, struct message *text)
{
    const struct session *session = opaque;
    const dnnl_version_t *version = dnnl_version();

    message_set(text, "oneDNN %d.%d.%d, kernels %s", version->major, version->minor, version->patch,
                session->implementation);
    return 0;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "onednn",
    .summary = "matrix products by oneDNN",
    .supports = onednn_supports,
    .open = onednn_open,
    .loss = onednn_loss,
    .gradient = onednn_gradient,
    .close = onednn_close,
    .describe = onednn_describe,
};
