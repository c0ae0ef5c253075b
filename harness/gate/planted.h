/* A slow-down of known size: an engine that repeats a share of its calls, to see what a gate finds.
 */
#ifndef BATCHLAB_GATE_PLANTED_H
#define BATCHLAB_GATE_PLANTED_H

#include "engine.h"

#include <stdint.h>

/* An engine that does what `engine` does, and of gradient, gradient64 and sgd_step calls the given
 * share twice, [0, 1], spread evenly: after n calls round(n share) repetitions, give or take one.
 * The second sgd_step of a batch is a real one, so theta moves further; measure at a rate at which
 * that does not matter. One planted engine a process; the session is that of `engine`, which is
 * borrowed. */
const struct engine *planted_engine(const struct engine *engine, double share);

#endif
