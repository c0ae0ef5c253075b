/* Plans what oneDNN does for one number of rows. */
#include "onednn_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One memory object for each worker. */
struct memory_set {
    dnnl_memory_t *of_worker; /* [workers] */
    struct memory_set *next;
};

/* What a primitive works on: an array of the caller, or memory of the plan. */
struct argument {
    int name;    /* DNNL_ARG_... */
    int operand; /* enum operand; OPERANDS: the plan's own */
    struct memory_set *set;
};

enum { ARGUMENTS_MAX = 6, ACTIONS_MAX = 5 };

struct action {
    dnnl_primitive_t primitive;
    int argument_count;
    struct argument arguments[ARGUMENTS_MAX];
};

struct task {
    int action_count;
    struct action actions[ACTIONS_MAX];
};

struct plan {
    int rows;
    struct task (*tasks)[TASK_KINDS]; /* [layer_count] */
    struct shim_layout *edges;        /* [layer_count + 1]: edges[l] is layer l's input */
    struct memory_set *sets;          /* all of them */
    char kernels[128];
};

/* A plan in the making. The first failure stays, and what follows it does nothing. */
struct builder {
    const struct plan_context *context;
    struct plan *plan;
    dnnl_status_t status;
    int l; /* the layer at work */
};

static const struct chain_layer *layer_of(const struct builder *builder)
{
    return &builder->context->layers[builder->l];
}

static struct task *task_of(const struct builder *builder, enum task_kind kind)
{
    return &builder->plan->tasks[builder->l][kind];
}

static void note(struct builder *builder, dnnl_status_t status)
{
    if (builder->status == dnnl_success)
        builder->status = status;
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

/* Objects without data, with data of their own, or with that of another set. */
static struct memory_set *new_set(struct builder *builder, const struct shim_layout *layout,
                                  int with_data, const struct memory_set *shared)
{
    int workers = builder->context->workers;
    struct memory_set *set = calloc(1, sizeof *set);

    if (!set || builder->status != dnnl_success) {
        free(set);
        note(builder, dnnl_out_of_memory);
        return NULL;
    }
    set->next = builder->plan->sets;
    builder->plan->sets = set;
    set->of_worker = calloc((size_t)workers, sizeof *set->of_worker);
    if (!set->of_worker)
        note(builder, dnnl_out_of_memory);
    for (int w = 0; w < workers && builder->status == dnnl_success; w++) {
        void *data = with_data ? DNNL_MEMORY_ALLOCATE : DNNL_MEMORY_NONE;

        if (shared)
            note(builder, dnnl_memory_get_data_handle(shared->of_worker[w], &data));
        note(builder, dnnl_memory_create(&set->of_worker[w], shim_description(layout),
                                         builder->context->engine, data));
    }
    return set;
}

static struct argument callers(struct builder *builder, enum operand operand,
                               const struct shim_layout *layout)
{
    return (struct argument){.operand = operand, .set = new_set(builder, layout, 0, NULL)};
}

static struct argument own(struct builder *builder, const struct shim_layout *layout)
{
    return (struct argument){.operand = OPERANDS, .set = new_set(builder, layout, 1, NULL)};
}

/* The same data in another shape. */
static struct argument view(struct builder *builder, struct argument of,
                            const struct shim_layout *layout)
{
    return (struct argument){
        .operand = of.operand,
        .set = new_set(builder, layout, 0, of.operand == OPERANDS ? of.set : NULL)};
}

static struct argument named(int name, struct argument argument)
{
    argument.name = name;
    return argument;
}

/* ---- Actions ----------------------------------------------------------------------------------
 */

/* Attributes of every primitive: scratch memory is given, and the result added where asked for. */
static dnnl_primitive_attr_t new_attributes(struct builder *builder, int accumulate)
{
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t operations = NULL;

    note(builder, dnnl_primitive_attr_create(&attributes));
    if (builder->status == dnnl_success)
        note(builder,
             dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
    if (builder->status == dnnl_success && accumulate) {
        note(builder, dnnl_post_ops_create(&operations));
        if (builder->status == dnnl_success)
            note(builder, shim_append_sum(operations));
        if (builder->status == dnnl_success)
            note(builder, dnnl_primitive_attr_set_post_ops(attributes, operations));
        dnnl_post_ops_destroy(operations);
    }
    return attributes;
}

/* Appends the described primitive to the task. */
static void act(struct builder *builder, struct task *task, const_dnnl_primitive_desc_t description,
                const struct argument *arguments, int count)
{
    struct action *action = &task->actions[task->action_count];
    struct shim_layout scratch = {0};

    if (builder->status != dnnl_success)
        return;
    task->action_count++;
    note(builder, dnnl_primitive_create(&action->primitive, description));
    memcpy(action->arguments, arguments, (size_t)count * sizeof *arguments);
    note(builder, shim_chosen(&scratch, description, dnnl_query_scratchpad_md));
    action->arguments[count] = named(DNNL_ARG_SCRATCHPAD, own(builder, &scratch));
    action->argument_count = count + 1;
    shim_free(&scratch);
}

/* Appends a change of layout, of type, or both. */
static void convert(struct builder *builder, struct task *task, struct argument from,
                    const struct shim_layout *from_layout, struct argument to,
                    const struct shim_layout *to_layout, int accumulate)
{
    const struct argument arguments[] = {named(DNNL_ARG_FROM, from), named(DNNL_ARG_TO, to)};
    dnnl_engine_t engine = builder->context->engine;
    dnnl_primitive_attr_t attributes = new_attributes(builder, accumulate);
    dnnl_primitive_desc_t description = NULL;

    if (builder->status == dnnl_success)
        note(builder,
             dnnl_reorder_primitive_desc_create(&description, shim_description(from_layout), engine,
                                                shim_description(to_layout), engine, attributes));
    act(builder, task, description, arguments, 2);
    dnnl_primitive_desc_destroy(description);
    dnnl_primitive_attr_destroy(attributes);
}

/* The caller's array as a primitive wants it: as it lies, or converted first. */
static struct argument taken(struct builder *builder, struct task *task, enum operand operand,
                             const struct shim_layout *lies, const struct shim_layout *wanted)
{
    struct argument from = callers(builder, operand, lies), to;

    if (builder->status != dnnl_success ||
        dnnl_memory_desc_equal(shim_description(lies), shim_description(wanted)))
        return from;
    to = own(builder, wanted);
    convert(builder, task, from, lies, to, wanted, 0);
    return to;
}

/* Where a primitive leaves its result: in the caller's array, or in memory that leave() converts.
 */
static struct argument left(struct builder *builder, enum operand operand,
                            const struct shim_layout *lies, const struct shim_layout *made)
{
    if (builder->status != dnnl_success ||
        dnnl_memory_desc_equal(shim_description(lies), shim_description(made)))
        return callers(builder, operand, lies);
    return own(builder, made);
}

static void leave(struct builder *builder, struct task *task, struct argument result,
                  const struct shim_layout *made, enum operand operand,
                  const struct shim_layout *lies)
{
    if (builder->status == dnnl_success && result.operand == OPERANDS)
        convert(builder, task, result, made, callers(builder, operand, lies), lies, 0);
}

static void note_kernel(struct builder *builder, const char *what,
                        const_dnnl_primitive_desc_t description)
{
    char *kernels = builder->plan->kernels;
    size_t length = strlen(kernels), size = sizeof builder->plan->kernels;
    const char *name = NULL;

    if (strstr(kernels, what) || builder->status != dnnl_success ||
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) != dnnl_success)
        return;
    snprintf(kernels + length, size - length, "%s%s%s", length ? ", " : "", what, name);
}

/* ---- Dense layers -----------------------------------------------------------------------------
 */

/* A matrix [rows][columns] in `layout`, without gaps, or the transpose of one. */
static void matrix(struct builder *builder, struct shim_layout *layout, int rows, int columns,
                   int transposed, dnnl_data_type_t type)
{
    const dnnl_dims_t shape = {rows, columns};
    const dnnl_dims_t strides = {transposed ? 1 : columns, transposed ? rows : 1};

    note(builder, shim_strided(layout, 2, shape, strides, type));
}

/* c = a b (+ biases), appended to the task. */
static void multiply(struct builder *builder, struct task *task, struct shim_operands *layouts,
                     const struct argument *arguments, int count, int accumulate)
{
    dnnl_primitive_attr_t attributes = new_attributes(builder, accumulate);
    dnnl_primitive_desc_t description = NULL;

    if (builder->status == dnnl_success)
        note(builder, shim_matmul(&description, layouts, attributes, builder->context->engine));
    act(builder, task, description, arguments, count);
    note_kernel(builder, "matmul ", description);
    dnnl_primitive_desc_destroy(description);
    dnnl_primitive_attr_destroy(attributes);
}

/* Matrices of one dense layer as they are multiplied. */
struct dense_sides {
    struct shim_layout x, weights, weights_transposed, delta, delta_transposed;
    struct shim_layout float_x, float_weights, float_delta, biases;
};

static void free_sides(struct dense_sides *sides)
{
    struct shim_layout *all = &sides->x;

    for (size_t i = 0; i < sizeof *sides / sizeof *all; i++)
        shim_free(&all[i]);
}

/* A layer's inputs and weights are converted once, forward, and serve for the gradients. */
static void plan_dense(struct builder *builder)
{
    const int rows = builder->plan->rows, inputs = layer_of(builder)->inputs,
              outputs = layer_of(builder)->outputs;
    const dnnl_data_type_t type = builder->context->type;
    struct task *forward = task_of(builder, TASK_FORWARD), *input = task_of(builder, TASK_INPUT);
    struct dense_sides sides = {0};
    struct argument x, weights, delta;

    matrix(builder, &sides.x, rows, inputs, 0, type);
    matrix(builder, &sides.weights, outputs, inputs, 0, type);
    matrix(builder, &sides.weights_transposed, inputs, outputs, 1, type);
    matrix(builder, &sides.delta, rows, outputs, 0, type);
    matrix(builder, &sides.delta_transposed, outputs, rows, 1, type);
    matrix(builder, &sides.float_x, rows, inputs, 0, dnnl_f32);
    matrix(builder, &sides.float_weights, outputs, inputs, 0, dnnl_f32);
    matrix(builder, &sides.float_delta, rows, outputs, 0, dnnl_f32);
    matrix(builder, &sides.biases, 1, outputs, 0, dnnl_f32);

    /* a = x W^T + b */
    x = taken(builder, forward, OPERAND_X, &sides.float_x, &sides.x);
    weights = taken(builder, forward, OPERAND_WEIGHTS, &sides.float_weights, &sides.weights);
    multiply(
        builder, forward,
        &(struct shim_operands){sides.x, sides.weights_transposed, sides.biases, sides.float_delta},
        (struct argument[]){
            named(DNNL_ARG_SRC, x),
            named(DNNL_ARG_WEIGHTS, view(builder, weights, &sides.weights_transposed)),
            named(DNNL_ARG_BIAS, callers(builder, OPERAND_BIASES, &sides.biases)),
            named(DNNL_ARG_DST, callers(builder, OPERAND_A, &sides.float_delta))},
        4, 0);

    /* dx = delta W */
    delta = taken(builder, input, OPERAND_A, &sides.float_delta, &sides.delta);
    multiply(
        builder, input,
        &(struct shim_operands){.x = sides.delta, .weights = sides.weights, .a = sides.float_x},
        (struct argument[]){named(DNNL_ARG_SRC, delta), named(DNNL_ARG_WEIGHTS, weights),
                            named(DNNL_ARG_DST, callers(builder, OPERAND_X, &sides.float_x))},
        3, 0);

    /* dW = delta^T x */
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        struct task *task = task_of(builder, accumulate ? TASK_ADD_WEIGHTS : TASK_WEIGHTS);

        delta = taken(builder, task, OPERAND_A, &sides.float_delta, &sides.delta);
        multiply(builder, task,
                 &(struct shim_operands){
                     .x = sides.delta_transposed, .weights = sides.x, .a = sides.float_weights},
                 (struct argument[]){
                     named(DNNL_ARG_SRC, view(builder, delta, &sides.delta_transposed)),
                     named(DNNL_ARG_WEIGHTS, x),
                     named(DNNL_ARG_DST, callers(builder, OPERAND_WEIGHTS, &sides.float_weights))},
                 3, accumulate);
    }
    free_sides(&sides);
}

/* ---- Layers of images -------------------------------------------------------------------------
 */

static struct shim_window window_of(const struct layer *layer)
{
    int pools = layer->kind == LAYER_MAX_POOLING;

    return (struct shim_window){
        .kernel = {layer->kernel_height, layer->kernel_width},
        .strides = {layer->stride_height, layer->stride_width},
        .before = {layer->padding_height, layer->padding_width},
        .after = {pools ? 0
                        : layer->output.height + layer->kernel_height - 1 - layer->input.height -
                              layer->padding_height,
                  pools ? 0
                        : layer->output.width + layer->kernel_width - 1 - layer->input.width -
                              layer->padding_width},
    };
}

static void images(struct builder *builder, struct shim_layout *layout, struct shape shape,
                   dnnl_format_tag_t tag, dnnl_data_type_t type)
{
    const dnnl_dims_t dimensions = {builder->plan->rows, shape.channels, shape.height, shape.width};

    note(builder, shim_tagged(layout, 4, dimensions, tag, type));
}

static void kernels(struct builder *builder, struct shim_layout *layout, dnnl_format_tag_t tag,
                    dnnl_data_type_t type)
{
    const struct layer *layer = &layer_of(builder)->shape;
    const dnnl_dims_t dimensions = {layer->output.channels, layer->input.channels,
                                    layer->kernel_height, layer->kernel_width};

    note(builder, shim_tagged(layout, 4, dimensions, tag, type));
}

/* How the layer's outputs lie for the next one: as the primitive has made them if that is a layer
 * of images, else in the contract's order. */
static void choose_edge(struct builder *builder, const_dnnl_primitive_desc_t forward)
{
    const struct plan_context *context = builder->context;
    struct shim_layout *edge = &builder->plan->edges[builder->l + 1];

    if (builder->l + 1 < context->layer_count &&
        context->layers[builder->l + 1].shape.kind != LAYER_DENSE &&
        builder->status == dnnl_success)
        note(builder, shim_chosen(edge, forward, dnnl_query_dst_md));
    else
        images(builder, edge, layer_of(builder)->shape.output, dnnl_nchw, dnnl_f32);
}

typedef dnnl_status_t describe(dnnl_primitive_desc_t *, const struct shim_operands *,
                               const struct shim_window *, const_dnnl_primitive_desc_t forward,
                               dnnl_primitive_attr_t, dnnl_engine_t);

static dnnl_primitive_desc_t described(struct builder *builder, describe *function,
                                       const struct shim_operands *operands,
                                       const_dnnl_primitive_desc_t forward)
{
    struct shim_window window = window_of(&layer_of(builder)->shape);
    dnnl_primitive_attr_t attributes = new_attributes(builder, 0);
    dnnl_primitive_desc_t description = NULL;

    if (builder->status == dnnl_success)
        note(builder, function(&description, operands, &window, forward, attributes,
                               builder->context->engine));
    dnnl_primitive_attr_destroy(attributes);
    return description;
}

static void chosen(struct builder *builder, struct shim_layout *layout,
                   const_dnnl_primitive_desc_t description, dnnl_query_t query)
{
    if (builder->status == dnnl_success)
        note(builder, shim_chosen(layout, description, query));
}

/* A convolution as oneDNN will do it. */
struct convolution {
    struct shim_layout weights, biases; /* the caller's */
    struct shim_layout x, a;            /* as forward has chosen */
    dnnl_primitive_desc_t forward, by_input, by_weights;
};

static void free_convolution(struct convolution *c)
{
    dnnl_primitive_desc_destroy(c->forward);
    dnnl_primitive_desc_destroy(c->by_input);
    dnnl_primitive_desc_destroy(c->by_weights);
    shim_free(&c->weights);
    shim_free(&c->biases);
    shim_free(&c->x);
    shim_free(&c->a);
    *c = (struct convolution){0};
}

/* All three, with images in this order; "any" leaves it to oneDNN. */
static void describe_convolution(struct builder *builder, struct convolution *c,
                                 dnnl_format_tag_t order)
{
    const struct layer *layer = &layer_of(builder)->shape;
    const dnnl_dims_t channels = {layer->output.channels};
    const dnnl_data_type_t type = builder->context->type;
    struct shim_layout x = {0}, float_x = {0}, a = {0}, float_a = {0};
    struct shim_layout weights = {0}, float_weights = {0};

    kernels(builder, &c->weights, dnnl_oihw, dnnl_f32);
    note(builder, shim_tagged(&c->biases, 1, channels, dnnl_x, dnnl_f32));
    kernels(builder, &weights, dnnl_format_tag_any, type);
    kernels(builder, &float_weights, dnnl_format_tag_any, dnnl_f32);
    images(builder, &x, layer->input, order, type);
    images(builder, &float_x, layer->input, order, dnnl_f32);
    images(builder, &a, layer->output, order, type);
    images(builder, &float_a, layer->output, order, dnnl_f32);

    c->forward = described(builder, shim_convolution_forward,
                           &(struct shim_operands){x, weights, c->biases, float_a}, NULL);
    chosen(builder, &c->x, c->forward, dnnl_query_src_md);
    chosen(builder, &c->a, c->forward, dnnl_query_dst_md);
    if (builder->l > 0)
        c->by_input = described(builder, shim_convolution_data,
                                &(struct shim_operands){.x = float_x, .weights = weights, .a = a},
                                c->forward);
    c->by_weights = described(builder, shim_convolution_weights,
                              &(struct shim_operands){x, float_weights, c->biases, a}, c->forward);
    shim_free(&weights);
    shim_free(&float_weights);
    shim_free(&x);
    shim_free(&float_x);
    shim_free(&a);
    shim_free(&float_a);
}

/* 1 if oneDNN has nothing but its reference loops for it, some thousand times slower. */
static int is_reference(const_dnnl_primitive_desc_t description)
{
    const char *name = NULL;

    return description &&
           dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) ==
               dnnl_success &&
           strncmp(name, "ref", 3) == 0;
}

/* oneDNN's own order, unless one of the three has no fast code for it: so it is for few channels
 * with AVX2. Then plain images, for which it lays out columns. */
static void choose_convolution(struct builder *builder, struct convolution *c)
{
    describe_convolution(builder, c, dnnl_format_tag_any);
    if (builder->status == dnnl_success && !is_reference(c->forward) &&
        !is_reference(c->by_input) && !is_reference(c->by_weights))
        return;
    if (builder->status != dnnl_success && builder->status != dnnl_unimplemented)
        return;
    builder->status = dnnl_success;
    free_convolution(c);
    describe_convolution(builder, c, dnnl_nchw);
}

static struct argument plan_convolution_forward(struct builder *builder,
                                                const struct convolution *c)
{
    struct task *task = task_of(builder, TASK_FORWARD);
    struct shim_layout weights = {0}, *edges = &builder->plan->edges[builder->l];
    struct argument arguments[4];

    chosen(builder, &weights, c->forward, dnnl_query_weights_md);
    arguments[0] = named(DNNL_ARG_SRC, taken(builder, task, OPERAND_X, &edges[0], &c->x));
    arguments[1] =
        named(DNNL_ARG_WEIGHTS, taken(builder, task, OPERAND_WEIGHTS, &c->weights, &weights));
    arguments[2] = named(DNNL_ARG_BIAS, callers(builder, OPERAND_BIASES, &c->biases));
    arguments[3] = named(DNNL_ARG_DST, left(builder, OPERAND_A, &edges[1], &c->a));
    act(builder, task, c->forward, arguments, 4);
    leave(builder, task, arguments[3], &c->a, OPERAND_A, &edges[1]);
    note_kernel(builder, "convolution ", c->forward);
    shim_free(&weights);
    return arguments[0];
}

static void plan_convolution_input(struct builder *builder, const struct convolution *c)
{
    struct task *task = task_of(builder, TASK_INPUT);
    struct shim_layout *edges = &builder->plan->edges[builder->l];
    struct shim_layout weights = {0}, x = {0}, a = {0};
    struct argument arguments[3];

    chosen(builder, &x, c->by_input, dnnl_query_diff_src_md);
    chosen(builder, &weights, c->by_input, dnnl_query_weights_md);
    chosen(builder, &a, c->by_input, dnnl_query_diff_dst_md);
    arguments[0] = named(DNNL_ARG_DIFF_DST, taken(builder, task, OPERAND_A, &edges[1], &a));
    arguments[1] =
        named(DNNL_ARG_WEIGHTS, taken(builder, task, OPERAND_WEIGHTS, &c->weights, &weights));
    arguments[2] = named(DNNL_ARG_DIFF_SRC, left(builder, OPERAND_X, &edges[0], &x));
    act(builder, task, c->by_input, arguments, 3);
    leave(builder, task, arguments[2], &x, OPERAND_X, &edges[0]);
    shim_free(&weights);
    shim_free(&x);
    shim_free(&a);
}

/* kept_x: the layer's inputs as forward had them. */
static void plan_convolution_weights(struct builder *builder, const struct convolution *c,
                                     struct argument kept_x, int accumulate)
{
    struct task *task = task_of(builder, accumulate ? TASK_ADD_WEIGHTS : TASK_WEIGHTS);
    struct shim_layout *edges = &builder->plan->edges[builder->l];
    struct shim_layout x = {0}, weights = {0}, a = {0};
    struct argument arguments[4];

    chosen(builder, &x, c->by_weights, dnnl_query_src_md);
    chosen(builder, &weights, c->by_weights, dnnl_query_diff_weights_md);
    chosen(builder, &a, c->by_weights, dnnl_query_diff_dst_md);
    if (builder->status == dnnl_success &&
        !dnnl_memory_desc_equal(shim_description(&x), shim_description(&c->x)))
        kept_x = taken(builder, task, OPERAND_X, &edges[0], &x);
    arguments[0] = named(DNNL_ARG_SRC, kept_x);
    arguments[1] = named(DNNL_ARG_DIFF_DST, taken(builder, task, OPERAND_A, &edges[1], &a));
    arguments[2] = named(DNNL_ARG_DIFF_WEIGHTS, own(builder, &weights));
    arguments[3] = named(DNNL_ARG_DIFF_BIAS, own(builder, &c->biases));
    act(builder, task, c->by_weights, arguments, 4);
    convert(builder, task, arguments[2], &weights, callers(builder, OPERAND_WEIGHTS, &c->weights),
            &c->weights, accumulate);
    convert(builder, task, arguments[3], &c->biases, callers(builder, OPERAND_BIASES, &c->biases),
            &c->biases, accumulate);
    shim_free(&x);
    shim_free(&weights);
    shim_free(&a);
}

static void plan_convolution(struct builder *builder)
{
    struct convolution c = {0};
    struct argument kept_x;

    choose_convolution(builder, &c);
    choose_edge(builder, c.forward);
    kept_x = plan_convolution_forward(builder, &c);
    if (c.by_input)
        plan_convolution_input(builder, &c);
    for (int accumulate = 0; accumulate < 2; accumulate++)
        plan_convolution_weights(builder, &c, kept_x, accumulate);
    free_convolution(&c);
}

static void plan_pooling(struct builder *builder)
{
    struct task *task = task_of(builder, TASK_FORWARD), *input = task_of(builder, TASK_INPUT);
    struct shim_layout *edges = &builder->plan->edges[builder->l], a = {0}, places = {0};
    struct shim_operands layouts = {.x = edges[0]};
    dnnl_primitive_desc_t forward, backward;
    struct argument largest, out;

    images(builder, &layouts.a, layer_of(builder)->shape.output, dnnl_format_tag_any, dnnl_f32);
    forward = described(builder, shim_pooling_forward, &layouts, NULL);
    choose_edge(builder, forward);
    chosen(builder, &a, forward, dnnl_query_dst_md);
    chosen(builder, &places, forward, dnnl_query_workspace_md);
    largest = named(DNNL_ARG_WORKSPACE, own(builder, &places));
    out = named(DNNL_ARG_DST, left(builder, OPERAND_A, &edges[1], &a));
    act(builder, task, forward,
        (struct argument[]){named(DNNL_ARG_SRC, callers(builder, OPERAND_X, &edges[0])), out,
                            largest},
        3);
    leave(builder, task, out, &a, OPERAND_A, &edges[1]);

    shim_free(&layouts.a);
    layouts.a = a;
    backward = described(builder, shim_pooling_backward, &layouts, forward);
    out = named(DNNL_ARG_DIFF_DST, taken(builder, input, OPERAND_A, &edges[1], &a));
    act(builder, input, backward,
        (struct argument[]){out, largest,
                            named(DNNL_ARG_DIFF_SRC, callers(builder, OPERAND_X, &edges[0]))},
        3);
    dnnl_primitive_desc_destroy(forward);
    dnnl_primitive_desc_destroy(backward);
    shim_free(&a);
    shim_free(&places);
}

/* ---- The plan ---------------------------------------------------------------------------------
 */

static void plan_layers(struct builder *builder)
{
    const struct plan_context *context = builder->context;
    struct shim_layout *edges = builder->plan->edges;

    for (builder->l = 0; builder->l < context->layer_count; builder->l++) {
        const struct layer *layer = &layer_of(builder)->shape;

        if (!edges[builder->l].is_there) /* the first */
            images(builder, &edges[builder->l], layer->input, dnnl_nchw, dnnl_f32);
        if (layer->kind == LAYER_DENSE)
            images(builder, &edges[builder->l + 1], layer->output, dnnl_nchw, dnnl_f32);
        switch (layer->kind) {
        case LAYER_DENSE:
            plan_dense(builder);
            break;
        case LAYER_CONVOLUTION:
            plan_convolution(builder);
            break;
        case LAYER_MAX_POOLING:
            plan_pooling(builder);
            break;
        case LAYER_POSITION: /* refused by check_network */
            break;
        }
    }
}

dnnl_status_t plan_open(struct plan **plan, const struct plan_context *context, int rows)
{
    struct builder builder = {.context = context, .status = dnnl_success};
    size_t count = (size_t)context->layer_count;

    *plan = calloc(1, sizeof **plan);
    if (!*plan)
        return dnnl_out_of_memory;
    builder.plan = *plan;
    (*plan)->rows = rows;
    (*plan)->tasks = calloc(count, sizeof *(*plan)->tasks);
    (*plan)->edges = calloc(count + 1, sizeof *(*plan)->edges);
    if (!(*plan)->tasks || !(*plan)->edges)
        note(&builder, dnnl_out_of_memory);
    else
        plan_layers(&builder);
    if (builder.status != dnnl_success) {
        plan_close(*plan, context);
        *plan = NULL;
    }
    return builder.status;
}

static void close_task(struct task *task)
{
    for (int a = 0; a < task->action_count; a++)
        dnnl_primitive_destroy(task->actions[a].primitive);
}

void plan_close(struct plan *plan, const struct plan_context *context)
{
    if (!plan)
        return;
    for (int l = 0; plan->tasks && l < context->layer_count; l++)
        for (int kind = 0; kind < TASK_KINDS; kind++)
            close_task(&plan->tasks[l][kind]);
    for (struct memory_set *set = plan->sets, *next; set; set = next) {
        next = set->next;
        for (int w = 0; set->of_worker && w < context->workers; w++)
            dnnl_memory_destroy(set->of_worker[w]);
        free(set->of_worker);
        free(set);
    }
    for (int l = 0; plan->edges && l <= context->layer_count; l++)
        shim_free(&plan->edges[l]);
    free(plan->tasks);
    free(plan->edges);
    free(plan);
}

size_t plan_values(const struct plan *plan, int layer)
{
    return dnnl_memory_desc_get_size(shim_description(&plan->edges[layer + 1])) / sizeof(float);
}

const char *plan_kernels(const struct plan *plan)
{
    return plan->kernels;
}

dnnl_status_t plan_execute(struct plan *plan, int layer, enum task_kind kind, int worker,
                           dnnl_stream_t stream, float *const data[OPERANDS])
{
    const struct task *task = &plan->tasks[layer][kind];
    dnnl_status_t status = dnnl_success;

    for (int i = 0; i < task->action_count && status == dnnl_success; i++) {
        const struct action *action = &task->actions[i];
        dnnl_exec_arg_t arguments[ARGUMENTS_MAX];

        for (int j = 0; j < action->argument_count && status == dnnl_success; j++) {
            const struct argument *argument = &action->arguments[j];
            dnnl_memory_t memory = argument->set->of_worker[worker];

            if (argument->operand != OPERANDS)
                status = dnnl_memory_set_data_handle(memory, data[argument->operand]);
            arguments[j] = (dnnl_exec_arg_t){argument->name, memory};
        }
        if (status == dnnl_success)
            status = dnnl_primitive_execute(action->primitive, stream, action->argument_count,
                                            arguments);
    }
    return status;
}
