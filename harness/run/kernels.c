/* The loops of a roof, once for each width of vectors. */
#include "run/kernels.h"

#include <string.h>

enum { CHAINS = 12, FMA_ROUNDS = 20000 }; /* 12 chains cover latency 4 at two a cycle, with room */
enum { UNROLLED = 8 };                    /* vectors of an array in one turn of a loop */

/* Memory as a whole may have changed, and whatever was written is looked at: no pass is left out,
 * and none is merged with the next. */
#define MEMORY_IS_OBSERVED() __asm__ volatile("" ::: "memory")
#define VALUE_IS_USED(value) __asm__ volatile("" : : "m"(value))

/* One set of functions per vector width: the compiler turns a * x + y on vectors into one
 * instruction. Vectors are set whole and loops over them unrolled: of one that is set lane by lane
 * gcc keeps a copy in memory, and a loop that loads it measures loads. Reading combines with
 * exclusive or, which takes one cycle whatever the bits are. */
#define DEFINE_KERNELS(name, attributes, floats)                                                   \
    typedef float name##_vector __attribute__((vector_size(4 * (floats))));                        \
    typedef int name##_bits __attribute__((vector_size(4 * (floats))));                            \
                                                                                                   \
    attributes static double name##_fma(float seed)                                                \
    {                                                                                              \
        const name##_vector zero = {0}, x = zero + 0.999f, y = zero + seed;                        \
        name##_vector chain[CHAINS], sum = zero;                                                   \
                                                                                                   \
        _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) chain[c] = y + (float)c;         \
        for (int round = 0; round < FMA_ROUNDS; round++)                                           \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) chain[c] = chain[c] * x + y; \
        _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) sum += chain[c];                 \
        VALUE_IS_USED(sum);                                                                        \
        return 2.0 * CHAINS * FMA_ROUNDS * (floats);                                               \
    }                                                                                              \
                                                                                                   \
    attributes static void name##_read(float *a, const float *b, const float *c, size_t count,     \
                                       long passes)                                                \
    {                                                                                              \
        const name##_bits *from = (const name##_bits *)(const void *)a, zero = {0};                \
        size_t turns = count / ((floats)*UNROLLED);                                                \
        name##_bits sum[UNROLLED], all = zero;                                                     \
                                                                                                   \
        (void)b, (void)c;                                                                          \
        _Pragma("GCC unroll 8") for (int j = 0; j < UNROLLED; j++) sum[j] = zero;                  \
        for (long pass = 0; pass < passes; pass++) {                                               \
            for (size_t i = 0; i < turns; i++)                                                     \
                _Pragma("GCC unroll 8") for (size_t j = 0; j < UNROLLED; j++) sum[j] ^=            \
                    from[i * UNROLLED + j];                                                        \
            MEMORY_IS_OBSERVED();                                                                  \
        }                                                                                          \
        _Pragma("GCC unroll 8") for (int j = 0; j < UNROLLED; j++) all ^= sum[j];                  \
        VALUE_IS_USED(all);                                                                        \
    }                                                                                              \
                                                                                                   \
    attributes static void name##_write(float *a, const float *b, const float *c, size_t count,    \
                                        long passes)                                               \
    {                                                                                              \
        name##_vector *into = (name##_vector *)(void *)a, value = {0};                             \
        size_t turns = count / ((floats)*UNROLLED);                                                \
                                                                                                   \
        (void)b, (void)c;                                                                          \
        for (long pass = 0; pass < passes; pass++) {                                               \
            value += 1;                                                                            \
            for (size_t i = 0; i < turns; i++)                                                     \
                _Pragma("GCC unroll 8") for (size_t j = 0; j < UNROLLED; j++)                      \
                    into[i * UNROLLED + j] = value;                                                \
            MEMORY_IS_OBSERVED();                                                                  \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    attributes static void name##_triad(float *a, const float *b, const float *c, size_t count,    \
                                        long passes)                                               \
    {                                                                                              \
        const name##_vector *x = (const name##_vector *)(const void *)b;                           \
        const name##_vector *y = (const name##_vector *)(const void *)c;                           \
        name##_vector *restrict into = (name##_vector *)(void *)a, s = {0};                        \
        size_t turns = count / ((floats)*UNROLLED);                                                \
                                                                                                   \
        for (long pass = 0; pass < passes; pass++) {                                               \
            s += 0.5f;                                                                             \
            for (size_t i = 0; i < turns; i++)                                                     \
                _Pragma("GCC unroll 8") for (size_t j = 0; j < UNROLLED; j++)                      \
                    into[i * UNROLLED + j] = x[i * UNROLLED + j] + s * y[i * UNROLLED + j];        \
            MEMORY_IS_OBSERVED();                                                                  \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static const struct kernels name = {                                                           \
        .fma = name##_fma,                                                                         \
        .traffic = {[TRAFFIC_READ] = name##_read,                                                  \
                    [TRAFFIC_WRITE] = name##_write,                                                \
                    [TRAFFIC_TRIAD] = name##_triad},                                               \
    }

#if defined(__x86_64__)
DEFINE_KERNELS(avx512, __attribute__((target("avx512f,fma"))), 16);
DEFINE_KERNELS(avx2, __attribute__((target("avx2,fma"))), 8);
#endif
DEFINE_KERNELS(baseline, , 4);

double traffic_bytes(enum traffic traffic, size_t count)
{
    return (traffic == TRAFFIC_TRIAD ? 12.0 : 4.0) * (double)count;
}

struct kernels kernels_for(const char *instructions)
{
#if defined(__x86_64__)
    if (strcmp(instructions, "avx512f") == 0)
        return avx512;
    if (strcmp(instructions, "avx2") == 0)
        return avx2;
#endif
    (void)instructions;
    return baseline;
}
