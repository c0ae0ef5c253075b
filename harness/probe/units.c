/* Probe units: how far apart the units of a hidden layer are. Units that have the same weights, in
 * and out, have the same gradient of every example. */
#include "probe/scene.h"

#include <math.h>

/* Largest less smallest of count values, `stride` apart. */
static double spread(const double *values, size_t count, size_t stride)
{
    double least = INFINITY, most = -INFINITY;

    for (size_t i = 0; i < count; i++) {
        least = fmin(least, values[i * stride]);
        most = fmax(most, values[i * stride]);
    }
    return most - least;
}

/* The largest difference of two of the layer's units in any weight that goes in, in their biases,
 * and in any weight that goes out to the next layer. */
static double largest_difference(const struct layer *layer, const struct layer *next,
                                 const double *theta)
{
    size_t inputs = shape_size(layer->input), units = shape_size(layer->output);
    const double *biases = theta + units * inputs, *outgoing = biases + units;
    double largest = spread(biases, units, 1);

    for (size_t j = 0; j < inputs; j++)
        largest = fmax(largest, spread(theta + j, units, inputs));
    for (size_t o = 0; o < shape_size(next->output); o++)
        largest = fmax(largest, spread(outgoing + o * units, units, 1));
    return largest;
}

int probe_units(struct scene *scene)
{
    const struct network *network = &scene->bench->model->network;
    const double *theta = scene->exact_theta;

    for (int l = 0; l + 1 < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        struct probe_row *row;

        if (layer->kind == LAYER_DENSE && layer[1].kind == LAYER_DENSE) {
            row =
                scene_add(scene, "largest_difference", largest_difference(layer, layer + 1, theta),
                          (double)shape_size(layer->output));
            snprintf(row->part, sizeof row->part, "layer %d", l + 1);
        }
        theta += layer_parameters(layer);
    }
    return 0;
}
