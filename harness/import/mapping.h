/* What the columns of somebody else's table of training curves are called here: map.yaml of
 * `batchlab import`. Keys: `batchlab list import`. */
#ifndef BATCHLAB_MAPPING_H
#define BATCHLAB_MAPPING_H

#include "plan/schema.h"

#include <stddef.h>

enum {
    MAPPING_SOURCES_MAX = 96,
    MAPPING_VALUES_MAX = 32,
    MAPPING_RUN_MAX = 8,
    MAPPING_TEXT_SIZE = 256,
};

/* What a column of ours is to the importer. */
enum import_part {
    IMPORT_SETTING, /* of settings_fields: the same in all rows of a run */
    IMPORT_CURVE,   /* a number of each evaluation */
    IMPORT_CELL,    /* a number or word of each run */
};

/* A column of ours that may be imported. */
struct import_column {
    const char *name;
    enum import_part part;
    size_t offset;    /* IMPORT_CURVE: of a double in struct curve_point */
    const char *help; /* NULL: as in results/README.md */
};
extern const struct import_column import_columns[]; /* all but the settings; ends with NULL */

/* Where a column of ours comes from: a column of the CSV file, a member of a JSON file beside it,
 * or the mapping itself. */
struct import_source {
    char name[64]; /* ours */
    enum import_part part;
    const struct import_column *column; /* NULL: a setting */
    int line;                           /* of the mapping */
    char theirs[MAPPING_TEXT_SIZE];     /* column; "": none */
    char file[MAPPING_TEXT_SIZE];       /* JSON file, relative to the CSV file's folder; "": none */
    char key[MAPPING_TEXT_SIZE];        /* of it: members separated by dots */
    char constant[MAPPING_TEXT_SIZE];   /* neither column nor file */
    double scale, offset;               /* ours = scale * theirs + offset */
    int optional;                       /* 1: empty where the column or member is not there */
    char from[MAPPING_VALUES_MAX][64], to[MAPPING_VALUES_MAX][64]; /* words for words */
    int value_count;
};

struct mapping {
    char file[1024];
    char dataset[MAPPING_TEXT_SIZE], machine[MAPPING_TEXT_SIZE];
    char run[MAPPING_RUN_MAX][MAPPING_TEXT_SIZE]; /* columns of theirs that name a run together */
    int run_count;
    int has_run;                   /* 1: `run:` is given; `run: []`: each file is one run */
    struct import_source *sources; /* [source_count], owned */
    int source_count;
};

/* Reads the mapping from the text of the file. Errors are `file:line: ...`. Free with mapping_free
 * in either case. */
int mapping_read(struct mapping *, const char *file, const char *text);
void mapping_free(struct mapping *); /* accepts a zeroed struct */

/* The source of a column of ours; NULL: none. */
const struct import_source *mapping_find(const struct mapping *, const char *name);

/* Documents the keys of a mapping: `batchlab list import`. */
void mapping_document(FILE *);

#endif
