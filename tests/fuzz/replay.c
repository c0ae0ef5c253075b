/* Calls a fuzz target with each file of a folder, in the order of names: what CTest does with the
 * corpora, in builds without a fuzzer. */
#include "fuzz_input.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long length;

    if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 &&
        (bytes = malloc((size_t)length + 1)) != NULL) {
        rewind(file);
        *size = fread(bytes, 1, (size_t)length, file);
    }
    if (file)
        fclose(file);
    return bytes;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int count = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;

    if (count <= 0) {
        fprintf(stderr, "Usage: %s FOLDER   (of inputs, one at least)\n", argv[0]);
        return 64;
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        uint8_t *bytes;
        size_t size = 0;

        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        bytes = read_file(path, &size);
        if (!bytes) {
            perror(path);
            return 1;
        }
        fprintf(stderr, "%s\n", entries[i]->d_name); /* the last one is the one that broke */
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
        free(entries[i]);
    }
    free(entries);
    return 0;
}
