/* Texts and numbers of an import. */
#include "import/reader.h"

#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int reader_error(const struct reader *reader, size_t row, const char *what, const char *expected)
{
    return error_set("%s:%zu: %s, expected %s", table_path(reader->table),
                     table_line(reader->table, row), what, expected);
}

/* The member of a JSON file as text; "" where it is optional and not there. -1: error set. */
static int member_text(const struct reader *reader, const struct import_source *source,
                       const json_t *document, char *text, size_t size)
{
    char key[MAPPING_TEXT_SIZE], *rest = key, *part;
    const json_t *value = document;

    snprintf(key, sizeof key, "%s", source->key);
    while (value && (part = strsep(&rest, ".")) != NULL)
        value = json_object_get(value, part);
    text[0] = '\0';
    if (json_is_string(value))
        snprintf(text, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        format_double(json_real_value(value), text, size);
    else if (json_is_boolean(value))
        snprintf(text, size, "%s", json_is_true(value) ? "true" : "false");
    else if (!source->optional)
        return error_set("%s: %s beside it has no `%s` that is a text or a number, expected one "
                         "(%s:%d: %s)",
                         table_path(reader->table), source->file, source->key,
                         reader->mapping->file, source->line, source->name);
    return 0;
}

int reader_text(const struct reader *reader, int s, size_t row, char *text, size_t size)
{
    const struct import_source *source = &reader->mapping->sources[s];

    if (reader->columns[s])
        snprintf(text, size, "%s", reader->columns[s][row]);
    else if (reader->documents[s]) {
        if (member_text(reader, source, reader->documents[s], text, size) != 0)
            return -1;
    } else
        snprintf(text, size, "%s", source->constant);
    for (int v = 0; v < source->value_count; v++)
        if (strcmp(source->from[v], text) == 0) {
            snprintf(text, size, "%s", source->to[v]);
            break;
        }
    if (source->part == IMPORT_SETTING && strlen(text) + 1 == size)
        return reader_error(reader, row, source->name, "a text of less than 255 bytes");
    if (schema_has_controls(text) || strchr(text, '\n'))
        return reader_error(reader, row, source->name,
                            "one line of text without control characters");
    return 0;
}

int reader_number(const struct reader *reader, int s, size_t row, double *value)
{
    const struct import_source *source = &reader->mapping->sources[s];
    char text[MAPPING_TEXT_SIZE], *end;

    *value = NOT_APPLICABLE;
    if (reader_text(reader, s, row, text, sizeof text) != 0)
        return -1;
    if (!text[0])
        return 0;
    errno = 0;
    *value = strtod(text, &end);
    if (end == text || *end || (errno == ERANGE && isinf(*value)))
        return error_set("%s:%zu: %s: `%.64s` is no number, expected one (%s:%d: %s)",
                         table_path(reader->table), table_line(reader->table, row),
                         source->theirs[0] ? source->theirs : source->key, text,
                         reader->mapping->file, source->line, source->name);
    *value = source->scale * *value + source->offset;
    if (*value == NOT_APPLICABLE) /* -inf, which a loss may have come to */
        *value = INFINITY;
    return 0;
}
