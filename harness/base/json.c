/* JSON files, with jansson. */
#include "base/json.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

json_t *json_number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_read_file(const char *path)
{
    struct stat file;
    json_error_t problem;
    json_t *json;

    if (stat(path, &file) != 0) {
        error_set("%s: %s", path, strerror(errno));
        return NULL;
    }
    if (!S_ISREG(file.st_mode) || file.st_size > LIMIT_JSON_BYTES) {
        error_set("%s: %s, expected a file of at most %d bytes", path,
                  S_ISREG(file.st_mode) ? "larger than a manifest may be" : "is no plain file",
                  LIMIT_JSON_BYTES);
        return NULL;
    }
    json = json_load_file(path, 0, &problem);
    if (!json)
        error_set("%s:%d: %s", path, problem.line, problem.text);
    return json;
}

int json_write_file(const json_t *json, const char *path)
{
    struct whole_file file;
    int is_whole;

    if (file_begin(&file, path) != 0)
        return -1;
    is_whole =
        json_dumpf(json, file.stream, JSON_INDENT(2)) == 0 && fputc('\n', file.stream) != EOF;
    if (is_whole || ferror(file.stream))
        return file_commit(&file); /* which finds why a write failed */
    file_abandon(&file);
    return error_set("%s: cannot be written as JSON", path);
}
