/* The plain files of a folder as one run of bytes: to be sent, compared, and put down elsewhere. */
#ifndef BATCHLAB_PARCEL_H
#define BATCHLAB_PARCEL_H

#include <stddef.h>

struct parcel {
    char *bytes; /* [size], owned */
    size_t size;
};

/* All files of the folder but hidden ones, by name. 0, or -1 (error set). */
int parcel_pack(struct parcel *, const char *folder);
void parcel_free(struct parcel *); /* accepts a zeroed one */

/* Writes the files into the folder, which is there. Of bytes that are no parcel, or whose names
 * lead out of the folder, nothing is written. 0, or -1 (error set). */
int parcel_unpack(const struct parcel *, const char *folder);

/* The first file that is not in both with the same content, into name[size]: 1; 0: they are equal.
 */
int parcel_difference(const struct parcel *, const struct parcel *, char *name, size_t size);

#endif
