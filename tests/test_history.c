/* Runs that are added to a history, and the changes that are found in it. */
#include "history/history.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/rng.h"
#include "results_fixture.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

static const char *path(void)
{
    return scratch_path("history.csv");
}

static void assert_says(const char *words)
{
    if (!strstr(error_text(), words))
        fail_msg("`%s` does not say `%s`", error_text(), words);
}

/* ---- Adding -----------------------------------------------------------------------------------
 */

static void write_manifest(const char *time, const char *commit)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"experiment\": \"e\", \"machine\": {\"cpu\": \"abacus, large\", \"instructions\": "
             "\"beads\", \"processors\": [0, 1]}, \"engines\": {\"blas\": \"OpenBLAS 0.3.21\"}, "
             "\"build\": {\"commit\": \"%s\"}, \"runs\": [{\"started\": \"2025\"}, {\"started\": "
             "\"%s\"}]}",
             commit, time);
    fixture_text("manifest.json", text);
}

static void add(const char *time, const char *commit)
{
    size_t numbers;

    write_manifest(time, commit);
    if (history_add(path(), scratch_folder, &numbers) != 0)
        fail_msg("%s", error_text());
}

static const struct fixture_cell cells[] = {
    {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    {"blas", 8, 0.1, 1, 2, "reached", 0.5, 0.1, 3, NAN},
    {"blas", 8, 0.1, 1, 3, "reached", 0.4, 0.1, 2, NAN},
    {"naive", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 9, NAN},
};

static struct table *open_history(void)
{
    struct table *table;

    assert_int_equal(history_open(&table, path()), 0);
    return table;
}

static void a_run_is_a_row_of_medians_over_its_seeds(void **state)
{
    struct table *table;

    (void)state;
    unlink(path());
    fixture_cells(cells, COUNT(cells));
    add("2026-02", "bbb");
    table = open_history();
    assert_int_equal(table_rows(table), 1);
    assert_string_equal(table_texts(table, "time")[0], "2026-02"); /* of the last run */
    assert_string_equal(table_texts(table, "commit")[0], "bbb");
    assert_string_equal(table_texts(table, "machine")[0], "abacus, large, beads, 2 processors");
    assert_string_equal(table_texts(table, "libraries")[0], "blas: OpenBLAS 0.3.21");
    assert_true(table_numbers(table, "e/c0/seconds_to_validation_error_0.2")[0] == 2);
    assert_true(table_numbers(table, "e/c0/updates_to_validation_error_0.2")[0] == 200);
    assert_true(table_numbers(table, "e/c0/final_validation_loss")[0] == 0.4);
    assert_true(table_numbers(table, "e/c3/seconds_to_validation_error_0.2")[0] == 9);
    assert_false(table_has(table, "e/c0/seconds_to_validation_error_0.1")); /* by one of three */
    table_close(table);
}

static void later_runs_add_rows_in_the_order_of_time_and_columns_they_have_more(void **state)
{
    struct table *table;
    size_t columns;

    (void)state;
    unlink(path());
    fixture_cells(cells, 3);
    add("2026-02", "bbb");
    table = open_history();
    columns = table_columns(table);
    table_close(table);
    fixture_cells(cells, COUNT(cells));
    add("2026-03", "ccc");
    fixture_cells(cells + 3, 1); /* naive alone, now the first cell */
    add("2026-01", "aaa");
    table = open_history();
    assert_int_equal(table_columns(table), columns + 3);
    assert_string_equal(table_texts(table, "commit")[0], "aaa");
    assert_string_equal(table_texts(table, "commit")[1], "bbb");
    assert_string_equal(table_texts(table, "commit")[2], "ccc");
    assert_string_equal(table_texts(table, "e/c3/final_validation_loss")[1], "");
    assert_true(table_numbers(table, "e/c3/final_validation_loss")[2] == 0.3);
    assert_true(table_numbers(table, "e/c0/final_validation_loss")[1] == 0.4);
    table_close(table);
}

static void throughput_has_both_rates(void **state)
{
    struct table *table;

    (void)state;
    unlink(path());
    fixture_throughput();
    add("2026-02", "bbb");
    table = open_history();
    assert_true(table_numbers(table, "e/a/examples_per_second")[0] == 200);
    assert_true(table_numbers(table, "e/a/pregathered_examples_per_second")[0] == 250);
    assert_false(table_has(table, "e/c/examples_per_second")); /* unsupported */
    table_close(table);
}

static void what_is_no_new_run_is_refused_and_the_file_stays(void **state)
{
    size_t numbers;
    char *before, *after;

    (void)state;
    unlink(path());
    fixture_cells(cells, COUNT(cells));
    add("2026-02", "bbb");
    before = tree_read(path());
    assert_int_equal(history_add(path(), scratch_folder, &numbers), -1);
    assert_says("history.csv:2: has the run of 2026-02, e already");
    fixture_text("manifest.json", "{\"experiment\": \"e\", \"machine\": {\"cpu\": \"abacus\"}}");
    assert_int_equal(history_add(path(), scratch_folder, &numbers), -1);
    assert_says("manifest.json: runs: started: missing");
    unlink(scratch_path("manifest.json"));
    assert_int_equal(history_add(path(), scratch_folder, &numbers), -1);
    assert_says("has no manifest.json");
    after = tree_read(path());
    assert_string_equal(before, after);
    free(before);
    free(after);
    fixture_text("history.csv", "when,what\n1,2\n");
    write_manifest("2026-02", "bbb");
    assert_int_equal(history_add(path(), scratch_folder, &numbers), -1);
    assert_says("history.csv:1: column 1 is not `time`");
}

/* ---- Scanning ---------------------------------------------------------------------------------
 */

/* Runs in turn on two machines. On the second one the rate falls by a tenth from run 31 on (its
 * 16th), the loss is negative, and another number was measured three times only. */
static void write_history(void)
{
    FILE *file = fopen(path(), "w");
    struct rng rng;

    rng_init(&rng, 11, RNG_TEST, 0);
    fputs("time,commit,experiment,machine,libraries,e/a/examples_per_second,e/a/seconds_to_x,"
          "e/a/final_validation_loss,e/b/examples_per_second\n",
          file);
    for (int i = 0; i < 40; i++) {
        double noise = exp(0.01 * rng_normal(&rng));
        double slower = i % 2 && i >= 30 ? 0.9 : 1;

        fprintf(file, "2026-%02d,c%d,e,%s,l,%.9g,%.9g,-1,", i, i, i % 2 ? "loom" : "abacus",
                1000 * noise * slower, 5 / (noise * slower));
        fprintf(file, i < 6 ? "%d\n" : "\n", i + 1);
    }
    fclose(file);
}

static void a_step_is_found_on_its_machine_alone(void **state)
{
    struct scan scan;
    struct table *table;

    (void)state;
    write_history();
    assert_int_equal(history_scan(&scan, path(), &changes_usual), 0);
    assert_int_equal(scan.count, 4); /* two numbers, two machines */
    assert_int_equal(scan.short_count, 2);
    assert_int_equal(scan.signed_count, 2);
    assert_int_equal(scan.change_count, 2);
    assert_int_equal(scan_write(&scan, scratch_folder), 0);
    assert_int_equal(scan_write_chart(&scan, scratch_folder), 0);
    scan_close(&scan);
    assert_int_equal(table_open(&table, scratch_path("changes.csv")), 0);
    assert_int_equal(table_rows(table), 2);
    for (size_t r = 0; r < 2; r++) {
        int is_rate = strstr(table_texts(table, "series")[r], "per_second") != NULL;

        assert_string_equal(table_texts(table, "machine")[r], "loom");
        assert_string_equal(table_texts(table, "commit")[r], "c31");
        assert_string_equal(table_texts(table, "commit_before")[r], "c29");
        assert_string_equal(table_texts(table, "kind")[r], "step");
        assert_string_equal(table_texts(table, "direction")[r], "worse");
        assert_true(fabs(table_numbers(table, "ratio")[r] - (is_rate ? 0.9 : 1 / 0.9)) < 0.02);
        assert_true(table_numbers(table, "runs_before")[r] == 15);
        assert_true(table_numbers(table, "runs_after")[r] == 5);
    }
    table_close(table);
    assert_int_equal(table_open(&table, scratch_path("figures/history.csv")), 0);
    assert_int_equal(table_rows(table), 80);
    table_close(table);
}

static void changes_below_the_least_are_left_out(void **state)
{
    struct changes_rule rule = changes_usual;
    struct scan scan;

    (void)state;
    write_history();
    rule.least = log(1.2);
    assert_int_equal(history_scan(&scan, path(), &rule), 0);
    assert_int_equal(scan.change_count, 0);
    scan_close(&scan);
}

static void what_cannot_be_scanned_is_said(void **state)
{
    struct scan scan;

    (void)state;
    unlink(path());
    assert_int_equal(history_scan(&scan, path(), &changes_usual), -1);
    assert_says("history.csv: No such file");
    scan_close(&scan);
    fixture_text("history.csv", "time,commit,experiment,machine,libraries,x\n2,a,e,m,l,1\n"
                                "1,b,e,m,l,1\n");
    assert_int_equal(history_scan(&scan, path(), &changes_usual), -1);
    assert_says("history.csv:3: time: '1' is before '2' of the row above");
    scan_close(&scan);
    fixture_text("history.csv", "time,commit,experiment,machine,libraries,x\n1,a,e,m,l,1\n"
                                "2,b,e,m,l,fast\n");
    assert_int_equal(history_scan(&scan, path(), &changes_usual), -1);
    assert_says("history.csv:3: x: `fast` is not a number");
    scan_close(&scan);
    fixture_text("history.csv", "time,commit,experiment,machine,libraries,x\n1,a,e,m,l,1\n");
    assert_int_equal(history_scan(&scan, path(), &changes_usual), -1);
    assert_says("no number stands there 4 times");
    scan_close(&scan);
    fixture_text("history.csv", "schema,time,commit,experiment,machine,libraries,x\n");
    assert_int_equal(history_scan(&scan, path(), &changes_usual), -1);
    assert_says("history.csv:1: column 1 is not `time`, expected a file of `batchlab history add`");
    scan_close(&scan);
}

/* The search takes time that grows with their square. */
static void more_runs_than_anyone_has_are_refused(void **state)
{
    FILE *file = fopen(path(), "w");
    struct scan scan;

    (void)state;
    fputs("time,commit,experiment,machine,libraries,x\n", file);
    for (int i = 0; i <= LIMIT_HISTORY_RUNS; i++)
        fprintf(file, "%06d,a,e,m,l,1\n", i);
    fclose(file);
    assert_int_equal(history_scan(&scan, path(), &changes_usual), -1);
    assert_says("history.csv: more than 10000 runs");
    scan_close(&scan);
}

/* In the order of their first runs, each with its own, whatever stands between them. */
static void machines_are_kept_apart(void **state)
{
    FILE *file = fopen(path(), "w");
    static const char *const machines[] = {"zebra", "ape", "mole"};
    struct scan scan;

    (void)state;
    fputs("time,commit,experiment,machine,libraries,x,y\n", file);
    for (int i = 0; i < 15; i++)
        fprintf(file, "%02d,a,e,%s,l,%d,%s\n", i, machines[i % 3], i + 1, i % 3 == 1 ? "1" : "");
    fclose(file);
    assert_int_equal(history_scan(&scan, path(), &changes_usual), 0);
    assert_int_equal(scan.count, 4);
    for (size_t s = 0; s < 3; s++) {
        assert_string_equal(scan.series[s].name, "x");
        assert_string_equal(scan.series[s].machine, machines[s]);
        assert_int_equal(scan.series[s].count, 5);
        for (size_t i = 0; i < 5; i++) {
            assert_int_equal(scan.series[s].rows[i], 3 * i + s);
            assert_true(scan.series[s].values[i] == (double)(3 * i + s + 1));
        }
    }
    assert_string_equal(scan.series[3].name, "y");
    assert_string_equal(scan.series[3].machine, "ape");
    scan_close(&scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_a_row_of_medians_over_its_seeds),
        cmocka_unit_test(later_runs_add_rows_in_the_order_of_time_and_columns_they_have_more),
        cmocka_unit_test(throughput_has_both_rates),
        cmocka_unit_test(what_is_no_new_run_is_refused_and_the_file_stays),
        cmocka_unit_test(a_step_is_found_on_its_machine_alone),
        cmocka_unit_test(changes_below_the_least_are_left_out),
        cmocka_unit_test(more_runs_than_anyone_has_are_refused),
        cmocka_unit_test(machines_are_kept_apart),
        cmocka_unit_test(what_cannot_be_scanned_is_said),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
