/* Data sets as CSV: class names, targets, weights; and weights in a file of their own. */
#include "fuzz_input.h"

#include "data/csv_data.h"
#include "data/own_weights.h"

#include <stdlib.h>

static void read_as(const char *path, const char *label, const char *target, const char *weights)
{
    struct csv_data data;
    int status = csv_data_read(&data, path, label, target, weights);
    double sum = 0;

    fuzz_check_status(status);
    for (size_t i = 0; i < data.rows * data.columns; i++)
        sum += (double)data.features[i];
    for (size_t i = 0; i < data.rows; i++) {
        if (data.labels && (data.labels[i] < 0 || data.labels[i] >= data.classes))
            abort();
        sum += data.targets ? (double)data.targets[i] : 0;
        if (data.weights && !(data.weights[i] >= 0))
            abort();
    }
    if (status == 0 && (data.rows == 0 || data.columns == 0 || sum != sum))
        abort();
    csv_data_free(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("data.csv", data, size);
    double *weights = NULL;

    read_as(path, "kind", "", "");
    read_as(path, "", "y", "");
    read_as(path, "kind", "", "w");
    fuzz_check_status(own_weights_read(&weights, 3, path, ""));
    free(weights);
    fuzz_check_status(own_weights_read(&weights, 3, path, "w"));
    free(weights);
    return 0;
}
