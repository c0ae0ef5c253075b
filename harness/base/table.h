/* One CSV file (RFC 4180, one header line) in memory, by column name. */
#ifndef BATCHLAB_TABLE_H
#define BATCHLAB_TABLE_H

#include <stddef.h>

struct table;

/* -1 with the message set: no such file, no header, a column named twice, a row with more or fewer
 * fields than the header, more columns or a longer row than limits.h allows (`file:line: ...`). On
 * failure *table is NULL. Free with table_close. */
int table_open(struct table **table, const char *path);
void table_close(struct table *); /* accepts NULL */

const char *table_path(const struct table *);
size_t table_rows(const struct table *);
size_t table_columns(const struct table *);
const char *table_column_name(const struct table *, size_t column); /* column < table_columns */
int table_has(const struct table *, const char *column);            /* 1 or 0; no error */

/* -1 with `file:1: ...`: it has a column that is not among these names, which end with NULL. For
 * files whose columns are their version: what is not known might change what the others mean. */
int table_knows_only(const struct table *, const char *const *known);

/* Line of the file at which a row starts, from 1 (the header): for messages. */
size_t table_line(const struct table *, size_t row);

/* The column as [table_rows] strings, or NULL with the message set if there is none. Borrowed. */
const char *const *table_texts(const struct table *, const char *column);

/* The column as [table_rows] numbers, parsed at the first call and kept. An empty field is NaN;
 * `nan` and `inf` are what they say. NULL with the message set: no such column, or not a number
 * (`file:line: ...`). Borrowed. */
const double *table_numbers(struct table *, const char *column);

/* row_of[table_rows(table)] = the row of `keys` whose `id` is the row's own. Free with free(). An
 * id that `keys` lacks, or has twice, is an error. O((n + m) log m). */
int table_join(const struct table *table, const struct table *keys, size_t **row_of);

#endif
