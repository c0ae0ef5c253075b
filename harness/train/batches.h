/* The batches that training steps are made with: drawn, weighted, augmented. All of it is work of a
 * step, and on its clock. */
#ifndef BATCHLAB_BATCHES_H
#define BATCHLAB_BATCHES_H

#include "train/train.h"

struct batches;
struct checkpoint;

/* For batches of up to the cell's largest, at first of its batch_size. last_batch: in place of the
 * cell's. -1: out of memory, or weights that cannot be drawn by (error set); *batches is NULL. */
int batches_open(struct batches **, const struct workbench *, enum last_batch);
void batches_close(struct batches *); /* accepts NULL */

/* From the next batch on, 1 .. the cell's largest. */
void batches_set_size(struct batches *, int batch_size);

/* The next batch, a view that is good until the one after. With worker_data: own, of a rank's
 * examples no others are looked at, nor made: of theirs there are rows, and no images. With
 * augmentation it has no rows: its images are a copy, and so are generated examples; and what was
 * drawn as the n-th example of the run, n = 0, 1, ..., is varied by a function of (seed, n) alone.
 * Nothing is varied but what is drawn here. */
void batches_next(struct batches *, struct batch *);

/* Their state between two of them. */
void batches_checkpoint(struct batches *, struct checkpoint *);

#endif
