/* Bias and variance of predicted probabilities: known answers, and pseudo-values that are those of
 * leaving a run out. */
#include "base/rng.h"
#include "judge/brier.h"

#include "judge_fixture.h"

enum { RUNS = 5, EXAMPLES = 7, CLASSES = 3 };

/* Softmax of random numbers. */
static void random_probabilities(uint64_t seed, size_t runs, double *p)
{
    struct rng rng;

    rng_init(&rng, seed, RNG_TEST, 0);
    for (size_t i = 0; i < runs * EXAMPLES; i++, p += CLASSES) {
        double sum = 0;

        for (int c = 0; c < CLASSES; c++)
            sum += p[c] = exp(rng_normal(&rng));
        for (int c = 0; c < CLASSES; c++)
            p[c] /= sum;
    }
}

static const int labels[EXAMPLES] = {0, 1, 2, 0, 1, 2, 0};

/* One example of two classes, label 0: p is 0.9, 0.7, 0.5; the mean 0.7, so the bias of both
 * classes is 0.3, the sample variance 0.04. Without chance: 2 (0.09 - 0.04 / 3), 2 0.04. */
static void three_runs_by_hand(void **state)
{
    const double p[3][1][2] = {{{0.9, 0.1}}, {{0.7, 0.3}}, {{0.5, 0.5}}};
    struct brier all, each[3];

    (void)state;
    assert_int_equal(brier_decompose(&p[0][0][0], labels, 3, 1, 2, &all, each), 0);
    assert_near(all.variance, 0.08, 1e-15);
    assert_near(all.bias_squared, 0.18 - 0.08 / 3, 1e-15);
    assert_near(all.score, 2 * (0.01 + 0.09 + 0.25) / 3, 1e-15);
    assert_near(each[0].score, 0.02, 1e-15);
    assert_near(each[2].score, 0.5, 1e-15);
}

static void certain_runs_have_bias_or_none_and_no_variance(void **state)
{
    double p[RUNS][EXAMPLES][CLASSES] = {{{0}}};
    struct brier all, each[RUNS];

    (void)state;
    for (int r = 0; r < RUNS; r++)
        for (int e = 0; e < EXAMPLES; e++)
            p[r][e][0] = 1; /* three are of class 0 */
    assert_int_equal(brier_decompose(&p[0][0][0], labels, RUNS, EXAMPLES, CLASSES, &all, each), 0);
    assert_near(all.bias_squared, 2 * 4.0 / EXAMPLES, 1e-15);
    assert_near(all.variance, 0, 1e-15);
    for (int r = 0; r < RUNS; r++)
        assert_near(each[r].bias_squared, all.bias_squared, 1e-14);
}

static struct brier without(const double *p, int run)
{
    double left[RUNS - 1][EXAMPLES * CLASSES];
    struct brier all, each[RUNS - 1];

    for (int r = 0, to = 0; r < RUNS; r++)
        if (r != run)
            memcpy(left[to++], p + r * EXAMPLES * CLASSES, sizeof left[0]);
    assert_int_equal(brier_decompose(left[0], labels, RUNS - 1, EXAMPLES, CLASSES, &all, each), 0);
    return all;
}

static void pseudo_values_are_those_of_leaving_a_run_out(void **state)
{
    double p[RUNS * EXAMPLES * CLASSES];
    struct brier all, each[RUNS], mean = {0, 0, 0};

    (void)state;
    random_probabilities(1, RUNS, p);
    assert_int_equal(brier_decompose(p, labels, RUNS, EXAMPLES, CLASSES, &all, each), 0);
    for (int r = 0; r < RUNS; r++) {
        struct brier left = without(p, r);

        assert_near(each[r].bias_squared, RUNS * all.bias_squared - (RUNS - 1) * left.bias_squared,
                    1e-13);
        assert_near(each[r].variance, RUNS * all.variance - (RUNS - 1) * left.variance, 1e-13);
        assert_near(each[r].score, RUNS * all.score - (RUNS - 1) * left.score, 1e-13);
        assert_near(each[r].bias_squared + each[r].variance, each[r].score, 1e-14);
        mean.bias_squared += each[r].bias_squared / RUNS;
        mean.variance += each[r].variance / RUNS;
    }
    assert_near(mean.bias_squared, all.bias_squared, 1e-13);
    assert_near(mean.variance, all.variance, 1e-13);
}

/* p = (q, 1 - q) with q uniform on [0, 1], label 0: bias^2 is 2 / 4, variance 2 / 12. Over 2000
 * trials of four runs, whose pseudo-values' own standard error must be that of the trials. */
static void estimates_are_right_on_average(void **state)
{
    enum { TRIALS = 2000, FOUR = 4 };
    double bias = 0, variance = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, RNG_TEST, 0);
    for (int t = 0; t < TRIALS; t++) {
        double p[FOUR][2];
        struct brier all, each[FOUR];

        for (int r = 0; r < FOUR; r++) {
            p[r][0] = rng_uniform(&rng);
            p[r][1] = 1 - p[r][0];
        }
        assert_int_equal(brier_decompose(p[0], labels, FOUR, 1, 2, &all, each), 0);
        bias += all.bias_squared / TRIALS;
        variance += all.variance / TRIALS;
    }
    assert_near(bias, 0.5, 0.03); /* 5 standard errors */
    assert_near(variance, 1 / 6.0, 0.01);
}

/* A Student interval of the pseudo-values' mean holds the truth about as often as it says. */
static void pseudo_values_have_the_deviation_of_the_estimate(void **state)
{
    enum { TRIALS = 1000, TEN = 10 };
    static const double t9 = 2.262;
    int held = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 4, RNG_TEST, 0);
    for (int t = 0; t < TRIALS; t++) {
        double p[TEN][EXAMPLES][2], squares = 0;
        struct brier all, each[TEN];

        for (int i = 0; i < TEN * EXAMPLES; i++) {
            double *q = p[i / EXAMPLES][i % EXAMPLES];

            q[0] = rng_uniform(&rng);
            q[1] = 1 - q[0];
        }
        assert_int_equal(
            brier_decompose(&p[0][0][0], (int[EXAMPLES]){0}, TEN, EXAMPLES, 2, &all, each), 0);
        for (int r = 0; r < TEN; r++)
            squares += (each[r].variance - all.variance) * (each[r].variance - all.variance);
        held += fabs(all.variance - 1 / 6.0) <= t9 * sqrt(squares / (TEN - 1) / TEN);
    }
    assert_true(held > 910 && held < 980); /* of 1000, 950 expected */
}

static void two_runs_tell_nothing(void **state)
{
    double p[2 * EXAMPLES * CLASSES];
    struct brier all, each[2];

    (void)state;
    random_probabilities(2, 2, p);
    assert_int_equal(brier_decompose(p, labels, 2, EXAMPLES, CLASSES, &all, each), 0);
    assert_true(isnan(all.bias_squared) && isnan(all.variance) && isnan(each[1].score));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_runs_by_hand),
        cmocka_unit_test(certain_runs_have_bias_or_none_and_no_variance),
        cmocka_unit_test(pseudo_values_are_those_of_leaving_a_run_out),
        cmocka_unit_test(estimates_are_right_on_average),
        cmocka_unit_test(pseudo_values_have_the_deviation_of_the_estimate),
        cmocka_unit_test(two_runs_tell_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
