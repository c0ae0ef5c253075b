/* Comparators of the conformance suite: what rounding explains, and what it does not. */
#ifndef BATCHLAB_COMPARE_H
#define BATCHLAB_COMPARE_H

#include "engine.h"

/* The worst comparison of a case so far. Zeroed: nothing compared yet. */
struct finding {
    double error, tolerance;
    int failed;
    char note[256];
};

/* Takes a comparison in; it replaces the one held if it is worse relative to its tolerance.
 * Not-a-number is worse than anything. */
void finding_take(struct finding *, double error, double tolerance, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The relative error of a gradient that rounding explains: lambda u sqrt(n), with u the unit
 * roundoff (2^-24 in single precision) and n the additions on the longest path to an element: each
 * layer's inputs and its bias forward, each layer's outputs backward, the examples of the batch.
 *
 * The worst case of n additions is n u (Higham, Accuracy and Stability, 2002, section 4.2); as
 * roundings are nearly independent, the error stays below lambda u sqrt(n) but for a probability of
 * 2 exp(-lambda^2 / 2) (Higham and Mary, SIAM J. Sci. Comput. 41, 2019, theorem 2.4). Lambda is 8,
 * so 2.5e-14: a false alarm in none of a hundred thousand elements. For 784-128-10 and 129 examples
 * the tolerance is 1.6e-5. */
double compare_tolerance(const struct network *, int batch_size, double unit_roundoff);

/* What a gradient is held against. */
struct yardstick {
    const struct network *network;
    const double *reference; /* [P] */
    /* [P]: how large an element is, or by merit would be: the larger of |reference| and of the
     * standard error (1/K) sqrt(sum of squares of the K weighted terms), below which a mean falls
     * only by cancellation, and its rounding error does not. */
    const double *magnitudes;
    double tolerance; /* relative */
};

/* The magnitude errors are relative to, of the block of one layer's weights or biases that begins
 * at `first`: its largest, and at least 1e-3 of the largest of all (a block may vanish: dead
 * units). 1 if all are zero, the magnitude of d loss / d logit. */
double compare_scale(const double *magnitudes, size_t parameters, size_t first, size_t count);

/* Judges each layer's weights and each layer's biases on their own: the largest deviation of
 * actual[P] from the reference, relative to compare_scale. A vanished, or a not-a-number, gradient
 * fails. `absolute` is allowed on top: what storing the numbers elsewhere has cost them. */
void compare_gradient(struct finding *, const struct yardstick *, const double *actual,
                      double absolute);

/* Losses relative to the reference's, or to 1 where that is smaller; error counts exactly. */
void compare_score(struct finding *, const struct score *reference, const struct score *actual,
                   double tolerance, const char *what);

#endif
