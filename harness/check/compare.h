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

/* The arithmetic an engine is judged by. */
struct arithmetic {
    double unit_roundoff;    /* of sums, and of what is stored */
    double operand_roundoff; /* of what is multiplied, where that is rounded once more; else 0 */
    double margin;           /* to be kept from every branch, so that rounding takes none */
};

extern const struct arithmetic arithmetic_single, arithmetic_double;
/* Factors in bfloat16, sums in single precision: what a variant called `bf16` promises. */
extern const struct arithmetic arithmetic_bf16;

/* The relative error of a gradient that rounding explains: lambda u sqrt(n), with u the unit
 * roundoff (2^-24 in single precision) and n the additions on the longest path to an element: each
 * layer's inputs of an output and its bias forward, its outputs of an input backward, the examples
 * of the batch, each at as many places as the largest convolution has.
 *
 * The worst case of n additions is n u (Higham, Accuracy and Stability, 2002, section 4.2); as
 * roundings are nearly independent, they add up to some sqrt(n) u, and to more than lambda times
 * that with a probability below 2 exp(-lambda^2 / 2) (Higham and Mary, SIAM J. Sci. Comput. 41,
 * 2019, theorem 2.4). Lambda is 4, and a block is judged by its largest element, so that a false
 * alarm is rarer still: the engines here stay below 0.3 of the tolerance, which for 784-128-10 and
 * 129 examples is 8.2e-6.
 *
 * Rounding every factor of every product by v more changes an element by some v times its
 * condition, which is what errors are relative to, once for each of the three factors of a layer:
 * its inputs, weights and deltas. Hence lambda v sqrt(3 layers) on top: 0.019 for 784-128-10 in
 * bfloat16. */
double compare_tolerance(const struct network *, int batch_size, const struct arithmetic *);

/* What a gradient is held against. */
struct yardstick {
    const struct network *network;
    const double *reference; /* [P] */
    /* [P]: the larger of |reference| and of the element's condition, the change of the element per
     * relative change of what it is computed from. Where sums cancel, the first shrinks and the
     * rounding error does not. */
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
