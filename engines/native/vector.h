/* Vectors of the width this file is compiled for. GCC and clang turn the arithmetic of their vector
 * types into the processor's instructions, so that one source serves them all. */
#ifndef BATCHLAB_NATIVE_VECTOR_H
#define BATCHLAB_NATIVE_VECTOR_H

#include <stddef.h>
#include <string.h>

#if defined(__AVX512F__)
enum { LANES = 16, REGISTERS = 32 };
#define NATIVE(name) native_avx512_##name
#define NATIVE_NAME "avx512"
#define EACH_LANE(f, ...)                                                                          \
    f(0, __VA_ARGS__), f(1, __VA_ARGS__), f(2, __VA_ARGS__), f(3, __VA_ARGS__), f(4, __VA_ARGS__), \
        f(5, __VA_ARGS__), f(6, __VA_ARGS__), f(7, __VA_ARGS__), f(8, __VA_ARGS__),                \
        f(9, __VA_ARGS__), f(10, __VA_ARGS__), f(11, __VA_ARGS__), f(12, __VA_ARGS__),             \
        f(13, __VA_ARGS__), f(14, __VA_ARGS__), f(15, __VA_ARGS__)
#elif defined(__AVX2__)
enum { LANES = 8, REGISTERS = 16 };
#define NATIVE(name) native_avx2_##name
#define NATIVE_NAME "avx2"
#define EACH_LANE(f, ...)                                                                          \
    f(0, __VA_ARGS__), f(1, __VA_ARGS__), f(2, __VA_ARGS__), f(3, __VA_ARGS__), f(4, __VA_ARGS__), \
        f(5, __VA_ARGS__), f(6, __VA_ARGS__), f(7, __VA_ARGS__)
#else
enum { LANES = 4, REGISTERS = 16 };
#define NATIVE(name) native_baseline_##name
#define NATIVE_NAME "baseline"
#define EACH_LANE(f, ...) f(0, __VA_ARGS__), f(1, __VA_ARGS__), f(2, __VA_ARGS__), f(3, __VA_ARGS__)
#endif

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int lane_index __attribute__((vector_size(4 * LANES)));
typedef float quad __attribute__((vector_size(16)));
typedef float loose_quad __attribute__((vector_size(16), aligned(4), may_alias));

/* A constant argument of an INLINE function is a constant inside it. */
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* Keeps a loaded vector in its register: left alone, gcc loads it again for each use, and the loads
 * become what is waited for. */
#if defined(__x86_64__)
#define IN_REGISTER(v) __asm__("" : "+v"(v))
#elif defined(__aarch64__)
#define IN_REGISTER(v) __asm__("" : "+w"(v))
#else
#define IN_REGISTER(v) (void)(v)
#endif

/* Keeps a pointer as it is, instead of one for each address that is reckoned from it. */
#define POINTER_IN_REGISTER(p) __asm__("" : "+r"(p))

enum {
    LINE = 16, /* floats in a cache line */
    NEAR = 2, /* what is fetched for later goes into the second cache: into the first, it would take
                 the buffers of what is loaded now */
};

INLINE int smaller(int x, int y)
{
    return x < y ? x : y;
}

/* Where part i begins when n is cut into so many parts that differ by one at the most. */
INLINE int part_start(int n, int parts, int i)
{
    return (int)((long)n * i / parts);
}

INLINE vector load(const float *from)
{
    return *(const loose_vector *)from;
}

INLINE void store(float *to, vector v)
{
    *(loose_vector *)to = v;
}

/* The first count floats, then zeros. */
INLINE vector load_first(const float *from, int count)
{
    float lanes[LANES] = {0};
    vector v;

    for (int i = 0; i < count; i++)
        lanes[i] = from[i];
    memcpy(&v, lanes, sizeof v);
    return v;
}

INLINE void store_first(float *to, vector v, int count)
{
    float lanes[LANES];

    memcpy(lanes, &v, sizeof v);
    for (int i = 0; i < count; i++)
        to[i] = lanes[i];
}

/* Four sums that add up to that of all lanes. */
INLINE quad fold(vector v)
{
    quad parts[LANES / 4], sum;

    memcpy(parts, &v, sizeof v);
    sum = parts[0];
    UNROLL for (int i = 1; i < LANES / 4; i++) sum += parts[i];
    return sum;
}

/* The sums of the lanes of four vectors: put together in every four lanes before these are folded.
 */
INLINE quad sum_four(vector a, vector b, vector c, vector d)
{
    lane_index even, odd, low, high;

    UNROLL for (int i = 0; i < LANES; i++)
    {
        even[i] = i / 4 * 4 + i % 4 / 2 + i % 2 * LANES;
        odd[i] = even[i] + 2;
        low[i] = i / 4 * 4 + i % 2 + i % 4 / 2 * LANES;
        high[i] = low[i] + 2;
    }

    vector ab = __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, odd);
    vector cd = __builtin_shuffle(c, d, even) + __builtin_shuffle(c, d, odd);

    return fold(__builtin_shuffle(ab, cd, low) + __builtin_shuffle(ab, cd, high));
}

/* Where lane i comes from in interleave(). */
#define FROM(i, stretch, second)                                                                   \
    (i) / (stretch) % 2 * LANES + ((i) / (stretch) / 2 * 2 + (second)) * (stretch) + (i) % (stretch)

/* Every other stretch of so many lanes of a, each followed by the same of b: those that come first
 * in a pair, or second. */
INLINE vector interleave(vector a, vector b, const int stretch, const int second)
{
    return __builtin_shuffle(a, b, (lane_index){EACH_LANE(FROM, stretch, second)});
}

/* Lane i is the sum of the lanes of v[i], of LANES vectors; v is lost. */
INLINE vector sum_each(vector *v)
{
    UNROLL for (int half = LANES / 2; half >= 1; half /= 2) UNROLL for (int i = 0; i < half; i++)
    {
        vector w = v[i + half];

        v[i] = interleave(v[i], w, half, 0) + interleave(v[i], w, half, 1);
    }
    return v[0];
}

/* v[i][j] becomes v[j][i], of LANES vectors. */
INLINE void transpose(vector *v)
{
    UNROLL for (int half = LANES / 2; half >= 1; half /= 2) UNROLL for (int i = 0; i < LANES; i++)
    {
        vector first = v[i], second;

        if (i & half)
            continue;
        second = v[i + half];
        v[i] = interleave(first, second, half, 0);
        v[i + half] = interleave(first, second, half, 1);
    }
}

INLINE float sum_lanes(vector v)
{
    quad f = fold(v);

    return (f[0] + f[2]) + (f[1] + f[3]);
}

#endif
