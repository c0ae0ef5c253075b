/* The files that an import reads. */
#ifndef BATCHLAB_INPUTS_H
#define BATCHLAB_INPUTS_H

#include <jansson.h>
#include <stddef.h>

/* The CSV files that the paths stand for: each itself, or of a folder all that end in .csv below
 * it, by name; links are not followed. -1 (error set): not there, none, too many. */
int inputs_find(char *const *paths, size_t count, char ***files, size_t *file_count);
void inputs_free(char **files, size_t count);

/* Size and CRC-32 of a plain file of at most LIMIT_IMPORT_BYTES. */
int input_identify(const char *path, size_t *bytes, unsigned long *crc32);

/* Reads a JSON file by its path from the folder of the CSV file. */
int input_json(const char *csv, const char *relative, json_t **document);

#endif
