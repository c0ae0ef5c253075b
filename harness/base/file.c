/* Files and folders that are there whole or not at all. */
#include "base/file.h"

#include "base/error.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int file_begin(struct whole_file *file, const char *path)
{
    file->stream = NULL;
    if (strlen(path) >= sizeof file->path)
        return error_set("%.64s...: path longer than %zu characters", path, sizeof file->path - 1);
    snprintf(file->path, sizeof file->path, "%s", path);
    snprintf(file->temporary, sizeof file->temporary, "%s.tmp-%ld", path, (long)getpid());
    file->stream = fopen(file->temporary, "w");
    if (!file->stream)
        return error_set("%s: cannot be written: %s", path, strerror(errno));
    return 0;
}

void file_abandon(struct whole_file *file)
{
    if (!file->stream)
        return;
    fclose(file->stream);
    unlink(file->temporary);
    file->stream = NULL;
}

static void folder_of(const char *path, char *folder, size_t size)
{
    const char *slash = strrchr(path, '/');

    if (slash == path)
        snprintf(folder, size, "/");
    else if (slash)
        snprintf(folder, size, "%.*s", (int)(slash - path), path);
    else
        snprintf(folder, size, ".");
}

/* Why a write failed some time ago is forgotten; two more tell it, unless there is room again: 0.
 * The first may be cut short at the end of the disk. */
static int cause_of_loss(int descriptor)
{
    static const char more[4096];

    for (int i = 0; i < 2; i++)
        if (write(descriptor, more, sizeof more) < 0)
            return errno;
    return 0;
}

int file_commit(struct whole_file *file)
{
    char folder[PATH_MAX];
    int failed = 0, cause = 0;

    if (ferror(file->stream)) {
        failed = 1;
        cause = cause_of_loss(fileno(file->stream));
    } else if (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0) {
        failed = 1;
        cause = errno;
    }
    if (fclose(file->stream) != 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    file->stream = NULL;
    if (!failed && rename(file->temporary, file->path) != 0) {
        failed = 1;
        cause = errno;
    }
    if (failed) {
        unlink(file->temporary);
        return error_set("%s: cannot be written: %s", file->path,
                         cause ? strerror(cause) : "a part of it failed");
    }
    folder_of(file->path, folder, sizeof folder);
    return folder_sync(folder);
}

int folder_make(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    struct stat status;

    if (length == 0 || length >= sizeof part)
        return error_set("'%.64s': not a usable path of a folder", path);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return error_set("%s: cannot be made: %s", part, strerror(errno));
        part[i] = path[i];
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return error_set("%s: is not a folder", path);
    return 0;
}

/* Who holds it, for the message of whoever comes next. The lock itself is the kernel's and goes
 * with the process, so what stands here may be of one that is gone, and nobody reads it then. */
static void sign_lock(int lock)
{
    char host[64] = "";

    gethostname(host, sizeof host - 1);
    if (ftruncate(lock, 0) == 0) /* without it the message says less */
        dprintf(lock, "process %ld on %s", (long)getpid(), host);
}

static void read_holder(int lock, char *holder, size_t size)
{
    ssize_t got = pread(lock, holder, size - 1, 0);

    holder[got > 0 ? got : 0] = '\0';
}

/* 1 if the process that has signed is of this machine and is no more. Its children hold the lock
 * until they have died, too, which they are about to, but not in the middle of an fsync. */
static int is_gone(const char *holder)
{
    char host[64] = "", there[64] = "";
    long process;

    gethostname(host, sizeof host - 1);
    return sscanf(holder, "process %ld on %63s", &process, there) == 2 &&
           strcmp(host, there) == 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

/* As flock, with errno; waits for the children of a holder that is gone, for as long as one may
 * believe that they are dying. */
static int take_lock(int lock)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    char holder[160];

    for (int tries = 0; flock(lock, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK)
            return -1;
        read_holder(lock, holder, sizeof holder);
        if (tries == 200 || !is_gone(holder)) {
            errno = EWOULDBLOCK;
            return -1;
        }
        nanosleep(&moment, NULL);
    }
    return 0;
}

static int refuse_lock(const char *path, int lock)
{
    char holder[160];

    read_holder(lock, holder, sizeof holder);
    return error_set("%s: another batchlab is running in this folder (%s%s)", path,
                     holder[0] ? holder : "which one is not known",
                     is_gone(holder) ? ", which is gone; something that it started is not" : "");
}

int folder_lock(const char *path)
{
    char file[PATH_MAX + 16];
    int lock;

    snprintf(file, sizeof file, "%s/.lock", path);
    lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
        return error_set("%s: %s", file, strerror(errno));
    if (take_lock(lock) == 0) {
        sign_lock(lock);
        return lock;
    }
    if (errno == EWOULDBLOCK)
        refuse_lock(path, lock);
    else
        error_set("%s: cannot be locked: %s", file, strerror(errno));
    close(lock);
    return -1;
}

int folder_sync(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY);
    int status = 0;

    if (descriptor < 0)
        return error_set("%s: %s", path, strerror(errno));
    if (fsync(descriptor) != 0 && errno != EINVAL) /* some file systems cannot */
        status = error_set("%s: %s", path, strerror(errno));
    close(descriptor);
    return status;
}

int folder_remove(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    struct stat status;
    struct dirent *entry;

    if (!folder) {
        int cause = errno;

        if (descriptor >= 0)
            close(descriptor);
        if (cause == ENOENT)
            return 0;
        if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode) && unlink(path) == 0)
            return 0;
        return error_set("%s: %s", path, strerror(cause));
    }
    while ((entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    if (rmdir(path) != 0)
        return error_set("%s: cannot be removed: %s", path, strerror(errno));
    return 0;
}

int file_name_is_safe(const char *name)
{
    size_t length = strnlen(name, LIMIT_FILE_NAME_BYTES + 1);

    if (length == 0 || length > LIMIT_FILE_NAME_BYTES || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return 0;
    for (const char *c = name; *c; c++)
        if (*c == '/' || (unsigned char)*c < ' ' || *c == 0x7f)
            return 0;
    return 1;
}

void csv_field(FILE *file, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

void csv_next_number(FILE *file, double value)
{
    if (isfinite(value))
        fprintf(file, ",%.9g", value);
    else
        fputc(',', file);
}
