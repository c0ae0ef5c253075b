/* The training loop with real engines: it computes what the mathematics says. */
#include "registry.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- An engine that remembers what passes through it -------------------------------------------
 */

static struct loaded_engine reference, naive;

static struct spy {
    const struct engine *engine;
    void *session;
    size_t parameters;
    float *theta;         /* of the last loss: the end of training */
    double *gradient_sum; /* of all gradients */
    long gradients;
} spy;

static struct bench bench;

static int spy_loss(void *session, const float *theta, const struct batch *batch,
                    struct score *score, struct message *message)
{
    (void)session;
    memcpy(spy.theta, theta, spy.parameters * sizeof *theta);
    return spy.engine->loss(spy.session, theta, batch, score, message);
}

static int spy_gradient(void *session, const float *theta, const struct batch *batch,
                        float *gradient, struct score *score, struct message *message)
{
    int status = spy.engine->gradient(spy.session, theta, batch, gradient, score, message);

    (void)session;
    if (is_warm_up(&bench, batch))
        return status;
    spy.gradients++;
    for (size_t j = 0; j < spy.parameters; j++)
        spy.gradient_sum[j] += (double)gradient[j];
    return status;
}

static const struct engine spying = {.name = "spy", .loss = spy_loss, .gradient = spy_gradient};

static struct training_result result;

static void train_with(const struct loaded_engine *loaded, const char *yaml)
{
    struct engine_options options = {.threads = 1, .precision = PRECISION_SINGLE, .variant = ""};
    struct message message;

    bench_open(&bench, yaml, &spying, NULL);
    options.max_batch = bench.workbench.max_batch;
    spy = (struct spy){.engine = &loaded->engine, .parameters = bench.model.parameters};
    spy.theta = calloc(spy.parameters, sizeof *spy.theta);
    spy.gradient_sum = calloc(spy.parameters, sizeof *spy.gradient_sum);
    if (loaded->engine.open(&spy.session, &bench.model.network, &options, &message) != 0)
        fail_msg("%s", message.text);
    if (train(&bench.workbench, &result) != 0)
        fail_msg("%s", error_text());
    if (result.outcome == OUTCOME_FAILED)
        fail_msg("%s", result.reason);
}

static void close_training(void)
{
    spy.engine->close(spy.session);
    free(spy.theta);
    free(spy.gradient_sum);
    training_free(&result);
    bench_close(&bench);
}

static int load_engines(void **state)
{
    struct message message;

    if (registry_load(&reference, "reference", &message) != 0 ||
        registry_load(&naive, "naive", &message) != 0) {
        fprintf(stderr, "%s\n", message.text);
        return -1;
    }
    return scratch_open(state);
}

/* ---- Least squares ----------------------------------------------------------------------------
 */

#define LINEAR                                                                                     \
    "dataset: {name: linear, examples: 60, features: 3, condition: 4, noise: 0.5, scaling: "       \
    "none}\n"                                                                                      \
    "networks: {linear: {hidden: []}}\n"

enum { FEATURES = 3, UNKNOWNS = FEATURES + 1 };

/* Example i of the training data: its features, and 1 for the bias. */
static void example(size_t i, double x[UNKNOWNS], double *y)
{
    const struct examples *train = &bench.dataset.train;
    size_t row = (size_t)train->rows[i];

    for (size_t j = 0; j < FEATURES; j++)
        x[j] = (double)((const float *)train->features)[row * FEATURES + j];
    x[FEATURES] = 1;
    *y = (double)train->targets[row];
}

/* solution[] of the normal equations (X'X) solution = X'y, by Gauss and Jordan */
static void least_squares(double solution[UNKNOWNS])
{
    double system[UNKNOWNS][UNKNOWNS + 1] = {{0}};

    for (size_t i = 0; i < bench.dataset.train.count; i++) {
        double x[UNKNOWNS], y;

        example(i, x, &y);
        for (int r = 0; r < UNKNOWNS; r++) {
            for (int c = 0; c < UNKNOWNS; c++)
                system[r][c] += x[r] * x[c];
            system[r][UNKNOWNS] += x[r] * y;
        }
    }
    for (int p = 0; p < UNKNOWNS; p++)
        for (int r = 0; r < UNKNOWNS; r++) {
            double factor = system[r][p] / system[p][p];

            for (int c = 0; c <= UNKNOWNS && r != p; c++)
                system[r][c] -= factor * system[p][c];
        }
    for (int r = 0; r < UNKNOWNS; r++)
        solution[r] = system[r][UNKNOWNS] / system[r][r];
}

static void the_full_batch_finds_the_least_squares_solution(void **state)
{
    const struct loaded_engine *engines[] = {&reference, &naive};
    double solution[UNKNOWNS];

    (void)state;
    for (int e = 0; e < 2; e++) {
        train_with(engines[e],
                   LINEAR "grid: {batch_size: full, learning_rate: 0.5, network: linear}\n"
                          "budget: {updates: 500}\n");
        least_squares(solution);
        for (int j = 0; j < UNKNOWNS; j++)
            assert_true(fabs((double)spy.theta[j] - solution[j]) < 1e-5);
        close_training();
    }
}

static void the_full_batch_is_gradient_descent_step_by_step(void **state)
{
    static const double alpha = 0.125;
    double theta[UNKNOWNS], loss = 0;

    (void)state;
    train_with(&reference,
               LINEAR "grid: {batch_size: full, learning_rate: 0.125, network: linear}\n"
                      "budget: {updates: 7}\n"
                      "evaluation: {first: 1000000}\n");
    assert_int_equal(spy.gradients, 7);
    {
        float start[UNKNOWNS];

        network_initialize(&bench.model, bench.workbench.cell->network, 1, start);
        for (int j = 0; j < UNKNOWNS; j++)
            theta[j] = (double)start[j];
    }
    for (int t = 0; t <= 7; t++) {
        double gradient[UNKNOWNS] = {0}, n = (double)bench.dataset.train.count;

        loss = 0;
        for (size_t i = 0; i < bench.dataset.train.count; i++) {
            double x[UNKNOWNS], y, residual = 0;

            example(i, x, &y);
            for (int j = 0; j < UNKNOWNS; j++)
                residual += theta[j] * x[j];
            residual -= y;
            loss += residual * residual / n;
            for (int j = 0; j < UNKNOWNS; j++)
                gradient[j] += 2 * residual * x[j] / n;
        }
        for (int j = 0; j < UNKNOWNS && t < 7; j++)
            theta[j] -= alpha * gradient[j];
    }
    for (int j = 0; j < UNKNOWNS; j++)
        assert_true(fabs((double)spy.theta[j] - theta[j]) < 1e-6);
    assert_true(fabs(result.curve[result.curve_count - 1].train.loss - loss) < 1e-6 * loss);
    close_training();
}

/* ---- Batches ----------------------------------------------------------------------------------
 */

#define BLOBS                                                                                      \
    "dataset: {name: blobs, examples: 340, features: 5, classes: 3, validation: 40}\n"             \
    "networks: {small: {hidden: [7], activation: tanh}}\n"                                         \
    "evaluation: {first: 20}\n"

/* gradient[] of the mean loss of all training examples, where training ended */
static float *full_gradient(void)
{
    const struct examples *train = &bench.workbench.train;
    float *gradient = calloc(spy.parameters, sizeof *gradient);
    struct engine_options options = {
        .max_batch = (int)train->count, .threads = 1, .precision = PRECISION_SINGLE, .variant = ""};
    struct batch batch = {.size = (int)train->count,
                          .rows = train->rows,
                          .features = train->features,
                          .element = train->element,
                          .scale = train->scale,
                          .offset = train->offset,
                          .labels = train->labels};
    struct message message;
    void *session;

    assert_int_equal(reference.engine.open(&session, &bench.model.network, &options, &message), 0);
    assert_int_equal(
        reference.engine.gradient(session, spy.theta, &batch, gradient, NULL, &message), 0);
    reference.engine.close(session);
    return gradient;
}

/* At a rate so small that theta stays, the batches of an epoch add up to the full gradient. */
static void the_batches_of_an_epoch_add_up_to_the_full_gradient(void **state)
{
    static const int sizes[] = {1, 7, 64, 299, 300};

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        double share = sizes[s] / 300.0;
        char yaml[500];
        float *full;

        snprintf(yaml, sizeof yaml,
                 BLOBS "grid: {batch_size: %d, last_batch: keep, learning_rate: 1e-12,\n"
                       "       network: small}\nbudget: {epochs: 1}\n",
                 sizes[s]);
        train_with(&reference, yaml);
        assert_true(result.examples == 300);
        full = full_gradient();
        for (size_t j = 0; j < spy.parameters; j++)
            if (!(fabs(share * spy.gradient_sum[j] - (double)full[j]) < 1e-6))
                fail_msg("K = %d, parameter %zu: %g, expected %g", sizes[s], j,
                         share * spy.gradient_sum[j], (double)full[j]);
        free(full);
        close_training();
    }
}

static void assert_same_curves(const struct training_result *one,
                               const struct training_result *other)
{
    assert_int_equal(one->curve_count, other->curve_count);
    for (int i = 0; i < one->curve_count; i++) {
        struct curve_point a = one->curve[i], b = other->curve[i];

        a.train_seconds = b.train_seconds = 0;
        assert_memory_equal(&a, &b, sizeof a);
    }
    assert_memory_equal(&one->test, &other->test, sizeof one->test);
}

static void the_same_seed_gives_the_same_curve(void **state)
{
    (void)state;
    for (const char *const *optimizer =
             (const char *const[]){"sgd", "momentum", "nesterov", "adam", NULL};
         *optimizer; optimizer++) {
        struct training_result first;
        char yaml[500];

        snprintf(yaml, sizeof yaml,
                 BLOBS "grid: {batch_size: 16, network: small, optimizer: %s,\n"
                       "       learning_rate: 0.01, seed: 5}\nbudget: {epochs: 5}\n",
                 *optimizer);
        train_with(&naive, yaml);
        first = result;
        result.curve = NULL;
        close_training();
        train_with(&naive, yaml);
        assert_same_curves(&first, &result);
        assert_true(result.curve[result.curve_count - 1].train.loss < result.curve[0].train.loss);
        training_free(&first);
        close_training();
    }
}

static double final_loss(const char *settings)
{
    char yaml[500];
    double loss;

    snprintf(yaml, sizeof yaml,
             BLOBS "grid: {network: small, learning_rate: 0.1, %s}\nbudget: {updates: 20}\n",
             settings);
    train_with(&reference, yaml);
    loss = result.curve[result.curve_count - 1].train.loss;
    close_training();
    return loss;
}

static void the_seed_and_the_batch_size_decide_the_path(void **state)
{
    double plain = final_loss("batch_size: 16, seed: 1");

    (void)state;
    assert_true(final_loss("batch_size: 16, seed: 1") == plain);
    assert_true(final_loss("batch_size: 16, seed: 2") != plain);
    assert_true(final_loss("batch_size: 17, seed: 1") != plain);
}

/* r exact copies of everything leave the mean, and so the path of the full batch, as it was. */
static void exact_copies_do_not_change_the_full_batch(void **state)
{
    double once = final_loss("batch_size: full, redundancy: 1");

    (void)state;
    assert_true(fabs(final_loss("batch_size: full, redundancy: 3") - once) < 1e-6 * once);
}

static void training_separates_the_blobs(void **state)
{
    (void)state;
    train_with(&naive,
               "dataset: {name: blobs, examples: 700, features: 10, classes: 4, separation: 4,\n"
               "          validation: 100, test: 100}\n"
               "networks: {small: {hidden: [16]}}\n"
               "grid: {batch_size: 20, learning_rate: 0.5, network: small}\n"
               "targets: {validation_error: 0.05}\n"
               "budget: {epochs: 30, until: all}\n");
    assert_int_equal(result.outcome, OUTCOME_REACHED);
    assert_true(result.curve[0].validation.error > 0.4);
    assert_true(result.test.error < 0.15);
    assert_true(result.best_validation_error <= 0.05);
    assert_true(result.costs[0].updates <= (double)result.updates);
    close_training();
}

static void a_rate_far_too_large_diverges(void **state)
{
    (void)state;
    train_with(&naive, LINEAR "grid: {batch_size: 8, learning_rate: 50, network: linear}\n"
                              "budget: {epochs: 1000}\n");
    assert_int_equal(result.outcome, OUTCOME_DIVERGED);
    close_training();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_batch_finds_the_least_squares_solution),
        cmocka_unit_test(the_full_batch_is_gradient_descent_step_by_step),
        cmocka_unit_test(the_batches_of_an_epoch_add_up_to_the_full_gradient),
        cmocka_unit_test(the_same_seed_gives_the_same_curve),
        cmocka_unit_test(the_seed_and_the_batch_size_decide_the_path),
        cmocka_unit_test(exact_copies_do_not_change_the_full_batch),
        cmocka_unit_test(training_separates_the_blobs),
        cmocka_unit_test(a_rate_far_too_large_diverges),
    };

    return cmocka_run_group_tests(tests, load_engines, tree_close);
}
