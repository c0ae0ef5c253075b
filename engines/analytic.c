/* The engine of objectives: functions f(z) of few variables whose derivatives are written down, as
 * engine.h states them. Everything is computed in double precision, one example at a time:
 *
 *     NOISE_SHIFTS   loss = f(theta - x)         gradient = f'(theta - x)
 *     NOISE_TILTS    loss = f(theta) - x . theta  gradient = f'(theta) - x
 */
#include "check.h"
#include "engine.h"
#include "message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct session {
    struct objective objective;
    size_t dimensions;    /* D */
    double *coefficients; /* of the objective, its own copy; NULL where it has none */
    double *x, *z, *slope;
    double *theta, *gradient; /* [D], what floats become */
};

/* ---- The functions: f(z), and its gradient in slope[D] ------------------------------------------
 */

static double squares(const struct session *session, const double *z, double *slope)
{
    const double *c = session->coefficients;
    double sum = 0;

    for (size_t j = 0; j < session->dimensions; j++) {
        slope[j] = c[j] * z[j];
        sum += slope[j] * z[j];
    }
    return sum / 2;
}

/* slope = Q z. Q is symmetric: its rows are its columns, and whole vectors are added up. */
static double quadratic(const struct session *session, const double *z, double *slope)
{
    size_t dimensions = session->dimensions;
    double sum = 0;

    memset(slope, 0, dimensions * sizeof *slope);
    for (size_t j = 0; j < dimensions; j++) {
        const double *row = session->coefficients + j * dimensions;

        for (size_t i = 0; i < dimensions; i++)
            slope[i] += row[i] * z[j];
    }
    for (size_t j = 0; j < dimensions; j++)
        sum += slope[j] * z[j];
    return sum / 2;
}

static double saddle(const struct session *session, const double *z, double *slope)
{
    const double *c = session->coefficients;
    double square = z[1] * z[1];

    slope[0] = c[0] * z[0];
    slope[1] = -c[1] * z[1] + square * z[1];
    return c[0] * z[0] * z[0] / 2 - c[1] * square / 2 + square * square / 4;
}

static double rosenbrock(const struct session *session, const double *z, double *slope)
{
    const double *c = session->coefficients;
    double along = c[0] - z[0], across = z[1] - z[0] * z[0];

    slope[0] = -2 * along - 4 * c[1] * across * z[0];
    slope[1] = 2 * c[1] * across;
    return along * along + c[1] * across * across;
}

static double cubic(const struct session *session, const double *z, double *slope)
{
    double square = z[1] * z[1];

    (void)session;
    slope[0] = 2 * z[0] + z[1];
    slope[1] = 2 * z[1] + 3 * square + z[0];
    return z[0] * z[0] + square + square * z[1] + z[0] * z[1];
}

static double plateau(const struct session *session, const double *z, double *slope)
{
    double width = session->coefficients[0] * session->coefficients[0], sum = 0, below;

    for (size_t j = 0; j < session->dimensions; j++)
        sum += z[j] * z[j];
    below = width + sum;
    for (size_t j = 0; j < session->dimensions; j++)
        slope[j] = 2 * width / below / below * z[j];
    return sum / below;
}

/* h with its derivatives by both variables, carried forward through time. */
static double recurrent(const struct session *session, const double *z, double *slope)
{
    double h = 0.3, by_weight = 0, by_bias = 0, off;

    (void)session;
    for (int t = 0; t < 100; t++) {
        double next = 1 / (1 + exp(-z[0] * h - z[1])), steepness = next * (1 - next);

        by_weight = steepness * (h + z[0] * by_weight);
        by_bias = steepness * (1 + z[0] * by_bias);
        h = next;
    }
    off = h - 0.65;
    slope[0] = 2 * off * by_weight;
    slope[1] = 2 * off * by_bias;
    return off * off;
}

static const struct function {
    double (*value)(const struct session *, const double *z, double *slope);
    size_t dimensions;   /* 0: any number */
    size_t coefficients; /* their number; DIAGONAL: D; MATRIX: D * D */
} functions[] = {
#define DIAGONAL ((size_t)-1)
#define MATRIX ((size_t)-2)
    [OBJECTIVE_SQUARES] = {squares, 0, DIAGONAL},
    [OBJECTIVE_QUADRATIC] = {quadratic, 0, MATRIX},
    [OBJECTIVE_SADDLE] = {saddle, 2, 2},
    [OBJECTIVE_ROSENBROCK] = {rosenbrock, 2, 2},
    [OBJECTIVE_CUBIC] = {cubic, 2, 0},
    [OBJECTIVE_PLATEAU] = {plateau, 0, 1},
    [OBJECTIVE_RECURRENT] = {recurrent, 2, 0},
};

static size_t coefficient_count(const struct function *function, size_t dimensions)
{
    switch (function->coefficients) {
    case DIAGONAL:
        return dimensions;
    case MATRIX:
        return dimensions * dimensions;
    default:
        return function->coefficients;
    }
}

/* ---- A batch ----------------------------------------------------------------------------------
 */

/* x[D] = scale * stored row + offset */
static void gather(struct session *session, const struct batch *batch, int i)
{
    size_t first = batch_row(batch, i) * session->dimensions;

    for (size_t j = 0; j < session->dimensions; j++)
        session->x[j] =
            batch->element == ELEMENT_UINT8
                ? (double)batch->scale * (double)((const uint8_t *)batch->features)[first + j] +
                      (double)batch->offset
                : (double)((const float *)batch->features)[first + j];
}

/* Loss of the example in x; its gradient is left in slope. */
static double score_example(struct session *session, const double *theta)
{
    const struct function *function = &functions[session->objective.kind];
    const double *x = session->x;
    double loss;

    if (session->objective.noise == NOISE_SHIFTS) {
        for (size_t j = 0; j < session->dimensions; j++)
            session->z[j] = theta[j] - x[j];
        return function->value(session, session->z, session->slope);
    }
    loss = function->value(session, theta, session->slope);
    for (size_t j = 0; j < session->dimensions; j++) {
        loss -= x[j] * theta[j];
        session->slope[j] -= x[j];
    }
    return loss;
}

/* gradient may be NULL */
static void score_batch(struct session *session, const double *theta, const struct batch *batch,
                        double *gradient, struct score *score)
{
    struct score total = {0};

    if (gradient)
        memset(gradient, 0, session->dimensions * sizeof *gradient);
    for (int i = 0; i < batch->size; i++) {
        double share = (batch->weights ? (double)batch->weights[i] : 1) / batch->size;

        gather(session, batch, i);
        total.loss += share * score_example(session, theta);
        for (size_t j = 0; gradient && j < session->dimensions; j++)
            gradient[j] += share * session->slope[j];
    }
    if (score)
        *score = total;
}

/* ---- The contract -------------------------------------------------------------------------------
 */

static int check_objective(const struct network *network, struct message *why)
{
    const struct objective *objective = network->objective;
    const struct layer *layer = &network->layers[0];
    size_t dimensions = shape_size(layer->input);
    const struct function *function;

    if (network->layer_count != 1 || layer->kind != LAYER_POSITION || dimensions < 1 ||
        dimensions != shape_size(layer->output) || layer->activation != ACTIVATION_IDENTITY)
        return REFUSE(why, "an objective has one layer, a position");
    if (!objective || objective->kind < OBJECTIVE_SQUARES || objective->kind > OBJECTIVE_RECURRENT)
        return REFUSE(why, "the objective is of kind %d; known are %d to %d",
                      objective ? (int)objective->kind : 0, (int)OBJECTIVE_SQUARES,
                      (int)OBJECTIVE_RECURRENT);
    if (objective->noise != NOISE_SHIFTS && objective->noise != NOISE_TILTS)
        return REFUSE(why, "noise %d of the objective is not known", (int)objective->noise);
    function = &functions[objective->kind];
    if (function->dimensions > 0 && dimensions != function->dimensions)
        return REFUSE(why, "the objective is a function of %zu variables, not of %zu",
                      function->dimensions, dimensions);
    if (function->coefficients > 0 && !objective->coefficients)
        return REFUSE(why, "the objective has no coefficients");
    return 1;
}

static int analytic_supports(const struct network *network, const struct engine_options *options,
                             struct message *why)
{
    if (network->layer_count < 1 || network->head != HEAD_OBJECTIVE)
        return REFUSE(why, "computes objectives, not networks of layers");
    return check_objective(network, why) && check_options(options, why) &&
           check_no_variant(options, why);
}

static void analytic_close(void *opaque)
{
    struct session *session = opaque;

    if (!session)
        return;
    free(session->coefficients);
    free(session->x);
    free(session->z);
    free(session->slope);
    free(session->theta);
    free(session->gradient);
    free(session);
}

static int take_memory(struct session *session, const double *coefficients)
{
    size_t d = session->dimensions;
    size_t count = coefficient_count(&functions[session->objective.kind], d);

    session->x = calloc(d, sizeof(double));
    session->z = calloc(d, sizeof(double));
    session->slope = calloc(d, sizeof(double));
    session->theta = calloc(d, sizeof(double));
    session->gradient = calloc(d, sizeof(double));
    if (count > 0)
        session->coefficients = calloc(count, sizeof(double));
    if (!session->x || !session->z || !session->slope || !session->theta || !session->gradient ||
        (count > 0 && !session->coefficients))
        return -1;
    if (count > 0)
        memcpy(session->coefficients, coefficients, count * sizeof *coefficients);
    return 0;
}

static int analytic_open(void **opaque, const struct network *network,
                         const struct engine_options *options, struct message *message)
{
    struct session *session;

    *opaque = NULL;
    if (!analytic_supports(network, options, message))
        return -1;
    session = calloc(1, sizeof *session);
    if (session) {
        session->objective = *network->objective;
        session->dimensions = network_parameters(network);
    }
    if (!session || take_memory(session, network->objective->coefficients) != 0) {
        analytic_close(session);
        return message_set(message, "out of memory for %zu dimensions",
                           network_parameters(network));
    }
    session->objective.coefficients = session->coefficients;
    *opaque = session;
    return 0;
}

static const double *own_theta(struct session *session, const float *theta)
{
    for (size_t j = 0; j < session->dimensions; j++)
        session->theta[j] = (double)theta[j];
    return session->theta;
}

static int analytic_loss64(void *opaque, const double *theta, const struct batch *batch,
                           struct score *score, struct message *message)
{
    (void)message;
    score_batch(opaque, theta, batch, NULL, score);
    return 0;
}

static int analytic_gradient64(void *opaque, const double *theta, const struct batch *batch,
                               double *gradient, struct score *score, struct message *message)
{
    (void)message;
    score_batch(opaque, theta, batch, gradient, score);
    return 0;
}

static int analytic_loss(void *opaque, const float *theta, const struct batch *batch,
                         struct score *score, struct message *message)
{
    return analytic_loss64(opaque, own_theta(opaque, theta), batch, score, message);
}

static int analytic_gradient(void *opaque, const float *theta, const struct batch *batch,
                             float *gradient, struct score *score, struct message *message)
{
    struct session *session = opaque;

    (void)message;
    score_batch(session, own_theta(session, theta), batch, session->gradient, score);
    for (size_t j = 0; j < session->dimensions; j++)
        gradient[j] = (float)session->gradient[j];
    return 0;
}

static int analytic_describe(void *opaque, struct message *text)
{
    (void)opaque;
    message_set(text, "formulas in plain C, 64-bit floating point, one thread");
    return 0;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "analytic",
    .summary = "objectives: functions whose derivatives are known, in double precision",
    .supports = analytic_supports,
    .open = analytic_open,
    .loss = analytic_loss,
    .gradient = analytic_gradient,
    .close = analytic_close,
    .loss64 = analytic_loss64,
    .gradient64 = analytic_gradient64,
    .describe = analytic_describe,
};
