/* A forward pass of our own over any network of layers. */
#include "probe/forward.h"

#include "base/error.h"
#include "memory.h"
#include "train/network.h"

#include <math.h>
#include <stdlib.h>

enum { LANES = FORWARD_LANES };

struct forward_pass {
    const struct network *network;
    double *activations[NETWORK_LAYERS_MAX + 2]; /* of each layer [width][LANES]; 0: the input */
};

int forward_open(struct forward_pass **pass, const struct network *network)
{
    struct forward_pass *fresh = calloc(1, sizeof *fresh);

    *pass = NULL;
    if (!fresh)
        return error_set("out of memory");
    fresh->network = network;
    for (int l = 0; l <= network->layer_count; l++) {
        size_t width = l == 0 ? network_inputs(network) : shape_size(network->layers[l - 1].output);

        fresh->activations[l] = memory_take(width * LANES * sizeof(double));
        if (!fresh->activations[l]) {
            forward_close(fresh);
            return error_set("out of memory");
        }
    }
    *pass = fresh;
    return 0;
}

void forward_close(struct forward_pass *pass)
{
    if (!pass)
        return;
    for (int l = 0; l <= pass->network->layer_count; l++)
        free(pass->activations[l]);
    free(pass);
}

static void gather(double *a, const struct examples *examples, const int32_t *rows, size_t count,
                   size_t inputs)
{
    for (size_t e = 0; e < LANES; e++) {
        size_t row = (size_t)rows[e < count ? e : 0];

        for (size_t i = 0; i < inputs; i++)
            a[i * LANES + e] = examples_feature(examples, row * inputs + i);
    }
}

/* z[LANES] += weight * in[LANES] */
static void add(double z[LANES], double weight, const double *in)
{
    for (int e = 0; e < LANES; e++)
        z[e] += weight * in[e];
}

/* out[LANES] = f(z[LANES]) */
static void activate(const struct layer *layer, double *out, const double z[LANES])
{
    for (int e = 0; e < LANES; e++)
        out[e] = activation_value(layer->activation, z[e]);
}

/* out[outputs][LANES] = f(weights[outputs][inputs] in[inputs][LANES] + biases[outputs]) */
static void dense(const struct layer *layer, const double *weights, const double *in, double *out)
{
    size_t inputs = shape_size(layer->input), outputs = shape_size(layer->output);
    const double *biases = weights + outputs * inputs;

    for (size_t o = 0; o < outputs; o++) {
        double z[LANES];

        for (int e = 0; e < LANES; e++)
            z[e] = biases[o];
        for (size_t i = 0; i < inputs; i++)
            add(z, weights[o * inputs + i], in + i * LANES);
        activate(layer, out + o * LANES, z);
    }
}

/* z[LANES] += sum over c, i, j of weights[c][i][j] in[c][top + i][left + j][LANES], within the
 * image */
static void correlate(const struct layer *layer, const double *weights, const double *in, int top,
                      int left, double z[LANES])
{
    const struct shape image = layer->input;

    for (int c = 0; c < image.channels; c++)
        for (int i = 0; i < layer->kernel_height; i++)
            for (int j = 0; j < layer->kernel_width; j++, weights++) {
                int y = top + i, x = left + j;

                if (y >= 0 && y < image.height && x >= 0 && x < image.width)
                    add(z, *weights,
                        in + (size_t)((c * image.height + y) * image.width + x) * LANES);
            }
}

static void convolution(const struct layer *layer, const double *weights, const double *in,
                        double *out)
{
    const struct shape map = layer->output;
    size_t row = layer_row(layer);
    const double *biases = weights + (size_t)map.channels * row;

    for (int o = 0; o < map.channels; o++)
        for (int y = 0; y < map.height; y++)
            for (int x = 0; x < map.width; x++, out += LANES) {
                double z[LANES];

                for (int e = 0; e < LANES; e++)
                    z[e] = biases[o];
                correlate(layer, weights + (size_t)o * row, in, y - layer->padding_height,
                          x - layer->padding_width, z);
                activate(layer, out, z);
            }
}

static void max_pooling(const struct layer *layer, const double *in, double *out)
{
    const struct shape image = layer->input, map = layer->output;

    for (int c = 0; c < map.channels; c++)
        for (int y = 0; y < map.height; y++)
            for (int x = 0; x < map.width; x++, out += LANES) {
                for (int e = 0; e < LANES; e++)
                    out[e] = -INFINITY;
                for (int i = 0; i < layer->kernel_height; i++)
                    for (int j = 0; j < layer->kernel_width; j++) {
                        int v = y * layer->stride_height + i, h = x * layer->stride_width + j;
                        const double *at =
                            in + (size_t)((c * image.height + v) * image.width + h) * LANES;

                        for (int e = 0; e < LANES; e++)
                            out[e] = at[e] > out[e] ? at[e] : out[e];
                    }
            }
}

void forward_run(struct forward_pass *pass, const double *theta, const struct examples *examples,
                 const int32_t *rows, size_t count)
{
    const struct network *network = pass->network;

    gather(pass->activations[0], examples, rows, count, network_inputs(network));
    for (int l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        const double *in = pass->activations[l];
        double *out = pass->activations[l + 1];

        switch (layer->kind) {
        case LAYER_DENSE:
            dense(layer, theta, in, out);
            break;
        case LAYER_CONVOLUTION:
            convolution(layer, theta, in, out);
            break;
        case LAYER_MAX_POOLING:
            max_pooling(layer, in, out);
            break;
        case LAYER_POSITION: /* of objectives, which have no classes to tell apart */
            break;
        }
        theta += layer_parameters(layer);
    }
}

const double *forward_layer(const struct forward_pass *pass, int layer)
{
    return pass->activations[layer];
}
