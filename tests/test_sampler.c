/* The sampler draws each example as often as it promises. */
#include "base/error.h"
#include "base/rng.h"
#include "data/sampler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 10 };

/* Out of order and with gaps, so that a position cannot pass for a row. */
static const int32_t stored[N] = {50, 10, 40, 20, 30, 90, 60, 80, 70, 0};

static struct sampler *open_sampler(enum sampling sampling, enum last_batch last, int batch_size,
                                    uint64_t seed)
{
    struct sampler_options options = {.sampling = sampling,
                                      .last_batch = last,
                                      .rows = stored,
                                      .count = N,
                                      .batch_size = batch_size,
                                      .seed = seed};
    struct sampler *sampler;

    assert_int_equal(sampler_open(&sampler, &options), 0);
    return sampler;
}

/* order[N] = the rows of one epoch, whatever the size of batches */
static void draw_epoch(struct sampler *sampler, int32_t order[N])
{
    for (int drawn = 0; drawn < N;) {
        int32_t rows[N];
        int size = sampler_next(sampler, rows);

        assert_true(drawn + size <= N);
        memcpy(order + drawn, rows, (size_t)size * sizeof *rows);
        drawn += size;
    }
}

static void assert_permutation(const int32_t order[N])
{
    int counts[N] = {0};

    for (int i = 0; i < N; i++) {
        assert_in_range(order[i], 0, 90);
        counts[order[i] / 10]++;
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(counts[i], 1);
}

static double chi_square(const int *counts, int cells)
{
    double total = 0, sum = 0;

    for (int c = 0; c < cells; c++)
        total += counts[c];
    for (int c = 0; c < cells; c++)
        sum += pow(counts[c] - total / cells, 2) / (total / cells);
    return sum;
}

static void test_every_epoch_holds_every_example_once(void **state)
{
    (void)state;
    for (int batch_size = 1; batch_size <= N; batch_size++) {
        struct sampler *sampler = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_KEEP, batch_size, 1);
        int32_t order[N];

        for (int epoch = 0; epoch < 20; epoch++) {
            draw_epoch(sampler, order);
            assert_permutation(order);
        }
        sampler_close(sampler);
    }
}

static void test_reshuffling_changes_the_order(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_KEEP, 3, 1);
    int32_t first[N], second[N];

    (void)state;
    draw_epoch(sampler, first);
    draw_epoch(sampler, second);
    assert_memory_not_equal(first, second, sizeof first);
    sampler_close(sampler);
}

static void test_the_order_of_an_epoch_does_not_depend_on_the_batch_size(void **state)
{
    (void)state;
    for (int batch_size = 1; batch_size <= N; batch_size++) {
        struct sampler *one = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_KEEP, 1, 5);
        struct sampler *other = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_KEEP, batch_size, 5);
        int32_t expected[N], order[N];

        for (int epoch = 0; epoch < 3; epoch++) {
            draw_epoch(one, expected);
            draw_epoch(other, order);
            assert_memory_equal(order, expected, sizeof order);
        }
        sampler_close(one);
        sampler_close(other);
    }
}

static void test_epoch_e_has_the_order_of_stream_e(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_KEEP, 3, 6);

    (void)state;
    for (uint32_t epoch = 0; epoch < 4; epoch++) {
        int32_t expected[N], order[N];
        struct rng rng;

        memcpy(expected, stored, sizeof stored);
        rng_init(&rng, 6, RNG_ORDER, epoch);
        rng_shuffle(&rng, expected, N);
        draw_epoch(sampler, order);
        assert_memory_equal(order, expected, sizeof order);
    }
    sampler_close(sampler);
}

/* Each of ten places is taken by each of ten examples equally often over epochs. */
static void test_reshuffling_favours_no_example(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_DROP, N, 3);
    int counts[N * N] = {0};

    (void)state;
    for (int epoch = 0; epoch < 20000; epoch++) {
        int32_t order[N];

        assert_int_equal(sampler_next(sampler, order), N); /* K = N */
        for (int i = 0; i < N; i++)
            counts[N * i + order[i] / 10]++;
    }
    assert_true(chi_square(counts, N * N) < 142); /* p = 0.0001 with 81 degrees of freedom */
    sampler_close(sampler);
}

static void test_the_seed_decides_the_order(void **state)
{
    int32_t orders[3][N];
    static const uint64_t seeds[] = {8, 8, 9};

    (void)state;
    for (int s = 0; s < 3; s++) {
        struct sampler *sampler = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_KEEP, 4, seeds[s]);

        draw_epoch(sampler, orders[s]);
        sampler_close(sampler);
    }
    assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
    assert_memory_not_equal(orders[0], orders[2], sizeof orders[0]);
}

static void test_once_repeats_one_random_order(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_ONCE, LAST_BATCH_KEEP, 3, 1);
    int32_t first[N], order[N];

    (void)state;
    draw_epoch(sampler, first);
    assert_permutation(first);
    assert_memory_not_equal(first, stored, sizeof first);
    for (int epoch = 0; epoch < 5; epoch++) {
        draw_epoch(sampler, order);
        assert_memory_equal(order, first, sizeof order);
    }
    sampler_close(sampler);
}

static void test_none_follows_the_stored_rows(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_NONE, LAST_BATCH_KEEP, 4, 1);
    int32_t order[N];

    (void)state;
    for (int epoch = 0; epoch < 3; epoch++) {
        draw_epoch(sampler, order);
        for (int i = 0; i < N; i++)
            assert_int_equal(order[i], 10 * i);
    }
    sampler_close(sampler);
}

static void test_draws_with_replacement_are_uniform(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_WITH_REPLACEMENT, LAST_BATCH_KEEP, 4, 1);
    int counts[N] = {0}, twice = 0;

    (void)state;
    for (int b = 0; b < 50000; b++) {
        int32_t rows[4];

        assert_int_equal(sampler_next(sampler, rows), 4); /* never short */
        for (int i = 0; i < 4; i++)
            counts[rows[i] / 10]++;
        twice += rows[0] == rows[1];
    }
    assert_true(chi_square(counts, N) < 33.7); /* p = 0.0001 with 9 degrees of freedom */
    assert_true(fabs(twice / 50000.0 - 0.1) < 5 * sqrt(0.1 * 0.9 / 50000)); /* independent */
    sampler_close(sampler);
}

static void test_a_dropped_last_batch_starts_the_next_epoch(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_NONE, LAST_BATCH_DROP, 4, 1);
    static const int32_t expected[] = {0, 40, 0, 40, 0}; /* 80 and 90 are never seen */
    int32_t rows[4];

    (void)state;
    for (int b = 0; b < 5; b++) {
        assert_int_equal(sampler_next(sampler, rows), 4);
        assert_int_equal(rows[0], expected[b]);
    }
    sampler_close(sampler);
}

static void test_a_kept_last_batch_is_short(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_NONE, LAST_BATCH_KEEP, 4, 1);
    static const int sizes[] = {4, 4, 2, 4, 4, 2, 4};
    int32_t rows[4];

    (void)state;
    for (int b = 0; b < 7; b++) {
        assert_int_equal(sampler_next(sampler, rows), sizes[b]);
        assert_int_equal(rows[0], 40 * (b % 3));
    }
    sampler_close(sampler);
}

static void test_nothing_is_short_or_dropped_where_sizes_divide(void **state)
{
    (void)state;
    for (int last = LAST_BATCH_DROP; last <= LAST_BATCH_KEEP; last++) {
        struct sampler *sampler = open_sampler(SAMPLING_NONE, (enum last_batch)last, 5, 1);
        int32_t rows[5];

        for (int b = 0; b < 6; b++) {
            assert_int_equal(sampler_next(sampler, rows), 5);
            assert_int_equal(rows[0], 50 * (b % 2));
        }
        sampler_close(sampler);
    }
}

/* Dropping leaves out other examples each time: over epochs all are used equally. */
static void test_dropping_favours_no_example_over_epochs(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_RESHUFFLE, LAST_BATCH_DROP, 4, 2);
    int counts[N] = {0};

    (void)state;
    for (int b = 0; b < 40000; b++) {
        int32_t rows[4];

        assert_int_equal(sampler_next(sampler, rows), 4);
        for (int i = 0; i < 4; i++)
            counts[rows[i] / 10]++;
    }
    assert_true(chi_square(counts, N) < 33.7);
    sampler_close(sampler);
}

static void test_repeated_rows_are_drawn_as_often_as_they_occur(void **state)
{
    static const int32_t rows[] = {7, 7, 7, 3};
    struct sampler_options options = {
        .sampling = SAMPLING_RESHUFFLE, .rows = rows, .count = 4, .batch_size = 4, .seed = 1};
    struct sampler *sampler;
    int32_t batch[4];

    (void)state;
    assert_int_equal(sampler_open(&sampler, &options), 0);
    for (int epoch = 0; epoch < 5; epoch++) {
        assert_int_equal(sampler_next(sampler, batch), 4);
        assert_int_equal(batch[0] + batch[1] + batch[2] + batch[3], 24);
    }
    sampler_close(sampler);
}

static void test_one_example_is_enough(void **state)
{
    (void)state;
    for (int sampling = SAMPLING_RESHUFFLE; sampling <= SAMPLING_NONE; sampling++) {
        struct sampler_options options = {
            .sampling = (enum sampling)sampling, .rows = stored, .count = 1, .batch_size = 1};
        struct sampler *sampler;
        int32_t row;

        assert_int_equal(sampler_open(&sampler, &options), 0);
        for (int b = 0; b < 3; b++) {
            assert_int_equal(sampler_next(sampler, &row), 1);
            assert_int_equal(row, 50);
        }
        sampler_close(sampler);
    }
}

static void test_impossible_sizes_are_refused(void **state)
{
    struct sampler_options options = {.rows = stored, .count = N, .batch_size = 0};
    struct sampler *sampler;

    (void)state;
    assert_int_equal(sampler_open(&sampler, &options), -1);
    assert_string_equal(error_text(),
                        "sampler: batch size 0 is not in 1 .. 10, the number of examples");
    assert_null(sampler);
    options.batch_size = N + 1;
    assert_int_equal(sampler_open(&sampler, &options), -1);
    options.batch_size = -1;
    assert_int_equal(sampler_open(&sampler, &options), -1);
    options = (struct sampler_options){.rows = stored, .count = 0, .batch_size = 1};
    assert_int_equal(sampler_open(&sampler, &options), -1);
    assert_string_equal(error_text(), "sampler: 0 examples to draw from, expected 1 .. 2147483647");
}

static void test_close_accepts_null(void **state)
{
    (void)state;
    sampler_close(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_epoch_holds_every_example_once),
        cmocka_unit_test(test_reshuffling_changes_the_order),
        cmocka_unit_test(test_the_order_of_an_epoch_does_not_depend_on_the_batch_size),
        cmocka_unit_test(test_epoch_e_has_the_order_of_stream_e),
        cmocka_unit_test(test_reshuffling_favours_no_example),
        cmocka_unit_test(test_the_seed_decides_the_order),
        cmocka_unit_test(test_once_repeats_one_random_order),
        cmocka_unit_test(test_none_follows_the_stored_rows),
        cmocka_unit_test(test_draws_with_replacement_are_uniform),
        cmocka_unit_test(test_a_dropped_last_batch_starts_the_next_epoch),
        cmocka_unit_test(test_a_kept_last_batch_is_short),
        cmocka_unit_test(test_nothing_is_short_or_dropped_where_sizes_divide),
        cmocka_unit_test(test_dropping_favours_no_example_over_epochs),
        cmocka_unit_test(test_repeated_rows_are_drawn_as_often_as_they_occur),
        cmocka_unit_test(test_one_example_is_enough),
        cmocka_unit_test(test_impossible_sizes_are_refused),
        cmocka_unit_test(test_close_accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
