/* Change points on series whose steps, spikes and drifts are known, and on noise. */
#include "judge/changes.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LONGEST = 300 };

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-8 * fabs(expected)))
        fail_msg("%.12g, expected %.12g", value, expected);
}

/* Normal noise of this deviation, a series of its own for each number. */
static void make_noise(double *values, size_t count, double deviation, uint32_t number)
{
    struct rng rng;

    rng_init(&rng, 3, RNG_TEST, number);
    for (size_t i = 0; i < count; i++)
        values[i] = deviation * rng_normal(&rng);
}

static void add_step(double *values, size_t from, size_t count, double height)
{
    for (size_t i = from; i < count; i++)
        values[i] += height;
}

/* ---- The parts --------------------------------------------------------------------------------
 */

static void the_best_split_is_where_the_level_moves(void **state)
{
    static const double step[] = {0, 0, 0, 1, 1, 1, 1}, late[] = {0, 0, 0, 0, 0, 1};

    (void)state;
    assert_int_equal(changes_best_split(step, 7), 3);
    assert_in_range(changes_best_split(late, 6), 2, 4); /* one value is no segment */
    assert_int_equal(changes_best_split(step, 3), 0);
    assert_int_equal(changes_best_split(step, 0), 0);
}

/* The energy distance as its definition has it. */
static double energy_of(const double *values, size_t at, size_t count)
{
    double between = 0, within[2] = {0, 0}, n = (double)at, m = (double)(count - at);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            double distance = fabs(values[i] - values[j]);

            if (i >= at && j < at)
                between += distance;
            else
                within[i >= at] += distance;
        }
    return n * m / (n + m) *
           (2 * between / (n * m) - within[0] / (n * (n - 1) / 2) - within[1] / (m * (m - 1) / 2));
}

static void the_best_split_has_the_largest_energy_distance(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 20; number++) {
        double values[15];
        size_t best = 2;

        make_noise(values, 15, 1, number);
        for (size_t at = 3; at <= 13; at++)
            if (energy_of(values, at, 15) > energy_of(values, best, 15))
                best = at;
        assert_int_equal(changes_best_split(values, 15), best);
    }
}

/* p is SciPy's ttest_ind, the interval its t.ppf. */
static void a_change_is_tested_by_student(void **state)
{
    static const double values[] = {9, 1.0, 1.2, 0.9, 1.1, 1.05, 1.3, 1.25, 1.4, 7};
    struct change change = changes_test(values, 1, 6, 9);

    (void)state;
    assert_close(change.effect.value, 0.2666666666666666);
    assert_close(change.effect.low, 0.08550458615923881);
    assert_close(change.effect.high, 0.4478287471740944);
    assert_close(change.p, 0.011341955010226631);
    assert_true(change.at == 6 && change.before == 5 && change.after == 3);
}

/* ---- Whole series -----------------------------------------------------------------------------
 */

static size_t find(const double *values, size_t count, struct change *changes)
{
    return changes_find(values, count, &changes_usual, changes);
}

/* Steps of five deviations, each found within a value of where it is, and nothing else, in all but
 * the share of series in which noise looks like a change (below). */
static void steps_are_found_where_they_are(void **state)
{
    enum { SERIES = 50 };
    int right = 0;

    (void)state;
    for (uint32_t number = 0; number < SERIES; number++) {
        double values[LONGEST];
        struct change changes[LONGEST / 2];
        size_t found;

        make_noise(values, 90, 0.02, number);
        add_step(values, 30, 90, 0.1);
        add_step(values, 70, 90, -0.1);
        found = find(values, 90, changes);
        right += found == 2 && changes[0].at >= 29 && changes[0].at <= 31 && changes[1].at >= 69 &&
                 changes[1].at <= 71 && changes[0].effect.value > 0.05 &&
                 changes[1].effect.value < -0.05 && !changes[0].drift && !changes[1].drift;
    }
    assert_in_range(right, SERIES * 85 / 100, SERIES);
}

static void two_values_after_a_step_are_enough_and_one_is_not(void **state)
{
    int found_by_two = 0, found_by_one = 0;

    (void)state;
    for (uint32_t number = 0; number < 50; number++) {
        double values[LONGEST];
        struct change changes[LONGEST / 2];
        size_t found;

        make_noise(values, 22, 0.02, number);
        add_step(values, 20, 22, 0.2);
        found = find(values, 22, changes);
        found_by_two += found > 0 && changes[found - 1].at == 20;
        found = find(values, 21, changes);
        found_by_one += found > 0 && changes[found - 1].at >= 19;
    }
    assert_in_range(found_by_two, 45, 50);
    assert_in_range(found_by_one, 0, 3);
}

static void a_spike_is_no_change_however_high(void **state)
{
    int found = 0;

    (void)state;
    for (uint32_t number = 0; number < 50; number++)
        for (double height = 0.1; height < 20; height *= 10) {
            double values[LONGEST];
            struct change changes[LONGEST / 2];

            make_noise(values, 40, 0.02, number);
            values[10 + number % 25] += height;
            found += find(values, 40, changes) > 0;
        }
    assert_in_range(found, 0, 150 * 6 / 100);
}

static void a_drift_is_found_and_called_one(void **state)
{
    int found = 0, drifts = 0;

    (void)state;
    for (uint32_t number = 0; number < 20; number++) {
        double values[LONGEST];
        struct change changes[LONGEST / 2];
        size_t count;

        make_noise(values, 60, 0.01, number);
        for (size_t i = 0; i < 60; i++)
            values[i] += 0.005 * (double)i;
        count = find(values, 60, changes);
        found += count > 0;
        for (size_t c = 0; c < count; c++)
            drifts += changes[c].drift;
        drifts -= (int)count;
    }
    assert_int_equal(found, 20);
    assert_in_range(drifts + 20, 10, 20); /* few of them look like steps */
}

/* Counts do not vary: any that changes and stays is a change. */
static void exact_numbers_change_or_do_not(void **state)
{
    double values[12] = {0};
    struct change changes[6];

    (void)state;
    assert_int_equal(find(values, 12, changes), 0);
    add_step(values, 9, 12, 1e-9);
    assert_int_equal(find(values, 12, changes), 1);
    assert_true(changes[0].at == 9 && changes[0].p == 0);
    assert_close(changes[0].effect.low, 1e-9);
    assert_int_equal(find(values, 0, changes), 0);
    assert_int_equal(find(values, 3, changes), 0);
}

static void differences_below_the_least_are_none(void **state)
{
    struct changes_rule rule = {.p = 1e-4, .least = 0.05, .window = 50};
    double values[LONGEST];
    struct change changes[LONGEST / 2];

    (void)state;
    make_noise(values, 60, 0.005, 1);
    add_step(values, 20, 60, 0.03);
    add_step(values, 40, 60, 0.2);
    assert_int_equal(find(values, 60, changes), 2);
    assert_int_equal(changes_find(values, 60, &rule, changes), 1);
    assert_int_equal(changes[0].at, 40);
}

static void windows_reach_to_the_end_of_long_series(void **state)
{
    static const size_t steps[] = {24, 100, 101 + 74, 297};
    double values[LONGEST];
    struct change changes[LONGEST / 2];
    size_t met = 0;

    (void)state;
    make_noise(values, LONGEST, 0.01, 2);
    for (size_t s = 0; s < 4; s++)
        add_step(values, steps[s], LONGEST, s % 2 ? -0.2 : 0.2);
    for (size_t c = find(values, LONGEST, changes); c-- > 0;)
        for (size_t s = 0; s < 4; s++)
            met += changes[c].at == steps[s];
    assert_int_equal(met, 4);
}

/* The share of series of noise in which a change is found, of so many values each. What is promised
 * in results/README.md, with three deviations of what 400 series show. */
static void noise_is_seldom_taken_for_a_change(void **state)
{
    static const struct {
        double p;
        size_t count;
        double share;
    } promised[] = {{1e-4, 20, 0.002}, {1e-4, 50, 0.004}, {1e-4, 100, 0.006},
                    {1e-3, 20, 0.01},  {1e-3, 50, 0.02},  {1e-3, 100, 0.04}};
    enum { SERIES = 400 };

    (void)state;
    for (size_t i = 0; i < sizeof promised / sizeof *promised; i++) {
        struct changes_rule rule = {promised[i].p, 0, 50};
        double share = promised[i].share, most = share + 3 * sqrt(share * (1 - share) / SERIES);
        int found = 0;

        for (uint32_t number = 0; number < SERIES; number++) {
            double values[LONGEST];
            struct change changes[LONGEST / 2];

            make_noise(values, promised[i].count, 0.02, 1000 + number);
            found += changes_find(values, promised[i].count, &rule, changes) > 0;
        }
        if (!(found <= most * SERIES))
            fail_msg("%zu values: %d of %d series, expected at most %g", promised[i].count, found,
                     SERIES, most * SERIES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_split_is_where_the_level_moves),
        cmocka_unit_test(the_best_split_has_the_largest_energy_distance),
        cmocka_unit_test(a_change_is_tested_by_student),
        cmocka_unit_test(steps_are_found_where_they_are),
        cmocka_unit_test(two_values_after_a_step_are_enough_and_one_is_not),
        cmocka_unit_test(a_spike_is_no_change_however_high),
        cmocka_unit_test(a_drift_is_found_and_called_one),
        cmocka_unit_test(exact_numbers_change_or_do_not),
        cmocka_unit_test(differences_below_the_least_are_none),
        cmocka_unit_test(windows_reach_to_the_end_of_long_series),
        cmocka_unit_test(noise_is_seldom_taken_for_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
