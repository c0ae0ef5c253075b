/* Kaplan-Meier curves and their median. */
#include "judge/survival.h"

#include "judge/scratch.h"

#include <assert.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

/* A survival of 1/2 is a product of fractions, rounded. */
#define ROUNDING 1e-12

size_t survival_curve(const double *times, const bool *reached, size_t count,
                      struct survival_step *steps)
{
    size_t *order, used = 0;
    double survival = 1, greenwood = 0;

    if (count == 0 || scratch_any_nan(times, count))
        return 0;
    order = scratch_take(count, sizeof *order);
    gsl_sort_index(order, times, 1, count);
    for (size_t i = 0, end; i < count; i = end) {
        double time = times[order[i]], at_risk = (double)(count - i), d;
        size_t events = 0;

        for (end = i; end < count && times[order[end]] == time; end++)
            events += reached[order[end]];
        if (events == 0)
            continue;
        d = (double)events;
        survival *= (at_risk - d) / at_risk;
        greenwood += d / (at_risk * (at_risk - d));
        steps[used++] = (struct survival_step){time, count - i, events, survival, greenwood};
    }
    free(order);
    return used;
}

static double median_of(const struct survival_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (steps[i].survival < 0.5 - ROUNDING)
            return steps[i].time;
        if (steps[i].survival <= 0.5 + ROUNDING)
            return i + 1 < count ? (steps[i].time + steps[i + 1].time) / 2 : (double)INFINITY;
    }
    return INFINITY;
}

/* The survival itself, z standard errors up (z > 0) or down on the scale log(-log S): that is
 * S^exp(-+ z sqrt(greenwood) / log S). */
static double survival_bound(const struct survival_step *step, double z)
{
    if (step->survival <= 0)
        return z > 0 ? 1 : 0;
    return pow(step->survival, exp(z * sqrt(step->greenwood) / log(step->survival)));
}

/* The first time at which the bound of the survival is at most 1/2. */
static double first_below(const struct survival_step *steps, size_t count, double z)
{
    for (size_t i = 0; i < count; i++)
        if (survival_bound(&steps[i], z) <= 0.5)
            return steps[i].time;
    return INFINITY;
}

struct effect survival_median(const double *times, const bool *reached, size_t count,
                              double confidence)
{
    struct effect effect = {NAN, -INFINITY, INFINITY};
    struct survival_step *steps = scratch_take(count, sizeof *steps);
    double z = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2);
    size_t used = survival_curve(times, reached, count, steps);

    assert(confidence > 0 && confidence < 1);
    if (count > 0 && !scratch_any_nan(times, count))
        effect.value = median_of(steps, used);
    if (count > 1 && !isnan(effect.value)) {
        effect.low = first_below(steps, used, -z);
        effect.high = first_below(steps, used, z);
    }
    free(steps);
    return effect;
}
