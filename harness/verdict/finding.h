/* What numbers say of an expectation: an effect with its interval, and how surprising it were if
 * the claim was false, or true. Nothing here knows of files.
 *
 * An expectation is a range [above, below] of a quantity q. p_confirm is the p value of the null
 * hypothesis that q lies outside: at most alpha, and the claim is confirmed (two one-sided tests,
 * Schuirmann 1987). p_refute is that of the null hypothesis that q lies within: against each of two
 * bounds, so doubled (Bonferroni). Neither small: the numbers do not tell. */
#ifndef BATCHLAB_VERDICT_FINDING_H
#define BATCHLAB_VERDICT_FINDING_H

#include "judge/effect.h"

#include <stddef.h>

struct range {
    double above, below; /* -INFINITY, INFINITY: no such bound */
};

struct finding {
    struct effect effect;       /* with its 95 % interval */
    size_t n;                   /* values that it is of */
    double p_confirm, p_refute; /* NAN: the numbers are too few to judge by */
    double detectable;          /* deviation found in 80 % of repetitions; NAN: unknown */
    double deviation;           /* of the values from seed to seed; NAN: unknown */
    double margin;      /* half the width of the range, to compare it with; NAN: one-sided */
    const char *reason; /* why it cannot be judged; NULL: it can */
};

/* The level of all tests. */
extern const double finding_alpha;

/* What says nothing, for this reason. */
struct finding finding_of_nothing(const char *reason);

/* The least number of seeds that would find a deviation of the margin; 0: not known. */
size_t finding_seeds_needed(const struct finding *);

/* One value a seed: Student's t of their mean; where they are all equal, or where a value is
 * infinite (not reached, diverged) the sign test of their median, with its distribution-free
 * interval. is_log: of their logarithms, range and effect being of the values themselves. Values
 * that are not a number are left out. */
struct finding finding_of_seeds(const double *values, size_t count, struct range, int is_log);

/* The same of the median, whatever the values: by the sign test. */
struct finding finding_of_median(const double *values, size_t count, struct range, int is_log);

/* A value known with its own 95 % interval, taken for normal, each side with its own width. A side
 * that is not a number is a bound not known: the other one is one-sided then. */
struct finding finding_of_interval(struct effect, struct range);

/* A value without chance: it lies within, or it does not. */
struct finding finding_of_constant(double value, struct range);

/* A number from all seeds, or with left_out < seeds from all but one of them. */
typedef double statistic_of_seeds(const void *context, size_t left_out);

/* A number that the seeds have together, such as one of a fit to their means: Student's t of the
 * pseudo-values n q - (n - 1) q without the seed (Tukey 1958), in logarithms with is_log. The
 * effect is their mean, which is q less its bias. A q that is not a number, or infinite, is not
 * judged. */
struct finding finding_of_jackknife(statistic_of_seeds *, const void *context, size_t seeds,
                                    struct range, int is_log);

/* Of several findings that must all hold: the weakest, judged together (intersection-union: no
 * correction for confirming; Holm's for refuting). count > 0. */
struct finding finding_all(const struct finding *, size_t count);

/* Of `count` findings at least `least` hold: by the p values in order, Bonferroni over those that
 * may be spared (Benjamini and Heller 2008). Refuted where so many do not hold that fewer are left.
 * What is shown is the weakest that is needed. 1 <= least <= count. */
struct finding finding_most(const struct finding *, size_t count, size_t least);

/* y rises (falls) with x. One value of each x for each seed: x[points], y[seeds][points]. Per seed
 * Kendall's tau, of which the mean is judged; of one seed the exact test. */
struct finding finding_of_trend(const double *x, const double *const *y, size_t points,
                                size_t seeds, int is_falling);

/* Slope of y over x, or of their logarithms: the mean over the seeds; of one seed that of the
 * straight line, with the scatter around it. */
struct finding finding_of_slope(const double *x, const double *const *y, size_t points,
                                size_t seeds, struct range, int is_log);

#endif
