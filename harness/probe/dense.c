/* Loss and gradient norm of each example, of networks of dense layers. */
#include "probe/dense.h"

#include "base/error.h"
#include "memory.h"
#include "probe/forward.h"

#include <math.h>
#include <stdlib.h>

enum { LANES = FORWARD_LANES };

struct dense_pass {
    const struct network *network;
    struct forward_pass *forward;
    double *delta, *before; /* [widest][LANES] */
};

int dense_applies(const struct network *network)
{
    for (int l = 0; l < network->layer_count; l++)
        if (network->layers[l].kind != LAYER_DENSE)
            return 0;
    return 1;
}

int dense_open(struct dense_pass **pass, const struct network *network)
{
    size_t widest = network_inputs(network);
    struct dense_pass *fresh = calloc(1, sizeof *fresh);

    *pass = NULL;
    if (!fresh)
        return error_set("out of memory");
    for (int l = 0; l < network->layer_count; l++) {
        size_t width = shape_size(network->layers[l].output);

        widest = width > widest ? width : widest;
    }
    *fresh = (struct dense_pass){
        .network = network,
        .delta = memory_take(widest * LANES * sizeof(double)),
        .before = memory_take(widest * LANES * sizeof(double)),
    };
    if (!fresh->delta || !fresh->before) {
        dense_close(fresh);
        return error_set("out of memory");
    }
    if (forward_open(&fresh->forward, network) != 0) {
        dense_close(fresh);
        return -1;
    }
    *pass = fresh;
    return 0;
}

void dense_close(struct dense_pass *pass)
{
    if (!pass)
        return;
    forward_close(pass->forward);
    free(pass->delta);
    free(pass->before);
    free(pass);
}

/* f'(z) from a = f(z) */
static double derivative(enum activation activation, double a)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return a > 0;
    case ACTIVATION_TANH:
        return 1 - a * a;
    case ACTIVATION_SIGMOID:
        return a * (1 - a);
    case ACTIVATION_IDENTITY:
        break;
    }
    return 1;
}

/* ---- The head ---------------------------------------------------------------------------------
 */

/* delta[outputs][LANES] = dloss/da of one lane; returns its loss. */
static double softmax_cross_entropy(const double *a, double *delta, size_t outputs, size_t label)
{
    double largest = -INFINITY, sum = 0;

    for (size_t o = 0; o < outputs; o++)
        largest = fmax(largest, a[o * LANES]);
    for (size_t o = 0; o < outputs; o++)
        sum += exp(a[o * LANES] - largest);
    for (size_t o = 0; o < outputs; o++)
        delta[o * LANES] = exp(a[o * LANES] - largest) / sum - (o == label);
    return log(sum) - (a[label * LANES] - largest);
}

static double mean_squared_error(const double *a, double *delta, size_t outputs,
                                 const float *targets)
{
    double loss = 0;

    for (size_t o = 0; o < outputs; o++) {
        double error = a[o * LANES] - (double)targets[o];

        loss += error * error / (double)outputs;
        delta[o * LANES] = 2 * error / (double)outputs;
    }
    return loss;
}

static double head(const struct dense_pass *pass, const struct examples *examples, size_t row,
                   const double *a, double *delta)
{
    size_t outputs = network_outputs(pass->network);

    if (pass->network->head == HEAD_SOFTMAX_CROSS_ENTROPY)
        return softmax_cross_entropy(a, delta, outputs, (size_t)examples->labels[row]);
    return mean_squared_error(a, delta, outputs, examples->targets + row * outputs);
}

/* ---- Backward ---------------------------------------------------------------------------------
 */

/* sums[LANES] = sum over values of matrix[values][LANES]^2 */
static void sum_squares(double sums[LANES], const double *matrix, size_t values)
{
    for (int e = 0; e < LANES; e++)
        sums[e] = 0;
    for (size_t v = 0; v < values; v++)
        for (size_t e = 0; e < LANES; e++)
            sums[e] += matrix[v * LANES + e] * matrix[v * LANES + e];
}

/* delta[outputs][LANES] *= f' */
static void through_activation(const struct layer *layer, const double *out, double *delta)
{
    for (size_t v = 0; v < shape_size(layer->output) * LANES; v++)
        delta[v] *= derivative(layer->activation, out[v]);
}

/* before[inputs][LANES] = weights[outputs][inputs] transposed times delta[outputs][LANES] */
static void backward(const struct layer *layer, const double *weights, const double *delta,
                     double *before)
{
    size_t inputs = shape_size(layer->input), outputs = shape_size(layer->output);

    for (size_t i = 0; i < inputs; i++) {
        double sum[LANES] = {0};

        for (size_t o = 0; o < outputs; o++)
            for (size_t e = 0; e < LANES; e++)
                sum[e] += weights[o * inputs + i] * delta[o * LANES + e];
        for (size_t e = 0; e < LANES; e++)
            before[i * LANES + e] = sum[e];
    }
}

/* From delta = dloss/da of the last layer. */
static void norms(struct dense_pass *pass, const double *theta, double squared_norms[LANES])
{
    const struct network *network = pass->network;
    const double *weights = theta + network_parameters(network);

    for (int e = 0; e < LANES; e++)
        squared_norms[e] = 0;
    for (int l = network->layer_count - 1; l >= 0; l--) {
        const struct layer *layer = &network->layers[l];
        const double *in = forward_layer(pass->forward, l);
        const double *out = forward_layer(pass->forward, l + 1);
        double of_delta[LANES], of_inputs[LANES], *swapped = pass->delta;

        weights -= layer_parameters(layer);
        through_activation(layer, out, pass->delta);
        sum_squares(of_delta, pass->delta, shape_size(layer->output));
        sum_squares(of_inputs, in, shape_size(layer->input));
        for (int e = 0; e < LANES; e++)
            squared_norms[e] += of_delta[e] * (of_inputs[e] + 1);
        if (l == 0)
            break;
        backward(layer, weights, pass->delta, pass->before);
        pass->delta = pass->before;
        pass->before = swapped;
    }
}

/* ---- Passes -----------------------------------------------------------------------------------
 */

void dense_examples(struct dense_pass *pass, const double *theta, const struct examples *examples,
                    const int32_t *rows, size_t count, double *losses, double *squared_norms)
{
    for (size_t first = 0; first < count; first += LANES) {
        size_t size = count - first < LANES ? count - first : LANES;
        double block[LANES];
        const double *a;

        forward_run(pass->forward, theta, examples, rows + first, size);
        a = forward_layer(pass->forward, pass->network->layer_count);
        for (size_t e = 0; e < LANES; e++) {
            size_t row = (size_t)rows[first + (e < size ? e : 0)];

            block[e] = head(pass, examples, row, a + e, pass->delta + e);
        }
        for (size_t e = 0; e < size && losses; e++)
            losses[first + e] = block[e];
        if (!squared_norms)
            continue;
        norms(pass, theta, block);
        for (size_t e = 0; e < size; e++)
            squared_norms[first + e] = block[e];
    }
}
