/* A drawn figure's file, read and written anew. */
#ifndef BATCHLAB_FIGURE_BYTES_H
#define BATCHLAB_FIGURE_BYTES_H

#include <stddef.h>

/* The whole file, ended by '\0', to be freed; NULL: error set. */
char *figure_read(const char *path, size_t *size);

/* What a file consists of from now on. */
struct figure_part {
    const char *bytes;
    size_t size;
};

/* 0, or -1 (error set): the file is as it was. */
int figure_rewrite(const char *path, const struct figure_part *parts, size_t count);

#endif
