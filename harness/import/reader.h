/* One CSV file of an import, with what the mapping takes from it. */
#ifndef BATCHLAB_READER_H
#define BATCHLAB_READER_H

#include "base/table.h"
#include "import/runs.h"

#include <jansson.h>

/* What a file is read with. */
struct reader {
    const struct mapping *mapping;
    struct runs *runs;
    struct table *table;
    const char *const **columns; /* [source_count] texts of theirs; NULL: none */
    const char *const *run[MAPPING_RUN_MAX];
    json_t **documents; /* [source_count], NULL: none */
    size_t first_run;   /* of this file */
};

/* `file:line: what, expected ...` of a row. Always -1. */
int reader_error(const struct reader *, size_t row, const char *what, const char *expected);

/* What source s of the mapping says in the row, words for words; "" where it is optional and not
 * there. -1: error set. */
int reader_text(const struct reader *, int s, size_t row, char *text, size_t size);

/* The same as a number, scaled; NOT_APPLICABLE where it is empty. -1 (error set): it is none. */
int reader_number(const struct reader *, int s, size_t row, double *value);

#endif
