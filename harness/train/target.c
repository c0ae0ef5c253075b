/* What it took to reach a target. */
#include "train/train.h"

#include <float.h>
#include <math.h>

static double metric_of(const struct curve_point *point, enum metric metric)
{
    switch (metric) {
    case METRIC_TRAIN_LOSS:
        return point->train.loss;
    case METRIC_TRAIN_ERROR:
        return point->train.error;
    case METRIC_VALIDATION_LOSS:
        return point->validation.loss;
    default:
        return point->validation.error;
    }
}

/* How far from `earlier`, above the target, to `after` the metric passes it: by logarithms, but
 * plainly for targets at or below 0, which losses of objectives may have. A metric of 0 has no
 * logarithm: the smallest positive number stands for it. */
static double share_of_the_way(double earlier, double after, double target)
{
    return target > 0 ? log(earlier / target) / (log(earlier) - log(fmax(after, DBL_MIN)))
                      : (earlier - target) / (earlier - after);
}

struct target_cost train_target_cost(const struct curve_point *curve, int count,
                                     const struct target_spec *target)
{
    for (int i = 0; i < count; i++) {
        const struct curve_point *now = &curve[i], *before = i > 0 ? now - 1 : now;
        double after = metric_of(now, target->metric), earlier = metric_of(before, target->metric);
        double share = 1;

        if (!(after <= target->value) || after == NOT_APPLICABLE)
            continue;
        if (earlier > target->value && isfinite(earlier))
            share = share_of_the_way(earlier, after, target->value);
        return (struct target_cost){
            .updates = (double)before->update + share * (double)(now->update - before->update),
            .examples = before->examples + share * (now->examples - before->examples),
            .epochs = before->epoch + share * (now->epoch - before->epoch),
            .flops = before->flops + share * (now->flops - before->flops),
            .seconds = before->train_seconds + share * (now->train_seconds - before->train_seconds),
        };
    }
    return (struct target_cost){NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE,
                                NOT_APPLICABLE};
}
