/* Weights that the user gives to the examples of a data set. */
#include "data/own_weights.h"

#include "base/csv_source.h"
#include "base/error.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 /* bytes of a field that a message quotes */ };

struct reader {
    struct csv_source source;
    const char *column; /* "": the only one */
    double *weights;    /* [expected] */
    size_t expected, count;

    bool in_header;
    size_t wanted; /* index of the column */
    bool found;
    bool any; /* a weight above 0 */
};

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
        CSV_FAIL(&reader->source, "'%.*s' is not a weight, expected a finite number, 0 or more",
                 SHOWN, text);
    else if (reader->count == reader->expected)
        CSV_FAIL(&reader->source, "more than %zu weights, expected one for each of %zu examples",
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
        CSV_FAIL(&reader->source, "column '%s' occurs twice", name);
    reader->found = true;
    reader->wanted = reader->source.fields;
}

/* Of a file of one column the first line is a header if it begins with what is no number. */
static bool is_heading(const struct reader *reader, const char *text)
{
    char first[64];

    if (reader->source.line > 1 || reader->source.fields > 0 || reader->column[0] != '\0')
        return false;
    snprintf(first, sizeof first, "%.*s", (int)strcspn(text, " \t"), text);
    return first[0] != '\0' && !is_number(first);
}

static void take_field(void *context, const char *text)
{
    struct reader *reader = context;

    reader->in_header = reader->in_header || is_heading(reader, text);
    if (reader->in_header)
        header_field(reader, text);
    else if (reader->source.fields == reader->wanted)
        add_weight(reader, text);
}

static void take_row(void *context)
{
    struct reader *reader = context;
    bool is_only = reader->column[0] == '\0';

    if (is_only && reader->source.fields > 1)
        CSV_FAIL(&reader->source,
                 "%zu columns, expected one, or the name of one: {file: ..., column: ...}",
                 reader->source.fields);
    else if (reader->in_header && !is_only && !reader->found)
        CSV_FAIL(&reader->source, "no column '%s'", reader->column);
    else if (!reader->in_header && reader->source.fields <= reader->wanted)
        CSV_FAIL(&reader->source, "%zu fields, expected a weight in column %zu",
                 reader->source.fields, reader->wanted + 1);
    reader->in_header = false;
}

static int check(struct reader *reader)
{
    if (reader->count != reader->expected)
        CSV_FAIL(&reader->source,
                 "the file ends after %zu weights, expected one for each of %zu examples",
                 reader->count, reader->expected);
    else if (!reader->any)
        CSV_FAIL(&reader->source, "all %zu weights are 0, expected one above 0 at least",
                 reader->count);
    return reader->source.failed ? -1 : 0;
}

int own_weights_read(double **weights, size_t count, const char *path, const char *column)
{
    struct reader reader = {.source = {.path = path},
                            .column = column,
                            .expected = count,
                            .in_header = column[0] != '\0'};

    *weights = NULL;
    reader.weights = malloc((count + 1) * sizeof *reader.weights);
    if (!reader.weights)
        return error_set("%s: out of memory for %zu weights", path, count);
    if (csv_source_read(&reader.source, take_field, take_row, &reader) != 0 ||
        check(&reader) != 0) {
        free(reader.weights);
        return -1;
    }
    *weights = reader.weights;
    return 0;
}
