/* Images and labels in the IDX format, plain or compressed. */
#include "fuzz_input.h"

#include "data/idx.h"

#include <stdlib.h>

/* Reads all that is there, so that a sanitizer sees what is not. */
static void check_idx(const struct idx *idx)
{
    size_t bytes = idx->count * (size_t)idx->height * (size_t)idx->width;
    static volatile uint8_t sink;

    if ((bytes > 0) != (idx->count > 0))
        abort();
    for (size_t i = 0; i < bytes; i++)
        sink = idx->values[i];
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("idx", data, size);
    struct idx images = {0}, labels = {0};

    for (int again = 0; again < 2; again++) {
        fuzz_check_status(idx_append_images(&images, path));
        fuzz_check_status(idx_append_labels(&labels, path));
    }
    check_idx(&images);
    check_idx(&labels);
    idx_free(&images);
    idx_free(&labels);
    return 0;
}
