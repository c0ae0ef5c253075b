/* Counts live units with a forward pass of its own, independent of any engine. */
#include "train/live.h"

#include "base/error.h"
#include "train/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* outputs[o] = f(weights[o][inputs] x[inputs] + biases[o]); returns how many are above 0. */
static size_t forward(const struct layer *layer, const float *weights, const double *x,
                      double *outputs)
{
    size_t inputs = shape_size(layer->input), count = shape_size(layer->output), above = 0;
    const float *biases = weights + count * inputs;

    for (size_t o = 0; o < count; o++) {
        double z = (double)biases[o];

        for (size_t i = 0; i < inputs; i++)
            z += (double)weights[o * inputs + i] * x[i];
        outputs[o] = activation_value(layer->activation, z);
        above += outputs[o] > 0;
    }
    return above;
}

static int applies(const struct network *network)
{
    int rectified = 0;

    for (int l = 0; l < network->layer_count; l++) {
        if (network->layers[l].kind != LAYER_DENSE)
            return 0;
        rectified |= network->layers[l].activation == ACTIVATION_RELU;
    }
    return rectified;
}

static size_t widest(const struct network *network)
{
    size_t width = network_inputs(network);

    for (int l = 0; l < network->layer_count; l++)
        if (shape_size(network->layers[l].output) > width)
            width = shape_size(network->layers[l].output);
    return width;
}

int live_units(const struct network *network, const float *theta, const float *inputs, size_t count,
               double *live)
{
    size_t width = widest(network), first = network_inputs(network);
    double *x, *y;

    if (!applies(network))
        return 0;
    x = calloc(2 * width, sizeof *x);
    if (!x)
        return error_set("out of memory");
    y = x + width;
    memset(live, 0, (size_t)network->layer_count * sizeof *live);
    for (size_t e = 0; e < count; e++) {
        const float *parameters = theta;

        for (size_t i = 0; i < first; i++)
            x[i] = (double)inputs[e * first + i];
        for (int l = 0; l < network->layer_count; l++) {
            const struct layer *layer = &network->layers[l];

            live[l] += (double)forward(layer, parameters, x, y);
            parameters += layer_parameters(layer);
            memcpy(x, y, shape_size(layer->output) * sizeof *x);
        }
    }
    for (int l = 0; l < network->layer_count; l++)
        live[l] = network->layers[l].activation == ACTIVATION_RELU
                      ? live[l] / ((double)count * (double)shape_size(network->layers[l].output))
                      : 1;
    free(x);
    return 1;
}

double live_fraction(const struct network *network, const double *live)
{
    double units = 0, alive = 0;

    for (int l = 0; l < network->layer_count; l++) {
        double width = (double)shape_size(network->layers[l].output);

        if (network->layers[l].activation != ACTIVATION_RELU)
            continue;
        units += width;
        alive += live[l] * width;
    }
    return alive / units;
}
