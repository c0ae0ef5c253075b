/* Reads the mapping of an import. */
#include "import/mapping.h"

#include "base/error.h"
#include "plan/document.h"
#include "plan/grid.h"
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINT(name, member)                                                                        \
    {                                                                                              \
        name, IMPORT_CURVE, offsetof(struct curve_point, member), NULL                             \
    }

const struct import_column import_columns[] = {
    {"update", IMPORT_CURVE, 0, "updates made; or examples, or epoch and train_examples"},
    POINT("examples", examples),
    POINT("epoch", epoch),
    POINT("train_seconds", train_seconds),
    {"learning_rate_now", IMPORT_CURVE, offsetof(struct curve_point, rate),
     "of the next update, where it is not learning_rate"},
    POINT("train_loss", train.loss),
    POINT("train_error", train.error),
    POINT("validation_loss", validation.loss),
    POINT("validation_error", validation.error),
    POINT("test_loss", test.loss),
    POINT("test_error", test.error),
    POINT("gradient_norm", gradient_norm),
    POINT("batch_loss", batch_loss),
    POINT("batch_loss_deviation", batch_loss_deviation),
    POINT("penalty", penalty),
    {"train_examples", IMPORT_CELL, 0, "N of the run"},
    {"parameters", IMPORT_CELL, 0, "P"},
    {"flops_per_example", IMPORT_CELL, 0, "forward and backward"},
    {"outcome", IMPORT_CELL, 0,
     "as in cells.csv; else diverged where a training or validation loss is not finite, or budget"},
    {"reason", IMPORT_CELL, 0, "one line"},
    {0},
};

/* ---- One source -------------------------------------------------------------------------------
 */

static const struct field source_fields[] = {
    {"column", FIELD_TEXT, offsetof(struct import_source, theirs), MAPPING_TEXT_SIZE,
     .help = "of the CSV file"},
    {"file", FIELD_TEXT, offsetof(struct import_source, file), MAPPING_TEXT_SIZE,
     .help = "in place of a column: a JSON file, relative to the CSV file's folder"},
    {"key", FIELD_TEXT, offsetof(struct import_source, key), MAPPING_TEXT_SIZE,
     .help = "its member; of members of members with dots: parameters.momentum"},
    {"scale", FIELD_REAL, offsetof(struct import_source, scale), .low = -1e30, .high = 1e30,
     .fallback = "1",
     .help = "ours = scale * theirs + offset: 0.001 for ms, -1 and 1 for accuracy"},
    {"offset", FIELD_REAL, offsetof(struct import_source, offset), .low = -1e30, .high = 1e30,
     .fallback = "0", .help = "see scale"},
    {"optional", FIELD_CHOICE, offsetof(struct import_source, optional),
     .choices = schema_no_or_yes, .fallback = "false",
     .help = "empty where there is no such column or member"},
    {0},
};

/* The words that stand for others: {theirs: ours}. */
static int read_values(const struct schema_source *source, yaml_node_t *node,
                       struct import_source *into)
{
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "values: expected a mapping such as {adam_w: adamw}");
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        const char *from = schema_scalar(key), *to = schema_scalar(value);

        if (!from || !to || strlen(from) >= sizeof *into->from || strlen(to) >= sizeof *into->to)
            return schema_error(source, key, "values: expected words of less than %zu characters",
                                sizeof *into->from);
        if (into->value_count == MAPPING_VALUES_MAX)
            return schema_error(source, key, "values: more than %d", MAPPING_VALUES_MAX);
        snprintf(into->from[into->value_count], sizeof *into->from, "%s", from);
        snprintf(into->to[into->value_count++], sizeof *into->to, "%s", to);
    }
    return 0;
}

static int read_source_mapping(const struct schema_source *source, yaml_node_t *node,
                               struct import_source *into)
{
    yaml_node_t *key, *value;

    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        const char *name = schema_scalar(key);
        const struct field *field = name ? schema_find(source_fields, name) : NULL;
        int status;

        if (name && strcmp(name, "values") == 0)
            status = read_values(source, value, into);
        else if (field)
            status = schema_read(source, value, field, into);
        else
            return schema_error(source, key,
                                "%s: unknown key '%s', expected column, file, key, scale, offset, "
                                "optional or values",
                                into->name, name ? name : "(not a name)");
        if (status != 0)
            return -1;
    }
    if ((into->theirs[0] != '\0') == (into->file[0] != '\0'))
        return schema_error(source, node, "%s: expected column, or file and key", into->name);
    if ((into->key[0] != '\0') != (into->file[0] != '\0'))
        return schema_error(source, node, "%s: file and key go together", into->name);
    return 0;
}

/* ---- Columns and constants --------------------------------------------------------------------
 */

static int name_part(const struct schema_source *source, const yaml_node_t *key,
                     struct import_source *into)
{
    for (const struct import_column *column = import_columns; column->name; column++)
        if (strcmp(column->name, into->name) == 0) {
            into->column = column;
            into->part = column->part;
            return 0;
        }
    if (schema_find(settings_fields, into->name))
        return 0; /* IMPORT_SETTING */
    return schema_error(source, key,
                        "'%s' is no column that can be imported, expected a setting of cells.csv "
                        "such as batch_size, or what `batchlab list import` has",
                        into->name);
}

static struct import_source *add_source(const struct schema_source *source, yaml_node_t *key,
                                        struct mapping *mapping)
{
    struct import_source *into = &mapping->sources[mapping->source_count];
    const char *name = schema_scalar(key);

    if (mapping->source_count == MAPPING_SOURCES_MAX) {
        schema_error(source, key, "more than %d columns and constants", MAPPING_SOURCES_MAX);
        return NULL;
    }
    if (!name || strlen(name) >= sizeof into->name) {
        schema_error(source, key, "expected the name of a column");
        return NULL;
    }
    snprintf(into->name, sizeof into->name, "%s", name);
    into->line = (int)key->start_mark.line + 1;
    into->scale = 1;
    if (mapping_find(mapping, name)) {
        schema_error(source, key, "%s: has a column and a constant, expected one", name);
        return NULL;
    }
    mapping->source_count++;
    return name_part(source, key, into) == 0 ? into : NULL;
}

static int read_text(const struct schema_source *source, yaml_node_t *node, const char *what,
                     char *into)
{
    const char *text = schema_scalar(node);

    if (!text || strlen(text) >= MAPPING_TEXT_SIZE || schema_has_controls(text) ||
        strchr(text, '\n'))
        return schema_error(source, node, "%s: expected one line of less than %d characters", what,
                            MAPPING_TEXT_SIZE);
    snprintf(into, MAPPING_TEXT_SIZE, "%s", text);
    return 0;
}

static int read_columns(const struct schema_source *source, yaml_node_t *node,
                        struct mapping *mapping, int are_constants)
{
    const char *section = are_constants ? "constants" : "columns";
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "%s: expected a mapping, ours: theirs", section);
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        struct import_source *into = add_source(source, key, mapping);

        if (!into)
            return -1;
        if (are_constants) {
            if (into->part == IMPORT_CURVE)
                return schema_error(source, key, "%s: is of each evaluation, expected a column",
                                    into->name);
            if (read_text(source, value, into->name, into->constant) != 0)
                return -1;
        } else if (value->type == YAML_MAPPING_NODE) {
            if (read_source_mapping(source, value, into) != 0)
                return -1;
        } else if (read_text(source, value, into->name, into->theirs) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_run(const struct schema_source *source, yaml_node_t *node, struct mapping *mapping)
{
    yaml_node_t *item;

    mapping->has_run = 1;
    if (node->type == YAML_SCALAR_NODE) {
        mapping->run_count = 1;
        return read_text(source, node, "run", mapping->run[0]);
    }
    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "run: expected a column, or a list of columns");
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        if (mapping->run_count == MAPPING_RUN_MAX)
            return schema_error(source, item, "run: more than %d columns", MAPPING_RUN_MAX);
        if (read_text(source, item, "run", mapping->run[mapping->run_count++]) != 0)
            return -1;
    }
    return 0;
}

/* ---- The file ---------------------------------------------------------------------------------
 */

static int has_axis(const struct mapping *mapping)
{
    return mapping_find(mapping, "update") || mapping_find(mapping, "examples") ||
           (mapping_find(mapping, "epoch") && mapping_find(mapping, "train_examples"));
}

static int has_metric(const struct mapping *mapping)
{
    static const char *const names[] = {"train_loss",       "train_error", "validation_loss",
                                        "validation_error", "test_loss",   "test_error"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mapping_find(mapping, names[i]))
            return 1;
    return 0;
}

static int check(const struct schema_source *source, const struct mapping *mapping)
{
    if (!mapping_find(mapping, "batch_size"))
        return error_set("%s:1: batch_size: missing, expected a column or a constant",
                         source->file);
    if (!has_axis(mapping))
        return error_set("%s:1: columns: expected update, examples, or epoch with train_examples",
                         source->file);
    if (!has_metric(mapping))
        return error_set("%s:1: columns: expected a loss or an error, such as validation_loss",
                         source->file);
    return 0;
}

static int read_document(const struct schema_source *source, void *into)
{
    struct mapping *mapping = into;
    yaml_node_t *root = yaml_document_get_root_node(source->document), *key, *value;

    if (!root || root->type != YAML_MAPPING_NODE)
        return error_set("%s:1: expected a mapping of keys such as question, columns, constants",
                         source->file);
    for (size_t i = 0; schema_pair(source, root, i, &key, &value); i++) {
        static const char *const of_experiments[] = {"question", "title", "targets", "charts",
                                                     "claims"};
        const char *name = schema_scalar(key);
        int status = 1;

        for (size_t k = 0; name && k < sizeof of_experiments / sizeof *of_experiments; k++)
            if (strcmp(name, of_experiments[k]) == 0)
                status = 0;
        if (name && strcmp(name, "columns") == 0)
            status = read_columns(source, value, mapping, 0);
        else if (name && strcmp(name, "constants") == 0)
            status = read_columns(source, value, mapping, 1);
        else if (name && strcmp(name, "run") == 0)
            status = read_run(source, value, mapping);
        else if (name && strcmp(name, "dataset") == 0)
            status = read_text(source, value, name, mapping->dataset);
        else if (name && strcmp(name, "machine") == 0)
            status = read_text(source, value, name, mapping->machine);
        if (status > 0)
            return schema_error(source, key,
                                "unknown key '%s', expected columns, constants, run, dataset, "
                                "machine, question, title, targets, charts or claims",
                                name ? name : "(not a name)");
        if (status != 0)
            return -1;
    }
    return schema_check_repeated(source) == 0 ? check(source, mapping) : -1;
}

int mapping_read(struct mapping *mapping, const char *file, const char *text)
{
    memset(mapping, 0, sizeof *mapping);
    if (strlen(file) >= sizeof mapping->file)
        return error_set("%.64s...: path longer than %zu characters", file,
                         sizeof mapping->file - 1);
    snprintf(mapping->file, sizeof mapping->file, "%s", file);
    mapping->sources = calloc(MAPPING_SOURCES_MAX + 1, sizeof *mapping->sources);
    if (!mapping->sources)
        return error_set("out of memory");
    return document_parse(file, text, read_document, mapping);
}

void mapping_free(struct mapping *mapping)
{
    free(mapping->sources);
    memset(mapping, 0, sizeof *mapping);
}

const struct import_source *mapping_find(const struct mapping *mapping, const char *name)
{
    for (int i = 0; i < mapping->source_count; i++)
        if (strcmp(mapping->sources[i].name, name) == 0)
            return &mapping->sources[i];
    return NULL;
}

void mapping_document(FILE *file)
{
    fprintf(file,
            "Keys of a mapping (YAML) for `batchlab import`\n\n"
            "columns: ours: theirs, of each evaluation or run; theirs is the name of a column "
            "of\nthe CSV file, or a mapping of\n");
    schema_document(file, source_fields);
    fprintf(file, "  %-16s %s\n", "values", "words for words, {theirs: ours}");
    fprintf(file, "\nconstants: ours: the value that all runs have\n"
                  "run: column, or list of columns, whose values name a run together; [] where a "
                  "file is\none; without it the settings that have columns do\n"
                  "dataset, machine: one line on each\n"
                  "question, title, targets, charts, claims: as in an experiment\n\n"
                  "Columns of ours: every setting of cells.csv (batch_size is needed), and\n");
    for (const struct import_column *column = import_columns; column->name; column++)
        fprintf(file, "  %-22s %s\n", column->name,
                column->help ? column->help : "as in curves.csv");
}
