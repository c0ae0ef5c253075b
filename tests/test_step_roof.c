/* The roof of a step against counts made by hand. */
#include "run/step_roof.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- Networks -------------------------------------------------------------------------------- */

#define DENSE(inputs, outputs, function)                                                           \
    {                                                                                              \
        .kind = LAYER_DENSE, .activation = function, .input = {inputs, 1, 1}, .output = {          \
            outputs,                                                                               \
            1,                                                                                     \
            1                                                                                      \
        }                                                                                          \
    }
#define NETWORK(list)                                                                              \
    {                                                                                              \
        sizeof list / sizeof *list, list, HEAD_SOFTMAX_CROSS_ENTROPY, NULL                         \
    }

static const struct layer s_layers[] = {DENSE(784, 10, ACTIVATION_IDENTITY)};
static const struct layer m_layers[] = {DENSE(784, 128, ACTIVATION_RELU),
                                        DENSE(128, 10, ACTIVATION_IDENTITY)};
static const struct layer l_layers[] = {DENSE(784, 512, ACTIVATION_RELU),
                                        DENSE(512, 512, ACTIVATION_RELU),
                                        DENSE(512, 10, ACTIVATION_IDENTITY)};
/* LeNet: 5x5 to 6 channels, pooling, 5x5 to 16 channels, pooling, 120, 84, 10. */
static const struct layer c_layers[] = {
    {LAYER_CONVOLUTION, ACTIVATION_RELU, {1, 28, 28}, {6, 28, 28}, 5, 5, 2, 2, 1, 1},
    {LAYER_MAX_POOLING, ACTIVATION_IDENTITY, {6, 28, 28}, {6, 14, 14}, 2, 2, 0, 0, 2, 2},
    {LAYER_CONVOLUTION, ACTIVATION_RELU, {6, 14, 14}, {16, 10, 10}, 5, 5, 0, 0, 1, 1},
    {LAYER_MAX_POOLING, ACTIVATION_IDENTITY, {16, 10, 10}, {16, 5, 5}, 2, 2, 0, 0, 2, 2},
    DENSE(400, 120, ACTIVATION_RELU),
    DENSE(120, 84, ACTIVATION_RELU),
    DENSE(84, 10, ACTIVATION_IDENTITY),
};
static const struct network s = NETWORK(s_layers), m = NETWORK(m_layers), l = NETWORK(l_layers),
                            c = NETWORK(c_layers);
static const double s_flops = 31360, m_flops = 409088, l_flops = 3209216, c_flops = 2263920;

/* One core of a Zen 4: noted were the peak, L2, L3 and memory of 19 to 30 GB/s for reading. 215 for
 * L1 is what the roof of 2.28 million examples per second noted for S asks for: 94200 bytes. */
static struct roof zen4(void)
{
    struct roof roof = {
        .threads = 1,
        .fma_gflops = 115.9,
        .bandwidth = {{215, NAN, NAN}, {117, NAN, NAN}, {99, NAN, NAN}, {24, NAN, NAN}},
        .l1_bytes = 32 << 10,
        .l2_bytes = 1 << 20,
        .l3_bytes = 32 << 20,
    };

    return roof;
}

static int is_near(double value, double expected, double tolerance)
{
    return fabs(value / expected - 1) <= tolerance;
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static void the_bytes_of_a_step_are_those_counted_by_hand(void **state)
{
    struct step_work work;

    (void)state;
    /* S: 784 * 10 + 10 = 7850 parameters, 31400 bytes: forward once, update twice; no input
     * gradient. 3 * 31400 = 94200. */
    work = step_work(&s, s_flops, 1);
    assert_true(work.theta_bytes == 31400);
    assert_true(work.weight_bytes == 94200);
    assert_true(work.input_bytes == 3136); /* 784 floats */
    assert_true(work.flops == 31360);
    /* M: 100480 + 1290 = 101770 parameters: 407080 forward, 4 * 1290 = 5160 for the input gradient
     * of the second layer, 814160 by the update. */
    work = step_work(&m, m_flops, 1);
    assert_true(work.weight_bytes == 1226400);
    /* L: 401920 + 262656 + 5130 = 669706: 2678824 forward, 4 * 267786 = 1071144, 5357648. */
    work = step_work(&l, l_flops, 1);
    assert_true(work.weight_bytes == 9107616);
    /* LeNet: 156 + 2416 + 48120 + 10164 + 850 = 61706: 246824 forward, 4 * 61550 = 246200,
     * 493648. */
    work = step_work(&c, c_flops, 1);
    assert_true(work.theta_bytes == 246824);
    assert_true(work.weight_bytes == 986672);
}

static void weights_move_once_a_step_inputs_and_flops_for_each_example(void **state)
{
    const struct step_work work = step_work(&m, m_flops, 32);

    (void)state;
    assert_true(work.weight_bytes == 1226400);
    assert_true(work.input_bytes == 100352); /* 32 * 3136 */
    assert_true(work.flops == 13090816);     /* 32 * 409088 */
    assert_int_equal(work.examples, 32);
}

/* Without parameters before it, a layer behind a pooling needs no gradient of its input either. */
static void the_first_layer_with_parameters_needs_no_input_gradient(void **state)
{
    static const struct layer layers[] = {
        {LAYER_MAX_POOLING, ACTIVATION_IDENTITY, {1, 4, 4}, {1, 2, 2}, 2, 2, 0, 0, 2, 2},
        DENSE(4, 2, ACTIVATION_RELU),
        DENSE(2, 3, ACTIVATION_IDENTITY),
    };
    static const struct network network = NETWORK(layers);

    (void)state;
    /* 10 + 9 parameters: 4 * 19 forward, 4 * 9, 8 * 19. */
    assert_true(step_work(&network, 100, 1).weight_bytes == 264);
}

/* ---- Roofs ----------------------------------------------------------------------------------- */

static void a_known_machine_has_its_known_roofs(void **state)
{
    /* Roofs that were noted for this machine, to three digits at most. */
    const struct {
        const struct network *network;
        double flops;
        int examples;
        double examples_per_second;
        enum bound bound;
    } known[] = {
        {&s, s_flops, 1, 2.28e6, BOUND_WEIGHTS},  {&s, s_flops, 32, 3.70e6, BOUND_FLOPS},
        {&m, m_flops, 1, 94e3, BOUND_WEIGHTS},    {&m, m_flops, 8, 283e3, BOUND_FLOPS},
        {&m, m_flops, 60000, 283e3, BOUND_FLOPS}, {&l, l_flops, 1, 10.9e3, BOUND_WEIGHTS},
        {&l, l_flops, 32, 36.1e3, BOUND_FLOPS},   {&c, c_flops, 1, 51e3, BOUND_FLOPS},
        {&c, c_flops, 512, 51e3, BOUND_FLOPS},
    };
    const struct roof roof = zen4();

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct step_work work =
            step_work(known[i].network, known[i].flops, known[i].examples);
        const struct step_roof result = step_roof(&work, &roof);

        assert_true(is_near(result.examples_per_second, known[i].examples_per_second, 0.02));
        assert_int_equal(result.bound, known[i].bound);
    }
}

static void each_term_is_an_amount_over_a_rate(void **state)
{
    const struct step_work work = step_work(&m, m_flops, 1);
    struct roof roof = zen4();
    struct step_roof result = step_roof(&work, &roof);

    (void)state;
    assert_true(is_near(result.seconds[BOUND_FLOPS], 409088 / 115.9e9, 1e-12));
    assert_true(is_near(result.seconds[BOUND_WEIGHTS], 1226400 / 117e9, 1e-12));
    assert_true(is_near(result.seconds[BOUND_INPUTS], 3136 / 24e9, 1e-12));
    assert_true(is_near(result.examples_per_second, 117e9 / 1226400, 1e-12));
    roof.bandwidth[LEVEL_MEMORY][TRAFFIC_READ] = 0.1; /* 31 us for the inputs */
    result = step_roof(&work, &roof);
    assert_int_equal(result.bound, BOUND_INPUTS);
    assert_true(is_near(result.examples_per_second, 0.1e9 / 3136, 1e-12));
}

static void weights_count_at_the_level_that_holds_them(void **state)
{
    struct step_work work = step_work(&l, l_flops, 1);
    struct roof roof = zen4();

    (void)state;
    /* 2.68 MB: the L2 of two cores of 1 MiB is too small, that of three is not. */
    roof.threads = 2;
    assert_true(is_near(step_roof(&work, &roof).seconds[BOUND_WEIGHTS], 9107616 / 99e9, 1e-12));
    roof.threads = 3;
    assert_true(is_near(step_roof(&work, &roof).seconds[BOUND_WEIGHTS], 9107616 / 117e9, 1e-12));
    roof.threads = 1;
    roof.l3_bytes = 2678823; /* a byte too small */
    assert_true(is_near(step_roof(&work, &roof).seconds[BOUND_WEIGHTS], 9107616 / 24e9, 1e-12));
    roof.l3_bytes = 2678824;
    assert_true(is_near(step_roof(&work, &roof).seconds[BOUND_WEIGHTS], 9107616 / 99e9, 1e-12));
    /* The fastest of reading, writing and triad. */
    roof.bandwidth[LEVEL_L3][TRAFFIC_TRIAD] = 120;
    roof.bandwidth[LEVEL_L3][TRAFFIC_WRITE] = 80;
    assert_true(is_near(step_roof(&work, &roof).seconds[BOUND_WEIGHTS], 9107616 / 120e9, 1e-12));
}

static void an_l3_that_was_not_measured_counts_as_l2(void **state)
{
    const struct step_work work = step_work(&l, l_flops, 1);
    struct roof roof = zen4();

    (void)state;
    roof.bandwidth[LEVEL_L3][TRAFFIC_READ] = NAN;
    assert_true(is_near(step_roof(&work, &roof).seconds[BOUND_WEIGHTS], 9107616 / 117e9, 1e-12));
}

static void what_is_not_known_makes_no_roof(void **state)
{
    const struct step_work work = step_work(&m, m_flops, 1);
    const double bad[] = {0, -1, NAN, INFINITY};
    struct roof roof;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        roof = zen4();
        roof.fma_gflops = bad[i];
        assert_true(isnan(step_roof(&work, &roof).examples_per_second));
        roof = zen4();
        roof.bandwidth[LEVEL_L2][TRAFFIC_READ] = bad[i];
        assert_true(isnan(step_roof(&work, &roof).examples_per_second));
        roof = zen4();
        roof.bandwidth[LEVEL_MEMORY][TRAFFIC_READ] = bad[i];
        assert_true(isnan(step_roof(&work, &roof).examples_per_second));
    }
    roof = zen4();
    roof.l1_bytes = 0; /* the system does not say */
    assert_true(isnan(step_roof(&work, &roof).examples_per_second));
    roof = zen4();
    roof.l2_bytes = 0;
    assert_true(isnan(step_roof(&work, &roof).examples_per_second));
    roof = zen4();
    roof.l3_bytes = 0; /* there is none, and M fits in L2 */
    assert_true(step_roof(&work, &roof).examples_per_second > 0);
}

/* ---- Live rows ------------------------------------------------------------------------------- */

static void dead_rows_are_read_forward_alone(void **state)
{
    const double half[] = {0.5, 1}, some[] = {0.25, 0.5, 1}, none[] = {0, 0, 1};
    const struct roof roof = zen4();
    struct step_work work;

    (void)state;
    /* M, half of 128 live: 407080 forward; 8 * 50240 = 401920; 12 * 1290 = 15480.
     * 409088 FLOPs less 64 rows of 784 weights, 2 FLOPs each. */
    assert_int_equal(step_work_live(&m, m_flops, half, &work), 1);
    assert_true(work.weight_bytes == 824480);
    assert_true(work.flops == 308736);
    assert_true(is_near(step_roof(&work, &roof).examples_per_second, 117e9 / 824480, 1e-12));
    /* L: 2678824 forward; 8 * 100480 = 803840; 12 * 131328 = 1575936; 12 * 5130 = 61560.
     * 3209216 FLOPs less 384 rows * 784 * 2 = 602112 less 256 rows * 512 * 4 = 524288. */
    assert_int_equal(step_work_live(&l, l_flops, some, &work), 1);
    assert_true(work.weight_bytes == 5120160);
    assert_true(work.flops == 2082816);
    /* All dead: forward, and the last layer. */
    assert_int_equal(step_work_live(&l, l_flops, none, &work), 1);
    assert_true(work.weight_bytes == 2678824 + 61560);
}

static void all_live_is_the_whole_step(void **state)
{
    const double all[] = {1, 1, 1};
    const struct step_work whole = step_work(&l, l_flops, 1);
    struct step_work work;

    (void)state;
    assert_int_equal(step_work_live(&l, l_flops, all, &work), 1);
    assert_true(work.weight_bytes == whole.weight_bytes && work.flops == whole.flops);
}

static void live_rows_are_those_of_dense_layers_with_relu(void **state)
{
    const double all[] = {1, 1, 1, 1, 1, 1, 1};
    static const struct layer smooth[] = {DENSE(784, 128, ACTIVATION_TANH),
                                          DENSE(128, 10, ACTIVATION_IDENTITY)};
    static const struct network tanh_network = NETWORK(smooth);
    struct step_work work;

    (void)state;
    assert_int_equal(step_work_live(&s, s_flops, all, &work), 0); /* no hidden layer */
    assert_int_equal(step_work_live(&c, c_flops, all, &work), 0); /* convolutions */
    assert_int_equal(step_work_live(&tanh_network, m_flops, all, &work), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_of_a_step_are_those_counted_by_hand),
        cmocka_unit_test(weights_move_once_a_step_inputs_and_flops_for_each_example),
        cmocka_unit_test(the_first_layer_with_parameters_needs_no_input_gradient),
        cmocka_unit_test(a_known_machine_has_its_known_roofs),
        cmocka_unit_test(each_term_is_an_amount_over_a_rate),
        cmocka_unit_test(weights_count_at_the_level_that_holds_them),
        cmocka_unit_test(an_l3_that_was_not_measured_counts_as_l2),
        cmocka_unit_test(what_is_not_known_makes_no_roof),
        cmocka_unit_test(dead_rows_are_read_forward_alone),
        cmocka_unit_test(all_live_is_the_whole_step),
        cmocka_unit_test(live_rows_are_those_of_dense_layers_with_relu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
