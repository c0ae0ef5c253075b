/* Times to reach something, some of them censored: the run ended, or its budget did, before. */
#ifndef BATCHLAB_JUDGE_SURVIVAL_H
#define BATCHLAB_JUDGE_SURVIVAL_H

#include "judge/effect.h"

#include <stdbool.h>
#include <stddef.h>

struct survival_step {
    double time;
    size_t at_risk, events; /* runs that had not ended before this time; that reached it now */
    double survival;        /* share that takes longer than this time */
    double greenwood; /* sum of d / (n (n - d)) so far: variance / survival^2 (Greenwood 1926);
                         +inf where survival is 0 */
};

/* Kaplan and Meier 1958. times[count]; reached[i]: run i got there at times[i], else it was last
 * seen, not there yet, at times[i] (right-censored; +inf is legitimate). A run censored at the time
 * of another's event counts as at risk then. steps[up to count], ascending, one for each time of an
 * event; returns their number, 0 where a time is not a number. */
size_t survival_curve(const double *times, const bool *reached, size_t count,
                      struct survival_step *steps);

/* Median: the first time with survival below 1/2, or, where a step is at exactly 1/2, the middle
 * between it and the next one; +inf where survival stays above 1/2, or at 1/2 to the end. Without
 * censoring, or with all of it later than the last event, that is stats_median with +inf for the
 * censored.
 *
 * Its interval (Brookmeyer and Crowley 1982): the times at which the pointwise interval of the
 * survival on the scale log(-log S) (Kalbfleisch and Prentice 1980) holds 1/2. Of a survival of 0
 * there is no such interval and it is taken for 0 .. 1, so that the upper bound is +inf where the
 * curve goes below 1/2 on its last step only. NaN and -inf .. +inf where a time is not a number or
 * there are no runs; one run: -inf .. +inf. */
struct effect survival_median(const double *times, const bool *reached, size_t count,
                              double confidence);

#endif
