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

/* How far the answer depends on the way of interpolating: the largest difference, relative to the
 * cost, when the metric is taken plainly, or the updates by their logarithm, or both. An evaluation
 * after every update could tell no more. Without a number to interpolate from: all that lies
 * between.
 */
static double resolution_of(const struct curve_point *before, const struct curve_point *now,
                            double share, double plain_share)
{
    double first = (double)before->update, last = (double)now->update, shares[2];
    double start = fmax(first, 1), cost = first + share * (last - first), largest = 0;

    if (last - first <= 1)
        return 0;
    if (isnan(plain_share))
        return (last - first) / last;
    shares[0] = share;
    shares[1] = plain_share;
    for (int s = 0; s < 2; s++) {
        double plain = first + shares[s] * (last - first);
        double by_logarithm = start * pow(last / start, shares[s]);

        largest = fmax(largest, fmax(fabs(plain - cost), fabs(by_logarithm - cost)));
    }
    return largest / cost;
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
        double share = 1, plain_share = NAN;

        if (!(after <= target->value) || after == NOT_APPLICABLE)
            continue;
        if (earlier > target->value && isfinite(earlier)) {
            share = share_of_the_way(earlier, after, target->value);
            plain_share = (earlier - target->value) / (earlier - after);
        }
        return (struct target_cost){
            .updates = (double)before->update + share * (double)(now->update - before->update),
            .examples = before->examples + share * (now->examples - before->examples),
            .epochs = before->epoch + share * (now->epoch - before->epoch),
            .flops = before->flops + share * (now->flops - before->flops),
            .seconds = before->train_seconds + share * (now->train_seconds - before->train_seconds),
            .resolution = resolution_of(before, now, share, plain_share),
        };
    }
    return (struct target_cost){NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE,
                                NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE};
}
