/* Folders within the scratch folder: what lies in them, and their removal. */
#ifndef BATCHLAB_TESTS_TREE_H
#define BATCHLAB_TESTS_TREE_H

#include "scratch.h"

#include <ftw.h>
#include <sys/stat.h>

static inline int tree_remove_entry(const char *path, const struct stat *status, int type,
                                    struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

/* rm -rf */
static inline void tree_remove(const char *path)
{
    nftw(path, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Group fixture in place of scratch_close for programs that make folders. */
static inline int tree_close(void **state)
{
    (void)state;
    tree_remove(scratch_folder);
    return access(scratch_folder, F_OK) == 0 ? -1 : 0;
}

static inline int tree_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Entries of a folder whose name contains `part`; -1 if there is no such folder. */
static inline int tree_count(const char *path, const char *part)
{
    DIR *folder = opendir(path);
    int count = 0;

    if (!folder)
        return -1;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                 strstr(entry->d_name, part) != NULL;
    closedir(folder);
    return count;
}

/* The whole text of a file, to be freed; NULL if there is none. */
static inline char *tree_read(const char *path)
{
    enum { CAPACITY = 1 << 20 };
    char *text = tree_exists(path) ? calloc(1, CAPACITY + 1) : NULL;

    if (text)
        scratch_read(path, text, CAPACITY);
    return text;
}

#endif
