/* Update rules against their formulas, worked out here in double precision. */
#include "train/rule.h"

#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { P = 5, STEPS = 3 };

static const struct rule_parameters parameters = {
    .momentum = 0.75, .beta1 = 0.5, .beta2 = 0.875, .epsilon = 1e-3};
static const double rate = 0.25;

/* The gradients of the steps, whatever theta: what the rules make of them is then known. */
static const double gradients[STEPS][P] = {
    {1, -2, 0, 1e-3, 40}, {0.5, 3, 0, -1e-3, -40}, {-4, 0.25, 0, 2, 7}};

struct script {
    int step;
    float asked[STEPS][P]; /* the points at which the gradient was wanted */
};

static int scripted_gradient(void *context, const float *theta, float *gradient)
{
    struct script *script = context;

    memcpy(script->asked[script->step], theta, sizeof script->asked[0]);
    for (int j = 0; j < P; j++)
        gradient[j] = (float)gradients[script->step][j];
    script->step++;
    return 0;
}

static void start(float theta[P])
{
    static const float from[P] = {1, -1, 0.5f, 0, 100};

    memcpy(theta, from, sizeof from);
}

static void assert_near(float value, double expected)
{
    if (!(fabs((double)value - expected) <= 1e-6 * fmax(1e-3, fabs(expected))))
        fail_msg("%.9g, expected %.9g", (double)value, expected);
}

static void run_script(const char *name, struct script *script, float thetas[STEPS][P])
{
    const struct rule *rule = rule_find(name);
    struct rule_state state;
    float theta[P];

    assert_non_null(rule);
    *script = (struct script){0};
    start(theta);
    assert_int_equal(rule_open(&state, rule, P, &parameters), 0);
    for (int t = 0; t < STEPS; t++) {
        assert_int_equal(rule_step(rule, &state, theta, rate, scripted_gradient, script), 0);
        assert_int_equal(script->step, t + 1); /* one gradient a step */
        memcpy(thetas[t], theta, sizeof theta);
        for (int j = 0; j < P; j++)
            assert_true(state.gradient[j] == (float)gradients[t][j]);
    }
    rule_close(&state);
}

static void sgd_is_theta_minus_alpha_g(void **state)
{
    float thetas[STEPS][P], from[P];
    struct script script;

    (void)state;
    run_script("sgd", &script, thetas);
    start(from);
    for (int t = 0; t < STEPS; t++)
        for (int j = 0; j < P; j++) {
            float before = t ? thetas[t - 1][j] : from[j];

            /* A rate of 1/4 makes the product exact, so there is one rounding only. */
            assert_true(thetas[t][j] ==
                        (float)((double)before - rate * (double)(float)gradients[t][j]));
            assert_true(script.asked[t][j] == before);
        }
}

static void momentum_accumulates_a_velocity(void **state)
{
    float thetas[STEPS][P], from[P];
    struct script script;

    (void)state;
    run_script("momentum", &script, thetas);
    start(from);
    for (int j = 0; j < P; j++) {
        double theta = (double)from[j], velocity = 0;

        for (int t = 0; t < STEPS; t++) {
            assert_near(script.asked[t][j], theta); /* not ahead */
            velocity = parameters.momentum * velocity - rate * gradients[t][j];
            theta += velocity;
            assert_near(thetas[t][j], theta);
        }
    }
}

static void nesterov_looks_ahead_by_rho_v(void **state)
{
    float thetas[STEPS][P], from[P];
    struct script script;

    (void)state;
    run_script("nesterov", &script, thetas);
    start(from);
    for (int j = 0; j < P; j++) {
        double theta = (double)from[j], velocity = 0;

        for (int t = 0; t < STEPS; t++) {
            assert_near(script.asked[t][j], theta + parameters.momentum * velocity);
            velocity = parameters.momentum * velocity - rate * gradients[t][j];
            theta += velocity;
            assert_near(thetas[t][j], theta);
        }
    }
}

static void adam_corrects_the_bias_of_its_moments(void **state)
{
    const double b1 = parameters.beta1, b2 = parameters.beta2;
    float thetas[STEPS][P], from[P];
    struct script script;

    (void)state;
    run_script("adam", &script, thetas);
    start(from);
    for (int j = 0; j < P; j++) {
        double theta = (double)from[j], m = 0, v = 0;

        for (int t = 0; t < STEPS; t++) {
            double g = gradients[t][j];

            m = b1 * m + (1 - b1) * g;
            v = b2 * v + (1 - b2) * g * g;
            theta -= rate * (m / (1 - pow(b1, t + 1))) /
                     (sqrt(v / (1 - pow(b2, t + 1))) + parameters.epsilon);
            assert_near(thetas[t][j], theta);
        }
        if (gradients[0][j] != 0) /* the first step is alpha, whatever the gradient's size */
            assert_true(fabs((double)(thetas[0][j] - from[j])) <= rate);
    }
}

static void a_zero_gradient_moves_nothing(void **state)
{
    float thetas[STEPS][P], from[P];
    struct script script;

    (void)state;
    start(from);
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        run_script(rule->name, &script, thetas);
        for (int t = 0; t < STEPS; t++)
            assert_true(thetas[t][2] == from[2]); /* never a NaN from 0 / 0 */
    }
}

/* ---- What a rule makes of a function ----------------------------------------------------------
 */

/* f(theta) = 1/2 sum of curvature[j] * theta[j]^2 */
static const double curvature[P] = {0.1, 0.3, 1, 2, 4};

static int quadratic_gradient(void *context, const float *theta, float *gradient)
{
    (void)context;
    for (int j = 0; j < P; j++)
        gradient[j] = (float)(curvature[j] * (double)theta[j]);
    return 0;
}

static double quadratic(const float *theta)
{
    double value = 0;

    for (int j = 0; j < P; j++)
        value += 0.5 * curvature[j] * (double)theta[j] * (double)theta[j];
    return value;
}

static void every_rule_minimises_a_quadratic(void **state)
{
    const struct rule_parameters usual = {0.9, 0.9, 0.999, 1e-8};

    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        float theta[P] = {1, -1, 0.5f, 2, -2};
        double before = quadratic(theta);
        struct rule_state rule_state;

        assert_int_equal(rule_open(&rule_state, rule, P, &usual), 0);
        for (int t = 0; t < 2000; t++)
            assert_int_equal(rule_step(rule, &rule_state, theta,
                                       strcmp(rule->name, "adam") ? 0.1 : 0.01, quadratic_gradient,
                                       NULL),
                             0);
        if (!(quadratic(theta) < 1e-6 * before))
            fail_msg("%s ends at %g", rule->name, quadratic(theta));
        rule_close(&rule_state);
    }
}

static double cosine_to_descent(const float *from, const float *to, const float *gradient)
{
    double product = 0, delta = 0, slope = 0;

    for (int j = 0; j < P; j++) {
        double step = (double)to[j] - (double)from[j], g = -(double)gradient[j];

        product += step * g;
        delta += step * step;
        slope += g * g;
    }
    return product / sqrt(delta * slope);
}

/* The direction of the second step: sgd goes straight down, momentum does not. */
static void only_sgd_follows_the_gradient(void **state)
{
    static const char *const names[] = {"sgd", "momentum", "nesterov"};

    (void)state;
    for (int r = 0; r < 3; r++) {
        const struct rule *rule = rule_find(names[r]);
        float theta[P] = {1, -1, 0.5f, 2, -2}, before[P];
        struct rule_state rule_state;
        double cosine;

        rule_open(&rule_state, rule, P, &parameters);
        rule_step(rule, &rule_state, theta, 0.1, quadratic_gradient, NULL);
        memcpy(before, theta, sizeof before);
        rule_step(rule, &rule_state, theta, 0.1, quadratic_gradient, NULL);
        cosine = cosine_to_descent(before, theta, rule_state.gradient);
        if (rule->is_plain_sgd)
            assert_true(cosine > 1 - 1e-5);
        else
            assert_true(cosine < 1 - 1e-3);
        rule_close(&rule_state);
    }
}

static int failing_gradient(void *context, const float *theta, float *gradient)
{
    (void)context, (void)theta;
    gradient[0] = NAN;
    return error_set("the engine gave up");
}

static void a_failed_gradient_leaves_theta_as_it_was(void **state)
{
    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        struct script script = {0};
        float theta[P], before[P];
        struct rule_state rule_state;

        start(theta);
        rule_open(&rule_state, rule, P, &parameters);
        rule_step(rule, &rule_state, theta, rate, scripted_gradient, &script);
        memcpy(before, theta, sizeof theta);
        assert_int_equal(rule_step(rule, &rule_state, theta, rate, failing_gradient, NULL), -1);
        assert_string_equal(error_text(), "the engine gave up");
        assert_memory_equal(theta, before, sizeof theta);
        rule_close(&rule_state);
    }
}

static void not_a_number_stays_visible_and_where_it_is(void **state)
{
    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        float theta[P] = {NAN};
        struct rule_state rule_state;

        rule_open(&rule_state, rule, P, &parameters);
        for (int t = 0; t < 2; t++)
            rule_step(rule, &rule_state, theta, rate, quadratic_gradient, NULL);
        assert_true(isnan(theta[0]));
        assert_true(theta[1] == 0);
        rule_close(&rule_state);
    }
}

enum { MANY = 1003 }; /* several vectors and a rest, whatever the vectors' width */

static int repeated_gradient(void *context, const float *theta, float *gradient)
{
    int *step = context;

    (void)theta;
    for (int j = 0; j < MANY; j++)
        gradient[j] = (float)gradients[*step][j % P];
    ++*step;
    return 0;
}

/* Vectors, and what is left over at their end. */
static void many_parameters_are_updated_as_few_are(void **state)
{
    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        struct script script = {0};
        float few[P], many[MANY];
        struct rule_state small, large;
        int step = 0;

        start(few);
        for (int j = 0; j < MANY; j++)
            many[j] = few[j % P];
        rule_open(&small, rule, P, &parameters);
        rule_open(&large, rule, MANY, &parameters);
        for (int t = 0; t < STEPS; t++) {
            rule_step(rule, &small, few, rate, scripted_gradient, &script);
            rule_step(rule, &large, many, rate, repeated_gradient, &step);
        }
        for (int j = 0; j < MANY; j++)
            assert_near(many[j], (double)few[j % P]);
        rule_close(&small);
        rule_close(&large);
    }
}

static void rules_are_found_by_name(void **state)
{
    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++)
        assert_ptr_equal(rule_find(rule->name), rule);
    assert_null(rule_find("sgdx"));
    assert_null(rule_find(""));
    assert_null(rule_find("SGD"));
}

static void closing_twice_and_closing_nothing_is_harmless(void **state)
{
    struct rule_state rule_state = {0};

    (void)state;
    rule_close(NULL);
    rule_close(&rule_state);
    rule_open(&rule_state, rule_find("adam"), P, &parameters);
    rule_close(&rule_state);
    rule_close(&rule_state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_is_theta_minus_alpha_g),
        cmocka_unit_test(momentum_accumulates_a_velocity),
        cmocka_unit_test(nesterov_looks_ahead_by_rho_v),
        cmocka_unit_test(adam_corrects_the_bias_of_its_moments),
        cmocka_unit_test(a_zero_gradient_moves_nothing),
        cmocka_unit_test(every_rule_minimises_a_quadratic),
        cmocka_unit_test(only_sgd_follows_the_gradient),
        cmocka_unit_test(a_failed_gradient_leaves_theta_as_it_was),
        cmocka_unit_test(not_a_number_stays_visible_and_where_it_is),
        cmocka_unit_test(many_parameters_are_updated_as_few_are),
        cmocka_unit_test(rules_are_found_by_name),
        cmocka_unit_test(closing_twice_and_closing_nothing_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
