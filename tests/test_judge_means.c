/* Differences of means: SciPy's answers, degenerate samples, how often a test errs. */
#include "base/rng.h"
#include "judge/means.h"

#include "judge_fixture.h"

static void tests_and_intervals_are_those_of_scipy(void **state)
{
    (void)state;
    for (size_t c = 0; c < LENGTH(means_cases); c++) {
        const double *a = means_samples[means_cases[c].a], *b = means_samples[means_cases[c].b];
        size_t count_a = means_counts[means_cases[c].a], count_b = means_counts[means_cases[c].b];
        struct mean_difference d = means_cases[c].paired ? means_paired(a, b, count_a)
                                                         : means_welch(a, count_a, b, count_b);
        struct effect effect = means_interval(&d, 0.95);

        assert_near(d.freedom, means_cases[c].freedom, 1e-12);
        for (int i = 0; i < 3; i++)
            assert_near(means_p(&d, 0, (enum alternative)i), means_cases[c].p[i], 1e-12);
        assert_near(means_equivalence(&d, -means_margin, means_margin, 0.05).p, means_cases[c].tost,
                    1e-12);
        assert_near(effect.value, means_cases[c].value, 1e-12);
        assert_near(effect.low, means_cases[c].low, 1e-12);
        assert_near(effect.high, means_cases[c].high, 1e-12);
    }
}

/* Equivalent at alpha if, and only if, the interval of 1 - 2 alpha is within the margins. */
static void equivalence_and_its_interval_agree(void **state)
{
    struct mean_difference d = means_welch(means_samples[0], 8, means_samples[3], 8);

    (void)state;
    for (double margin = 0.05; margin < 3; margin += 0.05) {
        struct equivalence e = means_equivalence(&d, -margin, margin, 0.05);

        assert_true((e.p < 0.05) == (e.interval.low > -margin && e.interval.high < margin));
    }
    assert_true(means_equivalence(&d, -0.05, 0.05, 0.05).p > 0.05);
    assert_true(means_equivalence(&d, -2.95, 2.95, 0.05).p < 0.05);
}

static void margins_need_not_be_symmetric(void **state)
{
    const double a[] = {1.0, 1.2, 0.9, 1.1, 1.3}, b[] = {0.9, 1.0, 0.8, 1.1, 1.1};
    struct mean_difference d = means_paired(a, b, 5); /* 0.12, standard error 0.037 */

    (void)state;
    assert_true(means_equivalence(&d, -0.01, 0.3, 0.05).p < 0.05);
    assert_true(means_equivalence(&d, 0.1, 0.3, 0.05).p > 0.05);
    assert_true(means_equivalence(&d, -0.3, 0.15, 0.05).p > 0.05);
}

static void superiority_and_non_inferiority_are_tests_against_a_margin(void **state)
{
    const double a[] = {1.0, 1.2, 0.9, 1.1, 1.3}, b[] = {0.9, 1.0, 0.8, 1.1, 1.1};
    struct mean_difference d = means_paired(a, b, 5);

    (void)state;
    assert_true(means_p(&d, -0.1, GREATER) < 0.05); /* not worse by 0.1 */
    assert_true(means_p(&d, 0.1, GREATER) > 0.05);  /* not better by 0.1 */
    assert_near(means_p(&d, 0.1, GREATER) + means_p(&d, 0.1, LESS), 1, 1e-14);
}

/* The seeds' own spread leaves the difference where both saw the same seeds. */
static void pairing_removes_what_both_share(void **state)
{
    const double a[] = {1, 5, 9, 13}, b[] = {0.9, 4.8, 8.9, 12.8};
    struct mean_difference paired = means_paired(a, b, 4), welch = means_welch(a, 4, b, 4);

    (void)state;
    assert_near(paired.value, welch.value, 1e-14);
    assert_true(means_p(&paired, 0, TWO_SIDED) < 0.02);
    assert_true(means_p(&welch, 0, TWO_SIDED) > 0.9);
}

static void assert_knows_nothing(const struct mean_difference *d)
{
    struct effect effect = means_interval(d, 0.95);
    struct equivalence equivalence = means_equivalence(d, -1, 1, 0.05);

    assert_true(effect.low == -HUGE_VAL && effect.high == HUGE_VAL);
    assert_true(isnan(means_p(d, 0, TWO_SIDED)));
    assert_true(isnan(means_p(d, 0, GREATER)) && isnan(means_p(d, 0, LESS)));
    assert_true(isnan(equivalence.p));
    assert_true(equivalence.interval.low == -HUGE_VAL && equivalence.interval.high == HUGE_VAL);
}

static void too_few_or_unbounded_values_know_nothing(void **state)
{
    const double good[] = {1, 2, 3}, nan[] = {1, NAN, 3}, infinite[] = {1, 2, INFINITY};
    struct mean_difference d;

    (void)state;
    for (size_t n = 0; n <= 1; n++) {
        d = means_welch(good, n, good, 3);
        assert_knows_nothing(&d);
        d = means_welch(good, 3, good, n);
        assert_knows_nothing(&d);
        d = means_paired(good, good, n);
        assert_knows_nothing(&d);
        assert_true(n == 0 ? isnan(d.value) : d.value == 0);
    }
    d = means_welch(nan, 3, good, 3);
    assert_knows_nothing(&d);
    d = means_welch(good, 3, infinite, 3);
    assert_knows_nothing(&d);
    assert_true(d.value == -HUGE_VAL);
    d = means_paired(infinite, infinite, 3);
    assert_knows_nothing(&d);
    assert_true(isnan(d.value));
}

static void values_that_do_not_vary_are_compared_as_they_are(void **state)
{
    const double tenth[] = {0.1, 0.1, 0.1}, fifth[] = {0.2, 0.2, 0.2, 0.2};
    struct mean_difference same = means_welch(tenth, 3, tenth, 3);
    struct mean_difference other = means_welch(fifth, 4, tenth, 3);

    (void)state;
    assert_true(means_p(&same, 0, TWO_SIDED) == 1 && means_p(&same, 0, GREATER) == 1);
    assert_true(means_equivalence(&same, -0.01, 0.01, 0.05).p == 0);
    assert_true(means_p(&other, 0, TWO_SIDED) == 0 && means_p(&other, 0, GREATER) == 0);
    assert_true(means_p(&other, 0, LESS) == 1);
    assert_true(means_equivalence(&other, -0.05, 0.05, 0.05).p == 1);
    assert_near(means_interval(&other, 0.95).low, 0.1, 1e-15);
    assert_near(means_interval(&other, 0.95).high, 0.1, 1e-15);
}

static void one_of_two_samples_may_be_constant(void **state)
{
    const double constant[] = {2, 2, 2}, values[] = {1, 2, 4};
    struct mean_difference d = means_welch(constant, 3, values, 3);

    (void)state;
    assert_near(d.freedom, 2, 1e-14);
    assert_true(means_p(&d, 0, TWO_SIDED) > 0.5);
}

/* ---- How often they err -----------------------------------------------------------------------
 */

enum { TRIALS = 4000, SEEDS = 10 };

/* Share of trials whose p is below 0.05, the difference of the means being `shift`. */
static double rejections(double shift, double (*p)(const double *, const double *))
{
    double a[SEEDS], b[SEEDS];
    struct rng rng;
    int rejected = 0;

    rng_init(&rng, 5, RNG_TEST, 1);
    for (int trial = 0; trial < TRIALS; trial++) {
        for (int i = 0; i < SEEDS; i++) {
            double shared = rng_normal(&rng);

            a[i] = shift + shared + rng_normal(&rng);
            b[i] = shared + 2 * rng_normal(&rng);
        }
        rejected += p(a, b) < 0.05;
    }
    return rejected / (double)TRIALS;
}

static double welch_p(const double *a, const double *b)
{
    struct mean_difference d = means_welch(a, SEEDS, b, SEEDS);

    return means_p(&d, 0, TWO_SIDED);
}

static double paired_p(const double *a, const double *b)
{
    struct mean_difference d = means_paired(a, b, SEEDS);

    return means_p(&d, 0, TWO_SIDED);
}

static double welch_equivalence_p(const double *a, const double *b)
{
    struct mean_difference d = means_welch(a, SEEDS, b, SEEDS);

    return means_equivalence(&d, -3, 3, 0.05).p;
}

static double paired_equivalence_p(const double *a, const double *b)
{
    struct mean_difference d = means_paired(a, b, SEEDS);

    return means_equivalence(&d, -3, 3, 0.05).p;
}

/* Three standard deviations of the binomial are 1 point. */
static void false_rejections_are_5_percent(void **state)
{
    (void)state;
    assert_true(fabs(rejections(0, paired_p) - 0.05) < 0.01);
    assert_true(rejections(0, welch_p) < 0.06); /* fewer: the samples are paired */
    assert_true(rejections(3, paired_p) > 0.8);
}

static void at_the_margin_equivalence_is_claimed_in_5_percent(void **state)
{
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        assert_true(rejections(3 * side, welch_equivalence_p) < 0.06);
        assert_true(fabs(rejections(3 * side, paired_equivalence_p) - 0.05) < 0.011);
    }
    assert_true(rejections(4, paired_equivalence_p) < 0.01);
    assert_true(rejections(0, paired_equivalence_p) > 0.8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_and_intervals_are_those_of_scipy),
        cmocka_unit_test(equivalence_and_its_interval_agree),
        cmocka_unit_test(margins_need_not_be_symmetric),
        cmocka_unit_test(superiority_and_non_inferiority_are_tests_against_a_margin),
        cmocka_unit_test(pairing_removes_what_both_share),
        cmocka_unit_test(too_few_or_unbounded_values_know_nothing),
        cmocka_unit_test(values_that_do_not_vary_are_compared_as_they_are),
        cmocka_unit_test(one_of_two_samples_may_be_constant),
        cmocka_unit_test(false_rejections_are_5_percent),
        cmocka_unit_test(at_the_margin_equivalence_is_claimed_in_5_percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
