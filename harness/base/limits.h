/* Ceilings on what is read. A file may be damaged, or made to do harm: each of these is checked
 * before memory is taken, or time spent, for what lies beyond it, and the message says which one it
 * was. They are far above what anyone has measured with and far below what would hurt. */
#ifndef BATCHLAB_LIMITS_H
#define BATCHLAB_LIMITS_H

#include <stddef.h>

enum {
    /* Experiment files, and what they ask for. */
    LIMIT_DOCUMENT_BYTES = 1 << 16, /* the largest one here has a sixth; the time of a parser grows
                                       with the square of some nestings */
    LIMIT_DOCUMENT_DEPTH = 64,      /* lists and mappings in each other; an experiment needs 8 */
    LIMIT_DOCUMENT_NODES = 1 << 16, /* values once every alias is followed: as many as a file of
                                       this size could hold without them */
    LIMIT_AXIS_VALUES = 4096,       /* each is compared with all others of its axis */
    LIMIT_CASES = 1024,             /* under `grid: cases:` */
    LIMIT_CLAIMS = 512,             /* each is compared with all others */
    LIMIT_PLAN_CELLS = 100000,      /* at a second each more than a day, at 2 KB each 200 MB */
    LIMIT_PARAMETERS = 1 << 30,     /* of a network: theta takes 4 GiB, training several such */

    /* Data sets. */
    LIMIT_FEATURES = 1 << 28,      /* of an example: counted as int in the contract of engines */
    LIMIT_CSV_COLUMNS = 100000,    /* of any CSV file */
    LIMIT_CSV_ROW_BYTES = 1 << 24, /* 160 bytes for each of so many columns; a field that does not
                                      end is held in memory until it does */
    LIMIT_LIBSVM_FEATURES = 1 << 20, /* of a row, whose zeros are written out */
    LIMIT_CLASSES = 65536,
    LIMIT_SHARDS = 16384, /* of a set: two mappings each, of the 65530 that Linux gives a process */

    /* Results. */
    LIMIT_JSON_BYTES = 1 << 26, /* a manifest has some KB, and holds the experiment file */
    LIMIT_TARGETS = 64,         /* of cells.csv: each is compared with all others; an experiment has
                                   at most 16 */
    LIMIT_HISTORY_RUNS = 10000, /* rows of history.csv: the search for changes may take time that
                                   grows with their square */
    LIMIT_FILE_NAME_BYTES = 255, /* NAME_MAX of Linux */
    LIMIT_IMPORT_BYTES = 1 << 28, /* of a CSV file to import, held in memory: 10 times the largest
                                     trial that Shallue et al. published */
    LIMIT_IMPORT_ROWS = 1 << 21,  /* of all files together, at 250 bytes each half a GB */
    LIMIT_IMPORT_FILES = 100000,  /* each at least a run: as many as a plan has cells */
};

/* Bytes that the features of a data set may take, copies made of them included. Half a minute of
 * reading from a disk; 1.3 million images of 64 x 64 pixels in three colours. What a compressed
 * file claims to hold counts, and is compared with what it can hold as well. */
#define LIMIT_DATA_BYTES ((size_t)1 << 34)

/* That, or the memory of this machine, whichever is less. */
size_t limit_data_bytes(void);

/* 0, or -1 with the error "<what>: <count> x <size> bytes are more than ...": the product is beyond
 * limit_data_bytes, or overflows. */
int limit_check_data(const char *what, size_t count, size_t size);

#endif
