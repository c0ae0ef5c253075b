/* Gradient descent on functions with known answers: paths, limits of stability, stationary noise.
 */
#include "analytic_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define EXACT "dataset: {name: points, features: 2, examples: 1, noise: 0}\n"
#define EVERY_UPDATE "evaluation: {every: 1}\n"

/* ---- The paths of the practice notebook: f = w x^2, w = (0.2, 2), from (3, 4) -------------------
 */

enum { PATH_UPDATES = 50 };

struct walker {
    double x[2], m[2], v[2];
    int t;
};

static const double epsilon = 1e-7;

static void step_sgd(struct walker *w, const double *g, int j)
{
    w->x[j] -= 0.2 * g[j];
}

static void step_adagrad(struct walker *w, const double *g, int j)
{
    w->v[j] += g[j] * g[j];
    w->x[j] -= 0.5 / sqrt(w->v[j] + epsilon) * g[j];
}

static void step_rmsprop(struct walker *w, const double *g, int j)
{
    w->v[j] = 0.9 * w->v[j] + 0.1 * g[j] * g[j];
    w->x[j] -= 0.1 / sqrt(w->v[j] + epsilon) * g[j];
}

static void step_momentum(struct walker *w, const double *g, int j)
{
    w->m[j] = 0.9 * w->m[j] - 0.01 * g[j];
    w->x[j] += w->m[j];
}

static void step_adam(struct walker *w, const double *g, int j)
{
    w->m[j] = 0.9 * w->m[j] + 0.1 * g[j];
    w->v[j] = 0.99 * w->v[j] + 0.01 * g[j] * g[j];
    w->x[j] -=
        0.2 / sqrt(w->v[j] / (1 - pow(0.99, w->t)) + epsilon) * w->m[j] / (1 - pow(0.9, w->t));
}

static const struct {
    const char *grid;
    void (*step)(struct walker *, const double *gradient, int j);
} paths[] = {
    {"optimizer: sgd, learning_rate: 0.2", step_sgd},
    {"optimizer: adagrad, learning_rate: 0.5, epsilon: 1e-7, epsilon_place: inside", step_adagrad},
    {"optimizer: rmsprop, learning_rate: 0.1, beta2: 0.9, epsilon: 1e-7, epsilon_place: inside",
     step_rmsprop},
    {"optimizer: momentum, learning_rate: 0.01, momentum: 0.9", step_momentum},
    {"optimizer: adam, learning_rate: 0.2, beta1: 0.9, beta2: 0.99, epsilon: 1e-7, "
     "epsilon_place: inside",
     step_adam},
};

static void assert_close(double actual, double expected, double tolerance, const char *what)
{
    if (!(fabs(actual - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %g", what, actual, expected, tolerance);
}

static void assert_within(double measured, double expected, double share, const char *what)
{
    print_message("  %s: %.5g, by the formula %.5g (%+.2f %%)\n", what, measured, expected,
                  100 * (measured / expected - 1));
    assert_close(measured / expected, 1, share, what);
}

static void paths_are_those_of_the_practice_notebook(void **state)
{
    (void)state;
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        struct walker walker = {.x = {3, 4}};
        char yaml[600];

        snprintf(yaml, sizeof yaml,
                 EXACT EVERY_UPDATE
                 "grid: {network: squares, batch_size: 1, precision: double, engine: analytic, "
                 "%s}\nbudget: {updates: %d}\n",
                 paths[p].grid, PATH_UPDATES);
        descend(yaml);
        assert_int_equal(result.curve_count, PATH_UPDATES + 1);
        for (int t = 0; t <= PATH_UPDATES; t++) {
            const double gradient[] = {0.4 * walker.x[0], 4 * walker.x[1]};

            assert_close(result.curve[t].theta[0], walker.x[0], 1e-13, paths[p].grid);
            assert_close(result.curve[t].theta[1], walker.x[1], 1e-13, paths[p].grid);
            assert_close(result.curve[t].train.loss,
                         0.2 * walker.x[0] * walker.x[0] + 2 * walker.x[1] * walker.x[1], 1e-12,
                         "loss");
            walker.t++;
            for (int j = 0; j < 2; j++)
                paths[p].step(&walker, gradient, j);
        }
        end_descent();
    }
}

static void descent_finds_the_minimum_of_rosenbrock(void **state)
{
    (void)state;
    descend(EXACT "grid: {network: rosenbrock, batch_size: 1, precision: double, engine: analytic, "
                  "learning_rate: 0.001}\nbudget: {updates: 60000}\n");
    assert_int_equal(result.outcome, OUTCOME_BUDGET);
    assert_close(last_point()->theta[0], 1, 1e-6, "x");
    assert_close(last_point()->theta[1], 1, 1e-6, "y");
    end_descent();
}

/* ---- The saddle: y = 0 is a ridge
 * ----------------------------------------------------------------
 */

#define SADDLE                                                                                     \
    "networks: {pass: {objective: saddle, start: [1, %s], noise: tilt}}\n"                         \
    "dataset: {name: points, features: 2, examples: %d, noise: %g}\n"                              \
    "grid: {network: pass, batch_size: %d, precision: double, engine: analytic, "                  \
    "learning_rate: 0.05, sampler: with_replacement}\nbudget: {updates: 400}\n"                    \
    "evaluation: {every: %d, train_examples: 1}\n"

static const double saddle_rate = 0.05, saddle_noise = 0.3;

/* The first update after which |y| is 0.5; infinite if it never is. */
static double escape(void)
{
    for (int i = 0; i < result.curve_count; i++)
        if (fabs(result.curve[i].theta[1]) >= 0.5)
            return (double)result.curve[i].update;
    return INFINITY;
}

/* Exact gradients never leave the ridge; from beside it they do, as the linear map says. */
static void exact_gradients_leave_the_ridge_only_from_beside_it(void **state)
{
    char yaml[700];

    (void)state;
    snprintf(yaml, sizeof yaml, SADDLE, "0", 1, 0.0, 1, 1);
    descend(yaml);
    assert_true(isinf(escape()));
    assert_true(last_point()->theta[1] == 0);
    end_descent();
    snprintf(yaml, sizeof yaml, SADDLE, "1e-6", 1, 0.0, 1, 1);
    descend(yaml);
    assert_within(escape(), log(0.5 / 1e-6) / log(1 + saddle_rate), 0.02, "from y = 1e-6");
    end_descent();
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* y is normal with the variance of an unstable autoregression; 0.6745 of its deviation is the
 * median of |y|, and (0.5 / 0.6745)^2 = 0.55. Sixteen times the batch costs ln 4 / ln(1 + eta)
 * updates. */
static void noise_leaves_the_saddle_as_soon_as_the_formula_says(void **state)
{
    static const int sizes[] = {1, 16, 256};
    enum { RUNS = 101 };
    const double growth = 1 + saddle_rate;

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        double k = sizes[s], times[RUNS];
        char yaml[700], what[32];

        snprintf(yaml, sizeof yaml, SADDLE, "0", 100000, saddle_noise, sizes[s], sizes[s]);
        descend(yaml);
        for (int run = 0; run < RUNS; run++) {
            descend_again((uint64_t)run + 1);
            times[run] = escape();
        }
        end_descent();
        qsort(times, RUNS, sizeof *times, compare);
        snprintf(what, sizeof what, "K = %d", sizes[s]);
        assert_within(
            times[RUNS / 2],
            0.5 * log(1 + 0.55 * (growth * growth - 1) * k / pow(saddle_rate * saddle_noise, 2)) /
                log(growth),
            0.15, what);
    }
}

static void a_function_without_a_bottom_diverges(void **state)
{
    (void)state;
    descend("networks: {hill: {objective: quadratic, spectrum: [-1], start: [1]}}\n" EXACT
            "grid: {network: hill, batch_size: 1, engine: analytic, learning_rate: 0.5}\n"
            "budget: {updates: 10000}\n");
    assert_int_equal(result.outcome, OUTCOME_DIVERGED);
    end_descent();
}

/* ---- Limits of stability -----------------------------------------------------------------------
 */

/* 1: after all updates the loss is below where it began. */
static int is_stable(const char *problem, double rate, int delay, int updates)
{
    char yaml[700];
    int stable;

    snprintf(yaml, sizeof yaml,
             "%sgrid: {network: bowl, batch_size: 1, precision: double, engine: analytic, "
             "learning_rate: %.12g, delay: %d}\nbudget: {updates: %d}\n"
             "evaluation: {first: 1000000000}\n",
             problem, rate, delay, updates);
    descend(yaml);
    stable = last_point()->train.loss < result.curve[0].train.loss;
    end_descent();
    return stable;
}

/* By bisection of (0, high), where high is unstable. */
static double measured_limit(const char *problem, double high, int delay, int updates)
{
    double low = 0;

    assert_false(is_stable(problem, high, delay, updates));
    for (int i = 0; i < 13; i++) {
        double middle = (low + high) / 2;

        if (is_stable(problem, middle, delay, updates))
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static void plain_descent_is_stable_up_to_two_over_the_largest_eigenvalue(void **state)
{
    (void)state;
    assert_within(measured_limit("dataset: {name: points, features: 100, examples: 1, noise: 0}\n"
                                 "networks: {bowl: {objective: quadratic_deep}}\n",
                                 0.1, 0, 2000),
                  2 / 53.12901539863683, 0.01, "quadratic_deep");
    assert_within(measured_limit("dataset: {name: points, features: 30, examples: 1, noise: 0}\n"
                                 "networks: {bowl: {objective: quadratic, spectrum: [7], "
                                 "condition: 1e4, rotation: 3}}\n",
                                 1, 0, 2000),
                  2.0 / 7, 0.01, "condition 1e4, rotated");
}

/* theta[t] = theta[t-1] - eta lambda theta[t-1-tau]: the roots of z^(tau+1) = z^tau - eta lambda
 * leave the unit circle there. */
static void old_gradients_lower_the_limit_as_the_formula_says(void **state)
{
    static const int delays[] = {0, 1, 2, 4, 8};

    (void)state;
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        double limit = measured_limit("dataset: {name: points, features: 1, examples: 1, "
                                      "noise: 0}\n"
                                      "networks: {bowl: {objective: quadratic, spectrum: [2.5]}}\n",
                                      1, delays[i], 10000);
        char what[32];

        snprintf(what, sizeof what, "tau = %d", delays[i]);
        assert_within(limit, 2 * sin(M_PI / (2 * (2 * delays[i] + 1))) / 2.5, 0.02, what);
    }
}

/* ---- Noise -------------------------------------------------------------------------------------
 */

enum { NOISE_UPDATES = 60000, NOISE_BURN_IN = 100 };

/* gradient = lambda theta - x: an autoregression of order 1, coefficient 1 - eta lambda. */
static void noise_settles_at_the_stationary_variance(void **state)
{
    static const struct {
        double lambda, eta;
        int k;
    } cases[] = {{1.5, 0.4, 4}, {1, 0.1, 1}, {2, 0.9, 16}};
    static const double sigma = 0.8;

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double lambda = cases[c].lambda, eta = cases[c].eta, mean = 0, variance = 0, n;
        int k = cases[c].k;
        char yaml[600], what[64];

        snprintf(yaml, sizeof yaml,
                 "dataset: {name: points, features: 1, examples: 20000, noise: %g}\n"
                 "networks: {bowl: {objective: quadratic, spectrum: [%g], start: [0], "
                 "noise: tilt}}\n"
                 "grid: {network: bowl, batch_size: %d, learning_rate: %g, engine: analytic, "
                 "sampler: with_replacement, precision: double}\n"
                 "budget: {updates: %d}\nevaluation: {every: %d, train_examples: 1}\n",
                 sigma, lambda, k, eta, NOISE_UPDATES, k);
        descend(yaml);
        assert_int_equal(result.curve_count, NOISE_UPDATES + 1);
        n = NOISE_UPDATES - NOISE_BURN_IN;
        for (int i = 1 + NOISE_BURN_IN; i <= NOISE_UPDATES; i++)
            mean += result.curve[i].theta[0] / n;
        for (int i = 1 + NOISE_BURN_IN; i <= NOISE_UPDATES; i++)
            variance += pow(result.curve[i].theta[0] - mean, 2) / n;
        snprintf(what, sizeof what, "lambda = %g, eta = %g, K = %d", lambda, eta, k);
        assert_within(variance, eta * sigma * sigma / (k * lambda * (2 - eta * lambda)), 0.05,
                      what);
        end_descent();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_those_of_the_practice_notebook),
        cmocka_unit_test(descent_finds_the_minimum_of_rosenbrock),
        cmocka_unit_test(exact_gradients_leave_the_ridge_only_from_beside_it),
        cmocka_unit_test(noise_leaves_the_saddle_as_soon_as_the_formula_says),
        cmocka_unit_test(a_function_without_a_bottom_diverges),
        cmocka_unit_test(plain_descent_is_stable_up_to_two_over_the_largest_eigenvalue),
        cmocka_unit_test(old_gradients_lower_the_limit_as_the_formula_says),
        cmocka_unit_test(noise_settles_at_the_stationary_variance),
    };

    return cmocka_run_group_tests(tests, load_analytic, tree_close);
}
