/* The rows of a file in the LIBSVM format (Chang, Lin 2011), plain or gzip-compressed, one at a
 * time: `label index:value index:value ...`, indices from 1 on and ascending, what is not named
 * zero. Text from a `#` on is no part of a row; blank lines are passed over. */
#ifndef BATCHLAB_LIBSVM_ROWS_H
#define BATCHLAB_LIBSVM_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed but for what the caller sets. */
struct libsvm_rows {
    bool is_regression; /* labels are targets, not classes */
    int features;       /* of a row; 0: the first reading finds the largest index */
    /* label: number of the class, by value, among those found so far: final at a second reading;
     * target: the label as it stands. features [rows->features], NULL where that is not known yet.
     * 0, or -1 (error set). */
    int (*visit)(void *context, struct libsvm_rows *, const float *features, int32_t label,
                 float target);
    void *context;

    const char *path;
    size_t line;
    size_t count;    /* rows of this reading */
    double *classes; /* [class_count], ascending, owned: the labels found */
    int class_count;
    int widest;     /* the largest index found */
    bool is_closed; /* a reading is over: no further class or feature is expected */
    float *values;  /* [features], owned */
};

/* Visits every row; a second reading must find what the first one found. -1 (error
 * `file:line: what is wrong, what was expected`). A row of more than LIMIT_CSV_ROW_BYTES and more
 * features than LIMIT_LIBSVM_FEATURES are refused. */
int libsvm_rows_read(struct libsvm_rows *, const char *path);

void libsvm_rows_close(struct libsvm_rows *); /* accepts a zeroed struct */

#endif
