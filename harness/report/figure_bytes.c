/* Reads and replaces the file of a figure. */
#include "report/figure_bytes.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *figure_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    long length = -1;
    char *bytes = NULL;

    if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 &&
        fseek(file, 0, SEEK_SET) == 0 && (bytes = calloc((size_t)length + 1, 1)) &&
        fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        free(bytes);
        bytes = NULL;
    }
    if (!bytes)
        error_set("%s: cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    *size = bytes ? (size_t)length : 0;
    return bytes;
}

int figure_rewrite(const char *path, const struct figure_part *parts, size_t count)
{
    struct whole_file file = {0};
    int status = -1;

    if (file_begin(&file, path) == 0) {
        for (size_t p = 0; p < count; p++)
            fwrite(parts[p].bytes, 1, parts[p].size, file.stream);
        status = file_commit(&file);
    }
    file_abandon(&file);
    return status;
}
