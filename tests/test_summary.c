/* What is said after a run. */
#include "report/summary.h"

#include "base/error.h"
#include "results_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

static struct results results;
static struct summary summary;
static char *printed;
static size_t printed_size;

static void compute(const struct fixture_cell *cells, size_t count)
{
    fixture_cells(cells, count);
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_int_equal(summary_compute(&summary, &results), 0);
}

static int close_all(void **state)
{
    summary_close(&summary);
    results_close(&results);
    free(printed);
    printed = NULL;
    return fixture_clear(state);
}

/* Prints the folder; every line must fit 80 columns. */
static void print(void)
{
    FILE *stream;

    free(printed);
    stream = open_memstream(&printed, &printed_size);
    if (summary_print(stream, scratch_folder) != 0)
        fail_msg("%s", error_text());
    fclose(stream);
    for (const char *line = printed; *line; line += strcspn(line, "\n") + 1) {
        size_t width = 0;

        for (size_t i = 0; i < strcspn(line, "\n"); i++)
            width += ((unsigned char)line[i] & 0xc0) != 0x80;
        assert_true(width < 80);
    }
}

/* Line ends count as blanks: texts are wrapped. */
static void assert_says(const char *expected)
{
    char *text = strdup(printed);
    bool found;

    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' ';
    found = strstr(text, expected) != NULL;
    free(text);
    if (!found)
        fail_msg("does not say `%s`:\n%s", expected, printed);
}

static const struct summary_row *row_at(int index)
{
    assert_true(index >= 0);
    return &summary.rows[index];
}

static const struct fixture_cell contest[] = {
    {"blas", 1, 0.01, 1, 1, "reached", 0.3, 0.10, 1, 2},
    {"blas", 1, 0.03, 1, 1, "reached", 0.3, 0.10, 0.5, 1.04},
    {"blas", 1, 0.10, 1, 1, "diverged", NAN, NAN, NAN, NAN},
    {"blas", 32, 0.03, 1, 1, "reached", 0.3, 0.10, 1, 2},
    {"blas", 32, 0.10, 1, 1, "reached", 0.3, 0.10, 0.2, 0.5},
    {"blas", 32, 0.30, 1, 1, "reached", 0.3, 0.10, 0.3, 0.6},
    {"blas", 0, 0.10, 1, 1, "budget", 0.6, 0.3, NAN, NAN},
    {"blas", 0, 0.30, 1, 1, "budget", 0.5, 0.2, 4, NAN},
};

static void the_best_batch_size_and_its_runner_up_are_named(void **state)
{
    (void)state;
    compute(contest, COUNT(contest));
    assert_int_equal(summary.section_count, 1);
    assert_int_equal(summary.row_count, 3);
    assert_int_equal(summary.sections[0].target, 1);
    assert_true(row_at(summary.sections[0].best)->seconds == 0.5);
    assert_true(row_at(summary.sections[0].best)->updates == 50);
    assert_true(row_at(summary.sections[0].best)->examples == 1600);
    assert_true(row_at(summary.sections[0].runner_up)->seconds == 1.04);
    assert_int_equal(summary.outcomes[0], 5);
    assert_int_equal(summary.outcomes[2], 1);
    print();
    assert_says("Best here: K = 32, rate 0.1, engine blas: 0.5 s to 10 % validation error "
                "(runner-up: K = 1, rate 0.03, engine blas, 1.04 s, 2.1 times slower).");
    assert_says("8 cells, whatever the rate: 5 reached, 2 budget, 1 diverged.");
}

static void single_mini_and_full_batch_are_compared_on_three_axes(void **state)
{
    (void)state;
    compute(contest, COUNT(contest));
    assert_int_equal(summary.sections[0].mini, summary.sections[0].best);
    assert_true(row_at(summary.sections[0].single)->seconds == 1.04);
    assert_true(isinf(row_at(summary.sections[0].full)->seconds));
    print();
    assert_says(
        "In seconds: mini-batches (K = 32) 0.5 s; single examples (K = 1) 1.04 s, 2.1 times "
        "as much; full batch did not reach it.");
    assert_says("In updates: mini-batches (K = 32) 50; single examples (K = 1) 104, 2.1 times as "
                "much; full batch did not reach it.");
    assert_says("In examples: single examples (K = 1) 104; mini-batches (K = 32) 1600, 15 times as "
                "much; full batch did not reach it.");
}

static void the_only_kind_that_arrives_is_named_once(void **state)
{
    const struct fixture_cell cells[] = {contest[1], contest[6], contest[7]};

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_says(
        "Only single examples (K = 1) reached it within the budget: 1.04 s, 104 updates, 104 "
        "examples; full batch did not.");
    assert_null(strstr(printed, "In seconds"));
}

static void a_best_rate_on_the_edge_is_never_quiet(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2},
        {"blas", 32, 0.3, 1, 1, "reached", 0.3, 0.10, 1, 1},
    };

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_says(" 0.3* ");
    assert_says("* on the edge of the rates tried");
    assert_says("That rate is the largest tried: widen the grid before relying on it.");
}

static void a_single_cell_has_no_runner_up(void **state)
{
    (void)state;
    compute(&contest[4], 1);
    assert_int_equal(summary.sections[0].runner_up, SUMMARY_NONE);
    assert_int_equal(summary.sections[0].single, SUMMARY_NONE);
    print();
    assert_says("Best here: K = 32, rate 0.1, engine blas: 0.5 s to 10 % validation error.");
    assert_null(strstr(printed, "In seconds"));
    assert_null(strstr(printed, "*"));
    assert_says("1 cell, whatever the rate: 1 reached.");
}

static void a_tie_is_called_one(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2},
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2},
    };

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_says(
        "Best here: K = 8, rate 0.1, engine blas: 2 s to 10 % validation error (runner-up: K "
        "= 32, rate 0.1, engine blas, 2 s, the same).");
}

static void without_a_target_the_lowest_error_is_named(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", 0.9, 0.31, NAN, NAN},
        {"blas", 8, 0.1, 1, 2, "budget", 0.9, 0.33, NAN, NAN},
        {"blas", 8, 0.1, 1, 3, "reached", 0.9, 0.19, 1, NAN}, /* one seed of three */
        {"blas", 0, 0.1, 1, 1, "budget", 0.8, 0.45, NAN, NAN},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_int_equal(summary.sections[0].target, SUMMARY_NONE);
    assert_true(row_at(summary.sections[0].best)->validation_error == 0.31);
    print();
    assert_says(
        "No target was reached by most seeds of any batch size. Lowest validation error: K = "
        "8, rate 0.1, engine blas: 31.0% (median of 3 seeds).");
    assert_says("1 reached");
    assert_says("2 budget");
}

static void a_regression_compares_losses(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", 0.5, 0, NAN, NAN},
        {"blas", 32, 0.1, 1, 1, "budget", 0.4, 0, NAN, NAN},
    };

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_says("Lowest validation loss: K = 32, rate 0.1, engine blas: 0.4 (median of 1 seed).");
}

static void when_everything_fails_it_says_so_and_counts(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "diverged", NAN, NAN, NAN, NAN},
        {"blas", 8, 0.1, 1, 2, "out-of-memory", NAN, NAN, NAN, NAN},
        {"blas", 8, 0.1, 1, 3, "struck by lightning", NAN, NAN, NAN, NAN},
    };

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_says("Nothing trained: no batch size ended with a finite loss in most seeds.");
    assert_says("3 cells, whatever the rate: 1 diverged, 1 out-of-memory, 1 other.");
}

static void different_data_is_not_compared(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 5, 1, "reached", 0.3, 0.1, 1, 1},
        {"naive", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 3},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_int_equal(summary.section_count, 2);
    assert_int_equal(summary.sections[0].count, 2);
    assert_int_equal(summary.sections[1].runner_up, SUMMARY_NONE);
    print();
    assert_says("(runner-up: K = 8, rate 0.1, engine naive, 3 s, 1.5 times slower)");
    assert_says("r = 5");
}

static void throughput_names_the_fastest_and_its_share_of_the_peak(void **state)
{
    (void)state;
    fixture_throughput();
    print();
    assert_says("unsupported");
    assert_says("50 %");
    assert_says(
        "Fastest for mlp: engine blas, K = full, 1 thread: 500 examples/s, 50 GFLOP/s (50 % of "
        "the multiply-add peak).");
    assert_null(strstr(printed, "nan"));
    assert_null(strstr(printed, "inf"));
}

static void unreadable_results_are_an_error(void **state)
{
    (void)state;
    assert_int_equal(summary_print(stderr, "/nowhere"), -1);
    assert_string_equal(error_text(), "/nowhere/cells.csv: No such file or directory");
    fixture_text("cells.csv", "id,measure\na,convergence\n");
    assert_int_equal(summary_print(stderr, scratch_folder), -1);
    assert_non_null(strstr(error_text(), "no column `network`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_best_batch_size_and_its_runner_up_are_named, close_all),
        cmocka_unit_test_teardown(single_mini_and_full_batch_are_compared_on_three_axes, close_all),
        cmocka_unit_test_teardown(the_only_kind_that_arrives_is_named_once, close_all),
        cmocka_unit_test_teardown(a_best_rate_on_the_edge_is_never_quiet, close_all),
        cmocka_unit_test_teardown(a_single_cell_has_no_runner_up, close_all),
        cmocka_unit_test_teardown(a_tie_is_called_one, close_all),
        cmocka_unit_test_teardown(without_a_target_the_lowest_error_is_named, close_all),
        cmocka_unit_test_teardown(a_regression_compares_losses, close_all),
        cmocka_unit_test_teardown(when_everything_fails_it_says_so_and_counts, close_all),
        cmocka_unit_test_teardown(different_data_is_not_compared, close_all),
        cmocka_unit_test_teardown(throughput_names_the_fastest_and_its_share_of_the_peak,
                                  close_all),
        cmocka_unit_test_teardown(unreadable_results_are_an_error, close_all),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
