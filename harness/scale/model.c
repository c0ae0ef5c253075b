/* What an update takes with W ranks. */
#include "scale/model.h"

#include "base/error.h"
#include "judge/line.h"

#include <math.h>
#include <stdlib.h>

/* Through the origin: t1 alone. */
static void fit_slope(struct scale_model *model, const double *batch_sizes, const double *seconds,
                      size_t count)
{
    double sum = 0, square = 0;

    for (size_t i = 0; i < count; i++) {
        double x = batch_sizes[i] / seconds[i];

        sum += x;
        square += x * x;
    }
    model->t0 = 0;
    model->t1 = sum / square;
}

int scale_model_fit(struct scale_model *model, const double *batch_sizes, const double *seconds,
                    size_t count)
{
    double *weights = calloc(count + 1, sizeof *weights);
    struct line line;

    if (!weights)
        return error_set("out of memory");
    for (size_t i = 0; i < count; i++)
        weights[i] = 1 / (seconds[i] * seconds[i]);
    line = line_fit(batch_sizes, seconds, weights, count, LINE_SCALE_UNKNOWN, 0.95);
    free(weights);
    if (!isfinite(line.slope.value))
        return error_set("one worker's updates of two batch sizes or more are wanted");
    model->t0 = line.intercept.value;
    model->t1 = line.slope.value;
    if (!(model->t0 >= 0) || !(model->t1 > 0))
        fit_slope(model, batch_sizes, seconds, count);
    model->deviation = 0;
    for (size_t i = 0; i < count; i++)
        model->deviation +=
            fabs((model->t0 + model->t1 * batch_sizes[i]) / seconds[i] - 1) / (double)count;
    return 0;
}

double scale_update_seconds(const struct scale_model *model, double batch_size, double ranks)
{
    double share = ceil(batch_size / ranks), turns = 1;

    if (model->processors > 0)
        turns = fmax(1, ranks * model->threads / model->processors);
    return turns * (model->t0 + model->t1 * share) +
           (ranks > 1 ? interconnect_sum_seconds(&model->interconnect, model->bytes, ranks) : 0);
}

double scale_target_seconds(const struct scale_model *model, const struct scale_steps *steps,
                            double batch_size, double ranks)
{
    return (steps->least_steps + steps->least_examples / batch_size) *
           scale_update_seconds(model, batch_size, ranks);
}

long scale_next(long value, double factor, long most)
{
    long next = (long)ceil(factor * (double)value);

    if (value >= most)
        return 0;
    return next < most ? next : most;
}

struct scale_best scale_fastest(const struct scale_model *model, const struct scale_steps *steps,
                                long most_ranks, long largest_batch)
{
    struct scale_best best = {1, 1, HUGE_VAL};

    for (long ranks = 1; ranks > 0; ranks = scale_next(ranks, 2, most_ranks))
        for (long k = ranks; k > 0 && k <= largest_batch; k = scale_next(k, 1.1, largest_batch)) {
            double seconds = scale_target_seconds(model, steps, (double)k, (double)ranks);

            if (seconds < best.seconds)
                best = (struct scale_best){(double)k, (double)ranks, seconds};
        }
    return best;
}
