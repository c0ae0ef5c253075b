/* What columns mean: read from the tables of results/README.md, and there for every column of the
 * reference runs. */
#include "report/dictionary.h"

#include "base/error.h"
#include "base/table.h"

#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct dictionary dictionary;

static int open_ours(void **state)
{
    (void)state;
    if (dictionary_open(&dictionary, dictionary_text) != 0)
        fail_msg("%s", error_text());
    return 0;
}

static int close_ours(void **state)
{
    (void)state;
    dictionary_close(&dictionary);
    return 0;
}

static void a_row_of_several_columns_is_an_entry_each(void **state)
{
    struct dictionary small;

    (void)state;
    assert_int_equal(
        dictionary_open(&small, "# Title\n"
                                "| column | unit | meaning |\n| ignored | | |\n\n"
                                "## cells.csv\n\n"
                                "| column | unit | meaning |\n|---|---|---|\n"
                                "| a | s | one |\n| b, c_T | | \\|x\\| of it |\n| d | m | two |\n\n"
                                "| outcome | what happened |\n|---|---|\n| no | column |\n"
                                "## more.csv\n"
                                "| column | meaning |\n|---|---|\n| b, ..., d | again |\n"),
        0);
    assert_int_equal(small.count, 7);
    assert_string_equal(small.entries[0].unit, "s");
    assert_string_equal(small.entries[1].name, "b");
    assert_string_equal(small.entries[2].name, "c_T");
    assert_string_equal(small.entries[2].meaning, "|x| of it");
    assert_string_equal(small.entries[2].unit, "");
    assert_string_equal(small.entries[5].name, "c_T");
    assert_string_equal(small.entries[6].name, "d");
    assert_string_equal(small.entries[6].file, "more.csv");
    assert_string_equal(small.entries[6].meaning, "again");
    assert_ptr_equal(dictionary_find(&small, "cells.csv", "c_validation_loss_0.3"),
                     &small.entries[2]);
    assert_null(dictionary_find(&small, "cells.csv", "c_"));
    assert_null(dictionary_find(&small, "cells.csv", "b_more"));
    assert_null(dictionary_find(&small, "other.csv", "a"));
    assert_non_null(dictionary_find(&small, "tuning_cells.csv", "a"));
    dictionary_close(&small);
}

static void assert_refused(const char *markdown, const char *words)
{
    struct dictionary none;

    assert_int_equal(dictionary_open(&none, markdown), -1);
    dictionary_close(&none);
    if (!strstr(error_text(), words))
        fail_msg("`%s` does not say `%s`", error_text(), words);
}

static void a_table_that_says_nothing_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no table");
    assert_refused("## a.csv\n| column | meaning |\n|---|---|\n| alone |\n",
                   "expected name, unit and");
    assert_refused("## a.csv\n| column | meaning |\n|---|---|\n|  | no name |\n", "expected name");
    assert_refused("## a.csv\n| column | meaning |\n|---|---|\n| b, ..., c | x |\n",
                   "no columns of");
}

/* Every column has a meaning, and none stands twice in its file. */
static void ours_say_something_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < dictionary.count; i++) {
        const struct dictionary_entry *entry = &dictionary.entries[i];

        if (!entry->meaning[0] && !entry->unit[0] && strlen(entry->name) < 12)
            fail_msg("%s: %s has neither unit nor meaning", entry->file, entry->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(dictionary.entries[j].file, entry->file) == 0 &&
                strcmp(dictionary.entries[j].name, entry->name) == 0)
                fail_msg("%s: %s stands twice", entry->file, entry->name);
    }
}

/* Files that `batchlab` did not write, or whose columns are those of the user's cells. */
static int is_ours(const char *name)
{
    static const char *const others[] = {"peers.csv", "rates.csv"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0)
            return 0;
    return dot && strcmp(dot, ".csv") == 0;
}

static size_t check_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct table *table;
    size_t columns;

    snprintf(path, sizeof path, "%.3000s/%.255s", folder, name);
    if (table_open(&table, path) != 0)
        fail_msg("%s", error_text());
    columns = table_columns(table);
    for (size_t c = 0; c < columns; c++)
        if (!dictionary_find(&dictionary, name, table_column_name(table, c)))
            fail_msg("%s: results/README.md says nothing of column %s", path,
                     table_column_name(table, c));
    table_close(table);
    return columns;
}

static size_t check_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    size_t columns = 0;

    while (folder && (entry = readdir(folder)) != NULL)
        if (is_ours(entry->d_name))
            columns += check_file(path, entry->d_name);
    if (folder)
        closedir(folder);
    return columns;
}

static void every_column_of_the_reference_runs_has_a_meaning(void **state)
{
    DIR *reference = opendir(REFERENCE);
    struct dirent *entry;
    size_t columns = 0;

    (void)state;
    assert_non_null(reference);
    while ((entry = readdir(reference)) != NULL) {
        char path[PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%.3000s/%.255s", REFERENCE, entry->d_name);
        columns += check_folder(path);
    }
    closedir(reference);
    assert_true(columns > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_several_columns_is_an_entry_each),
        cmocka_unit_test(a_table_that_says_nothing_is_refused),
        cmocka_unit_test(ours_say_something_once),
        cmocka_unit_test(every_column_of_the_reference_runs_has_a_meaning),
    };

    return cmocka_run_group_tests(tests, open_ours, close_ours);
}
