/* Two results folders side by side: ratios with known answers, and what only one of them has. */
#include "compare/comparison.h"

#include "base/error.h"
#include "base/rng.h"
#include "results_fixture.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * fabs(expected)))
        fail_msg("%.12g, expected %.12g", value, expected);
}

/* ---- Ratios -----------------------------------------------------------------------------------
 */

/* The numbers are SciPy's: t.ppf, t.sf, of the logarithms. */
static void pairs_of_seeds_are_judged_by_t_on_the_logarithms(void **state)
{
    static const double a[] = {100, 120, 90, 150, 110}, b[] = {130, 150, 131, 190, 150};
    struct ratio ratio = ratio_paired(a, b, 5, 0.1), turned = ratio_paired(b, a, 5, 0.1);

    (void)state;
    assert_close(ratio.effect.value, 1.3250998763889505);
    assert_close(ratio.effect.low, 1.2267126516566722);
    assert_close(ratio.effect.high, 1.431378147143659);
    assert_close(ratio.p, 0.002581863318291143);
    assert_int_equal(ratio.n, 5);
    assert_false(ratio.identical);
    assert_close(turned.effect.low, 1 / ratio.effect.high);
    assert_close(turned.p, ratio.p);
}

static void the_same_numbers_are_identical_even_of_one_seed(void **state)
{
    static const double a[] = {100, (double)INFINITY}, never[] = {(double)INFINITY};
    struct ratio ratio = ratio_paired(a, a, 2, 0.1);

    (void)state;
    assert_true(ratio.identical && ratio.effect.low == 1 && ratio.effect.high == 1);
    assert_true(ratio_paired(a, a, 1, 0.1).identical);
    ratio = ratio_paired(never, never, 1, 0.1);
    assert_true(ratio.identical && ratio.n == 0 && isnan(ratio.effect.value));
}

static void one_seed_that_differs_tells_nothing(void **state)
{
    static const double a[] = {100}, b[] = {300}, unknown[] = {(double)NAN};
    struct ratio ratio = ratio_paired(a, b, 1, 0.1);

    (void)state;
    assert_close(ratio.effect.value, 3);
    assert_true(ratio.effect.low == 0 && isinf(ratio.effect.high) && !(ratio.p <= 1));
    ratio = ratio_paired(a, unknown, 1, 0.1);
    assert_true(ratio.n == 0 && !ratio.identical && isnan(ratio.p));
    ratio = ratio_paired(unknown, unknown, 1, 0.1); /* two unknowns are not the same */
    assert_false(ratio.identical);
}

/* Eight seeds: of the ratios, the second smallest and the second largest hold the median in 93 %,
 * the outermost in 99 %. */
static void seeds_that_do_not_arrive_are_judged_by_their_signs(void **state)
{
    static const double a[] = {1, 1, 1, 1, 1, 1, 1, 1};
    static const double b[] = {2, 2, 2, 2, 4, 4, 4, (double)INFINITY};
    static const double twice[] = {2, 2, 2, 2, 2, 2, 2, 2};
    struct ratio ratio = ratio_paired(a, b, 8, 0.1);

    (void)state;
    assert_close(ratio.effect.value, sqrt(8));
    assert_close(ratio.effect.low, 2);
    assert_true(isinf(ratio.effect.high));
    assert_close(ratio.p, 2.0 / 256);
    assert_close(ratio_paired(a, twice, 8, 0.1).p, 2.0 / 256); /* t would say 0 */
    assert_close(ratio_paired(a, twice, 8, 1.5).p, 1);         /* within the margin */
}

/* Order statistics 2 and 11 of 12 hold a median in 99.4 % (3 and 10: 96 %); p is SciPy's. */
static void blocks_are_judged_by_order_statistics_and_ranks(void **state)
{
    double a[12], b[12];
    struct ratio ratio;

    (void)state;
    for (int i = 0; i < 12; i++) {
        a[i] = 10 * (i * 5 % 12 + 1); /* in no order */
        b[i] = a[i] + 37.5;
    }
    ratio = ratio_of_medians(a, 12, b, 12, 0.1);
    assert_close(ratio.effect.value, 102.5 / 65);
    assert_close(ratio.effect.low, 57.5 / 110);
    assert_close(ratio.effect.high, 147.5 / 20);
    assert_close(ratio.p, 0.07802434474934139);
    assert_int_equal(ratio.n, 12);
    ratio = ratio_of_medians(a, 6, b, 12, 0.1); /* 6 blocks hold no median in 97.5 % */
    assert_true(ratio.effect.low == 0 && isinf(ratio.effect.high));
    assert_true(isnan(ratio_of_medians(a, 0, b, 12, 0.1).p));
}

static void draw_blocks(struct rng *rng, double median, double *rates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rates[i] = median * exp(0.05 * rng_normal(rng));
}

/* At the margin itself false alarms are at most 5 %, the interval holds the truth in 95 % at least;
 * a slow-down of 25 % is found. */
static void intervals_hold_the_truth_and_the_margin_is_kept(void **state)
{
    enum { TRIALS = 300 };
    int held = 0, alarms = 0, found = 0;

    (void)state;
    for (uint32_t t = 0; t < TRIALS; t++) {
        struct rng rng;
        struct ratio ratio;
        double a[12], b[12];

        rng_init(&rng, 7, RNG_TEST, t);
        draw_blocks(&rng, 100, a, 12);
        draw_blocks(&rng, 110, b, 12);
        ratio = ratio_of_medians(a, 12, b, 12, 0.1);
        held += ratio.effect.low <= 1.1 && ratio.effect.high >= 1.1;
        alarms += ratio.p <= 0.05;
        draw_blocks(&rng, 75, b, 12);
        found += ratio_of_medians(a, 12, b, 12, 0.1).p <= 0.05;
    }
    assert_in_range(held, TRIALS * 95 / 100, TRIALS);
    assert_in_range(alarms, 0, TRIALS * 8 / 100); /* 5 % and three deviations */
    assert_in_range(found, TRIALS * 99 / 100, TRIALS);
}

/* ---- Folders ----------------------------------------------------------------------------------
 */

static const char manifest[] =
    "{\"schema_version\": 7, \"experiment\": \"e\", \"base\": \"1\", \"dataset\": "
    "{\"fingerprint\": "
    "\"f\"}, \"machine\": {\"cpu\": \"abacus\", \"instructions\": \"beads\", \"processors\": [0]}, "
    "\"engines\": {\"blas\": \"OpenBLAS 0.3.21, kernels Zen\"}, \"build\": {\"version\": \"1\", "
    "\"commit\": \"aaa\"}}";

/* Moves what the fixture wrote into a folder of its own. */
static void settle(const char *folder)
{
    static const char *const files[] = {"cells.csv", "manifest.json", "timings.csv"};
    char path[64];

    folder_make(scratch_path(folder));
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(scratch_path(path));
        rename(scratch_path(files[i]), scratch_path(path));
    }
}

static void settle_cells(const char *folder, const struct fixture_cell *cells, size_t count,
                         const char *with)
{
    fixture_cells(cells, count);
    if (with)
        fixture_text("manifest.json", with);
    settle(folder);
}

static int open_both(struct comparison *comparison, int anyway)
{
    return comparison_open(comparison, scratch_path("a"), scratch_path("b"), 0.1, anyway);
}

static const struct compared_row *find_row(const struct comparison *comparison, const char *setting,
                                           const char *quantity)
{
    for (size_t r = 0; r < comparison->count; r++)
        if (strstr(comparison->rows[r].setting, setting) &&
            strcmp(comparison->rows[r].quantity, quantity) == 0)
            return &comparison->rows[r];
    fail_msg("no row %s, %s", setting, quantity);
    return NULL;
}

static const struct fixture_cell side_a[] = {
    {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1.0, 2.0},
    {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.1, 1.1, 2.2},
    {"blas", 8, 0.1, 1, 3, "reached", 0.3, 0.1, 1.2, 2.4},
    {"blas", 8, 0.1, 1, 4, "reached", 0.3, 0.1, 1.2, 2.4},
    {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    {"naive", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
};

static void settings_meet_seed_by_seed_and_what_is_missing_is_said(void **state)
{
    static const struct fixture_cell side_b[] = {
        {"blas", 8, 0.1, 1, 3, "reached", 0.3, 0.1, 2.4, 2.4},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 2.1, 2.0},
        {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.1, 2.2, 2.2},
        {"blas", 8, 0.1, 1, 5, "reached", 0.3, 0.1, 2.2, 2.2},
        {"blas", 32, 0.1, 1, 1, "crashed", NAN, NAN, NAN, NAN},
        {"blas", 0, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    };
    struct comparison comparison;
    const struct compared_row *row;
    struct table *table;
    char *text;

    (void)state;
    settle_cells("a", side_a, COUNT(side_a), manifest);
    settle_cells("b", side_b, COUNT(side_b), manifest);
    assert_int_equal(open_both(&comparison, 0), 0);
    row = find_row(&comparison, "K = 8", "updates_to_validation_error_0.2");
    assert_int_equal(row->ratio.n, 3);
    assert_int_equal(row->verdict, COMPARED_WORSE); /* 2.1, 2, 2 times the updates */
    assert_close(row->a, 110);
    assert_close(row->b, 220);
    row = find_row(&comparison, "K = 8", "updates_to_validation_error_0.1");
    assert_int_equal(row->verdict, COMPARED_SAME);
    assert_true(row->ratio.identical);
    assert_true(comparison_worse(&comparison, 0) > 0);
    assert_true(comparison_worse(&comparison, 1) > comparison_worse(&comparison, 0));
    /* a's seed 4, b's seed 5, b's crash, naive in a, the full batch in b */
    assert_int_equal(comparison.absent_count, 5);
    assert_true(comparison_has_failed(&comparison));
    assert_int_equal(comparison_write(&comparison, scratch_path("b")), 0);
    assert_int_equal(table_open(&table, scratch_path("b/comparison.csv")), 0);
    assert_int_equal(table_rows(table), comparison.count + 5);
    table_close(table);
    text = tree_read(scratch_path("b/comparison.csv"));
    assert_non_null(strstr(text, "failed_b,crashed"));
    assert_non_null(strstr(text, "only_a,"));
    assert_non_null(strstr(text, "only_b,"));
    free(text);
    assert_int_equal(comparison_write_chart(&comparison, scratch_path("b")), 0);
    comparison_close(&comparison);
}

static void better_is_less_of_a_cost_and_more_of_a_rate(void **state)
{
    struct fixture_cell quick[COUNT(side_a)];
    struct comparison comparison;

    (void)state;
    memcpy(quick, side_a, sizeof quick);
    for (size_t i = 0; i < COUNT(quick); i++)
        quick[i].seconds_to_20 *= 0.5 + 0.001 * (double)i;
    settle_cells("a", side_a, COUNT(side_a), manifest);
    settle_cells("b", quick, COUNT(quick), manifest);
    assert_int_equal(open_both(&comparison, 0), 0);
    assert_int_equal(
        find_row(&comparison, "engine blas · K = 8", "updates_to_validation_error_0.2")->verdict,
        COMPARED_BETTER);
    assert_int_equal(comparison.kinds[COMPARED_WORSE], 0);
    assert_int_equal(comparison.absent_count, 0);
    comparison_close(&comparison);
}

static void rates_that_were_tuned_may_differ(void **state)
{
    static const struct fixture_cell one[] = {{"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2,
                                               NULL, NULL, 0, 0, NULL, NULL, 0, NULL,
                                               "learning_rate"}};
    static const struct fixture_cell other[] = {{"blas", 8, 0.3, 1, 1, "reached", 0.3, 0.1, 1, 2,
                                                 NULL, NULL, 0, 0, NULL, NULL, 0, NULL,
                                                 "learning_rate"}};
    struct fixture_cell untuned = other[0];
    struct comparison comparison;

    (void)state;
    settle_cells("a", one, 1, manifest);
    settle_cells("b", other, 1, manifest);
    assert_int_equal(open_both(&comparison, 0), 0);
    assert_int_equal(comparison.absent_count, 0);
    comparison_close(&comparison);
    untuned.tuned = NULL;
    settle_cells("b", &untuned, 1, manifest);
    assert_int_equal(open_both(&comparison, 0), -1);
    assert_non_null(strstr(error_text(), "no cell in common"));
    comparison_close(&comparison);
}

/* Timed blocks of cells a and b, a's by `factor` slower. */
static void write_timings(double factor, int count)
{
    FILE *file = fopen(scratch_path("timings.csv"), "w");

    fputs("id,input,block,updates,examples,seconds\n", file);
    for (int i = 0; i < count; i++) {
        fprintf(file, "a,gather,%d,1,8,%.6f\n", i, 0.04 * factor * (1 + 0.002 * (i * 7 % 20)));
        fprintf(file, "b,gather,%d,1,1000,%.6f\n", i, 2 * (1 + 0.002 * (i * 3 % 20)));
    }
    fclose(file);
}

static void timed_blocks_find_a_planted_slow_down_and_no_other(void **state)
{
    static const char *const settings[] = {"K = 8", "K = full"};
    static const enum compared expected[] = {COMPARED_WORSE, COMPARED_SAME};
    struct comparison comparison;

    (void)state;
    for (int side = 0; side < 2; side++) {
        fixture_throughput();
        fixture_text("manifest.json", manifest);
        write_timings(side == 0 ? 1 : 1.2, 20);
        settle(side == 0 ? "a" : "b");
    }
    assert_int_equal(open_both(&comparison, 0), 0);
    for (int i = 0; i < 2; i++) {
        const struct compared_row *row = find_row(&comparison, settings[i], "examples_per_second");

        assert_int_equal(row->verdict, expected[i]);
        assert_int_equal(row->ratio.n, 20);
        assert_close(row->ratio.effect.value, i == 0 ? 1 / 1.2 : 1);
    }
    assert_int_equal(comparison_worse(&comparison, 0), 0); /* by the clock alone */
    assert_int_equal(comparison_worse(&comparison, 1), 1);
    assert_int_equal(comparison.failed_on_both, 1); /* unsupported here and there */
    comparison_close(&comparison);
    unlink(scratch_path("a/timings.csv")); /* medians alone decide nothing */
    assert_int_equal(open_both(&comparison, 0), 0);
    assert_int_equal(comparison.kinds[COMPARED_UNCLEAR], comparison.count);
    comparison_close(&comparison);
    unlink(scratch_path("b/timings.csv"));
}

/* Ranks alone would call six blocks each enough; they leave no interval. */
static void few_blocks_decide_nothing(void **state)
{
    struct comparison comparison;

    (void)state;
    for (int side = 0; side < 2; side++) {
        fixture_throughput();
        fixture_text("manifest.json", manifest);
        write_timings(side == 0 ? 1 : 3, 6);
        settle(side == 0 ? "a" : "b");
    }
    assert_int_equal(open_both(&comparison, 0), 0);
    assert_true(find_row(&comparison, "K = 8", "examples_per_second")->ratio.p < 0.05);
    assert_int_equal(comparison_worse(&comparison, 1), 0);
    comparison_close(&comparison);
    unlink(scratch_path("a/timings.csv"));
    unlink(scratch_path("b/timings.csv"));
}

static void other_machines_libraries_and_experiments_are_refused(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } changes[] = {
        {"abacus", "loom", "machine cpu 'abacus' and 'loom'"},
        {"beads", "cards", "machine instructions"},
        {"[0]", "[0, 1]", "number of processors '1' and '2'"},
        {"0.3.21", "0.3.30", "engine blas of 'OpenBLAS 0.3.21"},
        {"\"1\"", "\"2\"", "base '1' and '2'"},
        {"\"f\"", "\"g\"", "dataset fingerprint"},
        {"abacus", "", "machine: cpu: missing"},
    };
    struct comparison comparison;

    (void)state;
    settle_cells("a", side_a, COUNT(side_a), manifest);
    for (size_t i = 0; i < COUNT(changes); i++) {
        char other[sizeof manifest + 16];
        const char *at = strstr(manifest, changes[i].from);

        snprintf(other, sizeof other, "%.*s%s%s", (int)(at - manifest), manifest, changes[i].to,
                 at + strlen(changes[i].from));
        settle_cells("b", side_a, COUNT(side_a), other);
        assert_int_equal(open_both(&comparison, 0), -1);
        if (!strstr(error_text(), changes[i].says) || !strstr(error_text(), "--anyway"))
            fail_msg("`%s` does not say `%s`", error_text(), changes[i].says);
        comparison_close(&comparison);
        assert_int_equal(open_both(&comparison, 1), 0);
        comparison_close(&comparison);
    }
    settle_cells("b", side_a, COUNT(side_a), NULL);
    assert_int_equal(open_both(&comparison, 0), -1);
    assert_non_null(strstr(error_text(), "no manifest.json"));
    comparison_close(&comparison);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_of_seeds_are_judged_by_t_on_the_logarithms),
        cmocka_unit_test(the_same_numbers_are_identical_even_of_one_seed),
        cmocka_unit_test(one_seed_that_differs_tells_nothing),
        cmocka_unit_test(seeds_that_do_not_arrive_are_judged_by_their_signs),
        cmocka_unit_test(blocks_are_judged_by_order_statistics_and_ranks),
        cmocka_unit_test(intervals_hold_the_truth_and_the_margin_is_kept),
        cmocka_unit_test(settings_meet_seed_by_seed_and_what_is_missing_is_said),
        cmocka_unit_test(better_is_less_of_a_cost_and_more_of_a_rate),
        cmocka_unit_test(rates_that_were_tuned_may_differ),
        cmocka_unit_test(timed_blocks_find_a_planted_slow_down_and_no_other),
        cmocka_unit_test(few_blocks_decide_nothing),
        cmocka_unit_test(other_machines_libraries_and_experiments_are_refused),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
