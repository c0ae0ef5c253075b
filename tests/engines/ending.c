/* Engines that end badly in the middle of training, one for each value of ENDING; with
 * BATCHLAB_TEST_HEALED in the environment they end well. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CRASH 1
#define EXIT 2
#define HANG 3
#define FAIL 4
#define REFUSE 5 /* supports nothing */
#define CRASH_IN_OPEN 6

struct session {
    size_t parameters;
    int calls;
};

static int is_ill(int ending)
{
    return ending == ENDING && !getenv("BATCHLAB_TEST_HEALED");
}

static int supports(const struct network *network, const struct engine_options *options,
                    struct message *why)
{
    (void)network, (void)options;
    if (!is_ill(REFUSE))
        return 1;
    snprintf(why->text, sizeof why->text, "the library, \"libill\", is missing");
    return 0;
}

static int open_session(void **opaque, const struct network *network,
                        const struct engine_options *options, struct message *message)
{
    struct session *session = calloc(1, sizeof *session);

    (void)options, (void)message;
    if (is_ill(CRASH_IN_OPEN))
        abort();
    if (session)
        session->parameters = network_parameters(network);
    *opaque = session;
    return session ? 0 : -1;
}

static int loss(void *session, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)message;
    *score = (struct score){.loss = 1};
    return 0;
}

static int gradient(void *opaque, const float *theta, const struct batch *batch, float *g,
                    struct score *score, struct message *message)
{
    struct session *session = opaque;

    if (++session->calls == 3 && is_ill(ENDING)) {
        if (ENDING == CRASH)
            abort();
        if (ENDING == EXIT)
            exit(0); /* as if all were well */
        while (ENDING == HANG)
            pause();
        snprintf(message->text, sizeof message->text, "out of order");
        return -1;
    }
    memset(g, 0, session->parameters * sizeof *g);
    return score ? loss(opaque, theta, batch, score, message) : 0;
}

const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "ending",
    .summary = "for tests",
    .supports = supports,
    .open = open_session,
    .loss = loss,
    .gradient = gradient,
    .close = free,
};
