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
                "(runner-up: K = 1, rate 0.03, engine blas, 1.04 s, 2.1 times slower but not told "
                "apart by 1 seed).");
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

static void a_tuned_rate_is_on_the_edge_if_the_tuning_says_so(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2, .tuned = "learning_rate"},
        {"blas", 64, 0.3, 1, 1, "reached", 0.3, 0.10, 1, 1, .tuned = "learning_rate", .edge = 1},
        {"blas", 64, 0.2, 1, 1, "reached", 0.3, 0.10, 1, 3},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_int_equal(summary.groups.group_count, 3); /* given and tuned rates are two arms */
    assert_int_equal(summary.section_count, 1);
    print();
    assert_says(" 0.1 ");
    assert_says(" 0.3* ");
    assert_says("What is tuned was chosen on other seeds: tuning.csv.");
    assert_says("It lies on the edge of what the tuning tried");
    assert_null(strstr(printed, "same seeds"));
}

static void budgets_are_different_problems(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2, .budget = "brief"},
        {"blas", 64, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 1, .budget = "brief"},
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 9, .budget = "long"},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_int_equal(summary.section_count, 2);
    assert_int_equal(summary.sections[0].count, 2);
    assert_int_equal(summary.sections[1].count, 1);
    print();
    assert_says("budget brief");
    assert_says("budget long");
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
        "= 32, rate 0.1, engine blas, 2 s, not told apart by 1 seed).");
}

static void ranges_that_do_not_meet_are_told_apart(void **state)
{
    struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 2.0},
        {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.10, 1, 3.0},
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.10, 1, 3.5},
        {"blas", 32, 0.1, 1, 2, "reached", 0.3, 0.10, 1, 4.0},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_true(row_at(summary.sections[0].best)->low == 2);
    assert_true(row_at(summary.sections[0].best)->high == 3);
    print();
    assert_says("3.75 s, 1.5 times slower).");
    assert_null(strstr(printed, "told"));
    summary_close(&summary);
    results_close(&results);
    cells[2].seconds_to_10 = 2.9; /* now they do */
    compute(cells, COUNT(cells));
    print();
    assert_says("3.45 s, 1.4 times slower but not told apart by 2 seeds).");
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
    assert_true(row_at(summary.sections[0].best)->end == 0.31);
    print();
    assert_says(
        "No target was reached by most seeds of any batch size. Lowest validation error: K = "
        "8, rate 0.1, engine blas: 31.0% (median of 3 seeds). Runner-up: K = full, rate 0.1, "
        "engine blas: 45.0%, not told apart by 1 seed.");
    assert_says("1 reached");
    assert_says("2 budget");
}

static void a_regression_compares_losses(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", 0.5, NAN, NAN, NAN},
        {"blas", 32, 0.1, 1, 1, "budget", 0.4, NAN, NAN, NAN},
    };

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_says("losses at the end.");
    assert_says("0.500 0.500");
    assert_says("Lowest validation loss: K = 32, rate 0.1, engine blas: 0.400 (median of 1 seed).");
    assert_null(strstr(printed, "error"));
    assert_null(strstr(printed, "%"));
}

static void an_error_of_zero_is_an_error_all_the_same(void **state)
{
    const struct fixture_cell cell = {"blas", 8, 0.1, 1, 1, "reached", 0.01, 0, 1, 2};

    (void)state;
    compute(&cell, 1);
    print();
    assert_says("errors at the end.");
    assert_says("0.0%  0.0%");
}

static void without_a_validation_split_the_training_loss_decides_and_is_named(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", NAN, NAN, NAN, NAN, .train_loss = 0.5, .test_error = 0.3},
        {"blas", 8, 0.3, 1, 1, "budget", NAN, NAN, NAN, NAN, .train_loss = 0.2, .test_error = 0.4},
        {"blas", 8, 1.0, 1, 1, "diverged", NAN, NAN, NAN, NAN, .train_loss = 0.1},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_true(summary.groups.by_train_loss);
    assert_true(row_at(summary.sections[0].best)->end == 0.2);
    print();
    assert_says("training loss and test error at the end. Best by training loss: there is no "
                "validation split.");
    assert_says(" train  test outcome");
    assert_says(" 0.3  1       -       -       - 0.200 40.0% 1 budget");
    assert_says("- no number: not reached by most seeds, diverged, or not evaluated");
    assert_says("Lowest training loss: K = 8, rate 0.3, engine blas: 0.200 (median of 1 seed).");
}

static void where_every_rate_diverged_none_is_best(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "diverged", 0.3, 0.9, NAN, NAN},
        {"blas", 8, 0.3, 1, 1, "diverged", 0.2, 0.9, NAN, NAN},
        {"blas", 8, 1.0, 1, 1, "crashed", NAN, NAN, NAN, NAN},
        {"blas", 32, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_false(summary.groups.groups[0].trained);
    assert_false(summary.groups.groups[0].edge);
    assert_true(summary.groups.groups[1].trained);
    print();
    assert_says("blas           8       -  3       -       -       -     -     - 2 diverged");
    assert_says("1 crashed");
    assert_says("rate -: every rate diverged or failed, so none is best");
    assert_says("(runner-up: K = 8, engine blas, did not reach it).");
    assert_null(strstr(printed, "*"));
}

static void rates_chosen_on_the_seeds_they_are_shown_on_are_admitted(void **state)
{
    (void)state;
    compute(contest, COUNT(contest));
    print();
    assert_says("Rates are chosen on these same seeds: the best looks a bit better than it is.");
    summary_close(&summary);
    results_close(&results);
    compute(&contest[4], 1); /* there was nothing to choose */
    print();
    assert_null(strstr(printed, "same seeds"));
}

static void only_targets_of_the_first_metric_are_compared(void **state)
{
    /* The second rate alone reaches the other metric's target, later at the first one's. */
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "budget", 0.3, 0.2, 1, NAN},
        {"blas", 8, 0.3, 1, 1, "reached", 0.2, 0.2, 2, 3},
    };

    (void)state;
    fixture_targets[1] = "train_loss_0.5";
    compute(cells, COUNT(cells));
    fixture_targets[1] = "validation_error_0.1";
    assert_int_equal(summary.sections[0].target, 0);
    assert_true(row_at(summary.sections[0].best)->seconds == 1);
}

static void r_of_1_has_neither_mode_nor_copies(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.1, 1, 2, "fill", "jitter"}, /* by hand */
        {"blas", 8, 0.1, 5, 1, "reached", 0.3, 0.1, 1, 1, "fill"},
        {"blas", 8, 0.1, 5, 1, "reached", 0.3, 0.1, 1, 1, "grow"},
    };

    (void)state;
    compute(cells, COUNT(cells));
    assert_int_equal(summary.section_count, 3);
    print();
    assert_int_equal(strncmp(printed, "r = 1\n", 6), 0);
    assert_says("fill · r = 5");
    assert_says("grow · r = 5");
    assert_null(strstr(printed, "jitter"));
}

static void long_names_of_engines_are_numbered_under_the_table(void **state)
{
    const struct fixture_cell cells[] = {
        {"./engines/fast/mine.so", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"./engines/fast/other.so", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"./engines/fast/other.so", 32, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    };

    (void)state;
    compute(cells, COUNT(cells));
    print();
    assert_non_null(strstr(printed, "\ne1             8 "));
    assert_non_null(strstr(printed, "\ne2            32 "));
    assert_non_null(strstr(printed, "\nblas           8 "));
    assert_says("e1 = ./engines/fast/mine.so e2 = ./engines/fast/other.so ");
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
    assert_says(
        "(runner-up: K = 8, rate 0.1, engine naive, 3 s, 1.5 times slower but not told apart "
        "by 1 seed)");
    assert_says("r = 5");
}

/* ---- What `auto` stood for --------------------------------------------------------------------
 */

static void what_auto_stood_for_is_said(void **state)
{
    static const struct fixture_cell cells[] = {
        {"auto", 1, 0.1, 1, 1, "reached", 0.3, 0.2, 3, NAN, .engine_used = "native"},
        {"auto", 8, 0.1, 1, 1, "reached", 0.3, 0.2, 1, NAN, .engine_used = "native"},
        {"auto", 64, 0.1, 1, 1, "reached", 0.3, 0.2, 2, NAN, .engine_used = "blas"},
        {"naive", 8, 0.1, 1, 1, "reached", 0.3, 0.2, 9, NAN},
    };

    (void)state;
    fixture_cells(cells, COUNT(cells));
    print();
    assert_says("auto: native, 1 thread (K = 1, K = 8); blas, 1 thread (K = 64)");
    assert_says("Best here: K = 8, rate 0.1, engine auto (native, 1 thread): 1 s");
    assert_null(strstr(printed, "naive, 1 thread"));
}

/* Settings of threads stand in the order of their numbers, what was left open last. */
static void threads_left_open_are_a_setting(void **state)
{
    static const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.2, 4, NAN, .threads = "auto", .threads_used = 2},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.2, 3, NAN, .threads = "10", .threads_used = 10},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.2, 2, NAN, .threads = "2", .threads_used = 2},
    };
    const char *two, *ten, *open;

    (void)state;
    fixture_cells(cells, COUNT(cells));
    print();
    two = strstr(printed, "  threads 2\n");
    ten = strstr(printed, "  threads 10\n");
    open = strstr(printed, "  threads auto\n");
    assert_true(two && ten && open);
    assert_true(two < ten && ten < open);
    assert_says("auto: blas, 2 threads (K = 8)");
}

static void throughput_says_what_auto_stood_for(void **state)
{
    (void)state;
    fixture_text(
        "cells.csv",
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
        "engine_used,threads_used,train_examples,outcome,examples_per_second,gflops,"
        "pregathered_examples_per_second,final_train_loss,final_validation_loss,"
        "final_validation_error,test_loss,test_error\n"
        "a,throughput,auto,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,auto,64,1,blas:blis,2,"
        "1000,budget,200,20,,,,,,\n");
    print();
    assert_says("auto: blas:blis        8       2        200");
    assert_says("Fastest for mlp: engine blas:blis, K = 8, 2 threads: 200 examples/s, 20 GFLOP/s.");
}

static void throughput_names_the_fastest_and_its_share_of_the_peak(void **state)
{
    (void)state;
    fixture_throughput_cells(0);
    print();
    assert_says("unsupported");
    assert_says("50 %");
    assert_says(
        "Fastest for mlp: engine blas, K = full, 1 thread: 500 examples/s, 50 GFLOP/s (50 % of "
        "the multiply-add peak).");
    assert_null(strstr(printed, "nan"));
    assert_null(strstr(printed, "inf"));
}

static void throughput_says_how_near_the_roof_is_and_what_binds(void **state)
{
    char text[4096];

    (void)state;
    snprintf(
        text, sizeof text,
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
        "train_examples,outcome,examples_per_second,gflops,pregathered_examples_per_second,"
        "final_train_loss,final_validation_loss,final_validation_error,test_loss,test_"
        "error," FIXTURE_ROOF "\n"
        "a,throughput,blas,mlp,1,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto,1,1000,budget,"
        "100,10,120,,,,,,400,0.3,0.52,600,weights\n"
        "b,throughput,naive,mlp,1,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto,1,1000,budget,"
        "90,9,90,,,,,,400,0.225,0.52,600,weights\n"
        "c,throughput,blas,mlp,64,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,auto,1,1000,budget,"
        "200,20,250,,,,,,500,0.5,,,flops\n");
    fixture_text("cells.csv", text);
    print();
    assert_says("100          120       10  30 % weights");
    assert_says("200          250       20  50 %   flops");
    assert_says("Fastest for mlp: engine blas, K = 64, 1 thread: 200 examples/s, 20 GFLOP/s "
                "(pre-gathered 50 % of the roof, bound by FLOPs).");
    assert_says("K = 1, 1 thread: 52 % of the hidden units are live; the roof of their rows alone "
                "is 600 examples/s, of which engine blas reaches 20 %.");
    assert_null(strstr(printed, "nan"));
}

/* 20 us + 2 us K on one engine, a K short of a line on the other. */
static void throughput_says_what_a_step_costs(void **state)
{
    char text[4096];
    int length, k = 1;

    (void)state;
    length = snprintf(
        text, sizeof text,
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
        "train_examples,outcome,examples_per_second,gflops,pregathered_examples_per_second,"
        "final_train_loss,final_validation_loss,final_validation_error,test_loss,test_error\n");
    for (int i = 0; i < 5; i++, k *= 10)
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "c%d,throughput,%s,mlp,%d,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,"
                           "auto,1,100000,budget,%.17g,1,,,,,,\n"
                           "d%d,throughput,%s,mlp,%d,0,0.1,sgd,,,,,1,grow,exact,reshuffle,keep,1,"
                           "auto,1,100000,%s,%s,1,,,,,,\n",
                           i, "blas", k, k / (20e-6 + 2e-6 * k), i, "naive", k,
                           i < 3 ? "budget" : "failed", i < 3 ? "1000" : "");
    fixture_text("cells.csv", text);
    print();
    assert_says("A step takes t0 + t1 K; half of it is t0 at K = t0 / t1");
    assert_says("blas                    1         20          2       10");
    assert_null(strstr(strstr(printed, "t0 / t1    deviation"), "naive"));
}

static void throughput_rows_that_look_alike_stand_under_their_setting(void **state)
{
    (void)state;
    fixture_text(
        "cells.csv",
        "id,measure,engine,network,batch_size,full_batch,learning_rate,optimizer,momentum,beta1,"
        "beta2,epsilon,redundancy,redundancy_mode,copies,sampler,last_batch,threads,chunk,seed,"
        "train_examples,outcome,examples_per_second,gflops,pregathered_examples_per_second,"
        "final_train_loss,final_validation_loss,final_validation_error,test_loss,test_error\n"
        "a,throughput,./engines/longer-than-it.so,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,"
        "keep,1,64,1,1000,budget,200,20,,,,,,\n"
        "b,throughput,./engines/longer-than-it.so,mlp,8,0,0.1,sgd,,,,,1,grow,exact,reshuffle,"
        "keep,1,none,1,1000,budget,300,30,,,,,,\n");
    print();
    assert_says("  chunk 64 e1 ");
    assert_says("  chunk none e1 ");
    assert_says("e1 = ./engines/longer-than-it.so - not measured ");
    assert_says("K = 8, 1 thread, chunk none: 300 examples/s, 30 GFLOP/s.");
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
        cmocka_unit_test_teardown(a_tuned_rate_is_on_the_edge_if_the_tuning_says_so, close_all),
        cmocka_unit_test_teardown(budgets_are_different_problems, close_all),
        cmocka_unit_test_teardown(a_single_cell_has_no_runner_up, close_all),
        cmocka_unit_test_teardown(a_tie_is_called_one, close_all),
        cmocka_unit_test_teardown(ranges_that_do_not_meet_are_told_apart, close_all),
        cmocka_unit_test_teardown(without_a_target_the_lowest_error_is_named, close_all),
        cmocka_unit_test_teardown(a_regression_compares_losses, close_all),
        cmocka_unit_test_teardown(an_error_of_zero_is_an_error_all_the_same, close_all),
        cmocka_unit_test_teardown(without_a_validation_split_the_training_loss_decides_and_is_named,
                                  close_all),
        cmocka_unit_test_teardown(where_every_rate_diverged_none_is_best, close_all),
        cmocka_unit_test_teardown(rates_chosen_on_the_seeds_they_are_shown_on_are_admitted,
                                  close_all),
        cmocka_unit_test_teardown(only_targets_of_the_first_metric_are_compared, close_all),
        cmocka_unit_test_teardown(r_of_1_has_neither_mode_nor_copies, close_all),
        cmocka_unit_test_teardown(long_names_of_engines_are_numbered_under_the_table, close_all),
        cmocka_unit_test_teardown(throughput_says_what_a_step_costs, close_all),
        cmocka_unit_test_teardown(throughput_rows_that_look_alike_stand_under_their_setting,
                                  close_all),
        cmocka_unit_test_teardown(when_everything_fails_it_says_so_and_counts, close_all),
        cmocka_unit_test_teardown(different_data_is_not_compared, close_all),
        cmocka_unit_test_teardown(what_auto_stood_for_is_said, close_all),
        cmocka_unit_test_teardown(threads_left_open_are_a_setting, close_all),
        cmocka_unit_test_teardown(throughput_says_what_auto_stood_for, close_all),
        cmocka_unit_test_teardown(throughput_names_the_fastest_and_its_share_of_the_peak,
                                  close_all),
        cmocka_unit_test_teardown(throughput_says_how_near_the_roof_is_and_what_binds, close_all),
        cmocka_unit_test_teardown(unreadable_results_are_an_error, close_all),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
