/* Files and folders that are there whole or not at all. Errors name the path and the cause. */
#ifndef BATCHLAB_FILE_H
#define BATCHLAB_FILE_H

#include <limits.h>
#include <stdio.h>

/* A file being written under a temporary name in the folder it will lie in. */
struct whole_file {
    FILE *stream;
    char path[PATH_MAX], temporary[PATH_MAX + 32];
};

int file_begin(struct whole_file *, const char *path);
/* Flushes, fsyncs, renames over `path`, fsyncs the folder. On failure (a full disk shows up here)
 * nothing is left. */
int file_commit(struct whole_file *);
void file_abandon(struct whole_file *); /* removes the temporary file; harmless after a commit */

/* mkdir -p */
int folder_make(const char *path);
/* One writer a folder: two runs would throw each other's files away. A descriptor to be closed; -1
 * if the folder is locked already, with the process and host that hold it, or cannot be. The lock
 * of a process that is gone is none; its children, where they are still dying, are waited for, two
 * seconds at the most. */
int folder_lock(const char *path);
/* Makes renames within the folder durable. */
int folder_sync(const char *path);
/* Removes a folder and the plain files in it; one that is not there is no error. Of a link to a
 * folder the link is removed: what it leads to stays. */
int folder_remove(const char *path);

/* 1: a name of a file in a folder, and nothing that leads out of it: 1 to LIMIT_FILE_NAME_BYTES
 * bytes, no slash, no control character, neither `.` nor `..`. */
int file_name_is_safe(const char *name);

/* Writes one CSV field, quoted only where RFC 4180 needs it. */
void csv_field(FILE *, const char *text);

/* A comma and the number with nine digits; where it is not finite, the comma alone. */
void csv_next_number(FILE *, double value);

#endif
