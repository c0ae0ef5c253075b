/* The way of a batch through a chain of layers: chunks, threads, steps and failures, over plain
 * layers. */
#include "chain.h"
#include "elementwise.h"
#include "message.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Written so that not-a-number fails. */
static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g within %g", value, expected, tolerance);
}

/* Products in plain loops, and a count of the rows that came through. */
static int plain_forward(struct chain_call *call, const struct chain_layer *layer, int rows,
                         const float *x, const float *theta, float *a)
{
    (void)call;
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < layer->outputs; o++) {
            float *z = &a[r * layer->outputs + o];

            *z = 0;
            for (int i = 0; i < layer->inputs; i++)
                *z += theta[layer->weights + (size_t)(o * layer->inputs + i)] *
                      x[r * layer->inputs + i];
        }
    add_biases_and_activate(a, theta + layer->biases, rows, layer->outputs,
                            layer->shape.activation);
    return 0;
}

static int plain_weight_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                                 const float *delta, const float *x, int accumulate,
                                 float *gradient)
{
    (void)call;
    for (int o = 0; o < layer->outputs; o++)
        for (int i = 0; i < layer->inputs; i++) {
            float *sum = &gradient[layer->weights + (size_t)(o * layer->inputs + i)];

            *sum = accumulate ? *sum : 0;
            for (int r = 0; r < rows; r++)
                *sum += delta[r * layer->outputs + o] * x[r * layer->inputs + i];
        }
    sum_columns(gradient + layer->biases, delta, rows, layer->outputs, accumulate);
    return 0;
}

static int plain_input_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                                const float *delta, const float *theta, enum activation before,
                                const float *x, float *dx)
{
    (void)call;
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < layer->inputs; i++) {
            dx[r * layer->inputs + i] = 0;
            for (int o = 0; o < layer->outputs; o++)
                dx[r * layer->inputs + i] +=
                    delta[r * layer->outputs + o] *
                    theta[layer->weights + (size_t)(o * layer->inputs + i)];
        }
    multiply_by_derivative(dx, x, (size_t)rows * (size_t)layer->inputs, before);
    return 0;
}

static int failing_input_gradient(struct chain_call *call, const struct chain_layer *layer,
                                  int rows, const float *delta, const float *theta,
                                  enum activation before, const float *x, float *dx)
{
    (void)layer, (void)rows, (void)delta, (void)theta, (void)before, (void)x, (void)dx;
    return message_set(&call->message, "planted in a product");
}

static int failing_prepare(struct chain_call *call, int rows)
{
    return message_set(&call->message, "planted for %d rows", rows);
}

/* The context counts how often each number of rows was prepared. */
static int counting_prepare(struct chain_call *call, int rows)
{
    int *prepared = call->context;

    prepared[rows]++;
    return 0;
}

static int prepared_forward(struct chain_call *call, const struct chain_layer *layer, int rows,
                            const float *x, const float *theta, float *a)
{
    const int *prepared = call->context;

    if (!prepared[rows])
        return message_set(&call->message, "%d rows were not prepared", rows);
    return plain_forward(call, layer, rows, x, theta, a);
}

static const struct chain_layers plain_layers = {
    .forward = plain_forward,
    .weight_gradient = plain_weight_gradient,
    .input_gradient = plain_input_gradient,
};

/* Wide enough that two threads share a batch of 1024: 1024 * P > 2 * 500 000. */
enum { INPUTS = 65, HIDDEN = 16, CLASSES = 3, STORED = 64, LARGEST = 1024 };
enum { PARAMETERS = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * CLASSES };

static const struct layer two_layers[] = {
    {.kind = LAYER_DENSE,
     .activation = ACTIVATION_RELU,
     .input = {INPUTS, 1, 1},
     .output = {HIDDEN, 1, 1}},
    {.kind = LAYER_DENSE, .input = {HIDDEN, 1, 1}, .output = {CLASSES, 1, 1}},
};
static const struct network two_layer_network = {2, two_layers, HEAD_SOFTMAX_CROSS_ENTROPY, NULL};

struct problem {
    float features[STORED][INPUTS];
    int32_t labels[STORED];
    int32_t rows[LARGEST];
    float theta[PARAMETERS];
    struct batch batch;
};

static struct problem *problem_of(int size)
{
    static struct problem problem;

    for (int r = 0; r < STORED; r++) {
        problem.labels[r] = r % CLASSES;
        for (int i = 0; i < INPUTS; i++)
            problem.features[r][i] = (float)((r * 31 + i * 17) % 23) / 11 - 1;
    }
    for (int i = 0; i < LARGEST; i++)
        problem.rows[i] = (i * 37) % STORED;
    for (int p = 0; p < PARAMETERS; p++)
        problem.theta[p] = (float)((p * 29) % 41) / 41 - 0.5f;
    problem.batch = (struct batch){.size = size,
                                   .rows = problem.rows,
                                   .features = problem.features,
                                   .element = ELEMENT_FLOAT32,
                                   .scale = 1,
                                   .labels = problem.labels};
    return &problem;
}

static struct score run(const struct problem *problem, int threads, int chunk,
                        float gradient[PARAMETERS])
{
    const struct engine_options options = {
        .max_batch = LARGEST, .threads = threads, .precision = PRECISION_SINGLE, .chunk = chunk};
    struct message message;
    struct chain chain;
    struct score score;

    assert_int_equal(
        chain_open(&chain, &two_layer_network, &options, &plain_layers, NULL, &message), 0);
    assert_int_equal(
        chain_score(&chain, problem->theta, &problem->batch, gradient, &score, &message), 0);
    chain_close(&chain);
    return score;
}

static void test_chunks_and_threads_change_rounding_only(void **state)
{
    const struct {
        int threads, chunk;
    } ways[] = {{1, 1}, {1, 7}, {1, ENGINE_CHUNK_AUTO}, {2, ENGINE_CHUNK_NONE}, {2, 100}, {5, 64}};
    const int sizes[] = {1, 3, 129, LARGEST};

    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++) {
        const struct problem *problem = problem_of(sizes[s]);
        float expected[PARAMETERS], gradient[PARAMETERS];
        struct score whole = run(problem, 1, ENGINE_CHUNK_NONE, expected);

        for (size_t w = 0; w < COUNT(ways); w++) {
            struct score score = run(problem, ways[w].threads, ways[w].chunk, gradient);

            assert_close(score.loss, whole.loss, 1e-6);
            assert_int_equal(score.errors, whole.errors);
            for (int p = 0; p < PARAMETERS; p++)
                assert_close((double)gradient[p], (double)expected[p], 1e-6);
        }
    }
}

/* ---- Steps ------------------------------------------------------------------------------------
 */

/* theta after one step of the problem's batch, which stays as it is. */
static struct score step(const struct problem *problem, int threads, int chunk, float rate,
                         float theta[PARAMETERS])
{
    const struct engine_options options = {
        .max_batch = LARGEST, .threads = threads, .precision = PRECISION_SINGLE, .chunk = chunk};
    struct message message;
    struct chain chain;
    struct score score;

    memcpy(theta, problem->theta, sizeof problem->theta);
    assert_int_equal(
        chain_open(&chain, &two_layer_network, &options, &plain_layers, NULL, &message), 0);
    assert_int_equal(chain_step(&chain, theta, &problem->batch, rate, &score, &message), 0);
    chain_close(&chain);
    return score;
}

/* One piece, several chunks, several threads. */
static void test_a_step_is_the_gradient_and_its_update(void **state)
{
    const struct {
        int threads, chunk, size;
    } ways[] = {{1, ENGINE_CHUNK_NONE, 17},      {1, ENGINE_CHUNK_AUTO, 1}, {1, 7, 17},
                {1, ENGINE_CHUNK_NONE, LARGEST}, {2, 100, LARGEST},         {3, 100, LARGEST}};
    const float rate = 0.5f;

    (void)state;
    for (size_t w = 0; w < COUNT(ways); w++) {
        const struct problem *problem = problem_of(ways[w].size);
        float gradient[PARAMETERS], moved[PARAMETERS];
        struct score whole = run(problem, 1, ENGINE_CHUNK_NONE, gradient);
        struct score score = step(problem, ways[w].threads, ways[w].chunk, rate, moved);

        assert_close(score.loss, whole.loss, 1e-6);
        assert_int_equal(score.errors, whole.errors);
        for (int p = 0; p < PARAMETERS; p++)
            assert_close((double)moved[p], (double)(problem->theta[p] - rate * gradient[p]),
                         1e-5); /* a thousand terms added to theta one by one */
    }
}

static void test_a_step_of_rate_zero_leaves_theta(void **state)
{
    const struct problem *problem = problem_of(17);
    float moved[PARAMETERS];

    (void)state;
    step(problem, 1, ENGINE_CHUNK_AUTO, 0, moved);
    assert_memory_equal(moved, problem->theta, sizeof moved);
}

/* ---- Layouts of an engine's own: here each value of a hidden layer is followed by a gap ---------
 */

enum { GAP = 3 };

static size_t spread_values(struct chain_call *call, const struct chain_layer *layer, int rows)
{
    (void)call;
    return (size_t)rows * (size_t)layer->outputs * GAP;
}

static void spread(float *values, const float *from, int count)
{
    for (int i = 0; i < count; i++) {
        values[i * GAP] = from[i];
        values[i * GAP + 1] = values[i * GAP + 2] = 0;
    }
}

static void close_up(float *values, const float *from, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = from[i * GAP];
}

static int spread_forward(struct chain_call *call, const struct chain_layer *layer, int rows,
                          const float *x, const float *theta, float *a)
{
    static float plain_x[LARGEST * HIDDEN], plain_a[LARGEST * HIDDEN];

    if (layer->inputs == HIDDEN) {
        close_up(plain_x, x, rows * HIDDEN);
        return plain_forward(call, layer, rows, plain_x, theta, a);
    }
    plain_forward(call, layer, rows, x, theta, plain_a);
    spread(a, plain_a, rows * HIDDEN);
    return 0;
}

static int spread_weight_gradient(struct chain_call *call, const struct chain_layer *layer,
                                  int rows, const float *delta, const float *x, int accumulate,
                                  float *gradient)
{
    static float plain[LARGEST * HIDDEN];

    if (layer->inputs == HIDDEN) {
        close_up(plain, x, rows * HIDDEN);
        return plain_weight_gradient(call, layer, rows, delta, plain, accumulate, gradient);
    }
    close_up(plain, delta, rows * HIDDEN);
    return plain_weight_gradient(call, layer, rows, plain, x, accumulate, gradient);
}

static int spread_input_gradient(struct chain_call *call, const struct chain_layer *layer, int rows,
                                 const float *delta, const float *theta, enum activation before,
                                 const float *x, float *dx)
{
    static float plain_x[LARGEST * HIDDEN], plain_dx[LARGEST * HIDDEN];

    close_up(plain_x, x, rows * HIDDEN);
    plain_input_gradient(call, layer, rows, delta, theta, before, plain_x, plain_dx);
    spread(dx, plain_dx, rows * HIDDEN);
    return 0;
}

static void test_between_its_layers_an_engine_has_its_own_layout(void **state)
{
    static const struct chain_layers spread_layers = {
        .forward = spread_forward,
        .weight_gradient = spread_weight_gradient,
        .input_gradient = spread_input_gradient,
        .values = spread_values,
    };
    const struct engine_options options = {.max_batch = LARGEST, .threads = 1, .chunk = 100};
    const struct problem *problem = problem_of(LARGEST);
    float expected[PARAMETERS], gradient[PARAMETERS];
    struct score whole = run(problem, 1, 100, expected), score;
    struct message message;
    struct chain chain;

    (void)state;
    assert_int_equal(
        chain_open(&chain, &two_layer_network, &options, &spread_layers, NULL, &message), 0);
    assert_int_equal(
        chain_score(&chain, problem->theta, &problem->batch, gradient, &score, &message), 0);
    assert_memory_equal(&score, &whole, sizeof score);
    assert_memory_equal(gradient, expected, sizeof gradient);
    assert_int_equal(chain_step(&chain, (float *)(uintptr_t)problem->theta, &problem->batch, 0,
                                &score, &message),
                     0);
    assert_memory_equal(&score, &whole, sizeof score);
    chain_close(&chain);
}

static void test_the_gradient_is_the_slope_of_the_loss(void **state)
{
    struct problem *problem = problem_of(17);
    float gradient[PARAMETERS];
    const float step = 1e-3f;

    (void)state;
    run(problem, 1, 5, gradient);
    for (int p = 0; p < PARAMETERS; p += 13) {
        float before = problem->theta[p];

        problem->theta[p] = before + step;
        double above = run(problem, 1, 5, NULL).loss;
        problem->theta[p] = before - step;
        double below = run(problem, 1, 5, NULL).loss;
        problem->theta[p] = before;
        assert_close((double)gradient[p], (above - below) / (2 * (double)step), 1e-3);
    }
}

static void test_repeats_give_the_same_bytes(void **state)
{
    const struct problem *problem = problem_of(LARGEST);
    float first[PARAMETERS], again[PARAMETERS];

    (void)state;
    struct score score = run(problem, 3, 100, first);

    for (int repeat = 0; repeat < 20; repeat++) {
        struct score same = run(problem, 3, 100, again);

        assert_memory_equal(&same, &score, sizeof score);
        assert_memory_equal(again, first, sizeof first);
    }
}

static void test_a_contiguous_float_batch_is_read_where_it_is(void **state)
{
    struct problem *problem = problem_of(STORED);
    float gathered[PARAMETERS], in_place[PARAMETERS];

    (void)state;
    for (int i = 0; i < STORED; i++)
        problem->rows[i] = i;
    struct score with_rows = run(problem, 1, 10, gathered);

    problem->batch.rows = NULL;
    struct score without_rows = run(problem, 1, 10, in_place);

    assert_memory_equal(&with_rows, &without_rows, sizeof with_rows);
    assert_memory_equal(gathered, in_place, sizeof gathered);
}

static void test_every_number_of_rows_is_prepared_before_it_comes(void **state)
{
    const struct engine_options options = {.max_batch = LARGEST, .threads = 3, .chunk = 100};
    struct chain_layers layers = plain_layers;
    int prepared[LARGEST + 1] = {0};
    struct message message;
    struct chain chain;

    (void)state;
    layers.prepare = counting_prepare;
    layers.forward = prepared_forward;
    assert_int_equal(chain_open(&chain, &two_layer_network, &options, &layers, prepared, &message),
                     0);
    for (int size = 1; size <= LARGEST; size += size < 210 ? 1 : 101) {
        const struct problem *problem = problem_of(size);

        if (chain_score(&chain, problem->theta, &problem->batch, NULL, NULL, &message) != 0)
            fail_msg("batch of %d: %s", size, message.text);
    }
    chain_close(&chain);
}

static void assert_fails(const struct chain_layers *layers, const char *reason)
{
    const struct engine_options options = {.max_batch = LARGEST, .threads = 2};
    const struct problem *problem = problem_of(LARGEST);
    float gradient[PARAMETERS];
    struct message message;
    struct chain chain;

    assert_int_equal(chain_open(&chain, &two_layer_network, &options, layers, NULL, &message), 0);
    assert_int_equal(chain_score(&chain, problem->theta, &problem->batch, gradient, NULL, &message),
                     -1);
    assert_string_equal(message.text, reason);
    chain_close(&chain);
}

static void test_a_failing_product_is_reported_with_its_reason(void **state)
{
    struct chain_layers layers = plain_layers;

    (void)state;
    layers.input_gradient = failing_input_gradient;
    assert_fails(&layers, "planted in a product");
    layers.prepare = failing_prepare;
    assert_fails(&layers, "planted for 512 rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks_and_threads_change_rounding_only),
        cmocka_unit_test(test_a_step_is_the_gradient_and_its_update),
        cmocka_unit_test(test_a_step_of_rate_zero_leaves_theta),
        cmocka_unit_test(test_between_its_layers_an_engine_has_its_own_layout),
        cmocka_unit_test(test_the_gradient_is_the_slope_of_the_loss),
        cmocka_unit_test(test_repeats_give_the_same_bytes),
        cmocka_unit_test(test_a_contiguous_float_batch_is_read_where_it_is),
        cmocka_unit_test(test_every_number_of_rows_is_prepared_before_it_comes),
        cmocka_unit_test(test_a_failing_product_is_reported_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
