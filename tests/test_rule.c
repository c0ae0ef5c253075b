/* Update rules against their formulas, worked out here in double precision, and against PyTorch. */
#include "train/rule.h"

#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixtures/rules_torch.h"

enum { P = 5, STEPS = 3 };

static const struct rule_parameters parameters = {
    .momentum = 0.75, .beta1 = 0.5, .beta2 = 0.875, .epsilon = 1e-3, .snapshot = 1};
static const double rate = 0.25;

/* The gradients of the steps, whatever theta: what the rules make of them is then known. */
static const double gradients[STEPS][P] = {
    {1, -2, 0, 1e-3, 40}, {0.5, 3, 0, -1e-3, -40}, {-4, 0.25, 0, 2, 7}};

struct script {
    int step;
    float asked[STEPS][P]; /* the points at which the gradient was wanted */
};

static int scripted_gradient(void *context, const void *theta, void *into)
{
    struct script *script = context;
    float *gradient = into;

    memcpy(script->asked[script->step], theta, sizeof script->asked[0]);
    for (int j = 0; j < P; j++)
        gradient[j] = (float)gradients[script->step][j];
    script->step++;
    return 0;
}

/* All that a rule can ask for is the batch's gradient here: its data set is the one batch. */
static int (*answer)(void *context, const void *theta, void *gradient);

static int answer_each(void *context, const void *theta, void *gradient,
                       void (*take)(void *taker, size_t example, double share), void *taker)
{
    if (answer(context, theta, gradient) != 0)
        return -1;
    take(taker, 0, 1);
    return 0;
}

/* The step of an implicit rule on any gradient that does not depend on theta. */
static int answer_proximal(void *context, void *theta, double step)
{
    float gradient[P];

    if (answer(context, theta, gradient) != 0)
        return -1;
    for (int j = 0; j < P; j++)
        ((float *)theta)[j] -= (float)step * gradient[j];
    return 0;
}

static struct gradient_oracle oracle_of(int (*batch)(void *, const void *, void *), void *context)
{
    answer = batch;
    return (struct gradient_oracle){.context = context,
                                    .batch_size = 1,
                                    .batch = batch,
                                    .all = batch,
                                    .each = answer_each,
                                    .proximal = answer_proximal};
}

static int step(const struct rule *rule, struct rule_state *state, float *theta, double alpha,
                int (*batch)(void *, const void *, void *), void *context)
{
    const struct gradient_oracle oracle = oracle_of(batch, context);

    return rule_step(rule, state, theta, alpha, &oracle);
}

static int open(struct rule_state *state, const struct rule *rule, size_t count,
                const struct rule_parameters *given)
{
    struct rule_parameters complete = *given;

    rule_complete(rule, &complete);
    return rule_open(state, rule, count, 1, PRECISION_SINGLE, &complete);
}

/* Those whose direction is the batch's gradient, asked for once. */
static int asks_once(const struct rule *rule)
{
    return rule->needs == 0;
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
    assert_int_equal(open(&state, rule, P, &parameters), 0);
    for (int t = 0; t < STEPS; t++) {
        assert_int_equal(step(rule, &state, theta, rate, scripted_gradient, script), 0);
        assert_int_equal(script->step, t + 1); /* one gradient a step */
        memcpy(thetas[t], theta, sizeof theta);
        for (int j = 0; j < P; j++)
            assert_true(((float *)state.gradient)[j] == (float)gradients[t][j]);
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
        if (!asks_once(rule))
            continue;
        run_script(rule->name, &script, thetas);
        for (int t = 0; t < STEPS; t++)
            assert_true(thetas[t][2] == from[2]); /* never a NaN from 0 / 0 */
    }
}

/* ---- What a rule makes of a function ----------------------------------------------------------
 */

/* f(theta) = 1/2 sum of curvature[j] * theta[j]^2 */
static const double curvature[P] = {0.1, 0.3, 1, 2, 4};

static int quadratic_gradient(void *context, const void *point, void *into)
{
    const float *theta = point;
    float *gradient = into;

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

static double rate_that_suits(const struct rule *rule)
{
    if (strcmp(rule->name, "adadelta") == 0 || strcmp(rule->name, "adagrad") == 0)
        return 1;
    return rule->uses & USES_EPSILON ? 0.01 : 0.1;
}

static void every_rule_minimises_a_quadratic(void **state)
{
    const struct rule_parameters usual = {.momentum = DEFAULT_PARAMETER,
                                          .beta1 = DEFAULT_PARAMETER,
                                          .beta2 = DEFAULT_PARAMETER,
                                          .epsilon = DEFAULT_PARAMETER,
                                          .snapshot = 7,
                                          .average_from = 1000};

    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        float theta[P] = {1, -1, 0.5f, 2, -2};
        double before = quadratic(theta);
        struct rule_state rule_state;

        assert_int_equal(open(&rule_state, rule, P, &usual), 0);
        for (int t = 0; t < 2000; t++)
            assert_int_equal(step(rule, &rule_state, theta,
                                  rate_that_suits(rule) / (t < 1000 ? 1 : 10), quadratic_gradient,
                                  NULL),
                             0);
        if (!(quadratic(rule_evaluated(rule, &rule_state, theta)) < 1e-5 * before))
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

        open(&rule_state, rule, P, &parameters);
        step(rule, &rule_state, theta, 0.1, quadratic_gradient, NULL);
        memcpy(before, theta, sizeof before);
        step(rule, &rule_state, theta, 0.1, quadratic_gradient, NULL);
        cosine = cosine_to_descent(before, theta, rule_state.gradient);
        if (rule->is_plain_sgd)
            assert_true(cosine > 1 - 1e-5);
        else
            assert_true(cosine < 1 - 1e-3);
        rule_close(&rule_state);
    }
}

static int failing_gradient(void *context, const void *theta, void *gradient)
{
    (void)context, (void)theta;
    *(float *)gradient = NAN;
    return error_set("the engine gave up");
}

static void a_failed_gradient_leaves_theta_as_it_was(void **state)
{
    (void)state;
    for (const struct rule *rule = rule_table(); rule->name; rule++) {
        struct script script = {0};
        float theta[P], before[P];
        struct rule_state rule_state;

        if (rule->direct) /* it asks for more gradients than the script has */
            continue;
        start(theta);
        open(&rule_state, rule, P, &parameters);
        step(rule, &rule_state, theta, rate, scripted_gradient, &script);
        memcpy(before, theta, sizeof theta);
        assert_int_equal(step(rule, &rule_state, theta, rate, failing_gradient, NULL), -1);
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

        open(&rule_state, rule, P, &parameters);
        for (int t = 0; t < 2; t++)
            step(rule, &rule_state, theta, rate, quadratic_gradient, NULL);
        assert_true(isnan(theta[0]));
        assert_true(theta[1] == 0);
        rule_close(&rule_state);
    }
}

enum { MANY = 1003 }; /* several vectors and a rest, whatever the vectors' width */

static int repeated_gradient(void *context, const void *theta, void *gradient)
{
    int *now = context;

    (void)theta;
    for (int j = 0; j < MANY; j++)
        ((float *)gradient)[j] = (float)gradients[*now][j % P];
    ++*now;
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
        int now = 0;

        if (!asks_once(rule))
            continue;
        start(few);
        for (int j = 0; j < MANY; j++)
            many[j] = few[j % P];
        open(&small, rule, P, &parameters);
        open(&large, rule, MANY, &parameters);
        for (int t = 0; t < STEPS; t++) {
            step(rule, &small, few, rate, scripted_gradient, &script);
            step(rule, &large, many, rate, repeated_gradient, &now);
        }
        for (int j = 0; j < MANY; j++)
            assert_near(many[j], (double)few[j % P]);
        rule_close(&small);
        rule_close(&large);
    }
}

/* ---- Against PyTorch --------------------------------------------------------------------------
 */

/* The gradients of fixtures/rules_torch.py. */
static int torch_gradient(void *context, const void *theta, void *into)
{
    const int t = ++*(int *)context;
    double *gradient = into;

    (void)theta;
    for (int j = 0; j < TORCH_P; j++)
        gradient[j] =
            j == 2 && t <= 10 ? 0 : sin(0.07 * t * (j + 1)) * pow(10, j - 2) + 0.01 * (j - 1);
    return 0;
}

static int torch_gradient_single(void *context, const void *theta, void *into)
{
    double gradient[TORCH_P];

    torch_gradient(context, theta, gradient);
    for (int j = 0; j < TORCH_P; j++)
        ((float *)into)[j] = (float)gradient[j];
    return 0;
}

static double number(const void *vector, int j, enum precision precision)
{
    return precision == PRECISION_DOUBLE ? ((const double *)vector)[j]
                                         : (double)((const float *)vector)[j];
}

/* 1e-6 over 200 steps in double; single precision has 6e-8 of rounding in each. */
static void assert_as_torch(size_t c, enum precision precision, double tolerance)
{
    const struct rule *rule = rule_find(torch_cases[c].name);
    struct rule_parameters given = torch_cases[c].parameters;
    const struct gradient_oracle oracle = {
        .context = &(int){0},
        .batch_size = 1,
        .batch = precision == PRECISION_DOUBLE ? torch_gradient : torch_gradient_single};
    double theta[TORCH_P];
    struct rule_state state;

    for (int j = 0; j < TORCH_P; j++)
        if (precision == PRECISION_DOUBLE)
            theta[j] = torch_start[j];
        else
            ((float *)(void *)theta)[j] = (float)torch_start[j];
    rule_complete(rule, &given);
    assert_int_equal(rule_open(&state, rule, TORCH_P, 1, precision, &given), 0);
    for (int t = 1; t <= TORCH_STEPS; t++) {
        assert_int_equal(rule_step(rule, &state, theta, 0.05, &oracle), 0);
        for (int j = 0; j < TORCH_P && t % TORCH_EVERY == 0; j++) {
            double expected = torch_cases[c].thetas[t / TORCH_EVERY - 1][j];
            double value = number(theta, j, precision);

            if (!(fabs(value - expected) <= tolerance * fmax(fabs(expected), fabs(torch_start[j]))))
                fail_msg("case %zu, %s, step %d, parameter %d: %.17g, PyTorch has %.17g", c,
                         rule->name, t, j, value, expected);
        }
    }
    rule_close(&state);
}

static void rules_agree_with_pytorch(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof torch_cases / sizeof *torch_cases; c++) {
        assert_as_torch(c, PRECISION_DOUBLE, 1e-12);
        assert_as_torch(c, PRECISION_SINGLE, 3e-5);
    }
}

/* ---- What PyTorch does not have ---------------------------------------------------------------
 */

static void epsilon_stands_inside_the_root_or_outside(void **state)
{
    static const char *const names[] = {"adagrad", "rmsprop", "adam", "nadam", "amsgrad"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct rule *rule = rule_find(names[i]);
        double steps[2];

        for (int place = 0; place < 2; place++) {
            struct rule_parameters given = parameters;
            struct script script = {0};
            struct rule_state rule_state;
            float theta[P];

            start(theta);
            given.epsilon = 0.01;
            given.epsilon_place = place ? EPSILON_OUTSIDE : EPSILON_INSIDE;
            open(&rule_state, rule, P, &given);
            step(rule, &rule_state, theta, rate, scripted_gradient, &script);
            steps[place] = 1 - (double)theta[0]; /* g = 1 */
            rule_close(&rule_state);
        }
        /* root(v): 1 but for rmsprop, whose v is (1 - b2) g^2 */
        if (strcmp(names[i], "rmsprop") == 0) {
            assert_near((float)steps[0], rate / sqrt(0.125 + 0.01));
            assert_near((float)steps[1], rate / (sqrt(0.125) + 0.01));
        } else {
            assert_true(fabs(steps[0] / steps[1] - 1.01 / sqrt(1.01)) < 1e-5);
        }
    }
}

static void the_mean_of_theta_is_what_asgd_evaluates(void **state)
{
    const struct rule *rule = rule_find("asgd");
    const struct rule_parameters given = {.average_from = 1};
    struct script script = {0};
    struct rule_state rule_state;
    float theta[P], thetas[STEPS][P];
    const float *mean;

    (void)state;
    start(theta);
    open(&rule_state, rule, P, &given);
    assert_ptr_equal(rule_evaluated(rule, &rule_state, theta), theta);
    for (int t = 0; t < STEPS; t++) {
        step(rule, &rule_state, theta, rate, scripted_gradient, &script);
        memcpy(thetas[t], theta, sizeof theta);
        mean = rule_evaluated(rule, &rule_state, theta);
        for (int j = 0; j < P; j++)
            assert_near(mean[j], t < 2 ? (double)thetas[t][j]
                                       : ((double)thetas[1][j] + (double)thetas[2][j]) / 2);
    }
    rule_close(&rule_state);
}

/* Three examples: 1/2 (theta - i)^2, i = 0, 1, 2, of which a batch is one. */
struct trio {
    int drawn;
    int asked_all, asked_batch;
};

static int trio_batch(void *context, const void *theta, void *gradient)
{
    struct trio *trio = context;

    trio->asked_batch++;
    *(double *)gradient = *(const double *)theta - trio->drawn;
    return 0;
}

static int trio_all(void *context, const void *theta, void *gradient)
{
    ((struct trio *)context)->asked_all++;
    *(double *)gradient = *(const double *)theta - 1;
    return 0;
}

static int trio_each(void *context, const void *theta, void *gradient,
                     void (*take)(void *taker, size_t example, double share), void *taker)
{
    trio_batch(context, theta, gradient);
    take(taker, (size_t)((struct trio *)context)->drawn, 1);
    return 0;
}

static double run_trio(const char *name, struct trio *trio, int steps, double *extra)
{
    const struct rule *rule = rule_find(name);
    const struct rule_parameters given = {.snapshot = 4};
    const struct gradient_oracle oracle = {
        .context = trio, .batch_size = 1, .batch = trio_batch, .all = trio_all, .each = trio_each};
    struct rule_state state;
    double theta = 5;

    *extra = 0;
    assert_int_equal(rule_open(&state, rule, 1, 3, PRECISION_DOUBLE, &given), 0);
    for (int t = 0; t < steps; t++) {
        trio->drawn = t * t % 3; /* 0 1 1 0 1 1: not even fair */
        if (t % 5 == 4)
            trio->drawn = 2;
        assert_int_equal(rule_step(rule, &state, &theta, 0.3, &oracle), 0);
        *extra += state.extra;
    }
    rule_close(&state);
    return theta;
}

/* With a constant rate sgd goes on jumping between the examples; these two do not. */
static void variance_reduction_reaches_the_minimum_at_a_constant_rate(void **state)
{
    struct trio trio = {0};
    double extra;

    (void)state;
    assert_true(fabs(run_trio("sgd", &trio, 199, &extra) - 1) > 0.1);
    assert_true(extra == 0);
    trio = (struct trio){0};
    assert_true(fabs(run_trio("svrg", &trio, 199, &extra) - 1) < 1e-12);
    assert_int_equal(trio.asked_all, 50);
    assert_int_equal(trio.asked_batch, 398);
    assert_true(extra == 199 + 50 * 3);
    trio = (struct trio){0};
    assert_true(fabs(run_trio("saga", &trio, 400, &extra) - 1) < 1e-9);
    assert_int_equal(trio.asked_batch, 400);
    assert_true(extra == 0);
}

static void defaults_are_those_of_the_source(void **state)
{
    struct rule_parameters p = {
        .momentum = -1, .beta1 = -1, .beta2 = -1, .epsilon = -1, .weight_decay = -1};

    (void)state;
    rule_complete(rule_find("adadelta"), &p);
    assert_true(p.beta2 == 0.95 && p.epsilon == 1e-6 && p.epsilon_place == EPSILON_INSIDE);
    assert_true(p.momentum == 0 && p.beta1 == 0 && p.weight_decay == 0);
    p = (struct rule_parameters){.beta2 = -1, .epsilon = -1, .weight_decay = -1, .beta1 = 0.5};
    rule_complete(rule_find("adamw"), &p);
    assert_true(p.beta1 == 0.5 && p.beta2 == 0.999 && p.epsilon == 1e-8);
    assert_true(p.epsilon_place == EPSILON_OUTSIDE && p.weight_decay == 0.01);
    assert_false(rule_is_bare(&p));
    p = (struct rule_parameters){.weight_decay = -1, .l2 = 0.5, .clip_norm = 1};
    rule_complete(rule_find("implicit"), &p);
    assert_true(rule_is_bare(&p)); /* which has none of them */
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
    open(&rule_state, rule_find("adam"), P, &parameters);
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
        cmocka_unit_test(rules_agree_with_pytorch),
        cmocka_unit_test(epsilon_stands_inside_the_root_or_outside),
        cmocka_unit_test(the_mean_of_theta_is_what_asgd_evaluates),
        cmocka_unit_test(variance_reduction_reaches_the_minimum_at_a_constant_rate),
        cmocka_unit_test(defaults_are_those_of_the_source),
        cmocka_unit_test(rules_are_found_by_name),
        cmocka_unit_test(closing_twice_and_closing_nothing_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
