/* JSON with jansson. */
#include "export/json.h"

#include "base/error.h"
#include "export/text.h"

#include <math.h>
#include <stdlib.h>

int put_value(json_t *object, const char *key, json_t *value)
{
    char *name = text_utf8(key);
    int status = name && value ? json_object_set_new_nocheck(object, name, value) : -1;

    if (!name)
        json_decref(value);
    free(name);
    return status == 0 ? 0 : error_set("out of memory for JSON");
}

int append_value(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0 ? 0 : error_set("out of memory for JSON");
}

int put_text(json_t *object, const char *key, const char *text)
{
    char *copy;
    int status;

    if (!text)
        return 0;
    copy = text_utf8(text);
    status = copy ? put_value(object, key, json_string_nocheck(copy)) : -1;
    free(copy);
    return status;
}

int put_number(json_t *object, const char *key, double value)
{
    return isfinite(value) ? put_value(object, key, json_real(value)) : 0;
}

int write_json(FILE *file, const json_t *json)
{
    if (json_dumpf(json, file, JSON_INDENT(1)) != 0)
        return ferror(file) ? 0
                            : error_set("out of memory for JSON"); /* the caller sees the first */
    fputc('\n', file);
    return 0;
}
