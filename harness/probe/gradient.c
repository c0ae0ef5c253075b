/* Probe gradient: what holds of any gradient. It is the slope of the loss, by finite differences
 * and by the reference; the mean, not the sum, of its examples' gradients; and over an epoch the
 * mean of its batches' gradients only if each counts by its size. */
#include "probe/scene.h"

#include "base/error.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double step = 1e-3;   /* of the central differences, in double precision */
static const double smooth = 3e-6; /* of |G|: what curvature changes of a slope over such a step */

enum { DIFFERENCES_MAX = 10000 }; /* parameters, at most: each takes four losses of all examples */

/* The engine that the others are held against, in double precision. */
struct judge {
    struct loaded_engine loaded;
    void *session;
    struct batch all; /* the population */
};

static int failed(const struct message *message)
{
    return error_set("probe gradient: %s", message->text);
}

static int judge_open(struct judge *judge, const struct scene *scene)
{
    const struct network *network = &scene->bench->model->network;
    const struct engine_options options = {.threads = 1,
                                           .variant = "",
                                           .precision = PRECISION_DOUBLE,
                                           .max_batch = (int)scene->examples.count};
    struct message message = {""};

    *judge = (struct judge){.all = batch_of(&scene->examples)};
    judge->all.rows = scene->examples.rows;
    judge->all.size = (int)scene->examples.count;
    if (registry_load(&judge->loaded, network->head == HEAD_OBJECTIVE ? "analytic" : "reference",
                      &message) != 0 ||
        judge->loaded.engine.open(&judge->session, network, &options, &message) != 0)
        return failed(&message);
    return 0;
}

static void judge_close(struct judge *judge)
{
    if (judge->session)
        judge->loaded.engine.close(judge->session);
}

static int judge_loss(struct judge *judge, const double *theta, double *loss)
{
    struct message message = {""};
    struct score score;

    if (judge->loaded.engine.loss64(judge->session, theta, &judge->all, &score, &message) != 0)
        return failed(&message);
    *loss = score.loss;
    return 0;
}

/* (L(theta + width e) - L(theta - width e)) / (2 width) along axis number j. */
static int central_difference(struct judge *judge, double *theta, size_t j, double width,
                              double *slope)
{
    double middle = theta[j], above = NAN, below = NAN;
    int status;

    theta[j] = middle + width;
    status = judge_loss(judge, theta, &above);
    theta[j] = middle - width;
    if (status == 0)
        status = judge_loss(judge, theta, &below);
    theta[j] = middle;
    *slope = (above - below) / (2 * width);
    return status;
}

/* |a - b| / |b| */
static double relative_error(const double *a, const double *b, size_t count)
{
    double square = 0;

    for (size_t j = 0; j < count; j++)
        square += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(square / vector_squared_norm(b, count));
}

static void add_error(struct scene *scene, const char *quantity, const char *part, double error,
                      size_t n, int batch_size)
{
    struct probe_row *row = scene_add(scene, quantity, error, (double)n);

    snprintf(row->part, sizeof row->part, "%s", part);
    row->batch_size = batch_size;
}

/* slope[P], and the same with half the step; theta is moved and put back. */
static int central_differences(struct judge *judge, double *theta, size_t parameters, double *slope,
                               double *finer)
{
    for (size_t j = 0; j < parameters; j++)
        if (central_difference(judge, theta, j, step, &slope[j]) != 0 ||
            central_difference(judge, theta, j, step / 2, &finer[j]) != 0)
            return -1;
    return 0;
}

/* Where the two slopes disagree by more than curvature could make them, a rectifier or the largest
 * value of a window has changed on the way: there is no slope to compare with, and the gradient's
 * component is left out, whatever it is. Returns how many are left. */
static size_t leave_out_kinks(double *slope, const double *finer, const double *gradient,
                              size_t parameters)
{
    double norm = sqrt(vector_squared_norm(slope, parameters));
    size_t left = parameters;

    for (size_t j = 0; j < parameters; j++)
        if (fabs(slope[j] - finer[j]) > smooth * norm) {
            slope[j] = gradient[j];
            left--;
        }
    return left;
}

/* G against the reference's and against finite differences. memory[3][P] */
static int judge_mean(struct scene *scene, struct judge *judge, double *memory)
{
    struct message message = {""};
    size_t p = scene->parameters, left;
    double *expected = memory, *finer = memory + p, *theta = memory + 2 * p;

    if (judge->loaded.engine.gradient64(judge->session, scene->exact_theta, &judge->all, expected,
                                        NULL, &message) != 0)
        return failed(&message);
    add_error(scene, "gradient_error", "reference", relative_error(scene->mean, expected, p), p, 0);
    if (p > DIFFERENCES_MAX)
        return 0;
    memcpy(theta, scene->exact_theta, p * sizeof *theta);
    if (central_differences(judge, theta, p, expected, finer) != 0)
        return -1;
    left = leave_out_kinks(expected, finer, scene->mean, p);
    add_error(scene, "gradient_error", "central_differences",
              relative_error(scene->mean, expected, p), left, 0);
    return 0;
}

static void add_share(double *sum, const double *gradient, double share, size_t count)
{
    for (size_t j = 0; j < count; j++)
        sum[j] += share * gradient[j];
}

/* A batch's gradient against the mean of its examples'. A sum would be off by K - 1. */
static int judge_reduction(struct scene *scene, size_t k, double *mean, double *gradient)
{
    const int32_t *rows = scene->examples.rows;
    size_t p = scene->parameters;

    memset(mean, 0, p * sizeof *mean);
    for (size_t i = 0; i < k; i++) {
        if (scene_gradient(scene, scene->theta, rows + i, 1, gradient) != 0)
            return -1;
        add_share(mean, gradient, 1 / (double)k, p);
    }
    if (scene_gradient(scene, scene->theta, rows, k, gradient) != 0)
        return -1;
    add_error(scene, "reduction_error", "", relative_error(gradient, mean, p), k, (int)k);
    return 0;
}

/* The epoch's batches in turn, the last one with what is left, against G: each by its share of the
 * examples, and all alike. sums[2][P] */
static int judge_epoch(struct scene *scene, size_t k, double *sums, double *gradient)
{
    size_t n = scene->examples.count, p = scene->parameters, batches = (n + k - 1) / k;
    double *alike = sums + p;

    memset(sums, 0, 2 * p * sizeof *sums);
    for (size_t first = 0; first < n; first += k) {
        size_t size = n - first < k ? n - first : k;

        if (scene_gradient(scene, scene->theta, scene->examples.rows + first, size, gradient) != 0)
            return -1;
        add_share(sums, gradient, (double)size / (double)n, p);
        add_share(alike, gradient, 1 / (double)batches, p);
    }
    add_error(scene, "epoch_error", "weighted", relative_error(sums, scene->mean, p), batches,
              (int)k);
    add_error(scene, "epoch_error", "unweighted", relative_error(alike, scene->mean, p), batches,
              (int)k);
    return 0;
}

int probe_gradient(struct scene *scene)
{
    size_t p = scene->parameters, n = scene->examples.count;
    size_t k = (size_t)scene->bench->cell->batch_size;
    double *memory = calloc(3 * p, sizeof *memory);
    struct judge judge;
    int status = memory ? judge_open(&judge, scene) : error_set("out of memory");

    if (status == 0)
        status = scene_mean(scene);
    if (status == 0)
        status = judge_mean(scene, &judge, memory);
    if (status == 0)
        status = judge_reduction(scene, k < n ? k : n, memory, memory + p);
    if (status == 0)
        status = judge_epoch(scene, k < n ? k : n, memory, memory + 2 * p);
    if (memory)
        judge_close(&judge);
    free(memory);
    return status;
}
