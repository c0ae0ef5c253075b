/* Reads an experiment file: YAML through libyaml's document interface, checked against the tables.
 */
#include "plan/experiment.h"

#include "base/error.h"
#include "base/limits.h"
#include "plan/budgets.h"
#include "plan/document.h"
#include "plan/experiment_keys.h"
#include "plan/named_data.h"
#include "plan/networks.h"
#include "plan/probes.h"
#include "plan/schedules.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- The grid ------------------------------------------------------------------------------- */

static int read_cases(const struct schema_source *source, yaml_node_t *node,
                      struct experiment *experiment)
{
    yaml_node_t *item, *key, *value;
    size_t count;

    if (node->type != YAML_SEQUENCE_NODE || !schema_item(source, node, 0))
        return schema_error(source, node, "cases: expected a list of mappings of axes");
    for (int c = 0; c < experiment->case_count; c++)
        grid_free(&experiment->cases[c]);
    free(experiment->cases);
    experiment->case_count = 0;
    count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count > LIMIT_CASES)
        return schema_error(source, node, "cases: %zu of them, expected at most %d", count,
                            LIMIT_CASES);
    experiment->cases = calloc(count, sizeof *experiment->cases);
    if (!experiment->cases)
        return error_set("out of memory");
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        if (item->type != YAML_MAPPING_NODE)
            return schema_error(source, item, "cases: expected a mapping of axes");
        experiment->case_count++;
        for (size_t p = 0; schema_pair(source, item, p, &key, &value); p++)
            if (grid_read_axis(source, key, value, &experiment->cases[i]) != 0)
                return -1;
    }
    return 0;
}

static int read_grid(const struct schema_source *source, yaml_node_t *node,
                     struct experiment *experiment)
{
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node,
                            "grid: expected a mapping of axes, such as "
                            "{batch_size: [1, 32, full]}");
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        const char *name = schema_scalar(key);
        int is_cases = name && strcmp(name, "cases") == 0;

        if ((is_cases ? read_cases(source, value, experiment)
                      : grid_read_axis(source, key, value, &experiment->grid)) != 0)
            return -1;
    }
    return 0;
}

int experiment_set_axis(struct experiment *experiment, const char *key, const char *value)
{
    for (int c = 0; c < experiment->case_count; c++)
        grid_drop_axis(&experiment->cases[c], key);
    return grid_set_axis(&experiment->grid, key, value);
}

int experiment_line(const struct experiment *experiment, const char *key, const char *value)
{
    int line = grid_line(&experiment->grid, key, value);

    for (int c = 0; c < experiment->case_count && line == 0; c++)
        line = grid_line(&experiment->cases[c], key, value);
    return line > 0 ? line : 1;
}

int experiment_engine_is_path(const char *engine)
{
    return memchr(engine, '/', strcspn(engine, ":")) != NULL;
}

int experiment_engine(const struct experiment *experiment, const char *engine, char *path,
                      size_t size)
{
    const char *slash = strrchr(experiment->file, '/');
    int relative = slash && experiment_engine_is_path(engine) && engine[0] != '/';
    int length = snprintf(path, size, "%.*s%s", relative ? (int)(slash - experiment->file + 1) : 0,
                          experiment->file, engine);

    return length < (int)size ? 0 : error_set("engine: path longer than %zu characters", size - 1);
}

/* ---- Targets, charts -------------------------------------------------------------- */

static int add_target(const struct schema_source *source, yaml_node_t *node, enum metric metric,
                      struct experiment *experiment)
{
    int is_loss = metric == METRIC_TRAIN_LOSS || metric == METRIC_VALIDATION_LOSS;
    const struct field number_field = {.key = "targets", /* losses of objectives may be below 0 */
                                       .kind = FIELD_REAL,
                                       .low = is_loss ? -1e12 : 1e-12,
                                       .high = 1e12};
    struct target_spec *target = &experiment->targets[experiment->target_count];
    char number[64];

    if (experiment->target_count == EXPERIMENT_TARGETS_MAX)
        return schema_error(source, node, "targets: more than %d", EXPERIMENT_TARGETS_MAX);
    if (schema_read(source, node, &number_field, &target->value) != 0)
        return -1;
    target->metric = metric;
    target->line = (int)node->start_mark.line + 1;
    format_double(target->value, number, sizeof number);
    snprintf(target->name, sizeof target->name, "%s_%.24s", metric_names[metric], number);
    for (int i = 0; i < experiment->target_count; i++)
        if (strcmp(experiment->targets[i].name, target->name) == 0)
            return schema_error(source, node, "targets: %s is given twice", target->name);
    experiment->target_count++;
    return 0;
}

static int read_targets(const struct schema_source *source, yaml_node_t *node,
                        struct experiment *experiment)
{
    yaml_node_t *key, *value, *item;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node,
                            "targets: expected a mapping such as {validation_error: [0.2, 0.15]}");
    experiment->target_count = 0;
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        const char *name = schema_scalar(key);
        int metric = 0;

        while (metric < METRIC_COUNT && (!name || strcmp(name, metric_names[metric]) != 0))
            metric++;
        if (metric == METRIC_COUNT)
            return schema_error(source, key,
                                "targets: unknown metric '%s', expected train_loss, "
                                "train_error, validation_loss or validation_error",
                                name ? name : "(not a name)");
        if (value->type == YAML_SCALAR_NODE) {
            if (add_target(source, value, (enum metric)metric, experiment) != 0)
                return -1;
            continue;
        }
        if (value->type != YAML_SEQUENCE_NODE)
            return schema_error(source, value, "targets: expected a number or a list of numbers");
        for (size_t j = 0; (item = schema_item(source, value, j)) != NULL; j++)
            if (add_target(source, item, (enum metric)metric, experiment) != 0)
                return -1;
    }
    return 0;
}

static int read_charts(const struct schema_source *source, yaml_node_t *node,
                       struct experiment *experiment)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "charts: expected a list of names");
    experiment->chart_count = 0;
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        const char *name = schema_scalar(item);

        if (!name)
            return schema_error(source, item, "charts: expected a name");
        if (strlen(name) >= sizeof experiment->charts[0])
            return schema_error(source, item, "charts: longer than %zu characters",
                                sizeof experiment->charts[0] - 1);
        if (experiment->chart_count == EXPERIMENT_CHARTS_MAX)
            return schema_error(source, item, "charts: more than %d", EXPERIMENT_CHARTS_MAX);
        experiment->chart_lines[experiment->chart_count] = (int)item->start_mark.line + 1;
        strcpy(experiment->charts[experiment->chart_count++], name);
    }
    return 0;
}

/* ---- The file ------------------------------------------------------------------------------- */

static const struct section *find_section(const char *name)
{
    for (const struct section *section = sections; section->name; section++)
        if (strcmp(section->name, name) == 0)
            return section;
    return NULL;
}

/* One key of the file's top level, or of `quick:` (which may name axes as well). */
static int read_key(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                    int within_quick, struct experiment *experiment)
{
    const char *name = schema_scalar(key);
    const struct section *section = name ? find_section(name) : NULL;
    const struct field *field = name ? schema_find(top_fields, name) : NULL;

    if (within_quick && section && value->type != YAML_MAPPING_NODE &&
        schema_find(settings_fields, name))
        section = NULL; /* `budget: [a, b]` is the axis */
    if (section && section->offset == offsetof(struct experiment, dataset))
        experiment->dataset_line = (int)key->start_mark.line + 1;
    if (section && section->offset == offsetof(struct experiment, evaluation))
        experiment->evaluation_line = (int)key->start_mark.line + 1;
    if (section && section->offset == offsetof(struct experiment, probes))
        experiment->probes_line = (int)key->start_mark.line + 1;
    if (section)
        return schema_read_mapping(source, value, section->fields, name,
                                   (char *)experiment + section->offset);
    if (field)
        return schema_read(source, value, field, experiment);
    if (name && strcmp(name, "grid") == 0)
        return read_grid(source, value, experiment);
    if (name && strcmp(name, "targets") == 0)
        return read_targets(source, value, experiment);
    if (name && strcmp(name, "charts") == 0)
        return read_charts(source, value, experiment);
    if (name && strcmp(name, "claims") == 0)
        return claims_read(source, value, &experiment->claims);
    if (name && strcmp(name, "tuning") == 0)
        return tuning_read(source, key, value, experiment);
    if (name && strcmp(name, "budgets") == 0)
        return budgets_read(source, value, experiment);
    if (name && strcmp(name, "networks") == 0 && !within_quick)
        return networks_read(source, value, experiment);
    if (name && strcmp(name, "schedules") == 0 && !within_quick)
        return schedules_read(source, value, experiment);
    if (name && strcmp(name, "weightings") == 0 && !within_quick)
        return weightings_read(source, value, experiment);
    if (name && strcmp(name, "augmentations") == 0 && !within_quick)
        return augmentations_read(source, value, experiment);
    if (name && strcmp(name, "cases") == 0 && within_quick)
        return read_cases(source, value, experiment);
    if (name && within_quick && schema_find(settings_fields, name)) {
        for (int c = 0; c < experiment->case_count; c++)
            grid_drop_axis(&experiment->cases[c], name);
        return grid_read_axis(source, key, value, &experiment->grid);
    }
    return schema_error(source, key,
                        "unknown key '%s', expected question, title, measure, shuffle, dataset, "
                        "networks, schedules, weightings, augmentations, grid, tuning, targets, "
                        "budget, evaluation, "
                        "throughput, probes, limits, charts, claims or quick",
                        name ? name : "(not a name)");
}

/* An axis that the common grid and a case both have would be ambiguous. */
static int check_cases(const struct schema_source *source, const struct experiment *experiment)
{
    for (int c = 0; c < experiment->case_count; c++)
        for (int a = 0; a < experiment->cases[c].axis_count; a++) {
            const struct grid_axis *axis = &experiment->cases[c].axes[a];

            if (grid_find_axis(&experiment->grid, axis->field->key))
                return error_set("%s:%d: %s: stands in the grid and in its cases, expected one",
                                 source->file, axis->lines[0], axis->field->key);
        }
    return 0;
}

static int check_networks(const struct schema_source *source, const struct experiment *experiment,
                          const struct grid *grid)
{
    const struct grid_axis *axis = grid_find_axis(grid, "network");

    for (int i = 0; axis && i < axis->count; i++)
        if (!experiment_network(experiment, axis->values[i])) {
            char known[512] = "";
            size_t length = 0;

            for (int n = 0; n < experiment->network_count && length < sizeof known; n++)
                length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                           n ? ", " : "", experiment->networks[n].name);
            return error_set("%s:%d: network: '%s' is unknown, expected one of %s", source->file,
                             axis->lines[i], axis->values[i], known);
        }
    return 0;
}

static int check(const struct schema_source *source, struct experiment *experiment)
{
    if (check_cases(source, experiment) != 0 ||
        check_networks(source, experiment, &experiment->grid) != 0)
        return -1;
    for (int c = 0; c < experiment->case_count; c++)
        if (check_networks(source, experiment, &experiment->cases[c]) != 0)
            return -1;
    if (budgets_check(experiment) != 0)
        return -1;
    for (int t = 0; t < experiment->target_count; t++)
        if (experiment->targets[t].metric >= METRIC_VALIDATION_LOSS &&
            experiment->dataset.validation == 0)
            return error_set("%s:1: targets: %s needs validation examples, expected "
                             "`dataset: {validation: ...}`",
                             source->file, experiment->targets[t].name);
    return probes_check(experiment) == 0 ? tuning_check(experiment) : -1;
}

static int read_quick(const struct schema_source *source, yaml_node_t *quick,
                      struct experiment *experiment)
{
    yaml_node_t *key, *value;

    for (size_t i = 0; schema_pair(source, quick, i, &key, &value); i++)
        if (read_key(source, key, value, 1, experiment) != 0)
            return -1;
    return 0;
}

/* What cannot be read under `quick:` is found without --quick as well. */
static int try_quick(const struct schema_source *source, yaml_node_t *quick)
{
    struct experiment *scratch = calloc(1, sizeof *scratch);
    int status;

    if (!scratch)
        return error_set("out of memory");
    status = read_quick(source, quick, scratch);
    experiment_close(scratch);
    free(scratch);
    return status;
}

static int read_document(const struct schema_source *source, void *into)
{
    struct experiment *experiment = into;
    yaml_node_t *root = yaml_document_get_root_node(source->document);
    yaml_node_t *key, *value, *quick = NULL;

    if (!root || root->type != YAML_MAPPING_NODE)
        return error_set("%s:1: expected a mapping of keys such as question, dataset, grid",
                         source->file);
    for (size_t i = 0; schema_pair(source, root, i, &key, &value); i++) {
        const char *name = schema_scalar(key);

        if (name && strcmp(name, "quick") == 0)
            quick = value;
        else if (read_key(source, key, value, 0, experiment) != 0)
            return -1;
    }
    networks_add_presets(experiment);
    weightings_add_presets(experiment);
    if (quick && quick->type != YAML_MAPPING_NODE)
        return schema_error(source, quick, "quick: expected a mapping of what to override");
    if (quick &&
        (experiment->quick ? read_quick(source, quick, experiment) : try_quick(source, quick)) != 0)
        return -1;
    if (schema_check_repeated(source) != 0)
        return -1;
    return check(source, experiment);
}

/* "experiments/batch-size.yaml" -> "batch-size", of letters, digits, '-', '_' and '.' only, since
 * it names a folder. */
static void name_after(const char *file, char *name, size_t size)
{
    const char *base = strrchr(file, '/');
    char *suffix;

    snprintf(name, size, "%s", base ? base + 1 : file);
    suffix = strrchr(name, '.');
    if (suffix && suffix != name)
        *suffix = '\0';
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_", *c) && (*c != '.' || c == name))
            *c = '-';
}

/* What an experiment asks, and nothing of what it runs. */
static int read_asked(const struct schema_source *source, void *into)
{
    static const char *const asked[] = {"question", "title", "targets", "charts", "claims"};
    yaml_node_t *root = yaml_document_get_root_node(source->document), *key, *value;

    if (!root || root->type != YAML_MAPPING_NODE)
        return error_set("%s:1: expected a mapping of keys such as question, claims", source->file);
    for (size_t i = 0; schema_pair(source, root, i, &key, &value); i++) {
        const char *name = schema_scalar(key);

        for (size_t k = 0; name && k < sizeof asked / sizeof *asked; k++)
            if (strcmp(name, asked[k]) == 0 && read_key(source, key, value, 0, into) != 0)
                return -1;
    }
    return schema_check_repeated(source);
}

/* Takes over the text; NULL: the error is set. */
static int open_text(struct experiment *experiment, const char *file, char *text, int quick,
                     int (*read)(const struct schema_source *, void *into))
{
    memset(experiment, 0, sizeof *experiment);
    if (strlen(file) >= sizeof experiment->file) {
        free(text);
        return error_set("%.64s...: path longer than %zu characters", file,
                         sizeof experiment->file - 1);
    }
    experiment->quick = quick;
    experiment->dataset_line = experiment->probes_line = 1;
    snprintf(experiment->file, sizeof experiment->file, "%s", file);
    name_after(file, experiment->name, sizeof experiment->name);
    schema_defaults(top_fields, experiment);
    for (const struct section *section = sections; section->name; section++)
        schema_defaults(section->fields, (char *)experiment + section->offset);
    tuning_defaults(&experiment->tuning);
    experiment->text = text;
    if (!text || document_parse(file, text, read, experiment) != 0) {
        experiment_close(experiment);
        return -1;
    }
    if (!experiment->title[0])
        snprintf(experiment->title, sizeof experiment->title, "%s", experiment->name);
    return 0;
}

int experiment_open(struct experiment *experiment, const char *file, int quick)
{
    return open_text(experiment, file, document_read(file), quick, read_document);
}

int experiment_open_text(struct experiment *experiment, const char *file, const char *text,
                         int quick)
{
    char *copy = strdup(text);

    if (!copy)
        error_set("out of memory");
    return open_text(experiment, file, copy, quick, read_document);
}

int experiment_open_claims(struct experiment *experiment, const char *file, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        error_set("out of memory");
    return open_text(experiment, file, copy, 0, read_asked);
}

void experiment_close(struct experiment *experiment)
{
    if (!experiment)
        return;
    claims_free(&experiment->claims);
    grid_free(&experiment->grid);
    for (int c = 0; c < experiment->case_count; c++)
        grid_free(&experiment->cases[c]);
    free(experiment->cases);
    free(experiment->text);
    memset(experiment, 0, sizeof *experiment);
}

/* ---- Canonical text and documentation ------------------------------------------------------- */

void experiment_dump(FILE *file, const struct experiment *experiment)
{
    fprintf(file, "measure=%d\n", (int)experiment->measure);
    for (const struct section *section = sections; section->name; section++)
        if (strcmp(section->name, "limits") != 0)
            schema_dump(file, section->fields, section->name,
                        (const char *)experiment + section->offset);
    if (experiment->limits.lets_dead_live) /* the one limit that is part of a result */
        fputs("limits.at_chance=go_on\n", file);
    for (int t = 0; t < experiment->target_count; t++)
        fprintf(file, "target=%s\n", experiment->targets[t].name);
}

void experiment_document(FILE *file)
{
    fprintf(file, "Keys of an experiment file (YAML)\n\n");
    schema_document(file, top_fields);
    for (const struct section *section = sections; section->name; section++) {
        fprintf(file, "\n%s: %s\n", section->name, section->help);
        schema_document(file, section->fields);
    }
    networks_document(file);
    budgets_document(file);
    schedules_document(file);
    weightings_document(file);
    augmentations_document(file);
    fprintf(file, "\ngrid: axes, each one value or a list; the plan is their product. `cases:` in\n"
                  "it is a list of further such mappings, each crossed with the common axes\n");
    schema_document(file, settings_fields);
    tuning_document(file);
    fprintf(file, "\ntargets: train_loss, train_error, validation_loss or validation_error, each\n"
                  "a value or a list; reached when the metric is at or below it\n"
                  "\ncharts: a list of names from `batchlab list charts`\n"
                  "\nquick: any of the keys above, or axes, to override with --quick\n"
                  "\nclaims: a list of what `batchlab verdict` decides, each with\n");
    claims_document(file);
}
