/* What the built-in engines ask in supports(). */
#include "check.h"
#include "message.h"

static int check_activation(const struct layer *layer, int l, struct message *why)
{
    if (layer->activation < ACTIVATION_IDENTITY || layer->activation > ACTIVATION_SIGMOID)
        return REFUSE(why, "layer %d has activation %d; known are 0 to %d", l + 1,
                      (int)layer->activation, (int)ACTIVATION_SIGMOID);
    if (layer->kind == LAYER_MAX_POOLING && layer->activation != ACTIVATION_IDENTITY)
        return REFUSE(why, "layer %d pools and has activation %d; expected none", l + 1,
                      (int)layer->activation);
    return 1;
}

/* Along one axis: does a kernel that starts `before` outside fit an output of this length? */
static int convolves(int input, int output, int kernel, int before)
{
    int after = output + kernel - 1 - input - before;

    return kernel >= 1 && output >= 1 && before >= 0 && before < kernel && after >= 0 &&
           after < kernel;
}

static int pools(int input, int output, int kernel, int stride)
{
    return kernel >= 1 && stride >= 1 && kernel <= input && output == (input - kernel) / stride + 1;
}

static int check_window(const struct layer *layer, int l, struct message *why)
{
    const struct shape in = layer->input, out = layer->output;

    if (layer->kind == LAYER_CONVOLUTION &&
        !(layer->stride_height == 1 && layer->stride_width == 1 &&
          convolves(in.height, out.height, layer->kernel_height, layer->padding_height) &&
          convolves(in.width, out.width, layer->kernel_width, layer->padding_width)))
        return REFUSE(
            why, "layer %d: a %d x %d convolution of stride 1 does not take %d x %d to %d x %d",
            l + 1, layer->kernel_height, layer->kernel_width, in.height, in.width, out.height,
            out.width);
    if (layer->kind == LAYER_MAX_POOLING &&
        !(in.channels == out.channels && layer->padding_height == 0 && layer->padding_width == 0 &&
          pools(in.height, out.height, layer->kernel_height, layer->stride_height) &&
          pools(in.width, out.width, layer->kernel_width, layer->stride_width)))
        return REFUSE(why, "layer %d: pooling %d x %d does not take %d x %d x %d to %d x %d x %d",
                      l + 1, layer->kernel_height, layer->kernel_width, in.channels, in.height,
                      in.width, out.channels, out.height, out.width);
    return 1;
}

static int same_shape(struct shape a, struct shape b)
{
    return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

/* Only dense layers may read an image flat. */
static int check_layer(const struct network *network, int l, struct message *why)
{
    const struct layer *layer = &network->layers[l], *before = layer - (l > 0);

    if (layer->kind < LAYER_DENSE || layer->kind > LAYER_MAX_POOLING)
        return REFUSE(why, "layer %d is of kind %d; known are %d to %d", l + 1, (int)layer->kind,
                      (int)LAYER_DENSE, (int)LAYER_MAX_POOLING);
    if (layer->input.channels < 1 || layer->input.height < 1 || layer->input.width < 1 ||
        layer->output.channels < 1 || layer->output.height < 1 || layer->output.width < 1)
        return REFUSE(why, "layer %d has no inputs or no outputs", l + 1);
    if (l > 0 && shape_size(layer->input) != shape_size(before->output))
        return REFUSE(why, "layer %d has %zu inputs, the layer before it %zu outputs", l + 1,
                      shape_size(layer->input), shape_size(before->output));
    if (l > 0 && layer->kind != LAYER_DENSE && !same_shape(layer->input, before->output))
        return REFUSE(why, "layer %d takes %d x %d x %d, the layer before it makes %d x %d x %d",
                      l + 1, layer->input.channels, layer->input.height, layer->input.width,
                      before->output.channels, before->output.height, before->output.width);
    return check_activation(layer, l, why) && check_window(layer, l, why);
}

int check_options(const struct engine_options *options, struct message *why)
{
    if (options->max_batch < 1 || options->threads < 1)
        return REFUSE(why, "max_batch is %d and threads %d; both must be at least 1",
                      options->max_batch, options->threads);
    if (options->chunk < ENGINE_CHUNK_NONE)
        return REFUSE(why, "chunk is %d; expected auto, none or a number of examples",
                      options->chunk);
    return 1;
}

int check_network(const struct network *network, const struct engine_options *options,
                  struct message *why)
{
    if (network->layer_count < 1)
        return REFUSE(why, "the network has no layers");
    if (network->head == HEAD_OBJECTIVE)
        return REFUSE(why, "computes networks of layers, not objectives; `analytic` has those");
    for (int l = 0; l < network->layer_count; l++)
        if (!check_layer(network, l, why))
            return 0;
    if (network->head != HEAD_SOFTMAX_CROSS_ENTROPY && network->head != HEAD_MEAN_SQUARED_ERROR)
        return REFUSE(why, "head %d is not known", (int)network->head);
    if (network->head == HEAD_SOFTMAX_CROSS_ENTROPY &&
        network->layers[network->layer_count - 1].activation != ACTIVATION_IDENTITY)
        return REFUSE(why, "softmax cross-entropy needs a last layer without activation");
    return check_options(options, why);
}

int check_single(const struct engine_options *options, struct message *why)
{
    if (options->precision != PRECISION_SINGLE)
        return REFUSE(why, "computes in single precision only; `reference` has double");
    return 1;
}

int check_no_variant(const struct engine_options *options, struct message *why)
{
    if (options->variant && *options->variant)
        return REFUSE(why, "has no variant `%s`: nothing may follow the engine's name",
                      options->variant);
    return 1;
}
