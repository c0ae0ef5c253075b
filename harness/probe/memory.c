/* Probe memory: bytes that a batch's activations take, by arithmetic, and the process has taken. */
#include "probe/scene.h"

#include <sys/resource.h>

int probe_memory(struct scene *scene)
{
    const struct network *network = &scene->bench->model->network;
    int k = scene->bench->cell->batch_size;
    double number = scene->bench->cell->settings.precision == PRECISION_DOUBLE ? 8 : 4;
    double outputs = 0, parameters = (double)scene->parameters;
    struct rusage usage;

    for (int l = 0; l < network->layer_count; l++)
        outputs += (double)shape_size(network->layers[l].output);
    getrusage(RUSAGE_SELF, &usage);
    scene_add(scene, "activation_bytes", number * k * ((double)network_inputs(network) + outputs),
              k)
        ->batch_size = k;
    scene_add(scene, "delta_bytes", number * k * outputs, k)->batch_size = k;
    scene_add(scene, "gradient_bytes", number * parameters, parameters);
    scene_add(scene, "peak_memory_bytes", (double)usage.ru_maxrss * 1024, 1);
    return 0;
}
