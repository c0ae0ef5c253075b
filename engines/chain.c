/* Value, gradient and update step of a network, over given layers. */
#include "chain.h"
#include "elementwise.h"
#include "memory.h"
#include "message.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_MOST = 512,      /* rows: twice as many gain nothing, half as many lose 3 to 8 % */
    CHUNK_LEAST = 16,      /* fewer, and products are too thin */
    CHUNK_BYTES = 4 << 20, /* of activations and deltas: what a core keeps near */
    LEAST_EXAMPLES_PER_THREAD = 16, /* fewer do not pay for adding up another gradient */
    LEAST_WORK_PER_THREAD = 500000, /* examples * parameters: nor for waking another thread */
};

/* What one thread needs to take its share of a batch through the network. */
struct chain_worker {
    float *input;        /* [chunk][inputs], gathered */
    float **activations; /* [layer_count], each as `values` says for a whole chunk */
    float *deltas[2];    /* dloss/dz of the last layer, and the one before it, in turn: each as
                            large as the largest that it holds */
    float *gradient;     /* [P]; NULL in the first worker where it never has to wait for others */
    struct chain_call call;
    struct score score;
    int status;
};

/* A thread's share: examples first .. end-1. */
struct share {
    int first, end;
};

/* Where a layer's gradient goes: factor times it is added to what is there, or replaces it. */
struct sink {
    float *into; /* [P], laid out like theta; NULL: only the score is wanted */
    float factor;
    int accumulate;
    int is_last; /* nothing more is added: layers are announced as they are done */
};

/* How many threads share a batch. It depends on the session and the size alone, so that repeats add
 * up in the same order. */
static int team_size(const struct chain *chain, int batch_size)
{
    double work = (double)batch_size * (double)chain->parameters;
    int most = batch_size / LEAST_EXAMPLES_PER_THREAD;

    if (work / LEAST_WORK_PER_THREAD < most)
        most = (int)(work / LEAST_WORK_PER_THREAD);
    if (most > chain->thread_count)
        most = chain->thread_count;
    return most > 1 ? most : 1;
}

static struct share share_of(int batch_size, int team, int t)
{
    return (struct share){
        .first = (int)((int64_t)batch_size * t / team),
        .end = (int)((int64_t)batch_size * (t + 1) / team),
    };
}

static size_t values_of(const struct chain *chain, struct chain_call *call, int l, int rows)
{
    const struct chain_layer *layer = &chain->layers[l];

    if (chain->own->values && l + 1 < chain->layer_count)
        return chain->own->values(call, layer, rows);
    return (size_t)rows * (size_t)layer->outputs;
}

/* ---- One chunk ------------------------------------------------------------------------------ */

/* The chunk's examples as floats: where they are if that is possible, else gathered. */
static const float *chunk_input(const struct chain *chain, struct chain_worker *worker,
                                const struct batch *batch, int first, int rows)
{
    int inputs = chain->layers[0].inputs;

    worker->call.gathered = batch->rows || batch->element != ELEMENT_FLOAT32;
    if (!worker->call.gathered)
        return (const float *)batch->features + (size_t)first * (size_t)inputs;
    gather_rows(worker->input, batch, first, rows, inputs);
    return worker->input;
}

/* One layer's part of the gradient and, unless dx is NULL, dloss/dz of the layer before. */
static int layer_back(const struct chain *chain, struct chain_worker *worker, int l,
                      const float *theta, int rows, const float *delta, const float *x, float *dx,
                      const struct sink *sink)
{
    const struct chain_layer *layer = &chain->layers[l];
    enum activation before = l > 0 ? layer[-1].shape.activation : ACTIVATION_IDENTITY;

    if (rows == 1 && sink->into == theta && chain->own->descend)
        return chain->own->descend(&worker->call, layer, delta, sink->into, before, x, dx);
    if (dx &&
        chain->own->input_gradient(&worker->call, layer, rows, delta, theta, before, x, dx) != 0)
        return -1;
    if (layer->weights == layer->biases)
        return 0;
    return chain->own->weight_gradient(&worker->call, layer, rows, delta, x, sink->accumulate,
                                       sink->into);
}

/* From dloss/dz of the last layer, in deltas[0], to the gradient of every layer with weights. */
static int backward(const struct chain *chain, struct chain_worker *worker, const float *theta,
                    const float *x, int rows, const struct sink *sink)
{
    float *delta = worker->deltas[0], *delta_before = worker->deltas[1];
    int first = 0;

    while (first + 1 < chain->layer_count &&
           chain->layers[first].weights == chain->layers[first].biases)
        first++;
    for (int l = chain->layer_count - 1; l >= first; l--) {
        const struct chain_layer *layer = &chain->layers[l];
        const float *input = l > 0 ? worker->activations[l - 1] : x;
        float *swap = delta;

        if (layer_back(chain, worker, l, theta, rows, delta, input, l > first ? delta_before : NULL,
                       sink) != 0)
            return -1;
        if (sink->is_last && layer->weights != layer->biases)
            chain->ready(chain->ready_context, layer->weights,
                         layer->biases + layer_biases(&layer->shape) - layer->weights);
        delta = delta_before;
        delta_before = swap;
    }
    return 0;
}

/* Score of examples first .. first+rows-1 and, unless the sink is for nothing, their gradient. */
static int run_chunk(const struct chain *chain, struct chain_worker *worker, const float *theta,
                     const struct batch *batch, int first, int rows, const struct sink *sink)
{
    const struct chain_layer *last = &chain->layers[chain->layer_count - 1];
    const struct head_piece piece = {batch, first, rows, last->outputs};
    const float *x = chunk_input(chain, worker, batch, first, rows), *a = x;

    for (int l = 0; l < chain->layer_count; l++) {
        if (chain->own->forward(&worker->call, &chain->layers[l], rows, a, theta,
                                worker->activations[l]) != 0)
            return -1;
        a = worker->activations[l];
    }
    if (chain->head == HEAD_SOFTMAX_CROSS_ENTROPY)
        softmax_cross_entropy(a, &piece, worker->deltas[0], &worker->score);
    else
        mean_squared_error(a, &piece, worker->deltas[0], &worker->score);
    if (!sink->into)
        return 0;
    multiply_by_derivative(worker->deltas[0], a, (size_t)rows * (size_t)last->outputs,
                           last->shape.activation);
    if (sink->factor != 1) /* every layer's part is linear in it */
        scale(worker->deltas[0], (size_t)rows * (size_t)last->outputs, sink->factor);
    return backward(chain, worker, theta, x, rows, sink);
}

/* ---- One batch ------------------------------------------------------------------------------ */

static int run_share(const struct chain *chain, struct chain_worker *worker, const float *theta,
                     const struct batch *batch, struct share share, float *gradient,
                     int is_announced)
{
    struct sink sink = {.into = gradient, .factor = 1};

    worker->score = (struct score){0};
    for (int first = share.first; first < share.end; first += chain->chunk) {
        int left = share.end - first, rows = left < chain->chunk ? left : chain->chunk;

        sink.accumulate = first > share.first;
        worker->call.preceding = first - share.first;
        worker->call.following = share.end - first - rows;
        sink.is_last = is_announced && first + rows == share.end;
        if (run_chunk(chain, worker, theta, batch, first, rows, &sink) != 0)
            return -1;
    }
    return 0;
}

/* sums[p] += parts[p] */
static void add_stretch(float *sums, const float *parts, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t p = from; p < to; p++)
        sums[p] += parts[p];
}

static void descend_stretch(float *theta, const float *gradient, float rate, ptrdiff_t from,
                            ptrdiff_t to)
{
    for (ptrdiff_t p = from; p < to; p++)
        theta[p] -= rate * gradient[p];
}

/* Each thread runs its share; then each adds up one stretch of the gradient and, if theta is to
 * move, moves that stretch of it. */
static void run_team(const struct chain *chain, int team, const float *theta,
                     const struct batch *batch, float *gradient, float *moving, float rate)
{
    ptrdiff_t parameters = (ptrdiff_t)chain->parameters;

#pragma omp parallel num_threads(team)
    {
#pragma omp for schedule(static, 1)
        for (int t = 0; t < team; t++) {
            struct chain_worker *worker = &chain->workers[t];

            worker->status = run_share(chain, worker, theta, batch, share_of(batch->size, team, t),
                                       gradient && t > 0 ? worker->gradient : gradient, 0);
        }
#pragma omp for schedule(static, 1)
        for (int t = 0; t < team; t++) {
            ptrdiff_t from = parameters * t / team, to = parameters * (t + 1) / team;

            for (int w = 1; gradient && w < team; w++)
                add_stretch(gradient, chain->workers[w].gradient, from, to);
            if (moving)
                descend_stretch(moving, gradient, rate, from, to);
        }
    }
}

/* prepare() for every number of rows that a batch of this size is cut into. */
static int prepare(const struct chain *chain, int batch_size, struct message *message)
{
    struct chain_call *call = &chain->workers[0].call;
    int team = team_size(chain, batch_size), status = 0;

    for (int t = 0; chain->own->prepare && t < team && status == 0; t++) {
        struct share share = share_of(batch_size, team, t);
        int examples = share.end - share.first, rest = examples % chain->chunk;

        if (examples >= chain->chunk)
            status = chain->own->prepare(call, chain->chunk);
        if (rest > 0 && status == 0)
            status = chain->own->prepare(call, rest);
    }
    if (status != 0)
        *message = call->message;
    return status;
}

static int add_scores(const struct chain *chain, int team, const struct batch *batch,
                      struct score *score, struct message *message)
{
    struct score total = {0};

    for (int t = 0; t < team; t++) {
        const struct chain_worker *worker = &chain->workers[t];

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
static int begin_single(void)
{
    int threads_before = omp_get_max_threads();

    omp_set_num_threads(1);
    return threads_before;
}

static void end_single(int threads_before)
{
    omp_set_num_threads(threads_before);
}

int chain_prepare(struct chain *chain, int batch_size, struct message *message)
{
    int threads_before = begin_single(), status = prepare(chain, batch_size, message);

    end_single(threads_before);
    return status;
}

/* Whole chunks, whatever the batches are. */
static int prepare_chunk(struct chain *chain, struct message *message)
{
    struct chain_call *call = &chain->workers[0].call;
    int threads_before = begin_single(), status = 0;

    if (chain->own->prepare)
        status = chain->own->prepare(call, chain->chunk);
    end_single(threads_before);
    if (status != 0)
        *message = call->message;
    return status;
}

/* The batch at theta. Its gradient goes into `gradient` unless that is NULL; then, unless it is
 * NULL, `moving` descends by it. Without a gradient, and in one piece, `moving` descends at once.
 */
static int run(struct chain *chain, const float *theta, const struct batch *batch, float *gradient,
               float *moving, float rate, struct score *score, struct message *message)
{
    int team = team_size(chain, batch->size);
    int threads_before = begin_single(), status;
    int is_announced = chain->ready && gradient && !moving; /* no step is */
    struct chain_worker *first = &chain->workers[0];

    status = prepare(chain, batch->size, message);
    if (status == 0) {
        if (team > 1) {
            run_team(chain, team, theta, batch, gradient, moving, rate);
            if (is_announced) /* nothing is final before all is added up */
                chain->ready(chain->ready_context, 0, chain->parameters);
        } else if (moving && !gradient) {
            const struct sink sink = {.into = moving, .factor = -rate, .accumulate = 1};

            first->call.preceding = first->call.following = 0;
            first->score = (struct score){0};
            first->status = run_chunk(chain, first, theta, batch, 0, batch->size, &sink);
        } else {
            first->status = run_share(chain, first, theta, batch, share_of(batch->size, 1, 0),
                                      gradient, is_announced);
            if (moving && first->status == 0)
                descend_stretch(moving, gradient, rate, 0, (ptrdiff_t)chain->parameters);
        }
        status = add_scores(chain, team, batch, score, message);
    }
    end_single(threads_before);
    return status;
}

int chain_score(struct chain *chain, const float *theta, const struct batch *batch, float *gradient,
                struct score *score, struct message *message)
{
    return run(chain, theta, batch, gradient, NULL, 0, score, message);
}

void chain_on_ready(struct chain *chain, void (*ready)(void *context, size_t first, size_t count),
                    void *context)
{
    chain->ready = ready;
    chain->ready_context = context;
}

int chain_step(struct chain *chain, float *theta, const struct batch *batch, float rate,
               struct score *score, struct message *message)
{
    int in_one_piece = team_size(chain, batch->size) == 1 && batch->size <= chain->chunk;

    return run(chain, theta, batch, in_one_piece ? NULL : chain->workers[0].gradient, theta, rate,
               score, message);
}

/* ---- Memory --------------------------------------------------------------------------------- */

static int open_worker(const struct chain *chain, struct chain_worker *worker, int waits)
{
    int last = chain->layer_count - 1;
    size_t widest[2] = {1, 1};

    worker->activations = calloc((size_t)chain->layer_count, sizeof *worker->activations);
    worker->input = memory_take_floats((size_t)chain->chunk * (size_t)chain->layers[0].inputs);
    if (!worker->activations || !worker->input)
        return -1;
    for (int l = 0; l < chain->layer_count; l++) {
        size_t values = values_of(chain, &worker->call, l, chain->chunk);

        worker->activations[l] = memory_take_floats(values);
        if (!worker->activations[l])
            return -1;
        if (values > widest[(last - l) % 2])
            widest[(last - l) % 2] = values;
    }
    for (int d = 0; d < 2; d++) {
        worker->deltas[d] = memory_take_floats(widest[d]);
        if (!worker->deltas[d])
            return -1;
    }
    worker->gradient = waits ? memory_take_floats(chain->parameters) : NULL;
    return waits && !worker->gradient ? -1 : 0;
}

static void close_worker(const struct chain *chain, struct chain_worker *worker)
{
    for (int l = 0; worker->activations && l < chain->layer_count; l++)
        free(worker->activations[l]);
    free(worker->activations);
    free(worker->input);
    free(worker->deltas[0]);
    free(worker->deltas[1]);
    free(worker->gradient);
}

static void copy_layers(struct chain *chain, const struct network *network)
{
    size_t offset = 0;

    for (int l = 0; l < chain->layer_count; l++) {
        const struct layer *layer = &network->layers[l];

        chain->layers[l] = (struct chain_layer){
            .shape = *layer,
            .inputs = (int)shape_size(layer->input),
            .outputs = (int)shape_size(layer->output),
            .weights = offset,
            .biases = offset + layer_biases(layer) * layer_row(layer),
        };
        offset += layer_parameters(layer);
    }
    chain->parameters = offset;
}

/* Rows of which input, activations and deltas stay near the core; more where there are so many
 * parameters that they do not stay there either, for each chunk reads them and adds to their
 * gradient. */
static int rows_nearby(const struct chain *chain)
{
    size_t values = (size_t)chain->layers[0].inputs, widest = 0, bytes;
    int rows;

    for (int l = 0; l < chain->layer_count; l++) {
        size_t outputs = (size_t)chain->layers[l].outputs;

        values += outputs;
        widest = outputs > widest ? outputs : widest;
    }
    assert(values + widest > 0);
    bytes = 3 * chain->parameters * sizeof(float);
    bytes = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    bytes /= (values + 2 * widest) * sizeof(float);
    rows = bytes > CHUNK_MOST ? CHUNK_MOST : (int)bytes;
    return rows < CHUNK_LEAST ? CHUNK_LEAST : rows;
}

static int chunk_of(const struct chain *chain, const struct engine_options *options)
{
    int chunk = options->chunk;

    if (chunk == ENGINE_CHUNK_AUTO)
        chunk = chain->own->rows > 0 ? chain->own->rows : rows_nearby(chain);
    if (chunk == ENGINE_CHUNK_NONE || chunk > options->max_batch)
        chunk = options->max_batch;
    return chunk;
}

static int take_memory(struct chain *chain, const struct network *network,
                       const struct engine_options *options, void *context, struct message *message)
{
    int waits;

    chain->layers = calloc((size_t)chain->layer_count, sizeof *chain->layers);
    if (!chain->layers)
        return -1;
    copy_layers(chain, network);
    chain->chunk = chunk_of(chain, options);
    chain->thread_count = options->threads;
    chain->thread_count = team_size(chain, options->max_batch);
    chain->workers = calloc((size_t)chain->thread_count, sizeof *chain->workers);
    if (!chain->workers)
        return -1;
    for (int t = 0; t < chain->thread_count; t++)
        chain->workers[t].call = (struct chain_call){.context = context, .worker = t};
    if (chain->own->values && prepare_chunk(chain, message) != 0)
        return -1;
    waits = chain->thread_count > 1 || options->max_batch > chain->chunk;
    for (int t = 0; t < chain->thread_count; t++)
        if (open_worker(chain, &chain->workers[t], waits) != 0)
            return -1;
    return 0;
}

int chain_open(struct chain *chain, const struct network *network,
               const struct engine_options *options, const struct chain_layers *own, void *context,
               struct message *message)
{
    *chain = (struct chain){
        .layer_count = network->layer_count,
        .head = network->head,
        .own = own,
    };
    message_set(message, "out of memory: %d threads, %zu parameters", options->threads,
                network_parameters(network));
    if (take_memory(chain, network, options, context, message) != 0) {
        chain_close(chain);
        return -1;
    }
    return 0;
}

void chain_close(struct chain *chain)
{
    for (int t = 0; chain->workers && t < chain->thread_count; t++)
        close_worker(chain, &chain->workers[t]);
    free(chain->workers);
    free(chain->layers);
    *chain = (struct chain){0};
}
