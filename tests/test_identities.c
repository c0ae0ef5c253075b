/* Probes gradient, update and units: identities that hold with the engines as they are, and do not
 * with a faulty one between. */
#include "probe/probe.h"
#include "registry.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct loaded_engine reference, naive, analytic;
static size_t parameters; /* P of the trial, for engines that are faulty */

/* A cell, and what the probes say of one theta of it. */
struct trial {
    struct bench bench;
    const struct engine *engine; /* that holds the sessions */
    void *second;                /* session of another worker */
    double *theta;               /* [P], read as floats in single precision */
    struct curve_point point;
    struct prober *prober;
    const struct probe_row *rows;
    int count;
};

#define BLOBS "dataset: {name: blobs, examples: 23, features: 6, classes: 3}\n"
#define LINE "dataset: {name: linear, examples: 23, features: 6, condition: 10, noise: 0.1}\n"
#define SMALL "networks: {own: {hidden: [4, 3], activation: tanh}}\n"
#define PROBES(which) "budget: {epochs: 2}\nprobes: {at: [0], which: [" which "]}\n"

static void open_trial(struct trial *trial, const struct engine *engine, const char *yaml)
{
    struct engine_options options = {.threads = 1, .variant = "", .max_batch = 100};
    struct message message;
    size_t p;
    float *start;

    memset(trial, 0, sizeof *trial);
    bench_open(&trial->bench, yaml, engine, NULL);
    trial->engine = engine;
    options.precision = trial->bench.workbench.cell->settings.precision;
    if (engine->open(&trial->bench.workbench.session, &trial->bench.model.network, &options,
                     &message) != 0 ||
        engine->open(&trial->second, &trial->bench.model.network, &options, &message) != 0)
        fail_msg("%s", message.text);
    trial->bench.workbench.more_sessions = &trial->second;
    p = parameters = trial->bench.model.parameters;
    trial->theta = calloc(p, sizeof *trial->theta);
    start = (float *)trial->theta;
    network_initialize(&trial->bench.model, trial->bench.workbench.cell->network, 3, start);
    if (options.precision == PRECISION_DOUBLE)
        for (size_t j = p; j-- > 0;)
            trial->theta[j] = (double)start[j];
}

static void record(struct trial *trial)
{
    if (prober_open(&trial->prober, &trial->bench.workbench) != 0 ||
        prober_observe(trial->prober, &trial->point, trial->theta) != 0)
        fail_msg("%s", error_text());
    trial->rows = prober_rows(trial->prober, &trial->count);
}

static void close_trial(struct trial *trial)
{
    prober_close(trial->prober);
    trial->engine->close(trial->bench.workbench.session);
    trial->engine->close(trial->second);
    free(trial->theta);
    network_free(&trial->bench.model);
    bench_close(&trial->bench);
}

static const struct probe_row *found(const struct trial *trial, const char *quantity,
                                     const char *part)
{
    for (int r = 0; r < trial->count; r++)
        if (strcmp(trial->rows[r].quantity, quantity) == 0 &&
            strcmp(trial->rows[r].part, part) == 0)
            return &trial->rows[r];
    fail_msg("no row %s, %s", quantity, part);
    return NULL;
}

static void assert_value(const struct trial *trial, const char *quantity, const char *part,
                         double low, double high)
{
    double value = found(trial, quantity, part)->value;

    if (!(value >= low && value <= high))
        fail_msg("%s %s: %.9g, expected %.9g .. %.9g", quantity, part, value, low, high);
}

/* ---- Gradient ---------------------------------------------------------------------------------
 */

static void a_gradient_is_the_slope_of_the_mean_loss(void **state)
{
    static const char *const data[] = {BLOBS, LINE};
    struct trial trial;

    (void)state;
    for (int d = 0; d < 2; d++) {
        char yaml[800];

        snprintf(yaml, sizeof yaml,
                 "%s" SMALL "grid: {network: own, engine: reference, precision: double, "
                 "batch_size: 5}\n" PROBES("gradient"),
                 data[d]);
        open_trial(&trial, &reference.engine, yaml);
        record(&trial);
        assert_value(&trial, "gradient_error", "reference", 0, 1e-14);
        assert_value(&trial, "gradient_error", "central_differences", 1e-12, 1e-6);
        assert_value(&trial, "reduction_error", "", 0, 1e-14);
        assert_value(&trial, "epoch_error", "weighted", 0, 1e-14);
        assert_value(&trial, "epoch_error", "unweighted", 1e-3, 1);
        assert_int_equal(found(&trial, "epoch_error", "weighted")->n, 5);
        assert_int_equal(found(&trial, "gradient_error", "central_differences")->n,
                         trial.bench.model.parameters);
        close_trial(&trial);
    }
}

static struct engine faulty;

static int scaled(void *session, const float *theta, const struct batch *batch, float *gradient,
                  struct score *score, struct message *message, float factor)
{
    int status = naive.engine.gradient(session, theta, batch, gradient, score, message);

    for (size_t j = 0; j < parameters; j++)
        gradient[j] *= factor;
    return status;
}

static int summed(void *session, const float *theta, const struct batch *batch, float *gradient,
                  struct score *score, struct message *message)
{
    return scaled(session, theta, batch, gradient, score, message, (float)batch->size);
}

static int longer(void *session, const float *theta, const struct batch *batch, float *gradient,
                  struct score *score, struct message *message)
{
    return scaled(session, theta, batch, gradient, score, message, 1.01f);
}

/* Wrong for small batches alone, such as a worker's share. */
static int longer_in_parts(void *session, const float *theta, const struct batch *batch,
                           float *gradient, struct score *score, struct message *message)
{
    return scaled(session, theta, batch, gradient, score, message, batch->size < 10 ? 1.01f : 1);
}

#define SINGLE                                                                                     \
    BLOBS "networks: {own: {hidden: [4], activation: tanh}}\n"                                     \
          "grid: {network: own, engine: naive, batch_size: 10, workers: 2}\n" PROBES(              \
              "gradient, update")

static void faulty_gradients_are_seen(void **state)
{
    struct trial trial;

    (void)state;
    faulty = naive.engine;
    faulty.gradient = summed;
    open_trial(&trial, &faulty, SINGLE);
    record(&trial);
    assert_value(&trial, "reduction_error", "", 8.999, 9.001); /* K - 1 */
    assert_value(&trial, "gradient_error", "reference", 21.999, 22.001);
    close_trial(&trial);
    faulty.gradient = longer;
    open_trial(&trial, &faulty, SINGLE);
    record(&trial);
    assert_value(&trial, "reduction_error", "", 0, 1e-6);
    assert_value(&trial, "gradient_error", "reference", 0.0099, 0.0101);
    assert_value(&trial, "gradient_error", "central_differences", 0.0099, 0.0101);
    close_trial(&trial);
}

/* Hidden units whose argument is 0.0007 for every example: a step of 0.001 goes past their kink,
 * half of it does not. */
static void kinks_are_left_out_and_counted(void **state)
{
    struct trial trial;
    size_t p, inputs = 6, units = 3;

    (void)state;
    open_trial(&trial, &reference.engine,
               BLOBS
               "networks: {own: {hidden: [3], activation: relu}}\n"
               "grid: {network: own, engine: reference, precision: double, batch_size: 5}\n" PROBES(
                   "gradient"));
    p = trial.bench.model.parameters;
    for (size_t j = 0; j < inputs * units; j++)
        trial.theta[j] = 0;
    for (size_t j = 0; j < units; j++)
        trial.theta[inputs * units + j] = 0.0007;
    record(&trial);
    assert_value(&trial, "gradient_error", "central_differences", 0, 1e-6);
    assert_true(found(&trial, "gradient_error", "central_differences")->n <= (double)(p - units));
    assert_true(found(&trial, "gradient_error", "central_differences")->n >= (double)(p / 4));
    close_trial(&trial);
}

/* ---- Update -----------------------------------------------------------------------------------
 */

static void plain_descent_is_rounded_and_goes_along_the_gradient(void **state)
{
    static const char *const grids[] = {"engine: naive", "engine: reference, precision: double"};
    struct trial trial;

    (void)state;
    for (int g = 0; g < 2; g++) {
        char yaml[800];

        snprintf(yaml, sizeof yaml,
                 BLOBS SMALL "grid: {network: own, batch_size: 5, %s}\n" PROBES("update"),
                 grids[g]);
        open_trial(&trial, g ? &reference.engine : &naive.engine, yaml);
        record(&trial);
        assert_value(&trial, "step_mismatches", "", 0, 0);
        assert_value(&trial, "direction_cosine", "", 0.999999, 1.000001);
        close_trial(&trial);
    }
}

static void momentum_does_not(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine,
               BLOBS SMALL "grid: {network: own, engine: naive, optimizer: momentum, "
                           "batch_size: 5}\n" PROBES("update"));
    record(&trial);
    assert_value(&trial, "direction_cosine", "", -1, 0.999);
    for (int r = 0; r < trial.count; r++)
        assert_string_not_equal(trial.rows[r].quantity, "step_mismatches");
    close_trial(&trial);
}

static void workers_agree_unless_their_engine_is_faulty(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &naive.engine, SINGLE);
    record(&trial);
    assert_value(&trial, "workers_error", "", 0, 1e-6);
    close_trial(&trial);
    faulty = naive.engine;
    faulty.gradient = longer_in_parts;
    open_trial(&trial, &faulty, SINGLE);
    record(&trial);
    assert_value(&trial, "workers_error", "", 0.0099, 0.0101);
    assert_value(&trial, "workers_mismatches", "", 1, (double)parameters);
    close_trial(&trial);
}

static int longer64(void *session, const double *theta, const struct batch *batch, double *gradient,
                    struct score *score, struct message *message)
{
    int status = reference.engine.gradient64(session, theta, batch, gradient, score, message);

    gradient[0] += 0.01;
    return status;
}

#define IMPLICIT                                                                                   \
    LINE "grid: {network: S, engine: reference, precision: double, optimizer: implicit, "          \
         "batch_size: 5, learning_rate: 10}\n" PROBES("update")

static void an_implicit_step_has_its_gradient_at_its_end(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &reference.engine, IMPLICIT);
    record(&trial);
    assert_value(&trial, "implicit_residual", "", 0, 1e-11);
    close_trial(&trial);
    faulty = reference.engine;
    faulty.gradient64 = longer64;
    open_trial(&trial, &faulty, IMPLICIT);
    record(&trial);
    assert_value(&trial, "implicit_residual", "", 0.0999, 0.1001); /* 10 times 0.01 */
    close_trial(&trial);
}

/* theta = 2^-3 after three updates at a rate of 1/2: a loss of 2^-7, bounded by 1 / (2 / 2 * 3). */
static void the_bound_of_descent_on_a_quadratic_is_the_known_one(void **state)
{
    struct trial trial;

    (void)state;
    open_trial(&trial, &analytic.engine,
               "dataset: {name: points, features: 1, examples: 1, noise: 0}\n"
               "networks: {bowl: {objective: quadratic, spectrum: [1], start: [1]}}\n"
               "grid: {network: bowl, engine: analytic, precision: double, batch_size: 1, "
               "learning_rate: 0.5}\n" PROBES("update"));
    trial.theta[0] = 0.125;
    trial.point.update = 3;
    trial.point.train.loss = 1.0 / 128;
    record(&trial);
    assert_value(&trial, "convex_bound", "", 3.0 / 128 - 1e-15, 3.0 / 128 + 1e-15);
    close_trial(&trial);
}

/* ---- Units ------------------------------------------------------------------------------------
 */

static void units_are_identical_until_a_weight_of_one_is_moved(void **state)
{
    static const size_t weights[] = {2 * 6 + 1, 4 * 6 + 3, 4 * 6 + 4 + 2}; /* in, bias, out */
    struct trial trial;

    (void)state;
    for (int w = -1; w < 3; w++) {
        open_trial(&trial, &reference.engine,
                   BLOBS "networks: {own: {hidden: [4, 3], activation: tanh, units: identical}}\n"
                         "grid: {network: own, engine: reference, precision: double, "
                         "batch_size: 5}\n" PROBES("units"));
        if (w >= 0)
            trial.theta[weights[w]] += 0.5;
        record(&trial);
        assert_int_equal(trial.count, 2);
        assert_value(&trial, "largest_difference", "layer 1", w < 0 ? 0 : 0.5 - 1e-12,
                     w < 0 ? 0 : 0.5 + 1e-12);
        assert_value(&trial, "largest_difference", "layer 2", w == 2 ? 0.5 - 1e-12 : 0,
                     w == 2 ? 0.5 + 1e-12 : 0);
        close_trial(&trial);
    }
}

static int open_engines(void **state)
{
    struct message message = {""};

    if (registry_load(&reference, "reference", &message) != 0 ||
        registry_load(&naive, "naive", &message) != 0 ||
        registry_load(&analytic, "analytic", &message) != 0)
        fprintf(stderr, "%s\n", message.text);
    return scratch_open(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gradient_is_the_slope_of_the_mean_loss),
        cmocka_unit_test(faulty_gradients_are_seen),
        cmocka_unit_test(kinks_are_left_out_and_counted),
        cmocka_unit_test(plain_descent_is_rounded_and_goes_along_the_gradient),
        cmocka_unit_test(momentum_does_not),
        cmocka_unit_test(workers_agree_unless_their_engine_is_faulty),
        cmocka_unit_test(an_implicit_step_has_its_gradient_at_its_end),
        cmocka_unit_test(the_bound_of_descent_on_a_quadratic_is_the_known_one),
        cmocka_unit_test(units_are_identical_until_a_weight_of_one_is_moved),
    };

    return cmocka_run_group_tests(tests, open_engines, scratch_close);
}
