/* Subset, imbalance, label noise, redundancy and de-duplication change the training examples as
 * they say, one after the other, and nothing else. */
#include "base/error.h"
#include "data/training_set.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 400 stored examples of one feature, which is its row; 4 classes in turn; 300 for training in an
 * order of their own, 100 for validation. */
enum { STORED = 400, TRAIN = 300, CLASSES = 4 };

static float numbers[STORED];
static int32_t labels[STORED], rows[STORED];

static struct dataset numbered(void)
{
    struct examples train = {.element = ELEMENT_FLOAT32,
                             .scale = 1,
                             .features = numbers,
                             .labels = labels,
                             .rows = rows,
                             .count = TRAIN};
    struct dataset dataset = {
        .inputs = 1, .outputs = CLASSES, .classes = CLASSES, .train = train, .validation = train};

    for (int i = 0; i < STORED; i++) {
        numbers[i] = (float)i;
        labels[i] = i % CLASSES;
        rows[i] = (i * 7 + 3) % STORED;
    }
    dataset.validation.rows = rows + TRAIN;
    dataset.validation.count = STORED - TRAIN;
    return dataset;
}

static const struct training_options plain = {
    .imbalance = 1, .redundancy = {.factor = 1}, .near_cosine = 0.99, .seed = 1};

static struct training_set open_set(const struct dataset *dataset,
                                    const struct training_options *options)
{
    struct training_set set;

    if (training_set_open(&set, dataset, options) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(set.examples.count + set.dropped, training_set_count(dataset, options));
    return set;
}

static void count_labels(const struct examples *examples, int counts[CLASSES])
{
    memset(counts, 0, CLASSES * sizeof *counts);
    for (size_t i = 0; i < examples->count; i++)
        counts[examples->labels[examples->rows[i]]]++;
}

static int contains(const struct examples *examples, int32_t row)
{
    for (size_t i = 0; i < examples->count; i++)
        if (examples->rows[i] == row)
            return 1;
    return 0;
}

static void nothing_asked_changes_nothing(void **state)
{
    struct dataset dataset = numbered();
    struct training_set set = open_set(&dataset, &plain);

    (void)state;
    assert_int_equal(set.examples.count, TRAIN);
    assert_memory_equal(set.examples.rows, rows, TRAIN * sizeof *rows);
    assert_ptr_equal(set.examples.labels, labels);
    assert_ptr_equal(set.examples.features, numbers);
    assert_int_equal(set.dropped, 0);
    training_set_close(&set);
}

/* ---- Subset -----------------------------------------------------------------------------------
 */

static int row_is_among(int32_t row, const int32_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == row)
            return 1;
    return 0;
}

static void a_subset_has_as_many_distinct_training_examples(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;

    (void)state;
    for (options.subset = 1; options.subset <= TRAIN; options.subset += 23) {
        struct training_set set = open_set(&dataset, &options);

        assert_int_equal(set.examples.count, options.subset);
        for (size_t i = 0; i < set.examples.count; i++) {
            assert_true(row_is_among(set.examples.rows[i], rows, TRAIN));
            assert_false(row_is_among(set.examples.rows[i], set.examples.rows, i));
        }
        training_set_close(&set);
    }
}

static void fewer_examples_of_a_seed_are_among_more_of_them(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set few, many;

    (void)state;
    options.subset = 40;
    few = open_set(&dataset, &options);
    options.subset = TRAIN;
    many = open_set(&dataset, &options);
    assert_memory_equal(few.examples.rows, many.examples.rows, 40 * sizeof *rows);
    training_set_close(&few);
    training_set_close(&many);
}

/* How often an example is in a third of them, over 600 seeds: binomial, mean 200, deviation 11.5.
 * And two seeds have a third of their examples in common, 33 +- 4.7, as independent draws do. */
static void seeds_draw_independent_subsets(void **state)
{
    enum { SEEDS = 600, N = TRAIN / 3 };
    struct dataset dataset = numbered();
    struct training_options options = plain;
    int times[STORED] = {0}, common = 0;
    int32_t last[N] = {0};

    (void)state;
    options.subset = N;
    for (options.seed = 1; options.seed <= SEEDS; options.seed++) {
        struct training_set set = open_set(&dataset, &options);

        for (int i = 0; i < N; i++) {
            times[set.examples.rows[i]]++;
            common += options.seed > 1 && row_is_among(set.examples.rows[i], last, N);
        }
        memcpy(last, set.examples.rows, sizeof last);
        training_set_close(&set);
    }
    for (int i = 0; i < TRAIN; i++)
        assert_in_range(times[rows[i]], 200 - 53, 200 + 53); /* 4.6 deviations of 300 numbers */
    assert_in_range(common, 599 * 33.3 - 5 * 115, 599 * 33.3 + 5 * 115);
}

/* Imbalance, label noise and redundancy find the subset in place of the split. */
static void the_other_axes_come_after_the_subset(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set before, after;
    int of_subset[CLASSES], counts[CLASSES], wrong = 0;

    (void)state;
    options.subset = 60;
    before = open_set(&dataset, &options);
    count_labels(&before.examples, of_subset);
    options.imbalance = 10;
    options.redundancy.factor = 2;
    after = open_set(&dataset, &options);
    count_labels(&after.examples, counts);
    assert_int_equal(counts[0], 2 * of_subset[0]);
    assert_int_equal(counts[3], 2 * (int)fmax(1, round(of_subset[3] / 10.)));
    for (size_t i = 0; i < after.examples.count; i++)
        assert_true(row_is_among(after.examples.rows[i], before.examples.rows, 60));
    training_set_close(&after);
    options.imbalance = 1;
    options.redundancy.factor = 1;
    options.label_noise = 0.5;
    after = open_set(&dataset, &options);
    for (size_t i = 0; i < 60; i++)
        wrong += after.examples.labels[after.examples.rows[i]] !=
                 before.examples.labels[before.examples.rows[i]];
    assert_int_equal(wrong, 30);
    assert_memory_equal(after.examples.rows, before.examples.rows, 60 * sizeof *rows);
    training_set_close(&after);
    training_set_close(&before);
}

/* ---- Imbalance --------------------------------------------------------------------------------
 */

/* 75 of each class: 75, 75 / 10^(1/3) = 34.8, 75 / 10^(2/3) = 16.2, 7.5 */
static void a_long_tail_has_the_shares_of_its_ratio(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set set;
    int counts[CLASSES];

    (void)state;
    options.imbalance = 10;
    set = open_set(&dataset, &options);
    count_labels(&set.examples, counts);
    assert_int_equal(counts[0], 75);
    assert_int_equal(counts[1], 35);
    assert_int_equal(counts[2], 16);
    assert_int_equal(counts[3], 8);
    assert_int_equal(set.examples.count, 75 + 35 + 16 + 8);
    training_set_close(&set);
}

static void what_a_larger_ratio_keeps_a_smaller_one_keeps_in_the_same_order(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set few, many;
    size_t at = 0;

    (void)state;
    options.imbalance = 100;
    few = open_set(&dataset, &options);
    options.imbalance = 10;
    many = open_set(&dataset, &options);
    for (size_t i = 0; i < few.examples.count; i++, at++) {
        while (at < many.examples.count && many.examples.rows[at] != few.examples.rows[i])
            at++;
        assert_true(at < many.examples.count);
    }
    training_set_close(&few);
    training_set_close(&many);
}

static void no_class_is_lost(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set set;
    int counts[CLASSES];

    (void)state;
    options.imbalance = 1e6;
    set = open_set(&dataset, &options);
    count_labels(&set.examples, counts);
    assert_int_equal(counts[0], 75);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[3], 1);
    training_set_close(&set);
    dataset.train.count = 1; /* one example, of one class */
    set = open_set(&dataset, &options);
    assert_int_equal(set.examples.count, 1);
    assert_int_equal(set.examples.rows[0], rows[0]);
    training_set_close(&set);
}

/* ---- Label noise ------------------------------------------------------------------------------
 */

static int changed(const struct training_set *set)
{
    int count = 0;

    for (size_t i = 0; i < set->examples.count; i++) {
        int32_t row = set->examples.rows[i];

        count += set->examples.labels[row] != row % CLASSES;
    }
    return count;
}

static void exactly_the_share_of_labels_is_wrong(void **state)
{
    static const double shares[] = {0.001, 0.01, 0.2, 0.5, 1};
    static const int expected[] = {0, 3, 60, 150, 300};
    struct dataset dataset = numbered();
    struct training_options options = plain;

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct training_set set;

        options.label_noise = shares[i];
        set = open_set(&dataset, &options);
        assert_int_equal(changed(&set), expected[i]);
        for (size_t j = 0; j < set.examples.count; j++)
            assert_in_range(set.examples.labels[set.examples.rows[j]], 0, CLASSES - 1);
        training_set_close(&set);
    }
}

static void validation_keeps_its_labels(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set set;

    (void)state;
    options.label_noise = 1;
    set = open_set(&dataset, &options);
    for (size_t i = 0; i < dataset.validation.count; i++)
        assert_int_equal(dataset.validation.labels[dataset.validation.rows[i]],
                         dataset.validation.rows[i] % CLASSES);
    for (size_t i = 0; i < dataset.train.count; i++)
        assert_int_equal(dataset.train.labels[dataset.train.rows[i]], rows[i] % CLASSES);
    training_set_close(&set);
}

static void more_noise_keeps_the_wrong_labels_of_less(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set less, more, other;
    int differ = 0;

    (void)state;
    options.label_noise = 0.2;
    less = open_set(&dataset, &options);
    options.label_noise = 0.4;
    more = open_set(&dataset, &options);
    options.seed = 2;
    other = open_set(&dataset, &options);
    for (int i = 0; i < TRAIN; i++) {
        int32_t row = rows[i];

        if (less.examples.labels[row] != row % CLASSES)
            assert_int_equal(more.examples.labels[row], less.examples.labels[row]);
        differ += other.examples.labels[row] != more.examples.labels[row];
    }
    assert_true(differ > 0);
    training_set_close(&less);
    training_set_close(&more);
    training_set_close(&other);
}

/* Each wrong label is one of the three others with the same probability. */
static void wrong_labels_favour_no_class(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    int counts[CLASSES][CLASSES] = {{0}};
    double chi_square = 0;

    (void)state;
    options.label_noise = 1;
    for (options.seed = 1; options.seed <= 40; options.seed++) {
        struct training_set set = open_set(&dataset, &options);

        for (int i = 0; i < TRAIN; i++)
            counts[rows[i] % CLASSES][set.examples.labels[rows[i]]]++;
        training_set_close(&set);
    }
    for (int c = 0; c < CLASSES; c++)
        for (int d = 0; d < CLASSES; d++)
            if (c != d)
                chi_square += pow(counts[c][d] - 1000, 2) / 1000; /* 75 * 40 / 3 */
    assert_true(chi_square < 31.8); /* p = 0.0001 with 8 degrees of freedom */
}

/* ---- One after the other ----------------------------------------------------------------------
 */

static void copies_have_the_wrong_label_too(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;

    (void)state;
    options.label_noise = 0.5;
    options.imbalance = 10;
    options.redundancy.factor = 3;
    for (int copies = COPIES_EXACT; copies <= COPIES_NOISE; copies++) {
        struct training_set set;

        options.redundancy.copies = (enum copies)copies;
        set = open_set(&dataset, &options);
        assert_int_equal(set.examples.count, 3 * 134);
        for (size_t i = 0; i < set.examples.count; i++)
            assert_int_equal(set.examples.labels[set.examples.rows[i]],
                             set.examples.labels[set.examples.rows[i % 134]]);
        training_set_close(&set);
    }
}

static void exact_copies_are_taken_away_again(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set set;

    (void)state;
    options.redundancy.factor = 5;
    options.deduplicate = DEDUPLICATE_EXACT;
    set = open_set(&dataset, &options);
    assert_int_equal(set.examples.count, TRAIN);
    assert_int_equal(set.dropped, 4 * TRAIN);
    assert_memory_equal(set.examples.rows, rows, TRAIN * sizeof *rows);
    training_set_close(&set);
    options.redundancy.copies = COPIES_JITTER; /* no exact ones */
    set = open_set(&dataset, &options);
    assert_int_equal(set.dropped, 0);
    training_set_close(&set);
}

static void copies_there_from_the_start_are_taken_away(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set set;

    (void)state;
    numbers[rows[5]] = numbers[rows[2]];
    labels[rows[5]] = labels[rows[2]];
    numbers[rows[6]] = numbers[rows[2]]; /* of another class: no copy */
    labels[rows[6]] = (labels[rows[2]] + 1) % CLASSES;
    options.deduplicate = DEDUPLICATE_EXACT;
    set = open_set(&dataset, &options);
    assert_int_equal(set.dropped, 1);
    assert_true(contains(&set.examples, rows[2]));
    assert_false(contains(&set.examples, rows[5]));
    assert_true(contains(&set.examples, rows[6]));
    training_set_close(&set);
}

/* What an earlier set kept is taken as it is: nobody looks again. */
static void what_was_kept_before_is_kept_again(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set first, again;

    (void)state;
    options.redundancy.factor = 3;
    options.imbalance = 4;
    options.label_noise = 0.3;
    options.deduplicate = DEDUPLICATE_EXACT;
    first = open_set(&dataset, &options);
    options.kept = first.examples.rows;
    options.kept_count = first.examples.count;
    again = open_set(&dataset, &options);
    assert_int_equal(again.examples.count, first.examples.count);
    assert_int_equal(again.dropped, first.dropped);
    assert_memory_equal(again.examples.rows, first.examples.rows,
                        first.examples.count * sizeof(int32_t));
    training_set_close(&again);
    options.kept = first.examples.rows + 1; /* not what a search would find */
    options.kept_count = first.examples.count - 1;
    again = open_set(&dataset, &options);
    assert_int_equal(again.dropped, first.dropped + 1);
    assert_int_equal(again.examples.rows[0], first.examples.rows[1]);
    training_set_close(&again);
    training_set_close(&first);
}

static void too_many_examples_are_refused(void **state)
{
    struct dataset dataset = numbered();
    struct training_options options = plain;
    struct training_set set;

    (void)state;
    options.redundancy.factor = 1 << 30;
    assert_int_equal(training_set_count(&dataset, &options), (size_t)TRAIN << 30);
    assert_int_equal(training_set_open(&set, &dataset, &options), -1);
    assert_non_null(strstr(error_text(), "redundancy"));
    assert_null(set.rows);
    training_set_close(&set);
}

static void close_accepts_null_and_nothing(void **state)
{
    struct training_set set = {.dropped = 0};

    (void)state;
    training_set_close(NULL);
    training_set_close(&set);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_changes_nothing),
        cmocka_unit_test(a_subset_has_as_many_distinct_training_examples),
        cmocka_unit_test(fewer_examples_of_a_seed_are_among_more_of_them),
        cmocka_unit_test(seeds_draw_independent_subsets),
        cmocka_unit_test(the_other_axes_come_after_the_subset),
        cmocka_unit_test(a_long_tail_has_the_shares_of_its_ratio),
        cmocka_unit_test(what_a_larger_ratio_keeps_a_smaller_one_keeps_in_the_same_order),
        cmocka_unit_test(no_class_is_lost),
        cmocka_unit_test(exactly_the_share_of_labels_is_wrong),
        cmocka_unit_test(validation_keeps_its_labels),
        cmocka_unit_test(more_noise_keeps_the_wrong_labels_of_less),
        cmocka_unit_test(wrong_labels_favour_no_class),
        cmocka_unit_test(copies_have_the_wrong_label_too),
        cmocka_unit_test(exact_copies_are_taken_away_again),
        cmocka_unit_test(copies_there_from_the_start_are_taken_away),
        cmocka_unit_test(what_was_kept_before_is_kept_again),
        cmocka_unit_test(too_many_examples_are_refused),
        cmocka_unit_test(close_accepts_null_and_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
