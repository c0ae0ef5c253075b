/* What the fuzz targets share: the input as files in a folder of this process, since most readers
 * want a path. */
#ifndef BATCHLAB_FUZZ_INPUT_H
#define BATCHLAB_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Each target defines it. Returns 0; what a reader must not do ends in abort(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A folder in memory (/dev/shm, else /tmp), removed with its files when the process ends. */
const char *fuzz_folder(void);

/* The path of a file of the folder; good for the next seven calls. */
const char *fuzz_path(const char *name);

/* Writes these bytes over the file and returns its path. */
const char *fuzz_write(const char *name, const uint8_t *data, size_t size);

/* Splits an input into at most `count` files at lines of `====` and writes them under these names;
 * a file that the input does not have is removed. */
void fuzz_write_parts(const uint8_t *data, size_t size, const char *const *names, size_t count);

/* A stream that forgets: for what prints. */
FILE *fuzz_nowhere(void);

/* Aborts unless a reader that failed returned -1 and left a message of one line. */
void fuzz_check_status(int status);

#endif
