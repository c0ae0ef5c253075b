/* Tables of numbers with a named column of class names or of targets, as comma-separated values
 * (RFC 4180) with one header line. */
#ifndef BATCHLAB_CSV_DATA_H
#define BATCHLAB_CSV_DATA_H

#include <stddef.h>
#include <stdint.h>

struct csv_data {
    size_t rows, columns; /* columns: of features, all but those named */
    float *features;      /* [rows][columns], in the order of the file */
    int32_t *labels;      /* [rows], or NULL; class names in byte order are 0, 1, 2, ... */
    float *targets;       /* [rows], or NULL */
    double *weights;      /* [rows], finite, 0 or more; or NULL */
    int classes;          /* 0 with targets */
};

/* Reads the file; label names the column of class names or target that of numbers, the other is "";
 * weights names that of the examples' weights, or is "". Every other column must hold finite
 * numbers. Spaces around a field and blank lines are ignored. Errors are `file:line: what is wrong,
 * what was expected`; a row that spans several lines is known by its last one. On failure nothing
 * is held. */
int csv_data_read(struct csv_data *, const char *path, const char *label, const char *target,
                  const char *weights);

void csv_data_free(struct csv_data *); /* accepts NULL and a zeroed struct */

#endif
