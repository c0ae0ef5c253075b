/* Problems to try an engine on. */
#include "check/problem.h"

#include "base/error.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = 64,
    WIDTH_MAX = 1024,
    REDRAWS_MAX = 10000,
};

/* Far above what single precision does to a sum of a thousand terms, and above what a finite
 * difference moves it by. */
static const double branch_margin = 1e-3;
/* exp(-50) vanishes beside 1: the softmax of an extreme problem is exact in any precision. */
static const double extreme_margin = 50;
static const double extreme_factor = 1000;

/* Found by trial, and held to it by the tests: every pair of choices occurs in the grid, and no
 * gradient vanishes because of dead rectifiers. */
static const uint64_t grid_seed = 1, draw_seed = 5000000;

static const char *const activation_names[] = {
    [ACTIVATION_IDENTITY] = "identity",
    [ACTIVATION_RELU] = "relu",
    [ACTIVATION_TANH] = "tanh",
    [ACTIVATION_SIGMOID] = "sigmoid",
};

/* ---- Networks ------------------------------------------------------------------------------- */

static void build_network(struct problem *problem, const struct problem_spec *spec)
{
    int count = 0;

    for (; spec->sizes[count + 1] > 0; count++) {
        struct layer *layer = &problem->layers[count];

        assert(count < PROBLEM_LAYERS_MAX && spec->sizes[count] <= WIDTH_MAX);
        layer->kind = LAYER_DENSE;
        layer->activation = spec->sizes[count + 2] > 0 ? spec->hidden : spec->last;
        layer->input = (struct shape){spec->sizes[count], 1, 1};
        layer->output = (struct shape){spec->sizes[count + 1], 1, 1};
    }
    problem->network = (struct network){count, problem->layers, spec->head};
    problem->parameters = network_parameters(&problem->network);
}

static void write_name(struct problem *problem, const struct problem_spec *spec)
{
    static const char *const theta_names[] = {
        [THETA_ORDINARY] = "",  [THETA_EXTREME] = " extreme",
        [THETA_ZERO] = " zero", [THETA_ZERO_FIRST] = " zero-first-layer",
        [THETA_NAN] = " nan",
    };
    int softmax = spec->head == HEAD_SOFTMAX_CROSS_ENTROPY;
    char sizes[48] = "";

    for (int l = 0; l <= problem->network.layer_count; l++) {
        size_t used = strlen(sizes);

        snprintf(sizes + used, sizeof sizes - used, "%s%d", l > 0 ? "-" : "", spec->sizes[l]);
    }
    snprintf(problem->name, sizeof problem->name, "%s %s %s%s K=%d %s%s%s%s%s", sizes,
             problem->network.layer_count > 1 ? activation_names[spec->hidden] : "linear",
             softmax ? "softmax" : "mse:", softmax ? "" : activation_names[spec->last],
             spec->batch_size, spec->element == ELEMENT_UINT8 ? "uint8" : "float32",
             spec->order == ROWS_REPEATED ? " rows" : "", spec->weighted ? " weights" : "",
             spec->misaligned ? " misaligned" : "", theta_names[spec->theta]);
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* Room for count elements after *offset, with at least ALIGNMENT bytes on either side. */
static size_t place(size_t *offset, size_t count, size_t element_bytes, int misaligned)
{
    size_t start = (*offset / ALIGNMENT + 2) * ALIGNMENT + (misaligned ? element_bytes : 0);

    *offset = start + count * element_bytes;
    return start;
}

/* With row indices, a few more than the batch's: an engine that ignores them reads wrong rows, but
 * rows. */
static int stored_rows(const struct problem_spec *spec)
{
    return spec->order == ROWS_IN_PLACE ? spec->batch_size : spec->batch_size + 3;
}

static int take_memory(struct problem *problem, const struct problem_spec *spec)
{
    size_t stored = (size_t)stored_rows(spec), size = (size_t)spec->batch_size;
    size_t inputs = network_inputs(&problem->network), outputs = network_outputs(&problem->network);
    size_t element = spec->element == ELEMENT_UINT8 ? 1 : sizeof(float);
    size_t end = 0;
    size_t theta = place(&end, problem->parameters, sizeof(float), spec->misaligned);
    size_t features, labels, targets, rows, weights;

    problem->theta_bytes = end + ALIGNMENT;
    end = problem->theta_bytes;
    features = place(&end, stored * inputs, element, spec->misaligned);
    labels = place(&end, stored, sizeof(int32_t), spec->misaligned);
    targets = place(&end, stored * outputs, sizeof(float), spec->misaligned);
    rows = place(&end, size, sizeof(int32_t), spec->misaligned);
    weights = place(&end, size, sizeof(float), spec->misaligned);
    problem->bytes = (end / ALIGNMENT + 2) * ALIGNMENT;

    problem->memory = aligned_alloc(ALIGNMENT, problem->bytes);
    problem->pristine = malloc(problem->bytes);
    if (!problem->memory || !problem->pristine)
        return error_set("%s: out of memory", problem->name);
    memset(problem->memory, 0xa5, problem->bytes);

    problem->theta = (const float *)(problem->memory + theta);
    problem->batch = (struct batch){
        .size = spec->batch_size,
        .rows = spec->order == ROWS_REPEATED ? (const int32_t *)(problem->memory + rows) : NULL,
        .features = problem->memory + features,
        .element = spec->element,
        .scale = spec->element == ELEMENT_UINT8 ? 1.0f / 100 : 1,
        .offset = spec->element == ELEMENT_UINT8 ? -1.3f : 0,
        .weights = spec->weighted ? (const float *)(problem->memory + weights) : NULL,
    };
    if (spec->head == HEAD_SOFTMAX_CROSS_ENTROPY)
        problem->batch.labels = (const int32_t *)(problem->memory + labels);
    else
        problem->batch.targets = (const float *)(problem->memory + targets);
    return 0;
}

/* The batch's arrays are const to engines; here they are filled. */
static void *writable(const void *array)
{
    return (void *)(uintptr_t)array;
}

/* ---- The formulas of the contract, in double precision -------------------------------------- */

static double feature(const struct batch *batch, size_t index)
{
    double element = batch->element == ELEMENT_UINT8
                         ? (double)((const unsigned char *)batch->features)[index]
                         : (double)((const float *)batch->features)[index];

    return (double)batch->scale * element + (double)batch->offset;
}

static double activate(enum activation activation, double z)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return z > 0 ? z : 0;
    case ACTIVATION_TANH:
        return tanh(z);
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-z));
    case ACTIVATION_IDENTITY:
        break;
    }
    return z;
}

/* outputs[network outputs] of one stored row. Returns the smallest |z| of a rectifier. */
static double forward(const struct problem *problem, size_t row, double *outputs)
{
    double current[WIDTH_MAX], next[WIDTH_MAX];
    size_t inputs = network_inputs(&problem->network), count = inputs;
    const float *theta = problem->theta;
    double kink_distance = INFINITY;

    for (size_t i = 0; i < inputs; i++)
        current[i] = feature(&problem->batch, row * inputs + i);
    for (int l = 0; l < problem->network.layer_count; l++) {
        const struct layer *layer = &problem->layers[l];
        size_t width = shape_size(layer->output);
        const float *bias = theta + width * count;

        for (size_t j = 0; j < width; j++) {
            double z = (double)bias[j];

            for (size_t i = 0; i < count; i++)
                z += (double)theta[j * count + i] * current[i];
            if (layer->activation == ACTIVATION_RELU)
                kink_distance = fmin(kink_distance, fabs(z));
            next[j] = activate(layer->activation, z);
        }
        memcpy(current, next, width * sizeof *next);
        theta += layer_parameters(layer);
        count = width;
    }
    memcpy(outputs, current, count * sizeof *current);
    return kink_distance;
}

static size_t first_largest(const double *values, size_t count)
{
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

/* How far the largest output is ahead of the next. */
static double lead(const double *outputs, size_t count)
{
    size_t best = first_largest(outputs, count);
    double distance = INFINITY;

    for (size_t i = 0; i < count; i++)
        if (i != best)
            distance = fmin(distance, outputs[best] - outputs[i]);
    return distance;
}

static double softmax_loss(const double *outputs, size_t count, int32_t label)
{
    double largest = outputs[first_largest(outputs, count)], sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += exp(outputs[i] - largest);
    return log(sum) - (outputs[label] - largest);
}

static double squared_error(const double *outputs, const float *targets, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (outputs[i] - (double)targets[i]) * (outputs[i] - (double)targets[i]);
    return sum / (double)count;
}

static struct score score_by_formula(const struct problem *problem)
{
    const struct batch *batch = &problem->batch;
    size_t count = network_outputs(&problem->network);
    double outputs[WIDTH_MAX];
    struct score score = {0, 0};

    for (int i = 0; i < batch->size; i++) {
        size_t row = batch_row(batch, i);
        double weight = batch->weights ? (double)batch->weights[i] : 1, loss;

        forward(problem, row, outputs);
        if (batch->labels) {
            loss = softmax_loss(outputs, count, batch->labels[row]);
            score.errors += first_largest(outputs, count) != (size_t)batch->labels[row];
        } else {
            loss = squared_error(outputs, batch->targets + row * count, count);
        }
        score.loss += weight * loss / batch->size;
    }
    return score;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_theta(struct problem *problem, enum theta_kind kind, struct rng *rng)
{
    float *theta = writable(problem->theta);
    int last = problem->network.layer_count - 1;

    for (int l = 0; l <= last; l++) {
        size_t inputs = shape_size(problem->layers[l].input);
        size_t outputs = shape_size(problem->layers[l].output);
        double factor = kind == THETA_EXTREME && l == last   ? extreme_factor
                        : kind == THETA_ZERO                 ? 0
                        : kind == THETA_ZERO_FIRST && l == 0 ? 0
                                                             : 1;

        for (size_t i = 0; i < inputs * outputs; i++)
            *theta++ = (float)(factor * rng_normal(rng) / sqrt((double)inputs));
        for (size_t i = 0; i < outputs; i++)
            *theta++ =
                kind == THETA_NAN && l == last ? NAN : (float)(factor * 0.3 * rng_normal(rng));
    }
}

static void draw_features(struct problem *problem, size_t row, struct rng *rng)
{
    size_t inputs = network_inputs(&problem->network);

    for (size_t i = row * inputs; i < (row + 1) * inputs; i++)
        if (problem->batch.element == ELEMENT_UINT8)
            ((unsigned char *)writable(problem->batch.features))[i] =
                (unsigned char)rng_below(rng, 256);
        else
            ((float *)writable(problem->batch.features))[i] = (float)rng_normal(rng);
}

/* Whether every branch of the row is far from turning over in another precision. */
static int row_is_clear(const struct problem *problem, const struct problem_spec *spec, size_t row)
{
    double outputs[WIDTH_MAX];
    double needed_lead = spec->theta == THETA_EXTREME ? extreme_margin : branch_margin;
    double kink_distance = forward(problem, row, outputs);

    if (spec->theta == THETA_ZERO || spec->theta == THETA_NAN)
        return 1;
    if (spec->head == HEAD_SOFTMAX_CROSS_ENTROPY &&
        !(lead(outputs, network_outputs(&problem->network)) > needed_lead))
        return 0;
    return spec->theta == THETA_ZERO_FIRST || kink_distance > branch_margin;
}

/* Far from the outputs: where the two nearly cancel, single precision has little to say. */
static void draw_targets(const struct problem *problem, size_t row, float *targets, struct rng *rng)
{
    double outputs[WIDTH_MAX];

    forward(problem, row, outputs);
    for (size_t j = 0; j < network_outputs(&problem->network); j++) {
        double distance = 0.2 + rng_uniform(rng);

        targets[j] = (float)(outputs[j] + (rng_below(rng, 2) ? distance : -distance));
    }
}

static int draw_examples(struct problem *problem, const struct problem_spec *spec, struct rng *rng)
{
    size_t outputs = network_outputs(&problem->network);
    int32_t *labels = writable(problem->batch.labels);
    float *targets = writable(problem->batch.targets);

    for (size_t row = 0; row < (size_t)stored_rows(spec); row++) {
        int redraws = 0;

        do {
            if (redraws++ == REDRAWS_MAX)
                return error_set("%s: no example clear of ties in %d draws", problem->name,
                                 REDRAWS_MAX);
            draw_features(problem, row, rng);
        } while (!row_is_clear(problem, spec, row));
        if (labels)
            labels[row] = (int32_t)rng_below(rng, (uint32_t)outputs);
        else
            draw_targets(problem, row, targets + row * outputs, rng);
    }
    return 0;
}

static void draw_batch(struct problem *problem, const struct problem_spec *spec, struct rng *rng)
{
    int32_t *rows = writable(problem->batch.rows);
    float *weights = writable(problem->batch.weights);

    for (int i = 0; i < spec->batch_size; i++) {
        if (rows)
            rows[i] = (int32_t)rng_below(rng, (uint32_t)stored_rows(spec));
        if (weights) /* every fourth is zero, but not the only one of a batch of one */
            weights[i] = i % 4 == 3 ? 0 : (float)(0.2 + 3 * rng_uniform(rng));
    }
}

int problem_open(struct problem *problem, const struct problem_spec *spec)
{
    int status = -1;
    struct rng rng;

    memset(problem, 0, sizeof *problem);
    problem->misaligned = spec->misaligned;
    problem->stored = stored_rows(spec);
    build_network(problem, spec);
    write_name(problem, spec);
    if (take_memory(problem, spec) != 0)
        goto done;
    rng_init(&rng, draw_seed + problem->parameters, RNG_TEST, (uint32_t)spec->batch_size);
    draw_theta(problem, spec->theta, &rng);
    if (draw_examples(problem, spec, &rng) != 0)
        goto done;
    draw_batch(problem, spec, &rng);
    problem->expected = score_by_formula(problem);
    memcpy(problem->pristine, problem->memory, problem->bytes);
    status = 0;
done:
    if (status != 0)
        problem_close(problem);
    return status;
}

void problem_close(struct problem *problem)
{
    if (!problem)
        return;
    free(problem->memory);
    free(problem->pristine);
    memset(problem, 0, sizeof *problem);
}

/* ---- The problems of the agreement cases ---------------------------------------------------- */

static const int batch_sizes[] = {1, 3, 17, 129};
static const int widths[] = {1, 7, 65};
static const enum activation activations[] = {ACTIVATION_IDENTITY, ACTIVATION_RELU, ACTIVATION_TANH,
                                              ACTIVATION_SIGMOID};

enum { BATCH_SIZES = 4, WIDTHS = 3, DEPTHS = 3, HEADS = 2, ACTIVATIONS = 4 };
enum { GRID = BATCH_SIZES * WIDTHS * DEPTHS * HEADS };

#define SOFTMAX .head = HEAD_SOFTMAX_CROSS_ENTROPY, .hidden = ACTIVATION_RELU

static const struct problem_spec specials[] = {
    {SOFTMAX, .sizes = {784, 128, 10}, .batch_size = 129, .element = ELEMENT_UINT8,
     .order = ROWS_REPEATED},
    {SOFTMAX, .sizes = {784, 128, 10}, .batch_size = 17, .element = ELEMENT_FLOAT32, .weighted = 1},
    {SOFTMAX, .sizes = {784, 10}, .batch_size = 129, .element = ELEMENT_UINT8},
    {SOFTMAX, .sizes = {65, 65, 7}, .batch_size = 1500, .element = ELEMENT_UINT8,
     .order = ROWS_REPEATED},
    {SOFTMAX, .sizes = {65, 65, 7}, .batch_size = 1500, .element = ELEMENT_FLOAT32, .weighted = 1},
    {SOFTMAX, .sizes = {7, 1}, .batch_size = 17, .element = ELEMENT_FLOAT32},
    {SOFTMAX, .sizes = {7, 65, 1}, .batch_size = 17, .element = ELEMENT_UINT8,
     .order = ROWS_REPEATED},
    {SOFTMAX, .sizes = {65, 2}, .batch_size = 129, .element = ELEMENT_FLOAT32},
    {SOFTMAX, .sizes = {65, 7, 2}, .batch_size = 3, .element = ELEMENT_UINT8, .weighted = 1},
    {SOFTMAX, .sizes = {65, 10}, .batch_size = 17, .element = ELEMENT_FLOAT32,
     .theta = THETA_EXTREME},
    {SOFTMAX, .sizes = {65, 7, 10}, .batch_size = 129, .element = ELEMENT_UINT8,
     .theta = THETA_EXTREME},
    {SOFTMAX, .sizes = {7, 65, 3}, .batch_size = 17, .element = ELEMENT_FLOAT32,
     .theta = THETA_ZERO_FIRST},
    {SOFTMAX, .sizes = {7, 65, 3}, .batch_size = 129, .element = ELEMENT_UINT8,
     .theta = THETA_ZERO},
};

int problem_count(void)
{
    return GRID + (int)(sizeof specials / sizeof *specials);
}

struct problem_spec problem_spec_at(int index)
{
    struct problem_spec spec = {.sizes = {0}};
    struct rng rng;
    int rest = index, batch, first, depth, squares;

    assert(index >= 0 && index < problem_count());
    if (index >= GRID)
        return specials[index - GRID];

    batch = rest % BATCH_SIZES, rest /= BATCH_SIZES;
    first = rest % WIDTHS, rest /= WIDTHS;
    depth = 1 + rest % DEPTHS, rest /= DEPTHS;
    squares = rest;
    spec.batch_size = batch_sizes[batch];
    spec.head = squares ? HEAD_MEAN_SQUARED_ERROR : HEAD_SOFTMAX_CROSS_ENTROPY;
    /* Neighbouring widths differ: a square matrix would hide a transposed one. */
    for (int l = 0; l <= depth; l++)
        spec.sizes[l] = widths[(first + l) % WIDTHS];
    if (spec.head == HEAD_SOFTMAX_CROSS_ENTROPY && spec.sizes[depth] == 1)
        spec.sizes[depth] = 3; /* one class has no gradient: the special problems have it */

    /* Arranged so that each activation meets each of the other choices, and each other. */
    spec.hidden = activations[(batch + depth + 2 * squares) % ACTIVATIONS];
    spec.last =
        squares ? activations[(2 * batch + first + depth) % ACTIVATIONS] : ACTIVATION_IDENTITY;
    rng_init(&rng, grid_seed, RNG_TEST, (uint32_t)index);
    spec.element = rng_below(&rng, 2) ? ELEMENT_UINT8 : ELEMENT_FLOAT32;
    spec.order = rng_below(&rng, 2) ? ROWS_REPEATED : ROWS_IN_PLACE;
    spec.weighted = (int)rng_below(&rng, 2);
    spec.misaligned = (int)rng_below(&rng, 2);
    return spec;
}
