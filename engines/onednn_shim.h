/* The part of oneDNN that differs between versions 2 and 3: layouts, and how a matrix product, a
 * convolution or a pooling is described. Version 2.6 is what this was written and tested with; the
 * branch for version 3 follows its manual and has only been held against its prototypes. */
#ifndef BATCHLAB_ONEDNN_SHIM_H
#define BATCHLAB_ONEDNN_SHIM_H

#include <dnnl.h>
#include <dnnl_debug.h>

/* How an array lies in memory. Zeroed: no array. */
struct shim_layout {
    dnnl_memory_desc_t description;
    int is_there;
};

/* The operands of a primitive; one that it does not have is zeroed. */
struct shim_operands {
    struct shim_layout x, weights, biases, a;
};

/* Of a convolution or pooling, height first. */
struct shim_window {
    dnnl_dims_t kernel, strides, before, after;
};

static inline dnnl_status_t shim_append_sum(dnnl_post_ops_t operations)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
#else
    return dnnl_post_ops_append_sum(operations, 1);
#endif
}

#if DNNL_VERSION_MAJOR >= 3

static inline const_dnnl_memory_desc_t shim_description(const struct shim_layout *layout)
{
    return layout->is_there ? layout->description : NULL;
}

static inline void shim_free(struct shim_layout *layout)
{
    if (layout->is_there)
        dnnl_memory_desc_destroy(layout->description);
    *layout = (struct shim_layout){0};
}

static inline dnnl_status_t shim_strided(struct shim_layout *layout, int count,
                                         const dnnl_dims_t shape, const dnnl_dims_t strides,
                                         dnnl_data_type_t type)
{
    layout->is_there = 1;
    return dnnl_memory_desc_create_with_strides(&layout->description, count, shape, type, strides);
}

static inline dnnl_status_t shim_tagged(struct shim_layout *layout, int count,
                                        const dnnl_dims_t shape, dnnl_format_tag_t tag,
                                        dnnl_data_type_t type)
{
    layout->is_there = 1;
    return dnnl_memory_desc_create_with_tag(&layout->description, count, shape, type, tag);
}

/* What the primitive has chosen. */
static inline dnnl_status_t shim_chosen(struct shim_layout *layout,
                                        const_dnnl_primitive_desc_t primitive, dnnl_query_t query)
{
    layout->is_there = 1;
    return dnnl_memory_desc_clone(&layout->description,
                                  dnnl_primitive_desc_query_md(primitive, query, 0));
}

static inline dnnl_status_t shim_matmul(dnnl_primitive_desc_t *primitive,
                                        const struct shim_operands *o,
                                        dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    return dnnl_matmul_primitive_desc_create(
        primitive, engine, shim_description(&o->x), shim_description(&o->weights),
        shim_description(&o->biases), shim_description(&o->a), attributes);
}

static const dnnl_dims_t shim_undilated = {0, 0};

static inline dnnl_status_t
shim_convolution_forward(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                         const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                         dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    (void)forward;
    return dnnl_convolution_forward_primitive_desc_create(
        primitive, engine, dnnl_forward_training, dnnl_convolution_direct, shim_description(&o->x),
        shim_description(&o->weights), shim_description(&o->biases), shim_description(&o->a),
        w->strides, shim_undilated, w->before, w->after, attributes);
}

static inline dnnl_status_t
shim_convolution_weights(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                         const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                         dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    return dnnl_convolution_backward_weights_primitive_desc_create(
        primitive, engine, dnnl_convolution_direct, shim_description(&o->x),
        shim_description(&o->weights), shim_description(&o->biases), shim_description(&o->a),
        w->strides, shim_undilated, w->before, w->after, forward, attributes);
}

static inline dnnl_status_t
shim_convolution_data(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                      const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                      dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    return dnnl_convolution_backward_data_primitive_desc_create(
        primitive, engine, dnnl_convolution_direct, shim_description(&o->x),
        shim_description(&o->weights), shim_description(&o->a), w->strides, shim_undilated,
        w->before, w->after, forward, attributes);
}

static inline dnnl_status_t
shim_pooling_forward(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                     const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                     dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    (void)forward;
    return dnnl_pooling_forward_primitive_desc_create(
        primitive, engine, dnnl_forward_training, dnnl_pooling_max, shim_description(&o->x),
        shim_description(&o->a), w->strides, w->kernel, shim_undilated, w->before, w->after,
        attributes);
}

static inline dnnl_status_t
shim_pooling_backward(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                      const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                      dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    return dnnl_pooling_backward_primitive_desc_create(
        primitive, engine, dnnl_pooling_max, shim_description(&o->x), shim_description(&o->a),
        w->strides, w->kernel, shim_undilated, w->before, w->after, forward, attributes);
}

#else

static inline const dnnl_memory_desc_t *shim_description(const struct shim_layout *layout)
{
    return layout->is_there ? &layout->description : NULL;
}

static inline void shim_free(struct shim_layout *layout)
{
    layout->is_there = 0;
}

static inline dnnl_status_t shim_strided(struct shim_layout *layout, int count,
                                         const dnnl_dims_t shape, const dnnl_dims_t strides,
                                         dnnl_data_type_t type)
{
    layout->is_there = 1;
    return dnnl_memory_desc_init_by_strides(&layout->description, count, shape, type, strides);
}

static inline dnnl_status_t shim_tagged(struct shim_layout *layout, int count,
                                        const dnnl_dims_t shape, dnnl_format_tag_t tag,
                                        dnnl_data_type_t type)
{
    layout->is_there = 1;
    return dnnl_memory_desc_init_by_tag(&layout->description, count, shape, type, tag);
}

/* What the primitive has chosen. */
static inline dnnl_status_t shim_chosen(struct shim_layout *layout,
                                        const_dnnl_primitive_desc_t primitive, dnnl_query_t query)
{
    layout->is_there = 1;
    layout->description = *dnnl_primitive_desc_query_md(primitive, query, 0);
    return dnnl_success;
}

static inline dnnl_status_t shim_create(dnnl_primitive_desc_t *primitive, dnnl_status_t described,
                                        const void *operation, dnnl_primitive_attr_t attributes,
                                        dnnl_engine_t engine, const_dnnl_primitive_desc_t forward)
{
    return described == dnnl_success
               ? dnnl_primitive_desc_create(primitive, operation, attributes, engine, forward)
               : described;
}

static inline dnnl_status_t shim_matmul(dnnl_primitive_desc_t *primitive,
                                        const struct shim_operands *o,
                                        dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    dnnl_matmul_desc_t operation;
    dnnl_status_t described =
        dnnl_matmul_desc_init(&operation, shim_description(&o->x), shim_description(&o->weights),
                              shim_description(&o->biases), shim_description(&o->a));

    return shim_create(primitive, described, &operation, attributes, engine, NULL);
}

static inline dnnl_status_t
shim_convolution_forward(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                         const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                         dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    dnnl_convolution_desc_t operation;
    dnnl_status_t described = dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_training, dnnl_convolution_direct, shim_description(&o->x),
        shim_description(&o->weights), shim_description(&o->biases), shim_description(&o->a),
        w->strides, w->before, w->after);

    return shim_create(primitive, described, &operation, attributes, engine, forward);
}

static inline dnnl_status_t
shim_convolution_weights(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                         const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                         dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    dnnl_convolution_desc_t operation;
    dnnl_status_t described = dnnl_convolution_backward_weights_desc_init(
        &operation, dnnl_convolution_direct, shim_description(&o->x), shim_description(&o->weights),
        shim_description(&o->biases), shim_description(&o->a), w->strides, w->before, w->after);

    return shim_create(primitive, described, &operation, attributes, engine, forward);
}

static inline dnnl_status_t
shim_convolution_data(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                      const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                      dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    dnnl_convolution_desc_t operation;
    dnnl_status_t described = dnnl_convolution_backward_data_desc_init(
        &operation, dnnl_convolution_direct, shim_description(&o->x), shim_description(&o->weights),
        shim_description(&o->a), w->strides, w->before, w->after);

    return shim_create(primitive, described, &operation, attributes, engine, forward);
}

static inline dnnl_status_t
shim_pooling_forward(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                     const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                     dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    dnnl_pooling_desc_t operation;
    dnnl_status_t described = dnnl_pooling_forward_desc_init(
        &operation, dnnl_forward_training, dnnl_pooling_max, shim_description(&o->x),
        shim_description(&o->a), w->strides, w->kernel, w->before, w->after);

    return shim_create(primitive, described, &operation, attributes, engine, forward);
}

static inline dnnl_status_t
shim_pooling_backward(dnnl_primitive_desc_t *primitive, const struct shim_operands *o,
                      const struct shim_window *w, const_dnnl_primitive_desc_t forward,
                      dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    dnnl_pooling_desc_t operation;
    dnnl_status_t described = dnnl_pooling_backward_desc_init(
        &operation, dnnl_pooling_max, shim_description(&o->x), shim_description(&o->a), w->strides,
        w->kernel, w->before, w->after);

    return shim_create(primitive, described, &operation, attributes, engine, forward);
}

#endif

#endif
