/* Tables of numbers with a column of class names or targets, read with libcsv. */
#include "data/csv_data.h"

#include "base/csv_source.h"
#include "base/error.h"
#include "base/limits.h"
#include "data/own_weights.h"

#include <float.h>
#include <math.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 1 << 20, /* of features, before memory starts doubling */
    FIRST_ROWS = 256,
    SHOWN = 40,         /* bytes of a field that a message quotes */
    LISTED_NAMES = 400, /* bytes of column names that a message lists */
};

struct class_name {
    const char *name; /* text, or what is looked for */
    int32_t id;       /* in order of first appearance, until the end of the file is known */
    char text[];
};

/* What the fields and rows of the file come to. */
struct reader {
    struct csv_source source;
    const char *wanted; /* name of the label or target column */
    bool is_label;
    const char *weights; /* name of the weight column; "": there is none */
    struct csv_data *data;

    bool in_header;
    size_t columns; /* of the header */
    size_t special; /* index of the wanted column */
    size_t weight;  /* likewise; past all columns where there is none */
    bool found, weight_found;
    bool any_weight;          /* above 0 */
    char names[LISTED_NAMES]; /* of the columns, for messages */

    size_t capacity;             /* rows that fit the arrays of data */
    struct class_name **classes; /* [class_count], owned */
    int class_count;
    void *class_tree; /* of the same, by name: each field is looked up */
};

static void header_field(struct reader *reader, const char *name)
{
    size_t used = strlen(reader->names);

    if (reader->source.fields >= LIMIT_CSV_COLUMNS) {
        CSV_FAIL(&reader->source, "more than %d columns", LIMIT_CSV_COLUMNS);
        return;
    }
    snprintf(reader->names + used, sizeof reader->names - used, "%s%s", used > 0 ? ", " : "", name);
    if (strcmp(name, reader->wanted) == 0) {
        if (reader->found)
            CSV_FAIL(&reader->source, "column '%s' occurs twice", name);
        reader->found = true;
        reader->special = reader->source.fields;
    } else if (reader->weights[0] != '\0' && strcmp(name, reader->weights) == 0) {
        if (reader->weight_found)
            CSV_FAIL(&reader->source, "column '%s' occurs twice", name);
        reader->weight_found = true;
        reader->weight = reader->source.fields;
    }
}

static void missing(struct reader *reader, const char *name)
{
    CSV_FAIL(&reader->source, "no column '%s'; the columns are %s%s", name, reader->names,
             strlen(reader->names) + 1 == sizeof reader->names ? " ..." : "");
}

static void header_end(struct reader *reader)
{
    size_t named = reader->weight_found ? 2 : 1;

    reader->columns = reader->source.fields;
    reader->in_header = false;
    if (!reader->found)
        missing(reader, reader->wanted);
    else if (reader->weights[0] != '\0' && !reader->weight_found)
        missing(reader, reader->weights);
    else if (reader->columns <= named)
        CSV_FAIL(&reader->source, "no column of features beside '%s'", reader->wanted);
    reader->data->columns = reader->columns - named;
}

static int grow(void *array, size_t count, size_t size)
{
    void **pointer = array, *grown;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || !(grown = realloc(*pointer, bytes)))
        return -1;
    *pointer = grown;
    return 0;
}

/* Room for one row more. */
static void reserve(struct reader *reader)
{
    struct csv_data *data = reader->data;
    size_t row_bytes = data->columns * sizeof *data->features;
    size_t most = limit_data_bytes() / row_bytes, wanted = 2 * reader->capacity;

    if (data->rows < reader->capacity)
        return;
    if (data->rows == INT32_MAX) {
        CSV_FAIL(&reader->source, "more than %d rows", INT32_MAX);
        return;
    }
    if (data->rows >= most) {
        CSV_FAIL(&reader->source, "more than %zu rows of %zu features, expected at most %zu bytes",
                 most, data->columns, limit_data_bytes());
        return;
    }
    if (wanted == 0)
        wanted = row_bytes * FIRST_ROWS > FIRST_BYTES ? 1 + FIRST_BYTES / row_bytes : FIRST_ROWS;
    if (wanted > most)
        wanted = most;
    if (grow(&data->features, wanted, row_bytes) != 0 ||
        (reader->is_label && grow(&data->labels, wanted, sizeof *data->labels) != 0) ||
        (!reader->is_label && grow(&data->targets, wanted, sizeof *data->targets) != 0) ||
        (reader->weight_found && grow(&data->weights, wanted, sizeof *data->weights) != 0)) {
        CSV_FAIL(&reader->source, "out of memory after %zu rows", data->rows);
        return;
    }
    reader->capacity = wanted;
}

/* A finite number that fits a float. */
static float number(struct reader *reader, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (*end != '\0')
        CSV_FAIL(&reader->source, "column %zu: '%.*s' is not a number", reader->source.fields + 1,
                 SHOWN, text);
    else if (!(fabs(value) <= (double)FLT_MAX))
        CSV_FAIL(&reader->source, "column %zu: '%.*s' is not a finite number of single precision",
                 reader->source.fields + 1, SHOWN, text);
    return (float)value;
}

static int compare_classes(const void *a, const void *b)
{
    return strcmp(((const struct class_name *)a)->name, ((const struct class_name *)b)->name);
}

/* NULL: the reader has failed. */
static struct class_name *add_class(struct reader *reader, const char *name)
{
    int count = reader->class_count;
    size_t size = strlen(name) + 1;
    struct class_name *fresh = NULL;

    if (count == LIMIT_CLASSES) {
        CSV_FAIL(&reader->source,
                 "column '%s' has more than %d classes; name a column of numbers as target",
                 reader->wanted, LIMIT_CLASSES);
        return NULL;
    }
    /* The room doubles at each power of two. */
    if ((count & (count - 1)) != 0 ||
        grow(&reader->classes, 2 * (size_t)count + 1, sizeof *reader->classes) == 0)
        fresh = malloc(sizeof *fresh + size);
    if (!fresh) {
        CSV_FAIL(&reader->source, "out of memory for %d class names", count + 1);
        return NULL;
    }
    memcpy(fresh->text, name, size);
    fresh->name = fresh->text;
    fresh->id = count;
    reader->classes[reader->class_count++] = fresh;
    return fresh;
}

static int32_t class_id(struct reader *reader, const char *name)
{
    const struct class_name wanted = {.name = name};
    void *found = tfind(&wanted, &reader->class_tree, compare_classes);
    struct class_name *fresh;

    if (found)
        return (*(struct class_name **)found)->id;
    fresh = add_class(reader, name);
    if (!fresh)
        return 0;
    if (!tsearch(fresh, &reader->class_tree, compare_classes))
        CSV_FAIL(&reader->source, "out of memory for %d class names", reader->class_count);
    return fresh->id;
}

static double weight(struct reader *reader, const char *text)
{
    double value = 0;

    if (own_weight_parse(text, &value) != 0)
        CSV_FAIL(&reader->source,
                 "column %zu: '%.*s' is not a weight, expected a finite number, 0 or more",
                 reader->source.fields + 1, SHOWN, text);
    reader->any_weight = reader->any_weight || value > 0;
    return value;
}

static void row_field(struct reader *reader, const char *text)
{
    struct csv_data *data = reader->data;
    size_t field = reader->source.fields;

    if (field == 0)
        reserve(reader);
    if (reader->source.failed || field >= reader->columns)
        return;
    if (text[0] == '\0')
        CSV_FAIL(&reader->source, "column %zu is empty", field + 1);
    else if (field == reader->weight)
        data->weights[data->rows] = weight(reader, text);
    else if (field != reader->special)
        data->features[data->rows * data->columns + field - (field > reader->special) -
                       (field > reader->weight)] = number(reader, text);
    else if (reader->is_label)
        data->labels[data->rows] = class_id(reader, text);
    else
        data->targets[data->rows] = number(reader, text);
}

static void take_field(void *context, const char *text)
{
    struct reader *reader = context;

    if (reader->in_header)
        header_field(reader, text);
    else
        row_field(reader, text);
}

static void take_row(void *context)
{
    struct reader *reader = context;

    if (reader->in_header)
        header_end(reader);
    else if (reader->source.fields != reader->columns)
        CSV_FAIL(&reader->source, "%zu fields, expected %zu as in the header",
                 reader->source.fields, reader->columns);
    else
        reader->data->rows++;
}

static int compare_listed(const void *a, const void *b)
{
    return compare_classes(*(const struct class_name *const *)a,
                           *(const struct class_name *const *)b);
}

/* Renumbers the classes from order of appearance to order of name, so that ids do not depend on
 * the order of the rows. */
static int sort_classes(struct reader *reader)
{
    struct csv_data *data = reader->data;
    struct class_name **classes = reader->classes;
    int32_t *sorted = calloc((size_t)reader->class_count, sizeof *sorted);

    if (!sorted)
        return error_set("%s: out of memory for %d classes", reader->source.path,
                         reader->class_count);
    qsort(classes, (size_t)reader->class_count, sizeof *classes, compare_listed);
    for (int32_t position = 0; position < reader->class_count; position++)
        sorted[classes[position]->id] = position;
    for (size_t i = 0; i < data->rows; i++)
        data->labels[i] = sorted[data->labels[i]];
    data->classes = reader->class_count;
    free(sorted);
    return 0;
}

static int finish(struct reader *reader)
{
    const struct csv_data *data = reader->data;

    if (reader->in_header)
        return error_set("%s: empty, expected a header line with the names of the columns",
                         reader->source.path);
    if (data->rows == 0)
        return error_set("%s: no rows after the header", reader->source.path);
    if (reader->weight_found && !reader->any_weight)
        return error_set("%s:%zu: all weights in column '%s' are 0, expected one above 0 at least",
                         reader->source.path, reader->source.line, reader->weights);
    if (!reader->is_label)
        return 0;
    if (reader->class_count < 2)
        return error_set("%s: column '%s' holds one class only, '%.*s', expected at least two",
                         reader->source.path, reader->wanted, SHOWN, reader->classes[0]->name);
    return sort_classes(reader);
}

static void keep(void *class)
{
    (void)class;
}

static void free_classes(struct reader *reader)
{
    tdestroy(reader->class_tree, keep);
    for (int i = 0; i < reader->class_count; i++)
        free(reader->classes[i]);
    free(reader->classes);
}

int csv_data_read(struct csv_data *data, const char *path, const char *label, const char *target,
                  const char *weights)
{
    int status = -1;
    bool is_label = label[0] != '\0';
    struct reader reader = {.source = {.path = path},
                            .wanted = is_label ? label : target,
                            .is_label = is_label,
                            .weights = weights,
                            .weight = SIZE_MAX,
                            .data = data,
                            .in_header = true};

    *data = (struct csv_data){0};
    if (is_label == (target[0] != '\0')) {
        error_set("%s: expected the name of either a label or a target column", path);
        goto done;
    }
    if (weights[0] != '\0' && strcmp(weights, reader.wanted) == 0) {
        error_set("%s: column '%s' is named for %s and weights, expected one of them", path,
                  weights, is_label ? "label" : "target");
        goto done;
    }
    if (csv_source_read(&reader.source, take_field, take_row, &reader) != 0 || finish(&reader) != 0)
        goto done;
    status = 0;
done:
    free_classes(&reader);
    if (status != 0)
        csv_data_free(data);
    return status;
}

void csv_data_free(struct csv_data *data)
{
    if (!data)
        return;
    free(data->features);
    free(data->labels);
    free(data->targets);
    free(data->weights);
    *data = (struct csv_data){0};
}
