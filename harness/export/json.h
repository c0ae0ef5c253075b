/* JSON with jansson: texts that need not be UTF-8, numbers that need not be finite. */
#ifndef BATCHLAB_EXPORT_JSON_H
#define BATCHLAB_EXPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

/* object[key] = the text; NULL: nothing. 0, or -1 (error set). */
int put_text(json_t *object, const char *key, const char *text);
/* object[key] = the number; not finite: nothing. 0, or -1 (error set). */
int put_number(json_t *object, const char *key, double value);
/* As above; *value is taken over even on failure, and NULL is a failure. */
int put_value(json_t *object, const char *key, json_t *value);
int append_value(json_t *array, json_t *value);

/* Indented, with an end of line. 0, or -1 (error set). */
int write_json(FILE *, const json_t *);

#endif
