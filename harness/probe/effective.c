/* Probe effective_size: how many independent examples the training examples are worth to the
 * gradient, where some are copies or relatives of each other. */
#include "probe/scene.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* Copies of an example are a cluster: the distinct ones come first, then all of them again. So are
 * the members of a family of synthetic data, which are neighbours in the store; jittered copies lie
 * elsewhere, and only they count then. */
static int32_t cluster_of(const struct scene *scene, size_t position)
{
    const struct settings *settings = &scene->bench->cell->settings;
    const struct dataset_spec *spec = &scene->bench->experiment->dataset;
    size_t n = scene->bench->train.count, r = (size_t)settings->redundancy;
    size_t distinct = settings->redundancy_mode == REDUNDANCY_FILL ? (n + r - 1) / r : n / r;
    int has_families =
        strcmp(spec->name, "blobs") == 0 && (r == 1 || settings->copies == COPIES_EXACT);

    return scene->bench->train.rows[position % distinct] / (has_families ? spec->family : 1);
}

struct member {
    int32_t cluster, row;
};

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;

    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The mean over examples of the squared norm of their cluster's mean gradient. */
static int mean_of_clusters(struct scene *scene, const struct member *members, int32_t *rows,
                            double *gradient, double *mean, double *clusters)
{
    size_t n = scene->examples.count, first = 0;

    *mean = *clusters = 0;
    while (first < n) {
        size_t size = 0;

        for (; first + size < n && members[first + size].cluster == members[first].cluster; size++)
            rows[size] = members[first + size].row;
        if (scene_gradient(scene, scene->theta, rows, size, gradient) != 0)
            return -1;
        *mean += vector_squared_norm(gradient, scene->parameters) * (double)size / (double)n;
        *clusters += 1;
        first += size;
    }
    return 0;
}

static int measure(struct scene *scene, struct member *members, int32_t *rows, double *gradient)
{
    double n = (double)scene->examples.count, mean, clusters;
    struct noise of_examples, of_means;
    struct design design;

    for (size_t i = 0; i < scene->examples.count; i++)
        members[i] = (struct member){cluster_of(scene, i), scene->examples.rows[i]};
    qsort(members, scene->examples.count, sizeof *members, compare_members);
    if (scene_noise(scene, &of_examples) != 0 ||
        mean_of_clusters(scene, members, rows, gradient, &mean, &clusters) != 0)
        return -1;
    of_means = noise_exact(mean, of_examples.squared_norm);
    design = design_effect(of_examples.trace, of_means.trace, n, clusters);
    scene_add(scene, "clusters", clusters, n);
    scene_add(scene, "design_effect", design.effect, n);
    scene_add(scene, "effective_examples", design.effective_examples, n);
    scene_add(scene, "intracluster_correlation", design.correlation, n);
    return 0;
}

int probe_effective_size(struct scene *scene)
{
    size_t n = scene->examples.count;
    struct member *members = calloc(n, sizeof *members);
    int32_t *rows = calloc(n, sizeof *rows);
    double *gradient = calloc(scene->parameters, sizeof *gradient);
    int status = members && rows && gradient ? measure(scene, members, rows, gradient)
                                             : error_set("out of memory");

    free(members);
    free(rows);
    free(gradient);
    return status;
}
