/* Numbers against expectations: known answers, the degenerate ones, and how often chance alone
 * confirms. */
#include "verdict/finding.h"

#include "base/rng.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct range above_0 = {0, INFINITY};

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fmax(1, fabs(b))))
        fail_msg("%.17g, expected %.17g", a, b);
}

/* ---- Seeds -----------------------------------------------------------------------------------
 */

/* SciPy: t.sf(3 / se, 4), t.interval(0.95, 4, 3, se), t.sf(1 / se, 4), se = sqrt(0.5) */
static void the_mean_of_seeds_is_judged_by_student(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5};
    struct finding f = finding_of_seeds(values, 5, above_0, 0);

    (void)state;
    assert_null(f.reason);
    assert_int_equal(f.n, 5);
    assert_near(f.effect.value, 3);
    assert_near(f.effect.low, 1.0367568385224393);
    assert_near(f.effect.high, 4.9632431614775605);
    assert_near(f.p_confirm, 0.006617799781841127);
    assert_near(f.p_refute, 1 - 0.006617799781841127);
    assert_true(isnan(f.margin)); /* one-sided */
    f = finding_of_seeds(values, 5, (struct range){2, 3.5}, 0);
    assert_near(f.p_confirm, 0.25925925925925913); /* the nearer bound */
    assert_near(f.margin, 0.75);
    assert_true(f.detectable > f.margin);
    f = finding_of_seeds(values, 5, (struct range){-INFINITY, 2}, 0);
    assert_near(f.p_refute, 0.11509982054024936);
}

static void bounds_on_both_sides_refute_at_half_the_level(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5};
    double one = finding_of_seeds(values, 5, (struct range){-INFINITY, 2}, 0).p_refute;
    double two = finding_of_seeds(values, 5, (struct range){-9, 2}, 0).p_refute;

    (void)state;
    assert_near(two, 2 * one);
}

static void ratios_are_judged_in_logarithms(void **state)
{
    static const double ratios[] = {2, 2.2, 1.8, 2.1, 1.9};
    struct finding f = finding_of_seeds(ratios, 5, (struct range){1.5, INFINITY}, 1);

    (void)state;
    assert_near(f.effect.value, 1.994984911879626);
    assert_near(f.effect.low, 1.80787342977893);
    assert_near(f.effect.high, 2.201462078633478);
    assert_near(f.p_confirm, 0.0006496897640719474);
}

/* Rounding may have made them equal: no more certain than as many coins. */
static void values_that_do_not_vary_are_judged_by_signs(void **state)
{
    static const double same[] = {2, 2, 2}, zero[] = {0, 0, 0};
    struct finding f = finding_of_seeds(same, 3, (struct range){1, 3}, 0);

    (void)state;
    assert_near(f.p_confirm, 1.0 / 8);
    assert_near(f.effect.low, 2);
    assert_near(f.detectable, 0);
    f = finding_of_seeds(same, 3, (struct range){3, 4}, 0);
    assert_near(f.p_confirm, 1);
    assert_near(f.p_refute, 2.0 / 8);
    f = finding_of_seeds(zero, 3, above_0, 0); /* equal to the bound: neither */
    assert_near(f.p_confirm, 1);
    assert_near(f.p_refute, 1);
}

static void what_cannot_fail_confirms_nothing(void **state)
{
    static const double values[] = {1, 2, 3}, ratios[] = {1, -2, 3};
    struct finding f = finding_of_seeds(values, 3, (struct range){-INFINITY, INFINITY}, 0);

    (void)state;
    assert_true(isnan(f.p_confirm) && f.reason);
    f = finding_of_seeds(values, 3, (struct range){-INFINITY, 0}, 1); /* log 0 */
    assert_true(isnan(f.p_confirm) && f.reason);
    f = finding_of_seeds(ratios, 3, (struct range){0.5, INFINITY}, 1);
    assert_string_equal(f.reason, "a ratio below 0");
    f = finding_of_interval((struct effect){0.5, 0.55, 0.45}, (struct range){1, INFINITY});
    assert_string_equal(f.reason, "its interval does not hold the value");
    assert_true(isnan(f.p_confirm));
}

static void what_was_not_reached_is_judged_by_signs(void **state)
{
    static const double none[] = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    static const double some[] = {INFINITY, 2, 3, INFINITY, 0.5};
    struct finding f = finding_of_seeds(none, 5, (struct range){1, INFINITY}, 1);

    (void)state;
    assert_near(f.p_confirm, 1.0 / 32);
    assert_true(f.effect.value == (double)INFINITY);
    f = finding_of_seeds(some, 5, (struct range){1, INFINITY}, 1);
    assert_near(f.p_confirm, 6.0 / 32);
    assert_near(f.effect.value, 3);
    assert_true(f.effect.low == 0 && f.effect.high == (double)INFINITY);
    f = finding_of_seeds(none, 5, (struct range){-INFINITY, 1}, 0);
    assert_near(f.p_refute, 1.0 / 32);
}

/* SciPy: binom.sf(7, 9, 0.5) and order statistics 2 and 8 of 9. */
static void a_median_is_judged_by_signs_whatever_the_values(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 1000};
    struct finding f = finding_of_median(values, 9, (struct range){1.5, INFINITY}, 0);

    (void)state;
    assert_near(f.effect.value, 5);
    assert_near(f.p_confirm, 10.0 / 512);
    assert_true(f.effect.low >= 1 && f.effect.low <= 2 && f.effect.high >= 8);
    assert_true(f.detectable > 0 && isfinite(f.detectable));
    f = finding_of_seeds(values, 9, (struct range){1.5, INFINITY},
                         0); /* the mean varies too much */
    assert_true(f.p_confirm > 0.1);
    f = finding_of_median(values, 9, (struct range){-INFINITY, 1.5}, 0);
    assert_near(f.p_refute, 10.0 / 512);
}

static void too_few_seeds_tell_nothing(void **state)
{
    static const double values[] = {NAN, 7, NAN};
    struct finding f = finding_of_seeds(values, 3, above_0, 0);

    (void)state;
    assert_int_equal(f.n, 1);
    assert_string_equal(f.reason, "one seed");
    assert_true(isnan(f.p_confirm) && isnan(f.p_refute));
    assert_near(f.effect.value, 7);
    assert_true(f.effect.low == (double)-INFINITY);
    f = finding_of_seeds(values, 1, above_0, 0);
    assert_string_equal(f.reason, "no values");
}

/* ---- Otherwise known -------------------------------------------------------------------------
 */

static void each_side_of_an_interval_has_its_own_width(void **state)
{
    /* two standard errors of 0.5 above the lower bound, one of 1 below the upper */
    static const double z = 1.959963984540054;
    struct finding f =
        finding_of_interval((struct effect){2, 2 - 0.5 * z, 2 + z}, (struct range){1, 3});

    (void)state;
    assert_near(f.p_confirm, 0.15865525393145707); /* norm.sf(1) */
    f = finding_of_interval((struct effect){2, 2 - 0.5 * z, 2 + z}, (struct range){1, INFINITY});
    assert_near(f.p_confirm, 0.022750131948179195); /* norm.sf(2) */
    f = finding_of_interval((struct effect){2, 2 - 0.5 * z, 2 + z}, (struct range){-INFINITY, 1});
    assert_near(f.p_refute, 0.022750131948179195);
    f = finding_of_interval((struct effect){2, 1, 3}, (struct range){1.9, 2.1});
    assert_true(f.detectable > f.margin); /* too wide to tell */
}

static void an_interval_with_one_side_is_one_sided(void **state)
{
    struct finding f = finding_of_interval((struct effect){0, NAN, 1.6448536269514722},
                                           (struct range){-INFINITY, 2});

    (void)state;
    assert_near(f.p_confirm, 0.022750131948179195);
    f = finding_of_interval((struct effect){0, NAN, NAN}, (struct range){-INFINITY, 2});
    assert_true(isnan(f.p_confirm));
    assert_non_null(f.reason);
    f = finding_of_interval((struct effect){NAN, 0, 1}, (struct range){-INFINITY, 2});
    assert_non_null(f.reason);
}

static void a_constant_is_within_or_not(void **state)
{
    (void)state;
    assert_near(finding_of_constant(1, (struct range){1, 2}).p_confirm, 0);
    assert_near(finding_of_constant(1.01, (struct range){0, 1}).p_refute, 0);
    assert_near(finding_of_constant(1.01, (struct range){0, 1}).p_confirm, 1);
    assert_non_null(finding_of_constant(NAN, (struct range){0, 1}).reason);
    assert_near(finding_of_constant(INFINITY, (struct range){0, INFINITY}).p_confirm, 0);
}

static void of_several_the_weakest_counts(void **state)
{
    struct finding list[3] = {{.effect = {1, 0, 0}, .p_confirm = 0.01, .p_refute = 0.9},
                              {.effect = {2, 0, 0}, .p_confirm = 0.03, .p_refute = 0.5},
                              {.effect = {3, 0, 0}, .p_confirm = 0.001, .p_refute = 1}};
    struct finding all = finding_all(list, 3);

    (void)state;
    assert_near(all.p_confirm, 0.03);
    assert_near(all.effect.value, 2);
    assert_near(all.p_refute, 1); /* three times 0.5 */
    list[2].p_confirm = 0.99;
    list[2].p_refute = 0.004; /* one stands against: it is what is shown */
    list[1].p_confirm = 0.995;
    all = finding_all(list, 3);
    assert_near(all.p_refute, 0.012);
    assert_near(all.effect.value, 3);
    list[0].p_confirm = list[0].p_refute = NAN; /* not known is weaker than anything */
    list[2].p_refute = 0.5;
    assert_true(isnan(finding_all(list, 3).p_confirm));
    list[0].detectable = NAN; /* what is not known of one hides nothing of the others */
    list[1].detectable = 0.5;
    list[2].detectable = 0.1;
    assert_near(finding_all(list, 3).detectable, 0.5);
}

static void of_many_a_share_must_hold(void **state)
{
    struct finding list[3] = {finding_of_constant(1, (struct range){0, 9}),
                              finding_of_constant(2, (struct range){0, 9}),
                              finding_of_constant(3, (struct range){0, 9})};
    struct finding most;

    (void)state;
    list[0].p_confirm = 0.5;
    list[1].p_confirm = 0.01;
    list[2].p_confirm = 0.02;
    list[0].p_refute = list[1].p_refute = list[2].p_refute = 1;
    most = finding_most(list, 3, 2); /* one may be spared: the second, twice */
    assert_near(most.p_confirm, 0.04);
    assert_near(most.effect.value, 3);
    assert_near(finding_most(list, 3, 3).p_confirm, 0.5);
    assert_near(finding_most(list, 3, 1).p_confirm, 0.03);
    list[1].p_refute = 0.004;
    list[2].p_refute = 0.002;
    most = finding_most(list, 3, 2); /* two do not hold, one is left */
    assert_near(most.p_refute, 0.008);
    assert_near(most.effect.value, 2);
    list[2].p_confirm = list[2].p_refute = NAN; /* not known is not found */
    most = finding_most(list, 3, 2);
    assert_near(most.p_confirm, 1);
    assert_near(most.p_refute, 1);
}

static double mean_without(const void *context, size_t left_out)
{
    const double *values = context;
    double sum = 0;

    for (size_t i = 0; i < 5; i++)
        sum += i == left_out ? 0 : values[i];
    return sum / (left_out < 5 ? 4 : 5);
}

static double plug_in_variance(const void *context, size_t left_out)
{
    const double *values = context;
    double mean = mean_without(context, left_out), sum = 0;

    for (size_t i = 0; i < 5; i++)
        sum += i == left_out ? 0 : (values[i] - mean) * (values[i] - mean);
    return sum / (left_out < 5 ? 4 : 5);
}

static double inverse_of_the_first(const void *context, size_t left_out)
{
    return left_out == 0 ? (double)INFINITY : 1 / *(const double *)context;
}

static void pseudo_values_of_a_mean_are_the_values(void **state)
{
    static const double values[] = {1, 2, 4, 8, 9};
    const struct range range = {2, 7};
    struct finding mean = finding_of_seeds(values, 5, range, 0);
    struct finding same = finding_of_jackknife(mean_without, values, 5, range, 0);

    (void)state;
    assert_near(same.effect.value, mean.effect.value);
    assert_near(same.effect.low, mean.effect.low);
    assert_near(same.p_confirm, mean.p_confirm);
    /* the bias of 1/n is gone (Quenouille): 12.7 with n - 1 */
    assert_near(finding_of_jackknife(plug_in_variance, values, 5, range, 0).effect.value, 12.7);
    same = finding_of_jackknife(inverse_of_the_first, values, 5, range, 1);
    assert_true(isnan(same.p_confirm) && same.reason);
    assert_true(finding_of_jackknife(mean_without, values, 1, range, 0).reason != NULL);
}

/* ---- Along x ---------------------------------------------------------------------------------
 */

static void a_trend_is_told_from_its_opposite(void **state)
{
    static const double x[] = {1, 2, 4, 8, 16, 32}, flat[] = {1, 1, 1, 1, 1, 1};
    /* the level of a seed is its own */
    static const double y[5][6] = {{1, 2, 3, 4, 5, 6},
                                   {102, 102, 103, 105, 105, 107},
                                   {21, 23, 22, 24, 25, 26},
                                   {1001, 1002, 1003, 1004, 1005, 1006},
                                   {31, 32, 34, 33, 35, 36}};
    const double *rising[] = {y[0], y[1], y[2], y[3], y[4]}, *none[] = {flat, flat, flat};
    struct finding f = finding_of_trend(x, rising, 6, 5, 0);

    (void)state;
    assert_true(f.p_confirm < 0.001 && f.p_refute > 0.9);
    assert_true(f.effect.low > 0.8 && f.effect.value < 1);
    f = finding_of_trend(x, rising, 6, 5, 1);
    assert_true(f.p_refute < 0.001 && f.p_confirm > 0.9);
    f = finding_of_trend(x, none, 6, 3, 0);
    assert_true(f.p_confirm > 0.9 && f.p_refute > 0.9);
    f = finding_of_trend(x, rising, 6, 1, 0); /* one seed: 1 of 720 orders */
    assert_true(f.p_confirm < 0.005 && f.p_refute > 0.9);
}

static void a_slope_is_the_mean_of_the_seeds(void **state)
{
    static const double x[] = {1, 10, 100}, a[] = {1, 0.1, 0.01}, b[] = {2, 0.21, 0.02},
                        c[] = {3, 0.29, 0.03};
    const double *y[] = {a, b, c};
    struct finding f = finding_of_slope(x, y, 3, 3, (struct range){-1.02, -0.98}, 1);

    (void)state;
    assert_near(f.effect.value, -1); /* the middle point has no say in the slope */
    assert_near(f.p_confirm, 1.0 / 8);
    f = finding_of_slope(x, y, 3, 3, (struct range){-0.5, 0}, 1);
    assert_near(f.p_refute, 2.0 / 8);
}

static void the_slope_of_one_seed_has_the_scatter_for_an_interval(void **state)
{
    static const double x[] = {0, 1, 2, 3}, y[] = {0, 1.1, 1.9, 3};
    const double *rows[] = {y};
    struct finding f = finding_of_slope(x, rows, 4, 1, (struct range){0.7, 1.3}, 0);

    (void)state;
    assert_near(f.effect.value, 0.98);
    assert_true(f.effect.low > 0.75 && f.effect.low < 0.9 && f.effect.high > 0.98);
    assert_near(f.p_confirm, 0.011098792961295212);
    assert_near(f.margin,
                0.3); /* a standard error of 0.0424, 4.303 + 1.061 of it with two degrees */
    assert_near(f.detectable / ((f.effect.high - f.effect.low) / 2),
                (4.302652729749464 + 1.0606601717798216) / 4.302652729749464);
}

/* ---- Chance alone ----------------------------------------------------------------------------
 */

enum { NULLS = 2000 };

static struct rng stream;

/* False confirmations in NULLS experiments of five seeds whose true value lies on the bound. */
static int confirmed(struct range range, double truth, int is_log)
{
    int count = 0;

    for (int i = 0; i < NULLS; i++) {
        double values[5];

        for (int s = 0; s < 5; s++)
            values[s] =
                is_log ? truth * exp(0.2 * rng_normal(&stream)) : truth + 0.2 * rng_normal(&stream);
        count += finding_of_seeds(values, 5, range, is_log).p_confirm <= 0.05;
    }
    return count;
}

static void chance_alone_confirms_at_most_as_often_as_stated(void **state)
{
    /* 0.05, and three standard errors of 2000 trials */
    const int most = (int)(NULLS * (0.05 + 3 * sqrt(0.05 * 0.95 / NULLS)));
    int equivalences, ratios, bounds, trends = 0;

    (void)state;
    rng_init(&stream, 7, RNG_TEST, 0);
    equivalences = confirmed((struct range){-0.3, 0.3}, 0.3, 0);
    ratios = confirmed((struct range){1, INFINITY}, 1, 1);
    bounds = confirmed((struct range){-INFINITY, 2}, 2, 0);
    for (int i = 0; i < NULLS; i++) {
        static const double x[] = {1, 2, 3, 4, 5};
        double y[5][5];
        const double *rows[] = {y[0], y[1], y[2], y[3], y[4]};

        for (int s = 0; s < 25; s++)
            y[s / 5][s % 5] = rng_normal(&stream);
        trends += finding_of_trend(x, rows, 5, 5, 0).p_confirm <= 0.05;
    }
    print_message("false confirmations: equivalence %.4f, ratio %.4f, bound %.4f, trend %.4f\n",
                  equivalences / (double)NULLS, ratios / (double)NULLS, bounds / (double)NULLS,
                  trends / (double)NULLS);
    assert_true(equivalences <= most && ratios <= most && bounds <= most);
    assert_true(trends <= most && trends >= NULLS / 40);
    assert_true(ratios >= NULLS / 40); /* and the test is one that can confirm */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_of_seeds_is_judged_by_student),
        cmocka_unit_test(bounds_on_both_sides_refute_at_half_the_level),
        cmocka_unit_test(ratios_are_judged_in_logarithms),
        cmocka_unit_test(values_that_do_not_vary_are_judged_by_signs),
        cmocka_unit_test(what_cannot_fail_confirms_nothing),
        cmocka_unit_test(what_was_not_reached_is_judged_by_signs),
        cmocka_unit_test(a_median_is_judged_by_signs_whatever_the_values),
        cmocka_unit_test(too_few_seeds_tell_nothing),
        cmocka_unit_test(each_side_of_an_interval_has_its_own_width),
        cmocka_unit_test(an_interval_with_one_side_is_one_sided),
        cmocka_unit_test(a_constant_is_within_or_not),
        cmocka_unit_test(of_several_the_weakest_counts),
        cmocka_unit_test(of_many_a_share_must_hold),
        cmocka_unit_test(pseudo_values_of_a_mean_are_the_values),
        cmocka_unit_test(a_trend_is_told_from_its_opposite),
        cmocka_unit_test(a_slope_is_the_mean_of_the_seeds),
        cmocka_unit_test(the_slope_of_one_seed_has_the_scatter_for_an_interval),
        cmocka_unit_test(chance_alone_confirms_at_most_as_often_as_stated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
