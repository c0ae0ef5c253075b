/* Probe nested: how soon more data stops changing the gradient: gradients of nested parts of the
 * population, each twice as large as the one before, against that of all. */
#include "probe/scene.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

enum { HALVINGS = 10 };

/* The first n examples of a random order. */
struct part {
    size_t n;
    double *sum, *mean; /* [P], of their gradients */
    double squares;     /* sum of their |g_i|^2 */
    double cosine;      /* of their mean and G; NaN where n is 0 */
};

static void add_row(struct scene *scene, const struct part *part, const char *quantity,
                    double value)
{
    scene_add(scene, quantity, value, (double)part->n)->batch_size = (int)part->n;
}

/* What the part has that the one before, of half its size, had not. */
static void add_variance_and_gain(struct scene *scene, struct part *part, double cosine)
{
    const struct noise noise = noise_exact(part->squares / (double)part->n,
                                           vector_squared_norm(part->mean, scene->parameters));

    add_row(scene, part, "trace", noise.trace);
    if (!isnan(part->cosine))
        add_row(scene, part, "cosine_gain", cosine - part->cosine);
    part->cosine = cosine;
}

static void add_distance(struct scene *scene, const struct noise *noise, const struct part *part,
                         double *difference)
{
    const struct sampling_scheme scheme = {*noise, (double)part->n, (double)scene->examples.count,
                                           0};

    for (size_t j = 0; j < scene->parameters; j++)
        difference[j] = part->mean[j] - scene->mean[j];
    add_row(scene, part, "squared_distance", vector_squared_norm(difference, scene->parameters));
    add_row(scene, part, "squared_distance_predicted", sampling_predicted_variance(&scheme));
}

static double cosine_with_all(const struct scene *scene, const struct part *part)
{
    double product = vector_product(part->mean, scene->mean, scene->parameters);
    double norms = vector_squared_norm(part->mean, scene->parameters) *
                   vector_squared_norm(scene->mean, scene->parameters);

    return product / sqrt(norms);
}

/* The part becomes the first n examples. */
static int extend(struct scene *scene, struct part *part, size_t n, double *piece)
{
    size_t fresh = n - part->n;

    if (scene_gradient(scene, scene->theta, scene->examples.rows + part->n, fresh, piece) != 0)
        return -1;
    for (size_t j = 0; j < scene->parameters; j++) {
        part->sum[j] += piece[j] * (double)fresh;
        part->mean[j] = part->sum[j] / (double)n;
    }
    for (; part->n < n; part->n++)
        part->squares += scene->squared_norms[part->n];
    return 0;
}

static int grow(struct scene *scene, struct part *part, double *piece)
{
    struct noise noise;

    if (scene_noise(scene, &noise) != 0)
        return -1;
    for (int h = HALVINGS; h >= 0; h--) {
        size_t n = scene->examples.count >> h;
        double cosine;

        if (n == part->n)
            continue;
        if (extend(scene, part, n, piece) != 0)
            return -1;
        cosine = cosine_with_all(scene, part);
        if (h > 0) {
            add_row(scene, part, "cosine", cosine);
            add_distance(scene, &noise, part, piece);
        }
        add_variance_and_gain(scene, part, cosine);
    }
    return 0;
}

int probe_nested(struct scene *scene)
{
    size_t p = scene->parameters;
    double *memory = calloc(3 * p, sizeof *memory);
    struct part part = {.sum = memory, .mean = memory ? memory + p : NULL, .cosine = NAN};
    int status = memory ? grow(scene, &part, memory + 2 * p) : error_set("out of memory");

    free(memory);
    return status;
}
