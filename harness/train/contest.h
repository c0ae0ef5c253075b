/* Which of several engines makes a cell's steps fastest: timed in turn, so that a machine that
 * drifts does not favour any. */
#ifndef BATCHLAB_CONTEST_H
#define BATCHLAB_CONTEST_H

#include "train/train.h"

/* rates[count] = examples per second of each bench, the median over its blocks; all benches are of
 * the same cell. One that falls far behind early is timed no further; one whose engine fails is
 * NAN. seconds: about what it may take for each bench; three blocks each at the least. 0, or -1
 * (error set). */
int contest(const struct workbench *benches, int count, double seconds, double *rates);

#endif
