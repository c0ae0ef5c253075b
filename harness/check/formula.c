/* The contract's formulas in double precision. */
#include "check/formula.h"

#include "data/dataset.h"
#include "train/network.h"
#include "train/objective.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static double feature(const struct batch *batch, size_t index)
{
    return feature_value(batch->element, batch->scale, batch->offset, batch->features, index);
}

/* ---- z of one output --------------------------------------------------------------------------
 */

static double dense_z(const struct layer *layer, const float *theta, const double *x, size_t output)
{
    size_t inputs = shape_size(layer->input);
    double z = (double)theta[shape_size(layer->output) * inputs + output];

    for (size_t i = 0; i < inputs; i++)
        z += (double)theta[output * inputs + i] * x[i];
    return z;
}

/* x[c][y][v], and 0 outside the image. */
static double pixel(struct shape shape, const double *x, int c, int y, int v)
{
    if (y < 0 || y >= shape.height || v < 0 || v >= shape.width)
        return 0;
    return x[((size_t)c * (size_t)shape.height + (size_t)y) * (size_t)shape.width + (size_t)v];
}

static double convolution_z(const struct layer *layer, const float *theta, const double *x,
                            size_t output)
{
    const struct shape out = layer->output;
    int v = (int)(output % (size_t)out.width);
    int y = (int)(output / (size_t)out.width % (size_t)out.height);
    size_t o = output / ((size_t)out.width * (size_t)out.height), row = layer_row(layer);
    const float *weight = theta + o * row;
    double z = (double)theta[(size_t)out.channels * row + o];

    for (int c = 0; c < layer->input.channels; c++)
        for (int i = 0; i < layer->kernel_height; i++)
            for (int j = 0; j < layer->kernel_width; j++)
                z += (double)*weight++ * pixel(layer->input, x, c, y + i - layer->padding_height,
                                               v + j - layer->padding_width);
    return z;
}

/* *lead: of the largest value over the largest of those that differ from it. Equal ones stay equal
 * in any precision: they come of the same sum, or of rectifiers that are off. */
static double pooling_z(const struct layer *layer, const double *x, size_t output, double *lead)
{
    const struct shape out = layer->output;
    int v = (int)(output % (size_t)out.width) * layer->stride_width;
    int y = (int)(output / (size_t)out.width % (size_t)out.height) * layer->stride_height;
    int c = (int)(output / ((size_t)out.width * (size_t)out.height));
    double largest = -INFINITY;

    for (int i = 0; i < layer->kernel_height; i++)
        for (int j = 0; j < layer->kernel_width; j++)
            largest = fmax(largest, pixel(layer->input, x, c, y + i, v + j));
    *lead = INFINITY;
    for (int i = 0; i < layer->kernel_height; i++)
        for (int j = 0; j < layer->kernel_width; j++) {
            double behind = largest - pixel(layer->input, x, c, y + i, v + j);

            if (behind > 0)
                *lead = fmin(*lead, behind);
        }
    return largest;
}

/* ---- Outputs and score ------------------------------------------------------------------------
 */

double formula_outputs(const struct network *network, const float *theta, const struct batch *batch,
                       size_t row, double *outputs)
{
    double current[FORMULA_WIDTH_MAX] = {0}, next[FORMULA_WIDTH_MAX];
    size_t inputs = network_inputs(network);
    double distance = INFINITY;

    assert(inputs <= FORMULA_WIDTH_MAX);
    for (size_t i = 0; i < inputs; i++)
        current[i] = feature(batch, row * inputs + i);
    for (int l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        size_t width = shape_size(layer->output);

        assert(width <= FORMULA_WIDTH_MAX);
        for (size_t j = 0; j < width; j++) {
            double lead = INFINITY;
            double z = layer->kind == LAYER_DENSE         ? dense_z(layer, theta, current, j)
                       : layer->kind == LAYER_CONVOLUTION ? convolution_z(layer, theta, current, j)
                                                          : pooling_z(layer, current, j, &lead);

            if (layer->activation == ACTIVATION_RELU)
                lead = fabs(z);
            distance = fmin(distance, lead);
            next[j] = activation_value(layer->activation, z);
        }
        memcpy(current, next, width * sizeof *next);
        theta += layer_parameters(layer);
    }
    memcpy(outputs, current, network_outputs(network) * sizeof *outputs);
    return distance;
}

static size_t first_largest(const double *values, size_t count)
{
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

double formula_lead(const double *outputs, size_t count)
{
    size_t best = first_largest(outputs, count);
    double distance = INFINITY;

    for (size_t i = 0; i < count; i++)
        if (i != best)
            distance = fmin(distance, outputs[best] - outputs[i]);
    return distance;
}

static double softmax_loss(const double *outputs, size_t count, int32_t label)
{
    double largest = outputs[first_largest(outputs, count)], sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += exp(outputs[i] - largest);
    return log(sum) - (outputs[label] - largest);
}

static double squared_error(const double *outputs, const float *targets, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (outputs[i] - (double)targets[i]) * (outputs[i] - (double)targets[i]);
    return sum / (double)count;
}

struct score formula_objective(const struct network *network, const double *theta,
                               const struct batch *batch, double *gradient)
{
    const struct objective *objective = network->objective;
    double z[FORMULA_WIDTH_MAX], slope[FORMULA_WIDTH_MAX];
    size_t count = network_inputs(network);
    struct score score = {0, 0};

    assert(count <= FORMULA_WIDTH_MAX);
    for (size_t j = 0; j < count; j++)
        gradient[j] = 0;
    for (int i = 0; i < batch->size; i++) {
        size_t first = batch_row(batch, i) * count;
        double weight = batch->weights ? (double)batch->weights[i] : 1, tilt = 0;

        for (size_t j = 0; j < count; j++) {
            double x = feature(batch, first + j);

            z[j] = objective->noise == NOISE_SHIFTS ? theta[j] - x : theta[j];
            tilt += objective->noise == NOISE_SHIFTS ? 0 : x * theta[j];
        }
        score.loss += weight * (objective_value(objective, count, z, slope) - tilt) / batch->size;
        for (size_t j = 0; j < count; j++) {
            double x = objective->noise == NOISE_SHIFTS ? 0 : feature(batch, first + j);

            gradient[j] += weight * (slope[j] - x) / batch->size;
        }
    }
    return score;
}

static struct score objective_score(const struct network *network, const float *theta,
                                    const struct batch *batch)
{
    double exact[FORMULA_WIDTH_MAX], gradient[FORMULA_WIDTH_MAX];

    for (size_t j = 0; j < network_inputs(network); j++)
        exact[j] = (double)theta[j];
    return formula_objective(network, exact, batch, gradient);
}

struct score formula_score(const struct network *network, const float *theta,
                           const struct batch *batch)
{
    size_t count = network_outputs(network);
    double outputs[FORMULA_WIDTH_MAX] = {0};
    struct score score = {0, 0};

    if (network->head == HEAD_OBJECTIVE)
        return objective_score(network, theta, batch);

    for (int i = 0; i < batch->size; i++) {
        size_t row = batch_row(batch, i);
        double weight = batch->weights ? (double)batch->weights[i] : 1, loss;

        formula_outputs(network, theta, batch, row, outputs);
        if (batch->labels) {
            loss = softmax_loss(outputs, count, batch->labels[row]);
            score.errors += first_largest(outputs, count) != (size_t)batch->labels[row];
        } else {
            loss = squared_error(outputs, batch->targets + row * count, count);
        }
        score.loss += weight * loss / batch->size;
    }
    return score;
}
