/* Reads, checks, defaults, formats and documents the keys of an experiment file. */
#include "plan/schema.h"

#include "base/error.h"
#include "data/dataset.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void *member(const struct field *field, void *base)
{
    return (char *)base + field->offset;
}

static const void *const_member(const struct field *field, const void *base)
{
    return (const char *)base + field->offset;
}

void format_double(double value, char *text, size_t size)
{
    if (value == trunc(value) && fabs(value) < 1e15) { /* a count: never 5.5e+04 */
        snprintf(text, size, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

int schema_error(const struct schema_source *source, const yaml_node_t *node, const char *format,
                 ...)
{
    char text[768];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set("%s:%zu: %s", source->file, node->start_mark.line + 1, text);
}

const char *schema_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

int schema_pair(const struct schema_source *source, yaml_node_t *mapping, size_t index,
                yaml_node_t **key, yaml_node_t **value)
{
    yaml_node_pair_t *pair = mapping->data.mapping.pairs.start + index;

    if (pair >= mapping->data.mapping.pairs.top)
        return 0;
    *key = yaml_document_get_node(source->document, pair->key);
    *value = yaml_document_get_node(source->document, pair->value);
    return 1;
}

yaml_node_t *schema_item(const struct schema_source *source, yaml_node_t *sequence, size_t index)
{
    yaml_node_item_t *item = sequence->data.sequence.items.start + index;

    if (item >= sequence->data.sequence.items.top)
        return NULL;
    return yaml_document_get_node(source->document, *item);
}

int schema_has_controls(const char *text)
{
    for (const char *c = text; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
            return 1;
    return 0;
}

const struct field *schema_find(const struct field *fields, const char *key)
{
    for (const struct field *field = fields; field->key; field++)
        if (strcmp(field->key, key) == 0)
            return field;
    return NULL;
}

const struct choice schema_no_or_yes[] = {{"false", 0}, {"true", 1}, {0}};

/* "a, b or c" */
static void list_choices(const struct choice *choices, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (const struct choice *c = choices; c && c->name && length < size; c++) {
        const char *separator = c == choices ? "" : c[1].name ? ", " : " or ";

        length += (size_t)snprintf(text + length, size - length, "%s%s", separator, c->name);
    }
}

static void describe_range(const struct field *field, char *text, size_t size)
{
    const char *what = field->kind == FIELD_REAL ? "a number" : "a whole number";
    char low[32], high[32];

    format_double(field->low, low, sizeof low);
    format_double(field->high, high, sizeof high);
    if (field->high >= 1e9)
        snprintf(text, size, "%s, %s or more", what, low);
    else
        snprintf(text, size, "%s from %s to %s", what, low, high);
}

static int bad_value(const struct field *field, const char *text)
{
    char names[512] = "", range[128] = "";
    const char *separator = "";

    if (field->choices)
        list_choices(field->choices, names, sizeof names);
    if (field->kind != FIELD_CHOICE && field->kind != FIELD_SET) {
        describe_range(field, range, sizeof range);
        separator = field->choices ? " or " : "";
    }
    return error_set("%s: '%s' is not valid, expected %s%s%s", field->key, text, names, separator,
                     range);
}

static int parse_count(const struct field *field, const char *text, int *into)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (end == text || *end || errno || (double)value < field->low || (double)value > field->high)
        return bad_value(field, text);
    *into = (int)value;
    return 0;
}

static int parse_real(const struct field *field, const char *text, double *into)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= field->low && value <= field->high))
        return bad_value(field, text);
    *into = value;
    return 0;
}

static int parse_seed(const char *key, const char *text, uint64_t *into)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (end == text || *end || errno || text[0] == '-')
        return error_set("%s: '%s' is not valid, expected a whole number, 0 or more", key, text);
    *into = value;
    return 0;
}

static const struct choice *find_choice(const struct field *field, const char *text)
{
    for (const struct choice *c = field->choices; c && c->name; c++)
        if (strcmp(c->name, text) == 0)
            return c;
    return NULL;
}

static int parse_text(const struct field *field, const char *text, const char *prefix, char *into)
{
    if (strlen(prefix) + strlen(text) >= field->size)
        return error_set("%s: longer than %zu characters", field->key, field->size - 1);
    if (!text[0])
        return error_set("%s: empty, expected a text", field->key);
    if (schema_has_controls(text))
        return error_set("%s: holds a control character, expected text", field->key);
    snprintf(into, field->size, "%s%s", prefix, text);
    return 0;
}

int schema_parse(const struct field *field, const char *text, const char *folder, void *base)
{
    void *into = member(field, base);
    const struct choice *choice = find_choice(field, text);

    if (choice && field->kind != FIELD_SET) {
        if (field->kind == FIELD_REAL)
            *(double *)into = choice->value;
        else
            *(int *)into = choice->value;
        return 0;
    }
    switch (field->kind) {
    case FIELD_TEXT:
        return parse_text(field, text, "", into);
    case FIELD_PATH:
        return parse_text(field, text, text[0] == '/' ? "" : folder, into);
    case FIELD_COUNT:
    case FIELD_SPECIAL:
        return parse_count(field, text, into);
    case FIELD_REAL:
        return parse_real(field, text, into);
    case FIELD_SEED:
        return parse_seed(field->key, text, into);
    case FIELD_CHOICE:
    case FIELD_SET:
    case FIELD_WIDTHS: /* sequences, mappings: schema_read */
    case FIELD_SIDES:
    case FIELD_REALS:
    case FIELD_COLUMN:
        break;
    }
    return bad_value(field, text);
}

void schema_defaults(const struct field *fields, void *into)
{
    for (const struct field *field = fields; field->key; field++)
        if (field->fallback)
            schema_parse(field, field->fallback, "", into);
}

void schema_reset(const struct field *fields, const char *key, void *into)
{
    const struct field *field = schema_find(fields, key);

    schema_parse(field, field->unhashed ? field->unhashed : field->fallback, "", into);
}

/* The experiment file's folder with a slash at its end, "" for the current one. */
static void folder_of(const char *file, char *folder, size_t size)
{
    const char *slash = strrchr(file, '/');

    snprintf(folder, size, "%.*s", slash ? (int)(slash - file + 1) : 0, file);
}

static int *count_member(const struct field *field, void *base)
{
    return (int *)(void *)((char *)base + field->count_offset);
}

/* One item of a list. */
static int read_item(const struct schema_source *source, yaml_node_t *item,
                     const struct field *field, int i, void *base)
{
    const char *text = schema_scalar(item);
    int is_real = field->kind == FIELD_REALS;

    if ((size_t)i == field->size)
        return schema_error(source, item, "%s: more than %zu numbers", field->key, field->size);
    if (!text)
        return schema_error(source, item, "%s: expected a %s", field->key,
                            is_real ? "number" : "whole number");
    if ((is_real ? parse_real(field, text, (double *)member(field, base) + i)
                 : parse_count(field, text, (int *)member(field, base) + i)) != 0)
        return schema_error(source, item, "%s", error_text());
    return 0;
}

static const char *example_of(const struct field *field)
{
    switch (field->kind) {
    case FIELD_SIDES:
        return "two numbers, [height, width]";
    case FIELD_REALS:
        return "numbers such as [0.5, 2]";
    default:
        return "whole numbers such as [128, 64]";
    }
}

static int read_list(const struct schema_source *source, yaml_node_t *node,
                     const struct field *field, void *base)
{
    yaml_node_t *item;
    int i;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "%s: expected a list of %s", field->key,
                            example_of(field));
    for (i = 0; (item = schema_item(source, node, (size_t)i)) != NULL; i++)
        if (read_item(source, item, field, i, base) != 0)
            return -1;
    *count_member(field, base) = i;
    return 0;
}

static int read_sides(const struct schema_source *source, yaml_node_t *node,
                      const struct field *field, void *base)
{
    const char *text = schema_scalar(node);
    int *count = count_member(field, base);

    if (!text) {
        if (read_list(source, node, field, base) != 0)
            return -1;
        return *count == 2
                   ? 0
                   : schema_error(source, node, "%s: %d numbers, expected two", field->key, *count);
    }
    if (parse_count(field, text, member(field, base)) != 0)
        return schema_error(source, node, "%s", error_text());
    *count = 1;
    return 0;
}

/* A list of names; their bits together. */
static int read_set(const struct schema_source *source, yaml_node_t *node,
                    const struct field *field, int *into)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "%s: expected a list of names such as [%s]", field->key,
                            field->choices->name);
    *into = 0;
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        const char *text = schema_scalar(item);
        const struct choice *choice = text ? find_choice(field, text) : NULL;

        if (!choice) {
            bad_value(field, text ? text : "(not a name)");
            return schema_error(source, item, "%s", error_text());
        }
        if (*into & choice->value)
            return schema_error(source, item, "%s: %s is given twice", field->key, text);
        *into |= choice->value;
    }
    return 0;
}

/* One text is a name and a path at once: which of them, the kind of data decides. */
static int read_column(const struct schema_source *source, yaml_node_t *node,
                       const struct field *field, struct weight_source *into)
{
#define MEMBER(member) .offset = offsetof(struct weight_source, member), .size = sizeof into->member
    static const struct field parts[] = {
        {"file", FIELD_PATH, MEMBER(file)}, {"column", FIELD_TEXT, MEMBER(column)}, {0}};
    static const struct field whole[] = {
        {"weights", FIELD_PATH, MEMBER(file)}, {"weights", FIELD_TEXT, MEMBER(name)}, {0}};
#undef MEMBER

    *into = (struct weight_source){.name = ""};
    if (node->type == YAML_MAPPING_NODE)
        return schema_read_mapping(source, node, parts, field->key, into);
    if (node->type == YAML_SEQUENCE_NODE)
        return schema_error(
            source, node, "%s: expected a column, a file or {file: ..., column: ...}", field->key);
    return schema_read(source, node, &whole[0], into) == 0
               ? schema_read(source, node, &whole[1], into)
               : -1;
}

int schema_read(const struct schema_source *source, yaml_node_t *node, const struct field *field,
                void *into)
{
    char folder[1024];
    const char *text = schema_scalar(node);

    if (field->kind == FIELD_WIDTHS || field->kind == FIELD_REALS)
        return read_list(source, node, field, into);
    if (field->kind == FIELD_SIDES)
        return read_sides(source, node, field, into);
    if (field->kind == FIELD_SET)
        return read_set(source, node, field, member(field, into));
    if (field->kind == FIELD_COLUMN)
        return read_column(source, node, field, member(field, into));
    if (!text)
        return schema_error(source, node, "%s: expected one value, not a %s", field->key,
                            node->type == YAML_MAPPING_NODE ? "mapping" : "list");
    folder_of(source->file, folder, sizeof folder);
    if (schema_parse(field, text, folder, into) != 0)
        return schema_error(source, node, "%s", error_text());
    return 0;
}

int schema_read_mapping(const struct schema_source *source, yaml_node_t *node,
                        const struct field *fields, const char *section, void *into)
{
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "%s: expected a mapping, such as {key: value}", section);
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        const char *name = schema_scalar(key);
        const struct field *field = name ? schema_find(fields, name) : NULL;

        if (!field) {
            char known[512] = "";
            size_t length = 0;

            for (const struct field *f = fields; f->key && length < sizeof known; f++)
                length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                           f == fields ? "" : ", ", f->key);
            return schema_error(source, key, "%s: unknown key '%s', expected one of %s", section,
                                name ? name : "(not a name)", known);
        }
        if (schema_read(source, value, field, into) != 0)
            return -1;
    }
    return 0;
}

static int check_repeated(const struct schema_source *source, yaml_node_t *mapping)
{
    yaml_node_t *key, *earlier, *value;

    for (size_t i = 0; schema_pair(source, mapping, i, &key, &value); i++)
        for (size_t j = 0; j < i; j++) {
            schema_pair(source, mapping, j, &earlier, &value);
            if (schema_scalar(key) && schema_scalar(earlier) &&
                strcmp(schema_scalar(key), schema_scalar(earlier)) == 0)
                return schema_error(source, key, "%s: is given twice", schema_scalar(key));
        }
    return 0;
}

int schema_check_repeated(const struct schema_source *source)
{
    const yaml_document_t *document = source->document;

    for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++)
        if (node->type == YAML_MAPPING_NODE && check_repeated(source, node) != 0)
            return -1;
    return 0;
}

static void format_list(const struct field *field, const void *base, char *text, size_t size)
{
    const void *items = const_member(field, base);
    int count = *(const int *)(const void *)((const char *)base + field->count_offset);
    size_t length = (size_t)snprintf(text, size, "[");

    for (int i = 0; i < count && length < size; i++) {
        char item[32];

        if (field->kind == FIELD_REALS)
            format_double(((const double *)items)[i], item, sizeof item);
        else
            snprintf(item, sizeof item, "%d", ((const int *)items)[i]);
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? " " : "", item);
    }
    if (length < size)
        snprintf(text + length, size - length, "]");
}

static void format_set(const struct field *field, int set, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "[");
    const char *separator = "";

    for (const struct choice *c = field->choices; c->name && length < size; c++)
        if (set & c->value) {
            length += (size_t)snprintf(text + length, size - length, "%s%s", separator, c->name);
            separator = " ";
        }
    if (length < size)
        snprintf(text + length, size - length, "]");
}

void schema_format(const struct field *field, const void *base, char *text, size_t size)
{
    const void *from = const_member(field, base);

    if (field->kind == FIELD_SET) {
        format_set(field, *(const int *)from, text, size);
        return;
    }
    for (const struct choice *c = field->choices; c && c->name; c++)
        if (field->kind == FIELD_REAL ? *(const double *)from == c->value
                                      : *(const int *)from == c->value) {
            snprintf(text, size, "%s", c->name);
            return;
        }
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_PATH:
        snprintf(text, size, "%s", (const char *)from);
        break;
    case FIELD_COUNT:
    case FIELD_SPECIAL:
    case FIELD_CHOICE:
        snprintf(text, size, "%d", *(const int *)from);
        break;
    case FIELD_REAL:
        format_double(*(const double *)from, text, size);
        break;
    case FIELD_SEED:
        snprintf(text, size, "%" PRIu64, *(const uint64_t *)from);
        break;
    case FIELD_WIDTHS:
    case FIELD_SIDES:
    case FIELD_REALS:
        format_list(field, base, text, size);
        break;
    case FIELD_SET: /* above */
        break;
    case FIELD_COLUMN: /* is not formatted: schema_dump */
        text[0] = '\0';
        break;
    }
}

/* As schema_format writes it. */
static const char *unhashed_text(const struct field *field)
{
    if (field->unhashed)
        return field->unhashed;
    if (field->fallback)
        return field->fallback;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_PATH:
        return "";
    case FIELD_WIDTHS:
    case FIELD_SIDES:
    case FIELD_REALS:
    case FIELD_SET:
        return "[]";
    default:
        return "0";
    }
}

void schema_dump(FILE *file, const struct field *fields, const char *section, const void *from)
{
    char text[4096]; /* holds the longest list */

    for (const struct field *field = fields; field->key; field++) {
        if (field->kind == FIELD_PATH || field->kind == FIELD_COLUMN)
            continue; /* what lies there decides, not where it lies */
        schema_format(field, from, text, sizeof text);
        if (strcmp(text, unhashed_text(field)) != 0)
            fprintf(file, "%s.%s=%s\n", section, field->key, text);
    }
}

void schema_document(FILE *file, const struct field *fields)
{
    for (const struct field *field = fields; field->key; field++) {
        char expected[512] = "", range[128] = "";

        if (field->choices)
            list_choices(field->choices, expected, sizeof expected);
        switch (field->kind) {
        case FIELD_COUNT:
        case FIELD_REAL:
        case FIELD_SPECIAL:
            describe_range(field, range, sizeof range);
            break;
        case FIELD_SEED:
            snprintf(range, sizeof range, "a whole number, 0 or more");
            break;
        case FIELD_WIDTHS:
            snprintf(range, sizeof range, "a list of whole numbers");
            break;
        case FIELD_REALS:
            snprintf(range, sizeof range, "a list of numbers");
            break;
        case FIELD_SIDES:
            snprintf(range, sizeof range, "a whole number, or [height, width]");
            break;
        case FIELD_TEXT:
            snprintf(range, sizeof range, "a text");
            break;
        case FIELD_PATH:
            snprintf(range, sizeof range, "a path");
            break;
        case FIELD_COLUMN:
            snprintf(range, sizeof range, "a column, a path, or {file: ..., column: ...}");
            break;
        case FIELD_SET:
        case FIELD_CHOICE:
            break;
        }
        fprintf(file, "  %-18s %s\n%21s%s%s%s%s%s\n", field->key, field->help, "", expected,
                expected[0] && range[0] ? ", or " : "", range, field->fallback ? "; default " : "",
                field->fallback ? field->fallback : "");
    }
}
