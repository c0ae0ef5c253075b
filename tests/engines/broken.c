/* Modules that the registry must refuse, or accept with care, one for each value of BROKEN. */
#include "engine.h"

#include <stdlib.h>

#define NO_SYMBOL 1
#define WRONG_ABI 2
#define SHORT_TABLE 3
#define NO_GRADIENT 4
#define NO_NAME 5
#define OLDER_TABLE 6 /* from before everything optional: loads, with those slots NULL */

static int supports(const struct network *network, const struct engine_options *options,
                    struct message *why)
{
    (void)network, (void)options, (void)why;
    return 0;
}

static int open_nothing(void **session, const struct network *network,
                        const struct engine_options *options, struct message *message)
{
    (void)network, (void)options, (void)message;
    *session = NULL;
    return -1;
}

static int loss(void *session, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)score, (void)message;
    return -1;
}

#if BROKEN != NO_GRADIENT
static int gradient(void *session, const float *theta, const struct batch *batch, float *g,
                    struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)g, (void)score, (void)message;
    return -1;
}
#endif

/* Where an older table ends, whatever follows it in memory. */
static int describe(void *session, struct message *text)
{
    (void)session, (void)text;
    abort();
}

#if BROKEN != NO_SYMBOL
extern const struct engine batchlab_engine;
#define EXPORTED batchlab_engine
#else
extern const struct engine something_else;
#define EXPORTED something_else
#endif

const struct engine EXPORTED = {
    .abi = BROKEN == WRONG_ABI ? ENGINE_ABI + 1 : ENGINE_ABI,
    .size = BROKEN == SHORT_TABLE   ? offsetof(struct engine, close)
            : BROKEN == OLDER_TABLE ? offsetof(struct engine, sgd_step)
                                    : sizeof(struct engine),
    .name = BROKEN == NO_NAME ? NULL : "broken",
    .summary = "for tests",
    .supports = supports,
    .open = open_nothing,
    .loss = loss,
#if BROKEN != NO_GRADIENT
    .gradient = gradient,
#endif
    .close = free,
    .describe = describe,
};
