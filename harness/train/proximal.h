/* Implicit updates: theta after the step minimises rate * (batch's mean loss) + 1/2 |. - theta|^2,
 * so that theta[t] = theta[t-1] - rate g(theta[t])   (Toulis, Airoldi 2017; for least squares in
 * closed form: Kivinen, Warmuth, Hassibi 2006).
 *
 * For networks of one dense layer without activation: linear least squares and softmax regression,
 * logistic regression being the one with two classes. The new logits Z[K][C] solve
 * Z = Z0 - (rate / K) G D(Z), G[K][K] the products of the inputs with a 1 for the bias, D the
 * derivatives of the losses: linear in Z for squares, so that one step of Newton's method is exact.
 */
#ifndef BATCHLAB_PROXIMAL_H
#define BATCHLAB_PROXIMAL_H

#include "engine.h"

enum { PROXIMAL_UNKNOWNS_MAX = 2048 }; /* K * C: a system of that size is solved */

/* NULL: such a network and batch can be stepped implicitly; else why not, one line. */
const char *proximal_refuses(const struct network *, int batch_size);

struct proximal;

int proximal_open(struct proximal **, const struct network *, int max_batch);
void proximal_close(struct proximal *); /* accepts NULL */

/* theta[P] after the step, in place; the score is that of theta before. 0, or -1 with the error
 * set.
 */
int proximal_step(struct proximal *, void *theta, enum precision, double rate, const struct batch *,
                  struct score *);

#endif
