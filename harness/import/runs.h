/* Runs made elsewhere, read from CSV files by a mapping. */
#ifndef BATCHLAB_RUNS_H
#define BATCHLAB_RUNS_H

#include "import/mapping.h"
#include "train/train.h"

/* What a run's engine is called where the mapping has no source for it. */
#define IMPORTED_ENGINE "imported"

/* One run: the rows of a file that the mapping says are of it. */
struct import_run {
    char **settings;   /* [settings of cells.csv], each owned; "" where the mapping has none,
                        but for the engine */
    size_t file, line; /* of the first row; file: index of runs.files */
    double train_examples, parameters, flops_per_example; /* NOT_APPLICABLE: not known */
    int has_outcome;
    enum outcome outcome;
    char reason[256];
    struct curve_point *curve; /* [count], owned, updates rising */
    int count;
};

/* What a file was when it was read. */
struct import_file {
    char *path; /* owned */
    size_t bytes;
    unsigned long crc32;
};

struct runs {
    struct import_run *list; /* [count], owned, in the order of appearance */
    size_t count, allocated;
    struct import_file *files; /* [file_count], owned */
    size_t file_count, rows;
};

/* Reads the files, one after the other; a folder stands for all .csv files below it, by name. An
 * empty field is nothing evaluated; a loss that is `nan` or `inf` is a diverged run. Errors
 * (`file:line: ...`): a column that is not there, no number, updates that do not rise within a run,
 * a setting that changes within one, more than limits.h allows. Free with runs_free in either case.
 */
int runs_read(struct runs *, const struct mapping *, char *const *paths, size_t count);
void runs_free(struct runs *); /* accepts a zeroed struct */

/* Index among settings_fields; the number of them where there is none. */
size_t runs_setting(const char *key);

#endif
