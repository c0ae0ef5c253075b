/* The rows of a table as comma-separated values (RFC 4180) with one header line, one at a time:
 * numbers, with a named column of class names or of targets. */
#ifndef BATCHLAB_CSV_ROWS_H
#define BATCHLAB_CSV_ROWS_H

#include "base/csv_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_row {
    const float *features; /* [rows.features], in the order of the file; finite */
    int32_t label;         /* with a label column */
    float target;          /* with a target column */
    double weight;         /* with a weight column: finite, 0 or more */
};

/* Zeroed but for what the caller sets. */
struct csv_rows {
    const char *label, *target; /* name of the column of class names, or of numbers; the other "" */
    const char *weights;        /* name of that of the examples' weights, or "" */
    /* 0: go on; else the visitor has failed, by CSV_FAIL on rows->source. */
    int (*visit)(void *context, struct csv_rows *, const struct csv_row *);
    void *context;

    struct csv_source source;
    size_t features; /* columns: all but those named */
    size_t count;    /* rows visited by this reading */
    int classes;     /* found so far; 0 with targets */
    struct csv_classes *names;

    bool in_header, found, weight_found, any_weight;
    size_t columns;         /* of the header */
    size_t special, weight; /* index of the label or target column, and of the weights'; past all
                               columns where there is none */
    char listed[400];       /* names of the columns, for messages */
    struct csv_row row;
    float *values; /* [features], of row, owned */
};

/* Visits every row. Every column that is not named must hold finite numbers of single precision.
 * Spaces around a field and blank lines are ignored. At the first reading labels are numbers of the
 * classes in order of appearance; then csv_rows_sort gives them those of their names in byte order,
 * and a further reading has these, and no other class. -1 (error `file:line: what is wrong, what was
 * expected`; a row that spans several lines is known by its last one). */
int csv_rows_read(struct csv_rows *, const char *path);

/* sorted[classes] = the new number of what was class c in order of appearance; NULL: nobody asks. */
void csv_rows_sort(struct csv_rows *, int32_t *sorted);

void csv_rows_close(struct csv_rows *); /* accepts a zeroed struct */

#endif
