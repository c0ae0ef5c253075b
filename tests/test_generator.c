/* Orders and examples that are computed and not stored. */
#include "base/error.h"
#include "data/generator.h"
#include "data/permutation.h"
#include "data/training_set.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Permutations -----------------------------------------------------------------------------
 */

static void start(struct permutation *permutation, uint32_t n, uint64_t seed)
{
    struct rng rng;

    rng_init(&rng, seed, RNG_ORDER, 0);
    permutation_init(permutation, n, &rng);
}

static void test_every_number_comes_once(void **state)
{
    static const uint32_t sizes[] = {1,   2,   3,    5,    63,   64,   65,    127,  128,
                                     129, 255, 1000, 4095, 4096, 4097, 65535, 65537};
    static char seen[65537];

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct permutation permutation;

        start(&permutation, sizes[s], s);
        memset(seen, 0, sizeof seen);
        for (uint32_t i = 0; i < sizes[s]; i++) {
            uint32_t to = permutation_at(&permutation, i);

            assert_true(to < sizes[s]);
            assert_int_equal(seen[to]++, 0);
        }
    }
}

/* Over seeds, each of n places is taken by each of n numbers equally often. */
static void assert_no_favourites(uint32_t n, int seeds, double most)
{
    int *counts = calloc((size_t)n * n, sizeof *counts);
    double expected = (double)seeds / n, chi = 0;

    for (int seed = 0; seed < seeds; seed++) {
        struct permutation permutation;

        start(&permutation, n, (uint64_t)seed);
        for (uint32_t i = 0; i < n; i++)
            counts[i * n + permutation_at(&permutation, i)]++;
    }
    for (uint32_t i = 0; i < n * n; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    if (!(chi < most))
        fail_msg("chi square %g of %u numbers, expected below %g", chi, n, most);
    free(counts);
}

static void test_no_number_is_favoured_anywhere(void **state)
{
    (void)state;
    assert_no_favourites(7, 20000, 74);      /* p = 0.0001 with 36 degrees of freedom */
    assert_no_favourites(64, 20000, 4309);   /* with 3969 */
    assert_no_favourites(100, 20000, 10333); /* with 9801 */
}

/* How often neighbours stay in order, and how far they come apart. */
static void test_neighbours_are_strangers(void **state)
{
    enum { MANY = 1 << 20 };
    struct permutation permutation;
    double sum = 0, products = 0, mean = (MANY - 1) / 2.0;
    long rising = 0;

    (void)state;
    start(&permutation, MANY - 3, 5);
    for (uint32_t i = 0; i + 1 < MANY - 3; i++) {
        double a = permutation_at(&permutation, i), b = permutation_at(&permutation, i + 1);

        rising += a < b;
        products += (a - mean) * (b - mean);
        sum += (a - mean) * (a - mean);
    }
    assert_true(fabs((double)rising / MANY - 0.5) < 0.002); /* 4 deviations */
    assert_true(fabs(products / sum) < 0.004);
}

static void test_the_largest_set_has_places(void **state)
{
    struct permutation permutation;

    (void)state;
    start(&permutation, 0x7fffffffu, 1);
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(permutation_at(&permutation, 0x7ffffffeu - i) < 0x7fffffffu);
}

/* ---- Examples ---------------------------------------------------------------------------------
 */

static struct dataset_spec spec_of(int examples)
{
    struct dataset_spec spec = {.examples = examples,
                                .features = 8,
                                .classes = 3,
                                .noise = 0.5,
                                .validation = 50,
                                .test = 30,
                                .seed = 11};

    strcpy(spec.name, "generated");
    return spec;
}

static void test_an_example_is_a_function_of_seed_and_number(void **state)
{
    struct dataset_spec spec = spec_of(100), other = spec;
    struct generator one, two, third;
    float a[8], b[8], c[8];
    int32_t x, y, z;

    (void)state;
    other.seed++;
    assert_int_equal(generator_open(&one, &spec), 0);
    assert_int_equal(generator_open(&two, &spec), 0);
    assert_int_equal(generator_open(&third, &other), 0);
    for (uint32_t i = 0; i < 20; i++) {
        generator_make(&one, 19 - i, a, &x);
        generator_make(&two, 19 - i, b, &y);
        generator_make(&third, 19 - i, c, &z);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(x, y);
        assert_memory_not_equal(a, c, sizeof a);
    }
    generator_close(&one);
    generator_close(&two);
    generator_close(&third);
}

static void test_features_have_mean_0_and_variance_1(void **state)
{
    enum { MANY = 50000 };
    struct dataset_spec spec = spec_of(MANY);
    struct generator generator;
    double sum = 0, squares = 0, products = 0;
    int counts[3] = {0};

    (void)state;
    assert_int_equal(generator_open(&generator, &spec), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        float x[8];
        int32_t label;

        generator_make(&generator, i, x, &label);
        assert_in_range(label, 0, 2);
        counts[label]++;
        for (int j = 0; j < 8; j++) {
            assert_true(fabsf(x[j]) <= 1.7320510f);
            sum += (double)x[j];
            squares += (double)x[j] * (double)x[j];
        }
        products += (double)x[0] * (double)x[1];
    }
    assert_true(fabs(sum / (8 * MANY)) < 4 / sqrt(8.0 * MANY));
    assert_true(fabs(squares / (8 * MANY) - 1) < 4 * sqrt(0.8 / (8.0 * MANY)));
    assert_true(fabs(products / MANY) < 4 / sqrt(MANY));
    for (int c = 0; c < 3; c++)
        assert_true(counts[c] > MANY / 20);
    generator_close(&generator);
}

/* Without noise the teacher's own weights make no mistake; with noise they make some. */
static void test_the_label_is_the_teachers(void **state)
{
    (void)state;
    for (int noisy = 0; noisy < 2; noisy++) {
        struct dataset_spec spec = spec_of(100);
        struct generator generator;
        int wrong = 0;

        spec.noise = noisy ? 0.5 : 0;
        assert_int_equal(generator_open(&generator, &spec), 0);
        for (uint32_t i = 0; i < 1000; i++) {
            float x[8];
            int32_t label, best = 0;
            double scores[3] = {0};

            generator_make(&generator, i, x, &label);
            for (int c = 0; c < 3; c++) {
                for (int j = 0; j < 8; j++)
                    scores[c] += (double)(generator.teacher[c * 8 + j] * x[j]);
                best = scores[c] > scores[best] ? c : best;
            }
            wrong += best != label;
        }
        if (noisy)
            assert_in_range(wrong, 50, 500);
        else
            assert_int_equal(wrong, 0);
        generator_close(&generator);
    }
}

static void test_a_data_set_of_any_size_stores_what_is_looked_at(void **state)
{
    struct dataset_spec spec = spec_of(2000000000);
    struct dataset dataset;
    struct examples shown;
    float x[8];
    int32_t label;

    (void)state;
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    assert_int_equal(dataset.train.count, 2000000000 - 80);
    assert_null(dataset.train.features);
    assert_null(dataset.train.rows);
    assert_int_equal(dataset.test.count, 30);
    assert_int_equal(dataset.validation.count, 50);
    shown = examples_shown(&dataset.train);
    assert_int_equal(shown.count, GENERATOR_SHOWN);
    for (size_t i = 0; i < 100; i++) { /* the i-th shown is the i-th to be drawn from */
        size_t row = (size_t)shown.rows[i];

        generator_make(dataset.generator, dataset.train.first + (uint32_t)i, x, &label);
        assert_memory_equal((const float *)shown.features + row * 8, x, sizeof x);
        assert_int_equal(shown.labels[row], label);
    }
    for (size_t i = 0; i < 30; i++) { /* and no test example is among them */
        generator_make(dataset.generator, (uint32_t)i, x, &label);
        assert_memory_equal((const float *)dataset.test.features + dataset.test.rows[i] * 8, x,
                            sizeof x);
        assert_true(i < dataset.train.first);
    }
    dataset_close(&dataset);
}

static void test_a_subset_is_the_first_ones(void **state)
{
    struct dataset_spec spec = spec_of(5000);
    struct training_options options = {
        .subset = 100, .imbalance = 1, .redundancy = {.factor = 1}, .seed = 4};
    struct training_set set;
    struct dataset dataset;

    (void)state;
    assert_int_equal(dataset_open(&dataset, &spec), 0);
    assert_int_equal(training_set_count(&dataset, &options), 100);
    assert_int_equal(training_set_open(&set, &dataset, &options), 0);
    assert_int_equal(set.examples.count, 100);
    assert_int_equal(set.examples.first, dataset.train.first);
    assert_int_equal(examples_shown(&set.examples).count, 100);
    training_set_close(&set);
    dataset_close(&dataset);
}

static void refused(struct dataset_spec spec, const char *reason)
{
    struct dataset dataset;

    assert_int_equal(dataset_open(&dataset, &spec), -1);
    if (!strstr(error_text(), reason))
        fail_msg("'%s' does not say '%s'", error_text(), reason);
}

static void test_numbers_out_of_range_are_refused(void **state)
{
    struct dataset_spec spec = spec_of(100);

    (void)state;
    spec.noise = NAN;
    refused(spec, "noise: nan is not in 0 .. 1e+06");
    spec = spec_of(100);
    spec.classes = 1;
    refused(spec, "classes: 1 is not in 2 .. 65536");
    spec = spec_of(100);
    spec.features = 1 << 27;
    spec.classes = 65536;
    refused(spec, "classes of so many features");
    refused(spec_of(80), "train 1 + validation 50 + test 30 are 81 examples, but generated has 80");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_comes_once),
        cmocka_unit_test(test_no_number_is_favoured_anywhere),
        cmocka_unit_test(test_neighbours_are_strangers),
        cmocka_unit_test(test_the_largest_set_has_places),
        cmocka_unit_test(test_an_example_is_a_function_of_seed_and_number),
        cmocka_unit_test(test_features_have_mean_0_and_variance_1),
        cmocka_unit_test(test_the_label_is_the_teachers),
        cmocka_unit_test(test_a_data_set_of_any_size_stores_what_is_looked_at),
        cmocka_unit_test(test_a_subset_is_the_first_ones),
        cmocka_unit_test(test_numbers_out_of_range_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
