/* Unsigned bytes in the IDX format of MNIST (LeCun, Cortes, Burges), plain or gzip-compressed. */
#ifndef BATCHLAB_IDX_H
#define BATCHLAB_IDX_H

#include <stddef.h>
#include <stdint.h>

/* Images [count][height][width], or labels [count] with height and width 1. Zeroed: none yet. */
struct idx {
    uint8_t *values; /* owned, see idx_free */
    size_t count;
    int height, width;
};

/* Append the images, or the labels, of a file to those already there; a second file of images must
 * have the size of the first. The header is compared with what the file holds: shorter, longer and
 * damaged files are errors that say what was expected and what was found. (Bytes after the end of a
 * gzip stream are ignored, as gzip does.) Memory grows with the bytes read, not with what a header
 * claims, and a header that claims more than limit_data_bytes, all files together, is refused; so a
 * file that expands without end is read up to its header's claim and a byte. On failure what was
 * there stays. */
int idx_append_images(struct idx *, const char *path);
int idx_append_labels(struct idx *, const char *path);

/* A file that is read a piece at a time, in memory that does not grow with it; what its header may
 * claim has no limit but that the file must be able to hold it. */
struct idx_stream {
    const char *path;   /* borrowed */
    size_t count, left; /* images or labels in all, and still to come */
    int height, width;  /* 1 for labels */
    void *file;
};

int idx_stream_images(struct idx_stream *, const char *path);
int idx_stream_labels(struct idx_stream *, const char *path);

/* values[count][height][width] = the next ones, count <= left. With the last of them it is checked
 * that nothing follows. */
int idx_stream_next(struct idx_stream *, uint8_t *values, size_t count);

void idx_stream_close(struct idx_stream *); /* accepts a zeroed struct */

void idx_free(struct idx *); /* accepts NULL and a zeroed struct */

#endif
