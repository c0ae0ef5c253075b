/* Live units: at one example a step, the rows of dead ReLU units need no update. */
#ifndef BATCHLAB_LIVE_H
#define BATCHLAB_LIVE_H

#include "engine.h"

/* live[layer_count] = the share of the layer's units whose ReLU activation is above 0, over these
 * examples inputs[count][network inputs]; 1 for a layer with another activation. In double
 * precision by plain loops. 1; 0 if the network has other layers than dense ones or none with
 * ReLU; -1: out of memory (error set). count >= 1. */
int live_units(const struct network *, const float *theta, const float *inputs, size_t count,
               double *live);

/* The share over all units with ReLU, from those of the layers. */
double live_fraction(const struct network *, const double *live);

#endif
