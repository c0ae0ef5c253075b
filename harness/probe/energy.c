/* Probe energy: whose gradients the full gradient is made of, by class and by decile of the loss.
 */
#include "probe/scene.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The examples of a part of the population. */
struct group {
    size_t count;
    double energy;   /* sum of |g_i|^2 */
    double sum_norm; /* |sum of g_i| */
};

static const char *const kinds[] = {"class", "decile"};
enum kind { BY_CLASS, BY_DECILE };

static int compare_loss(const void *left, const void *right, void *context)
{
    const double *losses = context;
    int a = *(const int *)left, b = *(const int *)right;

    if (losses[a] < losses[b] || losses[a] > losses[b])
        return losses[a] < losses[b] ? -1 : 1;
    return a - b;
}

/* group_of[N] = the group of each example. 0, or -1. */
static int by_decile(const struct scene *scene, int *group_of)
{
    int n = (int)scene->examples.count, *sorted = calloc((size_t)n, sizeof *sorted);

    if (!sorted)
        return error_set("out of memory");
    for (int i = 0; i < n; i++)
        sorted[i] = i;
    qsort_r(sorted, (size_t)n, sizeof *sorted, compare_loss, scene->losses);
    for (int i = 0; i < n; i++)
        group_of[sorted[i]] = (int)((long)i * 10 / n);
    free(sorted);
    return 0;
}

static void by_class(const struct scene *scene, int *group_of)
{
    for (size_t i = 0; i < scene->examples.count; i++)
        group_of[i] = scene->examples.labels[scene->examples.rows[i]];
}

/* What one group adds to the gradient. rows[N], gradient[P]: scratch. */
static int measure(struct scene *scene, const int *group_of, int which, int32_t *rows,
                   double *gradient, struct group *group)
{
    *group = (struct group){0};
    for (size_t i = 0; i < scene->examples.count; i++)
        if (group_of[i] == which) {
            rows[group->count++] = scene->examples.rows[i];
            group->energy += scene->squared_norms[i];
        }
    if (group->count == 0)
        return 0;
    if (scene_gradient(scene, scene->theta, rows, group->count, gradient) != 0)
        return -1;
    group->sum_norm = (double)group->count * sqrt(vector_squared_norm(gradient, scene->parameters));
    return 0;
}

static void add_groups(struct scene *scene, enum kind kind, const struct group *groups, int count)
{
    double energy = 0, norms = 0, n = (double)scene->examples.count;

    for (int g = 0; g < count; g++) {
        energy += groups[g].energy;
        norms += groups[g].sum_norm;
    }
    for (int g = 0; g < count; g++) {
        const struct {
            const char *quantity;
            double value;
        } shares[] = {
            {"examples_share", (double)groups[g].count / n},
            {"energy_share", groups[g].energy / energy},
            {"sum_share", groups[g].sum_norm / norms},
        };

        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
            snprintf(scene_add(scene, shares[i].quantity, shares[i].value, (double)groups[g].count)
                         ->part,
                     sizeof scene->spare.part, "%s %d", kinds[kind], kind == BY_CLASS ? g : g + 1);
    }
}

static int divide(struct scene *scene, enum kind kind, int count)
{
    size_t n = scene->examples.count;
    int *group_of = calloc(n, sizeof *group_of), status = -1;
    int32_t *rows = calloc(n, sizeof *rows);
    double *gradient = calloc(scene->parameters, sizeof *gradient);
    struct group *groups = calloc((size_t)count, sizeof *groups);

    if (!group_of || !rows || !gradient || !groups) {
        error_set("out of memory");
        goto done;
    }
    if (kind == BY_CLASS)
        by_class(scene, group_of);
    else if (by_decile(scene, group_of) != 0)
        goto done;
    for (int g = 0; g < count; g++)
        if (measure(scene, group_of, g, rows, gradient, &groups[g]) != 0)
            goto done;
    add_groups(scene, kind, groups, count);
    status = 0;
done:
    free(group_of);
    free(rows);
    free(gradient);
    free(groups);
    return status;
}

int probe_energy(struct scene *scene)
{
    if (scene_each(scene) != 0)
        return -1;
    if (scene->bench->classes > 0 && divide(scene, BY_CLASS, scene->bench->classes) != 0)
        return -1;
    return divide(scene, BY_DECILE, 10);
}
