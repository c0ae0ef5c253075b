/* The gallery, plots/README.md: every chart with its figure and the command that makes it. */
#include "report/chart.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

static char *gallery;

static int read_gallery(void **state)
{
    FILE *file = fopen(SOURCE "/plots/README.md", "r");
    size_t size = 0;

    (void)state;
    if (!file || getdelim(&gallery, &size, '\0', file) < 0)
        return -1;
    return fclose(file);
}

static int free_gallery(void **state)
{
    (void)state;
    free(gallery);
    return 0;
}

/* The row of a chart, "| [loss](...) | ... |" or "| gate | ... |"; NULL: it has none. */
static const char *row_of(const char *chart, char *row, size_t size)
{
    char begin[2][96];

    snprintf(begin[0], sizeof begin[0], "\n| [%s](", chart);
    snprintf(begin[1], sizeof begin[1], "\n| %s |", chart);
    for (size_t b = 0; b < 2; b++) {
        const char *found = strstr(gallery, begin[b]);

        if (found) {
            snprintf(row, size, "%.*s", (int)strcspn(found + 1, "\n"), found + 1);
            return row;
        }
    }
    return NULL;
}

static void is_there(const char *path)
{
    struct stat file;

    if (stat(path, &file) != 0)
        fail_msg("the gallery names %s, which is not there", path);
}

/* Where a link of the row leads to. */
static void link_leads_somewhere(const char *row)
{
    const char *open = strstr(row, "](");
    char path[600];

    if (!open)
        return;
    snprintf(path, sizeof path, SOURCE "/plots/%.*s", (int)strcspn(open + 2, ")"), open + 2);
    is_there(path);
}

static void every_chart_has_a_figure_and_its_command(void **state)
{
    (void)state;
    for (size_t c = 0; c < chart_count; c++) {
        const char *name = charts[c].name, *command;
        char row[2000], path[600], experiment[100];

        if (!row_of(name, row, sizeof row))
            fail_msg("plots/README.md has no row for chart %s", name);
        if (strncmp(row, "| [", 3) != 0)
            fail_msg("plots/README.md: chart %s has no figure", name);
        link_leads_somewhere(row);
        command = strstr(row, "`batchlab plot results/");
        if (!command || sscanf(command, "`batchlab plot results/%99[a-z0-9-] ", experiment) != 1)
            fail_msg("plots/README.md: chart %s has no command", name);
        snprintf(path, sizeof path, " %s` |", name);
        if (!strstr(command, path))
            fail_msg("plots/README.md: the command of chart %s draws another one", name);
        snprintf(path, sizeof path, SOURCE "/experiments/%s.yaml", experiment);
        is_there(path);
    }
}

static void every_script_has_a_row_and_every_row_a_script(void **state)
{
    DIR *listing = opendir(SOURCE "/plots");
    size_t scripts = 0, rows = 0;
    const struct dirent *entry;

    (void)state;
    assert_non_null(listing);
    while ((entry = readdir(listing))) {
        char name[300], row[2000];
        size_t length = strlen(entry->d_name);

        if (length < 4 || strcmp(entry->d_name + length - 3, ".gp") != 0 ||
            strcmp(entry->d_name, "style.gp") == 0 || strcmp(entry->d_name, "ratios.gp") == 0)
            continue; /* what scripts have in common */
        snprintf(name, sizeof name, "%.*s", (int)length - 3, entry->d_name);
        if (!row_of(name, row, sizeof row))
            fail_msg("plots/README.md has no row for %s", entry->d_name);
        link_leads_somewhere(row);
        scripts++;
    }
    closedir(listing);
    for (const char *at = gallery; (at = strstr(at, "\n| ")); at++)
        rows += at[3] == '[' || islower((unsigned char)at[3]);
    assert_int_equal(rows, scripts + 1); /* and the table's head */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chart_has_a_figure_and_its_command),
        cmocka_unit_test(every_script_has_a_row_and_every_row_a_script),
    };

    return cmocka_run_group_tests(tests, read_gallery, free_gallery);
}
