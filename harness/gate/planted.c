/* A slow-down of known size. */
#include "gate/planted.h"

/* The contract hands a session to its functions and nothing else, so what they need stands here. */
static struct {
    struct engine engine;
    const struct engine *inner;
    double share, owed;
} planted;

/* 1: this call is one of the share. */
static int is_due(void)
{
    planted.owed += planted.share;
    if (planted.owed < 0.5)
        return 0;
    planted.owed -= 1;
    return 1;
}

static int gradient(void *session, const float *theta, const struct batch *batch, float *result,
                    struct score *score, struct message *message)
{
    if (is_due() && planted.inner->gradient(session, theta, batch, result, score, message) != 0)
        return -1;
    return planted.inner->gradient(session, theta, batch, result, score, message);
}

static int gradient64(void *session, const double *theta, const struct batch *batch, double *result,
                      struct score *score, struct message *message)
{
    if (is_due() && planted.inner->gradient64(session, theta, batch, result, score, message) != 0)
        return -1;
    return planted.inner->gradient64(session, theta, batch, result, score, message);
}

static int sgd_step(void *session, float *theta, const struct batch *batch, float rate,
                    struct score *score, struct message *message)
{
    if (is_due() && planted.inner->sgd_step(session, theta, batch, rate, score, message) != 0)
        return -1;
    return planted.inner->sgd_step(session, theta, batch, rate, score, message);
}

const struct engine *planted_engine(const struct engine *engine, double share)
{
    planted.inner = engine;
    planted.engine = *engine;
    planted.engine.gradient = gradient;
    if (engine->sgd_step)
        planted.engine.sgd_step = sgd_step;
    if (engine->gradient64)
        planted.engine.gradient64 = gradient64;
    planted.share = share;
    planted.owed = 0;
    return &planted.engine;
}
