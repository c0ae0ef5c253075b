/* Engines that end badly in the middle of training, one for each value of ENDING; with
 * BATCHLAB_TEST_HEALED in the environment they end well. */
#include "engine.h"

#include <signal.h>
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
#define LEAK 7       /* to the last byte that it is given */
#define LEAK_BLIND 8 /* and does not look at what malloc gives it */
#define CRASH_IN_CLOSE 9
#define HANG_IN_CLOSE 10
#define DEAF 11   /* hangs, and no signal but SIGKILL ends it */
#define ORPHAN 12 /* crashes, and leaves a process behind: its number in $BATCHLAB_TEST_ORPHAN */

enum { MOST_MEGABYTES = 256 }; /* that it takes where nothing limits it */

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

static void leak(void)
{
    long left = (long)MOST_MEGABYTES << 20;
    void *volatile kept; /* or the compiler may leave malloc out */

    for (size_t size = 1 << 20; size >= 16; size /= 4)
        while (left > 0 && (kept = malloc(size)))
            left -= (long)size;
}

static void leak_blindly(void)
{
    for (int m = 0; m < MOST_MEGABYTES; m++)
        *(volatile char *)malloc(1 << 20) = 1;
}

static void hang_deaf(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;)
        pause();
}

static void leave_orphan(void)
{
    const char *path = getenv("BATCHLAB_TEST_ORPHAN");
    FILE *file = path ? fopen(path, "w") : NULL;
    pid_t orphan = file ? fork() : -1;

    if (orphan == 0) {
        sleep(60);
        _exit(0);
    }
    if (file) {
        fprintf(file, "%ld", (long)orphan);
        fclose(file);
    }
    abort();
}

static void end_badly(void)
{
    switch (ENDING) {
    case CRASH:
        abort();
    case EXIT:
        exit(0); /* as if all were well */
    case HANG:
        for (;;)
            pause();
    case LEAK:
        leak();
        break;
    case LEAK_BLIND:
        leak_blindly();
        break;
    case DEAF:
        hang_deaf();
        break;
    case ORPHAN:
        leave_orphan();
        break;
    default:
        break;
    }
}

/* What ends badly only when the session is closed has nothing to say before. */
static int ends_late(void)
{
    return ENDING == CRASH_IN_CLOSE || ENDING == HANG_IN_CLOSE;
}

static int gradient(void *opaque, const float *theta, const struct batch *batch, float *g,
                    struct score *score, struct message *message)
{
    struct session *session = opaque;

    if (++session->calls == 3 && is_ill(ENDING) && !ends_late()) {
        end_badly();
        snprintf(message->text, sizeof message->text, "out of order");
        return -1;
    }
    memset(g, 0, session->parameters * sizeof *g);
    return score ? loss(opaque, theta, batch, score, message) : 0;
}

static void close_session(void *opaque)
{
    struct session *session = opaque;
    int has_trained = session && session->calls >= 3;

    if (has_trained && is_ill(CRASH_IN_CLOSE))
        abort();
    while (has_trained && is_ill(HANG_IN_CLOSE))
        pause();
    free(session);
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
    .close = close_session,
};
