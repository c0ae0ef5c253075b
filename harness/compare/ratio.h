/* The ratio of two measurements of the same thing, b over a, with its interval, and how sure it is
 * that it lies beyond a margin. */
#ifndef BATCHLAB_COMPARE_RATIO_H
#define BATCHLAB_COMPARE_RATIO_H

#include "judge/effect.h"

#include <stdbool.h>
#include <stddef.h>

struct ratio {
    struct effect effect; /* b / a, 95 %; NaN, 0 .. +inf where nothing is known */
    /* That it is no larger than 1 + margin in either direction (1 / (1 + margin) .. 1 + margin):
     * the smaller of two one-sided p, doubled. NaN: not known. */
    double p;
    size_t n;       /* pairs that tell something; of blocks: of the side that has fewer */
    bool identical; /* every pair is the same number twice, or reached by neither */
};

/* a[i] and b[i] of the same seed, above 0; +infinity: not reached. A pair that neither reached, or
 * of which one is not a number or not above 0, tells nothing. The geometric mean of b / a by
 * Student's t on the logarithms; where a pair has an infinite value, or all ratios are equal, the
 * median with the interval and test of signs. margin > 0. */
struct ratio ratio_paired(const double *a, const double *b, size_t count, double margin);

/* Ratio of the medians of independent values, finite and above 0: timed blocks of two runs. The
 * interval has each median's at 97.5 % or more (order statistics), at their far ends, so that it
 * holds the ratio in 95 % at least, whatever the distributions; p by Mann and Whitney. Either says
 * what these blocks do: what the machine did between the two runs is in neither. */
struct ratio ratio_of_medians(const double *a, size_t count_a, const double *b, size_t count_b,
                              double margin);

#endif
