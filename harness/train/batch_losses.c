/* Mean and noise of the losses of successive batches. */
#include "train/batch_losses.h"

#include <math.h>

void batch_losses_add(struct batch_losses *losses, double loss)
{
    double step = losses->count > 0 ? loss - losses->last : 0;

    losses->count++;
    losses->last = loss;
    losses->sum += loss;
    losses->squares += step * step;
}

double batch_losses_mean(const struct batch_losses *losses, double otherwise)
{
    return losses->count > 0 ? losses->sum / (double)losses->count : otherwise;
}

double batch_losses_deviation(const struct batch_losses *losses, double otherwise)
{
    return losses->count > 1 ? sqrt(losses->squares / 2 / (double)(losses->count - 1)) : otherwise;
}
