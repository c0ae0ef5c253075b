/* batchlab report: pages of results folders. */
#include "base/error.h"
#include "base/file.h"
#include "build_info.h"
#include "cli/command.h"
#include "pages/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_OUTPUT = 256 };

struct arguments {
    char **folders;
    size_t count;
    const char *output;
};

static const struct argp_option options[] = {
    {"output", KEY_OUTPUT, "FOLDER", 0, "Where the pages are written to, in place of report", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_OUTPUT:
        arguments->output = text;
        break;
    default:
        return command_several(key, state, &arguments->folders, &arguments->count,
                               "a results folder");
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS...",
    "Makes a page of each results folder: the question, the answer with its verdict and interval, "
    "the charts with the numbers behind them, the verdicts, the machine, how to repeat it. "
    "FOLDER/EXPERIMENT.html needs nothing but itself and opens from the disk, EXPERIMENT.md is the "
    "same in Markdown; index.html and index.md lead to all of them. A folder of results folders "
    "stands for those in it.\v"
    "Nothing is measured, judged or drawn: what `batchlab verdict` and `batchlab plot` have not "
    "made "
    "is missing, and the page says so. Links to CSV files are relative: they hold as long as "
    "FOLDER and the results lie as they do.",
    0,
    0,
    0};

/* ---- The folders ------------------------------------------------------------------------------
 */

struct pages {
    struct pages_folder *list; /* [count], owned */
    size_t count;
    char output[PATH_MAX];
    char made_by[128];
};

static int is_taken(const struct pages *pages, const char *page)
{
    if (strcmp(page, "index") == 0)
        return 1;
    for (size_t p = 0; p < pages->count; p++)
        if (strcmp(pages->list[p].page, page) == 0)
            return 1;
    return 0;
}

/* Two folders of one experiment are two pages. */
static void rename_page(const struct pages *pages, struct pages_folder *folder)
{
    char name[sizeof folder->page];

    snprintf(name, sizeof name, "%s", folder->page);
    for (int number = 2; is_taken(pages, folder->page); number++)
        snprintf(folder->page, sizeof folder->page, "%.80s-%d", name, number);
}

static int open_folder(const char *path, void *context)
{
    struct pages *pages = context;
    struct pages_folder *list = realloc(pages->list, (pages->count + 1) * sizeof *list);
    int status;

    if (!list)
        return error_set("out of memory for the pages");
    pages->list = list;
    status = pages_folder_open(&list[pages->count], path);
    if (status != 0) {
        pages_folder_close(&list[pages->count]);
        return -1;
    }
    rename_page(pages, &list[pages->count]);
    pages->count++;
    return 0;
}

static void close_all(struct pages *pages)
{
    for (size_t p = 0; p < pages->count; p++)
        pages_folder_close(&pages->list[p]);
    free(pages->list);
}

/* ---- The index --------------------------------------------------------------------------------
 */

static int add_pledges(const struct experiment *experiment, void *pledges)
{
    return pledges_add(pledges, experiment);
}

/* Claims that are not those of the catalogue, or of two folders of one experiment, make no
 * overview: the index then has each folder's own. */
static int write_index(const struct pages *pages, const struct verdicts *verdicts)
{
    struct pledges pledges = {.list = NULL};
    struct catalogue catalogue = {.list = NULL};
    struct overview overview = {.rows = NULL};
    char path[PATH_MAX];
    int has_overview, status = 0;

    command_share("experiments/claims/catalogue.yaml", path, sizeof path);
    has_overview = catalogue_open(&catalogue, path) == 0 &&
                   command_each_experiment(add_pledges, &pledges) == 0 &&
                   overview_make(&overview, &catalogue, &pledges, verdicts, pages->count) == 0;
    error_clear();
    for (enum page_format f = PAGE_HTML; f <= PAGE_MARKDOWN && status == 0; f++)
        status = pages_write_index(pages->list, pages->count, has_overview ? &overview : NULL, f,
                                   pages->output, pages->made_by);
    overview_free(&overview);
    pledges_free(&pledges);
    catalogue_close(&catalogue);
    return status;
}

static int write_pages(const struct pages *pages)
{
    struct verdicts *verdicts = calloc(pages->count + 1, sizeof *verdicts); /* borrowed copies */
    int status = 0;

    if (!verdicts)
        return error_set("out of memory for the pages");
    for (size_t p = 0; p < pages->count && status == 0; p++) {
        verdicts[p] = pages->list[p].verdicts;
        for (enum page_format f = PAGE_HTML; f <= PAGE_MARKDOWN && status == 0; f++)
            status = pages_write_experiment(&pages->list[p], f, pages->output, pages->made_by);
    }
    if (status == 0)
        status = write_index(pages, verdicts);
    free(verdicts);
    return status;
}

/* -----------------------------------------------------------------------------------------------
 */

static int report(struct pages *pages, const struct arguments *arguments)
{
    const char *output = arguments->output ? arguments->output : "report";

    if (command_each_results(arguments->folders, arguments->count, open_folder, pages) != 0 ||
        folder_make(output) != 0)
        return -1;
    if (!realpath(output, pages->output))
        return error_set("%s: %s", output, strerror(errno));
    if (write_pages(pages) != 0)
        return -1;
    printf("%zu page%s and an index: %s/index.html (and .md)\n", pages->count,
           pages->count == 1 ? "" : "s", output);
    return 0;
}

int command_report(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct pages pages = {.list = NULL};
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    snprintf(pages.made_by, sizeof pages.made_by, "batchlab %s (%s)", BATCHLAB_VERSION,
             BATCHLAB_COMMIT);
    status = report(&pages, &arguments);
    close_all(&pages);
    return status == 0 ? STATUS_OK : command_failed();
}
