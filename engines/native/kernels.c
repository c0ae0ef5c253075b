/* Dense layers as products, and the table of this width. */
#include "native/parts.h"
#include "native/tile.h"

enum { DOTS_FEW_ROWS = 64 }; /* so few examples do not pay for packing the weights */

static void forward(int rows, int inputs, int outputs, const float *x, enum native_fetch fetch,
                    const float *weights, float *z, float *scratch)
{
    int lanes_used = (outputs + LANES - 1) / LANES * LANES;

    if (rows <= DOTS_FEW_ROWS || 8 * lanes_used > 9 * outputs) {
        NATIVE(dots)(rows, inputs, outputs, x, fetch, weights, z);
        return;
    }
    NATIVE(multiply)
    (&(struct product){
        .m = rows,
        .n = outputs,
        .depth = inputs,
        .a = {x, (size_t)inputs, 1},
        .b = {weights, 1, (size_t)inputs},
        .c = z,
        .fetches_a = fetch == NATIVE_FETCH_OWN,
        .scratch = scratch,
    });
}

static void weight_gradient(int rows, int inputs, int outputs, const float *delta, const float *x,
                            enum native_fetch fetch, int accumulate, float *gradient,
                            float *scratch)
{
    NATIVE(multiply)
    (&(struct product){
        .m = outputs,
        .n = inputs,
        .depth = rows,
        .a = {delta, 1, (size_t)outputs},
        .b = {x, (size_t)inputs, 1},
        .c = gradient,
        .add = accumulate,
        .behind_b = fetch == NATIVE_FETCH_NEXT ? (size_t)rows * (size_t)inputs : 0,
        .scratch = scratch,
    });
}

static void input_gradient(int rows, int inputs, int outputs, const float *delta,
                           const float *weights, float *dx, float *scratch)
{
    NATIVE(multiply)
    (&(struct product){
        .m = rows,
        .n = inputs,
        .depth = outputs,
        .a = {delta, (size_t)outputs, 1},
        .b = {weights, (size_t)inputs, 1},
        .c = dx,
        .scratch = scratch,
    });
}

const struct native_kernels NATIVE(kernels) = {
    .name = NATIVE_NAME,
    .panel = PANEL,
    .lanes = LANES,
    .forward = forward,
    .weight_gradient = weight_gradient,
    .input_gradient = input_gradient,
    .forward_one = NATIVE(forward_one),
    .descend_one = NATIVE(descend_one),
    .convolution_forward = NATIVE(convolution_forward),
    .convolution_weight_gradient = NATIVE(convolution_weight_gradient),
    .convolution_input_gradient = NATIVE(convolution_input_gradient),
    .pool_forward = NATIVE(pool_forward),
    .pool_gradient = NATIVE(pool_gradient),
};
