/* Objectives as an experiment names them, and their formulas apart from any engine: the judge of
 * the engine that computes them, and what contour lines are drawn from. */
#ifndef BATCHLAB_OBJECTIVE_H
#define BATCHLAB_OBJECTIVE_H

#include "engine.h"

#include <stdint.h>

enum {
    OBJECTIVE_LIST_MAX = 32,      /* numbers of a list in the file */
    OBJECTIVE_ROTATED_MAX = 1000, /* dimensions of a rotated spectrum: D^3 operations */
};

/* The functions of the contract, but that both quadratic ones are given by their spectrum. */
enum function {
    FUNCTION_NONE, /* a network of layers */
    FUNCTION_QUADRATIC,
    /* The noisy quadratic of DeepOBS (Schneider, Balles, Hennig 2019): of 100 eigenvalues 90 are
     * uniform on (0, 1) and 10 on (30, 60), rotated; all of it from RandomState(42). */
    FUNCTION_QUADRATIC_DEEP,
    FUNCTION_SADDLE,
    FUNCTION_ROSENBROCK,
    FUNCTION_CUBIC,
    FUNCTION_PLATEAU,
    FUNCTION_RECURRENT,
};

struct objective_spec {
    enum function function;
    enum objective_noise noise;
    /* Eigenvalues of a quadratic: one for each dimension; or the first of them (1 if there is
     * none), the others evenly in the logarithm down to its 1 / condition. */
    double spectrum[OBJECTIVE_LIST_MAX];
    int spectrum_count;
    double condition;  /* >= 1 */
    uint64_t rotation; /* 0: axes are eigenvectors; else the seed of a random rotation */
    double coefficients[2];
    int coefficient_count;            /* 0: the function's own */
    double start[OBJECTIVE_LIST_MAX]; /* initial theta; one number: of every coordinate */
    int start_count;                  /* 0: ones */
};

/* Fills the objective and its coefficients, an array for the caller to free (NULL if there are
 * none). -1, with the error set: it does not fit so many dimensions. */
int objective_build(struct objective *, double **coefficients, const struct objective_spec *,
                    size_t dimensions);

/* Multiplications and additions of a value with its gradient, elementwise work not counted. */
double objective_flops(const struct objective *, size_t dimensions);

/* theta[dimensions] = start */
void objective_start(const struct objective_spec *, size_t dimensions, float *theta);

/* f(z); its gradient to slope[dimensions] unless that is NULL. No noise. */
double objective_value(const struct objective *, size_t dimensions, const double *z, double *slope);

/* "objective cubic: x^2 + y^2 + y^3 + x y", by the file's name. */
void objective_describe(enum function, char *text, size_t size);

/* An orthogonal matrix[dimensions][dimensions] of determinant 1, uniform by the subgroup algorithm
 * (Diaconis, Shahshahani 1987); dimensions >= 2. It draws as NumPy programs do that build it from
 * the lower right corner, one dimension after the other. -1: out of memory. */
struct numpy_stream;
int objective_rotation(struct numpy_stream *, size_t dimensions, double *matrix);

#endif
