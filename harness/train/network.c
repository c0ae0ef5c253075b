/* Networks: from widths or a list to layers, initial parameters, FLOP count. */
#include "train/network.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a preset has of every key of a network. */
#define PRESET_OF(which)                                                                           \
    .name = which, .activation = ACTIVATION_RELU, .initializer = INITIALIZER_HE, .sigma = 0.05
#define CONVOLUTION(channels, side, zeros)                                                         \
    {                                                                                              \
        .kind = LAYER_CONVOLUTION, .outputs = channels, .kernel = {side}, .kernel_count = 1,       \
        .padding = zeros, .activation = ACTIVATION_OF_NETWORK                                      \
    }
#define POOLING(side)                                                                              \
    {                                                                                              \
        .kind = LAYER_MAX_POOLING, .kernel = {side}, .kernel_count = 1                             \
    }
#define DENSE(width)                                                                               \
    {                                                                                              \
        .kind = LAYER_DENSE, .outputs = width, .activation = ACTIVATION_OF_NETWORK                 \
    }
#define OBJECTIVE(which) .function = which, .noise = NOISE_SHIFTS, .condition = 1

static const struct network_spec presets[] = {
    {PRESET_OF("S")},
    {PRESET_OF("M"), .hidden = {128}, .hidden_count = 1},
    {PRESET_OF("L"), .hidden = {512, 512}, .hidden_count = 2},
    {
        PRESET_OF("lenet"),
        .layers = {CONVOLUTION(6, 5, 2), POOLING(2), CONVOLUTION(16, 5, 0), POOLING(2), DENSE(120),
                   DENSE(84)},
        .layer_count = 6,
    },
    {
        .name = "2c2d",
        .activation = ACTIVATION_RELU,
        .initializer = INITIALIZER_TRUNCATED_NORMAL,
        .sigma = 0.05,
        .bias = 0.05,
        .layers = {CONVOLUTION(32, 5, PADDING_SAME), POOLING(2), CONVOLUTION(64, 5, PADDING_SAME),
                   POOLING(2), DENSE(1024)},
        .layer_count = 5,
    },
    {PRESET_OF("squares"), .objective = {OBJECTIVE(FUNCTION_QUADRATIC), .spectrum = {0.4, 4},
                                         .spectrum_count = 2, .start = {3, 4}, .start_count = 2}},
    {PRESET_OF("saddle"),
     .objective = {OBJECTIVE(FUNCTION_SADDLE), .start = {1, 0}, .start_count = 2}},
    {PRESET_OF("rosenbrock"),
     .objective = {OBJECTIVE(FUNCTION_ROSENBROCK), .start = {-1.2, 1}, .start_count = 2}},
    {PRESET_OF("cubic"),
     .objective = {OBJECTIVE(FUNCTION_CUBIC), .start = {2, 3}, .start_count = 2}},
    {PRESET_OF("plateau"),
     .objective = {OBJECTIVE(FUNCTION_PLATEAU), .start = {3, 4}, .start_count = 2}},
    {PRESET_OF("recurrent"),
     .objective = {OBJECTIVE(FUNCTION_RECURRENT), .start = {5, -2.5}, .start_count = 2}},
    {PRESET_OF("quadratic_deep"), .objective = {OBJECTIVE(FUNCTION_QUADRATIC_DEEP)}},
    {.name = ""},
};

const struct network_spec *network_presets(void)
{
    return presets;
}

/* ---- From a list to the contract's layers ---------------------------------------------------- */

static struct shape flat(size_t size)
{
    return (struct shape){(int)size, 1, 1};
}

/* A count of 1 is for both axes, one of 0 leaves the choice to `otherwise`. */
static void both_axes(const int *values, int count, const int *otherwise, int *height, int *width)
{
    *height = count > 0 ? values[0] : otherwise[0];
    *width = count > 1 ? values[1] : count > 0 ? values[0] : otherwise[1];
}

/* Zeros before the first, and the output's length, along one axis. */
static int convolve_axis(int input, int kernel, int padding, int *before, int *output)
{
    *before = padding == PADDING_SAME ? (kernel - 1) / 2 : padding;
    *output = padding == PADDING_SAME ? input : input + 2 * padding - kernel + 1;
    return *before < kernel && *output >= 1 ? 0 : -1;
}

static int build_convolution(struct layer *layer, const struct layer_spec *spec)
{
    const struct shape in = layer->input;

    layer->stride_height = layer->stride_width = 1;
    layer->output.channels = spec->outputs;
    if (convolve_axis(in.height, layer->kernel_height, spec->padding, &layer->padding_height,
                      &layer->output.height) != 0 ||
        convolve_axis(in.width, layer->kernel_width, spec->padding, &layer->padding_width,
                      &layer->output.width) != 0)
        return error_set(
            "conv2d: a kernel of %d x %d with padding %d does not fit %d x %d, expected "
            "one no larger than the padded image, and less padding than kernel",
            layer->kernel_height, layer->kernel_width, spec->padding, in.height, in.width);
    return 0;
}

static int build_pooling(struct layer *layer, const struct layer_spec *spec)
{
    const struct shape in = layer->input;
    const int kernel[] = {layer->kernel_height, layer->kernel_width};

    both_axes(spec->stride, spec->stride_count, kernel, &layer->stride_height,
              &layer->stride_width);
    if (kernel[0] > in.height || kernel[1] > in.width)
        return error_set("maxpool2d: a window of %d x %d does not fit %d x %d, expected one no "
                         "larger than the image",
                         kernel[0], kernel[1], in.height, in.width);
    assert(layer->stride_height > 0 && layer->stride_width > 0);
    layer->output = (struct shape){in.channels, (in.height - kernel[0]) / layer->stride_height + 1,
                                   (in.width - kernel[1]) / layer->stride_width + 1};
    return 0;
}

static void build_dense(struct layer *layer, size_t outputs)
{
    layer->kind = LAYER_DENSE;
    layer->output = flat(outputs);
}

/* Layer of the contract from an entry that is not flatten; its input is set. */
static int build_layer(struct layer *layer, const struct layer_spec *spec,
                       const struct network_spec *network)
{
    static const int none[] = {0, 0};

    layer->kind = (enum layer_kind)spec->kind;
    both_axes(spec->kernel, spec->kernel_count, none, &layer->kernel_height, &layer->kernel_width);
    if (spec->kind != LAYER_MAX_POOLING)
        layer->activation = spec->activation == ACTIVATION_OF_NETWORK
                                ? network->activation
                                : (enum activation)spec->activation;
    switch (layer->kind) {
    case LAYER_CONVOLUTION:
        return build_convolution(layer, spec);
    case LAYER_MAX_POOLING:
        return build_pooling(layer, spec);
    case LAYER_DENSE:
    case LAYER_POSITION: /* in no list */
        break;
    }
    build_dense(layer, (size_t)spec->outputs);
    return 0;
}

/* Above this an engine's buffers would be beyond reason, and counts near the end of an int. */
static const double layer_values_max = 1 << 28;

static int check_size(const struct layer *layer)
{
    double values = (double)layer->output.channels * layer->output.height * layer->output.width;

    if (values > layer_values_max)
        return error_set("%.0f outputs of one layer, expected at most %.0f", values,
                         layer_values_max);
    return 0;
}

/* Before anything counts them in an integer. */
static int check_parameters(const struct model *model)
{
    double sum = 0;

    for (int l = 0; l < model->network.layer_count; l++) {
        const struct layer *layer = &model->layers[l];

        sum += (double)layer_biases(layer) * ((double)layer_row(layer) + 1);
    }
    if (sum > LIMIT_PARAMETERS)
        return error_set("%.3g parameters, expected at most %d", sum, LIMIT_PARAMETERS);
    return 0;
}

static double forward_flops(const struct layer *layer)
{
    double weights = (double)layer_biases(layer) * (double)layer_row(layer);
    double uses = layer->kind == LAYER_CONVOLUTION
                      ? (double)layer->output.height * layer->output.width
                      : 1; /* of each weight, in one example */

    return 2 * weights * uses;
}

double network_forward_flops(const struct model *model)
{
    double sum = 0;

    if (model->network.head == HEAD_OBJECTIVE)
        return model->flops_per_example;
    for (int l = 0; l < model->network.layer_count; l++)
        sum += forward_flops(&model->network.layers[l]);
    return sum;
}

/* The first layer with weights needs no gradient of its input: `first` tells it. */
static double layer_flops(const struct layer *layer, int first)
{
    return forward_flops(layer) * (first ? 2 : 3); /* forward, weight and input gradient */
}

/* Layers follow each other from this shape on. 0, or the number of the entry that does not fit. */
static int build_hidden(struct model *model, const struct network_spec *spec, struct shape *shape)
{
    int *count = &model->network.layer_count;

    for (int h = 0; h < spec->hidden_count && spec->layer_count == 0; h++) {
        struct layer *layer = &model->layers[(*count)++];

        layer->activation = spec->activation;
        layer->input = *shape;
        build_dense(layer, (size_t)spec->hidden[h]);
        *shape = layer->output;
    }
    for (int l = 0; l < spec->layer_count; l++) {
        struct layer *layer = &model->layers[*count];

        if (spec->layers[l].kind == LAYER_FLATTEN) {
            *shape = flat(shape_size(*shape));
            continue;
        }
        layer->input = *shape;
        if (build_layer(layer, &spec->layers[l], spec) != 0 || check_size(layer) != 0)
            return l + 1;
        *shape = layer->output;
        ++*count;
    }
    return 0;
}

static int build_objective(struct model *model, const struct objective_spec *spec,
                           struct shape input, size_t outputs)
{
    size_t dimensions = shape_size(input);

    if (outputs > 0)
        return error_set("an objective, and data with labels or targets; expected dataset points "
                         "or quadratic_deep");
    if (objective_build(&model->objective, &model->coefficients, spec, dimensions) != 0)
        return -1;
    model->layers[0] = (struct layer){
        .kind = LAYER_POSITION, .input = flat(dimensions), .output = flat(dimensions)};
    model->network = (struct network){.layer_count = 1,
                                      .layers = model->layers,
                                      .head = HEAD_OBJECTIVE,
                                      .objective = &model->objective};
    model->parameters = network_parameters(&model->network);
    model->flops_per_example = objective_flops(&model->objective, dimensions);
    return 0;
}

void network_free(struct model *model)
{
    free(model->coefficients);
    model->coefficients = NULL;
}

int network_build(struct model *model, const struct network_spec *spec, struct shape input,
                  size_t outputs, int classes)
{
    struct shape shape = input;
    struct layer *last;
    int misfit, has_weights = 0;

    memset(model, 0, sizeof *model);
    if (spec->objective.function != FUNCTION_NONE)
        return build_objective(model, &spec->objective, input, outputs);
    if (outputs == 0)
        return error_set("layers, and data with neither labels nor targets; expected an objective "
                         "(see list networks)");
    misfit = build_hidden(model, spec, &shape);
    if (misfit)
        return misfit;
    last = &model->layers[model->network.layer_count++];
    last->input = shape;
    build_dense(last, outputs);
    if (check_parameters(model) != 0)
        return -1;
    for (int l = 0; l < model->network.layer_count; l++) {
        model->flops_per_example += layer_flops(&model->layers[l], !has_weights);
        has_weights |= layer_parameters(&model->layers[l]) > 0;
    }
    model->network.layers = model->layers;
    model->network.head = classes > 0 ? HEAD_SOFTMAX_CROSS_ENTROPY : HEAD_MEAN_SQUARED_ERROR;
    model->parameters = network_parameters(&model->network);
    return 0;
}

/* ---- Initial weights --------------------------------------------------------------------------
 */

double activation_value(enum activation activation, double z)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return z > 0 ? z : 0;
    case ACTIVATION_TANH:
        return tanh(z);
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-z));
    case ACTIVATION_IDENTITY:
        break;
    }
    return z;
}

static double draw_weight(struct rng *rng, const struct network_spec *spec, double inputs,
                          double outputs)
{
    double value;

    switch (spec->initializer) {
    case INITIALIZER_GLOROT:
        return (2 * rng_uniform(rng) - 1) * sqrt(6 / (inputs + outputs));
    case INITIALIZER_TRUNCATED_NORMAL:
        do
            value = rng_normal(rng);
        while (fabs(value) > 2);
        return spec->sigma * value;
    case INITIALIZER_HE:
        break;
    }
    return sqrt(2 / inputs) * rng_normal(rng);
}

/* Inputs of one output value, and outputs that one input value goes to if it is far from the
 * image's edge. */
static void fans(const struct layer *layer, double *inputs, double *outputs)
{
    double kernel = (double)layer->kernel_height * layer->kernel_width;

    if (layer->kind == LAYER_CONVOLUTION) {
        *inputs = layer->input.channels * kernel;
        *outputs = layer->output.channels * kernel;
    } else {
        *inputs = (double)shape_size(layer->input);
        *outputs = (double)shape_size(layer->output);
    }
}

static void make_identical(const struct layer *layer, int is_first, int is_last, float *weights)
{
    size_t rows = layer_biases(layer), row = layer_row(layer);

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < row; j++)
            weights[i * row + j] = weights[(is_last ? i * row : 0) + (is_first ? j : 0)];
}

void network_initialize(const struct model *model, const struct network_spec *spec, uint64_t seed,
                        float *theta)
{
    if (spec->objective.function != FUNCTION_NONE) {
        objective_start(&spec->objective, model->parameters, theta);
        return;
    }
    for (int l = 0; l < model->network.layer_count; l++) {
        const struct layer *layer = &model->layers[l];
        size_t biases = layer_biases(layer), weights = biases * layer_row(layer);
        double inputs, outputs;
        struct rng rng;

        fans(layer, &inputs, &outputs);
        rng_init(&rng, seed, RNG_WEIGHTS, (uint32_t)l);
        for (size_t i = 0; i < weights; i++)
            theta[i] = (float)draw_weight(&rng, spec, inputs, outputs);
        if (spec->units == UNITS_IDENTICAL)
            make_identical(layer, l == 0, l == model->network.layer_count - 1, theta);
        theta += weights;
        for (size_t i = 0; i < biases; i++)
            *theta++ = (float)spec->bias;
    }
}

/* ---- In words ---------------------------------------------------------------------------------
 */

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

static void describe_layer(const struct layer_spec *layer, char *text, size_t size)
{
    int height = layer->kernel[0], width = layer->kernel_count > 1 ? layer->kernel[1] : height;

    switch (layer->kind) {
    case LAYER_CONVOLUTION:
        append(text, size, "conv2d %dx%dx%d", height, width, layer->outputs);
        if (layer->padding == PADDING_SAME)
            append(text, size, " same");
        else if (layer->padding > 0)
            append(text, size, " padding %d", layer->padding);
        break;
    case LAYER_MAX_POOLING:
        append(text, size, "maxpool2d %dx%d", height, width);
        break;
    case LAYER_DENSE:
        append(text, size, "dense %d", layer->outputs);
        break;
    default:
        append(text, size, "flatten");
    }
    append(text, size, ", ");
}

void network_describe(const struct network_spec *spec, char *text, size_t size)
{
    if (spec->objective.function != FUNCTION_NONE) {
        objective_describe(spec->objective.function, text, size);
        return;
    }
    snprintf(text, size, spec->layer_count > 0 ? "" : "inputs-");
    for (int l = 0; l < spec->layer_count; l++)
        describe_layer(&spec->layers[l], text, size);
    for (int l = 0; l < spec->hidden_count && spec->layer_count == 0; l++)
        append(text, size, "%d-", spec->hidden[l]);
    append(text, size, "outputs");
}
