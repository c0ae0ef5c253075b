/* Problems to try an engine on. */
#include "check/problem.h"

#include "base/error.h"
#include "base/rng.h"
#include "check/formula.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = 64,
    REDRAWS_MAX = 10000,
};

/* Far above what single precision does to a sum of a thousand terms, and above what a finite
 * difference moves it by. */
static const double usual_margin = 1e-3;
/* exp(-50) vanishes beside 1: the softmax of an extreme problem is exact in any precision. */
static const double extreme_margin = 50;
static const double extreme_factor = 1000;

/* Found by trial, and held to it by the tests: no gradient vanishes because of dead rectifiers. */
static const uint64_t draw_seed = 5000000;

static const char *const activation_names[] = {
    [ACTIVATION_IDENTITY] = "identity",
    [ACTIVATION_RELU] = "relu",
    [ACTIVATION_TANH] = "tanh",
    [ACTIVATION_SIGMOID] = "sigmoid",
};

/* ---- Networks ------------------------------------------------------------------------------- */

/* A convolution or pooling layer on this input. */
static struct layer window_layer(const struct problem_window *window, struct shape in,
                                 enum activation activation)
{
    int pools = window->channels == 0;
    struct layer layer = {
        .kind = pools ? LAYER_MAX_POOLING : LAYER_CONVOLUTION,
        .activation = pools ? ACTIVATION_IDENTITY : activation,
        .input = in,
        .kernel_height = window->height,
        .kernel_width = window->width,
        .padding_height = window->top,
        .padding_width = window->left,
        .stride_height = pools ? window->stride_height : 1,
        .stride_width = pools ? window->stride_width : 1,
    };

    layer.output = (struct shape){
        pools ? in.channels : window->channels,
        (in.height + window->top + window->bottom - window->height) / layer.stride_height + 1,
        (in.width + window->left + window->right - window->width) / layer.stride_width + 1,
    };
    return layer;
}

/* Different from each other, of both signs where the kind allows it, a matrix symmetric. */
static void set_coefficients(struct problem *problem, enum objective_kind kind, int dimensions)
{
    double *c = problem->coefficients;

    c[0] = 0.7;
    c[1] = 1.3;
    for (int j = 0; kind == OBJECTIVE_SQUARES && j < dimensions; j++)
        c[j] = j % 3 == 2 ? -0.4 * j : 0.3 + 0.9 * j;
    for (int i = 0; kind == OBJECTIVE_QUADRATIC && i < dimensions; i++)
        for (int j = 0; j < dimensions; j++)
            c[i * dimensions + j] = sin(1 + i + j) + (i == j ? 2 : 0.1 * i * j);
}

static void build_objective(struct problem *problem, const struct problem_spec *spec)
{
    struct shape shape = {spec->sizes[0], 1, 1};

    assert(spec->sizes[0] <= PROBLEM_DIMENSIONS_MAX);
    problem->layers[0] = (struct layer){.kind = LAYER_POSITION, .input = shape, .output = shape};
    set_coefficients(problem, spec->objective, spec->sizes[0]);
    problem->objective =
        (struct objective){spec->objective, spec->noise,
                           spec->objective == OBJECTIVE_CUBIC ? NULL : problem->coefficients};
    problem->network = (struct network){1, problem->layers, spec->head, &problem->objective};
    problem->parameters = network_parameters(&problem->network);
}

/* Windows first, then dense layers. */
static void build_layers(struct problem *problem, const struct problem_spec *spec)
{
    struct shape shape =
        spec->image.channels > 0 ? spec->image : (struct shape){spec->sizes[0], 1, 1};
    int windows = 0, count;

    while (windows < PROBLEM_WINDOWS_MAX && spec->windows[windows].height > 0)
        windows++;
    for (count = 0; count < windows; count++) {
        int last = count + 1 == windows && spec->sizes[1] == 0;

        problem->layers[count] =
            window_layer(&spec->windows[count], shape, last ? spec->last : spec->hidden);
        shape = problem->layers[count].output;
    }
    for (int d = 0; spec->sizes[d + 1] > 0; d++) {
        struct layer *layer = &problem->layers[count++];

        assert(d < PROBLEM_LAYERS_MAX);
        layer->kind = LAYER_DENSE;
        layer->activation = spec->sizes[d + 2] > 0 ? spec->hidden : spec->last;
        layer->input = shape;
        shape = layer->output = (struct shape){spec->sizes[d + 1], 1, 1};
    }
    problem->network = (struct network){count, problem->layers, spec->head, NULL};
    problem->parameters = network_parameters(&problem->network);
}

static void build_network(struct problem *problem, const struct problem_spec *spec)
{
    if (spec->head == HEAD_OBJECTIVE)
        build_objective(problem, spec);
    else
        build_layers(problem, spec);
}

/* "7-65-3"; "2x9x8 c3:5x3+2 p2x2/2 -10": a convolution to 3 channels by 5 x 3 with 2 zeros above, a
 * pooling of 2 x 2 with stride 2, a dense layer. */
static void write_layers(const struct problem *problem, const struct problem_spec *spec, char *text,
                         size_t size)
{
    const struct shape *image = &spec->image;
    size_t used = 0;

    if (image->channels > 0)
        used =
            (size_t)snprintf(text, size, "%dx%dx%d ", image->channels, image->height, image->width);
    else
        used = (size_t)snprintf(text, size, "%d", spec->sizes[0]);
    for (int l = 0; l < problem->network.layer_count && used < size; l++) {
        const struct layer *layer = &problem->layers[l];

        if (layer->kind == LAYER_DENSE)
            used += (size_t)snprintf(text + used, size - used, "-%zu", shape_size(layer->output));
        else if (layer->kind == LAYER_CONVOLUTION)
            used +=
                (size_t)snprintf(text + used, size - used, "c%d:%dx%d+%d ", layer->output.channels,
                                 layer->kernel_height, layer->kernel_width, layer->padding_height);
        else
            used += (size_t)snprintf(text + used, size - used, "p%dx%d/%d ", layer->kernel_height,
                                     layer->kernel_width, layer->stride_height);
    }
    while (used > 0 && used < size && text[used - 1] == ' ')
        text[--used] = '\0';
}

/* "objective rosenbrock D=2 tilt", or "7-65-3 relu softmax". */
static void write_function(const struct problem *problem, const struct problem_spec *spec,
                           char *text, size_t size)
{
    static const char *const objective_names[] = {
        [OBJECTIVE_SQUARES] = "squares",     [OBJECTIVE_QUADRATIC] = "quadratic",
        [OBJECTIVE_SADDLE] = "saddle",       [OBJECTIVE_ROSENBROCK] = "rosenbrock",
        [OBJECTIVE_CUBIC] = "cubic",         [OBJECTIVE_PLATEAU] = "plateau",
        [OBJECTIVE_RECURRENT] = "recurrent",
    };
    int softmax = spec->head == HEAD_SOFTMAX_CROSS_ENTROPY;
    char layers[80] = "";

    if (spec->head == HEAD_OBJECTIVE) {
        snprintf(text, size, "objective %s D=%d %s", objective_names[spec->objective],
                 spec->sizes[0], spec->noise == NOISE_SHIFTS ? "shift" : "tilt");
        return;
    }
    write_layers(problem, spec, layers, sizeof layers);
    snprintf(text, size, "%s %s %s%s", layers,
             problem->network.layer_count > 1 ? activation_names[spec->hidden] : "linear",
             softmax ? "softmax" : "mse:", softmax ? "" : activation_names[spec->last]);
}

static void write_name(struct problem *problem, const struct problem_spec *spec)
{
    static const char *const theta_names[] = {
        [THETA_ORDINARY] = "",  [THETA_EXTREME] = " extreme",
        [THETA_ZERO] = " zero", [THETA_ZERO_FIRST] = " zero-first-layer",
        [THETA_NAN] = " nan",
    };
    char function[120];

    write_function(problem, spec, function, sizeof function);
    snprintf(problem->name, sizeof problem->name, "%s K=%d %s%s%s%s%s", function, spec->batch_size,
             spec->element == ELEMENT_UINT8 ? "uint8" : "float32",
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
    else if (spec->head == HEAD_MEAN_SQUARED_ERROR)
        problem->batch.targets = (const float *)(problem->memory + targets);
    return 0;
}

/* The batch's arrays are const to engines; here they are filled. */
static void *writable(const void *array)
{
    return (void *)(uintptr_t)array;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_theta(struct problem *problem, enum theta_kind kind, struct rng *rng)
{
    float *theta = writable(problem->theta);
    int last = problem->network.layer_count - 1;

    for (int l = 0; l <= last; l++) {
        size_t row = layer_row(&problem->layers[l]), biases = layer_biases(&problem->layers[l]);
        double factor = kind == THETA_EXTREME && l == last   ? extreme_factor
                        : kind == THETA_ZERO                 ? 0
                        : kind == THETA_ZERO_FIRST && l == 0 ? 0
                                                             : 1;

        for (size_t i = 0; i < biases * row; i++)
            *theta++ = (float)(factor * rng_normal(rng) / sqrt((double)row));
        for (size_t i = 0; i < biases; i++)
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

static double margin_of(const struct problem_spec *spec)
{
    return spec->margin > 0 ? spec->margin : usual_margin;
}

/* Whether every branch of the row is far from turning over in another precision. */
static int row_is_clear(const struct problem *problem, const struct problem_spec *spec, size_t row)
{
    double outputs[FORMULA_WIDTH_MAX];
    double margin = margin_of(spec);
    double needed_lead = spec->theta == THETA_EXTREME ? extreme_margin : margin;
    double distance;

    if (spec->head == HEAD_OBJECTIVE) /* which has no branches */
        return 1;
    distance = formula_outputs(&problem->network, problem->theta, &problem->batch, row, outputs);
    if (spec->theta == THETA_ZERO || spec->theta == THETA_NAN)
        return 1;
    if (spec->head == HEAD_SOFTMAX_CROSS_ENTROPY &&
        !(formula_lead(outputs, network_outputs(&problem->network)) > needed_lead))
        return 0;
    return spec->theta == THETA_ZERO_FIRST || distance > margin;
}

/* Far from the outputs: where the two nearly cancel, single precision has little to say. */
static void draw_targets(const struct problem *problem, size_t row, float *targets, struct rng *rng)
{
    double outputs[FORMULA_WIDTH_MAX];

    formula_outputs(&problem->network, problem->theta, &problem->batch, row, outputs);
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
        else if (targets)
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

int problem_crowded(const struct problem_spec *spec)
{
    const double most = 6; /* one example in some hundred is clear */
    struct problem problem = {.memory = NULL};
    double branches = 0;

    build_network(&problem, spec);
    for (int l = 0; l < problem.network.layer_count; l++)
        if (problem.layers[l].activation == ACTIVATION_RELU ||
            problem.layers[l].kind == LAYER_MAX_POOLING)
            branches += (double)shape_size(problem.layers[l].output);
    return branches * margin_of(spec) > most;
}

void problem_describe(const struct problem_spec *spec, char *name, size_t size)
{
    struct problem problem = {.memory = NULL};

    build_network(&problem, spec);
    write_name(&problem, spec);
    snprintf(name, size, "%s", problem.name);
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
    problem->expected = formula_score(&problem->network, problem->theta, &problem->batch);
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
