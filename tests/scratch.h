/* A folder for the files that a test program writes; removed at its end. */
#ifndef BATCHLAB_TESTS_SCRATCH_H
#define BATCHLAB_TESTS_SCRATCH_H

#include <assert.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char scratch_folder[64];

/* Group fixtures of cmocka. */
static inline int scratch_open(void **state)
{
    (void)state;
    strcpy(scratch_folder, "/tmp/batchlab-test-XXXXXX");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_close(void **state)
{
    DIR *folder = opendir(scratch_folder);

    (void)state;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    return rmdir(scratch_folder);
}

/* The full path of a file in the folder; good for the next seven calls. */
static inline const char *scratch_path(const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];

    if (!scratch_folder[0]) {
        fputs("the group of this test opens no scratch folder\n", stderr);
        abort();
    }
    snprintf(path, sizeof paths[0], "%s/%s", scratch_folder, name);
    return path;
}

/* Writes a file and returns its path. */
static inline const char *scratch_write(const char *name, const void *bytes, size_t size)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    size_t written = fwrite(bytes, 1, size, file);

    if (written != size || fclose(file) != 0)
        abort();
    return path;
}

static inline const char *scratch_write_gzip(const char *name, const void *bytes, size_t size)
{
    const char *path = scratch_path(name);
    gzFile file = gzopen(path, "wb");

    if (gzwrite(file, bytes, (unsigned)size) != (int)size || gzclose(file) != Z_OK)
        abort();
    return path;
}

/* Reads a whole file of at most capacity bytes. */
static inline size_t scratch_read(const char *path, void *bytes, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t size = fread(bytes, 1, capacity, file);

    fclose(file);
    return size;
}

/* The IDX header of count images (height > 0) or labels, and its size. */
static inline size_t scratch_idx_header(uint8_t header[16], uint32_t count, uint32_t height,
                                        uint32_t width)
{
    uint32_t fields[4] = {height > 0 ? 0x803 : 0x801, count, height, width};
    int words = height > 0 ? 4 : 2;

    for (int w = 0; w < words; w++)
        for (int b = 0; b < 4; b++)
            header[4 * w + b] = (uint8_t)(fields[w] >> (24 - 8 * b));
    return 4 * (size_t)words;
}

#endif
