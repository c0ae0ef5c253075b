/* The parts of a step, by native and by libraries, and the ceilings of the machine. */
#include "ceiling_parts.h"
#include "base/clock.h"
#include "blas_library.h"
#include "elementwise.h"
#include "memory.h"
#include "message.h"
#include "native/kernels.h"
#include "run/host.h"
#include "run/kernels.h"

#ifdef BATCHLAB_WITH_ONEDNN
#include <dnnl.h>
#endif
#include <omp.h>

const char *const by_names[BY_COUNT] = {"native", "onednn", "openblas", "blis"};
const char *const ceiling_names[CEILING_COUNT] = {"fma", "tile L1", "tile L2", "tile L3", "memory"};

/* The tile's B, [TILE_DEPTH][columns]: one panel, what half of L2 holds, and what only L3 holds. */
enum { TILE_ROWS = 12, TILE_DEPTH = 192, COLUMNS_L2 = 1024, COLUMNS_L3 = 32768 };
enum { THREADS_MAX = 64, MEMORY_FLOATS = 64 << 20 };

/* One thread's operands, each large enough for every part. */
static struct operands {
    float *x, *weights, *z, *delta, *dx, *gradient, *scratch, *memory;
    float *tile_a, *tile_b, *tile_c;
    int *live;
    int32_t *labels;
    size_t next; /* in memory */
} operands[THREADS_MAX];

static int thread_count;
static const struct native_kernels *native;
static struct kernels loops;
static sgemm_function *sgemm[BY_COUNT];

/* ---- Operands -----------------------------------------------------------------------------------
 */

/* Half of the values are zero, as behind rectified units. */
static float *take(size_t count)
{
    float *values = memory_take_floats(count);

    for (size_t i = 0; values && i < count; i += 2)
        values[i] = 1e-3f * (float)(i % 101);
    return values;
}

static int take_operands(struct operands *o, size_t rows, size_t inputs, size_t outputs)
{
    o->x = take(rows * inputs);
    o->weights = take(inputs * outputs);
    o->gradient = take(inputs * outputs);
    o->z = take(rows * outputs);
    o->delta = take(rows * outputs);
    o->dx = take(rows * inputs);
    o->scratch = memory_take_floats(native_scratch(native, (int)rows, (int)outputs));
    o->tile_a = take((size_t)TILE_ROWS * TILE_DEPTH);
    o->tile_b = take((size_t)TILE_DEPTH * COLUMNS_L3);
    o->tile_c = take((size_t)TILE_ROWS * COLUMNS_L3);
    o->memory = take(MEMORY_FLOATS);
    o->live = calloc(outputs + 8, sizeof *o->live);
    o->labels = calloc(rows, sizeof *o->labels);
    o->next = 0;
    return o->x && o->weights && o->gradient && o->z && o->delta && o->dx && o->scratch &&
                   o->tile_a && o->tile_b && o->tile_c && o->memory && o->live && o->labels
               ? 0
               : -1;
}

int parts_open(int threads, int rows, int inputs, int outputs, struct message *message)
{
    static const char *const variants[BY_COUNT] = {[BY_OPENBLAS] = "openblas", [BY_BLIS] = "blis"};
    struct message missing;
    struct host host;

    if (threads > THREADS_MAX)
        return message_set(message, "%d threads: expected %d at the most", threads, THREADS_MAX);
    thread_count = threads;
    omp_set_num_threads(threads);
    native = native_kernels("", message);
    host_read(&host);
    loops = kernels_for(host.instructions);
    for (int by = 0; by < BY_COUNT; by++) {
        const struct blas_library *library =
            variants[by] ? blas_library(variants[by], &missing) : NULL;

        sgemm[by] = library ? library->sgemm : NULL;
    }
    for (int t = 0; t < threads; t++)
        if (take_operands(&operands[t], (size_t)rows, (size_t)inputs, (size_t)outputs) != 0)
            return message_set(message, "out of memory");
    return 0;
}

void parts_close(void)
{
    for (int t = 0; t < thread_count; t++) {
        struct operands *o = &operands[t];
        void *const all[] = {o->x,        o->weights, o->z,      o->delta, o->dx,
                             o->gradient, o->scratch, o->memory, o->live,  o->labels,
                             o->tile_a,   o->tile_b,  o->tile_c};

        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            free(all[i]);
        *o = (struct operands){0};
    }
}

/* ---- Parts --------------------------------------------------------------------------------------
 */

static int is_descent(const struct part *part)
{
    return part->kind == PART_WEIGHTS && part->rows == 1;
}

int part_is_by(const struct part *part, enum by by)
{
    if (part->kind == PART_ELEMENTWISE || is_descent(part) || by == BY_NATIVE)
        return by == BY_NATIVE;
#ifdef BATCHLAB_WITH_ONEDNN
    if (by == BY_ONEDNN)
        return 1;
#endif
    return sgemm[by] != NULL;
}

double part_flops(const struct part *part)
{
    double flops = 2.0 * part->rows * part->inputs * part->outputs;

    return part->kind == PART_ELEMENTWISE ? 0 : flops;
}

static void run_native(const struct part *part, const struct operands *o)
{
    const int m = part->rows, i = part->inputs, n = part->outputs;

    if (part->kind == PART_FORWARD && m == 1)
        native->forward_one(i, n, o->x, o->weights, o->delta, o->z);
    else if (part->kind == PART_FORWARD)
        native->forward(m, i, n, o->x, NATIVE_FETCH_NOTHING, o->weights, o->z, o->scratch);
    else if (is_descent(part))
        native->descend_one(i, n, o->delta, o->x, 1e-9f, o->weights,
                            part->needs_inputs ? o->dx : NULL, o->live);
    else if (part->kind == PART_WEIGHTS)
        native->weight_gradient(m, i, n, o->delta, o->x, NATIVE_FETCH_NOTHING, 1, o->gradient,
                                o->scratch);
    else
        native->input_gradient(m, i, n, o->delta, o->weights, o->dx, o->scratch);
}

static void run_library(const struct part *part, enum by by, const struct operands *o)
{
    enum { ROWS = BLAS_ROW_MAJOR, N = BLAS_NO_TRANSPOSE, T = BLAS_TRANSPOSE };
    const int m = part->rows, i = part->inputs, n = part->outputs;

#ifdef BATCHLAB_WITH_ONEDNN
    if (by == BY_ONEDNN) {
        if (part->kind == PART_FORWARD)
            dnnl_sgemm('N', 'T', m, n, i, 1, o->x, i, o->weights, i, 0, o->z, n);
        else if (part->kind == PART_WEIGHTS)
            dnnl_sgemm('T', 'N', n, i, m, 1, o->delta, n, o->x, i, 1, o->gradient, i);
        else
            dnnl_sgemm('N', 'N', m, i, n, 1, o->delta, n, o->weights, i, 0, o->dx, i);
        return;
    }
#endif
    if (part->kind == PART_FORWARD)
        sgemm[by](ROWS, N, T, m, n, i, 1, o->x, i, o->weights, i, 0, o->z, n);
    else if (part->kind == PART_WEIGHTS)
        sgemm[by](ROWS, T, N, n, i, m, 1, o->delta, n, o->x, i, 1, o->gradient, i);
    else
        sgemm[by](ROWS, N, N, m, i, n, 1, o->delta, n, o->weights, i, 0, o->dx, i);
}

/* What a step does beside products: biases, activation, loss, derivative, gradient of biases. */
static void run_elementwise(const struct part *part, const struct operands *o)
{
    const struct batch batch = {.size = part->rows, .labels = o->labels};
    const struct head_piece piece = {&batch, 0, part->rows, part->outputs};
    const size_t values = (size_t)part->rows * (size_t)part->outputs;
    struct score score = {0};

    add_biases_and_activate(o->z, o->gradient, part->rows, part->outputs, part->activation);
    if (part->is_last)
        softmax_cross_entropy(o->z, &piece, o->delta, &score);
    else
        multiply_by_derivative(o->delta, o->z, values, part->activation);
    scale(o->delta, values, 1);
    sum_columns(o->dx, o->delta, part->rows, part->outputs, 0);
}

double part_time(const struct part *part, enum by by, long times)
{
    double start = clock_now();

#pragma omp parallel num_threads(thread_count)
    {
        const struct operands *o = &operands[omp_get_thread_num()];

        for (long i = 0; i < times; i++)
            if (part->kind == PART_ELEMENTWISE)
                run_elementwise(part, o);
            else if (by == BY_NATIVE)
                run_native(part, o);
            else
                run_library(part, by, o);
    }
    return clock_now() - start;
}

/* ---- Ceilings -----------------------------------------------------------------------------------
 */

/* FLOPs of one row of tiles. */
static double run_tiles(const struct operands *o, int columns, int times)
{
    for (int i = 0; i < times; i++)
        native->input_gradient(TILE_ROWS, columns, TILE_DEPTH, o->tile_a, o->tile_b, o->tile_c,
                               o->scratch);
    return 2.0 * TILE_ROWS * TILE_DEPTH * columns * times;
}

static double run_ceiling(enum ceiling ceiling, struct operands *o)
{
    enum { STRETCH = 1 << 20 };

    switch (ceiling) {
    case CEILING_FMA:
        return loops.fma(1);
    case CEILING_TILE_L1:
        return run_tiles(o, native->panel, 200);
    case CEILING_TILE_L2:
        return run_tiles(o, COLUMNS_L2, 6);
    case CEILING_TILE_L3:
        return run_tiles(o, COLUMNS_L3, 1);
    case CEILING_READ:
        loops.traffic[TRAFFIC_READ](o->memory + o->next, NULL, NULL, STRETCH, 1);
        o->next = (o->next + STRETCH) % MEMORY_FLOATS;
        return 4.0 * STRETCH;
    case CEILING_COUNT:
        break;
    }
    return 0;
}

double ceiling_rate(enum ceiling ceiling)
{
    double start = clock_now(), amount = 0;

#pragma omp parallel num_threads(thread_count) reduction(+ : amount)
    amount += run_ceiling(ceiling, &operands[omp_get_thread_num()]);
    return amount / (clock_now() - start) * 1e-9;
}

double traffic_rate(size_t bytes, int writes)
{
    enum { PASSES = 4, ROWS = 8 };
    static const float delta[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1};
    size_t floats = bytes / sizeof(float) / KERNEL_FLOATS * KERNEL_FLOATS;
    const struct operands *o = &operands[0];
    double start = clock_now();

    if (!writes)
        loops.traffic[TRAFFIC_READ](o->tile_b, NULL, NULL, floats, PASSES);
    for (int i = 0; writes && i < PASSES; i++)
        native->descend_one((int)(floats / ROWS), ROWS, delta, o->tile_c, 1e-9f, o->tile_b, NULL,
                            o->live);
    return (writes ? 2 : 1) * PASSES * 4.0 * (double)floats / (clock_now() - start) * 1e-9;
}
