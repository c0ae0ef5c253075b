/* A CSV file, field by field, with the place of each for messages. */
#ifndef BATCHLAB_CSV_SOURCE_H
#define BATCHLAB_CSV_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct csv_source {
    const char *path;
    size_t line;       /* of the file, from 1; a row that spans several is known by its last one */
    size_t first_line; /* at which this row starts */
    size_t fields;     /* seen of this row */
    bool failed;
};

/* For callbacks: the error `path:line: ...`, unless there was one before. */
#define CSV_FAIL(source, format, ...)                                                              \
    do {                                                                                           \
        if (!(source)->failed)                                                                     \
            error_set("%s:%zu: " format, (source)->path, (source)->line, __VA_ARGS__);             \
        (source)->failed = true;                                                                   \
    } while (0)

/* Reads the file (RFC 4180; a byte order mark in front, spaces around fields and blank lines are
 * passed over). `field` is given each field, before it is counted in source->fields; `row` follows
 * the fields of a row. Neither is called any more once the source has failed. -1: it has (error
 * set). A row of more than LIMIT_CSV_ROW_BYTES is a failure, so that memory is bounded whatever the
 * file is: without line ends, with a quote that is never closed, endless. */
int csv_source_read(struct csv_source *, void (*field)(void *context, const char *text),
                    void (*row)(void *context), void *context);

#endif
