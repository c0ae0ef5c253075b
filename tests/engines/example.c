/* An engine to start from: softmax regression, one example at a time, and nothing else.
 *
 * Copy it, change it, build it:
 *     cc -std=c11 -O3 -fPIC -shared -I engines tests/engines/example.c -o example.so -lm
 *     batchlab check --engine ./example.so
 */
#include "engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that a call needs beyond its arguments, taken once in open(). */
struct session {
    size_t inputs, classes;
    float *x;     /* [inputs], one example */
    float *delta; /* [classes], dloss/dz */
};

static int supports(const struct network *network, const struct engine_options *options,
                    struct message *why)
{
    const char *reason = NULL;

    if (network->layer_count != 1 || network->layers[0].kind != LAYER_DENSE)
        reason = "computes a single dense layer only";
    else if (network->head != HEAD_SOFTMAX_CROSS_ENTROPY)
        reason = "computes softmax cross-entropy only";
    else if (options->precision != PRECISION_SINGLE)
        reason = "computes in single precision only";
    if (reason)
        snprintf(why->text, sizeof why->text, "%s", reason);
    return reason == NULL;
}

static void close_session(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    free(session->x);
    free(session->delta);
    free(session);
}

static int open_session(void **opaque, const struct network *network,
                        const struct engine_options *options, struct message *message)
{
    struct session *session;

    *opaque = NULL;
    if (!supports(network, options, message))
        return -1;
    session = calloc(1, sizeof *session);
    if (session) {
        session->inputs = network_inputs(network);
        session->classes = network_outputs(network);
        session->x = calloc(session->inputs, sizeof *session->x);
        session->delta = calloc(session->classes, sizeof *session->delta);
    }
    if (!session || !session->x || !session->delta) {
        snprintf(message->text, sizeof message->text, "out of memory");
        close_session(session);
        return -1;
    }
    *opaque = session;
    return 0;
}

/* x = scale * stored row + offset */
static void gather(struct session *session, const struct batch *batch, size_t row)
{
    size_t first = row * session->inputs;

    for (size_t i = 0; i < session->inputs; i++)
        session->x[i] =
            batch->element == ELEMENT_UINT8
                ? batch->scale * ((const uint8_t *)batch->features)[first + i] + batch->offset
                : ((const float *)batch->features)[first + i];
}

/* z = W x + b; delta = softmax(z) - onehot(label); returns -log softmax(z)[label].
 * Adds one to errors unless z[label] is the largest, the first of equals. */
static double forward(struct session *session, const float *theta, int32_t label, int64_t *errors)
{
    const float *biases = theta + session->classes * session->inputs;
    float *z = session->delta, largest = -INFINITY, sum = 0;
    size_t best = 0;
    int is_number = 1;

    for (size_t c = 0; c < session->classes; c++) {
        z[c] = biases[c];
        for (size_t i = 0; i < session->inputs; i++)
            z[c] += theta[c * session->inputs + i] * session->x[i];
        if (z[c] > largest) {
            largest = z[c];
            best = c;
        }
        is_number &= !isnan(z[c]);
    }
    *errors += !is_number || best != (size_t)label;

    float above_label = largest - z[label]; /* largest first: no exponential overflows */

    for (size_t c = 0; c < session->classes; c++)
        sum += z[c] = expf(z[c] - largest);
    for (size_t c = 0; c < session->classes; c++)
        session->delta[c] /= sum;
    session->delta[label] -= 1;
    return log((double)sum) + (double)above_label;
}

/* dW[c][i] += factor delta[c] x[i], db[c] += factor delta[c] */
static void add_gradient(const struct session *session, float factor, float *gradient)
{
    for (size_t c = 0; c < session->classes; c++) {
        for (size_t i = 0; i < session->inputs; i++)
            gradient[c * session->inputs + i] += factor * session->delta[c] * session->x[i];
        gradient[session->classes * session->inputs + c] += factor * session->delta[c];
    }
}

static int gradient_of_batch(void *opaque, const float *theta, const struct batch *batch,
                             float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;
    struct score total = {0};

    (void)message;
    if (gradient)
        memset(gradient, 0, session->classes * (session->inputs + 1) * sizeof *gradient);
    for (int i = 0; i < batch->size; i++) {
        size_t row = batch_row(batch, i);
        float factor = (batch->weights ? batch->weights[i] : 1) / (float)batch->size;

        gather(session, batch, row);
        total.loss += (double)factor * forward(session, theta, batch->labels[row], &total.errors);
        if (gradient)
            add_gradient(session, factor, gradient);
    }
    if (score)
        *score = total;
    return 0;
}

static int loss_of_batch(void *opaque, const float *theta, const struct batch *batch,
                         struct score *score, struct message *message)
{
    return gradient_of_batch(opaque, theta, batch, NULL, score, message);
}

/* Build with -fvisibility=hidden and export this one, or build without and export everything. */
__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "example",
    .summary = "softmax regression, one example at a time: an engine to start from",
    .supports = supports,
    .open = open_session,
    .loss = loss_of_batch,
    .gradient = gradient_of_batch,
    .close = close_session,
};
