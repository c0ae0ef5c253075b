/* An engine's functions in single or double precision: theta[P] and gradient[P] are floats, or
 * doubles with PRECISION_DOUBLE, which the engine must have. */
#ifndef BATCHLAB_CALL_H
#define BATCHLAB_CALL_H

#include "engine.h"

static inline double parameter_value(enum precision precision, const void *theta, size_t j)
{
    return precision == PRECISION_DOUBLE ? ((const double *)theta)[j]
                                         : (double)((const float *)theta)[j];
}

static inline int call_loss(const struct engine *engine, enum precision precision, void *session,
                            const void *theta, const struct batch *batch, struct score *score,
                            struct message *message)
{
    return precision == PRECISION_DOUBLE ? engine->loss64(session, theta, batch, score, message)
                                         : engine->loss(session, theta, batch, score, message);
}

static inline int call_gradient(const struct engine *engine, enum precision precision,
                                void *session, const void *theta, const struct batch *batch,
                                void *gradient, struct score *score, struct message *message)
{
    return precision == PRECISION_DOUBLE
               ? engine->gradient64(session, theta, batch, gradient, score, message)
               : engine->gradient(session, theta, batch, gradient, score, message);
}

#endif
