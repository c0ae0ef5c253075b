/* Files of other formats to a set of shards, in memory that does not grow with them. */
#ifndef BATCHLAB_CONVERT_H
#define BATCHLAB_CONVERT_H

#include "data/dataset.h"

#include <stdint.h>

struct conversion {
    /* One of: a pair of IDX files, plain or compressed; a CSV file; a LIBSVM file, plain or
     * compressed. NULL: not this one. Text is read two or three times. */
    const char *images, *labels;
    const char *csv;
    const char *libsvm;

    const char *label, *target; /* csv: column of classes, or of numbers; the other "" */
    int is_regression;          /* libsvm: labels are numbers */
    int features;               /* libsvm: of a row; 0: the largest index */
    enum element element;       /* of text: bytes must be whole numbers of 0 .. 255 */
    enum scaling scaling;       /* of text as floats, by all examples of the file: as of a csv
                                   data set without splits. Bytes are scaled by who reads them */
    size_t file_bytes;          /* about, of a shard; 0: the writer decides */
    const char *folder;         /* of the set; must not be there yet */
};

struct converted {
    size_t examples, inputs;
    enum element element;
    int classes; /* 0: numbers */
    uint32_t shards;
    uint8_t set[16];
};

/* 0, or -1 (error `file:line: what is wrong, what was expected`); nothing is left then. */
int convert(const struct conversion *, struct converted *);

#endif
