/* Problems to try an engine on: a network, parameters, stored examples and a batch of them, with
 * the answers that can be had from the contract's formulas alone.
 *
 * Examples are redrawn until no rectifier is near its kink, no pooling window near a change of its
 * largest value, and no two outputs tie, so that single and double precision agree on every branch
 * and on the number of errors. */
#ifndef BATCHLAB_PROBLEM_H
#define BATCHLAB_PROBLEM_H

#include "engine.h"

enum { PROBLEM_LAYERS_MAX = 3, PROBLEM_WINDOWS_MAX = 4, PROBLEM_DIMENSIONS_MAX = 17 };

enum row_order {
    ROWS_IN_PLACE, /* batch.rows is NULL */
    ROWS_REPEATED, /* random: out of order, some more than once, some never */
};

enum theta_kind {
    THETA_ORDINARY,   /* outputs of magnitude 1 */
    THETA_EXTREME,    /* outputs of magnitude 1000, whose exponential is infinite */
    THETA_ZERO,       /* all outputs tie */
    THETA_ZERO_FIRST, /* the first layer is zero: its rectifiers sit on the kink */
    THETA_NAN,        /* the last layer's biases are not numbers */
};

/* A layer of images. */
struct problem_window {
    int channels;                    /* of a convolution; 0: max pooling */
    int height, width;               /* of the kernel; 0 ends the list */
    int top, left, bottom, right;    /* zeros around the image of a convolution */
    int stride_height, stride_width; /* of pooling */
};

struct problem_spec {
    struct shape image; /* with `windows`; zero: there are none, and sizes[0] is the inputs */
    struct problem_window windows[PROBLEM_WINDOWS_MAX];
    int sizes[PROBLEM_LAYERS_MAX + 2]; /* inputs, outputs of each dense layer; ended by 0. With an
                                          image sizes[0] has no meaning, and sizes[1] may be 0 */
    enum activation hidden, last;      /* with softmax, last is the identity */
    enum head head;
    enum objective_kind objective; /* with HEAD_OBJECTIVE, of sizes[0] variables; else 0 */
    enum objective_noise noise;
    int batch_size; /* K */
    enum element element;
    enum row_order order;
    int weighted;   /* example weights, some of them zero, not normalised */
    int misaligned; /* arrays begin one element past a 64-byte boundary */
    enum theta_kind theta;
    double margin; /* kept from every branch; 0: 1e-3, enough for single precision */
};

struct problem {
    char name[160];
    struct network network;
    struct layer layers[PROBLEM_WINDOWS_MAX + PROBLEM_LAYERS_MAX];
    struct objective objective; /* with HEAD_OBJECTIVE */
    double coefficients[PROBLEM_DIMENSIONS_MAX * PROBLEM_DIMENSIONS_MAX];
    size_t parameters;      /* P */
    struct batch batch;     /* of all K examples */
    const float *theta;     /* [P] */
    int stored, misaligned; /* number of stored examples; as in the specification */
    struct score expected;  /* by the formulas, in double precision; not for THETA_NAN */

    /* theta and the batch lie in memory[bytes], theta and what surrounds it in the first
     * theta_bytes; pristine[bytes] is what they were. */
    unsigned char *memory, *pristine;
    size_t bytes, theta_bytes;
};

/* 1 if there are so many rectifiers and pooling windows that hardly an example keeps the margin
 * from all of them. */
int problem_crowded(const struct problem_spec *);

/* The problem's name, without drawing it. */
void problem_describe(const struct problem_spec *, char *name, size_t size);

/* 0; -1 with the error set. Points into itself: do not copy the struct. */
int problem_open(struct problem *, const struct problem_spec *);
void problem_close(struct problem *); /* accepts NULL and a zeroed struct */

/* The problems of the agreement cases: every combination of batch size 1, 3, 17, 129, of first
 * width 1, 7, 65, of 1, 2, 3 layers and of both heads, the other choices drawn at random so that
 * each pair of choices occurs; then tables of special ones, of images and of objectives. */
int problem_count(void);
struct problem_spec problem_spec_at(int index);

#endif
