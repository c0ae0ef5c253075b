/* Networks as an experiment names them, and the contract's list of layers built from them. */
#ifndef BATCHLAB_NETWORK_H
#define BATCHLAB_NETWORK_H

#include "engine.h"

#include <stdint.h>

enum { NETWORK_HIDDEN_MAX = 32 };

enum initializer {
    INITIALIZER_HE,               /* N(0, 2 / inputs) (He et al. 2015) */
    INITIALIZER_GLOROT,           /* uniform on +-sqrt(6 / (inputs + outputs)) (Glorot 2010) */
    INITIALIZER_TRUNCATED_NORMAL, /* N(0, sigma^2), redrawn beyond 2 sigma */
};

struct network_spec {
    char name[32];
    int hidden[NETWORK_HIDDEN_MAX]; /* widths, [hidden_count] */
    int hidden_count;               /* 0: softmax or linear regression */
    enum activation activation;     /* of the hidden layers */
    enum initializer initializer;
    double sigma; /* of INITIALIZER_TRUNCATED_NORMAL, > 0 */
    double bias;  /* initial value of every bias */
};

/* A network of the contract with the memory for its layers. */
struct model {
    struct network network;
    struct layer layers[NETWORK_HIDDEN_MAX + 1];
    size_t parameters;        /* P */
    double flops_per_example; /* of one gradient: multiply and add = 2; the first layer needs no
                                 gradient with respect to its input; elementwise work not counted */
};

/* The presets S (784-10), M (784-128-10) and L (784-512-512-10) by their hidden widths, ended by an
 * empty name. */
const struct network_spec *network_presets(void);

/* model->network.layers points into *model: do not copy the struct. classes == 0: regression on
 * `outputs` numbers with mean squared error, else softmax cross-entropy. */
void network_build(struct model *, const struct network_spec *, size_t inputs, size_t outputs,
                   int classes);

/* Initial theta[P], a function of the specification and the seed alone. */
void network_initialize(const struct model *, const struct network_spec *, uint64_t seed,
                        float *theta);

#endif
