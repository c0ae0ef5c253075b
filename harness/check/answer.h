/* The judge's answer to a problem, and how well it can be known in another precision. */
#ifndef BATCHLAB_ANSWER_H
#define BATCHLAB_ANSWER_H

#include "check/compare.h"
#include "check/problem.h"

struct answer {
    double *gradient;   /* [P], in double precision */
    double *magnitudes; /* [P], see struct yardstick */
    struct score score;
    struct yardstick yardstick; /* for an engine of the unit roundoff given */
};

/* Asks the engine `judge`, which has gradient64; of an objective, the formulas. 0; -1 with the
 * error set: there is nothing to judge by. */
int answer_open(struct answer *, const struct engine *judge, const struct problem *,
                const struct batch *, const struct arithmetic *);
void answer_close(struct answer *); /* accepts a zeroed struct */

#endif
