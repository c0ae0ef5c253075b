/* exp, tanh and the logistic function in arithmetic alone, so that loops over them become vector
 * code; the C library's are called one value at a time. Polynomials: Cephes (Moshier 1992).
 * Not-a-number stays not-a-number. Do not compile with -fassociative-math: rounding relies on the
 * order of two additions. */
#ifndef BATCHLAB_EXPONENTIAL_H
#define BATCHLAB_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* exp(x) to a relative 1e-7 for -87 <= x <= 88. Below: 0. Above: exp(88). */
static inline float exponential(float x)
{
    const float round_to_integer = 12582912.0f; /* 1.5 * 2^23: no fraction bits are left above it */
    float clamped = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
    float shifted = clamped * 1.44269504f + round_to_integer;
    float n = shifted - round_to_integer; /* x = n log 2 + r, |r| <= log 2 / 2 */
    float r = clamped - n * 0.693359375f + n * 2.12194440e-4f; /* log 2 in two parts */
    float polynomial = 1.9875691500e-4f;
    float power;
    uint32_t bits;

    polynomial = polynomial * r + 1.3981999507e-3f;
    polynomial = polynomial * r + 8.3334519073e-3f;
    polynomial = polynomial * r + 4.1665795894e-2f;
    polynomial = polynomial * r + 1.6666665459e-1f;
    polynomial = polynomial * r + 5.0000001201e-1f;
    polynomial = polynomial * r * r + r + 1.0f;

    memcpy(&bits, &shifted, sizeof bits); /* its lowest bits are n: make them the exponent */
    bits = (bits << 23) + (127u << 23);
    memcpy(&power, &bits, sizeof power);
    return x < -87.0f ? 0.0f : polynomial * power;
}

/* 1 / (1 + exp(-x)) */
static inline float logistic(float x)
{
    return 1.0f / (1.0f + exponential(-x));
}

/* tanh(x) to a relative 3e-7: a polynomial near 0, where 1 - 2 / (exp(2x) + 1) would cancel. */
static inline float hyperbolic_tangent(float x)
{
    float square = x * x;
    float far = 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
    float near = -5.70498872745e-3f;

    near = near * square + 2.06390887954e-2f;
    near = near * square - 5.37397155531e-2f;
    near = near * square + 1.33314422036e-1f;
    near = near * square - 3.33332819422e-1f;
    near = near * square * x + x;
    return square < 0.625f * 0.625f ? near : far;
}

#endif
