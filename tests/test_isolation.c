/* Whatever a cell's process does or is done to, it is recorded for what it is, and neither the run
 * nor another cell suffers. Beyond what test_runner.c has of engines that end badly. */
#include "base/file.h"
#include "base/table.h"
#include "campaign_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ENGINE(name) TEST_ENGINES "/ending_" #name ".so"
#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 120, features: 3, classes: 3, validation: 20}\n"             \
    "evaluation: {first: 20}\n"                                                                    \
    "budget: {updates: 20}\n"
#define LIMITS(limits) "limits: {" limits "}\n"
#define BESIDE(engine) "grid: {engine: [naive, \"" engine "\"], network: S, batch_size: [1, 8]}\n"

static struct runner_result result;

static void runs(const char *yaml, const char *results, const struct runner_options *options)
{
    const struct runner_options plain = {.jobs = 2};
    struct prepared prepared;

    signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the tests in a cell's process */
    prepare(&prepared, yaml, results);
    if (runner_run(&prepared.campaign, options ? options : &plain, &result) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(result.end, RUNNER_COMPLETE);
    dismiss(&prepared);
}

/* So many rows of cells.csv have the outcome, with a reason that holds this. */
static void assert_outcomes(const char *results, const char *outcome, const char *reason, int count)
{
    struct table *table;
    int found = 0;

    if (table_open(&table, result_path(results, "cells.csv")) != 0)
        fail_msg("%s", error_text());
    for (size_t i = 0; i < table_rows(table); i++)
        if (strcmp(table_texts(table, "outcome")[i], outcome) == 0) {
            if (!strstr(table_texts(table, "reason")[i], reason))
                fail_msg("`%s` lacks `%s`", table_texts(table, "reason")[i], reason);
            found++;
        }
    table_close(table);
    assert_int_equal(found, count);
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

/* Of the ill engine both cells end so; those of the other are unharmed. */
static void ends_for_want_of_memory(const char *yaml, const char *results, const char *outcome,
                                    const char *reason)
{
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* nothing is limited */
#endif
    runs(yaml, results, NULL);
    assert_int_equal(result.run, 4);
    assert_int_equal(result.troubled, 2);
    assert_outcomes(results, outcome, reason, 2);
    assert_outcomes(results, "budget", "budget: updates", 2);
}

static void an_engine_that_takes_the_last_byte_is_out_of_memory_and_recorded(void **state)
{
    (void)state;
    ends_for_want_of_memory(DATA LIMITS("memory_bytes: 4e7") BESIDE(ENGINE(leak)), "leak",
                            "out-of-memory", "out of order");
}

static void an_engine_that_does_not_look_crashes_with_the_limit_in_the_reason(void **state)
{
    (void)state;
    ends_for_want_of_memory(DATA LIMITS("memory_bytes: 4e7") BESIDE(ENGINE(leak_blind)), "blind",
                            "crashed", "(Segmentation fault) under a limit of 4e+07 bytes");
}

/* ---- Once it is recorded ----------------------------------------------------------------------
 */

static void keeps_what_is_recorded(const char *yaml, const char *results)
{
    runs(yaml, results, NULL);
    assert_int_equal(result.run, 4);
    assert_int_equal(result.troubled, 0);
    assert_outcomes(results, "budget", "budget: updates", 4);
    runs(yaml, results, NULL);
    assert_int_equal(result.skipped, 4);
}

static void a_crash_after_the_results_are_written_leaves_them(void **state)
{
    (void)state;
    keeps_what_is_recorded(DATA BESIDE(ENGINE(crash_in_close)), "crash-in-close");
}

static void a_hang_after_the_results_are_written_leaves_them(void **state)
{
    (void)state;
    keeps_what_is_recorded(DATA LIMITS("cell_seconds: 1") BESIDE(ENGINE(hang_in_close)),
                           "hang-in-close");
}

/* ---- From outside -----------------------------------------------------------------------------
 */

/* Signals the cells that run, once they have had time to begin. */
static void signal_cells(void *context, const struct runner_progress *progress,
                         const struct cell *cell, enum outcome outcome, double wall_seconds)
{
    FILE *children = fopen("/proc/thread-self/children", "r");
    long child;

    (void)progress, (void)outcome, (void)wall_seconds;
    while (children && !cell && fscanf(children, "%ld", &child) == 1)
        kill((pid_t)child, *(const int *)context);
    if (children)
        fclose(children);
}

static void ends_by(int signal_number, const char *results, const char *outcome, const char *reason)
{
    const struct runner_options options = {
        .jobs = 2, .report = signal_cells, .context = &signal_number};

    if (access("/proc/thread-self/children", R_OK) != 0)
        skip();
    runs(DATA "grid: {engine: \"" ENGINE(hang) "\", network: S, batch_size: [1, 8]}\n", results,
         &options);
    assert_int_equal(result.troubled, 2);
    assert_outcomes(results, outcome, reason, 2);
}

static void a_cell_killed_as_the_kernel_kills_is_out_of_memory(void **state)
{
    (void)state;
    ends_by(SIGKILL, "killed", "out-of-memory", "killed (signal 9)");
}

static void a_cell_ended_by_another_signal_crashed(void **state)
{
    (void)state;
    ends_by(SIGSEGV, "signalled", "crashed", "signal 11 (Segmentation fault)");
}

static void an_engine_deaf_to_signals_is_ended_in_time(void **state)
{
    (void)state;
    runs(DATA LIMITS("cell_seconds: 0.5") BESIDE(ENGINE(deaf)), "deaf", NULL);
    assert_outcomes("deaf", "timeout", "ended after 0.5 s", 2);
    assert_outcomes("deaf", "budget", "budget: updates", 2);
}

/* ---- What an engine leaves behind -------------------------------------------------------------
 */

static void a_process_that_an_engine_leaves_behind_is_not_waited_for(void **state)
{
    char *text;
    pid_t orphan;

    (void)state;
    setenv("BATCHLAB_TEST_ORPHAN", scratch_path("orphan"), 1);
    runs(DATA "grid: {engine: \"" ENGINE(orphan) "\", network: S, batch_size: 1}\n", "orphaned",
         NULL);
    unsetenv("BATCHLAB_TEST_ORPHAN");
    assert_outcomes("orphaned", "crashed", "signal 6 (Aborted)", 1);
    text = tree_read(scratch_path("orphan"));
    assert_non_null(text);
    orphan = (pid_t)strtol(text, NULL, 10);
    free(text);
    assert_true(orphan > 0);
    assert_int_equal(kill(orphan, SIGKILL), 0); /* it was there still */
}

/* ---- Too many ---------------------------------------------------------------------------------
 */

#define SIX                                                                                        \
    "grid: {engine: [naive, \"" ENGINE(crash) "\"], network: S, batch_size: [1, 2, 3, 4, 5, 6]}\n"

static void an_engine_that_loses_cells_running_is_left_out(void **state)
{
    const struct runner_options two = {.jobs = 1, .max_failures = 2};

    (void)state;
    runs(DATA SIX, "left-out", &two);
    assert_int_equal(result.run, 8);
    assert_int_equal(result.left_out, 4);
    assert_int_equal(result.unfinished, 4);
    assert_outcomes("left-out", "crashed", "signal 6", 2);
    assert_outcomes("left-out", "budget", "budget: updates", 6);
    runs(DATA SIX, "left-out", NULL); /* 0: it is never left out */
    assert_int_equal(result.left_out, 0);
    assert_outcomes("left-out", "crashed", "signal 6", 6);
}

/* Tuning loses two; of the five cells of the grid that are not tuned one more is tried. */
static void an_engine_that_lost_too_many_while_tuning_is_left_out_of_the_grid(void **state)
{
    const struct runner_options two = {.jobs = 1, .max_failures = 2};

    (void)state;
    runs(DATA
         "tuning: {keys: {learning_rate: {from: 0.01, to: 0.1, factor: 2}}, seeds: [7, 8]}\n"
         "grid:\n"
         "  engine: \"" ENGINE(crash) "\"\n"
                                      "  network: S\n"
                                      "  seed: [1, 2, 3, 4, 5]\n"
                                      "  cases: [{optimizer: momentum}, {learning_rate: 0.01}]\n",
         "tuned", &two);
    assert_outcomes("tuned", "crashed", "signal 6", 1);
    assert_int_equal(result.run, 3);
}

/* ---- One cell here ----------------------------------------------------------------------------
 */

static void one_cell_runs_in_the_process_itself(void **state)
{
    const struct runner_options here = {.only = "k8", .jobs = 1, .here = 1}, all = {.here = 1};
    struct prepared prepared;

    (void)state;
    runs(DATA "grid: {engine: naive, network: S, batch_size: [1, 8]}\n", "here", &here);
    assert_int_equal(result.run, 1);
    assert_outcomes("here", "budget", "budget: updates", 1);
    prepare(&prepared, DATA "grid: {engine: naive, network: S, batch_size: [1, 4, 8]}\n", "here");
    assert_int_equal(runner_run(&prepared.campaign, &all, &result), -1);
    assert_non_null(strstr(error_text(), "--here: 2 cells are to run, expected one"));
    dismiss(&prepared);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_that_takes_the_last_byte_is_out_of_memory_and_recorded),
        cmocka_unit_test(an_engine_that_does_not_look_crashes_with_the_limit_in_the_reason),
        cmocka_unit_test(a_crash_after_the_results_are_written_leaves_them),
        cmocka_unit_test(a_hang_after_the_results_are_written_leaves_them),
        cmocka_unit_test(a_cell_killed_as_the_kernel_kills_is_out_of_memory),
        cmocka_unit_test(a_cell_ended_by_another_signal_crashed),
        cmocka_unit_test(an_engine_deaf_to_signals_is_ended_in_time),
        cmocka_unit_test(a_process_that_an_engine_leaves_behind_is_not_waited_for),
        cmocka_unit_test(an_engine_that_loses_cells_running_is_left_out),
        cmocka_unit_test(an_engine_that_lost_too_many_while_tuning_is_left_out_of_the_grid),
        cmocka_unit_test(one_cell_runs_in_the_process_itself),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
