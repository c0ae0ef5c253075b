/* Weights that the user gives to the examples of a data set, one number each. */
#ifndef BATCHLAB_OWN_WEIGHTS_H
#define BATCHLAB_OWN_WEIGHTS_H

#include <stddef.h>

/* A weight is a finite number, 0 or more. -1: the text is none. */
int own_weight_parse(const char *text, double *weight);

/* weights[count], to be freed, from the column of that name of a CSV file with a header line; or,
 * where column is "", from a file of one column, with or without a header line. The i-th is that of
 * the i-th example. Spaces around a number and blank lines are ignored. -1: there are not as many,
 * one is no weight, or all are 0 (error set: `file:line: ...`); *weights is NULL. */
int own_weights_read(double **weights, size_t count, const char *path, const char *column);

#endif
