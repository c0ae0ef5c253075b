/* JSON files, with jansson. */
#include "base/json.h"

#include "base/error.h"
#include "base/file.h"

#include <math.h>

json_t *json_number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

int json_write_file(const json_t *json, const char *path)
{
    struct whole_file file;

    if (file_begin(&file, path) != 0)
        return -1;
    if (json_dumpf(json, file.stream, JSON_INDENT(2)) == 0 && fputc('\n', file.stream) != EOF)
        return file_commit(&file);
    file_abandon(&file);
    return error_set("%s: cannot be written (is the disk full?)", path);
}
