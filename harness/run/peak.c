/* The multiply-add peak: independent chains in registers, in the widest vectors the processor has.
 */
#include "base/child.h"
#include "base/clock.h"
#include "run/host.h"

#include <pthread.h>
#include <string.h>

enum { CHAINS = 12, FMA_ROUNDS = 20000 }; /* 12 chains cover latency 4 at two a cycle, with room */

/* One function per vector width: the compiler turns a * x + y on vectors into one instruction. */
#define DEFINE_FMA_LOOP(name, attributes, floats)                                                  \
    typedef float name##_vector __attribute__((vector_size(4 * (floats))));                        \
    attributes static double name(float seed)                                                      \
    {                                                                                              \
        name##_vector chain[CHAINS], x, y;                                                         \
        double sum = 0;                                                                            \
                                                                                                   \
        for (int lane = 0; lane < (floats); lane++) {                                              \
            x[lane] = 0.999f + 0 * seed;                                                           \
            y[lane] = seed;                                                                        \
            for (int c = 0; c < CHAINS; c++)                                                       \
                chain[c][lane] = seed + (float)c;                                                  \
        }                                                                                          \
        for (int round = 0; round < FMA_ROUNDS; round++)                                           \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) chain[c] = chain[c] * x + y; \
        for (int c = 0; c < CHAINS; c++)                                                           \
            sum += (double)chain[c][0];                                                            \
        return sum;                                                                                \
    }                                                                                              \
    enum { name##_floats = (floats) }

#if defined(__x86_64__)
DEFINE_FMA_LOOP(fma_avx512, __attribute__((target("avx512f,fma"))), 16);
DEFINE_FMA_LOOP(fma_avx2, __attribute__((target("avx2,fma"))), 8);
#endif
DEFINE_FMA_LOOP(fma_baseline, , 4);

struct fma_loop {
    double (*run)(float);
    int floats;
};

static struct fma_loop widest_loop(const char *instructions)
{
#if defined(__x86_64__)
    if (strcmp(instructions, "avx512f") == 0)
        return (struct fma_loop){fma_avx512, fma_avx512_floats};
    if (strcmp(instructions, "avx2") == 0)
        return (struct fma_loop){fma_avx2, fma_avx2_floats};
#endif
    (void)instructions;
    return (struct fma_loop){fma_baseline, fma_baseline_floats};
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    struct fma_loop loop;
    int processor;
    double best_seconds; /* of one call */
};

static void *work(void *context)
{
    struct worker *worker = context;
    volatile double sink = 0;
    double end;

    child_pin(&worker->processor, 1);
    sink += worker->loop.run(1e-3f);
    pthread_barrier_wait(worker->start);
    worker->best_seconds = 1e9;
    end = clock_now() + 0.1;
    while (clock_now() < end) {
        double start = clock_now(), seconds;

        sink += worker->loop.run(1e-3f);
        seconds = clock_now() - start;
        if (seconds < worker->best_seconds)
            worker->best_seconds = seconds;
    }
    return NULL;
}

enum { WORKERS_MAX = 256 };

double host_fma_peak(const int *processors, int threads)
{
    struct worker workers[WORKERS_MAX];
    pthread_barrier_t start;
    struct host host;
    double gflops = 0;
    int started = 0;

    if (threads > WORKERS_MAX)
        threads = WORKERS_MAX;
    host_read(&host);
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (; started < threads; started++) {
        workers[started] = (struct worker){
            .start = &start,
            .loop = widest_loop(host.instructions),
            .processor = processors[started],
        };
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            return 0; /* the others wait at the barrier; the child ends with all of them */
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        gflops +=
            2.0 * CHAINS * FMA_ROUNDS * workers[i].loop.floats / workers[i].best_seconds / 1e9;
    }
    pthread_barrier_destroy(&start);
    return gflops;
}
