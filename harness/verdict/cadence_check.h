/* Whether what a target cost is known finely enough to be judged. */
#ifndef BATCHLAB_CADENCE_CHECK_H
#define BATCHLAB_CADENCE_CHECK_H

#include "verdict/evidence.h"

/* *resolution: the median over the rows of an arm, or of a value of x, of the share by which y
 * depends on the way of interpolating; the largest of them. 0 where y is no cost of a target, or
 * nothing is known of it. -1: results that cannot be read (error set). */
int cadence_check(const struct evidence *, const struct claim *, const struct rows *,
                  double *resolution);

#endif
