/* Probe nested: how soon more data stops changing the gradient: gradients of nested parts of the
 * population, each twice as large as the one before, against that of all. */
#include "probe/scene.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

enum { HALVINGS = 10 };

static void add_part(struct scene *scene, const struct noise *noise, const double *mean,
                     double *difference, size_t n)
{
    const struct sampling_scheme scheme = {*noise, (double)n, (double)scene->examples.count, 0};
    double product = vector_product(mean, scene->mean, scene->parameters);
    double norms = vector_squared_norm(mean, scene->parameters) * noise->squared_norm;
    struct probe_row *row;

    for (size_t j = 0; j < scene->parameters; j++)
        difference[j] = mean[j] - scene->mean[j];
    row = scene_add(scene, "cosine", product / sqrt(norms), (double)n);
    row->batch_size = (int)n;
    row = scene_add(scene, "squared_distance", vector_squared_norm(difference, scene->parameters),
                    (double)n);
    row->batch_size = (int)n;
    row = scene_add(scene, "squared_distance_predicted", sampling_predicted_variance(&scheme),
                    (double)n);
    row->batch_size = (int)n;
}

/* sum[P] grows from part to part: the first n examples of a random order. */
static int grow(struct scene *scene, double *sum, double *piece, double *mean)
{
    size_t count = scene->examples.count, done = 0;
    struct noise noise;

    if (scene_noise(scene, &noise) != 0)
        return -1;
    for (int h = HALVINGS; h > 0; h--) {
        size_t n = count >> h;

        if (n == done)
            continue;
        if (scene_gradient(scene, scene->theta, scene->examples.rows + done, n - done, piece) != 0)
            return -1;
        for (size_t j = 0; j < scene->parameters; j++) {
            sum[j] += piece[j] * (double)(n - done);
            mean[j] = sum[j] / (double)n;
        }
        done = n;
        add_part(scene, &noise, mean, piece, n);
    }
    return 0;
}

int probe_nested(struct scene *scene)
{
    size_t p = scene->parameters;
    double *memory = calloc(3 * p, sizeof *memory);
    int status =
        memory ? grow(scene, memory, memory + p, memory + 2 * p) : error_set("out of memory");

    free(memory);
    return status;
}
