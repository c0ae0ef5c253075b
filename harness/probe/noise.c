/* Probe noise_scale: the gradient's norm, tr Sigma and their ratio, exact over the examples and by
 * the two-batch estimate. */
#include "probe/scene.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

static void add(struct scene *scene, const char *part, const char *quantity,
                struct estimate estimate, double n)
{
    struct probe_row *row = scene_add_estimate(scene, quantity, estimate, n);

    snprintf(row->part, sizeof row->part, "%s", part);
}

static void add_exact(struct scene *scene, const struct noise *noise)
{
    double n = (double)scene->examples.count;
    struct estimate exact = {sqrt(noise->squared_norm), NOT_APPLICABLE, NOT_APPLICABLE};

    add(scene, "exact", "gradient_norm", exact, n);
    exact.value = noise->squared_norm;
    add(scene, "exact", "squared_norm", exact, n);
    exact.value = noise->trace;
    add(scene, "exact", "trace", exact, n);
    exact.value = noise->scale;
    add(scene, "exact", "noise_scale", exact, n);
}

int scene_noise(struct scene *scene, struct noise *noise)
{
    double sum = 0;

    if (scene_mean(scene) != 0 || scene_each(scene) != 0)
        return -1;
    for (size_t i = 0; i < scene->examples.count; i++)
        sum += scene->squared_norms[i];
    *noise = noise_exact(sum / (double)scene->examples.count,
                         vector_squared_norm(scene->mean, scene->parameters));
    return 0;
}

/* The squared norm of the gradient of a batch drawn with replacement. */
static int draw_norm(struct scene *scene, struct rng *rng, int size, int32_t *rows,
                     double *gradient, double *squared_norm)
{
    for (int i = 0; i < size; i++)
        rows[i] = scene->examples.rows[rng_below(rng, (uint32_t)scene->examples.count)];
    if (scene_gradient(scene, scene->theta, rows, (size_t)size, gradient) != 0)
        return -1;
    *squared_norm = vector_squared_norm(gradient, scene->parameters);
    return 0;
}

static int is_precise(const struct estimate *estimate, double precision)
{
    return estimate->high - estimate->value <= precision * fabs(estimate->value);
}

static int draw_pairs(struct scene *scene, struct two_batch *pairs, int32_t *rows, double *gradient)
{
    const struct probe_options *options = scene->options;
    double cost = pairs->small + pairs->large;
    struct rng rng;

    scene_stream(scene, 0, &rng);
    do {
        struct estimate scale;
        double small, large;

        if (draw_norm(scene, &rng, options->small_batch, rows, gradient, &small) != 0 ||
            draw_norm(scene, &rng, options->large_batch, rows, gradient, &large) != 0)
            return -1;
        two_batch_take(pairs, small, large);
        scale = two_batch_scale(pairs);
        if (pairs->n >= options->draws && is_precise(&scale, options->precision))
            break;
    } while ((pairs->n + 1) * cost <= options->draw_examples);
    return 0;
}

static int add_two_batch(struct scene *scene)
{
    struct two_batch pairs = {.small = scene->options->small_batch,
                              .large = scene->options->large_batch};
    double *gradient = calloc(scene->parameters, sizeof *gradient);
    int32_t *rows = calloc((size_t)scene->options->large_batch, sizeof *rows);
    int status =
        gradient && rows ? draw_pairs(scene, &pairs, rows, gradient) : error_set("out of memory");

    if (status == 0) {
        add(scene, "two_batch", "squared_norm", two_batch_squared_norm(&pairs), pairs.n);
        add(scene, "two_batch", "trace", two_batch_trace(&pairs), pairs.n);
        add(scene, "two_batch", "noise_scale", two_batch_scale(&pairs), pairs.n);
    }
    free(gradient);
    free(rows);
    return status;
}

int probe_noise_scale(struct scene *scene)
{
    struct noise noise;

    if (scene_noise(scene, &noise) != 0)
        return -1;
    add_exact(scene, &noise);
    return add_two_batch(scene);
}
