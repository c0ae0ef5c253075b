/* An engine that passes every call on to another one and counts it. */
#include "gate/counting_engine.h"

static struct counting_session *counted(void *opaque, enum counted_call kind,
                                        const struct batch *batch)
{
    struct counting_session *counting = opaque;

    counting->of[kind].calls++;
    counting->of[kind].examples += batch->size;
    return counting;
}

static int loss(void *opaque, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    const struct counting_session *c = counted(opaque, CALL_LOSS, batch);

    return c->engine->loss(c->session, theta, batch, score, message);
}

static int loss64(void *opaque, const double *theta, const struct batch *batch, struct score *score,
                  struct message *message)
{
    const struct counting_session *c = counted(opaque, CALL_LOSS, batch);

    return c->engine->loss64(c->session, theta, batch, score, message);
}

static int gradient(void *opaque, const float *theta, const struct batch *batch, float *into,
                    struct score *score, struct message *message)
{
    const struct counting_session *c = counted(opaque, CALL_GRADIENT, batch);

    return c->engine->gradient(c->session, theta, batch, into, score, message);
}

static int gradient64(void *opaque, const double *theta, const struct batch *batch, double *into,
                      struct score *score, struct message *message)
{
    const struct counting_session *c = counted(opaque, CALL_GRADIENT, batch);

    return c->engine->gradient64(c->session, theta, batch, into, score, message);
}

static int sgd_step(void *opaque, float *theta, const struct batch *batch, float rate,
                    struct score *score, struct message *message)
{
    const struct counting_session *c = counted(opaque, CALL_STEP, batch);

    return c->engine->sgd_step(c->session, theta, batch, rate, score, message);
}

static int gradient_norms(void *opaque, const float *theta, const struct batch *batch,
                          double *squared_norms, struct message *message)
{
    const struct counting_session *c = counted(opaque, CALL_NORMS, batch);

    return c->engine->gradient_norms(c->session, theta, batch, squared_norms, message);
}

static void on_ready(void *opaque, void (*ready)(void *context, size_t first, size_t count),
                     void *context)
{
    const struct counting_session *c = opaque;

    c->engine->on_ready(c->session, ready, context);
}

static int describe(void *opaque, struct message *text)
{
    const struct counting_session *c = opaque;

    return c->engine->describe(c->session, text);
}

struct engine counting_engine(const struct engine *engine)
{
    return (struct engine){
        .abi = engine->abi,
        .size = sizeof(struct engine),
        .name = engine->name,
        .summary = engine->summary,
        .loss = loss,
        .gradient = gradient,
        .sgd_step = engine->sgd_step ? sgd_step : NULL,
        .gradient_norms = engine->gradient_norms ? gradient_norms : NULL,
        .loss64 = engine->loss64 ? loss64 : NULL,
        .gradient64 = engine->gradient64 ? gradient64 : NULL,
        .on_ready = engine->on_ready ? on_ready : NULL,
        .describe = engine->describe ? describe : NULL,
    };
}
