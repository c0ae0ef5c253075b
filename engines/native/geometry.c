/* How the images of a convolution lie while they are worked on. */
#include "native/images.h"

#include <stdlib.h>

enum {
    WIDEST_PANEL = 32, /* floats of two of the widest vectors */
    LINE = 16,         /* floats in a cache line */
    /* A weight gradient goes through four planes of deltas and one of pixels, of so many examples
     * that they stay in the first cache. */
    TOGETHER_MOST = 8,
    TOGETHER_FLOATS = 24 << 8,
};

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static void measure(struct native_geometry *g, const struct layer *layer)
{
    const struct shape *in = &layer->input, *out = &layer->output;
    int first_pixel;

    g->layer = *layer;
    g->width = out->width + layer->kernel_width - 1;
    g->places = round_up(out->height * g->width, WIDEST_PANEL);
    g->pixels = round_up(in->height * g->width, WIDEST_PANEL);
    g->reach = (layer->kernel_height - 1) * g->width + layer->kernel_width - 1;
    g->plane = round_up(g->places + g->reach, LINE);
    first_pixel = layer->padding_height * g->width;
    g->margin = round_up(g->reach, LINE);
    g->delta_plane = g->margin + round_up(larger(g->places, first_pixel + g->pixels), LINE);
    g->row = (int)layer_row(layer);
    g->together = TOGETHER_FLOATS / (4 * g->places + g->plane);
    g->together = g->together > TOGETHER_MOST ? TOGETHER_MOST : larger(g->together, 1);
}

static void order(struct native_geometry *g)
{
    const struct layer *l = &g->layer;
    int p = 0;

    for (int i = 0; i < l->kernel_height; i++)
        for (int c = 0; c < l->input.channels; c++)
            for (int j = 0; j < l->kernel_width; j++, p++) {
                int weight = (c * l->kernel_height + i) * l->kernel_width + j;

                g->met_by_row[p] = g->met[weight] = c * g->plane + i * g->width + j;
                g->weight_by_row[p] = weight;
            }
    p = 0;
    for (int i = 0; i < l->kernel_height; i++)
        for (int o = 0; o < l->output.channels; o++)
            for (int j = 0; j < l->kernel_width; j++, p++)
                g->back_by_row[p] = o * g->delta_plane + g->margin + l->padding_height * g->width -
                                    (i * g->width + j);
}

int native_geometry_open(struct native_geometry *g, const struct layer *layer)
{
    size_t backward =
        (size_t)layer->kernel_height * (size_t)layer->output.channels * (size_t)layer->kernel_width;

    *g = (struct native_geometry){.row = 0};
    measure(g, layer);
    g->met = calloc((size_t)g->row, sizeof *g->met);
    g->met_by_row = calloc((size_t)g->row, sizeof *g->met_by_row);
    g->weight_by_row = calloc((size_t)g->row, sizeof *g->weight_by_row);
    g->back_by_row = calloc(backward, sizeof *g->back_by_row);
    if (!g->met || !g->met_by_row || !g->weight_by_row || !g->back_by_row) {
        native_geometry_close(g);
        return -1;
    }
    order(g);
    return 0;
}

void native_geometry_close(struct native_geometry *g)
{
    free(g->met);
    free(g->met_by_row);
    free(g->weight_by_row);
    free(g->back_by_row);
    *g = (struct native_geometry){.row = 0};
}

size_t native_geometry_scratch(const struct native_geometry *g)
{
    size_t inputs = (size_t)g->layer.input.channels, outputs = (size_t)g->layer.output.channels;
    size_t planes = inputs * (size_t)g->plane + outputs * (size_t)g->delta_plane;
    size_t results = outputs * (size_t)g->places + inputs * (size_t)g->pixels;

    return (size_t)g->together * planes + results + outputs * (size_t)g->row;
}

static size_t larger_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t native_images_scratch(const struct native_images *images, int lanes)
{
    const struct layer *l = &images->layer;
    size_t in = shape_size(l->input), out = shape_size(l->output), forward = 0, backward = 0;

    if (l->kind == LAYER_CONVOLUTION) {
        forward = in + (size_t)l->input.channels * (size_t)l->input.height *
                           (size_t)(l->output.width + l->kernel_width - 1 - l->input.width);
        backward = out + (size_t)l->output.channels * (size_t)l->output.height *
                             (size_t)(l->input.width + l->kernel_width - 1 - l->output.width);
    }
    return (2 * in + out + larger_size(forward, backward)) * (size_t)lanes + layer_parameters(l);
}
