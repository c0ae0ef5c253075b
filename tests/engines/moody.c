/* The naive engine, which in some cells does what no engine should. Which cells and what is decided
 * by the cell's first weights and batch, so that the same cell always fares the same:
 *
 *     BATCHLAB_TEST_SHARE=N      percent of the cells (1)
 *     BATCHLAB_TEST_MOOD=heal    in none
 *     BATCHLAB_TEST_MOOD=tell    such a cell only fails, with what it would have done as reason
 */
#define batchlab_engine naive_engine
#include "naive.c"
#undef batchlab_engine

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

extern const struct engine batchlab_engine;

enum { ACTS_AT_CALL = 3, MOST_MEGABYTES = 256 };

/* ---- What it does -----------------------------------------------------------------------------
 */

static void crash(void)
{
    raise(SIGSEGV);
}

static void leave(void)
{
    exit(EXIT_SUCCESS); /* as if all were well */
}

static void deadlock(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    for (;;)
        pthread_mutex_lock(&lock);
}

static void hear_nothing(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;)
        pause();
}

static void leak(void)
{
    void *volatile kept; /* or the compiler may leave malloc out */
    long left = (long)MOST_MEGABYTES << 20;

    for (size_t size = 1 << 20; size >= 16; size /= 4)
        while (left > 0 && (kept = malloc(size)))
            left -= (long)size;
}

static void print(void)
{
    for (int i = 0; i < 100; i++)
        puts("id,outcome,reason\nnaive,reached,so says an engine");
    fflush(stdout);
}

static void round_up(void)
{
    fesetround(FE_UPWARD);
}

static void flush_to_zero(void)
{
#ifdef __SSE__
    _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

static const struct mood {
    const char *name;
    void (*act)(void);
    int fails; /* the cell goes on no further */
} moods[] = {
    {"segv", crash, 0},    {"abort", abort, 0},       {"exit", leave, 0},
    {"hang", deadlock, 0}, {"deaf", hear_nothing, 0}, {"leak", leak, 1},
    {"print", print, 0},   {"round", round_up, 0},    {"flush", flush_to_zero, 0},
};

/* ---- When -------------------------------------------------------------------------------------
 */

/* FNV-1a */
static uint64_t hash(uint64_t state, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        state = (state ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return state;
}

static const struct mood *mood_of(const struct session *session, const float *theta, int size)
{
    const char *share = getenv("BATCHLAB_TEST_SHARE");
    uint64_t drawn = hash(0xcbf29ce484222325u, theta, session->parameters * sizeof *theta);

    drawn = hash(drawn, &size, sizeof size) >> 16;
    if (drawn % 100 >= (uint64_t)(share ? atoi(share) : 1))
        return NULL;
    return &moods[drawn / 100 % (sizeof moods / sizeof *moods)];
}

static int moody_gradient(void *opaque, const float *theta, const struct batch *batch,
                          float *gradient, struct score *score, struct message *message)
{
    static const struct mood *mood;
    static int calls;
    const char *how = getenv("BATCHLAB_TEST_MOOD");

    if (calls++ == 0 && !(how && strcmp(how, "heal") == 0))
        mood = mood_of(opaque, theta, batch->size);
    if (calls == ACTS_AT_CALL && mood) {
        int tells = how && strcmp(how, "tell") == 0;

        message_set(message, "mood: %s", mood->name);
        if (!tells)
            mood->act();
        if (tells || mood->fails)
            return -1;
    }
    return naive_gradient(opaque, theta, batch, gradient, score, message);
}

__attribute__((visibility("default"))) const struct engine batchlab_engine = {
    .abi = ENGINE_ABI,
    .size = sizeof(struct engine),
    .name = "moody",
    .summary = "for tests: the naive engine, which in some cells does what no engine should",
    .supports = naive_supports,
    .open = naive_open,
    .loss = naive_loss,
    .gradient = moody_gradient,
    .close = naive_close,
    .describe = naive_describe,
};
