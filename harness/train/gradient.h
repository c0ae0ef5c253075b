/* The gradient of a batch at a point, by one session of an engine or shared out among several:
 * pieces of a batch (micro-batches), workers with a thread and a session each, and points of the
 * past (delay). */
#ifndef BATCHLAB_GRADIENT_H
#define BATCHLAB_GRADIENT_H

#include "train/train.h"

struct gradient;
struct checkpoint;

/* precision, micro_batch, workers and delay are the cell's. */
int gradient_open(struct gradient **, const struct workbench *);
void gradient_close(struct gradient *); /* accepts NULL */

/* gradient[P] and score of the batch at theta[P], or at what theta was `delay` calls earlier (the
 * first one where there are not as many). Pieces are added in the order of a binary tree over the
 * batch, whoever computed them: with as many pieces in a worker's share as a power of two the bytes
 * do not depend on the number of workers. 0, or -1 with the message. */
int gradient_of(struct gradient *, const void *theta, const struct batch *, void *gradient,
                struct score *, struct message *);

/* The same at theta itself, and nothing is remembered. */
int gradient_at(struct gradient *, const void *theta, const struct batch *, void *gradient,
                struct score *, struct message *);

/* Of a batch of any size, in pieces of at most max_batch; at theta itself. */
int gradient_of_many(struct gradient *, const void *theta, const struct batch *, void *gradient,
                     struct message *);

/* What gradient_of remembers of the past. */
void gradient_checkpoint(struct gradient *, struct checkpoint *);

#endif
