/* The contract's formulas in double precision, one example at a time: what the judge is itself held
 * against. Written down apart from any engine. */
#ifndef BATCHLAB_FORMULA_H
#define BATCHLAB_FORMULA_H

#include "engine.h"

enum { FORMULA_WIDTH_MAX = 8192 }; /* values between two layers */

/* outputs[network outputs] of one stored row of the batch. Returns how far the row is from a
 * branch: the smallest |z| of a rectifier, or lead of a pooling window's largest value over the
 * next one that differs; infinite if there is neither. */
double formula_outputs(const struct network *, const float *theta, const struct batch *, size_t row,
                       double *outputs);

/* How far the largest of the outputs is ahead of the next. */
double formula_lead(const double *outputs, size_t count);

/* Of an objective, at theta in double precision, with gradient[D] of the batch's mean loss: there
 * no engine need be the judge. */
struct score formula_objective(const struct network *, const double *theta, const struct batch *,
                               double *gradient);

struct score formula_score(const struct network *, const float *theta, const struct batch *);

#endif
