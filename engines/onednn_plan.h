/* Everything oneDNN does for one number of rows: for each layer and purpose a task, a short list of
 * primitives. Planned once, called by several workers at a time, each with memory objects of its
 * own. */
#ifndef BATCHLAB_ONEDNN_PLAN_H
#define BATCHLAB_ONEDNN_PLAN_H

#include "chain.h"
#include "onednn_shim.h"

enum task_kind {
    TASK_FORWARD,     /* a of x: without the activation */
    TASK_WEIGHTS,     /* weights and biases of their gradient; of a dense layer weights only */
    TASK_ADD_WEIGHTS, /* the same, added to what is there */
    TASK_INPUT, /* x of dloss/dx from a of dloss/dz; comes after TASK_FORWARD on the same x and
                   theta */
    TASK_KINDS
};

/* The caller's arrays. */
enum operand { OPERAND_X, OPERAND_WEIGHTS, OPERAND_BIASES, OPERAND_A, OPERANDS };

/* What all plans of a session have in common. */
struct plan_context {
    dnnl_engine_t engine;
    dnnl_data_type_t type; /* of what is multiplied: dnnl_f32 or dnnl_bf16; sums, and the arrays of
                              the caller, are floats in either case */
    int workers;
    const struct chain_layer *layers; /* [layer_count] */
    int layer_count;
};

struct plan;

/* 0: done; else nothing is held. */
dnnl_status_t plan_open(struct plan **, const struct plan_context *, int rows);
void plan_close(struct plan *, const struct plan_context *); /* accepts NULL */

/* Floats of a layer's outputs as its task leaves them: a layout of oneDNN's between layers of
 * images, the contract's elsewhere. */
size_t plan_values(const struct plan *, int layer);

/* Calls a task on the caller's arrays; those it does not use may be NULL. */
dnnl_status_t plan_execute(struct plan *, int layer, enum task_kind, int worker, dnnl_stream_t,
                           float *const data[OPERANDS]);

/* The kernels chosen for products and convolutions, by oneDNN's names; "" if there are none. */
const char *plan_kernels(const struct plan *);

#endif
