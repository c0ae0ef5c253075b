/* One CSV file in memory, by column name. */
#include "base/table.h"

#include "base/csv_source.h"
#include "base/error.h"
#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    char *path;
    char *text; /* every field, each ended by a zero byte */
    size_t rows, columns;
    const char **names;  /* [columns] */
    const char **fields; /* [columns][rows] */
    double **numbers;    /* [columns], NULL until asked for */
    size_t *by_name;     /* [columns], sorted by name: results may have thousands */
    size_t *lines;       /* [rows] */
};

/* Fills while the file is read. Offsets, not pointers, while the text still moves. */
struct reader {
    struct csv_source source;
    char *text;
    size_t text_size, text_room;
    size_t *offsets; /* of fields, row after row, header first */
    size_t field_count, field_room;
    size_t *lines; /* of rows, header first */
    size_t row_count, row_room;
    size_t columns; /* of the header; 0 before it ends */
};

/* Makes room for one more item, or fails the reader. */
static bool grow(struct reader *reader, void **items, size_t *room, size_t needed, size_t item_size)
{
    size_t more = *room ? *room : 1024;
    void *moved;

    if (needed <= *room)
        return true;
    while (more < needed)
        more *= 2;
    moved = realloc(*items, more * item_size);
    if (!moved) {
        CSV_FAIL(&reader->source, "%s", "out of memory");
        return false;
    }
    *items = moved;
    *room = more;
    return true;
}

static void take_field(void *context, const char *text)
{
    struct reader *reader = context;
    size_t size = strlen(text) + 1;

    if (reader->source.fields >= LIMIT_CSV_COLUMNS) {
        CSV_FAIL(&reader->source, "more than %d columns", LIMIT_CSV_COLUMNS);
        return;
    }
    if ((reader->row_count > 0 && reader->source.fields >= reader->columns) || /* take_row tells */
        !grow(reader, (void **)&reader->text, &reader->text_room, reader->text_size + size, 1) ||
        !grow(reader, (void **)&reader->offsets, &reader->field_room, reader->field_count + 1,
              sizeof *reader->offsets))
        return;
    memcpy(reader->text + reader->text_size, text, size);
    reader->offsets[reader->field_count++] = reader->text_size;
    reader->text_size += size;
}

static void take_row(void *context)
{
    struct reader *reader = context;

    if (!grow(reader, (void **)&reader->lines, &reader->row_room, reader->row_count + 1,
              sizeof *reader->lines))
        return;
    if (reader->row_count == 0)
        reader->columns = reader->source.fields;
    if (reader->source.fields != reader->columns) {
        error_set("%s:%zu: %zu fields, the header has %zu", reader->source.path,
                  reader->source.first_line, reader->source.fields, reader->columns);
        reader->source.failed = true;
        return;
    }
    reader->lines[reader->row_count++] = reader->source.first_line;
}

static int compare_names(const void *a, const void *b, void *context)
{
    const char *const *names = context;

    return strcmp(names[*(const size_t *)a], names[*(const size_t *)b]);
}

static int sort_names(struct table *table)
{
    for (size_t c = 0; c < table->columns; c++)
        table->by_name[c] = c;
    qsort_r(table->by_name, table->columns, sizeof *table->by_name, compare_names,
            (void *)table->names);
    for (size_t i = 1; i < table->columns; i++)
        if (compare_names(&table->by_name[i - 1], &table->by_name[i], (void *)table->names) == 0)
            return error_set("%s:1: column `%s` occurs twice", table->path,
                             table->names[table->by_name[i]]);
    return 0;
}

/* Moves what was read into the table, fields in column order. Takes the reader's text and lines. */
static int take_over(struct table *table, struct reader *reader)
{
    if (reader->row_count == 0)
        return error_set("%s: empty, expected a header line", table->path);
    table->rows = reader->row_count - 1;
    table->columns = reader->columns;
    table->text = reader->text;
    table->lines = reader->lines;
    reader->text = NULL;
    reader->lines = NULL;
    memmove(table->lines, table->lines + 1, table->rows * sizeof *table->lines);
    table->names = calloc(table->columns, sizeof *table->names);
    table->fields = calloc(table->columns * table->rows + 1, sizeof *table->fields);
    table->numbers = calloc(table->columns, sizeof *table->numbers);
    table->by_name = calloc(table->columns, sizeof *table->by_name);
    if (!table->names || !table->fields || !table->numbers || !table->by_name)
        return error_set("%s: out of memory", table->path);
    for (size_t c = 0; c < table->columns; c++) {
        table->names[c] = table->text + reader->offsets[c];
        for (size_t r = 0; r < table->rows; r++)
            table->fields[c * table->rows + r] =
                table->text + reader->offsets[(r + 1) * table->columns + c];
    }
    return sort_names(table);
}

int table_open(struct table **opened, const char *path)
{
    int status = -1;
    struct reader reader = {.source = {.path = path}};
    struct table *table = calloc(1, sizeof *table);

    *opened = NULL;
    if (!table || !(table->path = strdup(path))) {
        error_set("%s: out of memory", path);
        goto done;
    }
    if (csv_source_read(&reader.source, take_field, take_row, &reader) != 0 ||
        take_over(table, &reader) != 0)
        goto done;
    *opened = table;
    table = NULL;
    status = 0;
done:
    free(reader.text);
    free(reader.offsets);
    free(reader.lines);
    table_close(table);
    return status;
}

void table_close(struct table *table)
{
    if (!table)
        return;
    for (size_t c = 0; table->numbers && c < table->columns; c++)
        free(table->numbers[c]);
    free(table->numbers);
    free(table->by_name);
    free(table->fields);
    free(table->names);
    free(table->lines);
    free(table->text);
    free(table->path);
    free(table);
}

const char *table_path(const struct table *table)
{
    return table->path;
}

size_t table_rows(const struct table *table)
{
    return table->rows;
}

size_t table_columns(const struct table *table)
{
    return table->columns;
}

const char *table_column_name(const struct table *table, size_t column)
{
    assert(column < table->columns);
    return table->names[column];
}

size_t table_line(const struct table *table, size_t row)
{
    assert(row < table->rows);
    return table->lines[row];
}

/* table->columns if there is none. */
static size_t find_column(const struct table *table, const char *name)
{
    size_t low = 0, high = table->columns;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, table->names[table->by_name[middle]]);

        if (order == 0)
            return table->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return table->columns;
}

int table_knows_only(const struct table *table, const char *const *known)
{
    char list[400] = "";
    size_t length = 0;

    for (size_t c = 0; c < table->columns; c++) {
        const char *const *k = known;

        while (*k && strcmp(*k, table->names[c]) != 0)
            k++;
        if (*k)
            continue;
        for (k = known; *k && length < sizeof list; k++)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                       k == known ? "" : ", ", *k);
        return error_set("%s:1: column `%.64s` is of a newer version, or of another file; expected "
                         "of %s",
                         table->path, table->names[c], list);
    }
    return 0;
}

int table_has(const struct table *table, const char *column)
{
    return find_column(table, column) < table->columns;
}

const char *const *table_texts(const struct table *table, const char *column)
{
    size_t c = find_column(table, column);

    if (c == table->columns) {
        error_set("%s: no column `%s`", table->path, column);
        return NULL;
    }
    return table->fields + c * table->rows;
}

static int parse_number(const char *text, double *value)
{
    char *end;

    *value = NAN;
    if (*text == '\0')
        return 0;
    errno = 0;
    *value = strtod(text, &end);
    if (*end != '\0' || (errno == ERANGE && isinf(*value)))
        return -1;
    return 0;
}

const double *table_numbers(struct table *table, const char *column)
{
    size_t c = find_column(table, column);
    const char *const *texts = table_texts(table, column);
    double *numbers;

    if (!texts || table->numbers[c])
        return texts ? table->numbers[c] : NULL;
    numbers = calloc(table->rows + 1, sizeof *numbers);
    if (!numbers) {
        error_set("%s: out of memory", table->path);
        return NULL;
    }
    for (size_t r = 0; r < table->rows; r++) {
        if (parse_number(texts[r], &numbers[r]) != 0) {
            error_set("%s:%zu: %s: `%s` is not a number", table->path, table->lines[r], column,
                      texts[r]);
            free(numbers);
            return NULL;
        }
    }
    table->numbers[c] = numbers;
    return numbers;
}

static int compare_id_rows(const void *a, const void *b, void *context)
{
    const char *const *ids = context;

    return strcmp(ids[*(const size_t *)a], ids[*(const size_t *)b]);
}

/* Row of the id among `sorted`, which lists all rows of ids in order; count if there is none. */
static size_t find_id(const char *id, const char *const *ids, const size_t *sorted, size_t count)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(id, ids[sorted[middle]]);

        if (order == 0)
            return sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return count;
}

int table_join(const struct table *table, const struct table *keys, size_t **row_of)
{
    int status = -1;
    const char *const *ids = table_texts(table, "id");
    const char *const *key_ids = table_texts(keys, "id");
    size_t *sorted = NULL, *joined = NULL;

    *row_of = NULL;
    if (!ids || !key_ids)
        return -1;
    sorted = calloc(keys->rows + 1, sizeof *sorted);
    joined = calloc(table->rows + 1, sizeof *joined);
    if (!sorted || !joined) {
        error_set("%s: out of memory", table->path);
        goto done;
    }
    for (size_t r = 0; r < keys->rows; r++)
        sorted[r] = r;
    qsort_r(sorted, keys->rows, sizeof *sorted, compare_id_rows, (void *)key_ids);
    for (size_t i = 1; i < keys->rows; i++) {
        if (strcmp(key_ids[sorted[i]], key_ids[sorted[i - 1]]) == 0) {
            error_set("%s:%zu: id `%s` occurs twice", keys->path, keys->lines[sorted[i]],
                      key_ids[sorted[i]]);
            goto done;
        }
    }
    for (size_t r = 0; r < table->rows; r++) {
        joined[r] = find_id(ids[r], key_ids, sorted, keys->rows);
        if (joined[r] == keys->rows) {
            error_set("%s:%zu: id `%s` is not in %s", table->path, table->lines[r], ids[r],
                      keys->path);
            goto done;
        }
    }
    *row_of = joined;
    joined = NULL;
    status = 0;
done:
    free(joined);
    free(sorted);
    return status;
}
