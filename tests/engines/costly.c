/* The example engine with one planted cost, chosen by -DCOST=... : what its clock may not show. */
#define batchlab_engine example_engine
#include "example.c"
#undef batchlab_engine

#include <sys/mman.h>

enum cost {
    NONE,
    ALLOCATES, /* 100 bytes in each gradient, given back */
    MAPS,      /* a page likewise, past malloc */
    LEAKS,     /* 5000 bytes in close() */
    HOARDS,    /* 8 MiB in open(), given back by close() */
    INEXACT,   /* the gradient is a thousandth too long */
    NAN_LATE,  /* not-a-number from the fifth gradient on */
};

enum { ALLOCATED = 100, PAGE = 4096, LEAKED = 5000, HOARD = 8 << 20 };

static const enum cost cost = COST;
static void *hoard;
static int calls;

/* Not to be optimised away. */
static void *volatile taken;

static int open_costly(void **session, const struct network *network,
                       const struct engine_options *options, struct message *message)
{
    if (cost == HOARDS) {
        hoard = malloc(HOARD);
        if (hoard)
            memset(hoard, 1, HOARD);
    }
    return open_session(session, network, options, message);
}

static void close_costly(void *session)
{
    if (cost == LEAKS)
        taken = malloc(LEAKED);
    free(hoard);
    hoard = NULL;
    close_session(session);
}

static int costly_gradient(void *opaque, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    const struct session *session = opaque;
    size_t parameters = session->classes * (session->inputs + 1);
    int status = gradient_of_batch(opaque, theta, batch, gradient, score, message);

    if (cost == ALLOCATES) {
        taken = malloc(ALLOCATED);
        free(taken);
    }
    if (cost == MAPS) {
        taken = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(taken, PAGE);
    }
    if (cost == NAN_LATE && ++calls >= 5)
        gradient[0] = NAN;
    for (size_t p = 0; p < parameters && cost == INEXACT; p++)
        gradient[p] *= 1.001f;
    return status;
}

const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "costly",
    .summary = "for tests: the example with one planted cost",
    .supports = supports,
    .open = open_costly,
    .loss = loss_of_batch,
    .gradient = costly_gradient,
    .close = close_costly,
};
