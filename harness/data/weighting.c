/* Weights of training examples. */
#include "data/weighting.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

void count_classes(const struct examples *examples, size_t *counts)
{
    for (size_t i = 0; i < examples->count; i++)
        counts[examples->labels[examples->rows[i]]]++;
}

/* |x|^2 of the values an engine sees */
static double squared_norm(const struct examples *examples, size_t row, size_t inputs)
{
    double sum = 0;

    for (size_t j = 0; j < inputs; j++) {
        double value = examples_feature(examples, row * inputs + j);

        sum += value * value;
    }
    return sum;
}

static double class_weight(const struct weighting_spec *spec, int class, size_t members,
                           size_t count)
{
    double given = spec->class_count > 0 ? spec->classes[class] : 1;

    return given * pow((double)members / (double)count, spec->power);
}

int weighting_apply(const struct weighting_spec *spec, const struct examples *examples,
                    size_t inputs, int classes, double *weights)
{
    size_t *counts = calloc((size_t)classes + 1, sizeof *counts);

    if (!counts)
        return error_set("out of memory for the weights of %d classes", classes);
    if (classes > 0)
        count_classes(examples, counts);
    for (size_t i = 0; i < examples->count; i++) {
        size_t row = (size_t)examples->rows[i];

        weights[i] = 1;
        if (classes > 0) {
            int class = examples->labels[row];

            weights[i] = class_weight(spec, class, counts[class], examples->count);
        }
        if (spec->norm_power != 0)
            weights[i] *= pow(squared_norm(examples, row, inputs) + 1, spec->norm_power / 2);
        if (spec->given_power != 0)
            weights[i] *= pow(examples->weights[row], spec->given_power);
    }
    free(counts);
    return 0;
}
