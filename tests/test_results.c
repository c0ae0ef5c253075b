/* Reading CSV files and results folders, and choosing the best rates of their cells. */
#include "report/groups.h"

#include "base/error.h"
#include "plan/grid.h"
#include "plan/schema.h"
#include "results_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(items) (sizeof(items) / sizeof(items)[0])

static struct table *open_text(const char *text)
{
    struct table *table;

    fixture_text("cells.csv", text);
    return table_open(&table, scratch_path("cells.csv")) == 0 ? table : NULL;
}

static void assert_refused(const char *text, const char *reason)
{
    struct table *table = open_text(text);

    assert_null(table);
    if (!strstr(error_text(), reason))
        fail_msg("`%s` does not say `%s`", error_text(), reason);
}

static void columns_are_found_by_name(void **state)
{
    struct table *table = open_text("id,rate,note\na,0.1,\"one, \"\"two\"\"\"\nb,3,\n");

    (void)state;
    assert_non_null(table);
    assert_int_equal(table_rows(table), 2);
    assert_string_equal(table_texts(table, "note")[0], "one, \"two\"");
    assert_string_equal(table_texts(table, "note")[1], "");
    assert_true(table_numbers(table, "rate")[0] == 0.1);
    assert_true(table_numbers(table, "rate")[1] == 3);
    assert_true(table_has(table, "rate"));
    assert_false(table_has(table, "rat"));
    table_close(table);
}

static void an_empty_number_is_nan_and_nan_and_inf_are_themselves(void **state)
{
    struct table *table = open_text("x\n\"\"\nnan\ninf\n-inf\n0\n1e-400\n");
    const double *x = table_numbers(table, "x");

    (void)state;
    assert_true(isnan(x[0]) && isnan(x[1]));
    assert_true(x[2] == HUGE_VAL && x[3] == -HUGE_VAL && x[4] == 0 && x[5] == 0);
    assert_ptr_equal(table_numbers(table, "x"), x); /* parsed once */
    table_close(table);
}

static void a_missing_column_is_named_with_its_file(void **state)
{
    struct table *table = open_text("a\n1\n");

    (void)state;
    assert_null(table_numbers(table, "rate"));
    assert_non_null(strstr(error_text(), "cells.csv: no column `rate`"));
    assert_null(table_texts(table, "rate"));
    table_close(table);
}

static void a_bad_number_is_named_with_its_line(void **state)
{
    struct table *table = open_text("note,x\n\"two\nlines\",1\nb,fast\n");

    (void)state;
    assert_int_equal(table_line(table, 0), 2);
    assert_int_equal(table_line(table, 1), 4);
    assert_null(table_numbers(table, "x"));
    assert_non_null(strstr(error_text(), "cells.csv:4: x: `fast` is not a number"));
    table_close(table);
    table = open_text("x\n1e999\n");
    assert_null(table_numbers(table, "x"));
    table_close(table);
    table = open_text("x\n1,5\n");
    assert_null(table);
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    assert_refused("a,b\n1,2\n3\n", "cells.csv:3: 1 fields, the header has 2");
    assert_refused("a,b\n1,2,3\n", "cells.csv:2: 3 fields, the header has 2");
    assert_refused("a,a\n", "cells.csv:1: column `a` occurs twice");
    assert_refused("", "empty");
    assert_refused("a\n\"never ends\n", "cells.csv:2: a quoted field does not end");
    assert_refused("a\n\"x\"y\n", "cells.csv:2:");
    assert_refused("a\nx\"y\n", "cells.csv:2:");
}

static void a_missing_file_is_an_error(void **state)
{
    struct table *table;

    (void)state;
    assert_int_equal(table_open(&table, "/nowhere/cells.csv"), -1);
    assert_null(table);
    assert_string_equal(error_text(), "/nowhere/cells.csv: No such file or directory");
    table_close(NULL);
}

static void a_header_alone_carriage_returns_and_a_missing_last_newline_are_fine(void **state)
{
    struct table *table = open_text("a,b\n");

    (void)state;
    assert_int_equal(table_rows(table), 0);
    assert_non_null(table_numbers(table, "b"));
    table_close(table);
    table = open_text("a,b\r\n1,2\r\n3,4");
    assert_int_equal(table_rows(table), 2);
    assert_true(table_numbers(table, "b")[1] == 4);
    table_close(table);
}

static void a_join_finds_each_row_of_many(void **state)
{
    enum { CELLS = 1000, ROWS = 100000 };
    FILE *file = fopen(scratch_path("cells.csv"), "w");
    struct table *cells, *curves;
    size_t *row_of;

    (void)state;
    fputs("id\n", file);
    for (int i = 0; i < CELLS; i++)
        fprintf(file, "c%d\n", (i * 617) % CELLS); /* out of order */
    fclose(file);
    file = fopen(scratch_path("curves.csv"), "w");
    fputs("id,x\n", file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "c%d,%d\n", (i * 37) % CELLS, i);
    fclose(file);
    assert_int_equal(table_open(&cells, scratch_path("cells.csv")), 0);
    assert_int_equal(table_open(&curves, scratch_path("curves.csv")), 0);
    assert_int_equal(table_join(curves, cells, &row_of), 0);
    for (size_t r = 0; r < ROWS; r++)
        assert_string_equal(table_texts(curves, "id")[r], table_texts(cells, "id")[row_of[r]]);
    free(row_of);
    table_close(curves);
    table_close(cells);
}

static void a_join_refuses_unknown_and_double_ids(void **state)
{
    struct table *cells = open_text("id\na\nb\n"), *twice = NULL;
    struct table *curves;
    size_t *row_of;

    (void)state;
    fixture_text("curves.csv", "id\nb\nc\n");
    assert_int_equal(table_open(&curves, scratch_path("curves.csv")), 0);
    assert_int_equal(table_join(curves, cells, &row_of), -1);
    assert_null(row_of);
    assert_non_null(strstr(error_text(), "curves.csv:3: id `c` is not in"));
    twice = open_text("id\nb\nc\nb\n");
    assert_int_equal(table_join(curves, twice, &row_of), -1);
    assert_non_null(strstr(error_text(), "cells.csv:4: id `b` occurs twice"));
    table_close(twice);
    table_close(curves);
    table_close(cells);
}

static void targets_are_listed_from_easy_to_hard(void **state)
{
    static const char *const expected[] = {"validation_error_0.2", "validation_error_0.16",
                                           "validation_error_0.14", "train_loss_0.5",
                                           "train_loss_0.25"};
    struct results results;

    (void)state;
    fixture_text("cells.csv", "updates_to_validation_error_0.14,updates_to_train_loss_0.5,"
                              "updates_to_validation_error_0.2,updates_to_train_loss_0.25,"
                              "updates_to_validation_error_0.16\n");
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_int_equal(results.target_count, 5);
    for (size_t t = 0; t < 5; t++)
        assert_string_equal(results.targets[t].name, expected[t]);
    assert_int_equal(results.leading_count, 3); /* of validation error, the first column's */
    results_close(&results);
}

static void a_target_is_a_number_and_there_are_not_thousands(void **state)
{
    struct results results;
    char text[4000] = "id";

    (void)state;
    fixture_text("cells.csv", "id,updates_to_validation_error_nan\n");
    assert_int_equal(results_open(&results, scratch_folder), -1);
    assert_non_null(strstr(error_text(), "expected a target such as"));
    results_close(&results);
    for (int t = 0; t < 65; t++)
        sprintf(text + strlen(text), ",updates_to_train_loss_%d", t);
    strcat(text, "\n");
    fixture_text("cells.csv", text);
    assert_int_equal(results_open(&results, scratch_folder), -1);
    assert_non_null(strstr(error_text(), "cells.csv:1: more than 64 targets"));
    results_close(&results);
}

static void targets_are_described_for_people(void **state)
{
    const struct target error = {.metric = "validation_error", .value = 0.15};
    const struct target loss = {.metric = "train_loss", .value = 0.4};
    char text[64];

    (void)state;
    target_describe(&error, text, sizeof text);
    assert_string_equal(text, "15 % validation error");
    target_describe(&loss, text, sizeof text);
    assert_string_equal(text, "train loss 0.4");
}

static void a_column_that_is_no_target_is_refused(void **state)
{
    struct results results;

    (void)state;
    fixture_text("cells.csv", "id,updates_to_nowhere\n");
    assert_int_equal(results_open(&results, scratch_folder), -1);
    assert_non_null(strstr(error_text(), "cells.csv:1: column `updates_to_nowhere`"));
    results_close(&results);
}

static void the_manifest_names_machine_data_and_peak(void **state)
{
    struct results results;

    (void)state;
    fixture_text("cells.csv", "id\n");
    fixture_text("manifest.json",
                 "{\"machine\": {\"cpu\": \"abacus\", \"fma_peak_gflops\": {\"2\": 64.5, "
                 "\"4\": null}}, \"dataset\": {\"name\": \"d\", \"description\": "
                 "\"ten pebbles\"}}");
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_string_equal(results.cpu, "abacus");
    assert_string_equal(results.dataset, "ten pebbles");
    assert_true(results_fma_peak_gflops(&results, 2) == 64.5);
    assert_true(isnan(results_fma_peak_gflops(&results, 1)));
    assert_true(isnan(results_fma_peak_gflops(&results, 4)));
    results_close(&results);
}

static void a_manifest_may_be_absent_but_not_broken(void **state)
{
    struct results results;

    (void)state;
    fixture_text("cells.csv", "id\n");
    assert_int_equal(results_open(&results, scratch_folder), 0);
    assert_string_equal(results.cpu, "");
    assert_true(isnan(results_fma_peak_gflops(&results, 1)));
    assert_false(results_has_curves(&results));
    results_close(&results);
    fixture_text("manifest.json", "{\n\"machine\": }\n");
    assert_int_equal(results_open(&results, scratch_folder), -1);
    assert_non_null(strstr(error_text(), "manifest.json:2:"));
    results_close(&results);
    fixture_text("manifest.json", "{\"schema_version\": 99}\n");
    assert_int_equal(results_open(&results, scratch_folder), -1);
    assert_non_null(strstr(error_text(), "manifest.json: results of schema version 99, expected"));
    results_close(&results);
}

/* ---- The best rate ----------------------------------------------------------------------------
 */

static struct results grouped;
static struct groups groups;

static void open_groups(const struct fixture_cell *cells, size_t count)
{
    fixture_cells(cells, count);
    assert_int_equal(results_open(&grouped, scratch_folder), 0);
    assert_int_equal(groups_open(&groups, &grouped, "convergence"), 0);
}

static void close_groups(void)
{
    groups_close(&groups);
    results_close(&grouped);
}

static double best_rate(size_t group)
{
    return groups.arms[groups.groups[group].best].learning_rate;
}

static void the_best_rate_is_soonest_at_the_hardest_target(void **state)
{
    /* Rate 0.1 is first at the easy target, 0.3 at the hard one; 1 has the lowest loss. */
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.3, 1, 1, "reached", 0.30, 0.10, 2, 3},
        {"blas", 8, 1.0, 1, 1, "budget", 0.20, 0.11, 4, NAN},
        {"blas", 8, 0.1, 1, 1, "reached", 0.31, 0.10, 1, 5},
    };

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups.group_count, 1);
    assert_int_equal(groups.arm_count, 3);
    assert_int_equal(groups.groups[0].hardest, 1);
    assert_true(best_rate(0) == 0.3);
    assert_false(groups.groups[0].edge);
    assert_true(group_cost(&groups, &groups.groups[0], "updates", 1) == 300);
    close_groups();
}

static void a_seed_that_does_not_reach_is_infinite_not_absent(void **state)
{
    /* 0.1 is faster where it arrives, but two of three seeds do not. */
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 1},
        {"blas", 8, 0.1, 1, 2, "budget", 0.3, 0.2, 1, NAN},
        {"blas", 8, 0.1, 1, 3, "crashed", NAN, NAN, NAN, NAN},
        {"blas", 8, 0.3, 1, 1, "reached", 0.3, 0.1, 5, 9},
        {"blas", 8, 0.3, 1, 2, "reached", 0.3, 0.1, 5, 7},
        {"blas", 8, 0.3, 1, 3, "budget", 0.3, 0.2, 5, NAN},
    };

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_true(best_rate(0) == 0.3);
    assert_true(group_cost(&groups, &groups.groups[0], "seconds", 1) == 9);
    assert_true(isinf(arm_median(&groups, &groups.arms[0], results_cost(&grouped, "seconds", 1))));
    close_groups();
}

static void a_target_reached_by_half_of_the_seeds_has_no_finite_median(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 2, "budget", 0.3, 0.2, 3, NAN},
    };

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups.groups[0].hardest, 0);
    assert_true(group_cost(&groups, &groups.groups[0], "seconds", 0) == 2);
    close_groups();
}

static void without_a_target_the_lowest_loss_wins_and_divergence_loses(void **state)
{
    /* The diverged cell stopped at a small number: it is infinite all the same. */
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.01, 1, 1, "budget", 2.0, 0.8, NAN, NAN},
        {"blas", 8, 0.10, 1, 1, "budget", 1.5, 0.5, NAN, NAN},
        {"blas", 8, 1.00, 1, 1, "diverged", 0.1, 0.9, NAN, NAN},
        {"blas", 8, 3.00, 1, 1, "failed", NAN, NAN, NAN, NAN},
    };

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups.groups[0].hardest, -1);
    assert_true(best_rate(0) == 0.1);
    close_groups();
}

static void ties_go_to_the_lower_loss_then_to_the_smaller_rate(void **state)
{
    const struct fixture_cell by_loss[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.4, 0.1, 1, 2},
        {"blas", 8, 0.3, 1, 1, "reached", 0.3, 0.1, 1, 2},
    };
    const struct fixture_cell by_rate[] = {
        {"blas", 8, 0.3, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    };

    (void)state;
    open_groups(by_loss, COUNT(by_loss));
    assert_true(best_rate(0) == 0.3);
    close_groups();
    open_groups(by_rate, COUNT(by_rate));
    assert_true(best_rate(0) == 0.1);
    close_groups();
}

static void a_best_rate_on_the_edge_is_flagged(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 1, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2}, /* smallest of two */
        {"blas", 1, 0.3, 1, 1, "reached", 0.3, 0.1, 1, 3},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2}, /* the middle of three */
        {"blas", 8, 0.01, 1, 1, "reached", 0.3, 0.1, 1, 9},
        {"blas", 8, 0.3, 1, 1, "diverged", NAN, NAN, NAN, NAN},
        {"blas", 0, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2}, /* the only one */
    };

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups.group_count, 3);
    assert_true(groups.groups[0].edge);
    assert_false(groups.groups[1].edge);
    assert_true(groups.groups[2].edge);
    assert_int_equal(groups.groups[2].count, 1);
    close_groups();
}

static void the_full_batch_is_last_and_one_column_whatever_its_size(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 0, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 2000, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 1000, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 0, 0.1, 2, 1, "reached", 0.3, 0.1, 1, 2},
    };

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups.group_count, 4);
    assert_true(groups.groups[0].batch_size == 1000 && !groups.groups[0].full_batch);
    assert_true(groups.groups[2].full_batch && groups.groups[3].full_batch);
    assert_false(groups_same_batch(&groups, 0, 2)); /* 1000 of 1000, but not called full */
    assert_true(groups_same_batch(&groups, 2, 3));
    assert_false(groups_same(&groups, 2, 3, AXES_ALL));
    assert_true(groups_same(&groups, 2, 3, AXES_ALL & ~AXIS_BIT(AXIS_REDUNDANCY)));
    close_groups();
}

static void the_common_target_is_the_hardest_that_half_of_the_groups_reach(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 1, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 1, "budget", 0.3, 0.2, 1, NAN},
        {"blas", 32, 0.1, 1, 1, "budget", 0.3, 0.2, 1, NAN},
    };
    const size_t all[] = {0, 1, 2}, last[] = {2};

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups_common_target(&groups, all, 3), 0);
    assert_int_equal(groups_common_target(&groups, all, 2), 1);
    assert_int_equal(groups_common_target(&groups, last, 1), 0);
    assert_int_equal(groups_common_target(&groups, last, 0), -1);
    assert_int_equal(groups_fastest(&groups), 0);
    close_groups();
}

/* Cells that differ in nothing but the seed, and in this column. Later settings have the columns
 * that the fixture lacks. */
static void a_setting_tells_groups_apart(const char *cells, const char *column)
{
    char text[8192], header[4096], name[64];
    const char *first = strchr(cells, '\n'), *second = strchr(first + 1, '\n');

    snprintf(header, sizeof header, ",%.*s,", (int)(first - cells), cells);
    snprintf(name, sizeof name, ",%s,", column);
    if (strstr(header, name))
        return;
    snprintf(text, sizeof text, "%.*s,%s%.*s,1%.*s,2\n", (int)(first - cells), cells, column,
             (int)(second - first), first, (int)strcspn(second + 1, "\n") + 1, second);
    fixture_text("cells.csv", text);
    if (results_open(&grouped, scratch_folder) != 0 ||
        groups_open(&groups, &grouped, "convergence") != 0)
        fail_msg("%s", error_text());
    if (groups.group_count != 2)
        fail_msg("cells that differ in `%s` are taken for the same", column);
    close_groups();
}

static void every_setting_tells_groups_apart(void **state)
{
    const struct fixture_cell cells[] = {
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 2, "reached", 0.3, 0.1, 1, 2},
    };
    char *text = NULL;
    size_t size = 0;
    FILE *file;

    (void)state;
    open_groups(cells, COUNT(cells));
    assert_int_equal(groups.group_count, 1);
    close_groups();
    assert_non_null(file = fopen(scratch_path("cells.csv"), "r"));
    assert_true(getdelim(&text, &size, '\0', file) > 0);
    fclose(file);
    for (const struct field *field = settings_fields; field->key; field++)
        a_setting_tells_groups_apart(text, field->key);
    free(text);
}

static void the_folder_that_all_engines_share_is_left_out(void **state)
{
    const struct fixture_cell cells[] = {
        {"./build/a/mine.so", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"./build/b/mine.so", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
        {"blas", 8, 0.1, 1, 1, "reached", 0.3, 0.1, 1, 2},
    };
    char text[64];

    (void)state;
    open_groups(cells, COUNT(cells));
    groups_describe(&groups, 0, AXES_ALL, text, sizeof text);
    assert_string_equal(text, "engine a/mine.so");
    groups_describe(&groups, 1, AXES_ALL, text, sizeof text);
    assert_string_equal(text, "engine b/mine.so");
    groups_describe(&groups, 2, AXES_ALL, text, sizeof text);
    assert_string_equal(text, "engine blas");
    close_groups();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(columns_are_found_by_name, fixture_clear),
        cmocka_unit_test_setup(an_empty_number_is_nan_and_nan_and_inf_are_themselves,
                               fixture_clear),
        cmocka_unit_test_setup(a_missing_column_is_named_with_its_file, fixture_clear),
        cmocka_unit_test_setup(a_bad_number_is_named_with_its_line, fixture_clear),
        cmocka_unit_test_setup(broken_files_are_refused, fixture_clear),
        cmocka_unit_test_setup(a_missing_file_is_an_error, fixture_clear),
        cmocka_unit_test_setup(a_header_alone_carriage_returns_and_a_missing_last_newline_are_fine,
                               fixture_clear),
        cmocka_unit_test_setup(a_join_finds_each_row_of_many, fixture_clear),
        cmocka_unit_test_setup(a_join_refuses_unknown_and_double_ids, fixture_clear),
        cmocka_unit_test_setup(targets_are_listed_from_easy_to_hard, fixture_clear),
        cmocka_unit_test_setup(a_target_is_a_number_and_there_are_not_thousands, fixture_clear),
        cmocka_unit_test_setup(targets_are_described_for_people, fixture_clear),
        cmocka_unit_test_setup(a_column_that_is_no_target_is_refused, fixture_clear),
        cmocka_unit_test_setup(the_manifest_names_machine_data_and_peak, fixture_clear),
        cmocka_unit_test_setup(a_manifest_may_be_absent_but_not_broken, fixture_clear),
        cmocka_unit_test_setup(the_best_rate_is_soonest_at_the_hardest_target, fixture_clear),
        cmocka_unit_test_setup(a_seed_that_does_not_reach_is_infinite_not_absent, fixture_clear),
        cmocka_unit_test_setup(a_target_reached_by_half_of_the_seeds_has_no_finite_median,
                               fixture_clear),
        cmocka_unit_test_setup(without_a_target_the_lowest_loss_wins_and_divergence_loses,
                               fixture_clear),
        cmocka_unit_test_setup(ties_go_to_the_lower_loss_then_to_the_smaller_rate, fixture_clear),
        cmocka_unit_test_setup(a_best_rate_on_the_edge_is_flagged, fixture_clear),
        cmocka_unit_test_setup(the_full_batch_is_last_and_one_column_whatever_its_size,
                               fixture_clear),
        cmocka_unit_test_setup(the_common_target_is_the_hardest_that_half_of_the_groups_reach,
                               fixture_clear),
        cmocka_unit_test_setup(every_setting_tells_groups_apart, fixture_clear),
        cmocka_unit_test_setup(the_folder_that_all_engines_share_is_left_out, fixture_clear),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
