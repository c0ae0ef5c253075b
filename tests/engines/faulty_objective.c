/* The engine of objectives with one planted fault, FAULT: for the tests of the conformance suite.
 */
#define batchlab_engine analytic_engine
#include "analytic.c"
#undef batchlab_engine

enum fault {
    OBJECTIVES_RIGHT,
    TILT_IS_SHIFT,
    MATRIX_LOWER,  /* takes the lower triangle for the whole */
    SADDLE_TURNED, /* the second coefficient has the other sign */
    CURVATURE_OFF, /* the gradient64 alone, by 1e-5 of itself */
    PLATEAU_NARROW /* the width is squared once more */
};

static const enum fault fault = FAULT;

enum { COEFFICIENTS_MAX = 17 * 17 };

static void plant(struct objective *objective, size_t dimensions, double *own)
{
    size_t count = coefficient_count(&functions[objective->kind], dimensions);

    for (size_t i = 0; i < count && i < COEFFICIENTS_MAX; i++)
        own[i] = objective->coefficients[i];
    if (fault == TILT_IS_SHIFT)
        objective->noise = NOISE_SHIFTS;
    for (size_t i = 0; fault == MATRIX_LOWER && objective->kind == OBJECTIVE_QUADRATIC && i < count;
         i++)
        own[i] = i % dimensions > i / dimensions ? 0 : own[i];
    if (fault == SADDLE_TURNED && objective->kind == OBJECTIVE_SADDLE)
        own[1] = -own[1];
    if (fault == PLATEAU_NARROW && objective->kind == OBJECTIVE_PLATEAU)
        own[0] *= own[0];
    objective->coefficients = own;
}

static int faulty_open(void **opaque, const struct network *network,
                       const struct engine_options *options, struct message *message)
{
    struct network changed = *network;
    struct objective objective;
    double coefficients[COEFFICIENTS_MAX];

    *opaque = NULL;
    if (!analytic_supports(network, options, message))
        return -1;
    objective = *network->objective;
    plant(&objective, network_parameters(network), coefficients);
    changed.objective = &objective;
    return analytic_open(opaque, &changed, options, message);
}

static int faulty_gradient64(void *opaque, const double *theta, const struct batch *batch,
                             double *gradient, struct score *score, struct message *message)
{
    const struct session *session = opaque;
    int status = analytic_gradient64(opaque, theta, batch, gradient, score, message);

    for (size_t j = 0; fault == CURVATURE_OFF && j < session->dimensions; j++)
        gradient[j] *= 1 + 1e-5;
    return status;
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "faulty",
    .summary = "an engine of objectives with a fault",
    .supports = analytic_supports,
    .open = faulty_open,
    .loss = analytic_loss,
    .gradient = analytic_gradient,
    .close = analytic_close,
    .loss64 = analytic_loss64,
    .gradient64 = faulty_gradient64,
    .describe = analytic_describe,
};
