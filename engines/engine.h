/* The engine contract: value and gradient of the mean loss of one batch.
 *
 * This header is all an engine needs. An engine is a shared object that exports one symbol,
 *
 *     const struct engine batchlab_engine = {
 *         .abi = ENGINE_ABI, .size = sizeof(struct engine), .name = "mine", ...
 *     };
 *
 * Rules that hold for every function below:
 *   - theta, the batch and everything it points to are read, never written (sgd_step writes theta);
 *   - the same session, theta and batch give the same bytes: sums are reduced in a fixed order;
 *   - failure returns -1 and leaves one line in the caller's message; an engine never prints,
 *     never exits, and needs nothing of the harness;
 *   - one session is used by one thread at a time; several sessions may be open at once.
 * Structures grow at their end only and are passed by pointer, so an engine built with an older
 * header of the same ABI keeps working: it sees the part it knows.
 */
#ifndef BATCHLAB_ENGINE_H
#define BATCHLAB_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ENGINE_ABI 2u                   /* goes up when an engine has to be built anew */
#define ENGINE_SYMBOL "batchlab_engine" /* what the loader looks for */

/* One line for a person: what is wrong and what was expected. No newline at the end. */
struct message {
    char text[512]; /* "" where there is nothing to say */
};

/* ---- The network: a list of layers and a head ---------------------------------------------- */

/* x is the layer's input, f its activation. supports() refuses a kind it does not know. */
enum layer_kind {
    /* a[outputs] = f(W[outputs][inputs] x[inputs] + b[outputs]); an image is read as one vector. */
    LAYER_DENSE = 1,
    /* a[o][y][v] = f(b[o] + sum over c, i, j of W[o][c][i][j] x[c][y + i - padding_height]
     * [v + j - padding_width]), where x is 0 outside the image; stride 1. Zeros are added above and
     * to the left by the paddings, below and to the right by as many as the output asks for: each
     * side has fewer than the kernel. */
    LAYER_CONVOLUTION = 2,
    /* a[c][y][v] = the largest of x[c][y * stride_height + i][v * stride_width + j] over the kernel
     * (i, j); no padding: windows that do not fit are left out. The derivative goes to the first of
     * equals, row by row. Activation is ACTIVATION_IDENTITY; there are no parameters. */
    LAYER_MAX_POOLING = 3,
    /* a[D] = theta[D]: a point in space. No weights; its D biases are the parameters. The one layer
     * of a network with HEAD_OBJECTIVE; input and output have D values, and the input, the example
     * itself, goes to the head. Activation is ACTIVATION_IDENTITY. */
    LAYER_POSITION = 4,
};

/* f(z) of a layer. */
enum activation {
    ACTIVATION_IDENTITY = 0, /* z */
    ACTIVATION_RELU = 1,     /* max(z, 0), derivative 0 at 0 */
    ACTIVATION_TANH = 2,     /* tanh(z) */
    ACTIVATION_SIGMOID = 3,  /* 1 / (1 + exp(-z)) */
};

/* What the loss of one example is, of the last layer's output a. */
enum head {
    /* -log softmax(a)[label], in nats. The last layer's activation is ACTIVATION_IDENTITY. */
    HEAD_SOFTMAX_CROSS_ENTROPY = 1,
    /* (1/outputs) * sum over j of (a[j] - target[j])^2. Any activation of the last layer. */
    HEAD_MEAN_SQUARED_ERROR = 2,
    /* f(a - x) or f(a) - x . a for the example x[D], as network.objective says. There are neither
     * labels nor targets. */
    HEAD_OBJECTIVE = 3,
};

/* A function f(z) of D variables, c its coefficients (the fourth: Rosenbrock 1960). */
enum objective_kind {
    OBJECTIVE_SQUARES = 1,    /* 1/2 sum over j of c[j] z[j]^2; c[D] */
    OBJECTIVE_QUADRATIC = 2,  /* 1/2 z^T Q z; Q = c[D][D], symmetric */
    OBJECTIVE_SADDLE = 3,     /* 1/2 c[0] z[0]^2 - 1/2 c[1] z[1]^2 + 1/4 z[1]^4; D = 2 */
    OBJECTIVE_ROSENBROCK = 4, /* (c[0] - z[0])^2 + c[1] (z[1] - z[0]^2)^2; D = 2 */
    OBJECTIVE_CUBIC = 5,      /* z[0]^2 + z[1]^2 + z[1]^3 + z[0] z[1]; D = 2; no coefficients */
    OBJECTIVE_PLATEAU = 6,    /* s / (c[0]^2 + s) with s = |z|^2: flat far from 0; c[1] */
    OBJECTIVE_RECURRENT = 7,  /* (h[100] - 0.65)^2; h[0] = 0.3, h[t] = 1 / (1 + exp(-z[0] h[t-1] -
                                 z[1])): a recurrent unit, whose gradients explode; D = 2; no
                                 coefficients (Pascanu, Mikolov, Bengio 2013) */
};

/* How an example x[D] enters. */
enum objective_noise {
    NOISE_SHIFTS = 1, /* f(theta - x): each example has its own minimum */
    NOISE_TILTS = 2,  /* f(theta) - x . theta: -x is added to the gradient, wherever theta is */
};

/* The function that is minimised in place of a network's loss. */
struct objective {
    enum objective_kind kind;   /* which f */
    enum objective_noise noise; /* what an example does to it */
    const double *coefficients; /* as the kind says; NULL where it has none */
};

/* Channels, height, width, stored in this order; a flat vector of n values is {n, 1, 1}. */
struct shape {
    int channels, height, width; /* each >= 1 */
};

/* One layer; it has no parameters of its own, see network_parameters. */
struct layer {
    enum layer_kind kind;              /* what it computes */
    enum activation activation;        /* f, of each output */
    struct shape input, output;        /* what it reads and what it makes of one example */
    int kernel_height, kernel_width;   /* 0 for a dense layer */
    int padding_height, padding_width; /* above and to the left; 0 unless it is a convolution */
    int stride_height, stride_width;   /* 0 for a dense layer, 1 for a convolution */
};

/* What is trained: layers one after the other, and what is made of the last one's output. */
struct network {
    int layer_count;            /* >= 1 */
    const struct layer *layers; /* [layer_count]; output of one = input of the next, which only a
                                   dense layer may read flat */
    enum head head;             /* loss of the last layer's output a */
    const struct objective *objective; /* with HEAD_OBJECTIVE; else NULL */
};

/* Number of values. */
static inline size_t shape_size(struct shape shape)
{
    return (size_t)shape.channels * (size_t)shape.height * (size_t)shape.width;
}

/* Number of biases of one layer: one for each output of a dense layer, for each output channel of a
 * convolution, for each coordinate of a position. */
static inline size_t layer_biases(const struct layer *layer)
{
    switch (layer->kind) {
    case LAYER_DENSE:
    case LAYER_POSITION:
        return shape_size(layer->output);
    case LAYER_CONVOLUTION:
        return (size_t)layer->output.channels;
    case LAYER_MAX_POOLING:
        break;
    }
    return 0;
}

/* Number of weights that one bias goes with: the length of a row of the layer's weights. */
static inline size_t layer_row(const struct layer *layer)
{
    switch (layer->kind) {
    case LAYER_DENSE:
        return shape_size(layer->input);
    case LAYER_CONVOLUTION:
        return (size_t)layer->input.channels * (size_t)layer->kernel_height *
               (size_t)layer->kernel_width;
    case LAYER_MAX_POOLING:
    case LAYER_POSITION:
        break;
    }
    return 0;
}

/* Number of weights and biases of one layer. */
static inline size_t layer_parameters(const struct layer *layer)
{
    return layer_biases(layer) * (layer_row(layer) + 1);
}

/* P, the length of theta: layer after layer, weights row-major, then biases [outputs]. Weights are
 * [outputs][inputs] of a dense layer, [output channels][input channels][kernel_height]
 * [kernel_width] of a convolution. */
static inline size_t network_parameters(const struct network *network)
{
    size_t count = 0;

    for (int l = 0; l < network->layer_count; l++)
        count += layer_parameters(&network->layers[l]);
    return count;
}

/* Features of an example. */
static inline size_t network_inputs(const struct network *network)
{
    return shape_size(network->layers[0].input);
}

/* Values that the head is given: classes, or numbers to predict. */
static inline size_t network_outputs(const struct network *network)
{
    return shape_size(network->layers[network->layer_count - 1].output);
}

/* ---- The batch: a view of stored examples, not a copy -------------------------------------- */

/* Type of a stored feature. */
enum element {
    ELEMENT_FLOAT32 = 1,
    ELEMENT_UINT8 = 2, /* images stay bytes: a quarter of the memory traffic of gathering */
};

/* K examples, of which the features are not copied. */
struct batch {
    int size; /* K, 1 .. engine_options.max_batch */

    /* Example i of the batch is stored row rows[i], or row i where rows is NULL (already gathered).
     * A row may occur any number of times, in any order. */
    const int32_t *rows;

    /* Stored features [any][network inputs], row-major. The value of a stored element is
     * scale * element + offset; with ELEMENT_FLOAT32, scale is 1 and offset 0. */
    const void *features;
    enum element element; /* type of the stored features */
    float scale, offset;  /* see features */

    /* Indexed by stored row. Softmax: labels [any], 0 .. outputs-1, targets is NULL.
     * Mean squared error: targets [any][network outputs], labels is NULL. Objective: both NULL. */
    const int32_t *labels;
    const float *targets; /* see labels */

    /* Indexed by position i in the batch, >= 0, or NULL for all 1. Weights are not normalised: the
     * batch's loss is (1/size) * sum of weights[i] * loss(example i). That keeps 1/p importance
     * weights unbiased, and lets a short last batch count as what it is. */
    const float *weights;
};

/* The stored row of example i of the batch. */
static inline size_t batch_row(const struct batch *batch, int i)
{
    return batch->rows ? (size_t)batch->rows[i] : (size_t)i;
}

/* How good theta is on a batch. */
struct score {
    double loss;    /* (weighted) mean loss of the batch */
    int64_t errors; /* examples whose largest output is not their label (the first of equals counts;
                       not-a-number is an error); 0 for the other heads */
};

/* ---- Options -------------------------------------------------------------------------------- */

/* Of all that a session computes. */
enum precision {
    PRECISION_SINGLE = 1,
    PRECISION_DOUBLE = 2,
};

enum {
    ENGINE_CHUNK_AUTO = 0,  /* the engine splits a batch into pieces as it likes */
    ENGINE_CHUNK_NONE = -1, /* the whole batch at once: memory grows with K */
};

/* What a session is opened for. */
struct engine_options {
    int max_batch;            /* largest K this session will see, >= 1 */
    int threads;              /* >= 1 */
    enum precision precision; /* of theta, and of all that is computed */
    int chunk;           /* ENGINE_CHUNK_AUTO, ENGINE_CHUNK_NONE, or examples in a piece (>= 1) */
    const char *variant; /* the text after the colon: "blis" in `blas:blis`; "" if none */
};

/* ---- The engine ----------------------------------------------------------------------------- */

/* The table that an engine exports as ENGINE_SYMBOL. Slots that are not filled are NULL. */
struct engine {
    unsigned abi;        /* ENGINE_ABI of the header it was built with */
    size_t size;         /* sizeof(struct engine) then: slots added later read as NULL */
    const char *name;    /* short, lower case: "naive" */
    const char *summary; /* one line, for `batchlab list engines` */

    /* Required. */

    /* 1: open() will work for this network and these options; 0: it will not, and why says why. */
    int (*supports)(const struct network *, const struct engine_options *, struct message *why);
    /* Take all memory, make all plans. The network may be freed after the call. On failure
     * *session is NULL. */
    int (*open)(void **session, const struct network *, const struct engine_options *,
                struct message *);
    /* Score of the batch at theta[P]. */
    int (*loss)(void *session, const float *theta, const struct batch *, struct score *,
                struct message *);
    /* gradient[P] = gradient of the batch's (weighted) mean loss at theta[P], overwritten. The
     * score is of the same theta; score may be NULL. */
    int (*gradient)(void *session, const float *theta, const struct batch *, float *gradient,
                    struct score *, struct message *);
    void (*close)(void *session); /* accepts NULL */

    /* Optional: the harness has a default. */

    /* theta -= rate * gradient(theta), fused. Default: gradient, then the update. score may be
     * NULL. */
    int (*sgd_step)(void *session, float *theta, const struct batch *, float rate, struct score *,
                    struct message *);
    /* squared_norms[size] = squared Euclidean norm of each example's own gradient (weights are not
     * applied). Default: one example at a time. */
    int (*gradient_norms)(void *session, const float *theta, const struct batch *,
                          double *squared_norms, struct message *);

    /* Optional, without a default. */

    /* loss() and gradient() in double precision, for sessions of PRECISION_DOUBLE. */
    int (*loss64)(void *session, const double *theta, const struct batch *, struct score *,
                  struct message *);
    /* See loss64. */
    int (*gradient64)(void *session, const double *theta, const struct batch *, double *gradient,
                      struct score *, struct message *);
    /* From now on, within gradient(), call ready(context, first, count) as soon as
     * gradient[first .. first+count-1] is final. ready == NULL switches it off. */
    void (*on_ready)(void *session, void (*ready)(void *context, size_t first, size_t count),
                     void *context);
    /* One line: library, version, the kernel it chose. */
    int (*describe)(void *session, struct message *text);
};

#ifdef __cplusplus
}
#endif

#endif
