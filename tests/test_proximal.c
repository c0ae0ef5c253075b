/* Implicit updates: theta after the step satisfies theta = before - rate g(theta), found out with
 * the engine reference, and by the closed form for one example. */
#include "train/proximal.h"

#include "reference_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INPUTS = 5, MOST = 16, OUTPUTS_MAX = 4, PARAMETERS_MAX = OUTPUTS_MAX * (INPUTS + 1) };

static float features[MOST * INPUTS], targets[MOST * OUTPUTS_MAX], weights[MOST];
static int32_t labels[MOST], rows[MOST];

static struct layer layer;

static struct network network_of(enum head head, int outputs)
{
    layer = (struct layer){.kind = LAYER_DENSE,
                           .activation = ACTIVATION_IDENTITY,
                           .input = {INPUTS, 1, 1},
                           .output = {outputs, 1, 1}};
    return (struct network){1, &layer, head, NULL};
}

static struct batch batch_of_size(int size, enum head head, int outputs)
{
    for (int i = 0; i < MOST; i++) {
        for (int j = 0; j < INPUTS; j++)
            features[i * INPUTS + j] = (float)sin(i * 3.1 + j * 1.7) * 2;
        for (int o = 0; o < outputs; o++)
            targets[i * outputs + o] = (float)cos(i + 2.0 * o);
        labels[i] = i * 7 % outputs;
        rows[i] = (i * 5 + 3) % MOST;
        weights[i] = (float)(i % 3) / 2;
    }
    return (struct batch){.size = size,
                          .rows = rows,
                          .features = features,
                          .element = ELEMENT_FLOAT32,
                          .scale = 1,
                          .labels = head == HEAD_SOFTMAX_CROSS_ENTROPY ? labels : NULL,
                          .targets = head == HEAD_MEAN_SQUARED_ERROR ? targets : NULL};
}

static void start(double *theta)
{
    for (int j = 0; j < PARAMETERS_MAX; j++)
        theta[j] = cos(j * 1.3);
}

/* The largest component of theta - before + rate g(theta). */
static double residual(const struct network *network, const struct batch *batch,
                       const double *before, const double *theta, double rate)
{
    const struct engine_options options = {
        .max_batch = MOST, .threads = 1, .precision = PRECISION_DOUBLE, .variant = ""};
    double gradient[PARAMETERS_MAX], largest = 0;
    struct message message;
    struct score score;
    void *session;

    assert_int_equal(reference.engine.open(&session, network, &options, &message), 0);
    assert_int_equal(reference.engine.gradient64(session, theta, batch, gradient, &score, &message),
                     0);
    reference.engine.close(session);
    for (size_t j = 0; j < network_parameters(network); j++)
        largest = fmax(largest, fabs(theta[j] - before[j] + rate * gradient[j]));
    return largest;
}

static void the_step_is_down_the_gradient_where_it_ends(void **state)
{
    static const struct {
        enum head head;
        int outputs;
    } kinds[] = {{HEAD_MEAN_SQUARED_ERROR, 1},
                 {HEAD_MEAN_SQUARED_ERROR, 3},
                 {HEAD_SOFTMAX_CROSS_ENTROPY, 2},
                 {HEAD_SOFTMAX_CROSS_ENTROPY, 4}};
    static const double rates[] = {1e-3, 0.1, 1, 10, 1000};
    static const int sizes[] = {1, 2, 7, 16};

    (void)state;
    for (size_t kind = 0; kind < 4; kind++)
        for (size_t r = 0; r < 5; r++)
            for (size_t s = 0; s < 8; s++) {
                struct network network = network_of(kinds[kind].head, kinds[kind].outputs);
                struct batch batch =
                    batch_of_size(sizes[s % 4], kinds[kind].head, kinds[kind].outputs);
                double before[PARAMETERS_MAX], theta[PARAMETERS_MAX], left;
                struct proximal *proximal;
                struct score score;

                batch.weights = s < 4 ? NULL : weights;
                start(before);
                memcpy(theta, before, sizeof theta);
                assert_int_equal(proximal_open(&proximal, &network, MOST), 0);
                assert_int_equal(
                    proximal_step(proximal, theta, PRECISION_DOUBLE, rates[r], &batch, &score), 0);
                left = residual(&network, &batch, before, theta, rates[r]);
                if (!(left < 1e-11 * fmax(1, rates[r]))) /* as exact as g is */
                    fail_msg("kind %zu, rate %g, batch %d: residual %g", kind, rates[r], batch.size,
                             left);
                proximal_close(proximal);
            }
}

/* theta -= rate / (1 + rate |x|^2) (x theta - y) x for 1/2 (x theta - y)^2; ours has no half. */
static void one_example_of_least_squares_has_a_closed_form(void **state)
{
    const double rate = 0.7;
    struct network network = network_of(HEAD_MEAN_SQUARED_ERROR, 1);
    struct batch batch = batch_of_size(1, HEAD_MEAN_SQUARED_ERROR, 1);
    double theta[PARAMETERS_MAX], before[PARAMETERS_MAX], norm = 1, off;
    const float *x = features + rows[0] * INPUTS;
    struct proximal *proximal;
    struct score score;

    (void)state;
    start(before);
    memcpy(theta, before, sizeof theta);
    assert_int_equal(proximal_open(&proximal, &network, 1), 0);
    assert_int_equal(proximal_step(proximal, theta, PRECISION_DOUBLE, rate, &batch, &score), 0);
    off = before[INPUTS] - (double)targets[rows[0]];
    for (int j = 0; j < INPUTS; j++) {
        off += before[j] * (double)x[j];
        norm += (double)x[j] * (double)x[j];
    }
    for (int j = 0; j <= INPUTS; j++) {
        double expected =
            before[j] - 2 * rate / (1 + 2 * rate * norm) * off * (j < INPUTS ? (double)x[j] : 1);

        assert_true(fabs(theta[j] - expected) < 1e-13);
    }
    assert_true(fabs(score.loss - off * off) < 1e-12);
    proximal_close(proximal);
}

static void single_precision_is_the_same_rounded(void **state)
{
    struct network network = network_of(HEAD_SOFTMAX_CROSS_ENTROPY, 4);
    struct batch batch = batch_of_size(7, HEAD_SOFTMAX_CROSS_ENTROPY, 4);
    double theta[PARAMETERS_MAX];
    float single[PARAMETERS_MAX];
    struct proximal *proximal;
    struct score score;

    (void)state;
    start(theta);
    for (int j = 0; j < PARAMETERS_MAX; j++)
        theta[j] = (double)(single[j] = (float)theta[j]);
    assert_int_equal(proximal_open(&proximal, &network, MOST), 0);
    proximal_step(proximal, theta, PRECISION_DOUBLE, 2, &batch, &score);
    proximal_step(proximal, single, PRECISION_SINGLE, 2, &batch, &score);
    for (int j = 0; j < PARAMETERS_MAX; j++)
        assert_true(fabs((double)single[j] - theta[j]) < 1e-6);
    proximal_close(proximal);
}

static void not_a_number_is_an_error(void **state)
{
    struct network network = network_of(HEAD_SOFTMAX_CROSS_ENTROPY, 4);
    struct batch batch = batch_of_size(2, HEAD_SOFTMAX_CROSS_ENTROPY, 4);
    double theta[PARAMETERS_MAX];
    struct proximal *proximal;
    struct score score;

    (void)state;
    start(theta);
    theta[0] = NAN;
    assert_int_equal(proximal_open(&proximal, &network, MOST), 0);
    assert_int_equal(proximal_step(proximal, theta, PRECISION_DOUBLE, 1, &batch, &score), -1);
    proximal_close(proximal);
    proximal_close(NULL);
}

static void other_networks_and_huge_batches_are_refused(void **state)
{
    struct network network = network_of(HEAD_SOFTMAX_CROSS_ENTROPY, 4);
    struct layer two[2];

    (void)state;
    assert_null(proximal_refuses(&network, 512));
    assert_non_null(proximal_refuses(&network, 513));
    two[0] = two[1] = layer;
    assert_non_null(proximal_refuses(&(struct network){2, two, HEAD_MEAN_SQUARED_ERROR, NULL}, 1));
    two[0].activation = ACTIVATION_TANH;
    assert_non_null(proximal_refuses(&(struct network){1, two, HEAD_MEAN_SQUARED_ERROR, NULL}, 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_is_down_the_gradient_where_it_ends),
        cmocka_unit_test(one_example_of_least_squares_has_a_closed_form),
        cmocka_unit_test(single_precision_is_the_same_rounded),
        cmocka_unit_test(not_a_number_is_an_error),
        cmocka_unit_test(other_networks_and_huge_batches_are_refused),
    };

    return cmocka_run_group_tests(tests, load_reference, tree_close);
}
