/* Objectives: from the file to the contract, and their formulas. */
#include "train/objective.h"

#include "base/error.h"
#include "base/numpy_stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *formula;
    enum objective_kind kind;
    size_t dimensions; /* 0: any */
    int coefficients;  /* how many it takes from the file */
    double by_default[2];
} functions[] = {
    [FUNCTION_NONE] = {.name = "none"},
    [FUNCTION_QUADRATIC] = {"quadratic", "1/2 z'Qz", OBJECTIVE_SQUARES, 0, 0, {0}},
    [FUNCTION_QUADRATIC_DEEP] =
        {"quadratic_deep", "1/2 z'Qz of DeepOBS, 100 variables", OBJECTIVE_QUADRATIC, 100, 0, {0}},
    [FUNCTION_SADDLE] = {"saddle", "a/2 x^2 - b/2 y^2 + 1/4 y^4", OBJECTIVE_SADDLE, 2, 2, {1, 1}},
    [FUNCTION_ROSENBROCK] =
        {"rosenbrock", "(a - x)^2 + b (y - x^2)^2", OBJECTIVE_ROSENBROCK, 2, 2, {1, 100}},
    [FUNCTION_CUBIC] = {"cubic", "x^2 + y^2 + y^3 + x y", OBJECTIVE_CUBIC, 2, 0, {0}},
    [FUNCTION_PLATEAU] = {"plateau", "|z|^2 / (a^2 + |z|^2)", OBJECTIVE_PLATEAU, 0, 1, {1}},
    [FUNCTION_RECURRENT] = {"recurrent",
                            "(h[100] - 0.65)^2, h[t] = sigma(x h[t-1] + y)",
                            OBJECTIVE_RECURRENT,
                            2,
                            0,
                            {0}},
};

void objective_describe(enum function function, char *text, size_t size)
{
    snprintf(text, size, "objective %s: %s", functions[function].name, functions[function].formula);
}

/* ---- Quadratic functions ------------------------------------------------------------------------
 */

/* matrix[n + 1][n + 1] becomes (1 - 2 v v^T) (1, R), R being its last n rows and columns. If the
 * mirror takes the first axis to a uniform point of the sphere and R is uniform, so is the product.
 */
static void add_dimension(double *matrix, size_t stride, size_t n, const double *v, double *row)
{
    for (size_t c = 0; c <= n; c++) /* row = v^T (1, R) */
        row[c] = c == 0 ? v[0] : 0;
    for (size_t r = 1; r <= n; r++)
        for (size_t c = 1; c <= n; c++)
            row[c] += v[r] * matrix[r * stride + c];
    for (size_t r = 0; r <= n; r++)
        for (size_t c = 0; c <= n; c++)
            matrix[r * stride + c] -= 2 * v[r] * row[c];
}

/* v[count] = (e - u) / |e - u|, the normal of the mirror that takes the first axis, e, to u, which
 * is uniform on the sphere */
static void draw_mirror(struct numpy_stream *stream, double *v, size_t count)
{
    double square = 0;

    for (size_t j = 0; j < count; j++) {
        v[j] = numpy_normal(stream);
        square += v[j] * v[j];
    }
    for (size_t j = 0; j < count; j++)
        v[j] = (j == 0) - v[j] / sqrt(square);
    square = 0;
    for (size_t j = 0; j < count; j++)
        square += v[j] * v[j];
    for (size_t j = 0; j < count; j++)
        v[j] /= sqrt(square);
}

int objective_rotation(struct numpy_stream *stream, size_t dimensions, double *matrix)
{
    double *v = calloc(2 * dimensions, sizeof *v), angle;
    double *corner; /* where the block of the dimensions so far begins */

    if (!v)
        return error_set("out of memory");
    memset(matrix, 0, dimensions * dimensions * sizeof *matrix);
    angle = 2 * M_PI * numpy_uniform(stream);
    corner = matrix + (dimensions - 2) * (dimensions + 1);
    corner[0] = corner[dimensions + 1] = cos(angle);
    corner[1] = sin(angle);
    corner[dimensions] = -sin(angle);
    for (size_t n = 2; n < dimensions; n++) {
        corner -= dimensions + 1;
        corner[0] = 1;
        draw_mirror(stream, v, n + 1);
        add_dimension(corner, dimensions, n, v, v + dimensions);
    }
    /* An odd number of mirrors has made the determinant -1, and so does -1 in an odd dimension. */
    for (size_t i = 0; i < dimensions * dimensions; i++)
        matrix[i] = -matrix[i];
    free(v);
    return 0;
}

/* matrix = R^T diag(spectrum) R, R drawn from the stream */
static int rotate(struct numpy_stream *stream, const double *spectrum, size_t d, double *matrix)
{
    double *rotation = malloc(d * d * sizeof *rotation);
    int status = rotation ? objective_rotation(stream, d, rotation) : error_set("out of memory");

    for (size_t k = 0; status == 0 && k < d; k++)
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                matrix[i * d + j] += spectrum[k] * rotation[k * d + i] * rotation[k * d + j];
    free(rotation);
    return status;
}

static int build_rotated(struct objective *objective, double **coefficients, uint64_t seed,
                         const double *spectrum, size_t d)
{
    struct numpy_stream stream;
    int status;

    objective->kind = OBJECTIVE_QUADRATIC;
    *coefficients = calloc(d * d, sizeof **coefficients);
    if (!*coefficients)
        return error_set("out of memory for %zu x %zu coefficients", d, d);
    if (numpy_open(&stream, (uint32_t)seed) != 0)
        return -1;
    status = rotate(&stream, spectrum, d, *coefficients);
    numpy_close(&stream);
    return status;
}

static int build_quadratic(struct objective *objective, double **coefficients,
                           const struct objective_spec *spec, size_t d)
{
    double first = spec->spectrum_count > 0 ? spec->spectrum[0] : 1, *spectrum;
    int status;

    if (spec->spectrum_count > 1 && (size_t)spec->spectrum_count != d)
        return error_set("spectrum: %d eigenvalues, expected one, or as many as the data has "
                         "features, %zu",
                         spec->spectrum_count, d);
    if (spec->spectrum_count > 1 && spec->condition > 1)
        return error_set("condition: all eigenvalues are given, expected at most the first");
    if (spec->rotation > 0 && (d < 2 || d > OBJECTIVE_ROTATED_MAX))
        return error_set("rotation: %zu features, expected 2 to %d", d, OBJECTIVE_ROTATED_MAX);
    if (spec->rotation > UINT32_MAX)
        return error_set("rotation: %llu, expected a seed below 2^32",
                         (unsigned long long)spec->rotation);
    spectrum = calloc(d, sizeof *spectrum);
    if (!spectrum)
        return error_set("out of memory for %zu eigenvalues", d);
    for (size_t j = 0; j < d; j++)
        spectrum[j] = spec->spectrum_count > 1 ? spec->spectrum[j]
                      : d == 1                 ? first
                               : first * pow(spec->condition, -(double)j / (double)(d - 1));
    if (spec->rotation == 0) {
        objective->kind = OBJECTIVE_SQUARES;
        *coefficients = spectrum;
        return 0;
    }
    status = build_rotated(objective, coefficients, spec->rotation, spectrum, d);
    free(spectrum);
    return status;
}

enum { DEEP_SEED = 42, DEEP_SMALL = 90, DEEP_DIMENSIONS = 100 };

static int build_deep(double **coefficients)
{
    double spectrum[DEEP_DIMENSIONS];
    struct numpy_stream stream;
    int status;

    *coefficients = calloc(DEEP_DIMENSIONS * DEEP_DIMENSIONS, sizeof **coefficients);
    if (!*coefficients)
        return error_set("out of memory");
    if (numpy_open(&stream, DEEP_SEED) != 0)
        return -1;
    for (int j = 0; j < DEEP_DIMENSIONS; j++)
        spectrum[j] = j < DEEP_SMALL ? numpy_uniform(&stream) : 30 + 30 * numpy_uniform(&stream);
    status = rotate(&stream, spectrum, DEEP_DIMENSIONS, *coefficients);
    numpy_close(&stream);
    return status;
}

/* ---- Any function -------------------------------------------------------------------------------
 */

static int build_coefficients(double **coefficients, const struct objective_spec *spec)
{
    int count = functions[spec->function].coefficients;

    if (count == 0)
        return 0;
    *coefficients = calloc((size_t)count, sizeof **coefficients);
    if (!*coefficients)
        return error_set("out of memory");
    memcpy(*coefficients,
           spec->coefficient_count > 0 ? spec->coefficients : functions[spec->function].by_default,
           (size_t)count * sizeof **coefficients);
    return 0;
}

static int check(const struct objective_spec *spec, size_t dimensions)
{
    const char *name = functions[spec->function].name;
    size_t needed = functions[spec->function].dimensions;
    int count = functions[spec->function].coefficients;

    if (needed > 0 && dimensions != needed)
        return error_set("objective: %s is a function of %zu variables, the data has %zu features",
                         name, needed, dimensions);
    if (spec->coefficient_count > 0 && spec->coefficient_count != count)
        return error_set("coefficients: %d numbers, expected %d for %s", spec->coefficient_count,
                         count, name);
    if (spec->start_count > 1 && (size_t)spec->start_count != dimensions)
        return error_set("start: %d numbers, expected one, or as many as the data has features, "
                         "%zu",
                         spec->start_count, dimensions);
    return 0;
}

int objective_build(struct objective *objective, double **coefficients,
                    const struct objective_spec *spec, size_t dimensions)
{
    int status;

    *objective = (struct objective){functions[spec->function].kind, spec->noise, NULL};
    *coefficients = NULL;
    if (check(spec, dimensions) != 0)
        return -1;
    if (spec->function == FUNCTION_QUADRATIC)
        status = build_quadratic(objective, coefficients, spec, dimensions);
    else if (spec->function == FUNCTION_QUADRATIC_DEEP)
        status = build_deep(coefficients);
    else
        status = build_coefficients(coefficients, spec);
    if (status != 0) {
        free(*coefficients);
        *coefficients = NULL;
    }
    objective->coefficients = *coefficients;
    return status;
}

double objective_flops(const struct objective *objective, size_t dimensions)
{
    return 2 * (double)dimensions *
           (objective->kind == OBJECTIVE_QUADRATIC ? (double)dimensions : 1);
}

void objective_start(const struct objective_spec *spec, size_t dimensions, float *theta)
{
    for (size_t j = 0; j < dimensions; j++)
        theta[j] = spec->start_count > 1    ? (float)spec->start[j]
                   : spec->start_count == 1 ? (float)spec->start[0]
                                            : 1;
}

/* ---- Formulas -----------------------------------------------------------------------------------
 */

/* d f / d z[j] of 1/2 z^T Q z */
static double matrix_slope(const double *matrix, size_t dimensions, const double *z, size_t j)
{
    double sum = 0;

    for (size_t i = 0; i < dimensions; i++)
        sum += matrix[j * dimensions + i] * z[i];
    return sum;
}

static double square_of_length(const double *z, size_t dimensions)
{
    double sum = 0;

    for (size_t j = 0; j < dimensions; j++)
        sum += z[j] * z[j];
    return sum;
}

enum { RECURRENT_STEPS = 100 };

/* h[0 .. RECURRENT_STEPS]; returns how far the last one is off. */
static double recur(const double *z, double *h)
{
    h[0] = 0.3;
    for (int t = 1; t <= RECURRENT_STEPS; t++)
        h[t] = 1 / (1 + exp(-z[0] * h[t - 1] - z[1]));
    return h[RECURRENT_STEPS] - 0.65;
}

/* Back through time: d f / d h[t] from that by h[t + 1]. */
static double recurrent_slope(const double *z, size_t j)
{
    double h[RECURRENT_STEPS + 1], by_h = 2 * recur(z, h), sum = 0;

    for (int t = RECURRENT_STEPS; t > 0; t--) {
        double by_argument = by_h * h[t] * (1 - h[t]);

        sum += by_argument * (j == 0 ? h[t - 1] : 1);
        by_h = by_argument * z[0];
    }
    return sum;
}

static double derivative(const struct objective *objective, size_t dimensions, const double *z,
                         size_t j)
{
    const double *c = objective->coefficients;

    switch (objective->kind) {
    case OBJECTIVE_SQUARES:
        return c[j] * z[j];
    case OBJECTIVE_QUADRATIC:
        return matrix_slope(c, dimensions, z, j);
    case OBJECTIVE_SADDLE:
        return j == 0 ? c[0] * z[0] : z[1] * (z[1] * z[1] - c[1]);
    case OBJECTIVE_ROSENBROCK:
        return j == 0 ? 2 * (z[0] - c[0]) - 4 * c[1] * z[0] * (z[1] - z[0] * z[0])
                      : 2 * c[1] * (z[1] - z[0] * z[0]);
    case OBJECTIVE_CUBIC:
        return j == 0 ? 2 * z[0] + z[1] : 2 * z[1] + 3 * z[1] * z[1] + z[0];
    case OBJECTIVE_RECURRENT:
        return recurrent_slope(z, j);
    case OBJECTIVE_PLATEAU:
        break;
    }
    return 2 * c[0] * c[0] * z[j] / pow(c[0] * c[0] + square_of_length(z, dimensions), 2);
}

double objective_value(const struct objective *objective, size_t dimensions, const double *z,
                       double *slope)
{
    const double *c = objective->coefficients;
    double sum = 0;

    for (size_t j = 0; slope && j < dimensions; j++)
        slope[j] = derivative(objective, dimensions, z, j);
    switch (objective->kind) {
    case OBJECTIVE_SQUARES:
    case OBJECTIVE_QUADRATIC:
        for (size_t j = 0; j < dimensions; j++)
            sum += z[j] * derivative(objective, dimensions, z, j) / 2;
        return sum;
    case OBJECTIVE_SADDLE:
        return c[0] * z[0] * z[0] / 2 - c[1] * z[1] * z[1] / 2 + pow(z[1], 4) / 4;
    case OBJECTIVE_ROSENBROCK:
        return pow(c[0] - z[0], 2) + c[1] * pow(z[1] - z[0] * z[0], 2);
    case OBJECTIVE_CUBIC:
        return z[0] * z[0] + z[1] * z[1] + pow(z[1], 3) + z[0] * z[1];
    case OBJECTIVE_RECURRENT: {
        double h[RECURRENT_STEPS + 1];

        return pow(recur(z, h), 2);
    }
    case OBJECTIVE_PLATEAU:
        break;
    }
    sum = square_of_length(z, dimensions);
    return sum / (c[0] * c[0] + sum);
}
