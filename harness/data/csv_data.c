/* Tables of numbers with a column of class names or targets, in memory. */
#include "data/csv_data.h"

#include "base/error.h"
#include "base/limits.h"
#include "data/csv_rows.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 1 << 20, /* of features, before memory starts doubling */
    FIRST_ROWS = 256,
};

/* What is filled, row by row. */
struct filling {
    struct csv_data *data;
    size_t capacity; /* rows that fit the arrays of data */
};

static int grow(void *array, size_t count, size_t size)
{
    void **pointer = array, *grown;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || !(grown = realloc(*pointer, bytes)))
        return -1;
    *pointer = grown;
    return 0;
}

/* Room for one row more. -1: the reading has failed. */
static int reserve(struct filling *filling, struct csv_rows *rows)
{
    struct csv_data *data = filling->data;
    size_t row_bytes = rows->features * sizeof *data->features;
    size_t most = limit_data_bytes() / row_bytes, wanted = 2 * filling->capacity;
    bool is_label = rows->label[0] != '\0';

    if (rows->count < filling->capacity)
        return 0;
    if (rows->count >= most) {
        CSV_FAIL(&rows->source, "more than %zu rows of %zu features, expected at most %zu bytes",
                 most, rows->features, limit_data_bytes());
        return -1;
    }
    if (wanted == 0)
        wanted = row_bytes * FIRST_ROWS > FIRST_BYTES ? 1 + FIRST_BYTES / row_bytes : FIRST_ROWS;
    if (wanted > most)
        wanted = most;
    if (grow(&data->features, wanted, row_bytes) != 0 ||
        (is_label && grow(&data->labels, wanted, sizeof *data->labels) != 0) ||
        (!is_label && grow(&data->targets, wanted, sizeof *data->targets) != 0) ||
        (rows->weight_found && grow(&data->weights, wanted, sizeof *data->weights) != 0)) {
        CSV_FAIL(&rows->source, "out of memory after %zu rows", rows->count);
        return -1;
    }
    filling->capacity = wanted;
    return 0;
}

static int store(void *context, struct csv_rows *rows, const struct csv_row *row)
{
    struct filling *filling = context;
    struct csv_data *data = filling->data;
    size_t i = rows->count;

    if (reserve(filling, rows) != 0)
        return -1;
    memcpy(data->features + i * rows->features, row->features,
           rows->features * sizeof *data->features);
    if (data->labels)
        data->labels[i] = row->label;
    else
        data->targets[i] = row->target;
    if (data->weights)
        data->weights[i] = row->weight;
    return 0;
}

/* Renumbers the classes from order of appearance to order of name, so that ids do not depend on
 * the order of the rows. */
static int sort_classes(struct csv_data *data, struct csv_rows *rows)
{
    int32_t *sorted = calloc((size_t)rows->classes, sizeof *sorted);

    if (!sorted)
        return error_set("%s: out of memory for %d classes", rows->source.path, rows->classes);
    csv_rows_sort(rows, sorted);
    for (size_t i = 0; i < rows->count; i++)
        data->labels[i] = sorted[data->labels[i]];
    free(sorted);
    return 0;
}

int csv_data_read(struct csv_data *data, const char *path, const char *label, const char *target,
                  const char *weights)
{
    int status = -1;
    struct filling filling = {.data = data};
    struct csv_rows rows = {
        .label = label, .target = target, .weights = weights, .visit = store, .context = &filling};

    *data = (struct csv_data){0};
    if (csv_rows_read(&rows, path) != 0 || (data->labels && sort_classes(data, &rows) != 0))
        goto done;
    data->rows = rows.count;
    data->columns = rows.features;
    data->classes = rows.classes;
    status = 0;
done:
    csv_rows_close(&rows);
    if (status != 0)
        csv_data_free(data);
    return status;
}

void csv_data_free(struct csv_data *data)
{
    if (!data)
        return;
    free(data->features);
    free(data->labels);
    free(data->targets);
    free(data->weights);
    *data = (struct csv_data){0};
}
