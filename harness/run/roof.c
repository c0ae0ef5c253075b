/* Measures the roof of the machine with a team of pinned threads. */
#include "run/roof.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const level_names[LEVEL_COUNT] = {"l1", "l2", "l3", "dram"};
const char *const traffic_names[TRAFFIC_COUNT] = {"read", "write", "triad"};

static const double mebibyte = 1 << 20;

double roof_buffer_bytes(const struct host *host, enum level level, int threads)
{
    double bytes;

    switch (level) {
    case LEVEL_L1:
        return host->l1_bytes / 2;
    case LEVEL_L2:
        return host->l2_bytes / 2;
    case LEVEL_L3:
        bytes = fmin(4 * host->l2_bytes, host->l3_bytes / 2 / threads);
        return bytes > host->l2_bytes ? bytes : 0;
    case LEVEL_MEMORY:
        bytes = fmin(fmax(4 * host->l3_bytes, 64 * mebibyte), 512 * mebibyte);
        return fmin(bytes, host->memory_bytes / 8) / threads;
    case LEVEL_COUNT:
        break;
    }
    return 0;
}

/* ---- A team ---------------------------------------------------------------------------------- */

/* A loop to be measured: of FLOPs where `traffic` is TRAFFIC_COUNT, else of bytes. */
struct job {
    enum traffic traffic;
    size_t count, stride; /* floats of an array, and from one to the next */
    int is_shared;        /* between threads: L3 and memory */
    double seconds;       /* repetitions go on for so long, three at least */
};

struct member {
    pthread_t thread;
    struct team *team;
    int processor;
    float *buffer;
    double start, end, work; /* of the last repetition */
    double best;             /* rate of this thread in the job */
};

struct team {
    struct member *members; /* [threads] */
    int threads;
    struct kernels kernels;
    size_t buffer_bytes;
    struct job job;
    long passes; /* of a repetition */
    int over;
    atomic_int arrived, round, failed;
    struct roof *roof;
    const struct host *host;
};

/* Threads that spin leave a barrier together; they yield, as another program may have the
 * processor of the one they wait for. */
static void wait_for_all(struct team *team)
{
    int round = atomic_load(&team->round);

    if (atomic_fetch_add(&team->arrived, 1) + 1 == team->threads) {
        atomic_store(&team->arrived, 0);
        atomic_fetch_add(&team->round, 1);
        return;
    }
    while (atomic_load(&team->round) == round)
        sched_yield();
}

/* Pages are where the thread that touches them first runs. */
static float *take_buffer(size_t bytes)
{
    void *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (buffer == MAP_FAILED)
        return NULL;
    madvise(buffer, bytes, MADV_HUGEPAGE); /* fewer misses of the address translation, if granted */
    return buffer;
}

/* ---- Repetitions ----------------------------------------------------------------------------- */

/* One repetition, or 0 once the first thread has said that there is none. */
static int repeat(struct member *member)
{
    struct team *team = member->team;
    const struct job *job = &team->job;
    float *a = member->buffer;

    wait_for_all(team);
    if (team->over)
        return 0;
    member->work = 0;
    member->start = clock_now();
    if (job->traffic == TRAFFIC_COUNT) {
        for (long pass = 0; pass < team->passes; pass++)
            member->work += team->kernels.fma(1e-3f);
    } else {
        team->kernels.traffic[job->traffic](a, a + job->stride, a + 2 * job->stride, job->count,
                                            team->passes);
        member->work = (double)team->passes * traffic_bytes(job->traffic, job->count);
    }
    member->end = clock_now();
    wait_for_all(team);
    return 1;
}

/* Of what threads share: work of all from the first start to the last end, so that a thread that
 * came late, and left the others alone with it, makes the repetition slow, never fast. */
static double shared_rate(const struct team *team)
{
    double start = team->members[0].start, end = team->members[0].end, work = 0;

    for (int i = 0; i < team->threads; i++) {
        start = fmin(start, team->members[i].start);
        end = fmax(end, team->members[i].end);
        work += team->members[i].work;
    }
    return end > start ? work / (end - start) : 0;
}

/* Of what each core has for itself: the best of each thread so far, whenever it was. */
static double private_rate(const struct team *team)
{
    double sum = 0;

    for (int i = 0; i < team->threads; i++) {
        struct member *member = &team->members[i];

        if (member->end > member->start)
            member->best = fmax(member->best, member->work / (member->end - member->start));
        sum += member->best;
    }
    return sum;
}

/* The best rate of a job in FLOP/s or bytes/s. Called by the first thread while the others wait for
 * the next repetition. Repetitions are short, as short ones escape what disturbs them, but long
 * beside the clock and, of what is shared, beside starting together (each about 1e-7 s). */
static double lead(struct member *member, struct job job)
{
    enum { PASSES_MAX = 1 << 20, AT_LEAST = 3 };
    struct team *team = member->team;
    double (*rate)(const struct team *) = job.is_shared ? shared_rate : private_rate;
    double long_enough = job.is_shared ? 5e-4 : 5e-5, best = 0, deadline;

    team->job = job;
    for (int i = 0; i < team->threads; i++)
        team->members[i].best = 0;
    for (team->passes = 1; team->passes < PASSES_MAX; team->passes *= 2) {
        repeat(member);
        best = fmax(best, rate(team));
        if (member->end - member->start >= long_enough)
            break;
    }
    deadline = clock_now() + job.seconds;
    for (int i = 0; i < AT_LEAST || clock_now() < deadline; i++) {
        repeat(member);
        best = fmax(best, rate(team));
    }
    return best;
}

/* Arrays of a triad stand 1344 bytes apart in their pages: a load that agrees with a store in the
 * lower 12 bits of its address would wait for it. */
enum { PAGE_FLOATS = 1024, SHIFT_FLOATS = 336, BUFFER_SLACK = 6 * PAGE_FLOATS };

static struct job traffic_job(enum level level, double bytes, enum traffic traffic)
{
    size_t floats = (size_t)(bytes / sizeof(float)) / (traffic == TRAFFIC_TRIAD ? 3 : 1);
    struct job job = {.traffic = traffic, .seconds = 0.03};

    job.is_shared = level == LEVEL_L3 || level == LEVEL_MEMORY;
    job.count = floats / KERNEL_FLOATS * KERNEL_FLOATS;
    job.stride = (job.count / PAGE_FLOATS + 1) * PAGE_FLOATS + SHIFT_FLOATS;
    return job;
}

static void measure_level(struct member *member, enum level level)
{
    const struct team *team = member->team;
    double bytes = roof_buffer_bytes(team->host, level, team->threads);

    for (int t = 0; t < TRAFFIC_COUNT; t++) {
        struct job job = traffic_job(level, bytes, (enum traffic)t);

        if (job.count == 0)
            continue;
        team->roof->bandwidth[level][t] = lead(member, job) / 1e9;
        team->roof->measured_bytes[level] = bytes;
    }
}

/* The peak has several turns, as frequency and neighbours change: the best of them counts. */
static void measure_all(struct member *member)
{
    const struct job peak = {.traffic = TRAFFIC_COUNT, .seconds = 0.05};
    double best = fmax(lead(member, peak), lead(member, peak));

    for (int l = 0; l < LEVEL_COUNT; l++) {
        measure_level(member, (enum level)l);
        best = fmax(best, lead(member, peak));
    }
    member->team->roof->fma_gflops = best / 1e9;
}

static void *work(void *context)
{
    struct member *member = context;
    struct team *team = member->team;

    child_pin(&member->processor, 1);
    member->buffer = take_buffer(team->buffer_bytes);
    if (!member->buffer)
        atomic_store(&team->failed, 1);
    else
        memset(member->buffer, 0, team->buffer_bytes);
    wait_for_all(team);
    if (atomic_load(&team->failed))
        return NULL;
    if (member == team->members) {
        measure_all(member);
        team->over = 1;
        repeat(member);
    } else {
        while (repeat(member))
            ;
    }
    if (member->buffer)
        munmap(member->buffer, team->buffer_bytes);
    return NULL;
}

/* The largest buffer of any level, with room for the shifts. */
static size_t buffer_bytes(const struct host *host, int threads)
{
    double bytes = 0;

    for (int l = 0; l < LEVEL_COUNT; l++)
        bytes = fmax(bytes, roof_buffer_bytes(host, (enum level)l, threads));
    return (size_t)bytes + BUFFER_SLACK * sizeof(float);
}

/* ---- The roof -------------------------------------------------------------------------------- */

void roof_clear(struct roof *roof, const struct host *host, int threads)
{
    *roof = (struct roof){
        .threads = threads,
        .fma_gflops = NAN,
        .l1_bytes = host->l1_bytes,
        .l2_bytes = host->l2_bytes,
        .l3_bytes = host->l3_bytes,
    };
    for (int l = 0; l < LEVEL_COUNT; l++)
        for (int t = 0; t < TRAFFIC_COUNT; t++)
            roof->bandwidth[l][t] = NAN;
}

int roof_measure(struct roof *roof, const struct host *host, int threads)
{
    double start = clock_now();
    struct team team = {
        .threads = threads,
        .kernels = kernels_for(host->instructions),
        .roof = roof,
        .host = host,
    };

    roof_clear(roof, host, threads);
    if (threads < 1 || threads > host->processor_count)
        return error_set("%d threads on %d processors", threads, host->processor_count);
    team.buffer_bytes = buffer_bytes(host, threads);
    team.members = calloc((size_t)threads, sizeof *team.members);
    if (!team.members)
        return error_set("out of memory");
    for (int i = 0; i < threads; i++) {
        team.members[i] = (struct member){.team = &team, .processor = host->processors[i]};
        if (pthread_create(&team.members[i].thread, NULL, work, &team.members[i]) != 0) {
            error_set("cannot start thread %d of %d", i + 1, threads);
            _exit(1); /* the others wait for it; the child ends with all of them */
        }
    }
    for (int i = 0; i < threads; i++)
        pthread_join(team.members[i].thread, NULL);
    free(team.members);
    roof->seconds = clock_now() - start;
    return team.failed ? error_set("no memory for a roof's buffers of %zu bytes", team.buffer_bytes)
                       : 0;
}

struct question {
    const struct host *host;
    int threads;
};

/* The bytes of the struct in hexadecimal: child and parent are one program. */
static int answer(FILE *out, void *context)
{
    const struct question *question = context;
    const unsigned char *bytes;
    struct roof roof;

    if (roof_measure(&roof, question->host, question->threads) != 0)
        return fputs(error_text(), out), -1;
    bytes = (const unsigned char *)&roof;
    for (size_t i = 0; i < sizeof roof; i++)
        fprintf(out, "%02x", bytes[i]);
    return 0;
}

int roof_measure_apart(struct roof *roof, const struct host *host, int threads)
{
    enum { TIMEOUT_SECONDS = 60 };
    struct question question = {host, threads};
    char text[2 * sizeof *roof + 512];
    unsigned char *bytes = (unsigned char *)roof;

    roof_clear(roof, host, threads);
    if (child_capture(answer, &question, TIMEOUT_SECONDS, text, sizeof text) != 0)
        return -1;
    for (size_t i = 0; i < sizeof *roof; i++) {
        const char byte[3] = {text[2 * i], text[2 * i + 1]};

        bytes[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    return 0;
}
