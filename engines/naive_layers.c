/* One layer and one example: each function is its formula, looped over in the order of its indices.
 *
 *     dense         a = f(W x + b)
 *     convolution   a[o] = f(b[o] + sum over c, i, j of W[o][c][i][j] * x[c] shifted by (i, j))
 *     pooling       a = the largest of each window
 */
#include "naive_layers.h"

#include <string.h>
#include <tgmath.h>

static REAL activate(enum activation activation, REAL z)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return z < 0 ? 0 : z; /* written so that not-a-number stays what it is */
    case ACTIVATION_TANH:
        return tanh(z);
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-z));
    default:
        return z;
    }
}

REAL naive_derivative(enum activation activation, REAL a)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return a > 0;
    case ACTIVATION_TANH:
        return 1 - a * a;
    case ACTIVATION_SIGMOID:
        return a * (1 - a);
    default:
        return 1;
    }
}

/* ---- Dense ---------------------------------------------------------------------------------- */

/* out[o] = f(b[o] + sum over i of W[o][i] in[i]) */
static void dense_forward(const struct naive_layer *layer, const REAL *theta, const REAL *in,
                          REAL *out)
{
    size_t inputs = shape_size(layer->shape.input), outputs = shape_size(layer->shape.output);

    for (size_t o = 0; o < outputs; o++) {
        const REAL *row = theta + layer->weights + o * inputs;
        REAL z = 0;

        for (size_t i = 0; i < inputs; i++)
            z += row[i] * in[i];
        out[o] = activate(layer->shape.activation, z + theta[layer->biases + o]);
    }
}

/* sums[i] += sum over o of W[o][i] delta[o] */
static void dense_backward(const struct naive_layer *layer, const REAL *theta, const REAL *delta,
                           REAL *sums)
{
    size_t inputs = shape_size(layer->shape.input), outputs = shape_size(layer->shape.output);

    for (size_t o = 0; o < outputs; o++) {
        const REAL *row = theta + layer->weights + o * inputs;

        for (size_t i = 0; i < inputs; i++)
            sums[i] += row[i] * delta[o];
    }
}

/* dW[o][i] += factor delta[o] in[i], db[o] += factor delta[o] */
static void dense_add_gradient(const struct naive_layer *layer, const REAL *delta, const REAL *in,
                               REAL factor, REAL *gradient)
{
    size_t inputs = shape_size(layer->shape.input), outputs = shape_size(layer->shape.output);

    for (size_t o = 0; o < outputs; o++) {
        REAL *row = gradient + layer->weights + o * inputs;
        REAL scaled = factor * delta[o];

        for (size_t i = 0; i < inputs; i++)
            row[i] += scaled * in[i];
        gradient[layer->biases + o] += scaled;
    }
}

/* |a|^2 */
static double squared_length(const REAL *a, size_t length)
{
    double sum = 0;

    for (size_t j = 0; j < length; j++)
        sum += (double)a[j] * (double)a[j];
    return sum;
}

/* The gradient is the outer product delta a^T and delta itself, so its squared norm is
 * |delta|^2 (|a|^2 + 1) (Goodfellow 2015, Efficient Per-Example Gradient Computations). */
static double dense_squared_norm(const struct naive_layer *layer, const REAL *delta, const REAL *in)
{
    return squared_length(delta, shape_size(layer->shape.output)) *
           (squared_length(in, shape_size(layer->shape.input)) + 1);
}

/* ---- Convolution ------------------------------------------------------------------------------
 */

/* One weight W[o][c][i][j]: where it stands, and which outputs it takes from which inputs. Output
 * (y, v) has it times input (y + i - padding_height, v + j - padding_width); outside the image that
 * is 0, so only the outputs from first to before past are touched. */
struct tap {
    size_t weight;                              /* in theta */
    ptrdiff_t first_y, past_y, first_v, past_v; /* outputs */
    ptrdiff_t out, in; /* where output (0, 0) and its input stand; the input may be outside */
};

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b)
{
    return a > b ? a : b;
}

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static struct tap tap_at(const struct naive_layer *layer, int o, int c, int i, int j)
{
    const struct layer *shape = &layer->shape;
    const struct shape *in = &shape->input, *out = &shape->output;
    ptrdiff_t down = i - shape->padding_height, right = j - shape->padding_width;

    return (struct tap){
        .weight = layer->weights +
                  (((size_t)o * (size_t)in->channels + (size_t)c) * (size_t)shape->kernel_height +
                   (size_t)i) *
                      (size_t)shape->kernel_width +
                  (size_t)j,
        .first_y = larger(0, -down),
        .past_y = smaller(out->height, in->height - down),
        .first_v = larger(0, -right),
        .past_v = smaller(out->width, in->width - right),
        .out = (ptrdiff_t)o * out->height * out->width,
        .in = ((ptrdiff_t)c * in->height + down) * in->width + right,
    };
}

/* Runs the statement that follows for every weight: for o, c, i, j, with `tap` describing it. */
#define FOR_EACH_TAP(layer)                                                                        \
    for (int o = 0; o < (layer)->shape.output.channels; o++)                                       \
        for (int c = 0; c < (layer)->shape.input.channels; c++)                                    \
            for (int i = 0; i < (layer)->shape.kernel_height; i++)                                 \
                for (int j = 0; j < (layer)->shape.kernel_width; j++)

static void convolution_forward(const struct naive_layer *layer, const REAL *theta, const REAL *in,
                                REAL *out)
{
    const struct shape *to = &layer->shape.output;
    size_t image = (size_t)to->height * (size_t)to->width;

    for (size_t o = 0; o < (size_t)to->channels; o++)
        for (size_t p = 0; p < image; p++)
            out[o * image + p] = theta[layer->biases + o];

    FOR_EACH_TAP(layer)
    {
        struct tap tap = tap_at(layer, o, c, i, j);
        REAL weight = theta[tap.weight];

        for (ptrdiff_t y = tap.first_y; y < tap.past_y; y++)
            for (ptrdiff_t v = tap.first_v; v < tap.past_v; v++)
                out[tap.out + y * to->width + v] +=
                    weight * in[tap.in + y * layer->shape.input.width + v];
    }
    for (size_t p = 0; p < shape_size(*to); p++)
        out[p] = activate(layer->shape.activation, out[p]);
}

/* Each input gets back from every output that took from it: sums += W * delta. */
static void convolution_backward(const struct naive_layer *layer, const REAL *theta,
                                 const REAL *delta, REAL *sums)
{
    FOR_EACH_TAP(layer)
    {
        struct tap tap = tap_at(layer, o, c, i, j);
        REAL weight = theta[tap.weight];

        for (ptrdiff_t y = tap.first_y; y < tap.past_y; y++)
            for (ptrdiff_t v = tap.first_v; v < tap.past_v; v++)
                sums[tap.in + y * layer->shape.input.width + v] +=
                    weight * delta[tap.out + y * layer->shape.output.width + v];
    }
}

/* dloss/dW of one weight: the sum over the outputs of delta times the input. */
static REAL tap_gradient(const struct naive_layer *layer, const struct tap *tap, const REAL *delta,
                         const REAL *in)
{
    REAL sum = 0;

    for (ptrdiff_t y = tap->first_y; y < tap->past_y; y++)
        for (ptrdiff_t v = tap->first_v; v < tap->past_v; v++)
            sum += delta[tap->out + y * layer->shape.output.width + v] *
                   in[tap->in + y * layer->shape.input.width + v];
    return sum;
}

/* dloss/db of one channel. */
static REAL bias_gradient(const struct naive_layer *layer, size_t channel, const REAL *delta)
{
    size_t image = (size_t)layer->shape.output.height * (size_t)layer->shape.output.width;
    REAL sum = 0;

    for (size_t p = 0; p < image; p++)
        sum += delta[channel * image + p];
    return sum;
}

static void convolution_add_gradient(const struct naive_layer *layer, const REAL *delta,
                                     const REAL *in, REAL factor, REAL *gradient)
{
    FOR_EACH_TAP(layer)
    {
        struct tap tap = tap_at(layer, o, c, i, j);

        gradient[tap.weight] += factor * tap_gradient(layer, &tap, delta, in);
    }
    for (size_t o = 0; o < (size_t)layer->shape.output.channels; o++)
        gradient[layer->biases + o] += factor * bias_gradient(layer, o, delta);
}

static double convolution_squared_norm(const struct naive_layer *layer, const REAL *delta,
                                       const REAL *in)
{
    double sum = 0;

    FOR_EACH_TAP(layer)
    {
        struct tap tap = tap_at(layer, o, c, i, j);
        double slope = (double)tap_gradient(layer, &tap, delta, in);

        sum += slope * slope;
    }
    for (size_t o = 0; o < (size_t)layer->shape.output.channels; o++) {
        double slope = (double)bias_gradient(layer, o, delta);

        sum += slope * slope;
    }
    return sum;
}

/* ---- Max pooling ------------------------------------------------------------------------------
 */

/* Index in the channel of the largest value of window (y, v): the first of equals, row by row; a
 * not-a-number counts as larger than any number. */
static size_t largest_in_window(const struct layer *layer, const REAL *channel, int y, int v)
{
    size_t width = (size_t)layer->input.width;
    size_t corner = (size_t)(y * layer->stride_height) * width + (size_t)(v * layer->stride_width);
    size_t best = corner;

    for (size_t i = 0; i < (size_t)layer->kernel_height; i++)
        for (size_t j = 0; j < (size_t)layer->kernel_width; j++) {
            size_t here = corner + i * width + j;

            if (channel[here] > channel[best] || isnan(channel[here]))
                best = here;
        }
    return best;
}

/* Runs the statement that follows for every output, with `to` its index and `from` that of the
 * input it is. */
#define FOR_EACH_WINDOW(layer)                                                                     \
    for (int c = 0, to = 0; c < (layer)->shape.output.channels; c++)                               \
        for (int y = 0; y < (layer)->shape.output.height; y++)                                     \
            for (int v = 0; v < (layer)->shape.output.width; v++, to++)

static size_t window_source(const struct naive_layer *layer, const REAL *in, int c, int y, int v)
{
    const struct shape *from = &layer->shape.input;
    size_t first = (size_t)c * (size_t)from->height * (size_t)from->width;

    return first + largest_in_window(&layer->shape, in + first, y, v);
}

static void pooling_forward(const struct naive_layer *layer, const REAL *in, REAL *out)
{
    FOR_EACH_WINDOW(layer)
    out[to] = in[window_source(layer, in, c, y, v)];
}

static void pooling_backward(const struct naive_layer *layer, const REAL *delta, const REAL *in,
                             REAL *sums)
{
    FOR_EACH_WINDOW(layer)
    sums[window_source(layer, in, c, y, v)] += delta[to];
}

/* ---- Any layer --------------------------------------------------------------------------------
 */

void naive_forward(const struct naive_layer *layer, const REAL *theta, const REAL *in, REAL *out)
{
    switch (layer->shape.kind) {
    case LAYER_DENSE:
        dense_forward(layer, theta, in, out);
        break;
    case LAYER_CONVOLUTION:
        convolution_forward(layer, theta, in, out);
        break;
    case LAYER_MAX_POOLING:
        pooling_forward(layer, in, out);
        break;
    case LAYER_POSITION: /* refused by check_network */
        break;
    }
}

void naive_backward(const struct naive_layer *layer, const REAL *theta, const REAL *delta_out,
                    enum activation before, const REAL *in, REAL *delta_in)
{
    size_t inputs = shape_size(layer->shape.input);

    memset(delta_in, 0, inputs * sizeof *delta_in);
    switch (layer->shape.kind) {
    case LAYER_DENSE:
        dense_backward(layer, theta, delta_out, delta_in);
        break;
    case LAYER_CONVOLUTION:
        convolution_backward(layer, theta, delta_out, delta_in);
        break;
    case LAYER_MAX_POOLING:
        pooling_backward(layer, delta_out, in, delta_in);
        break;
    case LAYER_POSITION:
        break;
    }
    for (size_t i = 0; i < inputs; i++)
        delta_in[i] *= naive_derivative(before, in[i]);
}

void naive_add_gradient(const struct naive_layer *layer, const REAL *delta, const REAL *in,
                        REAL factor, REAL *gradient)
{
    switch (layer->shape.kind) {
    case LAYER_DENSE:
        dense_add_gradient(layer, delta, in, factor, gradient);
        break;
    case LAYER_CONVOLUTION:
        convolution_add_gradient(layer, delta, in, factor, gradient);
        break;
    case LAYER_MAX_POOLING:
    case LAYER_POSITION:
        break;
    }
}

double naive_squared_norm(const struct naive_layer *layer, const REAL *delta, const REAL *in)
{
    switch (layer->shape.kind) {
    case LAYER_DENSE:
        return dense_squared_norm(layer, delta, in);
    case LAYER_CONVOLUTION:
        return convolution_squared_norm(layer, delta, in);
    case LAYER_MAX_POOLING:
    case LAYER_POSITION:
        break;
    }
    return 0;
}
