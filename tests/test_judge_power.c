/* Power: SciPy's integrals, textbook numbers, the limits, and a simulation. */
#include "base/rng.h"
#include "judge/means.h"
#include "judge/power.h"

#include "judge_fixture.h"

static void power_is_that_of_scipy(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(power_cases); c++) {
        double effect = power_cases[c].effect, deviation = power_cases[c].deviation;
        size_t a = power_cases[c].a, b = power_cases[c].b;
        double alpha = power_cases[c].alpha;

        assert_near(power_two_samples(effect, deviation, a, b, alpha), power_cases[c].two_samples,
                    1e-9);
        assert_near(power_paired(effect, deviation, a, alpha), power_cases[c].paired, 1e-9);
    }
}

/* Cohen 1988: d = 0.5 at 80 % takes 64 a sample; of pairs 34. */
static void the_textbook_numbers_come_out(void **state)
{
    (void)state;
    assert_int_equal(power_needed_two_samples(0.5, 1, 0.05, 0.8), 64);
    assert_int_equal(power_needed_paired(0.5, 1, 0.05, 0.8), 34);
    assert_int_equal(power_needed_two_samples(0.2, 1, 0.05, 0.8), 394);
    assert_int_equal(power_needed_two_samples(0.8, 1, 0.05, 0.8), 26);
    /* 10 against 10 seeds: 1.325 deviations. */
    assert_near(power_detectable_two_samples(1, 10, 10, 0.05, 0.8), 1.3249, 1e-4);
}

static void the_detectable_effect_has_that_power(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 50; n += 6) {
        double two = power_detectable_two_samples(0.3, n, n + 3, 0.05, 0.8);
        double paired = power_detectable_paired(0.3, n, 0.01, 0.9);

        assert_near(power_two_samples(two, 0.3, n, n + 3, 0.05), 0.8, 1e-10);
        assert_near(power_paired(paired, 0.3, n, 0.01), 0.9, 1e-10);
    }
}

static void the_number_needed_is_the_least(void **state)
{
    (void)state;
    for (double effect = 0.05; effect < 4; effect *= 1.7) {
        size_t n = power_needed_two_samples(effect, 1, 0.05, 0.8);
        size_t pairs = power_needed_paired(effect, 1, 0.05, 0.8);

        assert_true(power_two_samples(effect, 1, n, n, 0.05) >= 0.8);
        assert_true(n == 2 || power_two_samples(effect, 1, n - 1, n - 1, 0.05) < 0.8);
        assert_true(power_paired(effect, 1, pairs, 0.05) >= 0.8);
        assert_true(pairs == 2 || power_paired(effect, 1, pairs - 1, 0.05) < 0.8);
    }
}

static void without_an_effect_power_is_alpha(void **state)
{
    (void)state;
    assert_near(power_two_samples(0, 1, 8, 9, 0.05), 0.05, 1e-13);
    assert_near(power_paired(0, 1, 5, 0.01), 0.01, 1e-13);
    assert_int_equal(power_needed_paired(0, 1, 0.05, 0.8), 0);
}

static void power_grows_to_1_without_a_gap(void **state)
{
    double before = 0;

    (void)state;
    for (double effect = 0.1; effect < 1e9; effect *= 1.5) {
        double power = power_two_samples(effect, 1, 2, 2, 1e-6);

        assert_true(power >= before - 1e-7 && power <= 1);
        before = power;
    }
    assert_near(before, 1, 1e-12);
    assert_true(power_paired(INFINITY, 1, 5, 0.05) == 1);
    assert_true(power_two_samples(2, 1, 9, 9, 0.05) == power_two_samples(-2, 1, 9, 9, 0.05));
}

/* From 10000 standard errors on another formula takes over. */
static void far_from_0_both_ways_of_computing_agree(void **state)
{
    double below = power_two_samples(9999.99, 1, 2, 2, 1e-9);
    double above = power_two_samples(10000.01, 1, 2, 2, 1e-9);

    (void)state;
    assert_true(below > 0.05 && below < 0.2);
    assert_near(above, below, 1e-6);
}

/* Many values: the normal approximation, (1.959964 + 0.841621)^2 / effect^2 pairs. */
static void tiny_effects_need_as_many_as_the_normal_says(void **state)
{
    double pairs = (double)power_needed_paired(1e-3, 1, 0.05, 0.8);

    (void)state;
    assert_near(pairs / 7848879, 1, 1e-5);
}

static void fewer_than_two_values_detect_nothing(void **state)
{
    (void)state;
    assert_true(isnan(power_two_samples(1, 1, 1, 10, 0.05)) && isnan(power_paired(1, 1, 0, 0.05)));
    assert_true(power_detectable_two_samples(1, 10, 1, 0.05, 0.8) == HUGE_VAL);
    assert_true(power_detectable_paired(1, 1, 0.05, 0.8) == HUGE_VAL);
    assert_true(isnan(power_paired(NAN, 1, 5, 0.05)) && isnan(power_paired(1, NAN, 5, 0.05)));
    assert_true(isnan(power_detectable_paired(NAN, 5, 0.05, 0.8)));
    assert_int_equal(power_needed_paired(NAN, 1, 0.05, 0.8), 0);
}

static void the_paired_test_rejects_as_often_as_predicted(void **state)
{
    enum { TRIALS = 4000, COUNT = 10 };
    double a[COUNT], b[COUNT] = {0};
    double effect = power_detectable_paired(1, COUNT, 0.05, 0.8);
    struct rng rng;
    int rejected = 0;

    (void)state;
    rng_init(&rng, 8, RNG_TEST, 5);
    for (int trial = 0; trial < TRIALS; trial++) {
        struct mean_difference difference;

        for (int i = 0; i < COUNT; i++)
            a[i] = effect + rng_normal(&rng);
        difference = means_paired(a, b, COUNT);
        rejected += means_p(&difference, 0, TWO_SIDED) < 0.05;
    }
    assert_true(fabs(rejected / (double)TRIALS - 0.8) < 0.02); /* three standard deviations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_is_that_of_scipy),
        cmocka_unit_test(the_textbook_numbers_come_out),
        cmocka_unit_test(the_detectable_effect_has_that_power),
        cmocka_unit_test(the_number_needed_is_the_least),
        cmocka_unit_test(without_an_effect_power_is_alpha),
        cmocka_unit_test(power_grows_to_1_without_a_gap),
        cmocka_unit_test(far_from_0_both_ways_of_computing_agree),
        cmocka_unit_test(tiny_effects_need_as_many_as_the_normal_says),
        cmocka_unit_test(fewer_than_two_values_detect_nothing),
        cmocka_unit_test(the_paired_test_rejects_as_often_as_predicted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
