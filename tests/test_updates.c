/* Whole training runs: schedules, rules that ask for more than a batch's gradient, symmetry. */
#include "reference_fixture.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct bench bench;
static struct training_result result;

/* The reference, and what it was asked for. */
static struct spy {
    void *session;
    int sizes[1000]; /* of the batches whose gradient was taken */
    int count;
    double last[200]; /* theta of the last loss */
} spy;

static int spy_loss(void *session, const double *theta, const struct batch *batch,
                    struct score *score, struct message *message)
{
    (void)session;
    memcpy(spy.last, theta, bench.model.parameters * sizeof *theta);
    return reference.engine.loss64(spy.session, theta, batch, score, message);
}

static int spy_gradient(void *session, const double *theta, const struct batch *batch,
                        double *gradient, struct score *score, struct message *message)
{
    (void)session;
    if (!is_warm_up(&bench, batch) && spy.count < 1000)
        spy.sizes[spy.count++] = batch->size;
    return reference.engine.gradient64(spy.session, theta, batch, gradient, score, message);
}

static const struct engine spying = {.loss64 = spy_loss, .gradient64 = spy_gradient};

static void train_with(const char *yaml)
{
    const struct engine_options options = {
        .max_batch = 1000, .threads = 1, .precision = PRECISION_DOUBLE, .variant = ""};
    struct message message;

    bench_open(&bench, yaml, &spying, NULL);
    assert_true(bench.model.parameters <= sizeof spy.last / sizeof *spy.last);
    spy.count = 0;
    assert_int_equal(reference.engine.open(&spy.session, &bench.model.network, &options, &message),
                     0);
    if (train(&bench.workbench, &result) != 0)
        fail_msg("%s", error_text());
    if (result.outcome == OUTCOME_FAILED)
        fail_msg("%s", result.reason);
}

static void close_training(void)
{
    reference.engine.close(spy.session);
    training_free(&result);
    bench_close(&bench);
}

#define BLOBS                                                                                      \
    "dataset: {name: blobs, examples: 120, features: 4, classes: 3, validation: 20}\n"             \
    "networks: {own: {hidden: [3]}}\n"
#define GRID(text) "grid: {precision: double, engine: reference, " text "}\n"
#define EVERY_UPDATE "evaluation: {first: 10, per_decade: 1000}\n"

/* ---- Schedules --------------------------------------------------------------------------------
 */

static void the_rate_follows_its_schedule(void **state)
{
    (void)state;
    train_with(BLOBS EVERY_UPDATE
               "budget: {epochs: 5}\n"
               "schedules: {s: {kind: cosine, warmup: 1}}\n" GRID(
                   "network: S, batch_size: 10, learning_rate: 0.5, schedule: s"));
    for (int i = 0; i < result.curve_count; i++) {
        const struct curve_point *point = &result.curve[i];
        double epoch = point->epoch;
        double expected = epoch < 1 - 1e-9 ? 0.5 * (epoch + 0.1)
                                           : 0.25 * (1 + cos(M_PI * fmin(1, (epoch - 1) / 4)));

        if (!(fabs(point->rate - expected) < 1e-12))
            fail_msg("epoch %g: rate %.17g, expected %.17g", epoch, point->rate, expected);
    }
    assert_true(result.curve_count > 20);
    close_training();
}

static void the_batch_grows_where_it_should(void **state)
{
    (void)state;
    train_with(BLOBS "budget: {epochs: 3}\n"
                     "schedules: {s: {batch_at: [1, 2], batch_factor: 5}}\n" GRID(
                         "network: S, batch_size: 4, learning_rate: 0.1, schedule: s"));
    assert_int_equal(spy.count, 25 + 5 + 1);
    for (int i = 0; i < spy.count; i++)
        assert_int_equal(spy.sizes[i], i < 25 ? 4 : i < 30 ? 20 : 100);
    assert_int_equal(result.updates, 31);
    assert_true(result.examples == 300);
    close_training();
}

/* ---- Gradients beyond the batch's -------------------------------------------------------------
 */

static void what_svrg_computes_counts_as_examples(void **state)
{
    (void)state;
    train_with(BLOBS "budget: {updates: 20}\n" GRID(
        "network: S, batch_size: 10, optimizer: svrg, snapshot_epochs: 1, learning_rate: 0.1"));
    assert_int_equal(result.updates, 20);
    assert_true(result.examples == 20 * 2 * 10 + 2 * 100);
    close_training();
}

/* With a constant rate sgd ends in a cloud around the minimum, these two in the minimum: where the
 * full gradient vanishes. */
static void variance_reduction_ends_where_the_gradient_is_zero(void **state)
{
    static const char *const names[] = {"sgd", "svrg", "saga"};
    double norms[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        double gradient[200], sum = 0;
        char yaml[600];
        struct batch all;
        struct score score;
        struct message message;

        snprintf(yaml, sizeof yaml,
                 BLOBS "budget: {epochs: 300}\nevaluation: {first: 100, per_decade: 2}\n" GRID(
                     "network: S, batch_size: 2, optimizer: %s, learning_rate: 0.1, l2: 0.1"),
                 names[i]);
        train_with(yaml);
        all = (struct batch){.size = (int)bench.workbench.train.count,
                             .rows = bench.workbench.train.rows,
                             .features = bench.workbench.train.features,
                             .element = bench.workbench.train.element,
                             .scale = bench.workbench.train.scale,
                             .offset = bench.workbench.train.offset,
                             .labels = bench.workbench.train.labels};
        reference.engine.gradient64(spy.session, spy.last, &all, gradient, &score, &message);
        for (size_t j = 0; j < bench.model.parameters; j++)
            sum += pow(gradient[j] + 0.1 * spy.last[j], 2);
        norms[i] = sqrt(sum);
        close_training();
    }
    assert_true(norms[0] > 1e-2);
    assert_true(norms[1] < 1e-8);
    assert_true(norms[2] < 1e-8);
}

/* ---- Implicit steps ---------------------------------------------------------------------------
 */

#define LINEAR "dataset: {name: linear, examples: 200, features: 5, condition: 10, noise: 0.1}\n"

/* The loss has no half, so its largest curvature is near 2: ten times beyond the limit of explicit
 * steps. */
static void implicit_steps_stay_where_explicit_ones_diverge(void **state)
{
    (void)state;
    train_with(LINEAR
               "budget: {updates: 200}\n" GRID("network: S, batch_size: 20, learning_rate: 10"));
    assert_int_equal(result.outcome, OUTCOME_DIVERGED);
    close_training();
    train_with(LINEAR "budget: {updates: 200}\n" GRID(
        "network: S, batch_size: 20, learning_rate: 10, optimizer: implicit"));
    assert_int_equal(result.outcome, OUTCOME_BUDGET);
    assert_true(result.curve[result.curve_count - 1].train.loss < 0.02); /* noise: 0.01 */
    close_training();
}

/* ---- Symmetry ---------------------------------------------------------------------------------
 */

#define TWINS                                                                                      \
    "dataset: {name: blobs, examples: 120, features: 4, classes: 3, validation: 20}\n"             \
    "networks: {own: {hidden: [3, 2], activation: tanh, units: identical}}\n"

/* Largest difference between a unit of a hidden layer and its first one. */
static double difference_of_units(void)
{
    const double *theta = spy.last;
    double most = 0;

    for (int unit = 1; unit < 3; unit++) {
        for (int j = 0; j < 4; j++)
            most = fmax(most, fabs(theta[unit * 4 + j] - theta[j]));
        most = fmax(most, fabs(theta[12 + unit] - theta[12]));
    }
    theta += 15;
    for (int j = 0; j < 3; j++)
        most = fmax(most, fabs(theta[3 + j] - theta[j]));
    return fmax(most, fabs(theta[7] - theta[6]));
}

static void identical_units_stay_identical_whatever_the_batch(void **state)
{
    static const char *const batches[] = {"1", "7", "full"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        char yaml[600];

        snprintf(yaml, sizeof yaml,
                 TWINS "budget: {updates: 300}\n" GRID(
                     "network: own, batch_size: %s, learning_rate: 0.1"),
                 batches[i]);
        train_with(yaml);
        assert_true(difference_of_units() == 0);
        assert_true(result.curve[result.curve_count - 1].train.loss < result.curve[0].train.loss);
        close_training();
    }
}

static void noise_of_its_own_on_each_component_parts_them(void **state)
{
    (void)state;
    train_with(TWINS "budget: {updates: 300}\n" GRID(
        "network: own, batch_size: 7, learning_rate: 0.1, gradient_noise: 0.01"));
    assert_true(difference_of_units() > 1e-4);
    close_training();
}

static void the_same_seed_gives_the_same_noise(void **state)
{
    double first[200];

    (void)state;
    for (int i = 0; i < 2; i++) {
        train_with(TWINS "budget: {updates: 30}\n" GRID(
            "network: own, batch_size: 7, learning_rate: 0.1, gradient_noise: 0.01"));
        if (i == 0)
            memcpy(first, spy.last, sizeof first);
        else
            assert_memory_equal(first, spy.last, bench.model.parameters * sizeof *first);
        close_training();
    }
}

static void the_penalty_is_that_of_theta(void **state)
{
    double sum = 0;

    (void)state;
    train_with(BLOBS "budget: {updates: 30}\n" GRID(
        "network: S, batch_size: 10, learning_rate: 0.1, l2: 0.5"));
    for (size_t j = 0; j < bench.model.parameters; j++)
        sum += spy.last[j] * spy.last[j];
    assert_true(fabs(result.curve[result.curve_count - 1].penalty - 0.25 * sum) < 1e-12);
    close_training();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_follows_its_schedule),
        cmocka_unit_test(the_batch_grows_where_it_should),
        cmocka_unit_test(what_svrg_computes_counts_as_examples),
        cmocka_unit_test(variance_reduction_ends_where_the_gradient_is_zero),
        cmocka_unit_test(implicit_steps_stay_where_explicit_ones_diverge),
        cmocka_unit_test(identical_units_stay_identical_whatever_the_batch),
        cmocka_unit_test(noise_of_its_own_on_each_component_parts_them),
        cmocka_unit_test(the_same_seed_gives_the_same_noise),
        cmocka_unit_test(the_penalty_is_that_of_theta),
    };

    return cmocka_run_group_tests(tests, load_reference, tree_close);
}
