/* The engine to read: one example at a time, every loop in the order of its formula. Compiled
 * twice: in float as `naive`, and in double (NAIVE_DOUBLE) as `reference`, the judge of the others.
 * Its layers, convolutions and pooling among them, are in naive_layers.c; of dense ones:
 *
 *     a[0] = x
 *     z[l] = W[l] a[l-1] + b[l]            a[l] = f(z[l])
 *     delta[l] = dloss/dz[l]               delta[l-1] = W[l]^T delta[l] * f'(z[l-1])
 *     dW[l] = delta[l] a[l-1]^T            db[l] = delta[l]
 */
#include "check.h"
#include "engine.h"
#include "message.h"
#include "naive_layers.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#ifdef NAIVE_DOUBLE
#define NAME "reference"
#define SUMMARY "plain loops in double precision: slow, and the judge of the others"
#else
#define NAME "naive"
#define SUMMARY "plain loops, one example at a time: the engine to read"
#endif

/* Starting the threads and adding up their gradients costs about as much as a few examples. */
enum { LEAST_EXAMPLES_PER_THREAD = 8 };

/* What one thread needs to work through its share of a batch. */
struct worker {
    REAL **activations; /* [layer_count + 1], the first is the example itself */
    REAL **deltas;      /* [layer_count + 1], the first is not used */
    REAL *gradient;     /* [P], the sum over its examples; NULL in the first worker, which adds
                           into the caller's array */
    double loss;
    int64_t errors;
};

struct session {
    int layer_count;
    struct naive_layer *layers;
    enum head head;
    size_t parameters;
    int thread_count;
    struct worker *workers; /* [thread_count] */
    double *theta;          /* [P], what float parameters become in the reference; else NULL */
    double *gradient;
};

/* ---- One example ---------------------------------------------------------------------------- */

/* x[inputs] = scale * stored row + offset */
static void gather(REAL *x, const struct batch *batch, int i, size_t inputs)
{
    size_t first = batch_row(batch, i) * inputs;

    if (batch->element == ELEMENT_UINT8) {
        const uint8_t *row = (const uint8_t *)batch->features + first;

        for (size_t j = 0; j < inputs; j++)
            x[j] = (REAL)batch->scale * (REAL)row[j] + (REAL)batch->offset;
    } else {
        const float *row = (const float *)batch->features + first;

        for (size_t j = 0; j < inputs; j++)
            x[j] = (REAL)row[j];
    }
}

/* -log softmax(a)[label] with p = softmax(a), and dloss/da = p - onehot(label).
 * The largest output is subtracted first, so that no exponential overflows. */
static double softmax_cross_entropy(const REAL *a, size_t outputs, int32_t label, REAL *delta)
{
    REAL largest = a[0], sum = 0;

    for (size_t j = 1; j < outputs; j++)
        if (a[j] > largest)
            largest = a[j];
    for (size_t j = 0; j < outputs; j++) {
        delta[j] = exp(a[j] - largest);
        sum += delta[j];
    }
    for (size_t j = 0; j < outputs; j++)
        delta[j] /= sum;
    delta[label] -= 1;
    return log((double)sum) - ((double)a[label] - (double)largest);
}

/* 1 unless a[label] is the largest output, the first of equals. Not-a-number fails every
 * comparison, so it is an error wherever it stands. */
static int is_error(const REAL *a, size_t outputs, int32_t label)
{
    for (size_t j = 0; j < outputs; j++)
        if (!(j < (size_t)label ? a[j] < a[label] : a[j] <= a[label]))
            return 1;
    return 0;
}

/* (1/outputs) sum over j of (a[j] - target[j])^2, and dloss/da[j] = (2/outputs) (a[j] - target[j])
 */
static double mean_squared_error(const REAL *a, size_t outputs, const float *target, REAL *delta)
{
    double sum = 0;

    for (size_t j = 0; j < outputs; j++) {
        REAL difference = a[j] - (REAL)target[j];

        sum += (double)difference * (double)difference;
        delta[j] = 2 * difference / (REAL)outputs;
    }
    return sum / (double)outputs;
}

/* Forward through all layers; leaves dloss/dz of the last layer in its delta. Returns the loss. */
static double forward_example(const struct session *session, struct worker *worker,
                              const REAL *theta, const struct batch *batch, int i)
{
    int last = session->layer_count;
    const struct naive_layer *layers = session->layers - 1; /* counted from 1, as activations are */
    size_t outputs = shape_size(layers[last].shape.output), row = batch_row(batch, i);
    REAL *a = worker->activations[last], *delta = worker->deltas[last];

    gather(worker->activations[0], batch, i, shape_size(layers[1].shape.input));
    for (int l = 1; l <= last; l++)
        naive_forward(&layers[l], theta, worker->activations[l - 1], worker->activations[l]);

    if (session->head == HEAD_SOFTMAX_CROSS_ENTROPY) {
        worker->errors += is_error(a, outputs, batch->labels[row]);
        return softmax_cross_entropy(a, outputs, batch->labels[row], delta);
    }
    double loss = mean_squared_error(a, outputs, batch->targets + row * outputs, delta);

    for (size_t o = 0; o < outputs; o++)
        delta[o] *= naive_derivative(layers[last].shape.activation, a[o]);
    return loss;
}

/* Every delta but the last, which forward_example has left. */
static void backward_example(const struct session *session, struct worker *worker,
                             const REAL *theta)
{
    const struct naive_layer *layers = session->layers - 1;

    for (int l = session->layer_count; l > 1; l--)
        naive_backward(&layers[l], theta, worker->deltas[l], layers[l - 1].shape.activation,
                       worker->activations[l - 1], worker->deltas[l - 1]);
}

/* ---- A batch -------------------------------------------------------------------------------- */

/* Examples first .. end-1 of the batch: the sums of their losses, errors and, unless it is NULL, of
 * their share of the gradient. */
static void work_through(const struct session *session, struct worker *worker, const REAL *theta,
                         const struct batch *batch, int first, int end, REAL *gradient)
{
    worker->loss = 0;
    worker->errors = 0;
    if (gradient)
        memset(gradient, 0, session->parameters * sizeof *gradient);

    for (int i = first; i < end; i++) {
        double weight = batch->weights ? (double)batch->weights[i] : 1;

        worker->loss += weight * forward_example(session, worker, theta, batch, i);
        if (!gradient)
            continue;
        backward_example(session, worker, theta);
        for (int l = 0; l < session->layer_count; l++)
            naive_add_gradient(&session->layers[l], worker->deltas[l + 1], worker->activations[l],
                               (REAL)(weight / batch->size), gradient);
    }
}

/* How many threads share a batch: a function of the options and its size alone, so that repeats
 * add up in the same order. */
static int team_size(int thread_count, int batch_size)
{
    int most = batch_size / LEAST_EXAMPLES_PER_THREAD;

    if (most < 1)
        return 1;
    return most < thread_count ? most : thread_count;
}

/* Each thread takes one contiguous share of the examples; gradients, losses and errors are added in
 * the order of the threads. gradient may be NULL. */
static void score_batch(struct session *session, const REAL *theta, const struct batch *batch,
                        REAL *gradient, struct score *score)
{
    int team = team_size(session->thread_count, batch->size);
    ptrdiff_t parameters = (ptrdiff_t)session->parameters;
    struct score total = {0};

#pragma omp parallel num_threads(team) if (team > 1)
    {
#pragma omp for schedule(static, 1)
        for (int t = 0; t < team; t++) {
            struct worker *worker = &session->workers[t];

            work_through(session, worker, theta, batch, (int)((int64_t)batch->size * t / team),
                         (int)((int64_t)batch->size * (t + 1) / team),
                         gradient && t > 0 ? worker->gradient : gradient);
        }
        for (int t = 1; gradient && t < team; t++) {
            const REAL *part = session->workers[t].gradient;

#pragma omp for schedule(static) nowait
            for (ptrdiff_t p = 0; p < parameters; p++)
                gradient[p] += part[p];
        }
    }
    for (int t = 0; t < team; t++) {
        total.loss += session->workers[t].loss / batch->size;
        total.errors += session->workers[t].errors;
    }
    if (score)
        *score = total;
}

/* ---- The contract --------------------------------------------------------------------------- */

static int naive_supports(const struct network *network, const struct engine_options *options,
                          struct message *why)
{
    if (!check_network(network, options, why) || !check_no_variant(options, why))
        return 0;
#ifdef NAIVE_DOUBLE
    return 1;
#else
    return check_single(options, why);
#endif
}

static void close_worker(struct worker *worker, int layer_count)
{
    for (int l = 0; l <= layer_count; l++) {
        if (worker->activations)
            free(worker->activations[l]);
        if (worker->deltas)
            free(worker->deltas[l]);
    }
    free(worker->activations);
    free(worker->deltas);
    free(worker->gradient);
}

static void naive_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    for (int t = 0; session->workers && t < session->thread_count; t++)
        close_worker(&session->workers[t], session->layer_count);
    free(session->workers);
    free(session->layers);
    free(session->theta);
    free(session->gradient);
    free(session);
}

static int open_worker(struct worker *worker, const struct session *session)
{
    size_t count = (size_t)session->layer_count + 1;

    worker->activations = calloc(count, sizeof *worker->activations);
    worker->deltas = calloc(count, sizeof *worker->deltas);
    if (worker != session->workers)
        worker->gradient = malloc(session->parameters * sizeof *worker->gradient);
    if (!worker->activations || !worker->deltas ||
        (worker != session->workers && !worker->gradient))
        return -1;
    for (size_t l = 0; l < count; l++) {
        size_t width = shape_size(l == 0 ? session->layers[0].shape.input
                                         : session->layers[l - 1].shape.output);

        worker->activations[l] = calloc(width, sizeof **worker->activations);
        worker->deltas[l] = calloc(width, sizeof **worker->deltas);
        if (!worker->activations[l] || !worker->deltas[l])
            return -1;
    }
    return 0;
}

static int take_memory(struct session *session, const struct network *network)
{
    size_t offset = 0;

    session->layers = calloc((size_t)session->layer_count, sizeof *session->layers);
    session->workers = calloc((size_t)session->thread_count, sizeof *session->workers);
    if (!session->layers || !session->workers)
        return -1;
    for (int l = 0; l < session->layer_count; l++) {
        const struct layer *layer = &network->layers[l];

        session->layers[l] = (struct naive_layer){
            .shape = *layer,
            .weights = offset,
            .biases = offset + layer_biases(layer) * layer_row(layer),
        };
        offset += layer_parameters(layer);
    }
    session->parameters = offset;
    for (int t = 0; t < session->thread_count; t++)
        if (open_worker(&session->workers[t], session) != 0)
            return -1;
#ifdef NAIVE_DOUBLE
    session->theta = malloc(session->parameters * sizeof *session->theta);
    session->gradient = malloc(session->parameters * sizeof *session->gradient);
    if (!session->theta || !session->gradient)
        return -1;
#endif
    return 0;
}

static int naive_open(void **opaque, const struct network *network,
                      const struct engine_options *options, struct message *message)
{
    struct session *session = NULL;
    int status = -1;

    *opaque = NULL;
    if (!naive_supports(network, options, message))
        goto done;
    session = calloc(1, sizeof *session);
    if (session) {
        session->layer_count = network->layer_count;
        session->head = network->head;
        session->thread_count = team_size(options->threads, options->max_batch);
    }
    if (!session || take_memory(session, network) != 0) {
        message_set(message, "out of memory: %d threads for %zu parameters", options->threads,
                    network_parameters(network));
        goto done;
    }
    *opaque = session;
    status = 0;
done:
    if (status != 0)
        naive_close(session);
    return status;
}

/* Parameters in the engine's own precision. */
static const REAL *own_theta(struct session *session, const float *theta)
{
#ifdef NAIVE_DOUBLE
    for (size_t p = 0; p < session->parameters; p++)
        session->theta[p] = (double)theta[p];
    return session->theta;
#else
    (void)session;
    return theta;
#endif
}

static int naive_loss(void *opaque, const float *theta, const struct batch *batch,
                      struct score *score, struct message *message)
{
    (void)message;
    score_batch(opaque, own_theta(opaque, theta), batch, NULL, score);
    return 0;
}

static int naive_gradient(void *opaque, const float *theta, const struct batch *batch,
                          float *gradient, struct score *score, struct message *message)
{
    (void)message;
#ifdef NAIVE_DOUBLE
    struct session *session = opaque;

    score_batch(session, own_theta(session, theta), batch, session->gradient, score);
    for (size_t p = 0; p < session->parameters; p++)
        gradient[p] = (float)session->gradient[p];
#else
    score_batch(opaque, theta, batch, gradient, score);
#endif
    return 0;
}

static int naive_gradient_norms(void *opaque, const float *theta, const struct batch *batch,
                                double *squared_norms, struct message *message)
{
    struct session *session = opaque;
    struct worker *worker = &session->workers[0];
    const REAL *own = own_theta(session, theta);

    (void)message;
    for (int i = 0; i < batch->size; i++) {
        forward_example(session, worker, own, batch, i);
        backward_example(session, worker, own);
        squared_norms[i] = 0;
        for (int l = 0; l < session->layer_count; l++)
            squared_norms[i] += naive_squared_norm(&session->layers[l], worker->deltas[l + 1],
                                                   worker->activations[l]);
    }
    return 0;
}

#ifdef NAIVE_DOUBLE
static int naive_loss64(void *opaque, const double *theta, const struct batch *batch,
                        struct score *score, struct message *message)
{
    (void)message;
    score_batch(opaque, theta, batch, NULL, score);
    return 0;
}

static int naive_gradient64(void *opaque, const double *theta, const struct batch *batch,
                            double *gradient, struct score *score, struct message *message)
{
    (void)message;
    score_batch(opaque, theta, batch, gradient, score);
    return 0;
}
#endif

static int naive_describe(void *opaque, struct message *text)
{
    (void)opaque;
    message_set(text, "plain C loops, %d-bit floating point", (int)(8 * sizeof(REAL)));
    return 0;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = NAME,
    .summary = SUMMARY,
    .supports = naive_supports,
    .open = naive_open,
    .loss = naive_loss,
    .gradient = naive_gradient,
    .close = naive_close,
    .gradient_norms = naive_gradient_norms,
#ifdef NAIVE_DOUBLE
    .loss64 = naive_loss64,
    .gradient64 = naive_gradient64,
#endif
    .describe = naive_describe,
};
