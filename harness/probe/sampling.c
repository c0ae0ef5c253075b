/* Probe sampling: how mini-batch gradients of one theta are distributed about the full one, against
 * what is predicted, with and without replacement, and as the sampler `importance` draws. */
#include "probe/scene.h"

#include "base/error.h"
#include "data/sampler.h"
#include "data/weighting.h"

#include <stdlib.h>
#include <string.h>

/* What drawing needs. */
struct drawing {
    struct scene *scene;
    struct sampling_scheme scheme;
    struct sampling_sums sums;
    struct rng rng;
    int32_t *order; /* [N], of the population's rows: any permutation */
    int32_t *rows;  /* [largest K] */
    double *gradient;
    struct sampler *sampler; /* that draws in place of all this; NULL: none */
};

static int take_memory(struct drawing *drawing, int largest)
{
    struct scene *scene = drawing->scene;
    size_t n = scene->examples.count;

    drawing->order = calloc(n, sizeof *drawing->order);
    drawing->rows = calloc((size_t)largest, sizeof *drawing->rows);
    drawing->gradient = calloc(scene->parameters, sizeof *drawing->gradient);
    if (!drawing->order || !drawing->rows || !drawing->gradient)
        return error_set("out of memory");
    memcpy(drawing->order, scene->examples.rows, n * sizeof *drawing->order);
    return sampling_open(&drawing->sums, scene->parameters, scene->bench->cell->settings.seed);
}

static void free_memory(struct drawing *drawing)
{
    free(drawing->order);
    free(drawing->rows);
    free(drawing->gradient);
    sampling_close(&drawing->sums);
    sampler_close(drawing->sampler);
}

/* ---- Drawing ----------------------------------------------------------------------------------
 */

/* Rows of a batch, each batch independent of the others. Without replacement: the first K of a
 * shuffle (Fisher and Yates) that goes on from any order. */
static void draw_rows(struct drawing *drawing)
{
    uint32_t n = (uint32_t)drawing->scheme.population;
    int k = (int)drawing->scheme.batch_size;
    int32_t *order = drawing->order;

    if (drawing->sampler) {
        sampler_next(drawing->sampler, drawing->rows);
        return;
    }
    for (int i = 0; i < k; i++) {
        uint32_t j = drawing->scheme.with_replacement
                         ? rng_below(&drawing->rng, n)
                         : (uint32_t)i + rng_below(&drawing->rng, n - (uint32_t)i);
        int32_t row = order[j];

        if (!drawing->scheme.with_replacement) {
            order[j] = order[i];
            order[i] = row;
        }
        drawing->rows[i] = row;
    }
}

static int draw(struct drawing *drawing)
{
    struct scene *scene = drawing->scene;
    double *g = drawing->gradient, product, norms;

    draw_rows(drawing);
    if (scene_weighted_gradient(scene, scene->theta, drawing->rows,
                                drawing->sampler ? sampler_weights(drawing->sampler) : NULL,
                                (size_t)drawing->scheme.batch_size, g) != 0)
        return -1;
    product = vector_product(g, scene->mean, scene->parameters);
    norms = vector_squared_norm(g, scene->parameters) * drawing->scheme.noise.squared_norm;
    for (size_t j = 0; j < scene->parameters; j++)
        g[j] -= scene->mean[j];
    sampling_take(&drawing->sums, g, norms > 0 ? product * product / norms : 0);
    return 0;
}

/* Whether the interval of the variance is narrow enough, and a bias would not go unseen. */
static int is_enough(const struct drawing *drawing, double predicted)
{
    const struct probe_options *options = drawing->scene->options;
    const struct running *squares = &drawing->sums.squares;
    struct estimate mean = running_mean(squares);
    double least = options->bias_precision * options->bias_precision;

    if (!(squares->n >= options->draws) ||
        !(mean.high - mean.value <= options->precision * predicted))
        return 0;
    return least == 0 ||
           5 * sampling_bias_error(&drawing->sums) <= least * drawing->scheme.noise.squared_norm;
}

/* Until that is enough, or the examples are spent. */
static int draw_enough(struct drawing *drawing)
{
    const struct probe_options *options = drawing->scene->options;
    double predicted = sampling_predicted_variance(&drawing->scheme),
           k = drawing->scheme.batch_size;
    const struct running *squares = &drawing->sums.squares;

    sampling_clear(&drawing->sums);
    do {
        if (draw(drawing) != 0)
            return -1;
        if (is_enough(drawing, predicted))
            break;
    } while ((squares->n + 1) * k <= options->draw_examples);
    return 0;
}

/* ---- Rows -------------------------------------------------------------------------------------
 */

static const char *scheme_name(const struct drawing *drawing)
{
    return drawing->sampler                   ? "importance"
           : drawing->scheme.with_replacement ? "with_replacement"
                                              : "without_replacement";
}

static void add_results(struct drawing *drawing, const struct sampling_result *result)
{
    const struct sampling_scheme *scheme = &drawing->scheme;
    const struct estimate none = {0, NOT_APPLICABLE, NOT_APPLICABLE};
    const struct {
        const char *quantity;
        struct estimate estimate;
    } found[] = {
        {"variance", result->variance},
        {"variance_predicted", {sampling_predicted_variance(scheme), none.low, none.high}},
        {"variance_ratio", result->variance_ratio},
        {"effective_dimension", {result->effective_dimension, none.low, none.high}},
        {"bias_statistic", result->bias},
        {"relative_bias", result->relative_bias},
        {"bias_p", {result->bias_p, none.low, none.high}},
        {"squared_cosine", result->squared_cosine},
        {"squared_cosine_predicted", {sampling_predicted_cosine(scheme), none.low, none.high}},
    };

    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        struct probe_row *row =
            scene_add_estimate(drawing->scene, found[i].quantity, found[i].estimate, result->draws);

        row->batch_size = (int)scheme->batch_size;
        row->sampling = scheme_name(drawing);
    }
}

/* ---- Ways of drawing --------------------------------------------------------------------------
 */

/* Covariance of one weighted gradient g_i / (N p_i), i drawn with probability p_i = w_i / sum of w:
 * (1/N^2) sum of |g_i|^2 / p_i, less |G|^2. */
static struct noise noise_of_importance(const struct scene *scene, const double *weights)
{
    double n = (double)scene->examples.count, sum = 0, mean = 0;

    for (size_t i = 0; i < scene->examples.count; i++)
        sum += weights[i];
    for (size_t i = 0; i < scene->examples.count; i++)
        mean += scene->squared_norms[i] * sum / weights[i] / (n * n);
    return noise_exact(mean, vector_squared_norm(scene->mean, scene->parameters));
}

static int open_sampler(struct drawing *drawing, const double *weights, int batch_size)
{
    const struct scene *scene = drawing->scene;
    const struct sampler_options options = {
        .sampling = SAMPLING_IMPORTANCE,
        .last_batch = LAST_BATCH_DROP,
        .rows = scene->examples.rows,
        .count = scene->examples.count,
        .labels = scene->examples.labels,
        .classes = scene->bench->classes,
        .weights = weights,
        .batch_size = batch_size,
        /* not the batches that theta was trained with */
        .seed =
            scene->bench->cell->settings.seed + 0x9e3779b97f4a7c15u * (1 + (uint64_t)scene->moment),
    };

    sampler_close(drawing->sampler);
    return sampler_open(&drawing->sampler, &options);
}

/* All batch sizes by one way of drawing. Where nothing is left to chance there is nothing to draw:
 * K = N without replacement. */
/* weights: of importance, or NULL. */
static int draw_scheme(struct drawing *drawing, const double *weights, const int *sizes, int count)
{
    double used[PROBE_BATCHES_MAX];
    struct estimate variances[PROBE_BATCHES_MAX];
    int points = 0;

    for (int i = 0; i < count; i++) {
        struct sampling_result result;

        drawing->scheme.batch_size = sizes[i];
        if (!drawing->scheme.with_replacement && (size_t)sizes[i] == drawing->scene->examples.count)
            continue;
        scene_stream(drawing->scene,
                     1 + (uint32_t)i + (drawing->scheme.with_replacement ? 0 : PROBE_BATCHES_MAX),
                     &drawing->rng);
        if ((weights && open_sampler(drawing, weights, sizes[i]) != 0) || draw_enough(drawing) != 0)
            return -1;
        result = sampling_finish(&drawing->sums, &drawing->scheme);
        add_results(drawing, &result);
        /* V / f of V = tr Sigma f / K, so that the slope is -1 with either scheme. */
        used[points] = sizes[i];
        variances[points] = result.variance_ratio;
        variances[points].value *= drawing->scheme.noise.trace / sizes[i];
        variances[points].low *= drawing->scheme.noise.trace / sizes[i];
        variances[points].high *= drawing->scheme.noise.trace / sizes[i];
        points++;
    }
    if (points >= 2)
        scene_add_estimate(drawing->scene, "variance_slope",
                           sampling_slope(used, variances, points), points)
            ->sampling = scheme_name(drawing);
    return 0;
}

static int draw_by_importance(struct drawing *drawing, const int *sizes, int count)
{
    const struct scene *scene = drawing->scene;
    const struct workbench *bench = scene->bench;
    double *weights = calloc(scene->examples.count, sizeof *weights);
    int status;

    if (!weights)
        return error_set("out of memory for %zu weights", scene->examples.count);
    status = weighting_apply(bench->cell->weighting, &scene->examples,
                             network_inputs(&bench->model->network), bench->classes, weights);
    if (status == 0) {
        drawing->scheme.noise = noise_of_importance(scene, weights);
        drawing->scheme.with_replacement = 1;
        status = draw_scheme(drawing, weights, sizes, count);
    }
    free(weights);
    return status;
}

int probe_sampling(struct scene *scene)
{
    const struct probe_options *options = scene->options;
    int own = scene->bench->cell->batch_size;
    const int *sizes = options->batch_size_count > 0 ? options->batch_sizes : &own;
    int count = options->batch_size_count > 0 ? options->batch_size_count : 1, largest = 1;
    struct drawing drawing = {.scene = scene,
                              .scheme = {.population = (double)scene->examples.count}};
    int status;

    for (int i = 0; i < count; i++)
        largest = sizes[i] > largest ? sizes[i] : largest;
    if (scene_noise(scene, &drawing.scheme.noise) != 0)
        return -1;
    status = take_memory(&drawing, largest);
    for (int with = 1; with >= 0 && status == 0; with--) {
        drawing.scheme.with_replacement = with;
        status = draw_scheme(&drawing, NULL, sizes, count);
    }
    if (status == 0 && scene->bench->cell->settings.sampler == SAMPLING_IMPORTANCE)
        status = draw_by_importance(&drawing, sizes, count);
    free_memory(&drawing);
    return status;
}
