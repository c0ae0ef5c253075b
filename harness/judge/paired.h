/* Is the head slower than the base? The judge of paired measurements of one cell.
 *
 * d[r] = ln head[r] - ln base[r] of the rounds r; the ratio is exp(median d), its interval that of
 * the sign test (order statistics k and n - k + 1): exact whatever the distribution of d, as long
 * as rounds are independent. Nothing that is said here asks for a symmetric or a normal one. */
#ifndef BATCHLAB_JUDGE_PAIRED_H
#define BATCHLAB_JUDGE_PAIRED_H

#include <stddef.h>

enum paired_verdict {
    PAIRED_SAME,         /* the interval lies within 1 / (1 + margin) .. 1 + margin */
    PAIRED_IMPROVED,     /* it lies below 1 - margin */
    PAIRED_REGRESSION,   /* it lies above 1 + margin */
    PAIRED_INCONCLUSIVE, /* none of these, or clocks that disagree, or too few rounds */
    PAIRED_VERDICTS
};

extern const char *const paired_verdict_names[PAIRED_VERDICTS]; /* "SAME", "REGRESSION", ... */

/* [count] each, of the same rounds: seconds of the same work, above 0. cpu may be NULL. */
struct paired {
    const double *base, *head;
    const double *base_cpu, *head_cpu;
    size_t count;
};

struct paired_finding {
    enum paired_verdict verdict;
    double ratio, low, high; /* head / base; 0 .. +inf where nothing is known */
    double coverage;         /* of the interval, exact; 1 where it has no end */
    double cpu_ratio;        /* the same median of the processor's time; NaN: not known */
    double minimum_ratio;    /* of the smallest seconds of either side */
    size_t ties;             /* rounds in which both took the same time to the last digit */
    char reason[160];        /* in words */
};

/* margin > 0; confidence in (0, 1): of this cell, so that of C cells at 1 - 0.05 / C all intervals
 * hold at once in 95 % (Bonferroni). A verdict that is not SAME needs the processor's time and the
 * smallest seconds on its side of 1. A value that is not finite or not above 0, or fewer rounds
 * than the confidence asks for, is inconclusive. */
struct paired_finding paired_judge(const struct paired *, double margin, double confidence);

/* The fewest rounds that can give an interval of that confidence for each of `cells`: 2 * 2^-n <=
 * 0.05 / cells. cells >= 1 */
size_t paired_rounds_needed(size_t cells);

/* 1 - 0.05 / cells */
double paired_confidence(size_t cells);

#endif
