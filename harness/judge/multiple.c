/* p values adjusted for their number. */
#include "judge/multiple.h"

#include "judge/scratch.h"

#include <gsl/gsl_sort.h>

/* A NaN has no rank: it goes last, where it cannot lift the others. */
static void sort_with_nan_last(size_t *order, const double *p, size_t count)
{
    double *keys = scratch_take(count, sizeof *keys);

    for (size_t i = 0; i < count; i++)
        keys[i] = isnan(p[i]) ? (double)INFINITY : p[i];
    gsl_sort_index(order, keys, 1, count);
    free(keys);
}

void multiple_holm(const double *p, double *adjusted, size_t count)
{
    size_t *order = scratch_take(count, sizeof *order);
    double largest = 0;

    sort_with_nan_last(order, p, count);
    for (size_t i = 0; i < count; i++) {
        if (isnan(p[order[i]])) {
            adjusted[order[i]] = NAN;
            continue;
        }
        largest = fmax(largest, fmin(1, p[order[i]] * (double)(count - i)));
        adjusted[order[i]] = largest;
    }
    free(order);
}

void multiple_bonferroni(const double *p, double *adjusted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        adjusted[i] = isnan(p[i]) ? p[i] : fmin(1, p[i] * (double)count);
}
