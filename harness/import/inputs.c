/* Finds and opens the files of an import. */
#include "import/inputs.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

struct list {
    char **paths;
    size_t count, allocated;
};

static int add(struct list *list, const char *path)
{
    if (list->count == LIMIT_IMPORT_FILES)
        return error_set("%s: more than %d files", path, LIMIT_IMPORT_FILES);
    if (list->count == list->allocated) {
        size_t room = 2 * list->allocated + 16;
        char **paths = realloc(list->paths, room * sizeof *paths);

        if (!paths)
            return error_set("out of memory");
        list->paths = paths;
        list->allocated = room;
    }
    list->paths[list->count] = strdup(path);
    return list->paths[list->count++] ? 0 : error_set("out of memory");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strverscmp((*a)->fts_name, (*b)->fts_name); /* 2 before 10 */
}

static int is_csv(const FTSENT *entry)
{
    return entry->fts_namelen > 4 &&
           strcmp(entry->fts_name + entry->fts_namelen - 4, ".csv") == 0 &&
           entry->fts_name[0] != '.';
}

static int add_folder(struct list *list, char *path)
{
    char *roots[] = {path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    size_t before = list->count;
    int status = 0;
    FTSENT *entry;

    if (!tree)
        return error_set("%s: %s", path, strerror(errno));
    while (status == 0 && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
            status = error_set("%s: %s", entry->fts_path, strerror(entry->fts_errno));
        else if (entry->fts_info == FTS_F && is_csv(entry))
            status = add(list, entry->fts_path);
    }
    fts_close(tree);
    if (status == 0 && list->count == before)
        status = error_set("%s: holds no .csv file, expected curves", path);
    return status;
}

int inputs_find(char *const *paths, size_t count, char ***files, size_t *file_count)
{
    struct list list = {0};
    int status = 0;

    for (size_t p = 0; p < count && status == 0; p++) {
        struct stat entry;

        if (stat(paths[p], &entry) != 0)
            status = error_set("%s: %s", paths[p], strerror(errno));
        else if (S_ISDIR(entry.st_mode))
            status = add_folder(&list, paths[p]);
        else
            status = add(&list, paths[p]);
    }
    *files = list.paths;
    *file_count = list.count;
    return status;
}

void inputs_free(char **files, size_t count)
{
    for (size_t f = 0; f < count; f++)
        free(files[f]);
    free(files);
}

int input_identify(const char *path, size_t *bytes, unsigned long *crc)
{
    FILE *file = fopen(path, "rb");
    unsigned char buffer[1 << 14];
    struct stat entry;
    size_t length;
    int status = 0;

    if (!file)
        return error_set("%s: %s", path, strerror(errno));
    *bytes = 0;
    *crc = crc32(0, NULL, 0);
    if (fstat(fileno(file), &entry) != 0 || !S_ISREG(entry.st_mode))
        status = error_set("%s: is no plain file, expected CSV", path);
    else if (entry.st_size > LIMIT_IMPORT_BYTES)
        status = error_set("%s: larger than %d bytes, expected a CSV file of at most that", path,
                           LIMIT_IMPORT_BYTES);
    while (status == 0 && (length = fread(buffer, 1, sizeof buffer, file)) > 0) {
        *crc = crc32(*crc, buffer, (uInt)length);
        *bytes += length;
    }
    if (status == 0 && ferror(file))
        status = error_set("%s: %s", path, strerror(errno));
    fclose(file);
    return status;
}

int input_json(const char *csv, const char *relative, json_t **document)
{
    const char *slash = strrchr(csv, '/');
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - csv + 1) : 0, csv, relative) >=
        (int)sizeof path)
        return error_set("%s: the path is too long", csv);
    *document = json_read_file(path);
    return *document ? 0 : -1;
}
