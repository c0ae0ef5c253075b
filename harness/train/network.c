/* Networks: from widths to layers, initial parameters, FLOP count. */
#include "train/network.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

static const struct network_spec presets[] = {
    {.name = "S", .hidden_count = 0, .activation = ACTIVATION_RELU},
    {.name = "M", .hidden = {128}, .hidden_count = 1, .activation = ACTIVATION_RELU},
    {.name = "L", .hidden = {512, 512}, .hidden_count = 2, .activation = ACTIVATION_RELU},
    {.name = ""},
};

const struct network_spec *network_presets(void)
{
    return presets;
}

static double layer_flops(const struct layer *layer, int needs_input_gradient)
{
    double product = 2.0 * (double)shape_size(layer->input) * (double)shape_size(layer->output);

    return product * (needs_input_gradient ? 3 : 2); /* forward, weight gradient, input gradient */
}

void network_build(struct model *model, const struct network_spec *spec, size_t inputs,
                   size_t outputs, int classes)
{
    int width = (int)inputs;

    memset(model, 0, sizeof *model);
    for (int l = 0; l <= spec->hidden_count; l++) {
        int last = l == spec->hidden_count;
        struct layer *layer = &model->layers[l];

        layer->kind = LAYER_DENSE;
        layer->activation = last ? ACTIVATION_IDENTITY : spec->activation;
        layer->input = (struct shape){width, 1, 1};
        width = last ? (int)outputs : spec->hidden[l];
        layer->output = (struct shape){width, 1, 1};
        model->flops_per_example += layer_flops(layer, l > 0);
    }
    model->network = (struct network){
        .layer_count = spec->hidden_count + 1,
        .layers = model->layers,
        .head = classes > 0 ? HEAD_SOFTMAX_CROSS_ENTROPY : HEAD_MEAN_SQUARED_ERROR,
    };
    model->parameters = network_parameters(&model->network);
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

void network_initialize(const struct model *model, const struct network_spec *spec, uint64_t seed,
                        float *theta)
{
    for (int l = 0; l < model->network.layer_count; l++) {
        const struct layer *layer = &model->layers[l];
        size_t inputs = shape_size(layer->input), outputs = shape_size(layer->output);
        struct rng rng;

        rng_init(&rng, seed, RNG_WEIGHTS, (uint32_t)l);
        for (size_t i = 0; i < inputs * outputs; i++)
            *theta++ = (float)draw_weight(&rng, spec, (double)inputs, (double)outputs);
        for (size_t i = 0; i < outputs; i++)
            *theta++ = (float)spec->bias;
    }
}
