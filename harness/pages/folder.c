/* Opens all that a page of a results folder shows. */
#include "pages/folder.h"

#include "base/error.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- Charts -----------------------------------------------------------------------------------
 */

static int is_chart_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot &&
           (strcmp(dot, ".svg") == 0 || strcmp(dot, ".csv") == 0 || strcmp(dot, ".png") == 0);
}

static struct chart_files *find_chart(struct pages_folder *folder, const char *name)
{
    struct chart_files *list;

    for (size_t c = 0; c < folder->chart_count; c++)
        if (strcmp(folder->charts[c].name, name) == 0)
            return &folder->charts[c];
    list = realloc(folder->charts, (folder->chart_count + 1) * sizeof *list);
    if (!list)
        abort();
    folder->charts = list;
    list[folder->chart_count] = (struct chart_files){.has_numbers = 0};
    snprintf(list[folder->chart_count].name, sizeof list->name, "%s", name);
    return &list[folder->chart_count++];
}

static void take_file(struct pages_folder *folder, const char *file)
{
    const char *dot = strrchr(file, '.');
    struct chart_files *chart;
    char name[sizeof chart->name];

    if ((size_t)(dot - file) >= sizeof name || strchr(file, '.') != dot)
        return; /* of no chart of ours, or one in another language: "loss.zh.svg" */
    snprintf(name, sizeof name, "%.*s", (int)(dot - file), file);
    chart = find_chart(folder, name);
    chart->has_numbers |= strcmp(dot, ".csv") == 0;
    chart->has_drawing |= strcmp(dot, ".svg") == 0;
    chart->has_picture |= strcmp(dot, ".png") == 0;
}

static int compare_charts(const void *a, const void *b)
{
    const struct chart_files *one = a, *other = b;
    int last = (strcmp(one->name, "verdicts") == 0) - (strcmp(other->name, "verdicts") == 0);

    return last != 0 ? last : strcmp(one->name, other->name);
}

/* Without figures/ there are none. */
static int list_charts(struct pages_folder *folder)
{
    char path[PATH_MAX + 16];
    struct dirent **entries;
    int count;

    snprintf(path, sizeof path, "%s/figures", folder->path);
    count = scandir(path, &entries, is_chart_file, alphasort);
    if (count < 0)
        return errno == ENOENT ? 0 : error_set("%s: %s", path, strerror(errno));
    for (int e = 0; e < count; e++) {
        take_file(folder, entries[e]->d_name);
        free(entries[e]);
    }
    free(entries);
    if (folder->chart_count > 0)
        qsort(folder->charts, folder->chart_count, sizeof *folder->charts, compare_charts);
    return 0;
}

/* -----------------------------------------------------------------------------------------------
 */

/* A file's name of an experiment's: what is neither letter nor digit nor one of "._-" is "_". */
static void name_page(struct pages_folder *folder)
{
    size_t length = 0;

    for (const char *at = folder->verdicts.name; *at && length + 1 < sizeof folder->page; at++)
        folder->page[length++] =
            (char)(isalnum((unsigned char)*at) || strchr("._-", *at) ? *at : '_');
    folder->page[length] = '\0';
    if (length == 0 || folder->page[0] == '.')
        snprintf(folder->page, sizeof folder->page, "results");
}

int pages_folder_open(struct pages_folder *folder, const char *path)
{
    memset(folder, 0, sizeof *folder);
    if (!realpath(path, folder->path))
        return error_set("%s: %s", path, strerror(errno));
    if (verdicts_read(&folder->verdicts, path) < 0)
        return -1;
    name_page(folder);
    return list_charts(folder) == 0 && answer_find(&folder->answer, &folder->verdicts) == 0 ? 0
                                                                                            : -1;
}

void pages_folder_close(struct pages_folder *folder)
{
    verdicts_close(&folder->verdicts);
    answer_free(&folder->answer);
    free(folder->charts);
    memset(folder, 0, sizeof *folder);
}

const char *pages_folder_text(const struct pages_folder *folder, const char *object,
                              const char *key)
{
    const json_t *manifest = folder->verdicts.results.manifest;
    const json_t *within = object ? json_object_get(manifest, object) : manifest;
    const char *text = json_string_value(json_object_get(within, key));

    return text ? text : "";
}

const char *pages_folder_title(const struct pages_folder *folder)
{
    const char *title = pages_folder_text(folder, NULL, "title");

    return title[0] ? title : folder->verdicts.name;
}
