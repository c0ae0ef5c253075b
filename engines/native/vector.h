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
#elif defined(__AVX2__)
enum { LANES = 8, REGISTERS = 16 };
#define NATIVE(name) native_avx2_##name
#define NATIVE_NAME "avx2"
#else
enum { LANES = 4, REGISTERS = 16 };
#define NATIVE(name) native_baseline_##name
#define NATIVE_NAME "baseline"
#endif

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float quad __attribute__((vector_size(16)));
typedef int quad_index __attribute__((vector_size(16)));
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

enum { LINE = 16 }; /* floats in a cache line */

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

/* The sums of the lanes of four vectors. */
INLINE quad sum_four(vector a, vector b, vector c, vector d)
{
    const quad_index even = {0, 4, 1, 5}, odd = {2, 6, 3, 7}, low = {0, 1, 4, 5},
                     high = {2, 3, 6, 7};
    quad fa = fold(a), fb = fold(b), fc = fold(c), fd = fold(d);
    quad ab = __builtin_shuffle(fa, fb, even) + __builtin_shuffle(fa, fb, odd);
    quad cd = __builtin_shuffle(fc, fd, even) + __builtin_shuffle(fc, fd, odd);

    return __builtin_shuffle(ab, cd, low) + __builtin_shuffle(ab, cd, high);
}

INLINE float sum_lanes(vector v)
{
    quad f = fold(v);

    return (f[0] + f[2]) + (f[1] + f[3]);
}

#endif
