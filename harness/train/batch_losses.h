/* Mean and noise of the losses of successive batches. */
#ifndef BATCHLAB_BATCH_LOSSES_H
#define BATCHLAB_BATCH_LOSSES_H

/* At first all 0. */
struct batch_losses {
    long count;
    double last, sum;
    double squares; /* of successive differences */
};

void batch_losses_add(struct batch_losses *, double loss);

/* otherwise: where there are fewer than one, or two, of them. The deviation is that from batch to
 * batch without the trend: the root of half the mean square of successive differences (von Neumann
 * et al. 1941). */
double batch_losses_mean(const struct batch_losses *, double otherwise);
double batch_losses_deviation(const struct batch_losses *, double otherwise);

#endif
