/* The largest eigenvalue of a Hessian, from gradients alone. */
#ifndef BATCHLAB_PROBE_SHARPNESS_H
#define BATCHLAB_PROBE_SHARPNESS_H

#include "base/rng.h"

#include <stddef.h>

/* A function of theta[P] by its gradient[P]. 0, or -1 with the error set. */
struct gradient_field {
    void *context;
    int (*gradient)(void *context, const double *theta, double *gradient);
    size_t parameters; /* P */
};

struct sharpness {
    double eigenvalue; /* the Rayleigh quotient v . H v of a unit vector v */
    double residual;   /* |H v - eigenvalue v|: an eigenvalue is no further away than that */
    int products;      /* H v that were formed, each from two gradients */
};

/* Power iteration on H v = (gradient(theta + step v) - gradient(theta - step v)) / (2 step), from a
 * random v. Where the eigenvalue of largest size is negative, goes on with H shifted by it. Ends
 * when the eigenvalue has changed by at most `tolerance` of itself twice running, or after
 * `most` products. 0, or -1 with the error set. */
int sharpness_find(const struct gradient_field *, const double *theta, double step,
                   double tolerance, int most, struct rng *, struct sharpness *);

#endif
