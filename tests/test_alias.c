/* The alias table holds the probabilities it was given, to the last bit that counts. */
#include "base/error.h"
#include "data/alias.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct alias open_alias(const double *weights, size_t count)
{
    struct alias alias;

    if (alias_open(&alias, weights, count) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(alias.count, count);
    return alias;
}

/* What a draw of each entry adds up to: nothing is left to chance. */
static void assert_holds(const double *weights, size_t count, double tolerance)
{
    struct alias alias = open_alias(weights, count);
    double *found = calloc(count, sizeof *found), sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    for (size_t i = 0; i < count; i++) {
        const struct alias_entry *entry = &alias.entries[i];

        assert_true(entry->own >= 0 && entry->own <= 1);
        assert_in_range(entry->other, 0, count - 1);
        found[i] += entry->own / (double)count;
        found[entry->other] += (1 - entry->own) / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        double expected = weights[i] / sum;

        if (!(fabs(found[i] - expected) <= tolerance / (double)count))
            fail_msg("%zu of %zu: %.17g, expected %.17g", i, count, found[i], expected);
        if (weights[i] == 0)
            assert_true(found[i] == 0);
    }
    free(found);
    alias_close(&alias);
}

static void the_table_holds_the_probabilities(void **state)
{
    static const double few[] = {1, 2, 3, 4}, steep[] = {1e-12, 1, 1e12}, gaps[] = {0, 5, 0, 0, 1},
                        equal[] = {7, 7, 7}, alone[] = {0, 0, 3, 0}, one[] = {0.1};

    (void)state;
    assert_holds(few, 4, 1e-15);
    assert_holds(steep, 3, 1e-15);
    assert_holds(gaps, 5, 1e-15);
    assert_holds(equal, 3, 1e-15);
    assert_holds(alone, 4, 1e-15);
    assert_holds(one, 1, 1e-15);
}

static void the_table_holds_many_probabilities(void **state)
{
    enum { COUNT = 5000 };
    static double weights[COUNT];
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, RNG_TEST, 0);
    for (int i = 0; i < COUNT; i++)
        weights[i] = i % 7 == 0 ? 0 : pow(rng_uniform(&rng), 8);
    assert_holds(weights, COUNT, 1e-9);
}

static void draws_follow_the_probabilities(void **state)
{
    static const double weights[] = {1, 0, 2, 5};
    enum { DRAWS = 80000 };
    struct alias alias = open_alias(weights, 4);
    double chi_square = 0;
    int counts[4] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, RNG_TEST, 0);
    for (int i = 0; i < DRAWS; i++)
        counts[alias_draw(&alias, &rng)]++;
    assert_int_equal(counts[1], 0);
    for (int i = 0; i < 4; i++)
        if (weights[i] > 0)
            chi_square += pow(counts[i] - DRAWS * weights[i] / 8, 2) / (DRAWS * weights[i] / 8);
    assert_true(chi_square < 18.4); /* p = 0.0001 with 2 degrees of freedom */
    alias_close(&alias);
}

static void refuses(const double *weights, size_t count, const char *reason)
{
    struct alias alias;

    assert_int_equal(alias_open(&alias, weights, count), -1);
    if (!strstr(error_text(), reason))
        fail_msg("`%s` lacks `%s`", error_text(), reason);
    assert_null(alias.entries);
}

static void what_is_no_distribution_is_refused(void **state)
{
    (void)state;
    refuses((const double[]){0, 0, 0}, 3, "3 of them sum to zero, expected more than zero");
    refuses((const double[]){1, -1}, 2, "-1 is not a finite number of 0 or more");
    refuses((const double[]){1, NAN}, 2, "not a finite number");
    refuses((const double[]){INFINITY}, 1, "not a finite number");
    refuses((const double[]){1e308, 1e308}, 2, "sum to infinity");
}

static void close_accepts_null_and_nothing(void **state)
{
    struct alias alias = {0};

    (void)state;
    alias_close(NULL);
    alias_close(&alias);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_the_probabilities),
        cmocka_unit_test(the_table_holds_many_probabilities),
        cmocka_unit_test(draws_follow_the_probabilities),
        cmocka_unit_test(what_is_no_distribution_is_refused),
        cmocka_unit_test(close_accepts_null_and_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
