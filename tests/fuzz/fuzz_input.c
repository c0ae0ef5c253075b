/* The input of a fuzz target as files. */
#include "fuzz_input.h"

#include "base/error.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static pid_t owner;

static void remove_folder(void)
{
    if (getpid() == owner) /* a child of the fuzzer shares it */
        folder_remove(folder);
}

const char *fuzz_folder(void)
{
    if (folder[0])
        return folder;
    snprintf(folder, sizeof folder, "%s/batchlab-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    owner = getpid();
    atexit(remove_folder);
    return folder;
}

const char *fuzz_path(const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    return path;
}

const char *fuzz_write(const char *name, const uint8_t *data, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *file = fopen(path, "w");

    if (!file || (size > 0 && fwrite(data, 1, size, file) != size) || fclose(file) != 0)
        abort();
    return path;
}

void fuzz_write_parts(const uint8_t *data, size_t size, const char *const *names, size_t count)
{
    static const char separator[] = "\n====\n";
    const size_t width = sizeof separator - 1;

    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = size > 0 ? memmem(data, size, separator, width) : NULL;
        size_t length = end && i + 1 < count ? (size_t)(end - data) + 1 : size;

        if (!data) {
            unlink(fuzz_path(names[i]));
            continue;
        }
        fuzz_write(names[i], data, length);
        size -= length;
        data = end && i + 1 < count ? end + width : NULL;
        size -= data ? width - 1 : 0;
    }
}

FILE *fuzz_nowhere(void)
{
    static FILE *file;

    if (!file && !(file = fopen("/dev/null", "w")))
        abort();
    return file;
}

void fuzz_check_status(int status)
{
    const char *text = error_text();

    if (status == 0)
        return;
    if (status != -1 || !text[0] || strpbrk(text, "\n\r\033")) {
        fprintf(stderr, "status %d with the message `%s`\n", status, text);
        abort();
    }
    error_clear();
}
