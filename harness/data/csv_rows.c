/* The rows of a table, one at a time, read with libcsv. */
#include "data/csv_rows.h"

#include "base/error.h"
#include "base/limits.h"
#include "data/own_weights.h"

#include <float.h>
#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN = 40, /* bytes of a field that a message quotes */
};

struct class_name {
    const char *name; /* text, or what is looked for */
    int32_t id;       /* in order of first appearance, until they are sorted */
    char text[];
};

/* The classes found, to be looked up for each row. */
struct csv_classes {
    struct class_name **list; /* [classes], owned */
    void *tree;               /* of the same, by name */
    bool is_closed;           /* sorted: no further class is expected */
};

static const char *wanted(const struct csv_rows *rows)
{
    return rows->label[0] != '\0' ? rows->label : rows->target;
}

/* ---- The header -------------------------------------------------------------------------------
 */

static void header_field(struct csv_rows *rows, const char *name)
{
    size_t used = strlen(rows->listed);

    if (rows->source.fields >= LIMIT_CSV_COLUMNS) {
        CSV_FAIL(&rows->source, "more than %d columns", LIMIT_CSV_COLUMNS);
        return;
    }
    snprintf(rows->listed + used, sizeof rows->listed - used, "%s%s", used > 0 ? ", " : "", name);
    if (strcmp(name, wanted(rows)) == 0) {
        if (rows->found)
            CSV_FAIL(&rows->source, "column '%s' occurs twice", name);
        rows->found = true;
        rows->special = rows->source.fields;
    } else if (rows->weights[0] != '\0' && strcmp(name, rows->weights) == 0) {
        if (rows->weight_found)
            CSV_FAIL(&rows->source, "column '%s' occurs twice", name);
        rows->weight_found = true;
        rows->weight = rows->source.fields;
    }
}

static void missing(struct csv_rows *rows, const char *name)
{
    CSV_FAIL(&rows->source, "no column '%s'; the columns are %s%s", name, rows->listed,
             strlen(rows->listed) + 1 == sizeof rows->listed ? " ..." : "");
}

static void header_end(struct csv_rows *rows)
{
    size_t named = rows->weight_found ? 2 : 1;

    rows->columns = rows->source.fields;
    rows->in_header = false;
    if (!rows->found) {
        missing(rows, wanted(rows));
    } else if (rows->weights[0] != '\0' && !rows->weight_found) {
        missing(rows, rows->weights);
    } else if (rows->columns <= named) {
        CSV_FAIL(&rows->source, "no column of features beside '%s'", wanted(rows));
    } else {
        rows->features = rows->columns - named;
        rows->values = calloc(rows->features, sizeof *rows->values);
        if (!rows->values)
            CSV_FAIL(&rows->source, "out of memory for %zu features", rows->features);
        rows->row.features = rows->values;
    }
}

/* ---- Fields -----------------------------------------------------------------------------------
 */

/* A finite number that fits a float. */
static float number(struct csv_rows *rows, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (*end != '\0')
        CSV_FAIL(&rows->source, "column %zu: '%.*s' is not a number", rows->source.fields + 1,
                 SHOWN, text);
    else if (!(fabs(value) <= (double)FLT_MAX))
        CSV_FAIL(&rows->source, "column %zu: '%.*s' is not a finite number of single precision",
                 rows->source.fields + 1, SHOWN, text);
    return (float)value;
}

static int compare_classes(const void *a, const void *b)
{
    return strcmp(((const struct class_name *)a)->name, ((const struct class_name *)b)->name);
}

/* NULL: the reading has failed. */
static struct class_name *add_class(struct csv_rows *rows, const char *name)
{
    int count = rows->classes;
    size_t size = strlen(name) + 1;
    struct class_name *fresh;
    bool has_room = true;

    if (rows->names->is_closed) {
        CSV_FAIL(&rows->source, "class '%.*s' was not there when the file was first read", SHOWN,
                 name);
        return NULL;
    }
    if (count == LIMIT_CLASSES) {
        CSV_FAIL(&rows->source,
                 "column '%s' has more than %d classes; name a column of numbers as target",
                 rows->label, LIMIT_CLASSES);
        return NULL;
    }
    if ((count & (count - 1)) == 0) { /* the room doubles at each power of two */
        struct class_name **grown =
            realloc(rows->names->list, (2 * (size_t)count + 1) * sizeof(struct class_name *));

        if (grown)
            rows->names->list = grown;
        else
            has_room = false;
    }
    fresh = has_room ? malloc(sizeof *fresh + size) : NULL;
    if (!fresh) {
        CSV_FAIL(&rows->source, "out of memory for %d class names", count + 1);
        return NULL;
    }
    memcpy(fresh->text, name, size);
    fresh->name = fresh->text;
    fresh->id = count;
    rows->names->list[rows->classes++] = fresh;
    return fresh;
}

static int32_t class_id(struct csv_rows *rows, const char *name)
{
    const struct class_name sought = {.name = name};
    void *found = tfind(&sought, &rows->names->tree, compare_classes);
    struct class_name *fresh;

    if (found)
        return (*(struct class_name **)found)->id;
    fresh = add_class(rows, name);
    if (!fresh)
        return 0;
    if (!tsearch(fresh, &rows->names->tree, compare_classes))
        CSV_FAIL(&rows->source, "out of memory for %d class names", rows->classes);
    return fresh->id;
}

static double weight(struct csv_rows *rows, const char *text)
{
    double value = 0;

    if (own_weight_parse(text, &value) != 0)
        CSV_FAIL(&rows->source,
                 "column %zu: '%.*s' is not a weight, expected a finite number, 0 or more",
                 rows->source.fields + 1, SHOWN, text);
    rows->any_weight = rows->any_weight || value > 0;
    return value;
}

static void row_field(struct csv_rows *rows, const char *text)
{
    size_t field = rows->source.fields;

    if (field >= rows->columns)
        return;
    if (text[0] == '\0')
        CSV_FAIL(&rows->source, "column %zu is empty", field + 1);
    else if (field == rows->weight)
        rows->row.weight = weight(rows, text);
    else if (field != rows->special)
        rows->values[field - (field > rows->special) - (field > rows->weight)] = number(rows, text);
    else if (rows->label[0] != '\0')
        rows->row.label = class_id(rows, text);
    else
        rows->row.target = number(rows, text);
}

static void take_field(void *context, const char *text)
{
    struct csv_rows *rows = context;

    if (rows->in_header)
        header_field(rows, text);
    else
        row_field(rows, text);
}

static void take_row(void *context)
{
    struct csv_rows *rows = context;

    if (rows->in_header)
        header_end(rows);
    else if (rows->source.fields != rows->columns)
        CSV_FAIL(&rows->source, "%zu fields, expected %zu as in the header", rows->source.fields,
                 rows->columns);
    else if (rows->count == INT32_MAX)
        CSV_FAIL(&rows->source, "more than %d rows", INT32_MAX);
    else if (rows->visit(rows->context, rows, &rows->row) == 0)
        rows->count++;
}

/* ---- Classes ----------------------------------------------------------------------------------
 */

static int compare_listed(const void *a, const void *b)
{
    return compare_classes(*(const struct class_name *const *)a,
                           *(const struct class_name *const *)b);
}

void csv_rows_sort(struct csv_rows *rows, int32_t *sorted)
{
    struct class_name **list = rows->names->list;

    qsort(list, (size_t)rows->classes, sizeof *list, compare_listed);
    for (int32_t position = 0; position < rows->classes; position++) {
        if (sorted)
            sorted[list[position]->id] = position;
        list[position]->id = position;
    }
    rows->names->is_closed = true;
}

static void keep(void *class)
{
    (void)class;
}

static void free_classes(struct csv_rows *rows)
{
    if (!rows->names)
        return;
    tdestroy(rows->names->tree, keep);
    for (int i = 0; i < rows->classes; i++)
        free(rows->names->list[i]);
    free(rows->names->list);
    free(rows->names);
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static int finish(const struct csv_rows *rows)
{
    if (rows->in_header)
        return error_set("%s: empty, expected a header line with the names of the columns",
                         rows->source.path);
    if (rows->count == 0)
        return error_set("%s: no rows after the header", rows->source.path);
    if (rows->weight_found && !rows->any_weight)
        return error_set("%s:%zu: all weights in column '%s' are 0, expected one above 0 at least",
                         rows->source.path, rows->source.line, rows->weights);
    if (rows->label[0] != '\0' && rows->classes < 2)
        return error_set("%s: column '%s' holds one class only, '%.*s', expected at least two",
                         rows->source.path, rows->label, SHOWN, rows->names->list[0]->name);
    return 0;
}

int csv_rows_read(struct csv_rows *rows, const char *path)
{
    if ((rows->label[0] != '\0') == (rows->target[0] != '\0'))
        return error_set("%s: expected the name of either a label or a target column", path);
    if (rows->weights[0] != '\0' && strcmp(rows->weights, wanted(rows)) == 0)
        return error_set("%s: column '%s' is named for %s and weights, expected one of them", path,
                         rows->weights, rows->label[0] != '\0' ? "label" : "target");
    if (!rows->names)
        rows->names = calloc(1, sizeof *rows->names);
    if (!rows->names)
        return error_set("%s: out of memory", path);
    free(rows->values);
    rows->values = NULL;
    rows->source = (struct csv_source){.path = path};
    rows->in_header = true;
    rows->found = rows->weight_found = rows->any_weight = false;
    rows->weight = SIZE_MAX;
    rows->count = 0;
    rows->listed[0] = '\0';
    if (csv_source_read(&rows->source, take_field, take_row, rows) != 0)
        return -1;
    return finish(rows);
}

void csv_rows_close(struct csv_rows *rows)
{
    free_classes(rows);
    free(rows->values);
    rows->names = NULL;
    rows->values = NULL;
}
