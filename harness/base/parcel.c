/* The plain files of a folder as one run of bytes. */
#include "base/parcel.h"

#include "base/error.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Before each file: its name, without an end, and its content follow. */
struct heading {
    uint64_t name, content; /* bytes */
};

struct entry {
    const char *name; /* [heading.name] */
    const char *content;
    struct heading heading;
};

/* The file at *at, which goes on to the next. 1; 0: there is none; -1: this is no parcel. */
static int next_entry(const struct parcel *parcel, size_t *at, struct entry *entry)
{
    size_t left = parcel->size - *at;

    if (left == 0)
        return 0;
    if (left < sizeof entry->heading)
        return -1;
    memcpy(&entry->heading, parcel->bytes + *at, sizeof entry->heading);
    left -= sizeof entry->heading;
    if (entry->heading.name > left || entry->heading.content > left - entry->heading.name)
        return -1;
    entry->name = parcel->bytes + *at + sizeof entry->heading;
    entry->content = entry->name + entry->heading.name;
    *at += sizeof entry->heading + entry->heading.name + entry->heading.content;
    return 1;
}

static int is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int add(FILE *into, const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    struct heading heading = {.name = strlen(name)};
    char chunk[1 << 14];
    struct stat status;
    size_t got, sum = 0;

    if (!file || fstat(fileno(file), &status) != 0) {
        if (file)
            fclose(file);
        return error_set("%s: %s", path, strerror(errno));
    }
    heading.content = (uint64_t)status.st_size;
    fwrite(&heading, sizeof heading, 1, into);
    fputs(name, into);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        fwrite(chunk, 1, got, into);
        sum += got;
    }
    fclose(file);
    return sum == heading.content ? 0 : error_set("%s: changes while it is read", path);
}

int parcel_pack(struct parcel *parcel, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort), status = 0;
    FILE *into;

    *parcel = (struct parcel){0};
    if (count < 0)
        return error_set("%s: %s", folder, strerror(errno));
    into = open_memstream(&parcel->bytes, &parcel->size);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX + 260];

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (into && status == 0 && entries[i]->d_name[0] != '.' && is_file(path))
            status = add(into, path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (!into || fclose(into) != 0)
        status = error_set("out of memory");
    if (status != 0)
        parcel_free(parcel);
    return status;
}

void parcel_free(struct parcel *parcel)
{
    free(parcel->bytes);
    *parcel = (struct parcel){0};
}

static int name_of(const struct entry *entry, char *name, size_t size)
{
    if (entry->heading.name >= size)
        return 0;
    memcpy(name, entry->name, entry->heading.name);
    name[entry->heading.name] = '\0';
    return strlen(name) == entry->heading.name && file_name_is_safe(name);
}

static int check(const struct parcel *parcel)
{
    struct entry entry;
    char name[512];
    size_t at = 0;
    int more;

    while ((more = next_entry(parcel, &at, &entry)) == 1)
        if (!name_of(&entry, name, sizeof name))
            return error_set("a parcel has a file whose name is none");
    return more == 0 ? 0 : error_set("a parcel of %zu bytes is cut off", parcel->size);
}

int parcel_unpack(const struct parcel *parcel, const char *folder)
{
    char path[PATH_MAX], name[512];
    struct entry entry;
    size_t at = 0;

    if (check(parcel) != 0)
        return -1;
    while (next_entry(parcel, &at, &entry) == 1) {
        struct whole_file file;

        name_of(&entry, name, sizeof name);
        snprintf(path, sizeof path, "%.3500s/%s", folder, name);
        if (file_begin(&file, path) != 0)
            return -1;
        fwrite(entry.content, 1, entry.heading.content, file.stream);
        if (file_commit(&file) != 0)
            return -1;
    }
    return 0;
}

int parcel_difference(const struct parcel *one, const struct parcel *other, char *name, size_t size)
{
    struct entry a = {0}, b = {0};
    size_t at = 0, there = 0;
    int more, others;

    for (;;) {
        more = next_entry(one, &at, &a);
        others = next_entry(other, &there, &b);
        if (more == 0 && others == 0)
            return 0;
        if (more != 1 || others != 1 || a.heading.name != b.heading.name ||
            memcmp(a.name, b.name, a.heading.name) != 0 || a.heading.content != b.heading.content ||
            memcmp(a.content, b.content, a.heading.content) != 0)
            break;
    }
    if (more != 1)
        a = b;
    snprintf(name, size, "%.*s", (int)a.heading.name, a.name ? a.name : "");
    return 1;
}
