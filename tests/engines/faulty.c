/* What engines with one fault each compute: faulty_engine.c says which fault.
 *
 * One example at a time, in double precision inside. */
#include "faulty.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#else
#include <fenv.h>
#endif

enum { LAYERS_MAX = 8, WIDTH_MAX = 2048 };

struct session {
    struct layer layers[LAYERS_MAX];
    struct network network;
    struct engine_options options;
    size_t parameters;
    double *theta, *gradient; /* [P] */
    double a[LAYERS_MAX + 1][WIDTH_MAX], delta[LAYERS_MAX + 1][WIDTH_MAX];
    int calls;
    void (*ready)(void *context, size_t first, size_t count);
    void *ready_context;
};

static struct layer newest_layers[LAYERS_MAX];
static int newest_layer_count;

static void *writable(const void *array)
{
    return (void *)(uintptr_t)array;
}

/* ---- One example ---------------------------------------------------------------------------- */

static double activate(enum activation activation, double z)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return z < 0 ? 0 : z;
    case ACTIVATION_TANH:
        return tanh(z);
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-z));
    default:
        return z;
    }
}

static double derivative(enum activation activation, double a)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return fault == RELU_AT_ZERO ? a >= 0 : a > 0;
    case ACTIVATION_TANH:
        return 1 - a * a;
    case ACTIVATION_SIGMOID:
        return a * (1 - a);
    default:
        return 1;
    }
}

static void gather(double *x, const struct batch *batch, size_t row, size_t inputs)
{
    double offset = fault == IGNORES_OFFSET ? 0 : (double)batch->offset;

    for (size_t i = 0; i < inputs; i++)
        x[i] = batch->element == ELEMENT_UINT8
                   ? (double)batch->scale * ((const uint8_t *)batch->features)[row * inputs + i] +
                         offset
                   : (double)((const float *)batch->features)[row * inputs + i];
}

static int is_error(const double *a, size_t count, size_t label)
{
    for (size_t j = 0; j < count; j++) {
        if (fault == LAST_OF_EQUALS ? a[j] > a[label] || (a[j] >= a[label] && j > label)
                                    : a[j] > a[label] || (a[j] >= a[label] && j < label))
            return 1;
        if (isnan(a[j]) && fault != NAN_IS_NO_ERROR)
            return 1;
    }
    return 0;
}

/* Loss of the outputs a[count], and dloss/da. */
static double softmax(const double *a, size_t count, int32_t label, double *delta)
{
    double largest = a[0], sum = 0;

    for (size_t j = 1; j < count; j++)
        largest = fmax(largest, a[j]);
    if (fault == OVERFLOWING)
        largest = 0;
    for (size_t j = 0; j < count; j++)
        sum += delta[j] = exp(a[j] - largest);
    for (size_t j = 0; j < count; j++)
        delta[j] /= sum;
    delta[label] -= 1;
    return log(sum) - (a[label] - largest);
}

static double squares(const double *a, size_t count, const float *target, double *delta)
{
    double sum = 0;

    for (size_t j = 0; j < count; j++) {
        double difference = a[j] - (double)target[j];

        sum += difference * difference / (double)count;
        delta[j] = 2 * difference / (double)count;
    }
    return sum;
}

/* Forward and backward; leaves the activations a[] and dloss/dz in delta[]. Returns the loss. */
static double pass(struct session *session, const double *theta, const struct batch *batch, int i,
                   int64_t *errors)
{
    const struct network *network = &session->network;
    size_t row = fault == IGNORES_ROWS ? (size_t)i : batch_row(batch, i);
    size_t outputs = network_outputs(network), end = network_parameters(network), at = 0;
    int last = network->layer_count;
    double loss;

    gather(session->a[0], batch, row, network_inputs(network));
    for (int l = 0; l < last; l++) {
        size_t in = shape_size(session->layers[l].input),
               out = shape_size(session->layers[l].output);

        for (size_t o = 0; o < out; o++) {
            double z = theta[at + out * in + o];

            for (size_t j = 0; j < in; j++)
                z += theta[at + o * in + j] * session->a[l][j];
            session->a[l + 1][o] = activate(session->layers[l].activation, z);
        }
        at += out * (in + 1);
    }
    if (network->head == HEAD_SOFTMAX_CROSS_ENTROPY) {
        loss = softmax(session->a[last], outputs, batch->labels[row], session->delta[last]);
        *errors += is_error(session->a[last], outputs, (size_t)batch->labels[row]);
    } else {
        loss = squares(session->a[last], outputs, batch->targets + row * outputs,
                       session->delta[last]);
    }
    for (int l = last; l > 0; l--) {
        size_t in = shape_size(session->layers[l - 1].input);
        size_t out = shape_size(session->layers[l - 1].output);

        end -= out * (in + 1);
        for (size_t o = 0; o < out; o++)
            session->delta[l][o] *= derivative(session->layers[l - 1].activation, session->a[l][o]);
        memset(session->delta[l - 1], 0, in * sizeof(double));
        for (size_t o = 0; o < out && l > 1; o++)
            for (size_t j = 0; j < in; j++)
                session->delta[l - 1][j] += theta[end + o * in + j] * session->delta[l][o];
    }
    return loss;
}

static void add_outer_products(const struct session *session, double weight, double *gradient)
{
    for (int l = 0; l < session->network.layer_count; l++) {
        size_t in = shape_size(session->layers[l].input),
               out = shape_size(session->layers[l].output);
        int transposed = fault == TRANSPOSED && l == 0;

        for (size_t o = 0; o < out; o++)
            for (size_t j = 0; j < in; j++)
                gradient[transposed ? j * out + o : o * in + j] +=
                    weight * session->delta[l + 1][o] * session->a[l][j];
        gradient += out * in;
        for (size_t o = 0; o < out; o++)
            gradient[o] += weight * session->delta[l + 1][o];
        gradient += out;
    }
}

/* ---- A batch -------------------------------------------------------------------------------- */

/* How many examples of the batch are looked at. */
static int examples_used(const struct session *session, const struct batch *batch)
{
    if (fault == BATCH_TAIL && batch->size % 2 == 1)
        return batch->size - 1;
    if (fault == CHUNK_TAIL && session->options.chunk > 0)
        return batch->size / session->options.chunk * session->options.chunk;
    return batch->size;
}

static double denominator(const struct session *session, const struct batch *batch)
{
    double sum = 0;

    if (fault == MAX_BATCH_MEAN)
        return session->options.max_batch;
    if (fault == NORMALISES_WEIGHTS && batch->weights) {
        for (int i = 0; i < batch->size; i++)
            sum += (double)batch->weights[i];
        return sum;
    }
    return batch->size;
}

/* gradient[P] may be NULL. */
static struct score score_batch(struct session *session, const double *theta,
                                const struct batch *batch, double *gradient)
{
    struct score score = {0, 0};
    double divisor = denominator(session, batch);

    if (fault == SHARES_STATE) {
        session->network.layer_count = newest_layer_count;
        memcpy(session->layers, newest_layers, sizeof session->layers);
    }
    if (gradient)
        memset(gradient, 0, session->parameters * sizeof *gradient);
    for (int i = 0; i < examples_used(session, batch); i++) {
        double weight = batch->weights && fault != IGNORES_WEIGHTS ? (double)batch->weights[i] : 1;

        score.loss += weight / divisor * pass(session, theta, batch, i, &score.errors);
        if (gradient)
            add_outer_products(session, fault == SUM_NOT_MEAN ? weight : weight / divisor,
                               gradient);
    }
    if (fault == LOSS_OFF)
        score.loss *= 1.01;
    if (fault == WRONG_ERROR_COUNT)
        score.errors++;
    return score;
}

static const double *in_double(struct session *session, const float *theta)
{
    for (size_t p = 0; p < session->parameters; p++)
        session->theta[p] = (double)theta[p];
    return session->theta;
}

/* The gradient as it is before it is handed over, with its fault. */
static void spoil(struct session *session, double *gradient)
{
    const struct layer *first = &session->layers[0];

    if (fault == BIAS_OFF)
        gradient[layer_parameters(first) - shape_size(first->output)] *= 1.01;
    if (fault == NOT_REPEATABLE && session->calls++ % 2 == 1)
        for (size_t p = 0; p < session->parameters; p++)
            gradient[p] *= 1 + (double)0x1p-23f;
    for (size_t p = 0; p < session->parameters; p++)
        gradient[p] = fault == ZERO_GRADIENT  ? 0
                      : fault == NAN_GRADIENT ? (double)NAN
                                              : gradient[p];
}

/* The faults that have nothing to do with numbers. */
static void misbehave(const float *theta, const struct batch *batch, float *gradient,
                      size_t parameters)
{
    switch (fault) {
    case WRITES_PAST_END:
        gradient[parameters] = 0;
        break;
    case WRITES_BEFORE_START:
        gradient[-1] = 0;
        break;
    case WRITES_THETA:
        *(float *)writable(theta) += 1;
        break;
    case WRITES_FEATURES:
        *(unsigned char *)writable(batch->features) ^= 1;
        break;
    case LEAVES_FTZ:
#ifdef __SSE__
        _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
#else
        fesetround(FE_UPWARD);
#endif
        break;
    case PRINTS:
        puts("agreement: an engine that talks PASS");
        break;
    case CRASHES:
        *(volatile int *)writable(NULL) = 1;
        break;
    case HANGS:
        for (;;)
            pause();
    case EXITS:
        exit(EXIT_SUCCESS);
    default:
        break;
    }
}

/* ---- The contract --------------------------------------------------------------------------- */

int faulty_supports(const struct network *network, const struct engine_options *options,
                    struct message *why)
{
    (void)options;
    if (fault == SUPPORTS_NOTHING || (fault == SINGLE_LAYER && network->layer_count > 1)) {
        snprintf(why->text, sizeof why->text, "%d layers are not supported", network->layer_count);
        return 0;
    }
    for (int l = 0; l < network->layer_count; l++)
        if (network->layers[l].kind != LAYER_DENSE) {
            snprintf(why->text, sizeof why->text, "only dense layers");
            return 0;
        }
    return 1;
}

static int library_of_the_program_is_visible(struct message *message)
{
    static const char *const names[] = {"cblas_sgemm", "gsl_stats_mean"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (dlsym(RTLD_DEFAULT, names[i])) {
            snprintf(message->text, sizeof message->text, "%s of the program is visible", names[i]);
            return 1;
        }
    return 0;
}

void faulty_close(void *opaque)
{
    struct session *session = opaque;

    if (fault == CRASHES_ON_CLOSE_NULL && !session)
        abort();
    if (!session)
        return;
    if (fault != LEAKS)
        free(session->theta);
    free(session->gradient);
    free(session);
}

int faulty_open(void **opaque, const struct network *network, const struct engine_options *options,
                struct message *message)
{
    struct session *session;

    *opaque = NULL;
    if (fault == REFUSES_TO_OPEN) {
        snprintf(message->text, sizeof message->text, "open() thinks otherwise");
        return -1;
    }
    if (fault == SEES_BLAS && library_of_the_program_is_visible(message))
        return -1;
    session = calloc(1, sizeof *session);
    if (!session)
        return -1;
    memcpy(session->layers, network->layers,
           (size_t)network->layer_count * sizeof *network->layers);
    session->network = (struct network){network->layer_count, session->layers, network->head, NULL};
    session->options = *options;
    session->parameters = network_parameters(network);
    session->theta = malloc(session->parameters * sizeof *session->theta);
    session->gradient = malloc(session->parameters * sizeof *session->gradient);
    memcpy(newest_layers, session->layers, sizeof newest_layers);
    newest_layer_count = network->layer_count;
    *opaque = session;
    return 0;
}

int faulty_loss(void *opaque, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    (void)message;
    *score = score_batch(opaque, in_double(opaque, theta), batch, NULL);
    return 0;
}

static void announce(const struct session *session, size_t first, size_t count)
{
    if (session->ready)
        session->ready(session->ready_context, first, count);
}

int faulty_gradient(void *opaque, const float *theta, const struct batch *batch, float *gradient,
                    struct score *score, struct message *message)
{
    struct session *session = opaque;
    size_t half = session->parameters / 2;
    struct score result;

    if (fault == FAILS_LATE) {
        snprintf(message->text, sizeof message->text, "out of workspace");
        return -1;
    }
    result = score_batch(session, in_double(session, theta), batch, session->gradient);
    spoil(session, session->gradient);
    if (fault == ANNOUNCES_EARLY)
        announce(session, half, session->parameters - half);
    for (size_t p = session->parameters; p-- > 0;) {
        gradient[p] = (float)(fault == STALE_GRADIENT ? (double)gradient[p] + session->gradient[p]
                                                      : session->gradient[p]);
        if (p == half && fault != ANNOUNCES_EARLY)
            announce(session, half, session->parameters - half);
    }
    announce(session, 0, fault == ANNOUNCES_TWICE ? half + 1 : half);
    misbehave(theta, batch, gradient, session->parameters);
    if (score || fault == NEEDS_SCORE)
        *(volatile double *)&score->loss = result.loss;
    if (score)
        score->errors = result.errors;
    return 0;
}

int faulty_sgd_step(void *opaque, float *theta, const struct batch *batch, float rate,
                    struct score *score, struct message *message)
{
    struct session *session = opaque;
    struct score result = score_batch(session, in_double(session, theta), batch, session->gradient);
    double factor = fault == SGD_STEP_OFF ? 1.01 : 1;

    (void)message;
    for (size_t p = 0; p < session->parameters; p++)
        theta[p] = (float)((double)theta[p] - factor * (double)rate * session->gradient[p]);
    if (score)
        *score = result;
    return 0;
}

int faulty_gradient_norms(void *opaque, const float *theta, const struct batch *batch,
                          double *squared_norms, struct message *message)
{
    struct session *session = opaque;
    const double *own = in_double(session, theta);
    int64_t errors = 0;

    (void)message;
    for (int i = 0; i < batch->size; i++) {
        double weight = fault == NORMS_WEIGHTED && batch->weights ? (double)batch->weights[i] : 1;

        pass(session, own, batch, i, &errors);
        memset(session->gradient, 0, session->parameters * sizeof *session->gradient);
        add_outer_products(session, weight, session->gradient);
        squared_norms[i] = 0;
        for (size_t p = 0; p < session->parameters; p++)
            squared_norms[i] += session->gradient[p] * session->gradient[p];
    }
    return 0;
}

int faulty_loss64(void *opaque, const double *theta, const struct batch *batch, struct score *score,
                  struct message *message)
{
    (void)message;
    *score = score_batch(opaque, theta, batch, NULL);
    return 0;
}

int faulty_gradient64(void *opaque, const double *theta, const struct batch *batch,
                      double *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;
    struct score result = score_batch(session, theta, batch, gradient);

    (void)message;
    for (size_t p = 0; fault == GRADIENT64_IN_SINGLE && p < session->parameters; p++)
        gradient[p] = (double)(float)gradient[p];
    if (score)
        *score = result;
    return 0;
}

void faulty_on_ready(void *opaque, void (*ready)(void *context, size_t first, size_t count),
                     void *context)
{
    struct session *session = opaque;

    session->ready = ready;
    session->ready_context = context;
}

int faulty_describe(void *opaque, struct message *text)
{
    (void)opaque;
    if (fault != DESCRIBES_NOTHING)
        snprintf(text->text, sizeof text->text, "plain C loops with fault %d", (int)fault);
    return 0;
}
