/* Memory for the numbers of one statistic: some thousand at most, so that running out of it is not
 * a condition to report. */
#ifndef BATCHLAB_JUDGE_SCRATCH_H
#define BATCHLAB_JUDGE_SCRATCH_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Zeroed; free with free(). */
static inline void *scratch_take(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);

    if (!memory)
        abort();
    return memory;
}

static inline bool scratch_any_nan(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            return true;
    return false;
}

static inline bool scratch_all_finite(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

#endif
