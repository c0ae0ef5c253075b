/* Probe second_moment: what the running average of squared gradients that adaptive optimizers
 * divide by is made of, and whether the expected update of a mini-batch is that of the full batch.
 */
#include "probe/scene.h"

#include "base/error.h"
#include "memory.h"
#include "train/call.h"
#include "train/rule.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double beta2_otherwise = 0.99; /* of a rule that averages no squares */

/* A repetition is a run of batches at a theta that stands still, as long as the average remembers;
 * repetitions are independent of each other. */
struct moments {
    struct scene *scene;
    const struct rule *rule; /* NULL: its updates need more than a batch's gradient */
    struct rng rng;
    int batch_size, length; /* K, batches of a repetition */
    double beta2;
    double *squares;   /* [P], G_j^2 */
    double *variances; /* [P], Sigma_jj; divided by K where that is said */
    double *divided;   /* [P], Sigma_jj / K */
    double *average;   /* [P], v_j */
    double *gradient;  /* [P], of the current batch, or G */
    double *update;    /* [P], of a repetition, less the full batch's */
    double *before;    /* [P], of the repetition before */
    double *whole;     /* [P], mean update where every batch is the whole population */
    double whole_squared_norm;
    void *moving;  /* [P], theta for an update to start from, in the cell's precision */
    int32_t *rows; /* [largest K] */
    struct running square_coefficients, variance_coefficients;
    struct running sums;     /* of v_j */
    struct running products; /* of the deviations of two repetitions: their mean is |bias|^2 */
};

/* ---- Memory -----------------------------------------------------------------------------------
 */

static int take_memory(struct moments *moments, int largest)
{
    size_t p = moments->scene->parameters;

    moments->squares = calloc(8 * p, sizeof *moments->squares);
    moments->moving = memory_take(p * sizeof(double));
    moments->rows = calloc((size_t)largest, sizeof *moments->rows);
    if (!moments->squares || !moments->moving || !moments->rows)
        return error_set("out of memory");
    moments->variances = moments->squares + p;
    moments->divided = moments->squares + 2 * p;
    moments->average = moments->squares + 3 * p;
    moments->gradient = moments->squares + 4 * p;
    moments->update = moments->squares + 5 * p;
    moments->before = moments->squares + 6 * p;
    moments->whole = moments->squares + 7 * p;
    return 0;
}

static void free_memory(struct moments *moments)
{
    free(moments->squares);
    free(moments->moving);
    free(moments->rows);
}

/* ---- What is to be found ----------------------------------------------------------------------
 */

/* G_j^2 and Sigma_jj = (1/N) sum over i of g_ij^2 - G_j^2, example by example. */
static int find_moments(struct moments *moments)
{
    struct scene *scene = moments->scene;
    size_t p = scene->parameters, n = scene->examples.count;
    double *g = moments->gradient;

    if (scene_mean(scene) != 0)
        return -1;
    memset(moments->variances, 0, p * sizeof *moments->variances);
    for (size_t i = 0; i < n; i++) {
        if (scene_gradient(scene, scene->theta, scene->examples.rows + i, 1, g) != 0)
            return -1;
        for (size_t j = 0; j < p; j++) /* about G, so that nothing cancels */
            moments->variances[j] += (g[j] - scene->mean[j]) * (g[j] - scene->mean[j]) / (double)n;
    }
    for (size_t j = 0; j < p; j++)
        moments->squares[j] = scene->mean[j] * scene->mean[j];
    return 0;
}

/* ---- Updates ----------------------------------------------------------------------------------
 */

static int give_gradient(void *context, const void *theta, void *gradient)
{
    const struct moments *moments = context;
    int is_double = moments->scene->bench->cell->settings.precision == PRECISION_DOUBLE;

    (void)theta; /* which stands still, wherever the rule looks */
    for (size_t j = 0; j < moments->scene->parameters; j++)
        if (is_double)
            ((double *)gradient)[j] = moments->gradient[j];
        else
            ((float *)gradient)[j] = (float)moments->gradient[j];
    return 0;
}

static int open_rule(const struct moments *moments, struct rule_state *state)
{
    const struct workbench *bench = moments->scene->bench;
    struct rule_parameters parameters = step_parameters(bench);

    memset(state, 0, sizeof *state);
    if (!moments->rule)
        return 0;
    return rule_open(state, moments->rule, moments->scene->parameters,
                     moments->scene->examples.count, bench->cell->settings.precision, &parameters);
}

/* sum[P] += share * the update that the rule makes of moments->gradient at theta. */
static int add_update(struct moments *moments, struct rule_state *state, double share, double *sum)
{
    struct scene *scene = moments->scene;
    const enum precision precision = scene->bench->cell->settings.precision;
    size_t size = precision == PRECISION_DOUBLE ? sizeof(double) : sizeof(float);
    const struct gradient_oracle oracle = {
        .context = moments, .batch_size = moments->batch_size, .batch = give_gradient};

    memcpy(moments->moving, scene->theta, scene->parameters * size);
    if (rule_step(moments->rule, state, moments->moving, scene->bench->cell->rate, &oracle) != 0)
        return -1;
    for (size_t j = 0; share > 0 && j < scene->parameters; j++)
        sum[j] += share * (parameter_value(precision, moments->moving, j) - scene->exact_theta[j]);
    return 0;
}

/* Updates count in the second half of a repetition, when what the rule remembers is of many. */
static double share_of_update(const struct moments *moments, int t)
{
    int first = moments->length / 2;

    return t < first ? 0 : 1.0 / (moments->length - first);
}

static int find_whole_update(struct moments *moments)
{
    struct scene *scene = moments->scene;
    struct rule_state state;
    int status = open_rule(moments, &state);

    memset(moments->whole, 0, scene->parameters * sizeof *moments->whole);
    memcpy(moments->gradient, scene->mean, scene->parameters * sizeof *moments->gradient);
    for (int t = 0; moments->rule && t < moments->length && status == 0; t++)
        status = add_update(moments, &state, share_of_update(moments, t), moments->whole);
    moments->whole_squared_norm = vector_squared_norm(moments->whole, scene->parameters);
    rule_close(&state);
    return status;
}

/* ---- A repetition -----------------------------------------------------------------------------
 */

static int draw(struct moments *moments)
{
    struct scene *scene = moments->scene;

    for (int i = 0; i < moments->batch_size; i++)
        moments->rows[i] =
            scene->examples.rows[rng_below(&moments->rng, (uint32_t)scene->examples.count)];
    return scene_gradient(scene, scene->theta, moments->rows, (size_t)moments->batch_size,
                          moments->gradient);
}

/* v = beta2 v + (1 - beta2) g^2, and the rule's update. */
static int take_batch(struct moments *moments, struct rule_state *state, int t)
{
    double *v = moments->average, *g = moments->gradient;

    if (draw(moments) != 0)
        return -1;
    for (size_t j = 0; j < moments->scene->parameters; j++)
        v[j] = moments->beta2 * v[j] + (1 - moments->beta2) * g[j] * g[j];
    return moments->rule ? add_update(moments, state, share_of_update(moments, t), moments->update)
                         : 0;
}

static void take_repetition(struct moments *moments)
{
    size_t p = moments->scene->parameters;
    double start = 1 - pow(moments->beta2, moments->length), *kept = moments->before;
    struct moment_fit fit;

    for (size_t j = 0; j < p; j++) {
        moments->average[j] /= start; /* as Adam corrects for its start */
        moments->update[j] -= moments->whole[j];
    }
    fit = moment_fit(moments->average, moments->squares, moments->divided, p);
    running_take(&moments->square_coefficients, fit.square);
    running_take(&moments->variance_coefficients, fit.variance);
    running_take(&moments->sums, fit.sum);
    if ((long)moments->sums.n % 2 == 0) /* pairs that have nothing in common */
        running_take(&moments->products, vector_product(moments->update, moments->before, p));
    moments->before = moments->update;
    moments->update = kept;
}

static int repeat(struct moments *moments)
{
    struct scene *scene = moments->scene;
    struct rule_state state;
    int status = open_rule(moments, &state);

    memset(moments->average, 0, scene->parameters * sizeof *moments->average);
    memset(moments->update, 0, scene->parameters * sizeof *moments->update);
    for (int t = 0; t < moments->length && status == 0; t++)
        status = take_batch(moments, &state, t);
    rule_close(&state);
    if (status == 0)
        take_repetition(moments);
    return status;
}

/* ---- All repetitions of a K -------------------------------------------------------------------
 */

/* A coefficient of what is not there is no number, and needs no precision. */
static int is_precise(const struct running *coefficients, double precision)
{
    struct estimate mean = running_mean(coefficients);

    return isnan(mean.value) || mean.high - mean.value <= precision;
}

static int repeat_enough(struct moments *moments)
{
    enum { LEAST = 8 };
    const struct probe_options *options = moments->scene->options;
    double batches, cost = (double)moments->batch_size * moments->length;

    moments->square_coefficients = moments->variance_coefficients = (struct running){0};
    moments->sums = moments->products = (struct running){0};
    do {
        if (repeat(moments) != 0)
            return -1;
        batches = moments->sums.n * moments->length;
        if (moments->sums.n >= LEAST && batches >= options->draws &&
            is_precise(&moments->square_coefficients, options->precision) &&
            is_precise(&moments->variance_coefficients, options->precision))
            break;
    } while (moments->sums.n < LEAST || (moments->sums.n + 1) * cost <= options->draw_examples);
    return 0;
}

static void add(struct moments *moments, const char *quantity, struct estimate estimate)
{
    scene_add_estimate(moments->scene, quantity, estimate, moments->sums.n)->batch_size =
        moments->batch_size;
}

/* 1 - |G|^2 / sum of v_j */
static struct estimate share_beyond(double squared_norm, struct estimate sum)
{
    return (struct estimate){1 - squared_norm / sum.value, 1 - squared_norm / sum.low,
                             1 - squared_norm / sum.high};
}

static void add_rows(struct moments *moments)
{
    const struct scene *scene = moments->scene;
    double trace = 0, squared_norm = 0;

    for (size_t j = 0; j < scene->parameters; j++) {
        trace += moments->divided[j];
        squared_norm += moments->squares[j];
    }
    add(moments, "square_coefficient", running_mean(&moments->square_coefficients));
    add(moments, "variance_coefficient", running_mean(&moments->variance_coefficients));
    add(moments, "variance_share", share_beyond(squared_norm, running_mean(&moments->sums)));
    add(moments, "variance_share_predicted",
        (struct estimate){trace / (trace + squared_norm), NOT_APPLICABLE, NOT_APPLICABLE});
    if (moments->rule)
        add(moments, "update_bias",
            root_of_estimate(running_mean(&moments->products), moments->whole_squared_norm));
}

static int probe_sizes(struct moments *moments, const int *sizes, int count)
{
    for (int i = 0; i < count; i++) {
        moments->batch_size = sizes[i];
        for (size_t j = 0; j < moments->scene->parameters; j++)
            moments->divided[j] = moments->variances[j] / sizes[i];
        scene_stream(moments->scene, 512 + (uint32_t)i, &moments->rng);
        if (repeat_enough(moments) != 0)
            return -1;
        add_rows(moments);
    }
    return 0;
}

int probe_second_moment(struct scene *scene)
{
    const struct probe_options *options = scene->options;
    const struct cell *cell = scene->bench->cell;
    const struct rule *rule = rule_find(cell->settings.optimizer);
    const int *sizes = options->batch_size_count > 0 ? options->batch_sizes : &cell->batch_size;
    int count = options->batch_size_count > 0 ? options->batch_size_count : 1, largest = 1, status;
    struct moments moments = {.scene = scene, .rule = rule->needs ? NULL : rule};

    moments.beta2 = rule->uses & USES_BETA2 ? step_parameters(scene->bench).beta2 : beta2_otherwise;
    moments.length = (int)ceil(2 / (1 - moments.beta2));
    for (int i = 0; i < count; i++)
        largest = sizes[i] > largest ? sizes[i] : largest;
    status = take_memory(&moments, largest);
    if (status == 0)
        status = find_moments(&moments);
    if (status == 0)
        status = find_whole_update(&moments);
    if (status == 0)
        status = probe_sizes(&moments, sizes, count);
    free_memory(&moments);
    return status;
}
