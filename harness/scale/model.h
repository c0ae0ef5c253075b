/* What an update takes with W ranks: compute(K / W) + a sum of the gradient over them. */
#ifndef BATCHLAB_SCALE_MODEL_H
#define BATCHLAB_SCALE_MODEL_H

#include "scale/interconnect.h"

#include <stddef.h>

/* One network on one engine with so many threads. */
struct scale_model {
    double t0, t1;    /* compute(k) = t0 + t1 k seconds, of k examples */
    double deviation; /* mean |fitted / measured - 1| of the points it is fitted to */
    double bytes;     /* of a gradient */
    struct interconnect interconnect;
    /* Above 0: all ranks are on one machine with so many processors, of which each rank wants
     * `threads`: what there is not they take in turn. 0: each rank has its own. */
    double processors, threads;
};

/* t0 and t1 from seconds[count] of updates of batch_sizes[count] by one worker, least squares of
 * relative residuals; t0 is 0 where it would be below. -1 (error set): fewer than two batch sizes.
 */
int scale_model_fit(struct scale_model *, const double *batch_sizes, const double *seconds,
                    size_t count);

/* Seconds of an update; 1 <= ranks <= batch_size. The largest share of a batch decides. */
double scale_update_seconds(const struct scale_model *, double batch_size, double ranks);

/* The next of values that grow by this factor from 1 up to `most`, which is the last; 0: there is
 * none.
 */
long scale_next(long value, double factor, long most);

/* Updates to a target S = S_min + E_min / K, as critical_batch.h has it. */
struct scale_steps {
    double least_steps, least_examples;
};

/* Seconds to the target. */
double scale_target_seconds(const struct scale_model *, const struct scale_steps *,
                            double batch_size, double ranks);

struct scale_best {
    double batch_size, ranks, seconds;
};

/* The fastest way to the target with at most so many ranks and batches of at most largest_batch:
 * over ranks 1, 2, 4, ... and the most, and batch sizes that rise by a tenth. */
struct scale_best scale_fastest(const struct scale_model *, const struct scale_steps *,
                                long most_ranks, long largest_batch);

#endif
