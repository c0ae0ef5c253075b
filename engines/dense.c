/* Value and gradient of a network of dense layers, over given matrix products. */
#include "dense.h"
#include "elementwise.h"
#include "message.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    AUTO_CHUNK = 512, /* rows: twice as many gain nothing, half as many lose 3 to 8 % */
    LEAST_EXAMPLES_PER_THREAD = 16, /* fewer do not pay for adding up another gradient */
    LEAST_WORK_PER_THREAD = 500000, /* examples * parameters: nor for waking another thread */
};

/* What one thread needs to take its share of a batch through the network. */
struct dense_worker {
    float *input;        /* [chunk][inputs], gathered */
    float **activations; /* [layer_count], each [chunk][outputs] */
    float *deltas[2];    /* [chunk][widest]: dloss/dz of a layer and of the one before it */
    float *gradient;     /* [P]; NULL in the first worker, which uses the caller's */
    struct dense_call call;
    struct score score;
    int status;
};

/* A thread's share: examples first .. end-1. */
struct share {
    int first, end;
};

/* How many threads share a batch. It depends on the session and the size alone, so that repeats add
 * up in the same order. */
static int team_size(const struct dense *dense, int batch_size)
{
    double work = (double)batch_size * (double)dense->parameters;
    int most = batch_size / LEAST_EXAMPLES_PER_THREAD;

    if (work / LEAST_WORK_PER_THREAD < most)
        most = (int)(work / LEAST_WORK_PER_THREAD);
    if (most > dense->thread_count)
        most = dense->thread_count;
    return most > 1 ? most : 1;
}

static struct share share_of(int batch_size, int team, int t)
{
    return (struct share){
        .first = (int)((int64_t)batch_size * t / team),
        .end = (int)((int64_t)batch_size * (t + 1) / team),
    };
}

/* ---- One chunk ------------------------------------------------------------------------------ */

/* The chunk's examples as floats: where they are if that is possible, else gathered. */
static const float *chunk_input(const struct dense *dense, struct dense_worker *worker,
                                const struct batch *batch, int first, int rows)
{
    int inputs = dense->layers[0].inputs;

    if (!batch->rows && batch->element == ELEMENT_FLOAT32)
        return (const float *)batch->features + (size_t)first * (size_t)inputs;
    gather_rows(worker->input, batch, first, rows, inputs);
    return worker->input;
}

/* From dloss/dz of the last layer, in deltas[0], to the gradient of every layer. */
static int backward(const struct dense *dense, struct dense_worker *worker, const float *theta,
                    const float *x, int rows, int accumulate, float *gradient)
{
    const struct dense_products *products = dense->products;
    float *delta = worker->deltas[0], *delta_before = worker->deltas[1];

    for (int l = dense->layer_count - 1; l >= 0; l--) {
        const struct dense_layer *layer = &dense->layers[l];
        const float *input = l > 0 ? worker->activations[l - 1] : x;

        if (products->weight_gradient(&worker->call, layer, rows, delta, input, accumulate,
                                      gradient) != 0)
            return -1;
        sum_columns(gradient + layer->biases, delta, rows, layer->outputs, accumulate);
        if (l == 0)
            break;
        if (products->input_gradient(&worker->call, layer, rows, delta, theta, delta_before) != 0)
            return -1;
        multiply_by_derivative(delta_before, input, (size_t)rows * (size_t)layer->inputs,
                               dense->layers[l - 1].activation);

        float *swap = delta;

        delta = delta_before;
        delta_before = swap;
    }
    return 0;
}

/* Score, and gradient unless it is NULL, of examples first .. first+rows-1. */
static int run_chunk(const struct dense *dense, struct dense_worker *worker, const float *theta,
                     const struct batch *batch, int first, int rows, int accumulate,
                     float *gradient)
{
    const struct dense_layer *last = &dense->layers[dense->layer_count - 1];
    const struct head_piece piece = {batch, first, rows, last->outputs};
    const float *x = chunk_input(dense, worker, batch, first, rows), *a = x;

    for (int l = 0; l < dense->layer_count; l++) {
        if (dense->products->forward(&worker->call, &dense->layers[l], rows, a, theta,
                                     worker->activations[l]) != 0)
            return -1;
        a = worker->activations[l];
    }
    if (dense->head == HEAD_SOFTMAX_CROSS_ENTROPY)
        softmax_cross_entropy(a, &piece, worker->deltas[0], &worker->score);
    else
        mean_squared_error(a, &piece, worker->deltas[0], &worker->score);
    if (!gradient)
        return 0;
    multiply_by_derivative(worker->deltas[0], a, (size_t)rows * (size_t)last->outputs,
                           last->activation);
    return backward(dense, worker, theta, x, rows, accumulate, gradient);
}

/* ---- One batch ------------------------------------------------------------------------------ */

static int run_share(const struct dense *dense, struct dense_worker *worker, const float *theta,
                     const struct batch *batch, struct share share, float *gradient)
{
    worker->score = (struct score){0};
    for (int first = share.first; first < share.end; first += dense->chunk) {
        int left = share.end - first, rows = left < dense->chunk ? left : dense->chunk;

        if (run_chunk(dense, worker, theta, batch, first, rows, first > share.first, gradient) != 0)
            return -1;
    }
    return 0;
}

/* Each thread runs its share; then each adds up one stretch of the gradient. */
static void run_team(const struct dense *dense, int team, const float *theta,
                     const struct batch *batch, float *gradient)
{
    ptrdiff_t parameters = (ptrdiff_t)dense->parameters;

#pragma omp parallel num_threads(team) if (team > 1)
    {
#pragma omp for schedule(static, 1)
        for (int t = 0; t < team; t++) {
            struct dense_worker *worker = &dense->workers[t];

            worker->status = run_share(dense, worker, theta, batch, share_of(batch->size, team, t),
                                       gradient && t > 0 ? worker->gradient : gradient);
        }
        for (int t = 1; gradient && t < team; t++) {
            const float *part = dense->workers[t].gradient;

#pragma omp for schedule(static) nowait
            for (ptrdiff_t p = 0; p < parameters; p++)
                gradient[p] += part[p];
        }
    }
}

/* prepare() for every number of rows that a batch of this size is cut into. */
static int prepare(const struct dense *dense, int batch_size, struct message *message)
{
    struct dense_call *call = &dense->workers[0].call;
    int team = team_size(dense, batch_size), status = 0;

    for (int t = 0; dense->products->prepare && t < team && status == 0; t++) {
        struct share share = share_of(batch_size, team, t);
        int examples = share.end - share.first, rest = examples % dense->chunk;

        if (examples >= dense->chunk)
            status = dense->products->prepare(call, dense->chunk);
        if (rest > 0 && status == 0)
            status = dense->products->prepare(call, rest);
    }
    if (status != 0)
        *message = call->message;
    return status;
}

static int add_scores(const struct dense *dense, int team, const struct batch *batch,
                      struct score *score, struct message *message)
{
    struct score total = {0};

    for (int t = 0; t < team; t++) {
        const struct dense_worker *worker = &dense->workers[t];

        if (worker->status != 0) {
            *message = worker->call.message;
            return -1;
        }
        total.loss += worker->score.loss / batch->size;
        total.errors += worker->score.errors;
    }
    if (score)
        *score = total;
    return 0;
}

/* Libraries over OpenMP take their number of threads from OpenMP's default when they are called
 * outside a team, or make plans: it is one while they work, and then what it was. */
int dense_prepare(struct dense *dense, int batch_size, struct message *message)
{
    int threads_before = omp_get_max_threads(), status;

    omp_set_num_threads(1);
    status = prepare(dense, batch_size, message);
    omp_set_num_threads(threads_before);
    return status;
}

int dense_score(struct dense *dense, const float *theta, const struct batch *batch, float *gradient,
                struct score *score, struct message *message)
{
    int team = team_size(dense, batch->size);
    int threads_before = omp_get_max_threads(), status;

    omp_set_num_threads(1);
    status = prepare(dense, batch->size, message);
    if (status == 0) {
        run_team(dense, team, theta, batch, gradient);
        status = add_scores(dense, team, batch, score, message);
    }
    omp_set_num_threads(threads_before);
    return status;
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* Aligned to cache lines; NULL if there is no memory. */
static float *take_floats(size_t rows, size_t columns)
{
    return aligned_alloc(64, (rows * columns * sizeof(float) + 63) / 64 * 64);
}

static int open_worker(const struct dense *dense, struct dense_worker *worker)
{
    size_t chunk = (size_t)dense->chunk, widest = 0;

    worker->activations = calloc((size_t)dense->layer_count, sizeof *worker->activations);
    worker->input = take_floats(chunk, (size_t)dense->layers[0].inputs);
    if (!worker->activations || !worker->input)
        return -1;
    for (int l = 0; l < dense->layer_count; l++) {
        size_t outputs = (size_t)dense->layers[l].outputs;

        worker->activations[l] = take_floats(chunk, outputs);
        if (!worker->activations[l])
            return -1;
        widest = outputs > widest ? outputs : widest;
    }
    for (int d = 0; d < 2; d++) {
        worker->deltas[d] = take_floats(chunk, widest);
        if (!worker->deltas[d])
            return -1;
    }
    if (worker != dense->workers) {
        worker->gradient = take_floats(1, dense->parameters);
        if (!worker->gradient)
            return -1;
    }
    return 0;
}

static void close_worker(const struct dense *dense, struct dense_worker *worker)
{
    for (int l = 0; worker->activations && l < dense->layer_count; l++)
        free(worker->activations[l]);
    free(worker->activations);
    free(worker->input);
    free(worker->deltas[0]);
    free(worker->deltas[1]);
    free(worker->gradient);
}

static void copy_layers(struct dense *dense, const struct network *network)
{
    size_t offset = 0;

    for (int l = 0; l < dense->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        size_t inputs = shape_size(layer->input), outputs = shape_size(layer->output);

        dense->layers[l] = (struct dense_layer){
            .inputs = (int)inputs,
            .outputs = (int)outputs,
            .activation = layer->activation,
            .weights = offset,
            .biases = offset + inputs * outputs,
        };
        offset += layer_parameters(layer);
    }
    dense->parameters = offset;
}

static int take_memory(struct dense *dense, const struct network *network,
                       const struct engine_options *options, void *context)
{
    dense->layers = calloc((size_t)dense->layer_count, sizeof *dense->layers);
    if (!dense->layers)
        return -1;
    copy_layers(dense, network);
    dense->thread_count = options->threads;
    dense->thread_count = team_size(dense, options->max_batch);
    dense->workers = calloc((size_t)dense->thread_count, sizeof *dense->workers);
    if (!dense->workers)
        return -1;
    for (int t = 0; t < dense->thread_count; t++) {
        dense->workers[t].call = (struct dense_call){.context = context, .worker = t};
        if (open_worker(dense, &dense->workers[t]) != 0)
            return -1;
    }
    return 0;
}

int dense_open(struct dense *dense, const struct network *network,
               const struct engine_options *options, const struct dense_products *products,
               void *context, struct message *message)
{
    int chunk = options->chunk;

    if (chunk == ENGINE_CHUNK_AUTO)
        chunk = AUTO_CHUNK;
    if (chunk == ENGINE_CHUNK_NONE || chunk > options->max_batch)
        chunk = options->max_batch;
    *dense = (struct dense){
        .layer_count = network->layer_count,
        .head = network->head,
        .chunk = chunk,
        .products = products,
    };
    if (take_memory(dense, network, options, context) != 0) {
        dense_close(dense);
        return message_set(message,
                           "out of memory: %d threads, %d examples at a time, %zu "
                           "parameters",
                           options->threads, chunk, network_parameters(network));
    }
    return 0;
}

void dense_close(struct dense *dense)
{
    for (int t = 0; dense->workers && t < dense->thread_count; t++)
        close_worker(dense, &dense->workers[t]);
    free(dense->workers);
    free(dense->layers);
    *dense = (struct dense){0};
}
