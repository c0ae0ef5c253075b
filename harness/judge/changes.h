/* Change points of a series: where the level of a quantity that is measured again and again moved.
 *
 * The t-test variant of Hunter (Fleming, Kolaczkowski, Kumar, Das, McCarthy, Pattabhiraman, Ingo
 * 2023, arXiv 2301.03034) of E-divisive (Matteson and James 2014): the split with the largest
 * energy distance is tested by Student's t in place of permutations, so that the same series always
 * has the same answer. Windows of the series are split top down with ten times the p asked for
 * (weak changes); then the weakest are taken away, one by one, and their neighbours tested anew,
 * until all that are left are significant and large enough. What is other than theirs: a segment
 * has two values at least, one whose best split fails is not split further, and a change must be
 * significant (ten times p) without the value that speaks most for it too, of the side that has
 * fewer: a spike beside a value that noise lifted is none.
 *
 * A split is chosen where it looks best and then tested, hence more false ones than p: measured
 * rates of normal noise are in results/README.md and held by tests/test_judge_changes.c. */
#ifndef BATCHLAB_JUDGE_CHANGES_H
#define BATCHLAB_JUDGE_CHANGES_H

#include "judge/effect.h"

#include <stdbool.h>
#include <stddef.h>

enum { CHANGES_SEGMENT = 2 }; /* the least number of values between two changes */

struct changes_rule {
    double p;      /* in (0, 0.1): of each change that is left */
    double least;  /* >= 0: smaller differences of the levels are none */
    size_t window; /* >= 4: values looked at together; the next window begins at half of it,
                      or at the last change found */
};

extern const struct changes_rule changes_usual; /* 1e-4, 0, 50; Hunter's own p is 0.001 */

struct change {
    size_t at;            /* the first value of the new level: 0 < at < count */
    size_t before, after; /* values of the levels on either side */
    struct effect effect; /* mean after - mean before, 95 % */
    double p;             /* Student's t, equal variances, two-sided */
    double p_without;     /* without the value that speaks most for it */
    bool drift;           /* a straight line through both sides leaves less than the two levels */
};

/* changes[count / 2] from values[count], finite; returns their number. */
size_t changes_find(const double *values, size_t count, const struct changes_rule *,
                    struct change *changes);

/* ---- Its parts ------------------------------------------------------------------------------ */

/* Where the energy distance (exponent 1) of the two sides, n m / (n + m) (2 mean |x - y| - mean |x
 * - x'| - mean |y - y'|), means over pairs, is largest with CHANGES_SEGMENT values on either side;
 * 0: there are too few. */
size_t changes_best_split(const double *values, size_t count);

/* The change at `at` between first and end (one past the last). */
struct change changes_test(const double *values, size_t first, size_t at, size_t end);

#endif
