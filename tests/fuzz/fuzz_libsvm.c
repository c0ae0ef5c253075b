/* Rows of LIBSVM, plain or compressed: classes and numbers, read twice as `batchlab convert` does.
 */
#include "fuzz_input.h"

#include "data/libsvm_rows.h"

#include <stdlib.h>

static int visit(void *context, struct libsvm_rows *rows, const float *features, int32_t label,
                 float target)
{
    double *sum = context;

    if (!rows->is_regression && (label < 0 || label >= rows->class_count))
        abort();
    for (int j = 0; features && j < rows->features; j++)
        *sum += (double)features[j];
    *sum += (double)target;
    return 0;
}

static void read_twice(const char *path, bool is_regression)
{
    double sum = 0;
    struct libsvm_rows rows = {.is_regression = is_regression, .visit = visit, .context = &sum};
    int status = libsvm_rows_read(&rows, path);

    fuzz_check_status(status);
    if (status == 0 && rows.features <= 1 << 16) {
        size_t before = rows.count;

        if (libsvm_rows_read(&rows, path) != 0 || rows.count != before || sum != sum)
            abort();
    }
    libsvm_rows_close(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("data.svm", data, size);

    read_twice(path, false);
    read_twice(path, true);
    return 0;
}
