/* An engine that passes every call on to another one and counts it. */
#ifndef BATCHLAB_COUNTING_ENGINE_H
#define BATCHLAB_COUNTING_ENGINE_H

#include "engine.h"

enum counted_call { CALL_GRADIENT, CALL_STEP, CALL_LOSS, CALL_NORMS, CALL_KINDS };

/* A session of the counting engine. */
struct counting_session {
    const struct engine *engine; /* the other one */
    void *session;               /* of it */
    struct {
        int64_t calls, examples;
    } of[CALL_KINDS]; /* failed calls too; gradient64 and loss64 count as gradient and loss */
};

/* The table, with the slots of `engine` and no others; supports, open and close are NULL, since a
 * session is the caller's struct counting_session. */
struct engine counting_engine(const struct engine *engine);

#endif
