/* What the built-in engines ask in supports(). */
#include "check.h"
#include "message.h"

/* 0 is a good way to say no in supports(), and message_set says -1. */
#define REFUSE(...) (message_set(__VA_ARGS__), 0)

static int check_layer(const struct network *network, int l, struct message *why)
{
    const struct layer *layer = &network->layers[l];

    if (layer->kind != LAYER_DENSE)
        return REFUSE(why, "layer %d is of kind %d; only dense layers (%d) are known", l + 1,
                      (int)layer->kind, (int)LAYER_DENSE);
    if (layer->activation < ACTIVATION_IDENTITY || layer->activation > ACTIVATION_SIGMOID)
        return REFUSE(why, "layer %d has activation %d; known are 0 to %d", l + 1,
                      (int)layer->activation, (int)ACTIVATION_SIGMOID);
    if (shape_size(layer->input) < 1 || shape_size(layer->output) < 1)
        return REFUSE(why, "layer %d has no inputs or no outputs", l + 1);
    if (l > 0 && shape_size(layer->input) != shape_size(network->layers[l - 1].output))
        return REFUSE(why, "layer %d has %zu inputs, the layer before it %zu outputs", l + 1,
                      shape_size(layer->input), shape_size(network->layers[l - 1].output));
    return 1;
}

int check_dense(const struct network *network, const struct engine_options *options,
                struct message *why)
{
    if (network->layer_count < 1)
        return REFUSE(why, "the network has no layers");
    for (int l = 0; l < network->layer_count; l++)
        if (!check_layer(network, l, why))
            return 0;
    if (network->head != HEAD_SOFTMAX_CROSS_ENTROPY && network->head != HEAD_MEAN_SQUARED_ERROR)
        return REFUSE(why, "head %d is not known", (int)network->head);
    if (network->head == HEAD_SOFTMAX_CROSS_ENTROPY &&
        network->layers[network->layer_count - 1].activation != ACTIVATION_IDENTITY)
        return REFUSE(why, "softmax cross-entropy needs a last layer without activation");
    if (options->max_batch < 1 || options->threads < 1)
        return REFUSE(why, "max_batch is %d and threads %d; both must be at least 1",
                      options->max_batch, options->threads);
    if (options->chunk < ENGINE_CHUNK_NONE)
        return REFUSE(why, "chunk is %d; expected auto, none or a number of examples",
                      options->chunk);
    return 1;
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
