/* What a folder's files were when they were written: checksums.csv beside them, with a row for
 * each. CRC-32 finds what disks and copies do to files; it is no seal against people. */
#ifndef BATCHLAB_CHECKSUM_H
#define BATCHLAB_CHECKSUM_H

#define CHECKSUM_FILE "checksums.csv"

/* Writes it for the plain files that lie in the folder now, by name: those of the list, which ends
 * with NULL; or, without one, all but itself and hidden ones. */
int checksum_write(const char *folder, const char *const *names);

/* CRC-32 of one file. 0, or -1 (error set). */
int checksum_file(const char *path, unsigned long *crc);

/* Holds the folder against it. found(context, file, what) is called for each file that is not as it
 * was: `is missing`, `has 10 bytes, expected 12`, `differs: ...`. Files that are not listed came
 * later and are no finding; names that lead out of the folder are one. 0; 1: there is no
 * checksums.csv; -1 (error set): it, or a file, cannot be read, or has columns of a newer version.
 */
int checksum_check(const char *folder,
                   void (*found)(void *context, const char *file, const char *what), void *context);

#endif
