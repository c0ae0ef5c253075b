/* Brings features to a common scale, by statistics of the training examples alone. */
#include "data/scaling.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Deviations are taken from the first example, so that a constant feature gives exact zeros. */
void examples_moments(const struct examples *examples, size_t inputs, double *mean,
                      double *deviation)
{
    const float *features = examples->features;
    const float *first = features + (size_t)examples->rows[0] * inputs;
    double count = (double)examples->count;

    for (size_t j = 0; j < inputs; j++)
        mean[j] = deviation[j] = 0;
    for (size_t i = 0; i < examples->count; i++) {
        const float *example = features + (size_t)examples->rows[i] * inputs;

        for (size_t j = 0; j < inputs; j++)
            mean[j] += (double)example[j] - (double)first[j];
    }
    for (size_t j = 0; j < inputs; j++)
        mean[j] = (double)first[j] + mean[j] / count;
    for (size_t i = 0; i < examples->count; i++) {
        const float *example = features + (size_t)examples->rows[i] * inputs;

        for (size_t j = 0; j < inputs; j++) {
            double away = (double)example[j] - mean[j];

            deviation[j] += away * away;
        }
    }
    for (size_t j = 0; j < inputs; j++)
        deviation[j] = sqrt(deviation[j] / count);
}

/* low[inputs] and range[inputs] of each feature over the rows of the examples */
static void find_ranges(const struct examples *examples, size_t inputs, double *low, double *range)
{
    const float *features = examples->features;
    const float *first = features + (size_t)examples->rows[0] * inputs;

    for (size_t j = 0; j < inputs; j++)
        low[j] = range[j] = (double)first[j]; /* range holds the largest for now */
    for (size_t i = 1; i < examples->count; i++) {
        const float *example = features + (size_t)examples->rows[i] * inputs;

        for (size_t j = 0; j < inputs; j++) {
            low[j] = fmin(low[j], (double)example[j]);
            range[j] = fmax(range[j], (double)example[j]);
        }
    }
    for (size_t j = 0; j < inputs; j++)
        range[j] -= low[j];
}

int scaling_numbers(float *features, size_t stored, size_t inputs, const double *centre,
                    const double *width)
{
    for (size_t i = 0; i < stored; i++) {
        for (size_t j = 0; j < inputs; j++) {
            float *value = features + i * inputs + j;
            double scaled = ((double)*value - centre[j]) / (width[j] > 0 ? width[j] : 1);

            if (!isfinite((float)scaled))
                return error_set("dataset: scaling: example %zu, feature %zu: %g is too far from "
                                 "the training examples, around %g with a width of %g",
                                 i + 1, j + 1, (double)*value, centre[j], width[j]);
            *value = (float)scaled;
        }
    }
    return 0;
}

static int apply_to_numbers(struct dataset *dataset, enum scaling scaling, size_t stored)
{
    int status = -1;
    size_t inputs = dataset->inputs;
    double *centre = calloc(2 * inputs, sizeof *centre), *width = centre ? centre + inputs : NULL;

    if (!centre) {
        error_set("dataset: out of memory for the scale of %zu features", inputs);
        goto done;
    }
    if (scaling == SCALING_UNIT)
        find_ranges(&dataset->train, inputs, centre, width);
    else
        examples_moments(&dataset->train, inputs, centre, width);
    status = scaling_numbers(dataset->stored_features, stored, inputs, centre, width);
done:
    free(centre);
    return status;
}

/* Mean and deviation of all bytes of the examples, exact by counting each of the 256 values. */
static void byte_moments(const struct examples *examples, size_t inputs, double *mean,
                         double *deviation)
{
    uint64_t counts[4][256] = {0}; /* four, so that equal neighbours do not wait for each other */
    double total = (double)examples->count * (double)inputs, squares = 0, sum = 0;

    for (size_t i = 0; i < examples->count; i++) {
        const uint8_t *bytes =
            (const uint8_t *)examples->features + (size_t)examples->rows[i] * inputs;

        for (size_t j = 0; j < inputs; j++)
            counts[j % 4][bytes[j]]++;
    }
    for (int v = 0; v < 256; v++)
        sum += v * (double)(counts[0][v] + counts[1][v] + counts[2][v] + counts[3][v]);
    *mean = sum / total;
    for (int v = 0; v < 256; v++)
        squares += (v - *mean) * (v - *mean) *
                   (double)(counts[0][v] + counts[1][v] + counts[2][v] + counts[3][v]);
    *deviation = sqrt(squares / total);
}

static int ascending(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

    return (a > b) - (a < b);
}

/* The same counts in the order of the file, in which a disk reads best. */
static int mapped_moments(struct examples examples, size_t inputs, double *mean, double *deviation)
{
    int32_t *rows = malloc(examples.count * sizeof *rows);

    if (!rows)
        return error_set("dataset: out of memory for the order of %zu examples", examples.count);
    memcpy(rows, examples.rows, examples.count * sizeof *rows);
    qsort(rows, examples.count, sizeof *rows, ascending);
    examples.rows = rows;
    byte_moments(&examples, inputs, mean, deviation);
    free(rows);
    return 0;
}

static int apply_to_bytes(struct dataset *dataset, enum scaling scaling)
{
    struct examples *parts[] = {&dataset->train, &dataset->validation, &dataset->test};
    double mean = 0, deviation = 255;

    if (scaling == SCALING_STANDARD && dataset->shards) {
        if (mapped_moments(dataset->train, dataset->inputs, &mean, &deviation) != 0)
            return -1;
    } else if (scaling == SCALING_STANDARD) {
        byte_moments(&dataset->train, dataset->inputs, &mean, &deviation);
    }
    if (!(deviation > 0))
        deviation = 1; /* all pixels equal: all become 0 */
    for (int p = 0; p < 3; p++) {
        parts[p]->scale = (float)(1 / deviation);
        parts[p]->offset = (float)(-mean / deviation);
    }
    return 0;
}

int scaling_apply(struct dataset *dataset, enum scaling scaling, size_t stored)
{
    if (scaling == SCALING_NONE)
        return 0;
    if (dataset->train.element == ELEMENT_FLOAT32)
        return apply_to_numbers(dataset, scaling, stored);
    return apply_to_bytes(dataset, scaling);
}
