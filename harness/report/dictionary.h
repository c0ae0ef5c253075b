/* What the columns of results mean, for programs: the tables of results/README.md, which are the
 * one place where it stands. */
#ifndef BATCHLAB_DICTIONARY_H
#define BATCHLAB_DICTIONARY_H

#include <stddef.h>
#include <stdio.h>

struct dictionary_entry {
    char *file;           /* "cells.csv" */
    char *name;           /* "batch_size"; "updates_to_T" for each target T */
    char *unit, *meaning; /* as in the table, "" where it has none */
};

struct dictionary {
    struct dictionary_entry *entries; /* [count], owned, in the order of the tables */
    size_t count;
};

/* results/README.md as it was when the program was built. */
extern const char dictionary_text[];

/* Reads the tables `| column | ... | meaning |` below headings such as `## cells.csv`. Several
 * columns of one row are an entry each; `a, ..., b` are those of cells.csv from a to b. -1 (error
 * set): no such table, a row without a meaning. Free with dictionary_close in either case. */
int dictionary_open(struct dictionary *, const char *markdown);
void dictionary_close(struct dictionary *); /* accepts a zeroed struct */

/* What a column of a file means; NULL: it has no entry. tuning_cells.csv has the columns of
 * cells.csv, and T, C and EXPERIMENT/CELL/QUANTITY stand for what the results have there. */
const struct dictionary_entry *dictionary_find(const struct dictionary *, const char *file,
                                               const char *column);

/* {"schema_version": 7, "files": [{"file": ..., "columns": [{"name": ..., "unit": ..., "meaning":
 * ...}]}]}; no unit is null. -1 (error set): out of memory. */
int dictionary_print_json(FILE *, const struct dictionary *);

#endif
