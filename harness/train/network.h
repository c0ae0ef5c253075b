/* Networks as an experiment names them, and the contract's list of layers built from them. */
#ifndef BATCHLAB_NETWORK_H
#define BATCHLAB_NETWORK_H

#include "engine.h"
#include "train/objective.h"

#include <stdint.h>

enum { NETWORK_HIDDEN_MAX = 32, NETWORK_LAYERS_MAX = 64 };

enum units {
    UNITS_DISTINCT,
    UNITS_IDENTICAL, /* all units of a hidden layer start with the same weights, in and out: they
                        have the same gradient for every example. Dense layers only */
};

enum initializer {
    INITIALIZER_HE,               /* N(0, 2 / inputs) (He et al. 2015) */
    INITIALIZER_GLOROT,           /* uniform on +-sqrt(6 / (inputs + outputs)) (Glorot 2010) */
    INITIALIZER_TRUNCATED_NORMAL, /* N(0, sigma^2), redrawn beyond 2 sigma */
};

enum {
    LAYER_FLATTEN = 0,          /* beside enum layer_kind: an image becomes a vector */
    PADDING_SAME = -1,          /* the output is as large as the input */
    ACTIVATION_OF_NETWORK = -1, /* what the network says of its hidden layers */
};

/* One entry of a network's list of layers. */
struct layer_spec {
    int kind;      /* enum layer_kind, or LAYER_FLATTEN */
    int outputs;   /* dense: its width; convolution: channels */
    int kernel[2]; /* height, width; a count of 1: both the same */
    int kernel_count;
    int stride[2]; /* of pooling; a count of 0: the kernel's */
    int stride_count;
    int padding;    /* of a convolution: zeros on each side, or PADDING_SAME */
    int activation; /* enum activation, or ACTIVATION_OF_NETWORK */
    int line;       /* in the file; 0: in none */
};

/* Hidden layers, either as a list or as widths of dense ones. The output layer, dense and as wide
 * as the data asks, comes after them. Or no layers but an objective, of as many variables as the
 * data has features. */
struct network_spec {
    char name[32];
    struct layer_spec layers[NETWORK_LAYERS_MAX]; /* [layer_count]; 0 of them: `hidden` counts */
    int layer_count;
    int hidden[NETWORK_HIDDEN_MAX]; /* widths, [hidden_count] */
    int hidden_count;               /* 0: softmax or linear regression */
    enum activation activation;     /* of the hidden layers */
    enum initializer initializer;
    enum units units;
    double sigma;                    /* of INITIALIZER_TRUNCATED_NORMAL, > 0 */
    double bias;                     /* initial value of every bias */
    struct objective_spec objective; /* FUNCTION_NONE: there are layers */
};

/* A network of the contract with the memory for its layers. */
struct model {
    struct network network;
    struct layer layers[NETWORK_LAYERS_MAX + 1];
    size_t parameters;        /* P */
    double flops_per_example; /* of one gradient: multiply and add = 2; the first layer with weights
                                 needs no gradient with respect to its input; padding counts as if
                                 it were image; elementwise work and pooling are not counted */
    struct objective objective;
    double *coefficients; /* of the objective, owned; NULL: none */
};

/* The presets, complete, ended by an empty name: S (784-10), M (784-128-10), L (784-512-512-10) by
 * their hidden widths; lenet (LeCun et al. 1998 with ReLU and max pooling); 2c2d (DeepOBS,
 * Schneider et al. 2019); and objectives. */
const struct network_spec *network_presets(void);

/* model->network points into *model: do not copy the struct. classes == 0: regression on `outputs`
 * numbers with mean squared error, else softmax cross-entropy; outputs == 0: an objective, which
 * has neither labels nor targets. 0; or the number of the listed layer that does not fit what comes
 * before it (1, 2, ...), or -1 where the network as a whole does not fit, with the error set and
 * nothing held. */
int network_build(struct model *, const struct network_spec *, struct shape input, size_t outputs,
                  int classes);
void network_free(struct model *); /* accepts a zeroed struct; needed by objectives only */

/* Of one example's loss, counted as flops_per_example is; of an objective, which is not divided
 * into parts, the same number. */
double network_forward_flops(const struct model *);

/* f(z), in the contract's words (engine.h). */
double activation_value(enum activation, double z);

/* Initial theta[P], a function of the specification and the seed alone. */
void network_initialize(const struct model *, const struct network_spec *, uint64_t seed,
                        float *theta);

/* One line: "inputs-128-outputs", the layers by name, or an objective's formula. */
void network_describe(const struct network_spec *, char *text, size_t size);

#endif
