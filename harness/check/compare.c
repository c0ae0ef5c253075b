/* Comparators of the conformance suite. */
#include "check/compare.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Lambda of the bound; see compare_tolerance. */
static const double confidence_factor = 4;

/* Below this share of the whole gradient's largest element, a block is judged as if it had it. */
static const double block_floor = 1e-3;

/* How bad: 0 is perfect, up to 1 passes. */
static double severity(double error, double tolerance)
{
    if (isnan(error) || isnan(tolerance))
        return INFINITY;
    return error == 0 ? 0 : error / tolerance;
}

void finding_take(struct finding *finding, double error, double tolerance, const char *format, ...)
{
    int failed = !(error <= tolerance);
    int first = finding->note[0] == '\0';
    va_list arguments;

    if (finding->failed && !failed)
        return;
    if (first || (failed && !finding->failed) ||
        severity(error, tolerance) > severity(finding->error, finding->tolerance)) {
        finding->error = error;
        finding->tolerance = tolerance;
        finding->failed = failed;
        va_start(arguments, format);
        vsnprintf(finding->note, sizeof finding->note, format, arguments);
        va_end(arguments);
    }
}

/* Additions behind one value of the layer's input gradient. */
static double backward_additions(const struct layer *layer)
{
    double kernel = (double)layer->kernel_height * layer->kernel_width;

    switch (layer->kind) {
    case LAYER_DENSE:
    case LAYER_POSITION: /* of the objective, whose gradient may be a product with a matrix */
        return (double)shape_size(layer->output);
    case LAYER_CONVOLUTION:
        return layer->output.channels * kernel;
    case LAYER_MAX_POOLING:
        break;
    }
    return kernel; /* windows that overlap */
}

const struct arithmetic arithmetic_single = {.unit_roundoff = (double)FLT_EPSILON / 2,
                                             .margin = 1e-3};
const struct arithmetic arithmetic_double = {.unit_roundoff = DBL_EPSILON / 2, .margin = 1e-3};
const struct arithmetic arithmetic_bf16 = {
    .unit_roundoff = (double)FLT_EPSILON / 2, .operand_roundoff = 0x1p-9, .margin = 0.02};

double compare_tolerance(const struct network *network, int batch_size,
                         const struct arithmetic *arithmetic)
{
    double additions = 0, places = 1, layers = 0;

    for (int l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];

        additions +=
            (double)layer_row(layer) + (layer_biases(layer) > 0) + backward_additions(layer);
        if (layer->kind == LAYER_CONVOLUTION)
            places = fmax(places, (double)layer->output.height * layer->output.width);
        layers += layer_biases(layer) > 0;
    }
    return confidence_factor * (arithmetic->unit_roundoff * sqrt(additions + batch_size * places) +
                                arithmetic->operand_roundoff * sqrt(3 * layers));
}

static double largest_magnitude(const double *values, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(values[i]));
    return largest;
}

double compare_scale(const double *magnitudes, size_t parameters, size_t first, size_t count)
{
    double whole = largest_magnitude(magnitudes, parameters);

    if (whole == 0)
        return 1;
    return fmax(largest_magnitude(magnitudes + first, count), block_floor * whole);
}

/* Index of the largest |actual - reference|, or of the first that is not a number. */
static size_t worst_element(const double *reference, const double *actual, size_t count)
{
    size_t worst = 0;

    for (size_t i = 0; i < count; i++) {
        double deviation = fabs(actual[i] - reference[i]);

        if (isnan(deviation))
            return i;
        if (deviation > fabs(actual[worst] - reference[worst]))
            worst = i;
    }
    return worst;
}

void compare_gradient(struct finding *finding, const struct yardstick *yardstick,
                      const double *actual, double absolute)
{
    static const char *const names[2] = {"weight", "bias"};
    const struct network *network = yardstick->network;
    const double *reference = yardstick->reference;
    size_t parameters = network_parameters(network), first = 0;

    for (int l = 0; l < network->layer_count; l++) {
        size_t biases = layer_biases(&network->layers[l]);
        size_t counts[2] = {biases * layer_row(&network->layers[l]), biases};

        for (int part = 0; part < 2; part++) {
            double scale = compare_scale(yardstick->magnitudes, parameters, first, counts[part]);

            if (counts[part] == 0) /* pooling has none, a position no weights */
                continue;
            size_t worst = worst_element(reference + first, actual + first, counts[part]);
            size_t p = first + worst;

            finding_take(finding, fabs(actual[p] - reference[p]) / scale,
                         yardstick->tolerance + absolute / scale,
                         "layer %d, %s %zu: %.9g, reference %.9g", l + 1, names[part], worst,
                         actual[p], reference[p]);
            first += counts[part];
        }
    }
}

void compare_score(struct finding *finding, const struct score *reference,
                   const struct score *actual, double tolerance, const char *what)
{
    double scale = fmax(fabs(reference->loss), 1);

    finding_take(finding, fabs(actual->loss - reference->loss) / scale, tolerance,
                 "%s: loss %.9g, reference %.9g", what, actual->loss, reference->loss);
    finding_take(finding, (double)llabs((long long)(actual->errors - reference->errors)), 0,
                 "%s: %lld errors, reference %lld", what, (long long)actual->errors,
                 (long long)reference->errors);
}
