/* JSON files, with jansson. */
#ifndef BATCHLAB_JSON_H
#define BATCHLAB_JSON_H

#include <jansson.h>

/* JSON has no NaN and no infinity: what is not finite is null. */
json_t *json_number_or_null(double value);

/* Reads a file of at most LIMIT_JSON_BYTES. NULL with the error `path:line: ...`, or `path: ...`
 * where it cannot be read. Free with json_decref. */
json_t *json_read_file(const char *path);

/* Writes the value, indented, whole or not at all. 0, or -1 (error set). */
int json_write_file(const json_t *json, const char *path);

#endif
