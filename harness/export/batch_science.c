/* Trained cells in the folders, and under the names, of Shallue et al. */
#include "export/batch_science.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "plan/grid.h"
#include "report/results.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct science_column science_columns[] = {
    {"update", "step"},
    {"train_loss", "train/cross_entropy_error"},
    {"train_error", "train/classification_error"},
    {"validation_loss", "val/cross_entropy_error"},
    {"validation_error", "val/classification_error"},
    {"test_loss", "test/cross_entropy_error"},
    {"test_error", "test/classification_error"},
    /* What they have not, by our names. */
    {"epoch", "epoch"},
    {"examples", "examples"},
    {"train_seconds", "train_seconds"},
    {"learning_rate", "learning_rate"},
    {"gradient_norm", "gradient_norm"},
    {"batch_loss", "batch_loss"},
    {"batch_loss_deviation", "batch_loss_deviation"},
    {"penalty", "penalty"},
    {0},
};

/* The same by another name. */
static const struct {
    const char *ours, *theirs;
} optimizers[] = {{"nesterov", "nesterov_momentum"}};

/* Columns of cells.csv that are no setting and come back by an import. */
static const char *const kept[] = {"train_examples", "parameters", "flops_per_example", "outcome",
                                   "reason"};
enum { KEPT_COUNT = sizeof kept / sizeof *kept };

struct science {
    struct results results;
    const char *folder;
    size_t cells;
    size_t *first, *count; /* [cells] rows of curves.csv, which lie together */
    char **studies;        /* [cells] DATASET/MODEL/OPTIMIZER/BATCH_SIZE of each, owned */
    size_t *sorted;        /* [cells] by study, in the order of cells.csv */
};

static const char *text(const struct science *science, const char *column, size_t cell)
{
    const struct table *cells = science->results.cells;

    return table_has(cells, column) ? table_texts(cells, column)[cell] : "";
}

static const char *optimizer_name(const char *ours)
{
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++)
        if (strcmp(optimizers[i].ours, ours) == 0)
            return optimizers[i].theirs;
    return ours;
}

static const char *dataset_name(const struct science *science)
{
    const json_t *dataset = json_object_get(science->results.manifest, "dataset");
    const char *name = json_string_value(json_object_get(dataset, "name"));

    return name && name[0] ? name : "unknown";
}

/* ---- Studies ----------------------------------------------------------------------------------
 */

/* A name of a folder as they write it: fashion_mnist, never out of the folder. */
static void append_folder(char *path, size_t size, const char *name)
{
    size_t length = strlen(path);

    snprintf(path + length, size - length, "%s%.60s", length ? "/" : "",
             name[0] ? name : "unknown");
    for (char *c = path + length + (length > 0); *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '.')
            *c = '_';
    if (path[length + (length > 0)] == '.')
        path[length + (length > 0)] = '_';
}

static int name_studies(struct science *science)
{
    for (size_t c = 0; c < science->cells; c++) {
        char path[320] = "";

        append_folder(path, sizeof path, dataset_name(science));
        append_folder(path, sizeof path, text(science, "network", c));
        append_folder(path, sizeof path, optimizer_name(text(science, "optimizer", c)));
        append_folder(path, sizeof path, text(science, "batch_size", c));
        science->studies[c] = strdup(path);
        if (!science->studies[c])
            return error_set("out of memory for the cells of %s", science->results.folder);
        science->sorted[c] = c;
    }
    return 0;
}

static int compare_studies(const void *first, const void *second, void *context)
{
    const struct science *science = context;
    size_t a = *(const size_t *)first, b = *(const size_t *)second;
    int order = strcmp(science->studies[a], science->studies[b]);

    return order ? order : (a > b) - (a < b);
}

/* A range without end is what no search had: the values themselves are given. */
static json_t *describe_search(const struct science *science, const size_t *cells, size_t count)
{
    json_t *configs = json_object();

    for (const struct field *field = settings_fields; field->key; field++) {
        json_t *values = json_object();
        json_t *points = json_array();
        const char *value;
        json_t *ignored;

        for (size_t i = 0; i < count; i++)
            json_object_set_new(values, text(science, field->key, cells[i]), json_true());
        json_object_foreach(values, value, ignored)
        {
            char *end;
            double number = strtod(value, &end);

            json_array_append_new(points, *value && !*end && isfinite(number) ? json_real(number)
                                                                              : json_string(value));
        }
        if (json_array_size(points) > 1)
            json_object_set_new(
                configs, field->key,
                json_pack("{s:s, s:O}", "type", "DISCRETE", "feasible_points", points));
        json_decref(points);
        json_decref(values);
    }
    return configs;
}

static int write_json(const char *folder, const char *name, json_t *json)
{
    char path[PATH_MAX + 32];
    int status;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!json)
        return error_set("%s: cannot be written: a name is not UTF-8", path);
    status = json_write_file(json, path);
    json_decref(json);
    return status;
}

static int write_study(const struct science *science, const size_t *cells, size_t count)
{
    size_t cell = cells[0];
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%s/%s", science->folder, science->studies[cell]);
    return write_json(folder, "study.json",
                      json_pack("{s:I, s:s, s:b, s:s, s:s, s:o, s:i}", "batch_size",
                                (json_int_t)strtoll(text(science, "batch_size", cell), NULL, 10),
                                "dataset", dataset_name(science), "early_stopping", 0, "model",
                                text(science, "network", cell), "optimizer",
                                optimizer_name(text(science, "optimizer", cell)),
                                "parameter_configs", describe_search(science, cells, count),
                                "train_steps", 0));
}

/* ---- Trials -----------------------------------------------------------------------------------
 */

/* A number where it reads back as the same text, so that nothing is lost. */
static json_t *value_of(const char *text)
{
    char again[64], *end;
    double number = strtod(text, &end);

    if (!*text || *end || !isfinite(number))
        return json_string(text);
    if (number == trunc(number) && fabs(number) < 1e15 && !strchr(text, '.'))
        return json_integer((json_int_t)number);
    format_double(number, again, sizeof again);
    return strcmp(again, text) == 0 ? json_real(number) : json_string(text);
}

/* INFEASIBLE is, by them, what diverged; INCOMPLETE what did not get to its end. */
static const char *status_of(const char *outcome)
{
    if (strcmp(outcome, "diverged") == 0)
        return "INFEASIBLE";
    return strcmp(outcome, "reached") == 0 || strcmp(outcome, "budget") == 0 ? "COMPLETE"
                                                                             : "INCOMPLETE";
}

static int write_metadata(const struct science *science, const char *folder, size_t cell,
                          size_t trial)
{
    const struct table *curves = science->results.curves;
    size_t last = science->first[cell] + science->count[cell] - 1;
    json_t *parameters = json_object(), *ours = json_object();

    for (const struct field *field = settings_fields; field->key; field++)
        if (text(science, field->key, cell)[0])
            json_object_set_new(parameters, field->key, value_of(text(science, field->key, cell)));
    json_object_set_new(ours, "id", json_string(text(science, "id", cell)));
    json_object_set_new(ours, "engine_used", json_string(text(science, "engine_used", cell)));
    for (size_t k = 0; k < KEPT_COUNT; k++)
        if (text(science, kept[k], cell)[0])
            json_object_set_new(ours, kept[k], value_of(text(science, kept[k], cell)));
    return write_json(folder, "metadata.json",
                      json_pack("{s:o, s:s, s:I, s:I, s:o}", "parameters", parameters, "status",
                                status_of(text(science, "outcome", cell)), "steps",
                                (json_int_t)strtoll(table_texts(curves, "update")[last], NULL, 10),
                                "trial_id", (json_int_t)trial, "batchlab", ours));
}

/* Fields as they stand in curves.csv, to the last digit. */
static int write_measurements(const struct science *science, const char *folder, size_t cell)
{
    const struct table *curves = science->results.curves;
    const char *separator = "";
    struct whole_file file;
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/measurements.csv", folder);
    if (file_begin(&file, path) != 0)
        return -1;
    for (const struct science_column *column = science_columns; column->ours; column++)
        if (table_has(curves, column->ours)) {
            fprintf(file.stream, "%s%s", separator, column->theirs);
            separator = ",";
        }
    for (size_t row = science->first[cell]; row < science->first[cell] + science->count[cell];
         row++) {
        separator = "\n";
        for (const struct science_column *column = science_columns; column->ours; column++)
            if (table_has(curves, column->ours)) {
                fputs(separator, file.stream);
                csv_field(file.stream, table_texts(curves, column->ours)[row]);
                separator = ",";
            }
    }
    fputc('\n', file.stream);
    return file_commit(&file);
}

static int write_trial(const struct science *science, size_t cell, size_t trial)
{
    char folder[PATH_MAX];

    if (snprintf(folder, sizeof folder, "%s/%s/%zu", science->folder, science->studies[cell],
                 trial) >= (int)sizeof folder)
        return error_set("%s: the path is too long", science->folder);
    if (folder_make(folder) != 0 || write_metadata(science, folder, cell, trial) != 0)
        return -1;
    return write_measurements(science, folder, cell);
}

/* ---- The way back -----------------------------------------------------------------------------
 */

static void write_targets(FILE *file, const struct results *results)
{
    if (results->target_count == 0)
        return;
    fputs("targets:\n", file);
    for (size_t t = 0; t < results->target_count; t++) {
        const struct target *target = &results->targets[t];
        char value[64];

        if (t == 0 || strcmp(target->metric, target[-1].metric) != 0)
            fprintf(file, "  %s:\n", target->metric);
        format_double(target->value, value, sizeof value);
        fprintf(file, "    - %s\n", value);
    }
}

/* One line of YAML in quotes. */
static void write_quoted(FILE *file, const char *key, const char *value)
{
    if (!value || !value[0])
        return;
    fprintf(file, "%s: '", key);
    for (; *value; value++)
        fprintf(file, *value == '\'' ? "''" : "%c", *value);
    fputs("'\n", file);
}

static int write_map(const struct science *science)
{
    const json_t *manifest = science->results.manifest;
    struct whole_file file;
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/map.yaml", science->folder);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("# batchlab import FOLDER --columns FOLDER/map.yaml\n", file.stream);
    write_quoted(file.stream, "question", json_string_value(json_object_get(manifest, "question")));
    write_quoted(file.stream, "title", json_string_value(json_object_get(manifest, "title")));
    write_quoted(file.stream, "dataset", dataset_name(science));
    write_quoted(file.stream, "machine", science->results.cpu);
    fputs("run: []\ncolumns:\n", file.stream);
    for (const struct science_column *column = science_columns; column->ours; column++)
        if (table_has(science->results.curves, column->ours))
            fprintf(file.stream, "  %s%s: {column: %s, optional: true}\n", column->ours,
                    strcmp(column->ours, "learning_rate") == 0 ? "_now" : "", column->theirs);
    for (const struct field *field = settings_fields; field->key; field++)
        fprintf(file.stream, "  %s: {file: metadata.json, key: parameters.%s, optional: true}\n",
                field->key, field->key);
    for (size_t k = 0; k < KEPT_COUNT; k++)
        fprintf(file.stream, "  %s: {file: metadata.json, key: batchlab.%s, optional: true}\n",
                kept[k], kept[k]);
    write_targets(file.stream, &science->results);
    return file_commit(&file);
}

/* -----------------------------------------------------------------------------------------------
 */

/* Where each cell's rows begin and how many there are. */
static int find_rows(struct science *science)
{
    size_t *cell_of, rows;

    if (!results_has_curves(&science->results))
        return error_set("%s: has no curves.csv, expected results of training",
                         science->results.folder);
    if (results_curves(&science->results) != 0 ||
        table_join(science->results.curves, science->results.cells, &cell_of) != 0)
        return -1;
    rows = table_rows(science->results.curves);
    for (size_t row = 0; row < rows; row++) {
        size_t cell = cell_of[row];

        if (science->count[cell]++ == 0)
            science->first[cell] = row;
        else if (cell_of[row - 1] != cell) {
            free(cell_of);
            return error_set("%s:%zu: a row apart from the others of its cell, expected them "
                             "together",
                             table_path(science->results.curves),
                             table_line(science->results.curves, row));
        }
    }
    free(cell_of);
    return 0;
}

static int write_studies(const struct science *science, struct science_tally *tally)
{
    size_t *trials = calloc(science->cells + 1, sizeof *trials), count = 0;
    int status = trials ? 0 : error_set("out of memory for the cells");

    for (size_t i = 0; i < science->cells && status == 0; i++) {
        size_t cell = science->sorted[i];
        int ends = i + 1 == science->cells ||
                   strcmp(science->studies[cell], science->studies[science->sorted[i + 1]]) != 0;

        if (science->count[cell] > 0) {
            trials[count++] = cell;
            status = write_trial(science, cell, count);
            tally->trials++;
        } else
            tally->left_out++;
        if (status == 0 && ends && count > 0) {
            status = write_study(science, trials, count);
            tally->studies++;
        }
        if (ends)
            count = 0;
    }
    free(trials);
    return status;
}

static int open_science(struct science *science, const char *results)
{
    if (results_open(&science->results, results) != 0)
        return -1;
    science->cells = table_rows(science->results.cells);
    science->first = calloc(science->cells + 1, sizeof *science->first);
    science->count = calloc(science->cells + 1, sizeof *science->count);
    science->studies = calloc(science->cells + 1, sizeof *science->studies);
    science->sorted = calloc(science->cells + 1, sizeof *science->sorted);
    if (!science->first || !science->count || !science->studies || !science->sorted)
        return error_set("out of memory for the cells of %s", results);
    if (find_rows(science) != 0 || name_studies(science) != 0)
        return -1;
    qsort_r(science->sorted, science->cells, sizeof *science->sorted, compare_studies, science);
    return 0;
}

int batch_science_write(const char *results, const char *folder, struct science_tally *tally)
{
    struct science science = {.folder = folder};
    int status = -1;

    *tally = (struct science_tally){0};
    if (access(folder, F_OK) == 0)
        return error_set("%s: is there already, expected a folder to be made", folder);
    if (open_science(&science, results) == 0)
        status = write_studies(&science, tally);
    if (status == 0)
        status = write_map(&science);
    for (size_t c = 0; science.studies && c < science.cells; c++)
        free(science.studies[c]);
    free(science.studies);
    free(science.sorted);
    free(science.first);
    free(science.count);
    results_close(&science.results);
    return status;
}
