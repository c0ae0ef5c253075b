/* What tests of judge/ share: closeness, and SciPy's answers. */
#ifndef BATCHLAB_JUDGE_FIXTURE_H
#define BATCHLAB_JUDGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/judge_scipy.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* Relative to the reference, absolute below 1. */
static inline bool is_near(double value, double reference, double tolerance)
{
    if (value == reference)
        return true;
    return fabs(value - reference) <= tolerance * fmax(1, fabs(reference));
}

#define assert_near(value, reference, tolerance)                                                   \
    do {                                                                                           \
        double value_ = (value), reference_ = (reference);                                         \
        if (!is_near(value_, reference_, tolerance))                                               \
            fail_msg("%s = %.17g, not %.17g", #value, value_, reference_);                         \
    } while (0)

#endif
