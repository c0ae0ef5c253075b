/* A sampler in parts draws each example once an epoch, and each part from its range alone. */
#include "base/checkpoint.h"
#include "base/error.h"
#include "data/sampler.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 101 };

/* Out of order: place p of the rows in ascending order has row 7 p. */
static int32_t parted_rows[N];

static struct sampler *open_parted(enum sampling sampling, int parts, int batch_size, size_t block,
                                   int is_listed)
{
    struct sampler_options options = {.sampling = sampling,
                                      .last_batch = LAST_BATCH_KEEP,
                                      .rows = is_listed ? parted_rows : NULL,
                                      .count = N,
                                      .block = block,
                                      .parts = parts,
                                      .batch_size = batch_size,
                                      .seed = 5};
    struct sampler *sampler;

    for (int i = 0; i < N; i++)
        parted_rows[i] = 7 * ((i * 37) % N);
    assert_int_equal(sampler_open(&sampler, &options), 0);
    return sampler;
}

static void parts_are_all_there_is_and_even(void **state)
{
    (void)state;
    for (size_t count = 0; count < 40; count++)
        for (int parts = 1; parts < 9; parts++) {
            assert_int_equal(part_first(count, parts, 0), 0);
            assert_int_equal(part_first(count, parts, parts), count);
            for (int p = 0; p < parts; p++)
                assert_in_range(part_first(count, parts, p + 1) - part_first(count, parts, p),
                                count / (size_t)parts, (count + (size_t)parts - 1) / (size_t)parts);
        }
}

/* What is drawn of an epoch, each part's examples from its range alone and as many of each; the
 * kept last batch takes what is left of all. */
static void draw_parted(struct sampler *sampler, int parts, int batch_size, int32_t step,
                        int32_t places[N])
{
    int seen[N] = {0}, drawn = 0;

    while (drawn < N) {
        int32_t rows[N];
        int size = sampler_next(sampler, rows);

        assert_int_equal(size, N - drawn < batch_size ? N - drawn : batch_size);
        for (int p = 0; p < parts; p++)
            for (size_t i = part_first((size_t)size, parts, p);
                 i < part_first((size_t)size, parts, p + 1); i++) {
                assert_int_equal(rows[i] % step, 0);
                assert_in_range(rows[i] / step, part_first(N, parts, p),
                                part_first(N, parts, p + 1) - 1);
                assert_int_equal(seen[rows[i] / step]++, 0);
                places[drawn + (int)i] = rows[i] / step;
            }
        drawn += size;
    }
    assert_int_equal(drawn, N);
}

static void each_part_is_drawn_from_its_range_once_an_epoch(void **state)
{
    static const enum sampling samplings[] = {SAMPLING_RESHUFFLE, SAMPLING_BLOCKS};

    (void)state;
    for (size_t c = 0; c < 4; c++) /* samplings, with a list or without */
        for (int parts = 2; parts <= 7; parts++)
            for (int times = 1; times <= 5; times++)
                for (size_t block = 1; block < 200; block = 3 * block + 1) {
                    int k = times == 5 ? N : times * parts;
                    struct sampler *sampler =
                        open_parted(samplings[c / 2], parts, k, block, c % 2 == 0);
                    int32_t first[N], second[N];

                    draw_parted(sampler, parts, k, c % 2 == 0 ? 7 : 1, first);
                    draw_parted(sampler, parts, k, c % 2 == 0 ? 7 : 1, second);
                    assert_memory_not_equal(first, second, sizeof first);
                    sampler_close(sampler);
                }
}

/* What is dropped is what a batch of all examples' order drops: N mod K of them. */
static void parts_drop_no_more_than_the_last_batch(void **state)
{
    int counts[N] = {0};
    struct sampler *sampler;

    (void)state;
    sampler = open_parted(SAMPLING_BLOCKS, 3, 12, 5, 0);
    sampler_close(sampler);
    assert_int_equal(sampler_open(&sampler, &(struct sampler_options){.sampling = SAMPLING_BLOCKS,
                                                                      .count = N,
                                                                      .block = 5,
                                                                      .parts = 3,
                                                                      .batch_size = 12,
                                                                      .seed = 5}),
                     0);
    for (int epoch = 0; epoch < 200; epoch++)
        for (int b = 0; b < N / 12; b++) {
            int32_t rows[12];

            assert_int_equal(sampler_next(sampler, rows), 12);
            assert_null(sampler_weights(sampler));
            for (int i = 0; i < 12; i++)
                counts[rows[i]]++;
        }
    for (int i = 0; i < N; i++)
        assert_in_range(counts[i], 160, 200); /* 190 on average */
    sampler_close(sampler);
}

/* The mean over the K examples that a batch is of, and a kept last batch by its size over K. */
static void examples_of_parts_weigh_the_same(void **state)
{
    struct sampler *sampler = open_parted(SAMPLING_BLOCKS, 3, 12, 5, 1);
    int32_t rows[N];

    (void)state;
    for (int b = 0; b < N / 12; b++) {
        sampler_next(sampler, rows);
        assert_null(sampler_weights(sampler));
    }
    assert_int_equal(sampler_next(sampler, rows), N % 12);
    for (int i = 0; i < N % 12; i++)
        assert_true(sampler_weights(sampler)[i] == (float)(N % 12) / 12.0F);
    sampler_close(sampler);
}

static void blocks_of_parts_are_drawn_together(void **state)
{
    struct sampler *sampler = open_parted(SAMPLING_BLOCKS, 3, 3, 4, 0);
    int32_t rows[3], last[3] = {-1, -1, -1};
    char seen[3][N] = {{0}};
    size_t first, end, expected = N;

    (void)state;
    for (int b = 0; b < N / 3; b++) {
        sampler_next(sampler, rows);
        for (int p = 0; p < 3; p++) {
            int32_t block = (rows[p] - (int32_t)part_first(N, 3, p)) / 4;

            if (block != last[p])
                assert_int_equal(seen[p][block]++, 0);
            if (p == 2 && block != last[p] && expected != N)
                assert_int_equal(part_first(N, 3, p) + 4 * (size_t)block, expected);
            last[p] = block;
        }
        expected = sampler_next_block(sampler, 2, &first, &end) ? first : N;
    }
    sampler_close(sampler);
}

/* Ranges of the same size have orders that are not each other's. */
static void parts_have_orders_of_their_own(void **state)
{
    static const enum sampling samplings[] = {SAMPLING_RESHUFFLE, SAMPLING_BLOCKS};

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        struct sampler *sampler = open_parted(samplings[s], 4, 4, 3, 0);
        int32_t rows[4];
        int alike = 0;

        for (int b = 0; b < 25; b++) {
            sampler_next(sampler, rows);
            alike +=
                rows[1] - (int32_t)part_first(N, 4, 1) == rows[2] - (int32_t)part_first(N, 4, 2);
        }
        assert_true(alike < 10);
        sampler_close(sampler);
    }
}

static void parts_go_on_from_a_checkpoint(void **state)
{
    static const enum sampling samplings[] = {SAMPLING_RESHUFFLE, SAMPLING_BLOCKS};

    (void)state;
    for (size_t s = 0; s < 2; s++)
        for (int before = 0; before < 20; before++) {
            struct sampler *whole = open_parted(samplings[s], 3, 12, 5, 1);
            struct sampler *broken = open_parted(samplings[s], 3, 12, 5, 1);
            struct checkpoint *checkpoint;
            int32_t rows[12], again[12];

            for (int b = 0; b < before; b++)
                sampler_next(whole, rows);
            assert_int_equal(checkpoint_begin(&checkpoint, scratch_path("checkpoint"), "k\n", 0),
                             0);
            sampler_checkpoint(whole, checkpoint);
            assert_int_equal(checkpoint_commit(checkpoint), 0);
            assert_int_equal(checkpoint_open(&checkpoint, scratch_path("checkpoint"), "k\n"), 1);
            sampler_checkpoint(broken, checkpoint);
            assert_int_equal(checkpoint_finish(checkpoint), 0);
            checkpoint_close(checkpoint);
            for (int b = 0; b < 20; b++) {
                int size = sampler_next(whole, rows);

                assert_int_equal(sampler_next(broken, again), size);
                assert_memory_equal(rows, again, (size_t)size * sizeof *rows);
            }
            sampler_close(whole);
            sampler_close(broken);
        }
}

static void batches_that_parts_cannot_share_are_refused(void **state)
{
    struct sampler_options options = {
        .sampling = SAMPLING_RESHUFFLE, .count = 10, .parts = 3, .batch_size = 4, .seed = 1};
    struct sampler *sampler;

    (void)state;
    assert_int_equal(sampler_open(&sampler, &options), -1);
    assert_string_equal(error_text(),
                        "sampler: batch size 4 in 3 parts, expected a multiple of them");
    options.batch_size = 10; /* whole epochs are no matter */
    assert_int_equal(sampler_open(&sampler, &options), 0);
    sampler_close(sampler);
    options.parts = 11;
    assert_int_equal(sampler_open(&sampler, &options), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_all_there_is_and_even),
        cmocka_unit_test(each_part_is_drawn_from_its_range_once_an_epoch),
        cmocka_unit_test(parts_drop_no_more_than_the_last_batch),
        cmocka_unit_test(examples_of_parts_weigh_the_same),
        cmocka_unit_test(blocks_of_parts_are_drawn_together),
        cmocka_unit_test(parts_have_orders_of_their_own),
        cmocka_unit_test(parts_go_on_from_a_checkpoint),
        cmocka_unit_test(batches_that_parts_cannot_share_are_refused),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
