/* What `auto` stands for: measured once, kept with the results, used again. */
#include "run/choice.h"

#include "base/table.h"
#include "campaign_fixture.h"
#include "tree.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 120, features: 3, classes: 3, validation: 20}\n"             \
    "evaluation: {first: 20}\n"                                                                    \
    "budget: {epochs: 2}\n"
#define ENGINE(name) TEST_ENGINES "/ending_" #name ".so"

/* ---- Settling ---------------------------------------------------------------------------------
 */

/* The choice among these contenders: threads, rate, and so on, ended by 0 threads. */
static int settled(const double *threads_and_rates)
{
    struct engine_choice choice = {.best = -1};

    for (const double *at = threads_and_rates; at[0] > 0; at += 2)
        choice.contenders[choice.count++] = (struct contender){
            .assignment = {.threads = (int)at[0], .workers = 1}, .examples_per_second = at[1]};
    choice_settle(&choice);
    return choice.best;
}

static void the_fastest_is_chosen(void **state)
{
    (void)state;
    assert_int_equal(settled((const double[]){1, 10, 1, 30, 1, 20, 0}), 1);
    assert_int_equal(settled((const double[]){1, 30, 0}), 0);
    assert_int_equal(settled((const double[]){1, 30, 1, 30, 0}), 0); /* a tie: the first */
    assert_int_equal(settled((const double[]){1, 30, 2, 40, 2, 41, 0}), 2);
}

static void a_thread_must_pay(void **state)
{
    (void)state;
    assert_int_equal(settled((const double[]){1, 100, 2, 102, 0}), 0);
    assert_int_equal(settled((const double[]){2, 102, 1, 100, 0}), 1);
    assert_int_equal(settled((const double[]){1, 100, 2, 104, 0}), 1);
    /* Each within 3 % of the next, but the first too far behind the last. */
    assert_int_equal(settled((const double[]){1, 100, 2, 102.5, 4, 105, 0}), 1);
    /* Of those with fewer threads the fastest, not the first that is near enough. */
    assert_int_equal(settled((const double[]){1, 100, 1, 101, 2, 102, 0}), 1);
}

static void what_failed_is_never_chosen_over_what_ran(void **state)
{
    (void)state;
    assert_int_equal(settled((const double[]){1, NAN, 2, 10, 1, NAN, 0}), 1);
    assert_int_equal(settled((const double[]){1, 0, 1, 10, 0}), 1);
    assert_int_equal(settled((const double[]){1, NAN, 2, NAN, 0}), 0);
}

/* ---- A run ------------------------------------------------------------------------------------
 */

static char announced[8][256];
static int announced_count;

static void note(void *context, const char *engine, const char *line)
{
    (void)context;
    if (strcmp(engine, "auto") == 0 && announced_count < 8)
        snprintf(announced[announced_count++], sizeof announced[0], "%s", line);
}

static struct runner_result result;

static int run(const char *yaml, const char *results)
{
    const struct runner_options options = {.jobs = 2, .announce = note, .no_roof = 1};
    struct prepared prepared;
    int status;

    announced_count = 0;
    prepare(&prepared, yaml, results);
    status = runner_run(&prepared.campaign, &options, &result);
    dismiss(&prepared);
    return status;
}

static void runs(const char *yaml, const char *results)
{
    if (run(yaml, results) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(result.end, RUNNER_COMPLETE);
}

static struct table *open_result(const char *results, const char *name)
{
    struct table *table;

    if (table_open(&table, result_path(results, name)) != 0)
        fail_msg("%s", error_text());
    return table;
}

#define AUTO "grid: {engine: auto, network: S, batch_size: [8, 32], learning_rate: [0.1, 0.2]}\n"

/* Each question has one answer, and it is what the cells ran with. */
static void a_choice_stands_in_the_results(void **state)
{
    struct table *choices, *cells;
    int questions = 0, matched = 0;

    (void)state;
    runs(DATA AUTO, "kept");
    assert_int_equal(result.run, 4);
    assert_int_equal(result.troubled, 0);
    assert_int_equal(announced_count, 2);
    choices = open_result("kept", "choices.csv");
    cells = open_result("kept", "cells.csv");
    for (size_t i = 0; i < table_rows(choices); i++) {
        assert_string_equal(table_texts(choices, "asked_engine")[i], "auto");
        assert_true(table_numbers(choices, "threads")[i] == 1);
        if (table_numbers(choices, "chosen")[i] < 1)
            continue;
        questions++;
        assert_true(table_numbers(choices, "examples_per_second")[i] > 0);
        for (size_t c = 0; c < table_rows(cells); c++)
            if (table_numbers(cells, "batch_size")[c] == table_numbers(choices, "batch_size")[i]) {
                assert_string_equal(table_texts(cells, "engine")[c], "auto");
                assert_string_equal(table_texts(cells, "engine_used")[c],
                                    table_texts(choices, "engine")[i]);
                assert_true(table_numbers(cells, "threads_used")[c] == 1);
                matched++;
            }
    }
    assert_int_equal(questions, 2);
    assert_int_equal(matched, 4);
    table_close(choices);
    table_close(cells);
}

/* Says that blas was chosen for K = 8, which was never measured. */
#define PLANTED                                                                                    \
    "asked_engine,asked_threads,network,network_hash,batch_size,chunk,engine,threads,"             \
    "examples_per_second,chosen\n"                                                                 \
    "auto,1,S,%s,8,auto,native,1,2,0\n"                                                            \
    "auto,1,S,%s,8,auto,blas,1,1,1\n"

static void a_choice_is_used_again(void **state)
{
    char text[1024], hash[16];
    struct table *table = NULL;

    (void)state;
    runs(DATA AUTO, "again");
    table = open_result("again", "choices.csv");
    snprintf(hash, sizeof hash, "%s", table_texts(table, "network_hash")[0]);
    table_close(table);
    /* The cells are run anew, and one question of two is left. */
    tree_remove(result_path("again", "cells"));
    snprintf(text, sizeof text, PLANTED, hash, hash);
    scratch_write("again/choices.csv", text, strlen(text));
    runs(DATA AUTO, "again");
    assert_int_equal(result.run, 4);
    assert_int_equal(announced_count, 1);
    if (!strstr(announced[0], "K = 32"))
        fail_msg("%s", announced[0]);
    table = open_result("again", "cells.csv");
    for (size_t i = 0; i < table_rows(table); i++)
        if (table_numbers(table, "batch_size")[i] == 8)
            assert_string_equal(table_texts(table, "engine_used")[i], "blas");
    table_close(table);
    /* Both questions stand in the file now. */
    table = open_result("again", "choices.csv");
    assert_true(table_rows(table) > 3);
    table_close(table);
    runs(DATA AUTO, "again");
    assert_int_equal(announced_count, 0);
}

static void a_damaged_choice_is_named(void **state)
{
    static const char damaged[] = "engine,threads\nnative,1\n";

    (void)state;
    runs(DATA AUTO, "damaged");
    tree_remove(result_path("damaged", "cells"));
    scratch_write("damaged/choices.csv", damaged, strlen(damaged));
    assert_int_equal(run(DATA AUTO, "damaged"), -1);
    if (!strstr(error_text(), "choices.csv:1: no column `asked_engine`"))
        fail_msg("%s", error_text());
}

static void threads_are_chosen_of_those_there_are(void **state)
{
    struct table *choices, *cells;
    struct host host;
    double most = 0;

    (void)state;
    host_read(&host);
    runs(DATA "grid: {engine: naive, threads: auto, network: S, batch_size: 8}\n", "threads");
    assert_int_equal(result.run, 1);
    assert_int_equal(result.troubled + result.unsupported, 0);
    choices = open_result("threads", "choices.csv");
    for (size_t i = 0; i < table_rows(choices); i++) {
        assert_string_equal(table_texts(choices, "asked_threads")[i], "auto");
        assert_string_equal(table_texts(choices, "engine")[i], "naive");
        most = fmax(most, table_numbers(choices, "threads")[i]);
    }
    assert_true(most == host.processor_count);
    cells = open_result("threads", "cells.csv");
    assert_string_equal(table_texts(cells, "threads")[0], "auto");
    assert_true(table_numbers(cells, "threads_used")[0] >= 1);
    assert_true(table_numbers(cells, "threads_used")[0] <= host.processor_count);
    table_close(choices);
    table_close(cells);
}

/* Its cells tell of it, as if they had asked for it by name. */
static void a_contender_that_crashes_is_recorded_by_its_cell(void **state)
{
    struct table *cells;

    (void)state;
    runs(DATA "grid: {engine: " ENGINE(crash) ", threads: auto, network: S, batch_size: 8}\n",
         "crashing");
    assert_int_equal(result.troubled, 1);
    cells = open_result("crashing", "cells.csv");
    assert_string_equal(table_texts(cells, "outcome")[0], "crashed");
    assert_true(table_numbers(cells, "threads_used")[0] == 1);
    table_close(cells);
}

static void a_named_engine_leaves_nothing_to_choose(void **state)
{
    struct table *cells;

    (void)state;
    runs(DATA "grid: {engine: naive, network: S, batch_size: 8}\n", "named");
    assert_int_equal(announced_count, 0);
    assert_false(tree_exists(result_path("named", "choices.csv")));
    cells = open_result("named", "cells.csv");
    assert_string_equal(table_texts(cells, "engine_used")[0], "naive");
    assert_true(table_numbers(cells, "threads_used")[0] == 1);
    table_close(cells);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_is_chosen),
        cmocka_unit_test(a_thread_must_pay),
        cmocka_unit_test(what_failed_is_never_chosen_over_what_ran),
        cmocka_unit_test(a_choice_stands_in_the_results),
        cmocka_unit_test(a_choice_is_used_again),
        cmocka_unit_test(a_damaged_choice_is_named),
        cmocka_unit_test(threads_are_chosen_of_those_there_are),
        cmocka_unit_test(a_contender_that_crashes_is_recorded_by_its_cell),
        cmocka_unit_test(a_named_engine_leaves_nothing_to_choose),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
