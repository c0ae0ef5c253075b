/* Random numbers: known answers, and no bias where bias would hide. */
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_block(struct rng rng, const uint32_t expected[4])
{
    for (int i = 0; i < 4; i++)
        assert_int_equal(rng_word(&rng), expected[i]);
}

/* kat_vectors of Random123, philox4x32 with 10 rounds */
static void test_gives_the_published_answers_of_philox(void **state)
{
    (void)state;
    assert_block((struct rng){0},
                 (const uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    assert_block((struct rng){.seed = {~0u, ~0u}, .purpose = ~0u, .index = ~0u, .counter = ~0ul},
                 (const uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    assert_block((struct rng){.seed = {0xa4093822, 0x299f31d0},
                              .purpose = 0x13198a2e,
                              .index = 0x03707344,
                              .counter = 0x85a308d3243f6a88},
                 (const uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

static void test_puts_seed_purpose_and_index_into_the_stream(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 0x0123456789abcdef, RNG_ORDER, 42);
    assert_int_equal(rng.seed[0], 0x89abcdef);
    assert_int_equal(rng.seed[1], 0x01234567);
    assert_int_equal(rng.purpose, RNG_ORDER);
    assert_int_equal(rng.index, 42);
}

static void test_purposes_are_never_renumbered(void **state)
{
    (void)state;
    assert_int_equal(RNG_DATA, 1);
    assert_int_equal(RNG_SPLIT, 2);
    assert_int_equal(RNG_WEIGHTS, 3);
    assert_int_equal(RNG_ORDER, 4);
    assert_int_equal(RNG_JITTER, 5);
    assert_int_equal(RNG_PLAN, 6);
    assert_int_equal(RNG_TEST, 7);
}

static void test_a_stream_repeats_and_ignores_other_streams(void **state)
{
    struct rng first, second, other;

    (void)state;
    rng_init(&first, 1, RNG_DATA, 0);
    rng_init(&second, 1, RNG_DATA, 0);
    rng_init(&other, 1, RNG_SPLIT, 0);
    for (int i = 0; i < 1000; i++) {
        for (int k = 0; k < i % 3; k++)
            rng_word(&other);
        assert_int_equal(rng_word(&first), rng_word(&second));
    }
}

static double correlation(struct rng a, struct rng b, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += rng_normal(&a) * rng_normal(&b);
    return sum / count;
}

static void test_streams_are_uncorrelated_across_seed_purpose_and_index(void **state)
{
    const int count = 100000;
    const double limit = 5 / sqrt(count); /* five standard errors */
    struct rng base, others[3];

    (void)state;
    rng_init(&base, 1, RNG_DATA, 1);
    rng_init(&others[0], 2, RNG_DATA, 1);
    rng_init(&others[1], 1, RNG_SPLIT, 1);
    rng_init(&others[2], 1, RNG_DATA, 2);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(correlation(base, others[k], count)) < limit);
    assert_true(correlation(base, base, count) > 0.9); /* the test can see what it looks for */
}

static void test_below_rejects_the_words_that_would_bias(void **state)
{
    struct rng rng = {.block = {0, 0xffffffff, 1, 0x55555556}, .left = 4};

    (void)state;
    assert_int_equal(rng_below(&rng, 3), 2); /* 2^32 = 3 * 1431655765 + 1: word 0 is one too many */
    assert_int_equal(rng_below(&rng, 3), 0);
    assert_int_equal(rng_below(&rng, 3), 1);
}

/* Pearson's statistic of counts that should be equal */
static double chi_square(const int *counts, int cells)
{
    double total = 0, sum = 0;

    for (int c = 0; c < cells; c++)
        total += counts[c];
    for (int c = 0; c < cells; c++)
        sum += pow(counts[c] - total / cells, 2) / (total / cells);
    return sum;
}

/* A word modulo 3 * 2^30 would put half of all draws into the first third. */
static void test_below_is_uniform_for_awkward_bounds(void **state)
{
    static const uint32_t bounds[] = {3, 3u << 30, (1u << 31) + 1, 0xffffffff, 1000};
    struct rng rng;

    (void)state;
    for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
        int thirds[3] = {0};

        rng_init(&rng, 7, RNG_TEST, (uint32_t)k);
        for (int i = 0; i < 300000; i++) {
            uint32_t draw = rng_below(&rng, bounds[k]);

            assert_true(draw < bounds[k]);
            thirds[(uint64_t)draw * 3 / bounds[k]]++;
        }
        assert_true(chi_square(thirds, 3) < 18.4); /* p = 0.0001 with 2 degrees of freedom */
    }
}

static void test_below_one_is_zero(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 7, RNG_TEST, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rng_below(&rng, 1), 0);
}

static void test_uniform_excludes_both_ends(void **state)
{
    struct rng lowest = {.left = 4}, highest = {.block = {~0u, ~0u, ~0u, ~0u}, .left = 4};

    (void)state;
    assert_true(rng_uniform(&lowest) > 0);
    assert_true(rng_uniform(&highest) < 1);
}

static void test_uniform_has_the_moments_of_the_uniform_distribution(void **state)
{
    const int count = 1000000;
    double sum = 0, squares = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, RNG_TEST, 0);
    for (int i = 0; i < count; i++) {
        double value = rng_uniform(&rng) - 0.5;

        sum += value;
        squares += value * value;
    }
    assert_true(fabs(sum / count) < 5 * sqrt(1.0 / 12 / count));
    assert_true(fabs(squares / count - 1.0 / 12) < 5 * sqrt(1.0 / 180 / count));
}

static void test_normal_has_the_moments_of_the_normal_distribution(void **state)
{
    static const double moments[] = {1, 0, 1, 0, 3}, variances[] = {0, 1, 2, 15, 96};
    const int count = 1000000;
    double sums[5] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, RNG_TEST, 1);
    for (int i = 0; i < count; i++) {
        double value = rng_normal(&rng);

        assert_true(isfinite(value));
        for (int m = 1; m < 5; m++)
            sums[m] += pow(value, m);
    }
    for (int m = 1; m < 5; m++)
        assert_true(fabs(sums[m] / count - moments[m]) < 5 * sqrt(variances[m] / count));
}

static void test_shuffle_gives_each_of_six_orders_equally_often(void **state)
{
    int counts[6] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 11, RNG_TEST, 2);
    for (int i = 0; i < 60000; i++) {
        int32_t items[] = {0, 1, 2};

        rng_shuffle(&rng, items, 3);
        counts[2 * items[0] + (items[1] > items[2])]++;
    }
    assert_true(chi_square(counts, 6) < 25.7); /* p = 0.0001 with 5 degrees of freedom */
}

static void test_shuffle_keeps_every_item(void **state)
{
    int32_t items[1000];
    bool seen[1000] = {false};
    struct rng rng;

    (void)state;
    for (int i = 0; i < 1000; i++)
        items[i] = i;
    rng_init(&rng, 11, RNG_TEST, 3);
    rng_shuffle(&rng, items, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_false(seen[items[i]]);
        seen[items[i]] = true;
    }
}

static void test_shuffle_accepts_one_item_and_none(void **state)
{
    int32_t item = 5;
    struct rng rng;

    (void)state;
    rng_init(&rng, 11, RNG_TEST, 4);
    rng_shuffle(&rng, &item, 1);
    rng_shuffle(&rng, NULL, 0);
    assert_int_equal(item, 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_the_published_answers_of_philox),
        cmocka_unit_test(test_puts_seed_purpose_and_index_into_the_stream),
        cmocka_unit_test(test_purposes_are_never_renumbered),
        cmocka_unit_test(test_a_stream_repeats_and_ignores_other_streams),
        cmocka_unit_test(test_streams_are_uncorrelated_across_seed_purpose_and_index),
        cmocka_unit_test(test_below_rejects_the_words_that_would_bias),
        cmocka_unit_test(test_below_is_uniform_for_awkward_bounds),
        cmocka_unit_test(test_below_one_is_zero),
        cmocka_unit_test(test_uniform_excludes_both_ends),
        cmocka_unit_test(test_uniform_has_the_moments_of_the_uniform_distribution),
        cmocka_unit_test(test_normal_has_the_moments_of_the_normal_distribution),
        cmocka_unit_test(test_shuffle_gives_each_of_six_orders_equally_often),
        cmocka_unit_test(test_shuffle_keeps_every_item),
        cmocka_unit_test(test_shuffle_accepts_one_item_and_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
