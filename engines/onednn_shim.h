/* The part of oneDNN that differs between versions 2 and 3: how a matrix product is described.
 * Version 2.6 is what this was written and tested with; the branch for version 3 follows its manual
 * and has not been compiled. */
#ifndef BATCHLAB_ONEDNN_SHIM_H
#define BATCHLAB_ONEDNN_SHIM_H

#include <dnnl.h>
#include <dnnl_debug.h>

/* A float matrix, however it lies in memory. */
struct matrix {
    int rows, columns;
    int row_stride, column_stride;
};

/* C = A B + bias, added to what C holds if accumulate. bias is [1][C.columns], or rows == 0: none.
 */
struct matmul {
    struct matrix a, b, bias, c;
    int accumulate;
};

#if DNNL_VERSION_MAJOR >= 3

static inline dnnl_status_t shim_describe(dnnl_memory_desc_t *description,
                                          const struct matrix *matrix)
{
    dnnl_dims_t shape = {matrix->rows, matrix->columns};
    dnnl_dims_t strides = {matrix->row_stride, matrix->column_stride};

    return dnnl_memory_desc_create_with_strides(description, 2, shape, dnnl_f32, strides);
}

static inline dnnl_status_t shim_memory(dnnl_memory_t *memory, const struct matrix *matrix,
                                        dnnl_engine_t engine)
{
    dnnl_memory_desc_t description = NULL;
    dnnl_status_t status = shim_describe(&description, matrix);

    if (status == dnnl_success)
        status = dnnl_memory_create(memory, description, engine, DNNL_MEMORY_NONE);
    dnnl_memory_desc_destroy(description);
    return status;
}

static inline dnnl_status_t shim_append_sum(dnnl_post_ops_t operations)
{
    return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}

static inline dnnl_status_t shim_matmul(dnnl_primitive_desc_t *description,
                                        const struct matmul *matmul,
                                        dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    const struct matrix *matrices[] = {&matmul->a, &matmul->b, &matmul->bias, &matmul->c};
    dnnl_memory_desc_t parts[4] = {NULL};
    dnnl_status_t status = dnnl_success;

    for (int i = 0; i < 4 && status == dnnl_success; i++)
        if (matrices[i]->rows > 0)
            status = shim_describe(&parts[i], matrices[i]);
    if (status == dnnl_success)
        status = dnnl_matmul_primitive_desc_create(description, engine, parts[0], parts[1],
                                                   parts[2], parts[3], attributes);
    for (int i = 0; i < 4; i++)
        dnnl_memory_desc_destroy(parts[i]);
    return status;
}

#else

static inline dnnl_status_t shim_describe(dnnl_memory_desc_t *description,
                                          const struct matrix *matrix)
{
    dnnl_dims_t shape = {matrix->rows, matrix->columns};
    dnnl_dims_t strides = {matrix->row_stride, matrix->column_stride};

    return dnnl_memory_desc_init_by_strides(description, 2, shape, dnnl_f32, strides);
}

static inline dnnl_status_t shim_memory(dnnl_memory_t *memory, const struct matrix *matrix,
                                        dnnl_engine_t engine)
{
    dnnl_memory_desc_t description;
    dnnl_status_t status = shim_describe(&description, matrix);

    if (status == dnnl_success)
        status = dnnl_memory_create(memory, &description, engine, DNNL_MEMORY_NONE);
    return status;
}

static inline dnnl_status_t shim_append_sum(dnnl_post_ops_t operations)
{
    return dnnl_post_ops_append_sum(operations, 1);
}

static inline dnnl_status_t shim_matmul(dnnl_primitive_desc_t *description,
                                        const struct matmul *matmul,
                                        dnnl_primitive_attr_t attributes, dnnl_engine_t engine)
{
    const struct matrix *matrices[] = {&matmul->a, &matmul->b, &matmul->bias, &matmul->c};
    dnnl_memory_desc_t parts[4];
    dnnl_matmul_desc_t operation;
    dnnl_status_t status = dnnl_success;

    for (int i = 0; i < 4 && status == dnnl_success; i++)
        if (matrices[i]->rows > 0)
            status = shim_describe(&parts[i], matrices[i]);
    if (status == dnnl_success)
        status = dnnl_matmul_desc_init(&operation, &parts[0], &parts[1],
                                       matmul->bias.rows > 0 ? &parts[2] : NULL, &parts[3]);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(description, &operation, attributes, engine, NULL);
    return status;
}

#endif

#endif
