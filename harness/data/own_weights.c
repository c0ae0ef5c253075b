/* Weights that the user gives to the examples of a data set. */
#include "data/own_weights.h"

#include "base/error.h"

#include <csv.h>
#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 /* bytes of a field that a message quotes */ };

struct reader {
    const char *path, *column; /* column "": the only one */
    double *weights;           /* [expected] */
    size_t expected, count;

    size_t line, field; /* field: of this line, from 0 */
    bool has_header, failed;
    size_t wanted; /* index of the column */
    bool found;
    bool any; /* a weight above 0 */
};

/* The error, unless there was one before: libcsv goes on to the end of the line. */
#define FAIL(reader, format, ...)                                                                  \
    do {                                                                                           \
        if (!(reader)->failed)                                                                     \
            error_set("%s:%zu: " format, (reader)->path, (reader)->line, __VA_ARGS__);             \
        (reader)->failed = true;                                                                   \
    } while (0)

int own_weight_parse(const char *text, double *weight)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0 && value <= DBL_MAX))
        return -1;
    *weight = value;
    return 0;
}

static bool is_number(const char *text)
{
    char *end;

    strtod(text, &end);
    return end != text && *end == '\0';
}

static void add_weight(struct reader *reader, const char *text)
{
    double weight = 0;

    if (own_weight_parse(text, &weight) != 0)
        FAIL(reader, "'%.*s' is not a weight, expected a finite number, 0 or more", SHOWN, text);
    else if (reader->count == reader->expected)
        FAIL(reader, "more than %zu weights, expected one for each of %zu examples",
             reader->expected, reader->expected);
    else
        reader->weights[reader->count++] = weight;
    reader->any = reader->any || weight > 0;
}

static void header_field(struct reader *reader, const char *name)
{
    if (strcmp(name, reader->column) != 0)
        return;
    if (reader->found)
        FAIL(reader, "column '%s' occurs twice", name);
    reader->found = true;
    reader->wanted = reader->field;
}

static void on_field(void *bytes, size_t length, void *context)
{
    struct reader *reader = context;
    const char *text = bytes;

    if (reader->failed)
        return;
    if (memchr(text, '\0', length))
        FAIL(reader, "column %zu holds a zero byte", reader->field + 1);
    else if (reader->has_header)
        header_field(reader, text);
    else if (reader->field == reader->wanted)
        add_weight(reader, text);
    reader->field++;
}

static void on_row(int terminator, void *context)
{
    struct reader *reader = context;
    bool is_only = reader->column[0] == '\0';

    (void)terminator;
    if (is_only && reader->field > 1)
        FAIL(reader, "%zu columns, expected one, or the name of one: {file: ..., column: ...}",
             reader->field);
    else if (reader->has_header && !is_only && !reader->found)
        FAIL(reader, "no column '%s'", reader->column);
    else if (!reader->has_header && reader->field <= reader->wanted)
        FAIL(reader, "%zu fields, expected a weight in column %zu", reader->field,
             reader->wanted + 1);
    reader->has_header = false;
    reader->field = 0;
}

/* Of a file of one column the first line is a header if it is no number. */
static bool begins_with_header(const struct reader *reader, const char *line)
{
    char first[64];

    if (reader->column[0] != '\0')
        return true;
    snprintf(first, sizeof first, "%s", line + strspn(line, " \t\""));
    first[strcspn(first, " \t\"\r\n")] = '\0';
    return first[0] != '\0' && !is_number(first);
}

/* Line by line, because libcsv does not count lines. */
static int parse(struct reader *reader, FILE *file, struct csv_parser *parser)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    while (!reader->failed && (length = getline(&line, &capacity, file)) > 0) {
        size_t skip = ++reader->line == 1 && strncmp(line, byte_order_mark, 3) == 0 ? 3 : 0;
        size_t size = (size_t)length - skip;

        if (reader->line == 1)
            reader->has_header = begins_with_header(reader, line + skip);
        if (csv_parse(parser, line + skip, size, on_field, on_row, reader) != size)
            FAIL(reader, "%s", csv_strerror(csv_error(parser)));
    }
    if (!reader->failed && !feof(file)) {
        error_set("%s: %s", reader->path, strerror(errno));
        reader->failed = true;
    }
    if (!reader->failed && csv_fini(parser, on_field, on_row, reader) != 0)
        FAIL(reader, "%s", "a quoted field does not end");
    free(line);
    return reader->failed ? -1 : 0;
}

static int check(struct reader *reader)
{
    if (reader->count != reader->expected)
        FAIL(reader, "the file ends after %zu weights, expected one for each of %zu examples",
             reader->count, reader->expected);
    else if (!reader->any)
        FAIL(reader, "all %zu weights are 0, expected one above 0 at least", reader->count);
    return reader->failed ? -1 : 0;
}

int own_weights_read(double **weights, size_t count, const char *path, const char *column)
{
    int status = -1;
    struct reader reader = {.path = path, .column = column, .expected = count};
    struct csv_parser parser;
    FILE *file = fopen(path, "r");

    *weights = NULL;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    if (!file) {
        error_set("%s: %s", path, strerror(errno));
        goto done;
    }
    reader.weights = malloc((count + 1) * sizeof *reader.weights);
    if (!reader.weights) {
        error_set("%s: out of memory for %zu weights", path, count);
        goto done;
    }
    if (parse(&reader, file, &parser) != 0 || check(&reader) != 0)
        goto done;
    *weights = reader.weights;
    reader.weights = NULL;
    status = 0;
done:
    if (file)
        fclose(file);
    csv_free(&parser);
    free(reader.weights);
    return status;
}
