/* The judge of paired measurements: exact coverage, planted differences, what is no measurement,
 * and how often it is right on simulated ones. */
#include "judge/paired.h"

#include "base/rng.h"

#include "judge_fixture.h"

enum { MOST = 64 };

static double base[MOST], head[MOST], base_cpu[MOST], head_cpu[MOST];

static struct paired_finding judge_at(size_t count, double margin, double confidence)
{
    const struct paired paired = {base, head, base_cpu, head_cpu, count};

    return paired_judge(&paired, margin, confidence);
}

/* With a margin of 2 % and one cell. */
static struct paired_finding judge(size_t count)
{
    return judge_at(count, 0.02, 0.95);
}

/* Rounds of a second, the head so many times as long and a little apart from round to round; the
 * processor was busy all the time. */
static void plant(size_t count, double ratio)
{
    for (size_t i = 0; i < count; i++) {
        base[i] = base_cpu[i] = 1 + 1e-4 * (double)i;
        head[i] = head_cpu[i] = ratio * base[i] * (1 + 1e-5 * (double)(i * 7 % count));
    }
}

static int says(const struct paired_finding *finding, const char *words)
{
    return strstr(finding->reason, words) != NULL;
}

/* ---- The interval -----------------------------------------------------------------------------
 */

/* Tables of the sign test: rounds, which order statistic, coverage in per cent. */
static const struct {
    size_t rounds, k;
    double percent;
} intervals[] = {{6, 1, 96.9},  {8, 1, 99.2},   {12, 3, 96.1},  {16, 4, 97.9}, {20, 6, 95.9},
                 {24, 7, 97.7}, {30, 10, 95.7}, {40, 14, 96.2}, {60, 22, 97.3}};

static void coverage_is_that_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(intervals); i++) {
        plant(intervals[i].rounds, 1);
        assert_near(100 * judge(intervals[i].rounds).coverage, intervals[i].percent, 0.05 / 95);
    }
}

/* The ratios are 1.01, 1.02, ... in an order of their own. */
static void its_ends_are_the_order_statistics_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(intervals); i++) {
        size_t n = intervals[i].rounds, k = intervals[i].k;
        struct paired_finding finding;

        for (size_t r = 0; r < n; r++) {
            base[r] = 1 + (double)r;
            head[r] = base[r] * (1 + 0.01 * (double)(1 + r * 23 % n)); /* 23: prime to each n */
        }
        finding = judge(n);
        assert_near(finding.low, 1 + 0.01 * (double)k, 1e-14);
        assert_near(finding.high, 1 + 0.01 * (double)(n - k + 1), 1e-14);
        assert_near(finding.ratio,
                    sqrt((1 + 0.01 * (double)(n / 2)) * (1 + 0.01 * (double)(n / 2 + 1))), 1e-14);
    }
}

/* P(at most k - 1 heads in n tosses), added up from Pascal's triangle. */
static double tail(size_t n, size_t k)
{
    double choose = 1, sum = 0;

    for (size_t i = 0; i < k; i++) {
        sum += choose;
        choose *= (double)(n - i) / (double)(i + 1);
    }
    return sum * exp2(-(double)n);
}

/* The value that has exactly so many below it, found by counting; the values are all different. */
static double ranked(const double *values, size_t count, size_t below)
{
    for (size_t i = 0; i < count; i++) {
        size_t less = 0;

        for (size_t j = 0; j < count; j++)
            less += values[j] < values[i];
        if (less == below)
            return values[i];
    }
    return NAN;
}

static void it_agrees_with_counting(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, RNG_TEST, 0);
    for (size_t n = 6; n <= MOST; n++) {
        const double confidences[] = {0.9, 0.95, paired_confidence(4)};

        for (size_t c = 0; c < LENGTH(confidences); c++) {
            double differences[MOST];
            struct paired_finding finding;
            size_t k = 0;

            for (size_t r = 0; r < n; r++) {
                base[r] = exp(rng_normal(&rng));
                head[r] = exp(rng_normal(&rng));
                differences[r] = log(head[r]) - log(base[r]);
            }
            while (1 - 2 * tail(n, k + 1) >= confidences[c])
                k++;
            finding = judge_at(n, 0.02, confidences[c]);
            if (k == 0) {
                assert_true(finding.low == 0 && isinf(finding.high) && finding.coverage == 1);
                continue;
            }
            assert_near(finding.low, exp(ranked(differences, n, k - 1)), 1e-13);
            assert_near(finding.high, exp(ranked(differences, n, n - k)), 1e-13);
            assert_near(finding.coverage, 1 - 2 * tail(n, k), 1e-12);
            assert_true(finding.coverage >= confidences[c]);
        }
    }
}

static void many_cells_need_more_rounds(void **state)
{
    static const struct {
        size_t cells, rounds;
    } needed[] = {{1, 6}, {2, 7}, {4, 8}, {10, 9}, {27, 11}, {60, 12}, {100, 12}};

    (void)state;
    for (size_t i = 0; i < LENGTH(needed); i++) {
        size_t n = needed[i].rounds;

        assert_int_equal(paired_rounds_needed(needed[i].cells), n);
        /* That many give an interval, and one fewer does not. */
        plant(n, 1.5);
        assert_true(isfinite(judge_at(n, 0.02, paired_confidence(needed[i].cells)).high));
        plant(n - 1, 1.5);
        assert_true(isinf(judge_at(n - 1, 0.02, paired_confidence(needed[i].cells)).high));
    }
}

static void confidence_is_shared_among_cells(void **state)
{
    (void)state;
    assert_near(paired_confidence(1), 0.95, 1e-15);
    assert_near(paired_confidence(10), 0.995, 1e-15);
}

/* ---- Verdicts ---------------------------------------------------------------------------------
 */

static void planted_differences_are_found(void **state)
{
    static const struct {
        double ratio;
        enum paired_verdict verdict;
    } planted[] = {{1, PAIRED_SAME},          {1.019, PAIRED_SAME},     {1.021, PAIRED_REGRESSION},
                   {1.05, PAIRED_REGRESSION}, {100, PAIRED_REGRESSION}, {0.981, PAIRED_SAME},
                   {0.979, PAIRED_IMPROVED},  {0.01, PAIRED_IMPROVED}};

    (void)state;
    for (size_t i = 0; i < LENGTH(planted); i++) {
        struct paired_finding finding;

        plant(20, planted[i].ratio);
        finding = judge(20);
        if (finding.verdict != planted[i].verdict)
            fail_msg("%g: %s (%s)", planted[i].ratio, paired_verdict_names[finding.verdict],
                     finding.reason);
        assert_near(finding.ratio, planted[i].ratio, 1e-3);
        assert_near(finding.cpu_ratio, finding.ratio, 1e-14);
        assert_near(finding.minimum_ratio, planted[i].ratio, 1e-3);
        assert_true(finding.reason[0]);
    }
}

static void swapped_sides_give_the_reciprocal(void **state)
{
    struct paired swapped = {head, base, head_cpu, base_cpu, 20};
    struct paired_finding there, back;

    (void)state;
    plant(20, 1.3);
    there = judge(20);
    back = paired_judge(&swapped, 0.02, 0.95);
    assert_near(back.ratio, 1 / there.ratio, 1e-14);
    assert_near(back.low, 1 / there.high, 1e-14);
    assert_near(back.high, 1 / there.low, 1e-14);
    assert_int_equal(there.verdict, PAIRED_REGRESSION);
    assert_int_equal(back.verdict, PAIRED_IMPROVED);
}

/* Half of the rounds one way, half the other. */
static void an_interval_over_the_margin_is_inconclusive(void **state)
{
    struct paired_finding finding;

    (void)state;
    plant(20, 1);
    for (size_t i = 0; i < 20; i++)
        head[i] *= i % 2 ? 1.1 : 0.9;
    finding = judge(20);
    assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE);
    assert_true(says(&finding, "over the margin of 2.0 %"));
    assert_int_equal(judge_at(20, 0.2, 0.95).verdict, PAIRED_SAME); /* a wider one holds it */
}

/* It does not move the median; one that is too fast to be true holds a verdict up. */
static void one_outlier_makes_no_verdict(void **state)
{
    struct paired_finding finding;

    (void)state;
    plant(20, 1);
    head[7] *= 1000;
    head_cpu[7] *= 1000;
    assert_int_equal(judge(20).verdict, PAIRED_SAME);
    plant(20, 1.1);
    head[3] /= 1000; /* its smallest is now below the base's */
    finding = judge(20);
    assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE);
    assert_true(says(&finding, "smallest against smallest 0.001"));
}

static void a_processor_time_that_disagrees_in_sign_stops_the_verdict(void **state)
{
    struct paired_finding finding;

    (void)state;
    plant(20, 1.2);
    for (size_t i = 0; i < 20; i++)
        head_cpu[i] = 0.99 * base_cpu[i]; /* it waited, and did not work */
    finding = judge(20);
    assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE);
    assert_true(says(&finding, "by the processor's time 0.990"));
    plant(20, 0.8);
    for (size_t i = 0; i < 20; i++)
        head_cpu[i] = base_cpu[i]; /* not on its side of 1 */
    assert_int_equal(judge(20).verdict, PAIRED_INCONCLUSIVE);
    plant(20, 1); /* nothing to contradict */
    for (size_t i = 0; i < 20; i++)
        head_cpu[i] = 5 * base_cpu[i];
    assert_int_equal(judge(20).verdict, PAIRED_SAME);
}

static void a_processor_time_that_is_not_known_contradicts_nothing(void **state)
{
    const struct paired without = {base, head, NULL, NULL, 20};
    struct paired_finding finding;

    (void)state;
    plant(20, 1.2);
    finding = paired_judge(&without, 0.02, 0.95);
    assert_int_equal(finding.verdict, PAIRED_REGRESSION);
    assert_true(isnan(finding.cpu_ratio));
    head_cpu[4] = 0; /* a clock of ticks */
    finding = judge(20);
    assert_int_equal(finding.verdict, PAIRED_REGRESSION);
    assert_true(isnan(finding.cpu_ratio));
}

static void a_smallest_time_that_disagrees_stops_the_verdict(void **state)
{
    (void)state;
    plant(20, 0.8);
    base[0] = 0.1; /* once the base was fast */
    assert_int_equal(judge(20).verdict, PAIRED_INCONCLUSIVE);
}

/* ---- What is hardly a measurement -------------------------------------------------------------
 */

static void equal_times_are_the_same_and_counted(void **state)
{
    struct paired_finding finding;

    (void)state;
    for (size_t i = 0; i < 20; i++)
        base[i] = head[i] = base_cpu[i] = head_cpu[i] = 0.25;
    finding = judge(20);
    assert_int_equal(finding.verdict, PAIRED_SAME);
    assert_int_equal(finding.ties, 20);
    assert_true(finding.ratio == 1 && finding.low == 1 && finding.high == 1);
    plant(20, 1.2);
    head[2] = base[2];
    head[9] = base[9];
    assert_int_equal(judge(20).ties, 2);
}

/* Ties at one value: the interval is that value, and it is on one side. */
static void times_in_coarse_steps_are_judged(void **state)
{
    struct paired_finding finding;

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        base[i] = base_cpu[i] = 0.01;
        head[i] = head_cpu[i] = i < 16 ? 0.02 : 0.01;
    }
    finding = judge(20);
    assert_near(finding.low, 2, 1e-14);
    assert_near(finding.high, 2, 1e-14);
    assert_int_equal(finding.ties, 4);
    assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE); /* smallest against smallest is 1 */
}

static void too_few_rounds_decide_nothing(void **state)
{
    struct paired_finding finding = judge(0);

    (void)state;
    assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE);
    assert_true(isnan(finding.ratio) && isnan(finding.minimum_ratio));
    assert_true(says(&finding, "no rounds"));
    for (size_t n = 1; n < 6; n++) {
        plant(n, 10);
        finding = judge(n);
        assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE);
        assert_true(says(&finding, "too few rounds"));
        assert_near(finding.ratio, 10, 1e-3); /* it is told, and not judged */
        assert_true(finding.low == 0 && isinf(finding.high) && finding.coverage == 1);
    }
    plant(6, 10);
    assert_int_equal(judge(6).verdict, PAIRED_REGRESSION);
}

static void what_is_no_time_decides_nothing(void **state)
{
    const double wrong[] = {0, -0.0, -1, NAN, INFINITY, -INFINITY};

    (void)state;
    for (size_t i = 0; i < LENGTH(wrong); i++)
        for (int side = 0; side < 2; side++) {
            struct paired_finding finding;

            plant(20, side ? 0.5 : 2);
            (side ? head : base)[19] = wrong[i]; /* the last is looked at too */
            finding = judge(20);
            assert_int_equal(finding.verdict, PAIRED_INCONCLUSIVE);
            assert_true(says(&finding, "not a number above 0"));
            assert_true(isnan(finding.ratio));
            assert_true(finding.low == 0 && isinf(finding.high));
        }
}

static void without_a_margin_nothing_is_judged(void **state)
{
    const double margins[] = {0, -0.02, NAN};

    (void)state;
    plant(20, 2);
    for (size_t i = 0; i < LENGTH(margins); i++)
        assert_int_equal(judge_at(20, margins[i], 0.95).verdict, PAIRED_INCONCLUSIVE);
}

/* ---- How often it is right --------------------------------------------------------------------
 */

enum distribution { NORMAL, SKEWED, TWO_SPEEDS, DISTRIBUTIONS };

/* Independent, median 0. */
static double draw(struct rng *rng, enum distribution distribution)
{
    switch (distribution) {
    case NORMAL:
        return 0.03 * rng_normal(rng);
    case SKEWED: /* delays only ever add */
        return 0.03 * (-log(1 - rng_uniform(rng)) - log(2));
    default: /* a machine that is busy now and then */
        return rng_uniform(rng) < 0.2 ? 0.5 * rng_normal(rng) : 0.005 * rng_normal(rng);
    }
}

/* Within three standard errors of what it should be. */
static void assert_share(size_t count, size_t trials, double share, const char *what)
{
    double seen = (double)count / (double)trials;
    double error = sqrt(share * (1 - share) / (double)trials);

    if (!(fabs(seen - share) <= 3 * error))
        fail_msg("%s: %.4f, expected %.4f +- %.4f", what, seen, share, 3 * error);
}

/* The truth lies exactly at the margin, the worst case of no regression. */
static void intervals_miss_as_often_as_they_say(void **state)
{
    enum { TRIALS = 10000 };
    const size_t rounds[] = {6, 20, 30};
    const double margin = 0.02;
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, RNG_TEST, 1);
    for (int distribution = 0; distribution < DISTRIBUTIONS; distribution++)
        for (size_t n = 0; n < LENGTH(rounds); n++) {
            size_t above = 0, below = 0, alarms = 0;
            double coverage = 0;

            for (int trial = 0; trial < TRIALS; trial++) {
                struct paired_finding finding;

                for (size_t i = 0; i < rounds[n]; i++) {
                    base[i] = base_cpu[i] = 0.1;
                    head[i] = head_cpu[i] =
                        0.1 * (1 + margin) * exp(draw(&rng, (enum distribution)distribution));
                }
                finding = judge_at(rounds[n], margin, 0.95);
                above += finding.low > 1 + margin;
                below += finding.high < 1 + margin;
                alarms += finding.verdict == PAIRED_REGRESSION;
                coverage = finding.coverage;
            }
            assert_share(above, TRIALS, (1 - coverage) / 2, "too high");
            assert_share(below, TRIALS, (1 - coverage) / 2, "too low");
            assert_true(alarms <= above); /* the other clocks only take alarms away */
        }
}

/* The interval lies above the margin if fewer than k of n rounds do not: P(round) = Phi((ln 1.02 -
 * ln ratio) / s), the rounds are independent, k = 6 of 20. */
static double power_of(double ratio, double deviation)
{
    double p = 0.5 * erfc((log(ratio) - log(1.02)) / deviation / sqrt(2)), choose = 1, power = 0;

    for (int i = 0; i < 6; i++) {
        power += choose * pow(p, i) * pow(1 - p, 20 - i);
        choose *= (20.0 - i) / (i + 1.0);
    }
    return power;
}

/* Both sides vary, so that pairs do by sqrt(2) as much. */
static void power_is_that_of_the_binomial(void **state)
{
    enum { TRIALS = 10000 };
    const double ratios[] = {1.02, 1.03, 1.05, 1.1}, deviation = 0.02;
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, RNG_TEST, 2);
    for (size_t r = 0; r < LENGTH(ratios); r++) {
        size_t above = 0, found = 0;

        for (int trial = 0; trial < TRIALS; trial++) {
            struct paired_finding finding;

            for (size_t i = 0; i < 20; i++) {
                base[i] = base_cpu[i] = exp(deviation * rng_normal(&rng));
                head[i] = head_cpu[i] = ratios[r] * exp(deviation * rng_normal(&rng));
            }
            finding = judge(20);
            above += finding.low > 1.02;
            found += finding.verdict == PAIRED_REGRESSION;
        }
        assert_share(above, TRIALS, power_of(ratios[r], deviation * sqrt(2)), "found");
        assert_true(found <= above);
        if (ratios[r] >= 1.1) /* and what counts is not held up by the smallest times */
            assert_true(found > TRIALS * 99 / 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coverage_is_that_of_the_table),
        cmocka_unit_test(its_ends_are_the_order_statistics_of_the_table),
        cmocka_unit_test(it_agrees_with_counting),
        cmocka_unit_test(many_cells_need_more_rounds),
        cmocka_unit_test(confidence_is_shared_among_cells),
        cmocka_unit_test(planted_differences_are_found),
        cmocka_unit_test(swapped_sides_give_the_reciprocal),
        cmocka_unit_test(an_interval_over_the_margin_is_inconclusive),
        cmocka_unit_test(one_outlier_makes_no_verdict),
        cmocka_unit_test(a_processor_time_that_disagrees_in_sign_stops_the_verdict),
        cmocka_unit_test(a_processor_time_that_is_not_known_contradicts_nothing),
        cmocka_unit_test(a_smallest_time_that_disagrees_stops_the_verdict),
        cmocka_unit_test(equal_times_are_the_same_and_counted),
        cmocka_unit_test(times_in_coarse_steps_are_judged),
        cmocka_unit_test(too_few_rounds_decide_nothing),
        cmocka_unit_test(what_is_no_time_decides_nothing),
        cmocka_unit_test(without_a_margin_nothing_is_judged),
        cmocka_unit_test(intervals_miss_as_often_as_they_say),
        cmocka_unit_test(power_is_that_of_the_binomial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
