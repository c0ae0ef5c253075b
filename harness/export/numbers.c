/* Medians and their intervals. */
#include "export/numbers.h"

#include "base/error.h"
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double export_confidence(const struct export *export)
{
    return export->confidence > 0 && export->confidence < 1 ? export->confidence : 0.95;
}

bool repetition_is_number(const struct exported_case *timed, size_t repetition)
{
    double seconds = timed->seconds ? timed->seconds[repetition] : 0.0;

    return !timed->error && seconds > 0 && isfinite(1e9 * seconds) && isfinite(1 / seconds);
}

long repetition_iterations(const struct exported_case *timed, size_t repetition)
{
    return timed->iterations_each ? timed->iterations_each[repetition] : timed->iterations;
}

const char *case_error(const struct exported_case *timed)
{
    return timed->error ? timed->error : "no repetition gave a number";
}

bool case_is_alone(const struct export *export, const struct exported_case *timed)
{
    for (size_t r = 0; r < export->ratio_count; r++)
        if (strcmp(export->ratios[r].name, timed->name) == 0)
            return false;
    return true;
}

int numbers_of(struct numbers *numbers, const struct exported_case *timed, double confidence)
{
    double *seconds = malloc((timed->count + 1) * sizeof *seconds);
    struct interval interval;

    *numbers = (struct numbers){.least = INFINITY};
    if (!seconds)
        return error_set("out of memory for %zu repetitions", timed->count);
    for (size_t r = 0; r < timed->count; r++) {
        if (!repetition_is_number(timed, r))
            continue;
        seconds[numbers->count++] = timed->seconds[r];
        numbers->least = fmin(numbers->least, timed->seconds[r]);
        numbers->total_seconds += timed->seconds[r] * (double)repetition_iterations(timed, r);
    }
    numbers->median = stats_median(seconds, numbers->count);
    interval = stats_median_interval(seconds, numbers->count, confidence);
    numbers->low = numbers->high = NAN;
    if (isfinite(interval.low) && isfinite(interval.high)) {
        numbers->low = interval.low;
        numbers->high = interval.high;
    }
    free(seconds);
    numbers->examples_per_second = numbers->gflops = NAN;
    if (timed->examples_per_iteration > 0)
        numbers->examples_per_second = timed->examples_per_iteration / numbers->median;
    if (timed->flops_per_iteration > 0)
        numbers->gflops = 1e-9 * timed->flops_per_iteration / numbers->median;
    return 0;
}
