/* The reference engine with one fault in its convolutions or pooling, to prove that the conformance
 * suite finds it. Linked with naive.c and with --wrap for each function of naive_layers.h, so that
 * a fault stands between the engine and the formula. Compiled once per fault:
 * -DFAULT=PADDING_SHIFTED.
 */
#include "naive_layers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum fault {
    IMAGES_RIGHT,     /* no fault */
    PADDING_SHIFTED,  /* an even kernel's further zeros above and to the left */
    KERNEL_FLIPPED,   /* what mathematics calls a convolution */
    KERNEL_TURNED,    /* rows and columns exchanged, where the kernel is square */
    CHANNEL_LOST,     /* the last input channel is not looked at */
    BORDER_LOST,      /* the input gradient does not see the last row of outputs */
    IMAGE_BIAS_OFF,   /* one bias gradient is 1 % too large */
    FIRST_PLACE_ONLY, /* the weight gradient of the first output alone */
    LAST_OF_WINDOW,   /* among equals the derivative goes to the last */
    WINDOW_CUT,       /* the last row of a window is not looked at */
    STRIDE_OF_KERNEL, /* whatever the stride is */
    CHANNEL_NORM_OFF, /* the norm of a convolution's gradient without its biases */
    /* every factor rounded to bfloat16, and with a fault besides; for the variant `bf16` */
    BF16_ROUNDED,   /* no fault */
    BF16_BIAS_OFF,  /* one bias gradient is 5 % too large */
    BF16_TRUNCATED, /* to the next bfloat16 towards zero */
};

static const enum fault fault = FAULT;

void __real_naive_forward(const struct naive_layer *, const REAL *, const REAL *, REAL *);
void __real_naive_backward(const struct naive_layer *, const REAL *, const REAL *, enum activation,
                           const REAL *, REAL *);
void __real_naive_add_gradient(const struct naive_layer *, const REAL *, const REAL *, REAL,
                               REAL *);
double __real_naive_squared_norm(const struct naive_layer *, const REAL *, const REAL *);
void __wrap_naive_forward(const struct naive_layer *, const REAL *, const REAL *, REAL *);
void __wrap_naive_backward(const struct naive_layer *, const REAL *, const REAL *, enum activation,
                           const REAL *, REAL *);
void __wrap_naive_add_gradient(const struct naive_layer *, const REAL *, const REAL *, REAL,
                               REAL *);
double __wrap_naive_squared_norm(const struct naive_layer *, const REAL *, const REAL *);

/* The layer as the fault sees it. */
static struct naive_layer seen(const struct naive_layer *layer)
{
    struct naive_layer other = *layer;
    struct layer *shape = &other.shape;

    if (fault == PADDING_SHIFTED && shape->kind == LAYER_CONVOLUTION)
        shape->padding_height = shape->output.height + shape->kernel_height - 1 -
                                shape->input.height - shape->padding_height;
    if (fault == STRIDE_OF_KERNEL && shape->kind == LAYER_MAX_POOLING) {
        /* as far as the image goes */
        if ((shape->output.height - 1) * shape->kernel_height + shape->kernel_height <=
            shape->input.height)
            shape->stride_height = shape->kernel_height;
    }
    if (fault == WINDOW_CUT && shape->kind == LAYER_MAX_POOLING && shape->kernel_height > 1)
        shape->kernel_height--;
    return other;
}

static int rounds(void)
{
    return fault == BF16_ROUNDED || fault == BF16_BIAS_OFF || fault == BF16_TRUNCATED;
}

/* The nearest bfloat16, ties to even. */
static REAL rounded(REAL value)
{
    float single = (float)value;
    uint32_t bits;

    memcpy(&bits, &single, sizeof bits);
    if (fault != BF16_TRUNCATED)
        bits += 0x7fff + (bits >> 16 & 1);
    bits &= 0xffff0000u;
    memcpy(&single, &bits, sizeof single);
    return (REAL)single;
}

/* A copy, rounded if that is what the engine does; to be freed. */
static REAL *rounded_copy(const REAL *from, size_t count)
{
    REAL *copy = malloc((count + 1) * sizeof *copy);

    if (!copy)
        abort();
    for (size_t i = 0; i < count; i++)
        copy[i] = rounds() ? rounded(from[i]) : from[i];
    return copy;
}

/* The variant `bf16` is one of these engines'. */
int __wrap_check_no_variant(const struct engine_options *, struct message *);

int __wrap_check_no_variant(const struct engine_options *options, struct message *why)
{
    (void)options, (void)why;
    return 1;
}

/* A copy of theta's part that the layer has, with its kernels changed; to be freed. The copy begins
 * where theta would. */
static REAL *changed_theta(const struct naive_layer *layer, const REAL *theta)
{
    size_t end = layer->biases + layer_biases(&layer->shape);
    size_t height = (size_t)layer->shape.kernel_height, width = (size_t)layer->shape.kernel_width;
    size_t kernel = height * width,
           kernels = (layer->biases - layer->weights) / (kernel ? kernel : 1);
    REAL *copy = malloc((end + 1) * sizeof *copy);

    if (!copy)
        abort();
    for (size_t p = 0; p < end; p++) /* biases are added, not multiplied */
        copy[p] = rounds() && p < layer->biases ? rounded(theta[p]) : theta[p];
    for (size_t k = 0; layer->shape.kind == LAYER_CONVOLUTION && k < kernels; k++) {
        const REAL *from = theta + layer->weights + k * kernel;
        REAL *to = copy + layer->weights + k * kernel;
        size_t channels = (size_t)layer->shape.input.channels;

        for (size_t i = 0; i < height; i++)
            for (size_t j = 0; j < width; j++) {
                if (fault == KERNEL_FLIPPED)
                    to[i * width + j] = from[(height - 1 - i) * width + width - 1 - j];
                if (fault == KERNEL_TURNED && height == width)
                    to[i * width + j] = from[j * width + i];
                if (fault == CHANNEL_LOST && channels > 1 && k % channels == channels - 1)
                    to[i * width + j] = 0;
            }
    }
    return copy;
}

void __wrap_naive_forward(const struct naive_layer *layer, const REAL *theta, const REAL *in,
                          REAL *out)
{
    struct naive_layer other = seen(layer);
    int multiplies = layer->shape.kind != LAYER_MAX_POOLING;
    REAL *changed = changed_theta(layer, theta);
    REAL *inputs = rounded_copy(in, shape_size(layer->shape.input));

    __real_naive_forward(&other, changed, multiplies ? inputs : in, out);
    free(changed);
    free(inputs);
}

/* Each window's derivative to the last of its equals. */
static void last_of_window(const struct layer *layer, const REAL *delta, const REAL *in,
                           REAL *delta_in)
{
    const struct shape *from = &layer->input, *to = &layer->output;

    memset(delta_in, 0, shape_size(*from) * sizeof *delta_in);
    for (int c = 0; c < to->channels; c++)
        for (int y = 0; y < to->height; y++)
            for (int v = 0; v < to->width; v++, delta++) {
                int corner = (c * from->height + y * layer->stride_height) * from->width +
                             v * layer->stride_width;
                int best = corner;

                for (int i = 0; i < layer->kernel_height; i++)
                    for (int j = 0; j < layer->kernel_width; j++)
                        if (in[corner + i * from->width + j] >= in[best])
                            best = corner + i * from->width + j;
                delta_in[best] += *delta;
            }
}

void __wrap_naive_backward(const struct naive_layer *layer, const REAL *theta,
                           const REAL *delta_out, enum activation before, const REAL *in,
                           REAL *delta_in)
{
    struct naive_layer other = seen(layer);
    REAL *changed = changed_theta(layer, theta);

    if (fault == BORDER_LOST && other.shape.kind == LAYER_CONVOLUTION)
        other.shape.kernel_height -= other.shape.kernel_height > 1;
    if (fault == LAST_OF_WINDOW && other.shape.kind == LAYER_MAX_POOLING) {
        last_of_window(&other.shape, delta_out, in, delta_in);
        for (size_t i = 0; i < shape_size(other.shape.input); i++)
            delta_in[i] *= naive_derivative(before, in[i]);
    } else {
        REAL *slopes = rounded_copy(delta_out, shape_size(layer->shape.output));
        int multiplies = layer->shape.kind != LAYER_MAX_POOLING;

        __real_naive_backward(&other, changed, multiplies ? slopes : delta_out, before, in,
                              delta_in);
        free(slopes);
    }
    free(changed);
}

void __wrap_naive_add_gradient(const struct naive_layer *layer, const REAL *delta, const REAL *in,
                               REAL factor, REAL *gradient)
{
    struct naive_layer other = seen(layer);
    int convolves = layer->shape.kind == LAYER_CONVOLUTION;
    REAL before = gradient[layer->biases];
    REAL *slopes = rounded_copy(delta, shape_size(layer->shape.output));
    REAL *inputs = rounded_copy(in, shape_size(layer->shape.input));

    if (fault == FIRST_PLACE_ONLY && convolves)
        other.shape.output.height = 1;
    __real_naive_add_gradient(&other, slopes, inputs, factor, gradient);
    if (fault == IMAGE_BIAS_OFF && convolves)
        gradient[layer->biases] += (gradient[layer->biases] - before) / 100;
    if (fault == BF16_BIAS_OFF)
        gradient[layer->biases] += (gradient[layer->biases] - before) / 20;
    free(slopes);
    free(inputs);
}

double __wrap_naive_squared_norm(const struct naive_layer *layer, const REAL *delta, const REAL *in)
{
    struct naive_layer other = seen(layer);
    size_t places = (size_t)layer->shape.output.height * (size_t)layer->shape.output.width;
    double norm = __real_naive_squared_norm(&other, delta, in);

    for (size_t o = 0; fault == CHANNEL_NORM_OFF && layer->shape.kind == LAYER_CONVOLUTION &&
                       o < (size_t)layer->shape.output.channels;
         o++) {
        double sum = 0;

        for (size_t p = 0; p < places; p++)
            sum += (double)delta[o * places + p];
        norm -= sum * sum;
    }
    return norm;
}
