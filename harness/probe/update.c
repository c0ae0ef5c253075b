/* Probe update: what holds of the first updates from here: where they go, whoever computes them,
 * and with implicit steps at which point their gradient is. */
#include "probe/scene.h"

#include "base/error.h"
#include "train/call.h"
#include "train/gradient.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* By then momentum has a past, so that it need not go where the gradient points. */
enum { UPDATES = 4 };

struct updates {
    struct scene *scene;
    struct stepper stepper;
    void *before, *other; /* [P], as theta */
    size_t bytes;         /* of them */
};

static enum precision precision_of(const struct updates *u)
{
    return u->stepper.state.precision;
}

/* Batches of K follow one another through the training examples. */
static void take_batch(struct stepper *stepper, size_t number)
{
    const struct examples *train = &stepper->bench->train;
    size_t k = (size_t)stepper->bench->cell->batch_size;

    stepper->batch.rows = train->rows + number % (train->count / k) * k;
    stepper->batch.size = (int)k;
}

static int update(struct updates *u, size_t number)
{
    take_batch(&u->stepper, number);
    u->stepper.wants_gradient = 1; /* by the rule, not by a step of the engine in one piece */
    memcpy(u->before, u->stepper.theta, u->bytes);
    return stepper_update(&u->stepper);
}

static int gradient_by(struct updates *u, struct gradient *gradient, const void *theta, void *to)
{
    struct message message = {""};
    struct score score;

    if (gradient_at(gradient, theta, &u->stepper.batch, to, &score, &message) != 0)
        return stepper_failed(&u->stepper, &message);
    return 0;
}

/* ---- Plain descent ----------------------------------------------------------------------------
 */

static int is_plain(const struct stepper *stepper)
{
    return stepper->rule->is_plain_sgd && rule_is_bare(&stepper->state.parameters);
}

/* 1: theta[t] is theta[t-1] - alpha g as its precision rounds it: product and difference one after
 * the other, which `volatile` keeps from being fused, or both at once, where the processor can. */
static int is_rounded(const struct updates *u, size_t j)
{
    if (precision_of(u) == PRECISION_DOUBLE) {
        double g = ((double *)u->stepper.state.gradient)[j], from = ((double *)u->before)[j];
        double to = ((double *)u->stepper.theta)[j];
        volatile double product = u->stepper.rate * g;

        return to == from - product || to == fma(-u->stepper.rate, g, from);
    } else {
        float g = ((float *)u->stepper.state.gradient)[j], from = ((float *)u->before)[j];
        float to = ((float *)u->stepper.theta)[j], rate = (float)u->stepper.rate;
        volatile float product = rate * g;

        return to == from - product || to == fmaf(-rate, g, from);
    }
}

static void count_mismatches(struct updates *u)
{
    size_t mismatches = 0, count = u->scene->parameters;

    for (size_t j = 0; j < count; j++)
        mismatches += !is_rounded(u, j);
    scene_add(u->scene, "step_mismatches", (double)mismatches, (double)count);
}

/* cos of theta[t] - theta[t-1] and -g[t] */
static double direction_cosine(const struct updates *u)
{
    const enum precision precision = precision_of(u);
    double product = 0, moved = 0, slope = 0;

    for (size_t j = 0; j < u->scene->parameters; j++) {
        double delta = parameter_value(precision, u->stepper.theta, j) -
                       parameter_value(precision, u->before, j);
        double g = parameter_value(precision, u->stepper.state.gradient, j);

        product -= delta * g;
        moved += delta * delta;
        slope += g * g;
    }
    return product / sqrt(moved * slope);
}

/* ---- Workers ----------------------------------------------------------------------------------
 */

/* gradient[P] of the batch at u->before as one worker computes it. */
static int gradient_of_one(struct updates *u, void *gradient)
{
    struct cell cell = *u->scene->bench->cell;
    struct workbench bench = *u->scene->bench;
    struct gradient *one;
    int status;

    cell.settings.workers = 1;
    bench.cell = &cell;
    if (gradient_open(&one, &bench) != 0)
        return -1;
    status = gradient_by(u, one, u->before, gradient);
    gradient_close(one);
    return status;
}

/* The largest difference of two gradients over the largest component, and how many components
 * differ at all. */
static int compare_workers(struct updates *u)
{
    const enum precision precision = precision_of(u);
    void *ours = u->stepper.state.gradient;
    double difference = 0, largest = 0;
    size_t mismatches = 0, count = u->scene->parameters;

    if (gradient_by(u, u->stepper.gradient, u->before, ours) != 0 ||
        gradient_of_one(u, u->other) != 0)
        return -1;
    for (size_t j = 0; j < count; j++) {
        double a = parameter_value(precision, ours, j);
        double b = parameter_value(precision, u->other, j);

        difference = fmax(difference, fabs(a - b));
        largest = fmax(largest, fabs(b));
        mismatches += !(a == b);
    }
    scene_add(u->scene, "workers_error", difference / largest, (double)count);
    scene_add(u->scene, "workers_mismatches", (double)mismatches, (double)count);
    return 0;
}

/* ---- Implicit steps, and a bound ----------------------------------------------------------------
 */

/* |theta[t] - theta[t-1] + alpha g(theta[t])|, g of the same batch */
static int find_residual(struct updates *u)
{
    const enum precision precision = precision_of(u);
    double square = 0;

    if (gradient_by(u, u->stepper.gradient, u->stepper.theta, u->other) != 0)
        return -1;
    for (size_t j = 0; j < u->scene->parameters; j++)
        square += pow(parameter_value(precision, u->stepper.theta, j) -
                          parameter_value(precision, u->before, j) +
                          u->stepper.rate * parameter_value(precision, u->other, j),
                      2);
    scene_add(u->scene, "implicit_residual", sqrt(square), (double)u->scene->parameters);
    return 0;
}

static int is_descent_on_a_quadratic(const struct updates *u)
{
    const struct cell *cell = u->scene->bench->cell;
    enum function function = cell->network->objective.function;

    return (function == FUNCTION_QUADRATIC || function == FUNCTION_QUADRATIC_DEEP) &&
           is_plain(&u->stepper) && !cell->schedule && cell->settings.gradient_noise == 0 &&
           cell->settings.delay == 0;
}

/* The loss so far over |theta[0]|^2 / (2 alpha t), which it does not exceed for alpha up to
 * 1 / lambda_max (Nesterov 2004, corollary 2.1.2, in its sharper form): the least loss is 0, at 0.
 */
static int find_bound(struct updates *u)
{
    const struct curve_point *point = u->scene->point;
    size_t count = u->scene->parameters;
    float *start = calloc(count, sizeof *start);
    double square = 0;

    if (!start)
        return error_set("out of memory");
    objective_start(&u->scene->bench->cell->network->objective, count, start);
    for (size_t j = 0; j < count; j++)
        square += (double)start[j] * (double)start[j];
    scene_add(u->scene, "convex_bound",
              point->train.loss * 2 * u->scene->bench->cell->rate * (double)point->update / square,
              (double)point->update);
    free(start);
    return 0;
}

/* -----------------------------------------------------------------------------------------------
 */

static int look_at_updates(struct updates *u)
{
    struct stepper *stepper = &u->stepper;

    if (is_descent_on_a_quadratic(u) && u->scene->point->update > 0 && find_bound(u) != 0)
        return -1;
    memcpy(stepper->theta, u->scene->theta, u->bytes);
    if (update(u, 0) != 0)
        return -1;
    if (stepper->rule->needs & NEEDS_PROXIMAL)
        return find_residual(u);
    if (is_plain(stepper))
        count_mismatches(u);
    for (size_t number = 1; number < UPDATES; number++)
        if (update(u, number) != 0)
            return -1;
    scene_add(u->scene, "direction_cosine", direction_cosine(u), UPDATES);
    return stepper->bench->cell->settings.workers > 1 ? compare_workers(u) : 0;
}

int probe_update(struct scene *scene)
{
    struct updates u = {.scene = scene};
    size_t size =
        scene->bench->cell->settings.precision == PRECISION_DOUBLE ? sizeof(double) : sizeof(float);
    int status = -1;

    u.bytes = scene->parameters * size;
    u.before = calloc(scene->parameters, size);
    u.other = calloc(scene->parameters, size);
    if (!u.before || !u.other)
        error_set("out of memory");
    else if (stepper_open(&u.stepper, scene->bench) == 0)
        status = look_at_updates(&u);
    stepper_close(&u.stepper);
    free(u.before);
    free(u.other);
    return status;
}
