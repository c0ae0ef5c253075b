/* Probe redraws: how many independent examples a training set of clusters is worth to the gradient,
 * by drawing the whole set anew again and again, against what survey sampling predicts. */
#include "probe/scene.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* A training set of clusters. The population is the one of the probes: an example of its own is any
 * of them. Each member of a cluster is the cluster's example with probability sqrt(correlation),
 * else one of its own, so that two members are the same with probability `correlation` and that is
 * the correlation of their gradients, whatever the network. */
struct clustered {
    int clusters, members;
    double correlation;
};

struct redrawing {
    struct scene *scene;
    struct noise noise; /* of the population, exact */
    struct rng rng;
    int32_t *rows;           /* [clusters * most members] */
    double *gradient;        /* [P] */
    struct running distance; /* |G_N - G|^2 */
};

static void draw_rows(struct redrawing *redrawing, const struct clustered *set)
{
    const struct examples *population = &redrawing->scene->examples;
    double share = sqrt(set->correlation);
    uint32_t n = (uint32_t)population->count;

    for (int c = 0; c < set->clusters; c++) {
        int32_t common = population->rows[rng_below(&redrawing->rng, n)];

        for (int m = 0; m < set->members; m++) {
            int is_common = rng_uniform(&redrawing->rng) < share;
            int32_t own = population->rows[rng_below(&redrawing->rng, n)];

            redrawing->rows[c * set->members + m] = is_common ? common : own;
        }
    }
}

static int redraw(struct redrawing *redrawing, const struct clustered *set)
{
    struct scene *scene = redrawing->scene;
    double *g = redrawing->gradient;
    size_t n = (size_t)set->clusters * (size_t)set->members;

    draw_rows(redrawing, set);
    if (scene_gradient(scene, scene->theta, redrawing->rows, n, g) != 0)
        return -1;
    for (size_t j = 0; j < scene->parameters; j++)
        g[j] -= scene->mean[j];
    running_take(&redrawing->distance, vector_squared_norm(g, scene->parameters));
    return 0;
}

/* Until the interval is narrow enough, or the examples are spent. */
static int redraw_enough(struct redrawing *redrawing, const struct clustered *set)
{
    const struct probe_options *options = redrawing->scene->options;
    const struct running *distance = &redrawing->distance;
    double n = (double)set->clusters * set->members;

    redrawing->distance = (struct running){0};
    do {
        struct estimate mean;

        if (redraw(redrawing, set) != 0)
            return -1;
        mean = running_mean(distance);
        if (distance->n >= options->draws &&
            mean.high - mean.value <= options->precision * mean.value)
            break;
    } while ((distance->n + 1) * n <= options->draw_examples);
    return 0;
}

static void add_row(struct redrawing *redrawing, const struct clustered *set, const char *quantity,
                    struct estimate estimate)
{
    struct probe_row *row =
        scene_add_estimate(redrawing->scene, quantity, estimate, redrawing->distance.n);

    row->batch_size = set->clusters * set->members;
    row->sampling = "with_replacement";
    snprintf(row->part, sizeof row->part, "correlation %g", set->correlation);
}

static void add_results(struct redrawing *redrawing, const struct clustered *set)
{
    double n = (double)set->clusters * set->members;
    double predicted = design_predicted(n, set->members, set->correlation);
    struct estimate found = effective_by_redraws(redrawing->noise.trace, &redrawing->distance);

    add_row(redrawing, set, "effective_examples", found);
    add_row(redrawing, set, "effective_examples_predicted",
            (struct estimate){predicted, NOT_APPLICABLE, NOT_APPLICABLE});
    add_row(
        redrawing, set, "effective_ratio",
        (struct estimate){found.value / predicted, found.low / predicted, found.high / predicted});
}

static int redraw_all(struct redrawing *redrawing)
{
    const struct probe_options *options = redrawing->scene->options;
    uint32_t stream = 512; /* those of the other probes are below */

    for (int m = 0; m < options->member_count; m++)
        for (int c = 0; c < options->correlation_count; c++) {
            const struct clustered set = {options->clusters, options->members[m],
                                          options->correlations[c]};

            scene_stream(redrawing->scene, stream++, &redrawing->rng);
            if (redraw_enough(redrawing, &set) != 0)
                return -1;
            add_results(redrawing, &set);
        }
    return 0;
}

int probe_redraws(struct scene *scene)
{
    const struct probe_options *options = scene->options;
    struct redrawing redrawing = {.scene = scene};
    int status = -1, most = 0;

    for (int m = 0; m < options->member_count; m++)
        most = options->members[m] > most ? options->members[m] : most;
    redrawing.rows = calloc((size_t)options->clusters * (size_t)most, sizeof *redrawing.rows);
    redrawing.gradient = calloc(scene->parameters, sizeof *redrawing.gradient);
    if (!redrawing.rows || !redrawing.gradient)
        error_set("out of memory");
    else if (scene_noise(scene, &redrawing.noise) == 0)
        status = redraw_all(&redrawing);
    free(redrawing.rows);
    free(redrawing.gradient);
    return status;
}
