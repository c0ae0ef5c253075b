/* quadratic_deep as DeepOBS publishes it: examples, loss at the start, and the curve of SGD. */
#include "analytic_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Wunused-const-variable"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "fixtures/numpy_streams.h"

#define PROBLEM                                                                                    \
    "dataset: {name: quadratic_deep}\n"                                                            \
    "evaluation: {every: 896, train_examples: 1}\n"

static void the_examples_are_those_of_random_state(void **state)
{
    const float *features;

    (void)state;
    descend(PROBLEM "grid: {network: quadratic_deep, batch_size: 128, engine: analytic}\n"
                    "budget: {updates: 1}\n");
    assert_int_equal(bench.dataset.train.count, 1000);
    assert_int_equal(bench.dataset.test.count, 896);
    assert_int_equal(bench.dataset.validation.count, 896);
    features = bench.dataset.stored_features;
    for (size_t i = 0; i < sizeof deep_places / sizeof *deep_places; i++) {
        assert_true((double)features[deep_places[i]] == deep_train[i]);
        assert_true((double)features[100000 + deep_places[i]] == deep_test[i]);
    }
    end_descent();
}

static void the_loss_at_the_start_is_the_published_one(void **state)
{
    (void)state;
    descend(PROBLEM "grid: {network: quadratic_deep, batch_size: 128, engine: analytic}\n"
                    "budget: {updates: 1}\n");
    print_message("  loss of the test examples at the start: %.6f\n",
                  result.curve[0].validation.loss);
    assert_true(fabs(result.curve[0].validation.loss - 353.447) < 5e-4);
    assert_true(fabs(result.curve[0].validation.loss - deep_loss_of_ones) < 1e-9);
    end_descent();
}

/* Test loss of SGD at 0.015849, mean over 10 seeds, and its standard deviation over seeds at the
 * first and the last: it hardly changes between them. (fsschneider/DeepOBS, baselines) */
static const struct {
    int epoch;
    double loss;
} published[] = {{1, 105.33}, {2, 102.92}, {5, 97.70},  {10, 92.98},
                 {20, 89.47}, {50, 87.67}, {100, 87.40}};
static const double published_deviation = 0.17;

enum { EPOCHS = sizeof published / sizeof *published, SEEDS = 10 };

static void sgd_follows_the_published_curve(void **state)
{
    double losses[EPOCHS][SEEDS];

    (void)state;
    for (int s = 0; s < SEEDS; s++) {
        char yaml[400];

        snprintf(yaml, sizeof yaml,
                 PROBLEM "grid: {network: quadratic_deep, batch_size: 128, sampler: once, "
                         "learning_rate: 0.015849, engine: analytic, seed: %d}\n"
                         "budget: {updates: 700}\n",
                 s + 1);
        descend(yaml);
        assert_int_equal(result.curve_count, 101);
        for (int e = 0; e < EPOCHS; e++) {
            const struct curve_point *point = &result.curve[published[e].epoch];

            assert_int_equal(point->update, 7 * published[e].epoch);
            losses[e][s] = point->validation.loss;
        }
        end_descent();
    }
    for (int e = 0; e < EPOCHS; e++) {
        double mean = 0, variance = 0, error;

        for (int s = 0; s < SEEDS; s++)
            mean += losses[e][s] / SEEDS;
        for (int s = 0; s < SEEDS; s++)
            variance += pow(losses[e][s] - mean, 2) / (SEEDS - 1);
        error = sqrt((variance + published_deviation * published_deviation) / SEEDS);
        print_message("  epoch %3d: %.3f +- %.3f, published %.2f: %+.2f standard errors\n",
                      published[e].epoch, mean, sqrt(variance), published[e].loss,
                      (mean - published[e].loss) / error);
        assert_true(fabs(mean - published[e].loss) < 3 * error);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_are_those_of_random_state),
        cmocka_unit_test(the_loss_at_the_start_is_the_published_one),
        cmocka_unit_test(sgd_follows_the_published_curve),
    };

    return cmocka_run_group_tests(tests, load_analytic, tree_close);
}
