/* Everything of a network that is neither a matrix product nor a window. */
#include "elementwise.h"
#include "exponential.h"

#include <assert.h>
#include <math.h>

/* Stored rows are met in random order, which no hardware prefetcher foresees. */
static void prefetch(const void *row, size_t bytes)
{
    for (size_t offset = 0; offset < bytes; offset += 64)
        __builtin_prefetch((const char *)row + offset);
}

void gather_rows(float *x, const struct batch *batch, int first, int count, int inputs)
{
    enum { AHEAD = 4 };
    size_t width = (size_t)inputs;

    for (int i = first; i < first + count; i++, x += width) {
        size_t row = batch_row(batch, i) * width;
        size_t next = batch_row(batch, i + AHEAD < first + count ? i + AHEAD : i) * width;

        if (batch->element == ELEMENT_UINT8) {
            const uint8_t *bytes = batch->features;
            const float scale = batch->scale, offset = batch->offset;

            prefetch(bytes + next, width);
            for (size_t j = 0; j < width; j++)
                x[j] = scale * (float)bytes[row + j] + offset;
        } else {
            const float *floats = batch->features;

            prefetch(floats + next, width * sizeof *floats);
            memcpy(x, floats + row, width * sizeof *x);
        }
    }
}

void activate(float *a, size_t count, enum activation activation)
{
    switch (activation) {
    case ACTIVATION_IDENTITY:
        break;
    case ACTIVATION_RELU: /* not max(): not-a-number has to stay */
        for (size_t i = 0; i < count; i++)
            a[i] = a[i] < 0 ? 0 : a[i];
        break;
    case ACTIVATION_TANH:
        for (size_t i = 0; i < count; i++)
            a[i] = hyperbolic_tangent(a[i]);
        break;
    case ACTIVATION_SIGMOID:
        for (size_t i = 0; i < count; i++)
            a[i] = logistic(a[i]);
        break;
    }
}

void add_biases_and_activate(float *a, const float *biases, int rows, int columns,
                             enum activation activation)
{
    size_t width = (size_t)columns;

    for (int i = 0; i < rows; i++, a += width) {
        for (size_t j = 0; j < width; j++)
            a[j] += biases[j];
        activate(a, width, activation);
    }
}

void add_bias_and_activate(float *a, float bias, int count, enum activation activation)
{
    for (int i = 0; i < count; i++)
        a[i] += bias;
    activate(a, (size_t)count, activation);
}

void multiply_by_derivative(float *delta, const float *a, size_t count, enum activation activation)
{
    switch (activation) {
    case ACTIVATION_IDENTITY:
        break;
    case ACTIVATION_RELU: /* times 0, not set to 0: not-a-number has to stay */
        for (size_t i = 0; i < count; i++)
            delta[i] *= a[i] > 0 ? 1.0f : 0.0f;
        break;
    case ACTIVATION_TANH:
        for (size_t i = 0; i < count; i++)
            delta[i] *= 1 - a[i] * a[i];
        break;
    case ACTIVATION_SIGMOID:
        for (size_t i = 0; i < count; i++)
            delta[i] *= a[i] * (1 - a[i]);
        break;
    }
}

void scale(float *a, size_t count, float factor)
{
    for (size_t i = 0; i < count; i++)
        a[i] *= factor;
}

void sum_columns(float *sums, const float *matrix, int rows, int columns, int accumulate)
{
    size_t width = (size_t)columns;

    if (!accumulate)
        memset(sums, 0, width * sizeof *sums);
    for (int i = 0; i < rows; i++, matrix += width)
        for (size_t j = 0; j < width; j++)
            sums[j] += matrix[j];
}

void sum_rows(float *sums, const float *matrix, int rows, int columns, int accumulate)
{
    enum { PARTS = 16 }; /* sums side by side, so that they fill vectors */

    for (int i = 0; i < rows; i++, matrix += columns) {
        float parts[PARTS] = {0}, sum = 0;
        int j = 0;

        for (; j + PARTS <= columns; j += PARTS)
            for (int p = 0; p < PARTS; p++)
                parts[p] += matrix[j + p];
        for (; j < columns; j++)
            sum += matrix[j];
        for (int p = 0; p < PARTS; p++)
            sum += parts[p];
        sums[i] = accumulate ? sums[i] + sum : sum;
    }
}

static double example_weight(const struct batch *batch, int i)
{
    return batch->weights ? (double)batch->weights[i] : 1;
}

/* 1 unless a[label] is the largest output, the first of equals. Not-a-number fails every
 * comparison, so it is an error wherever it stands. */
static int is_error(const float *a, int outputs, int label)
{
    int correct = 1;

    /* one loop of so many turns whatever the label is: where it stands, nobody foresees */
    for (int j = 0; j < outputs; j++)
        correct &= (a[j] < a[label]) | ((a[j] <= a[label]) & (j >= label));
    return !correct;
}

static float largest_of(const float *a, int count)
{
    float largest = a[0];

    for (int j = 1; j < count; j++)
        largest = a[j] > largest ? a[j] : largest;
    return largest;
}

void softmax_cross_entropy(const float *a, const struct head_piece *piece, float *delta,
                           struct score *score)
{
    const struct batch *batch = piece->batch;
    const int outputs = piece->outputs;
    const size_t count = (size_t)piece->rows * (size_t)outputs;
    const float *logits = a;
    float *row = delta;
    double product = 1; /* of the sums: one logarithm serves many examples */

    for (int i = 0; i < piece->rows; i++, logits += outputs, row += outputs) {
        float largest = largest_of(logits, outputs);

        for (int j = 0; j < outputs; j++)
            row[j] = logits[j] - largest;
    }
    for (size_t k = 0; k < count; k++) /* all rows at once, so that it fills vectors */
        delta[k] = exponential(delta[k]);

    for (int i = 0; i < piece->rows; i++, a += outputs, delta += outputs) {
        int label = batch->labels[batch_row(batch, piece->first + i)];
        double weight = example_weight(batch, piece->first + i);
        float sum = 0;

        assert(label >= 0 && label < outputs);
        for (int j = 0; j < outputs; j++)
            sum += delta[j];

        score->errors += is_error(a, outputs, label);
        score->loss += weight * ((double)largest_of(a, outputs) - (double)a[label]);
        if (batch->weights) {
            score->loss += weight * log((double)sum);
        } else if ((product *= (double)sum) > 1e200) {
            score->loss += log(product);
            product = 1;
        }

        float factor = (float)(weight / batch->size), scale = factor / sum;

        for (int j = 0; j < outputs; j++)
            delta[j] *= scale;
        delta[label] -= factor;
    }
    score->loss += log(product);
}

void mean_squared_error(const float *a, const struct head_piece *piece, float *delta,
                        struct score *score)
{
    const struct batch *batch = piece->batch;
    const size_t outputs = (size_t)piece->outputs;

    for (int i = 0; i < piece->rows; i++, a += outputs, delta += outputs) {
        const float *target = batch->targets + batch_row(batch, piece->first + i) * outputs;
        double weight = example_weight(batch, piece->first + i), sum = 0;
        float factor = (float)(2 * weight / ((double)outputs * batch->size));

        for (size_t j = 0; j < outputs; j++) {
            float difference = a[j] - target[j];

            sum += (double)difference * (double)difference;
            delta[j] = factor * difference;
        }
        score->loss += weight * sum / (double)outputs;
    }
}
