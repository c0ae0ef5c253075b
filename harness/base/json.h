/* JSON files, with jansson. */
#ifndef BATCHLAB_JSON_H
#define BATCHLAB_JSON_H

#include <jansson.h>

/* JSON has no NaN and no infinity: what is not finite is null. */
json_t *json_number_or_null(double value);

/* Writes the value, indented, whole or not at all. 0, or -1 (error set). */
int json_write_file(const json_t *json, const char *path);

#endif
