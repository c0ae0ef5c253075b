/* What a comparison of two means can detect: the power of two-sided t tests, from the noncentral t
 * distribution (Cohen 1988).
 *
 * Two samples are taken to have the same deviation; of pairs it is the deviation of the
 * differences. effect, deviation: in the same unit, deviation > 0; alpha and power in (0, 1), power
 * > alpha. */
#ifndef BATCHLAB_JUDGE_POWER_H
#define BATCHLAB_JUDGE_POWER_H

#include <stddef.h>

/* Chance to reject at alpha when the true difference is `effect`, of either sign. NaN below two
 * values a sample, or where effect or deviation is NaN. */
double power_two_samples(double effect, double deviation, size_t count_a, size_t count_b,
                         double alpha);
double power_paired(double effect, double deviation, size_t count, double alpha);

/* Minimum detectable effect: the least with that power. +inf below two values: nothing can be
 * detected. */
double power_detectable_two_samples(double deviation, size_t count_a, size_t count_b, double alpha,
                                    double power);
double power_detectable_paired(double deviation, size_t count, double alpha, double power);

/* The least number of values, of each sample, or of pairs, with that power. 0: more than 2^32 (an
 * effect of 0), or not known (NaN). */
size_t power_needed_two_samples(double effect, double deviation, double alpha, double power);
size_t power_needed_paired(double effect, double deviation, double alpha, double power);

#endif
