/* The sampler draws each example as often as it promises. */
#include "base/error.h"
#include "base/rng.h"
#include "data/block_order.h"
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
    for (int sampling = SAMPLING_RESHUFFLE; sampling <= SAMPLING_IMPORTANCE; sampling++) {
        static const int32_t labels[51] = {0};
        static const double weight[1] = {3};
        struct sampler_options options = {.sampling = (enum sampling)sampling,
                                          .rows = stored,
                                          .count = 1,
                                          .labels = labels,
                                          .classes = 4,
                                          .class_weights = CLASS_WEIGHTS_INVERSE,
                                          .weights = weight,
                                          .batch_size = 1};
        struct sampler *sampler;
        int32_t row;

        assert_int_equal(sampler_open(&sampler, &options), 0);
        for (int b = 0; b < 3; b++) {
            assert_int_equal(sampler_next(sampler, &row), 1);
            assert_int_equal(row, 50);
            assert_true(sampler_weights(sampler)[0] == 1);
        }
        sampler_close(sampler);
    }
}

/* ---- Weights ----------------------------------------------------------------------------------
 */

/* Classes of the stored rows 0, 10, ..., 90: one of class 0, three of 1, none of 2, six of 3. */
static const int32_t classes_of_tens[N] = {3, 1, 3, 1, 0, 3, 3, 1, 3, 3};
static const int counts_of_classes[4] = {1, 3, 0, 6};
static int32_t labels[91];

static struct sampler *open_weighted(struct sampler_options options)
{
    struct sampler *sampler;

    for (int i = 0; i < N; i++)
        labels[10 * i] = classes_of_tens[i];
    options.rows = stored;
    options.count = N;
    options.labels = labels;
    options.classes = 4;
    options.seed = 4;
    if (sampler_open(&sampler, &options) != 0)
        fail_msg("%s", error_text());
    return sampler;
}

static void test_balanced_draws_each_class_equally_often(void **state)
{
    struct sampler *sampler =
        open_weighted((struct sampler_options){.sampling = SAMPLING_BALANCED, .batch_size = 5});
    int by_class[4] = {0}, by_row[N] = {0};
    enum { BATCHES = 24000 };
    double rows_square = 0;

    (void)state;
    for (int b = 0; b < BATCHES; b++) {
        int32_t rows[5];

        assert_int_equal(sampler_next(sampler, rows), 5);
        assert_null(sampler_weights(sampler));
        for (int i = 0; i < 5; i++) {
            by_class[labels[rows[i]]]++;
            by_row[rows[i] / 10]++;
        }
    }
    assert_int_equal(by_class[2], 0);
    for (int c = 0; c < 4; c++) /* 5 standard deviations */
        if (c != 2)
            assert_true(fabs(by_class[c] - 40000.0) < 5 * sqrt(40000 * 2.0 / 3));
    for (int i = 0; i < N; i++) {
        double expected = 40000.0 / counts_of_classes[classes_of_tens[i]];

        rows_square += pow(by_row[i] - expected, 2) / expected;
    }
    assert_true(rows_square < 33.7);
    sampler_close(sampler);
}

static void test_weighted_draws_in_proportion(void **state)
{
    static const double weights[N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; /* of stored[i] */
    struct sampler *sampler = open_weighted((struct sampler_options){
        .sampling = SAMPLING_WEIGHTED, .weights = weights, .batch_size = 9});
    int counts[N] = {0};
    double square = 0;

    (void)state;
    for (int b = 0; b < 10000; b++) {
        int32_t rows[9];

        assert_int_equal(sampler_next(sampler, rows), 9);
        assert_null(sampler_weights(sampler)); /* the draws are not corrected */
        for (int i = 0; i < 9; i++)
            counts[rows[i] / 10]++;
    }
    assert_int_equal(counts[stored[0] / 10], 0);
    for (int i = 1; i < N; i++)
        square += pow(counts[stored[i] / 10] - 2000 * weights[i], 2) / (2000 * weights[i]);
    assert_true(square < 31.8);
    sampler_close(sampler);
}

/* E[(1/K) sum of w_j g_j] = sum over i of p_i w_i g_i = (1/N) sum of g_i: with w_i as the sampler
 * hands it out and p_i from the weights, exactly but for the rounding of a float. */
static void test_importance_is_unbiased(void **state)
{
    static const double weights[N] = {0.001, 1, 20, 3, 0.4, 5, 60, 7, 8, 0.9};
    struct sampler *sampler = open_weighted((struct sampler_options){
        .sampling = SAMPLING_IMPORTANCE, .weights = weights, .batch_size = 10});
    double sum = 0, expectation = 0, mean = 0, handed[N] = {0};
    int missing = N;

    (void)state;
    for (int i = 0; i < N; i++)
        sum += weights[i];
    for (int b = 0; missing > 0; b++) {
        int32_t rows[N];

        assert_true(b < 100000);
        assert_int_equal(sampler_next(sampler, rows), N);
        for (int i = 0; i < N; i++) {
            double *weight = &handed[rows[i] / 10], now = (double)sampler_weights(sampler)[i];

            missing -= *weight == 0;
            assert_true(*weight == 0 || *weight == now);
            *weight = now;
        }
    }
    for (int i = 0; i < N; i++) {
        double gradient = sin(stored[i]), p = weights[i] / sum;

        assert_true(fabs(p * handed[stored[i] / 10] * N - 1) < 1e-7);
        expectation += p * handed[stored[i] / 10] * gradient;
        mean += gradient / N;
    }
    assert_true(fabs(expectation - mean) < 1e-7);
    sampler_close(sampler);
}

static void test_inverse_class_weights_give_each_class_the_same_share(void **state)
{
    struct sampler *sampler =
        open_weighted((struct sampler_options){.sampling = SAMPLING_RESHUFFLE,
                                               .last_batch = LAST_BATCH_KEEP,
                                               .class_weights = CLASS_WEIGHTS_INVERSE,
                                               .batch_size = 4});
    double shares[4] = {0};

    (void)state;
    for (int b = 0; b < 3; b++) { /* an epoch: 4, 4 and 2 examples */
        int32_t rows[4];
        int size = sampler_next(sampler, rows);

        for (int i = 0; i < size; i++) {
            double weight = (double)sampler_weights(sampler)[i] * 4 / size;

            assert_true(fabs(weight - 10.0 / (3 * counts_of_classes[labels[rows[i]]])) < 1e-6);
            shares[labels[rows[i]]] += weight / N;
        }
    }
    for (int c = 0; c < 4; c++)
        assert_true(fabs(shares[c] - (c == 2 ? 0 : 1.0 / 3)) < 1e-6);
    sampler_close(sampler);
}

static void test_class_and_importance_weights_multiply(void **state)
{
    static const double weights[N] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct sampler *sampler =
        open_weighted((struct sampler_options){.sampling = SAMPLING_IMPORTANCE,
                                               .class_weights = CLASS_WEIGHTS_INVERSE,
                                               .weights = weights,
                                               .batch_size = 3});

    (void)state;
    for (int b = 0; b < 50; b++) {
        int32_t rows[3];

        sampler_next(sampler, rows);
        for (int i = 0; i < 3; i++) {
            int at = 0;
            double expected;

            while (stored[at] != rows[i])
                at++;
            expected = 55 / (N * weights[at]) * N / (3.0 * counts_of_classes[labels[rows[i]]]);
            assert_true(fabs((double)sampler_weights(sampler)[i] - expected) < 1e-5 * expected);
        }
    }
    sampler_close(sampler);
}

static void test_only_a_short_batch_of_equals_has_weights(void **state)
{
    struct sampler *sampler = open_sampler(SAMPLING_NONE, LAST_BATCH_KEEP, 4, 1);
    int32_t rows[4];

    (void)state;
    for (int b = 0; b < 6; b++) {
        int size = sampler_next(sampler, rows);

        if (size == 4) {
            assert_null(sampler_weights(sampler));
            continue;
        }
        assert_int_equal(size, 2);
        assert_true(sampler_weights(sampler)[0] == 0.5f && sampler_weights(sampler)[1] == 0.5f);
    }
    sampler_close(sampler);
}

static void test_class_sorted_data_comes_class_by_class(void **state)
{
    static const int32_t expected[N] = {40, 10, 30, 70, 0, 20, 50, 60, 80, 90};
    struct sampler *sampler = open_weighted(
        (struct sampler_options){.sampling = SAMPLING_NONE, .order = ORDER_CLASS, .batch_size = 5});
    int32_t order[N];

    (void)state;
    for (int epoch = 0; epoch < 2; epoch++) {
        draw_epoch(sampler, order);
        assert_memory_equal(order, expected, sizeof expected);
    }
    sampler_close(sampler);
}

static void test_weights_that_cannot_be_drawn_by_are_refused(void **state)
{
    static const double zeros[N] = {0}, one_zero[N] = {1, 1, 1, 0, 1, 1, 1, 1, 1, 1};
    struct sampler_options options = {.sampling = SAMPLING_WEIGHTED,
                                      .rows = stored,
                                      .count = N,
                                      .weights = zeros,
                                      .batch_size = 1};
    struct sampler *sampler;

    (void)state;
    assert_int_equal(sampler_open(&sampler, &options), -1);
    assert_string_equal(error_text(), "weights: 10 of them sum to zero, expected more than zero");
    assert_null(sampler);
    options.sampling = SAMPLING_IMPORTANCE;
    options.weights = one_zero;
    assert_int_equal(sampler_open(&sampler, &options), -1);
    assert_non_null(strstr(error_text(), "example 4 has weight 0"));
}

static void test_weighted_draws_are_those_of_the_seed(void **state)
{
    static const double weights[N] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct sampler *one = open_weighted((struct sampler_options){
                       .sampling = SAMPLING_IMPORTANCE, .weights = weights, .batch_size = 1}),
                   *other = open_weighted((struct sampler_options){
                       .sampling = SAMPLING_WEIGHTED, .weights = weights, .batch_size = 5});
    int32_t rows[10], same[10];

    (void)state;
    for (int i = 0; i < 10; i++)
        sampler_next(one, rows + i);
    sampler_next(other, same);
    sampler_next(other, same + 5);
    assert_memory_equal(rows, same, sizeof rows); /* whatever the batches */
    sampler_close(one);
    sampler_close(other);
}

/* ---- Errors -----------------------------------------------------------------------------------
 */

/* ---- Blocks -----------------------------------------------------------------------------------
 */

static struct sampler *open_blocks(size_t block, int batch_size, uint64_t seed, const int32_t *rows)
{
    struct sampler_options options = {.sampling = SAMPLING_BLOCKS,
                                      .last_batch = LAST_BATCH_KEEP,
                                      .rows = rows,
                                      .count = N,
                                      .block = block,
                                      .batch_size = batch_size,
                                      .seed = seed};
    struct sampler *sampler;

    assert_int_equal(sampler_open(&sampler, &options), 0);
    return sampler;
}

static void test_every_epoch_of_blocks_holds_every_example_once(void **state)
{
    (void)state;
    for (size_t block = 1; block <= N + 2; block++)
        for (int batch_size = 1; batch_size <= N; batch_size += 2) {
            struct sampler *sampler = open_blocks(block, batch_size, 1, stored);
            int32_t order[N];

            for (int epoch = 0; epoch < 20; epoch++) {
                draw_epoch(sampler, order);
                assert_permutation(order);
            }
            sampler_close(sampler);
        }
}

/* Rows 0 .. 90 in steps of ten, ascending, cut into blocks of three: {0, 10, 20}, ..., {90}. */
static void test_what_lies_together_is_drawn_together(void **state)
{
    struct sampler *sampler = open_blocks(3, 4, 7, stored);
    int firsts[4] = {0}, changes = 0;

    (void)state;
    for (int epoch = 0; epoch < 200; epoch++) {
        int32_t order[N];
        int seen[4] = {0}, last = -1;

        draw_epoch(sampler, order);
        firsts[order[0] / 30]++;
        for (int i = 0; i < N; i++) {
            int block = order[i] / 30;

            if (block != last)
                assert_int_equal(seen[block]++, 0); /* and is not come back to */
            changes += i > 0 && block == last && order[i] < order[i - 1];
            last = block;
        }
    }
    assert_true(changes > 300); /* 600 on average: within a block the order is random */
    for (int b = 0; b < 4; b++)
        assert_in_range(firsts[b], 25, 75); /* any comes first: 50 on average, 4 deviations */
    sampler_close(sampler);
}

static void test_blocks_depend_on_seed_and_epoch_alone(void **state)
{
    struct sampler *one = open_blocks(3, 1, 5, stored), *two = open_blocks(3, 4, 5, stored);
    struct sampler *other = open_blocks(3, 4, 6, stored);
    int32_t a[N], b[N], c[N], before[N];
    int differ = 0;

    (void)state;
    for (int epoch = 0; epoch < 5; epoch++) {
        memcpy(before, a, sizeof a);
        draw_epoch(one, a);
        draw_epoch(two, b);
        draw_epoch(other, c);
        assert_memory_equal(a, b, sizeof a);
        differ += memcmp(a, c, sizeof a) != 0 && (epoch == 0 || memcmp(a, before, sizeof a) != 0);
    }
    assert_int_equal(differ, 5);
    sampler_close(one);
    sampler_close(two);
    sampler_close(other);
}

static void test_the_next_block_is_told_before_it_is_drawn(void **state)
{
    struct sampler *sampler = open_blocks(3, 1, 3, stored);
    int32_t row;
    size_t first = 0, last = 0;

    (void)state;
    for (int epoch = 0; epoch < 20; epoch++) {
        int expected = -1, block = -1;

        for (int i = 0; i < N; i++) {
            sampler_next(sampler, &row);
            if (row / 30 != block && expected >= 0)
                assert_int_equal(row / 30, expected);
            block = row / 30;
            expected = -1;
            if (sampler_next_block(sampler, 0, &first, &last)) {
                assert_in_range(last, first, first + 2);
                expected = sampler_row_at(sampler, first) / 30;
                assert_int_equal(expected, sampler_row_at(sampler, last) / 30);
            }
        }
        assert_int_equal(expected, -1); /* the epoch's last has none after it */
    }
    sampler_close(sampler);
}

/* ---- Without a list of rows -------------------------------------------------------------------
 */

static void test_rows_that_are_not_listed_are_drawn_once_an_epoch(void **state)
{
    static const enum sampling samplings[] = {SAMPLING_RESHUFFLE, SAMPLING_ONCE, SAMPLING_NONE,
                                              SAMPLING_BLOCKS};
    enum { MANY = 1000 };
    static int32_t epochs[3][MANY];

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        struct sampler_options options = {.sampling = samplings[s],
                                          .last_batch = LAST_BATCH_KEEP,
                                          .count = MANY,
                                          .block = 64,
                                          .batch_size = MANY,
                                          .seed = 9};
        struct sampler *sampler;

        assert_int_equal(sampler_open(&sampler, &options), 0);
        for (int e = 0; e < 3; e++) {
            char seen[MANY] = {0};

            assert_int_equal(sampler_next(sampler, epochs[e]), MANY);
            for (int i = 0; i < MANY; i++) {
                assert_in_range(epochs[e][i], 0, MANY - 1);
                assert_int_equal(seen[epochs[e][i]]++, 0);
            }
        }
        assert_int_equal(memcmp(epochs[0], epochs[1], sizeof epochs[0]) == 0,
                         samplings[s] == SAMPLING_ONCE || samplings[s] == SAMPLING_NONE);
        sampler_close(sampler);
    }
}

static void test_a_hundred_million_rows_take_no_list(void **state)
{
    struct sampler_options options = {
        .sampling = SAMPLING_RESHUFFLE, .count = 100000000, .batch_size = 4, .seed = 1};
    struct sampler *sampler;
    int32_t rows[4];
    int large = 0;

    (void)state;
    assert_int_equal(sampler_open(&sampler, &options), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(sampler_next(sampler, rows), 4);
        for (int j = 0; j < 4; j++) {
            assert_in_range(rows[j], 0, 99999999);
            large += rows[j] >= 50000000;
        }
    }
    assert_in_range(large, 1850, 2150);
    sampler_close(sampler);
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
    options = (struct sampler_options){
        .sampling = SAMPLING_BLOCKS, .rows = stored, .count = N, .batch_size = 1};
    assert_int_equal(sampler_open(&sampler, &options), -1);
    assert_string_equal(error_text(), "sampler: blocks of 0 examples, expected 1 or more");
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
        cmocka_unit_test(test_balanced_draws_each_class_equally_often),
        cmocka_unit_test(test_weighted_draws_in_proportion),
        cmocka_unit_test(test_importance_is_unbiased),
        cmocka_unit_test(test_inverse_class_weights_give_each_class_the_same_share),
        cmocka_unit_test(test_class_and_importance_weights_multiply),
        cmocka_unit_test(test_only_a_short_batch_of_equals_has_weights),
        cmocka_unit_test(test_class_sorted_data_comes_class_by_class),
        cmocka_unit_test(test_weights_that_cannot_be_drawn_by_are_refused),
        cmocka_unit_test(test_weighted_draws_are_those_of_the_seed),
        cmocka_unit_test(test_every_epoch_of_blocks_holds_every_example_once),
        cmocka_unit_test(test_what_lies_together_is_drawn_together),
        cmocka_unit_test(test_blocks_depend_on_seed_and_epoch_alone),
        cmocka_unit_test(test_the_next_block_is_told_before_it_is_drawn),
        cmocka_unit_test(test_rows_that_are_not_listed_are_drawn_once_an_epoch),
        cmocka_unit_test(test_a_hundred_million_rows_take_no_list),
        cmocka_unit_test(test_impossible_sizes_are_refused),
        cmocka_unit_test(test_close_accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
