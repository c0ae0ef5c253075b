/* What it took to reach a target, from the points of a curve. */
#include "train/train.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NA NOT_APPLICABLE

static const struct target_spec target = {.metric = METRIC_TRAIN_LOSS, .value = 0.1};

static struct curve_point point_at(double axis, double loss)
{
    return (struct curve_point){.epoch = axis,
                                .flops = 100 * axis,
                                .train_seconds = 0.01 * axis,
                                .update = (long)(10 * axis),
                                .examples = 20 * axis,
                                .train = {loss, NA},
                                .validation = {NA, NA}};
}

static void assert_cost(const double (*points)[2], int count, double epochs)
{
    struct curve_point curve[8];
    struct target_cost cost;

    for (int i = 0; i < count; i++)
        curve[i] = point_at(points[i][0], points[i][1]);
    cost = train_target_cost(curve, count, &target);
    if (!(fabs(cost.epochs - epochs) <= 1e-12 * fabs(epochs)) && cost.epochs != epochs)
        fail_msg("%.17g, expected %.17g", cost.epochs, epochs);
    if (epochs == NA) {
        assert_true(cost.updates == NA && cost.examples == NA && cost.flops == NA &&
                    cost.seconds == NA);
        return;
    }
    assert_true(fabs(cost.updates - 10 * epochs) < 1e-9);
    assert_true(fabs(cost.examples - 20 * epochs) < 1e-9);
    assert_true(fabs(cost.flops - 100 * epochs) < 1e-9);
    assert_true(fabs(cost.seconds - 0.01 * epochs) < 1e-9);
}

static double resolution_of(const double (*points)[2], int count)
{
    struct curve_point curve[8];

    for (int i = 0; i < count; i++)
        curve[i] = point_at(points[i][0], points[i][1]);
    return train_target_cost(curve, count, &target).resolution;
}

#define RESOLUTION(...)                                                                            \
    resolution_of((const double[][2])__VA_ARGS__,                                                  \
                  (int)(sizeof((const double[][2])__VA_ARGS__) / sizeof(double[2])))

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12))
        fail_msg("%.17g, expected %.17g", value, expected);
}

#define COST(epochs, ...)                                                                          \
    assert_cost((const double[][2])__VA_ARGS__,                                                    \
                (int)(sizeof((const double[][2])__VA_ARGS__) / sizeof(double[2])), epochs)

/* From 1 to 0.01 the logarithm passes 0.1 half-way. */
static void a_target_is_interpolated_in_the_logarithm(void **state)
{
    (void)state;
    COST(3, {{0, 2}, {1, 1}, {5, 0.01}});
    COST(1 + 4 * log(0.8 / 0.1) / log(0.8 / 0.05), {{1, 0.8}, {5, 0.05}});
    COST(5, {{1, 0.8}, {5, 0.1}}); /* reached exactly */
    COST(0, {{0, 0.1}, {5, 0.01}});
    COST(0, {{0, 0.05}, {5, 0.01}});
}

/* Losses of objectives go below 0, where there are no logarithms. */
static void a_target_below_0_is_interpolated_plainly(void **state)
{
    const struct target_spec below = {.metric = METRIC_TRAIN_LOSS, .value = -0.25};
    struct curve_point curve[] = {point_at(0, 0.5), point_at(1, 0), point_at(5, -1)};

    (void)state;
    assert_true(fabs(train_target_cost(curve, 3, &below).epochs - 2) < 1e-12);
    assert_true(fabs(train_target_cost(curve, 3, &below).updates - 20) < 1e-9);
    curve[2].train.loss = -0.2;
    assert_true(train_target_cost(curve, 3, &below).epochs == NA);
}

static void only_the_first_crossing_counts(void **state)
{
    (void)state;
    COST(3, {{1, 1}, {5, 0.01}, {6, 1}, {7, 0.001}});
}

static void a_target_that_is_not_reached_has_no_cost(void **state)
{
    (void)state;
    COST(NA, {{0, 1}, {5, 0.1000001}});
    COST(NA, {{0, NAN}, {5, NAN}});
    COST(NA, {{0, NA}, {5, NA}}); /* a split that is not there */
    COST(NA, {{0, INFINITY}});
    assert_true(train_target_cost(NULL, 0, &target).epochs == NA);
}

static void before_the_crossing_anything_may_stand(void **state)
{
    (void)state;
    COST(5, {{1, NAN}, {5, 0.01}}); /* nothing to interpolate with: the later point */
    COST(5, {{1, INFINITY}, {5, 0.01}});
    COST(3, {{0, NAN}, {1, 1}, {5, 0.01}});
}

/* The smallest positive number stands for zero, whatever was before. */
static void a_metric_of_zero_is_reached_soon_after_the_point_before(void **state)
{
    (void)state;
    COST(1 + 4 * (log(1) - log(0.1)) / (log(1) - log(DBL_MIN)), {{1, 1}, {5, 0}});
    COST(1 + 4 * (log(1e10) - log(0.1)) / (log(1e10) - log(DBL_MIN)), {{1, 1e10}, {5, 0}});
}

static void every_metric_has_its_own_column(void **state)
{
    struct curve_point curve[1] = {{.train = {0.4, 0.3}, .validation = {0.2, 0.1}}};

    (void)state;
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        struct target_spec spec = {.metric = (enum metric)metric};

        spec.value = 0.4 - 0.1 * metric + 0.05;
        assert_true(train_target_cost(curve, 1, &spec).epochs == 0);
        spec.value = 0.4 - 0.1 * metric - 0.05;
        assert_true(train_target_cost(curve, 1, &spec).epochs == NA);
    }
}

/* Half-way in the logarithm the cost is 10 (1 + 5) / 2 = 30 updates; plainly 0.9 / 0.99 of the way,
 * at 46.4; by the logarithm of updates sqrt(10 * 50) = 22.4 and 43.2. */
static void the_resolution_is_the_largest_difference_of_interpolations(void **state)
{
    (void)state;
    assert_near(RESOLUTION({{0, 2}, {1, 1}, {5, 0.01}}), (10 + 40 * 0.9 / 0.99 - 30) / 30);
    /* a metric that hardly changes: it is the updates that differ */
    assert_true(fabs(RESOLUTION({{1, 0.1 * 1.0001}, {4, 0.1 / 1.0001}}) - 0.2) < 1e-3);
}

static void a_dense_cadence_resolves_finely(void **state)
{
    double coarse, fine;

    (void)state;
    /* a loss of 1 / t^(1/2), which is 0.1 at t = 100; twelve evaluations a decade, and three */
    fine = RESOLUTION({{92, 1 / sqrt(92)}, {92 * 1.2115, 1 / sqrt(92 * 1.2115)}});
    coarse = RESOLUTION({{70, 1 / sqrt(70)}, {70 * 2.1544, 1 / sqrt(70 * 2.1544)}});
    assert_true(fine > 0.001 && fine < 0.01);
    assert_true(coarse > 0.05 && coarse < 0.15);
}

static void evaluated_at_every_update_nothing_is_left_open(void **state)
{
    (void)state;
    assert_near(RESOLUTION({{0, 1}, {0.1, 0.01}}), 0);
    assert_near(RESOLUTION({{0.1, 1}, {0.2, 0.01}}), 0);
    assert_near(RESOLUTION({{0, 0.05}, {5, 0.01}}), 0); /* at the start */
}

static void what_cannot_be_interpolated_is_open_in_full(void **state)
{
    (void)state;
    assert_near(RESOLUTION({{1, NAN}, {5, 0.01}}), 40.0 / 50);
    assert_true(RESOLUTION({{0, 1}, {5, 0.01}}) > 0.5); /* from the start: anywhere */
    assert_true(RESOLUTION({{1, 0.2}, {5, 0}}) > 0.5);  /* 0 may have come at once */
    assert_true(RESOLUTION({{0, 1}, {5, 0.2}}) == NA);  /* not reached */
    assert_true(RESOLUTION({{0, NA}, {5, NA}}) == NA);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_interpolated_in_the_logarithm),
        cmocka_unit_test(a_target_below_0_is_interpolated_plainly),
        cmocka_unit_test(only_the_first_crossing_counts),
        cmocka_unit_test(a_target_that_is_not_reached_has_no_cost),
        cmocka_unit_test(before_the_crossing_anything_may_stand),
        cmocka_unit_test(a_metric_of_zero_is_reached_soon_after_the_point_before),
        cmocka_unit_test(the_resolution_is_the_largest_difference_of_interpolations),
        cmocka_unit_test(a_dense_cadence_resolves_finely),
        cmocka_unit_test(evaluated_at_every_update_nothing_is_left_open),
        cmocka_unit_test(what_cannot_be_interpolated_is_open_in_full),
        cmocka_unit_test(every_metric_has_its_own_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
