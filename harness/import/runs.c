/* Reads runs made elsewhere. */
#include "import/runs.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/table.h"
#include "import/inputs.h"
#include "import/reader.h"
#include "plan/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t runs_setting(const char *key)
{
    size_t i = 0;

    while (settings_fields[i].key && strcmp(settings_fields[i].key, key) != 0)
        i++;
    return i;
}

/* ---- Evaluations ------------------------------------------------------------------------------
 */

static double *curve_member(struct curve_point *point, const struct import_column *column)
{
    return (double *)(void *)((char *)point + column->offset);
}

static int is_update(const struct import_column *column)
{
    return strcmp(column->name, "update") == 0;
}

/* A count that training cannot be without. */
static int check_count(const struct reader *reader, size_t row, const char *name, double value)
{
    char what[160];

    if (value >= 0 && value < 9007199254740992.0)
        return 0;
    snprintf(what, sizeof what, "%s is %s", name, value == NOT_APPLICABLE ? "empty" : "no count");
    return reader_error(reader, row, what, "a number from 0 on");
}

/* The axes that the row does not have, from those that it has. */
static int complete_axes(const struct reader *reader, size_t row, const struct import_run *run,
                         double update, double batch_size, struct curve_point *point)
{
    double examples = point->examples, n = run->train_examples;
    char what[96];

    if (examples == NOT_APPLICABLE && update != NOT_APPLICABLE)
        examples = update * batch_size;
    if (examples == NOT_APPLICABLE && point->epoch != NOT_APPLICABLE && n != NOT_APPLICABLE)
        examples = point->epoch * n;
    if (update == NOT_APPLICABLE && examples != NOT_APPLICABLE)
        update = round(examples / batch_size);
    if (check_count(reader, row, "update", update) != 0 ||
        check_count(reader, row, "examples", examples) != 0)
        return -1;
    if (update != trunc(update)) {
        snprintf(what, sizeof what, "update is %.9g", update);
        return reader_error(reader, row, what, "a whole number");
    }
    point->update = (long)update;
    point->examples = examples;
    if (point->epoch == NOT_APPLICABLE && n != NOT_APPLICABLE)
        point->epoch = examples / n;
    if (run->flops_per_example != NOT_APPLICABLE)
        point->flops = examples * run->flops_per_example;
    return 0;
}

static int check_order(const struct reader *reader, size_t row, const struct import_run *run,
                       const struct curve_point *point)
{
    const struct curve_point *last = run->count > 0 ? &run->curve[run->count - 1] : NULL;
    char what[160];

    if (!last)
        return 0;
    if (point->update == last->update) {
        snprintf(what, sizeof what, "update %ld of the run that begins in line %zu is there twice",
                 point->update, run->line);
        return reader_error(reader, row, what,
                            "one evaluation of each (or `run:` with what tells them "
                            "apart)");
    }
    if (point->update < last->update) {
        snprintf(what, sizeof what, "update %ld after %ld of the run that begins in line %zu",
                 point->update, last->update, run->line);
        return reader_error(reader, row, what, "rows of a run in the order of their updates");
    }
    if (point->train_seconds < last->train_seconds && point->train_seconds != NOT_APPLICABLE) {
        snprintf(what, sizeof what, "train_seconds is %.9g after %.9g", point->train_seconds,
                 last->train_seconds);
        return reader_error(reader, row, what, "a clock that does not go back");
    }
    return 0;
}

static int append_point(struct import_run *run, const struct curve_point *point)
{
    if ((run->count & (run->count - 1)) == 0) { /* full: 0, 1, 2, 4, ... */
        size_t room = run->count ? 2 * (size_t)run->count : 1;
        struct curve_point *curve = realloc(run->curve, room * sizeof *curve);

        if (!curve)
            return error_set("out of memory for the curves");
        run->curve = curve;
    }
    run->curve[run->count++] = *point;
    return 0;
}

/* Losses and errors alone may be no number. */
static int check_finite(const struct reader *reader, size_t row, const struct import_column *column,
                        double value)
{
    char what[96];

    if (isfinite(value) || value == NOT_APPLICABLE || strstr(column->name, "_loss") ||
        strstr(column->name, "_error") || strcmp(column->name, "gradient_norm") == 0)
        return 0;
    snprintf(what, sizeof what, "%s is not finite", column->name);
    return reader_error(reader, row, what, "a number");
}

static void clear_point(struct curve_point *point)
{
    *point = (struct curve_point){
        .flops = NOT_APPLICABLE, .rate = NOT_APPLICABLE, .theta = {NOT_APPLICABLE, NOT_APPLICABLE}};
    for (const struct import_column *column = import_columns; column->name; column++)
        if (column->part == IMPORT_CURVE && !is_update(column))
            *curve_member(point, column) = NOT_APPLICABLE;
}

static int read_point(const struct reader *reader, size_t row, struct import_run *run)
{
    double update = NOT_APPLICABLE, batch_size = NAN, rate = NOT_APPLICABLE, value;
    struct curve_point point;

    clear_point(&point);
    for (int s = 0; s < reader->mapping->source_count; s++) {
        const struct import_source *source = &reader->mapping->sources[s];
        int is_batch = strcmp(source->name, "batch_size") == 0;
        int is_rate = strcmp(source->name, "learning_rate") == 0;

        if (source->part != IMPORT_CURVE && !is_batch && !is_rate)
            continue;
        if (reader_number(reader, s, row, &value) != 0)
            return -1;
        if (is_batch)
            batch_size = value;
        else if (is_rate)
            rate = value;
        else if (check_finite(reader, row, source->column, value) != 0)
            return -1;
        else if (is_update(source->column))
            update = value;
        else
            *curve_member(&point, source->column) = value;
    }
    if (point.rate == NOT_APPLICABLE)
        point.rate = rate;
    if (!(batch_size >= 1))
        return reader_error(reader, row, "batch_size is no batch size", "a number from 1 on");
    if (complete_axes(reader, row, run, update, batch_size, &point) != 0 ||
        check_order(reader, row, run, &point) != 0)
        return -1;
    return append_point(run, &point);
}

/* ---- Runs -------------------------------------------------------------------------------------
 */

static int is_number(const struct field *field)
{
    return field->kind == FIELD_COUNT || field->kind == FIELD_REAL || field->kind == FIELD_SEED;
}

/* A setting as it will stand in cells.csv; numbers are scaled, and have to be some. */
static int setting_text(const struct reader *reader, int s, size_t row, char *text, size_t size)
{
    const struct import_source *source = &reader->mapping->sources[s];
    const struct field *field = schema_find(settings_fields, source->name);
    int must_be = is_number(field) || strcmp(field->key, "batch_size") == 0;
    double value;

    if (reader_text(reader, s, row, text, size) != 0)
        return -1;
    if (!text[0] || (!must_be && source->scale == 1 && source->offset == 0))
        return 0;
    if (reader_number(reader, s, row, &value) != 0)
        return -1;
    if (!isfinite(value) || (field->kind == FIELD_SEED && !(value >= 0 && value == trunc(value)))) {
        char what[160];

        snprintf(what, sizeof what, "%s is `%.64s`", source->name, text);
        return reader_error(reader, row, what,
                            field->kind == FIELD_SEED ? "a whole number" : "a number");
    }
    if (source->scale != 1 || source->offset != 0 || field->kind != FIELD_SEED)
        format_double(value, text, size); /* 1e-3 and 0.001 are one rate */
    return 0;
}

static int set_cell(const struct reader *reader, int s, size_t row, struct import_run *run)
{
    const char *name = reader->mapping->sources[s].name;
    double *number = strcmp(name, "train_examples") == 0 ? &run->train_examples
                     : strcmp(name, "parameters") == 0   ? &run->parameters
                                                         : &run->flops_per_example;
    char text[MAPPING_TEXT_SIZE], what[128];

    if (strcmp(name, "reason") == 0)
        return reader_text(reader, s, row, run->reason, sizeof run->reason);
    if (strcmp(name, "outcome") != 0) {
        if (reader_number(reader, s, row, number) != 0)
            return -1;
        if (*number == NOT_APPLICABLE || (*number > 0 && isfinite(*number)))
            return 0;
        snprintf(what, sizeof what, "%s is %.9g", name, *number);
        return reader_error(reader, row, what, "a number above 0");
    }
    if (reader_text(reader, s, row, text, sizeof text) != 0)
        return -1;
    for (int o = OUTCOME_REACHED; text[0] && o <= OUTCOME_OUT_OF_MEMORY; o++)
        if (strcmp(text, outcome_name((enum outcome)o)) == 0) {
            run->outcome = (enum outcome)o;
            run->has_outcome = 1;
            return 0;
        }
    if (!text[0])
        return 0;
    snprintf(what, sizeof what, "outcome `%.64s`", text);
    return reader_error(reader, row, what,
                        "reached, budget, diverged or another of cells.csv (`values:` "
                        "says words for words)");
}

/* A new run that begins at the row. */
static struct import_run *begin_run(const struct reader *reader, size_t row)
{
    struct runs *runs = reader->runs;
    size_t settings = runs_setting("");
    struct import_run *run;

    if (runs->count == runs->allocated) {
        size_t room = 2 * runs->allocated + 16;
        struct import_run *list = realloc(runs->list, room * sizeof *list);

        if (!list) {
            error_set("out of memory for the runs");
            return NULL;
        }
        runs->list = list;
        runs->allocated = room;
    }
    if (runs->count == LIMIT_PLAN_CELLS) {
        error_set("%s:%zu: more than %d runs", table_path(reader->table),
                  table_line(reader->table, row), LIMIT_PLAN_CELLS);
        return NULL;
    }
    run = &runs->list[runs->count++];
    *run = (struct import_run){.file = runs->file_count - 1,
                               .line = table_line(reader->table, row),
                               .train_examples = NOT_APPLICABLE,
                               .parameters = NOT_APPLICABLE,
                               .flops_per_example = NOT_APPLICABLE,
                               .settings = calloc(settings + 1, sizeof *run->settings)};
    for (size_t i = 0; run->settings && i < settings; i++)
        if (!(run->settings[i] = strdup(i == runs_setting("engine") ? IMPORTED_ENGINE : "")))
            run->settings = NULL; /* lost, as all is */
    if (!run->settings)
        error_set("out of memory for the runs");
    return run->settings ? run : NULL;
}

static int read_settings(const struct reader *reader, size_t row, struct import_run *run)
{
    char text[MAPPING_TEXT_SIZE];

    for (int s = 0; s < reader->mapping->source_count; s++) {
        const struct import_source *source = &reader->mapping->sources[s];
        char **setting;

        if (source->part == IMPORT_CELL && set_cell(reader, s, row, run) != 0)
            return -1;
        if (source->part != IMPORT_SETTING)
            continue;
        if (setting_text(reader, s, row, text, sizeof text) != 0)
            return -1;
        setting = &run->settings[runs_setting(source->name)];
        free(*setting);
        *setting = strdup(text);
        if (!*setting)
            return error_set("out of memory for the runs");
    }
    return 0;
}

/* Rates follow a schedule; everything else that a run is set to stays. */
static int check_settings(const struct reader *reader, size_t row, const struct import_run *run)
{
    char text[MAPPING_TEXT_SIZE], what[600];

    for (int s = 0; s < reader->mapping->source_count; s++) {
        const struct import_source *source = &reader->mapping->sources[s];
        const char *before;

        if (source->part != IMPORT_SETTING || !reader->columns[s] ||
            strcmp(source->name, "learning_rate") == 0)
            continue;
        if (setting_text(reader, s, row, text, sizeof text) != 0)
            return -1;
        before = run->settings[runs_setting(source->name)];
        if (strcmp(text, before) == 0)
            continue;
        snprintf(what, sizeof what, "%s is `%.64s`, in line %zu of the run `%.64s`", source->name,
                 text, run->line, before);
        return reader_error(reader, row, what,
                            "a setting that stays, or `run:` with what tells runs "
                            "apart");
    }
    return 0;
}

/* ---- Which run a row is of --------------------------------------------------------------------
 *
 * Rows are sorted by the texts that name their run, so that many runs cost no more than few.
 */

/* Like strcmp, of two rows. */
static int compare_rows(const struct reader *reader, size_t a, size_t b)
{
    const struct mapping *mapping = reader->mapping;
    int order = 0;

    for (int r = 0; r < mapping->run_count && order == 0; r++)
        order = strcmp(reader->run[r][a], reader->run[r][b]);
    for (int s = 0; s < mapping->source_count && !mapping->has_run && order == 0; s++)
        if (mapping->sources[s].part == IMPORT_SETTING && reader->columns[s])
            order = strcmp(reader->columns[s][a], reader->columns[s][b]);
    return order;
}

static int compare(const void *first, const void *second, void *context)
{
    size_t a = *(const size_t *)first, b = *(const size_t *)second;
    int order = compare_rows(context, a, b);

    return order ? order : (a > b) - (a < b);
}

/* first[row] = the first row of its run. To be freed; NULL: error set. */
static size_t *find_first_rows(struct reader *reader)
{
    size_t rows = table_rows(reader->table);
    size_t *sorted = calloc(rows + 1, sizeof *sorted), *first = calloc(rows + 1, sizeof *first);

    if (!sorted || !first) {
        error_set("out of memory for the rows of %s", table_path(reader->table));
        free(sorted);
        free(first);
        return NULL;
    }
    for (size_t r = 0; r < rows; r++)
        sorted[r] = r;
    qsort_r(sorted, rows, sizeof *sorted, compare, reader);
    for (size_t i = 0; i < rows; i++)
        first[sorted[i]] = i > 0 && compare_rows(reader, sorted[i - 1], sorted[i]) == 0
                               ? first[sorted[i - 1]]
                               : sorted[i];
    free(sorted);
    return first;
}

static int read_rows(struct reader *reader)
{
    size_t rows = table_rows(reader->table);
    size_t *first = find_first_rows(reader), *run_of = calloc(rows + 1, sizeof *run_of);
    int status = first && run_of ? 0 : -1;

    for (size_t row = 0; row < rows && status == 0; row++) {
        struct import_run *run;

        if (first[row] == row) {
            run_of[row] = reader->runs->count;
            run = begin_run(reader, row);
            status = run ? read_settings(reader, row, run) : -1;
        } else {
            run_of[row] = run_of[first[row]];
            run = &reader->runs->list[run_of[row]];
            status = check_settings(reader, row, run);
        }
        if (status == 0)
            status = read_point(reader, row, run);
    }
    free(run_of);
    free(first);
    return status;
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static int no_column(const struct reader *reader, const char *theirs, int line, const char *ours)
{
    char names[400] = "";
    size_t length = 0;

    for (size_t c = 0; c < table_columns(reader->table) && length < sizeof names; c++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%.64s", c ? ", " : "",
                                   table_column_name(reader->table, c));
    return error_set("%s:1: no column `%.64s` (%s:%d: %s), expected one of %s",
                     table_path(reader->table), theirs, reader->mapping->file, line, ours, names);
}

static int find_columns(struct reader *reader)
{
    const struct mapping *mapping = reader->mapping;

    for (int s = 0; s < mapping->source_count; s++) {
        const struct import_source *source = &mapping->sources[s];

        if (source->theirs[0] && table_has(reader->table, source->theirs))
            reader->columns[s] = table_texts(reader->table, source->theirs);
        else if (source->theirs[0] && !source->optional)
            return no_column(reader, source->theirs, source->line, source->name);
        if (source->file[0] &&
            input_json(table_path(reader->table), source->file, &reader->documents[s]) != 0)
            return -1;
    }
    for (int r = 0; r < mapping->run_count; r++) {
        if (!table_has(reader->table, mapping->run[r]))
            return no_column(reader, mapping->run[r], 1, "run");
        reader->run[r] = table_texts(reader->table, mapping->run[r]);
    }
    return 0;
}

static int add_file(struct runs *runs, const char *path)
{
    struct import_file *file = &runs->files[runs->file_count++];

    file->path = strdup(path);
    if (!file->path)
        return error_set("out of memory");
    return input_identify(path, &file->bytes, &file->crc32);
}

static int read_file(struct runs *runs, const struct mapping *mapping, const char *path)
{
    size_t sources = (size_t)mapping->source_count;
    struct reader reader = {.mapping = mapping,
                            .runs = runs,
                            .columns = calloc(sources + 1, sizeof *reader.columns),
                            .documents = calloc(sources + 1, sizeof *reader.documents)};
    int status = -1;

    if (!reader.columns || !reader.documents) {
        error_set("out of memory");
        goto done;
    }
    if (add_file(runs, path) != 0 || table_open(&reader.table, path) != 0)
        goto done;
    runs->rows += table_rows(reader.table);
    if (table_rows(reader.table) == 0)
        error_set("%s:1: no rows, expected evaluations", path);
    else if (runs->rows > LIMIT_IMPORT_ROWS)
        error_set("%s: more than %d rows in all, expected that many at the most", path,
                  LIMIT_IMPORT_ROWS);
    else if (find_columns(&reader) == 0)
        status = read_rows(&reader);
done:
    for (size_t s = 0; reader.documents && s < sources; s++)
        json_decref(reader.documents[s]);
    free(reader.documents);
    free(reader.columns);
    table_close(reader.table);
    return status;
}

int runs_read(struct runs *runs, const struct mapping *mapping, char *const *paths, size_t count)
{
    char **files = NULL;
    size_t file_count = 0;
    int status;

    memset(runs, 0, sizeof *runs);
    status = inputs_find(paths, count, &files, &file_count);
    if (status == 0) {
        runs->files = calloc(file_count + 1, sizeof *runs->files);
        if (!runs->files)
            status = error_set("out of memory");
    }
    for (size_t f = 0; f < file_count && status == 0; f++)
        status = read_file(runs, mapping, files[f]);
    inputs_free(files, file_count);
    return status;
}

void runs_free(struct runs *runs)
{
    size_t settings = runs_setting("");

    for (size_t r = 0; r < runs->count; r++) {
        for (size_t i = 0; runs->list[r].settings && i < settings; i++)
            free(runs->list[r].settings[i]);
        free(runs->list[r].settings);
        free(runs->list[r].curve);
    }
    for (size_t f = 0; f < runs->file_count; f++)
        free(runs->files[f].path);
    free(runs->files);
    free(runs->list);
    memset(runs, 0, sizeof *runs);
}
