/* What a folder's files were when they were written. */
#include "base/checksum.h"

#include "base/error.h"
#include "base/file.h"
#include "base/table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct sum {
    double bytes;
    unsigned long crc;
};

static int sum_file(const char *path, struct sum *sum)
{
    FILE *file = fopen(path, "re");
    unsigned char chunk[1 << 14];
    size_t got;

    if (!file)
        return error_set("%s: %s", path, strerror(errno));
    *sum = (struct sum){0, crc32(0, NULL, 0)};
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        sum->crc = crc32(sum->crc, chunk, (uInt)got);
        sum->bytes += (double)got;
    }
    if (ferror(file)) {
        fclose(file);
        return error_set("%s: cannot be read: %s", path, strerror(errno));
    }
    fclose(file);
    return 0;
}

int checksum_file(const char *path, unsigned long *crc)
{
    struct sum sum;

    if (sum_file(path, &sum) != 0)
        return -1;
    *crc = sum.crc;
    return 0;
}

/* Plain files that a reader would see. */
static int is_covered(const char *folder, const char *name)
{
    char path[PATH_MAX + 260];
    struct stat status;

    if (name[0] == '.' || strcmp(name, CHECKSUM_FILE) == 0 || strstr(name, ".tmp-"))
        return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Calls for each covered file, by name, until it does not return 0. */
static int each_file(const char *folder, int (*visit)(void *context, const char *name),
                     void *context)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort), status = 0;

    if (count < 0)
        return error_set("%s: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (status == 0 && is_covered(folder, entries[i]->d_name))
            status = visit(context, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

struct writing {
    const char *folder;
    const char *const *names; /* NULL: all */
    FILE *into;
};

static int is_asked_for(const struct writing *writing, const char *name)
{
    for (const char *const *n = writing->names; n && *n; n++)
        if (strcmp(*n, name) == 0)
            return 1;
    return !writing->names;
}

static int write_row(void *context, const char *name)
{
    const struct writing *writing = context;
    char path[PATH_MAX + 260];
    struct sum sum;

    if (!is_asked_for(writing, name))
        return 0;
    snprintf(path, sizeof path, "%s/%s", writing->folder, name);
    if (sum_file(path, &sum) != 0)
        return -1;
    csv_field(writing->into, name);
    fprintf(writing->into, ",%.0f,%08lx\n", sum.bytes, sum.crc);
    return 0;
}

int checksum_write(const char *folder, const char *const *names)
{
    struct writing writing = {.folder = folder, .names = names};
    char path[PATH_MAX + 32];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/%s", folder, CHECKSUM_FILE);
    if (file_begin(&file, path) != 0)
        return -1;
    writing.into = file.stream;
    fputs("file,bytes,crc32\n", file.stream);
    if (each_file(folder, write_row, &writing) != 0) {
        char cause[1024];

        snprintf(cause, sizeof cause, "%s", error_text());
        file_abandon(&file);
        return error_set("%s", cause);
    }
    return file_commit(&file);
}

/* ---- Checking ---------------------------------------------------------------------------------
 */

struct checking {
    const char *folder;
    void (*found)(void *context, const char *file, const char *what);
    void *context;
};

static void check_row(const struct checking *checking, const char *name, double bytes,
                      const char *crc)
{
    char path[PATH_MAX + 260], what[128];
    struct stat status;
    struct sum sum;

    if (!file_name_is_safe(name)) {
        checking->found(checking->context, CHECKSUM_FILE, "names what is no file of the folder");
        return;
    }
    snprintf(path, sizeof path, "%s/%s", checking->folder, name);
    if (stat(path, &status) != 0) {
        checking->found(checking->context, name, "is missing");
        return;
    }
    if (!S_ISREG(status.st_mode)) /* a pipe might never end */
        snprintf(what, sizeof what, "is no plain file");
    else if (sum_file(path, &sum) != 0)
        snprintf(what, sizeof what, "cannot be read");
    else if (!(sum.bytes == bytes))
        snprintf(what, sizeof what, "has %.0f bytes, expected %.0f", sum.bytes, bytes);
    else if (sum.crc != strtoul(crc, NULL, 16))
        snprintf(what, sizeof what, "differs: CRC-32 %08lx, expected %s", sum.crc, crc);
    else
        return;
    checking->found(checking->context, name, what);
}

int checksum_check(const char *folder,
                   void (*found)(void *context, const char *file, const char *what), void *context)
{
    static const char *const known[] = {"file", "bytes", "crc32", NULL};
    const struct checking checking = {.folder = folder, .found = found, .context = context};
    char path[PATH_MAX + 32];
    const char *const *files, *const *crcs;
    const double *bytes;
    struct table *table;
    int status = 0;

    snprintf(path, sizeof path, "%s/%s", folder, CHECKSUM_FILE);
    if (access(path, F_OK) != 0)
        return errno == ENOENT ? 1 : error_set("%s: %s", path, strerror(errno));
    if (table_open(&table, path) != 0)
        return -1;
    status = table_knows_only(table, known);
    files = status == 0 ? table_texts(table, "file") : NULL;
    bytes = files ? table_numbers(table, "bytes") : NULL;
    crcs = bytes ? table_texts(table, "crc32") : NULL;
    if (!crcs)
        status = -1;
    for (size_t i = 0; i < table_rows(table) && status == 0; i++)
        check_row(&checking, files[i], bytes[i], crcs[i]);
    table_close(table);
    return status;
}
