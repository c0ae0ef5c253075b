/* batchlab verdict --all: every claim of the catalogue, run or not. */
#include "verdict/overview.h"

#include "base/error.h"
#include "cli/command.h"
#include "verdict/origin.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Results folders -------------------------------------------------------------------------
 */

static int has_file(const char *folder, const char *name)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Each folder in it that holds results. */
static int visit_folders_of(const char *parent, int (*visit)(const char *folder, void *context),
                            void *context)
{
    struct dirent **entries;
    int count = scandir(parent, &entries, is_visible, alphasort), status = 0, found = 0;

    if (count < 0)
        return error_set("%s: cannot be read, expected a results folder", parent);
    for (int i = 0; i < count; i++) {
        char folder[PATH_MAX];

        snprintf(folder, sizeof folder, "%s/%s", parent, entries[i]->d_name);
        if (has_file(folder, "manifest.json") && has_file(folder, "cells.csv")) {
            found++;
            if (status == 0)
                status = visit(folder, context);
        }
        free(entries[i]);
    }
    free(entries);
    if (found == 0)
        return error_set("%s: neither results nor a folder of results folders", parent);
    return status;
}

int command_each_results(char **folders, size_t count,
                         int (*visit)(const char *folder, void *context), void *context)
{
    for (size_t i = 0; i < count; i++) {
        int is_results = has_file(folders[i], "manifest.json") || has_file(folders[i], "cells.csv");

        if ((is_results ? visit(folders[i], context)
                        : visit_folders_of(folders[i], visit, context)) != 0)
            return -1;
    }
    return 0;
}

struct judged {
    const struct overview_request *request;
    struct verdicts *list; /* [count], owned */
    size_t count;
};

static void close_all(struct judged *judged)
{
    for (size_t v = 0; v < judged->count; v++)
        verdicts_close(&judged->list[v]);
    free(judged->list);
}

/* What makes no claims is left out. */
static int judge(const char *folder, void *context)
{
    struct judged *judged = context;
    struct verdicts *list = realloc(judged->list, (judged->count + 1) * sizeof *list), *last;
    int status;

    if (!list)
        return error_set("out of memory for the verdicts");
    judged->list = list;
    last = &list[judged->count];
    status = verdicts_open(last, folder, judged->request->claims);
    if (status != 0) {
        verdicts_close(last);
        return status > 0 ? 0 : -1;
    }
    judged->count++;
    return judged->request->anyway ? 0 : origin_check_alike(&list[0], last);
}

/* ---- The table --------------------------------------------------------------------------------
 */

static int add_pledges(const struct experiment *experiment, void *pledges)
{
    return pledges_add(pledges, experiment);
}

/* Of the folder that the claims are taken from, else of those that the program brings along. */
static int find_pledges(const struct overview_request *request, struct pledges *pledges)
{
    struct stat status;

    if (request->claims && stat(request->claims, &status) == 0 && S_ISDIR(status.st_mode))
        return command_each_of(request->claims, add_pledges, pledges);
    return command_each_experiment(add_pledges, pledges);
}

/* verdict_table.csv beside the first results folder, or in the first folder of results folders. */
static void find_table(const struct overview_request *request, char *path, size_t size)
{
    const char *folder = request->folders[0];

    if (request->table)
        snprintf(path, size, "%s", request->table);
    else
        snprintf(path, size, "%s/%sverdict_table.csv", folder,
                 has_file(folder, "manifest.json") ? "../" : "");
}

static int write_all(const struct overview_request *request, const struct overview *overview)
{
    char path[PATH_MAX];

    if (request->markdown && overview_write_markdown(overview, request->markdown) != 0)
        return -1;
    for (size_t v = 0; v < overview->verdicts_count; v++)
        if (verdicts_write(&overview->all[v]) != 0)
            return -1;
    find_table(request, path, sizeof path);
    if (overview_write(overview, path) != 0)
        return -1;
    overview_print(stdout, overview);
    return 0;
}

int command_overview(const struct overview_request *request)
{
    struct pledges pledges = {.list = NULL};
    struct catalogue catalogue = {.list = NULL};
    struct overview overview = {.rows = NULL};
    struct judged judged = {.request = request};
    char path[PATH_MAX];
    int status = -1;

    command_share("experiments/claims/catalogue.yaml", path, sizeof path);
    if (catalogue_open(&catalogue, request->catalogue ? request->catalogue : path) == 0 &&
        find_pledges(request, &pledges) == 0 &&
        command_each_results(request->folders, request->count, judge, &judged) == 0 &&
        overview_make(&overview, &catalogue, &pledges, judged.list, judged.count) == 0)
        status = write_all(request, &overview);
    overview_free(&overview);
    close_all(&judged);
    pledges_free(&pledges);
    catalogue_close(&catalogue);
    return status;
}
