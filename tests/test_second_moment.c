/* Probe second_moment on quadratics whose gradients are known one by one: G_j = q_j theta_j - mean
 * of x_j, Sigma_jj = variance of x_j. */
#include "probe/probe.h"

#include "analytic_fixture.h"
#include "probe/estimate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void assert_near(double actual, double expected, double relative)
{
    if (!(fabs(actual - expected) <= relative * fabs(expected)))
        fail_msg("%.9g, expected %.9g within %g of it", actual, expected, relative);
}

/* ---- The fit ----------------------------------------------------------------------------------
 */

static const double squares[] = {1, 0.25, 4, 0, 0.5}, variances[] = {0.1, 2, 1, 0, 3};

static void coefficients_of_an_exact_sum_are_exact(void **state)
{
    double average[COUNT(squares)];
    struct moment_fit fit;

    (void)state;
    for (size_t j = 0; j < COUNT(squares); j++) {
        average[j] = 0.9 * squares[j] + 1.2 * variances[j];
    }
    fit = moment_fit(average, squares, variances, COUNT(squares));
    assert_near(fit.square, 0.9, 1e-13);
    assert_near(fit.variance, 1.2, 1e-13);
    assert_near(fit.sum, 0.9 * 5.75 + 1.2 * 6.1, 1e-14);
}

static void what_is_fitted_adds_up_to_the_average(void **state)
{
    static const double average[] = {3, 1, 4, 0, 5};
    struct moment_fit fit = moment_fit(average, squares, variances, COUNT(squares));

    (void)state;
    assert_near(fit.square * 5.75 + fit.variance * 6.1, 13, 1e-13);
}

static void what_is_not_there_has_no_coefficient(void **state)
{
    static const double none[COUNT(squares)] = {0};
    double rounding[COUNT(squares)], twice[COUNT(squares)];
    struct moment_fit fit = moment_fit(squares, squares, none, COUNT(squares));

    (void)state;
    assert_near(fit.square, 1, 1e-14);
    assert_true(isnan(fit.variance));
    for (size_t j = 0; j < COUNT(squares); j++) {
        rounding[j] = 1e-30 * squares[j];
        twice[j] = 2 * squares[j];
    }
    fit = moment_fit(variances, rounding, variances, COUNT(squares));
    assert_true(isnan(fit.square));
    assert_near(fit.variance, 1, 1e-14);
    fit = moment_fit(twice, squares, squares, COUNT(squares)); /* which is which? */
    assert_true(isnan(fit.square) && isnan(fit.variance));
}

static void a_square_below_0_has_the_root_0(void **state)
{
    struct estimate root = root_of_estimate((struct estimate){4, -1, 9}, 4);

    (void)state;
    assert_true(root.value == 1 && root.low == 0 && root.high == 1.5);
    root = root_of_estimate((struct estimate){1, NAN, NAN}, 1);
    assert_true(root.value == 1 && isnan(root.low) && isnan(root.high));
}

/* ---- The probe --------------------------------------------------------------------------------
 */

static struct prober *prober;
static const struct probe_row *rows;
static int row_count;
static double theta[8];

/* start: of every coordinate; NAN: where G is 0. */
static void look(double start, double noise, int features, const char *grid)
{
    struct engine_options options = {.threads = 1, .variant = "", .precision = PRECISION_DOUBLE};
    const struct curve_point point = {.epoch = 0};
    struct message message;
    char text[900];

    snprintf(text, sizeof text,
             "networks: {bowl: {objective: quadratic, spectrum: [1%s], noise: tilt}}\n"
             "dataset: {name: points, features: %d, examples: 120, noise: %g}\n"
             "grid: {network: bowl, batch_size: 1, precision: double, engine: analytic, "
             "learning_rate: 0.1, %s}\nbudget: {updates: 10}\n"
             "probes: {at: [0], which: [second_moment], batch_sizes: [1, 4], precision: 0.05}\n",
             features > 1 ? ", 0.5" : "", features, noise, grid);
    bench_open(&bench, text, &analytic.engine, NULL);
    options.max_batch = bench.workbench.max_batch;
    assert_int_equal(
        analytic.engine.open(&bench.workbench.session, &bench.model.network, &options, &message),
        0);
    for (int j = 0; j < features; j++)
        theta[j] = start;
    assert_int_equal(prober_open(&prober, &bench.workbench), 0);
    assert_int_equal(prober_observe(prober, &point, theta), 0);
    rows = prober_rows(prober, &row_count);
}

static void end_look(void)
{
    prober_close(prober);
    analytic.engine.close(bench.workbench.session);
    network_free(&bench.model);
    bench_close(&bench);
}

static const struct probe_row *row_of(const char *quantity, int k)
{
    for (int r = 0; r < row_count; r++)
        if (strcmp(rows[r].quantity, quantity) == 0 && rows[r].batch_size == k)
            return &rows[r];
    fail_msg("no row %s, K = %d", quantity, k);
    return NULL;
}

static void assert_holds(const char *quantity, int k, double value, double most)
{
    const struct probe_row *row = row_of(quantity, k);

    if (!(row->low <= value && value <= row->high && row->high - row->low <= most))
        fail_msg("%s, K = %d: %g .. %g, expected %g within, and at most %g wide", quantity, k,
                 row->low, row->high, value, most);
}

static double x_of(int example, int feature, int features)
{
    const struct examples *train = &bench.workbench.train;

    return (
        double)((const float *)train
                    ->features)[(size_t)train->rows[example] * (size_t)features + (size_t)feature];
}

static void the_average_is_the_squared_mean_and_the_variance(void **state)
{
    enum { FEATURES = 2, N = 120 };
    static const double curvatures[] = {1, 0.5};
    double squared_norm = 0, trace = 0;

    (void)state;
    look(1, 1, FEATURES, "optimizer: adam, beta2: 0.95");
    for (int j = 0; j < FEATURES; j++) {
        double mean = 0, square = 0;

        for (int i = 0; i < N; i++) {
            mean += x_of(i, j, FEATURES) / N;
            square += x_of(i, j, FEATURES) * x_of(i, j, FEATURES) / N;
        }
        squared_norm += (curvatures[j] - mean) * (curvatures[j] - mean);
        trace += square - mean * mean;
    }
    for (int k = 1; k <= 4; k *= 4) {
        double share = trace / k / (squared_norm + trace / k);

        assert_holds("square_coefficient", k, 1, 0.1);
        assert_holds("variance_coefficient", k, 1, 0.1);
        assert_holds("variance_share", k, share, 0.1);
        assert_near(row_of("variance_share_predicted", k)->value, share, 1e-6);
    }
    assert_true(row_of("variance_share", 1)->n >= 8);
    end_look();
}

static void without_noise_there_is_the_mean_alone(void **state)
{
    (void)state;
    look(1, 0, 2, "optimizer: adam");
    assert_near(row_of("square_coefficient", 1)->value, 1, 1e-12);
    assert_true(isnan(row_of("variance_coefficient", 1)->value));
    assert_true(fabs(row_of("variance_share", 4)->value) < 1e-12);
    assert_true(fabs(row_of("update_bias", 4)->value) < 1e-9);
    end_look();
}

/* ---- Updates ----------------------------------------------------------------------------------
 */

static void a_linear_update_has_no_bias(void **state)
{
    static const char *const optimizers[] = {"optimizer: sgd", "optimizer: momentum"};

    (void)state;
    for (size_t i = 0; i < COUNT(optimizers); i++) {
        look(1, 1, 2, optimizers[i]);
        assert_true(row_of("update_bias", 1)->low == 0);
        assert_true(row_of("update_bias", 1)->high < 0.2);
        end_look();
    }
}

/* Adam's m / sqrt(v), with v hardly moving: G / sqrt(G^2 + Sigma / K), against G / |G|. */
static void adam_shrinks_a_noisy_update(void **state)
{
    double mean = 0, square = 0;

    (void)state;
    look(1, 1, 1, "optimizer: adam, beta2: 0.999");
    for (int i = 0; i < 120; i++) {
        mean += x_of(i, 0, 1) / 120;
        square += x_of(i, 0, 1) * x_of(i, 0, 1) / 120;
    }
    for (int k = 1; k <= 4; k *= 4) {
        double g = 1 - mean, spread = sqrt(g * g + (square - mean * mean) / k);

        assert_near(row_of("update_bias", k)->value, 1 - fabs(g) / spread, 0.1);
        assert_true(row_of("update_bias", k)->low > 0);
    }
    end_look();
}

/* Clipped to far less than they are, gradients are votes. */
static void clipped_gradients_are_votes(void **state)
{
    double votes = 0;

    (void)state;
    look(0.5, 1, 1, "optimizer: sgd, clip_norm: 0.0001");
    for (int i = 0; i < 120; i++)
        votes += x_of(i, 0, 1) < 0.5 ? 1.0 / 120 : -1.0 / 120;
    assert_near(row_of("update_bias", 1)->value, 1 - votes, 0.1);
    end_look();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficients_of_an_exact_sum_are_exact),
        cmocka_unit_test(what_is_fitted_adds_up_to_the_average),
        cmocka_unit_test(what_is_not_there_has_no_coefficient),
        cmocka_unit_test(a_square_below_0_has_the_root_0),
        cmocka_unit_test(the_average_is_the_squared_mean_and_the_variance),
        cmocka_unit_test(without_noise_there_is_the_mean_alone),
        cmocka_unit_test(a_linear_update_has_no_bias),
        cmocka_unit_test(adam_shrinks_a_noisy_update),
        cmocka_unit_test(clipped_gradients_are_votes),
    };

    return cmocka_run_group_tests(tests, load_analytic, tree_close);
}
