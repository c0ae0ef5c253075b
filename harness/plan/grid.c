/* Reads, checks and keeps the axes of a grid. */
#include "plan/grid.h"

#include "base/error.h"
#include "base/limits.h"
#include "registry.h"
#include "train/rule.h"

#include <stdlib.h>
#include <string.h>

/* Names that a table elsewhere knows: an unknown engine or optimizer is an error of the file. */
static int check_name(const struct schema_source *source, const yaml_node_t *node,
                      const struct field *field, const struct settings *settings)
{
    struct message message;

    if (strcmp(field->key, "engine") == 0 && strcmp(settings->engine, ENGINE_AUTO) != 0 &&
        registry_knows(settings->engine, &message) != 0)
        return schema_error(source, node, "engine: %s", message.text);
    if (strcmp(field->key, "optimizer") == 0 && !rule_find(settings->optimizer)) {
        char known[256] = "";
        size_t length = 0;

        for (const struct rule *rule = rule_table(); rule->name && length < sizeof known; rule++)
            length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                       rule == rule_table() ? "" : ", ", rule->name);
        return schema_error(source, node, "optimizer: '%s' is unknown, expected one of %s",
                            settings->optimizer, known);
    }
    return 0;
}

static void free_axis(struct grid_axis *axis)
{
    for (int i = 0; i < axis->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): as many as are counted */
        free(axis->values[i]);
    free(axis->values);
    free(axis->lines);
    *axis = (struct grid_axis){0};
}

void grid_free(struct grid *grid)
{
    for (int a = 0; a < grid->axis_count; a++)
        free_axis(&grid->axes[a]);
    grid->axis_count = 0;
}

/* Checks one value and keeps it in the text a settings struct would print, so that 0.10 and .1 are
 * the same value. */
static int add_value(const struct schema_source *source, yaml_node_t *node, struct grid_axis *axis)
{
    struct settings scratch;
    char text[1200];

    memset(&scratch, 0, sizeof scratch);
    if (schema_read(source, node, axis->field, &scratch) != 0)
        return -1;
    if (check_name(source, node, axis->field, &scratch) != 0)
        return -1;
    schema_format(axis->field, &scratch, text, sizeof text);
    for (int i = 0; i < axis->count; i++)
        if (strcmp(axis->values[i], text) == 0)
            return schema_error(source, node, "%s: %s is given twice", axis->field->key, text);
    axis->values[axis->count] = strdup(text);
    if (!axis->values[axis->count])
        return error_set("out of memory");
    axis->lines[axis->count++] = (int)node->start_mark.line + 1;
    return 0;
}

static int read_axis(const struct schema_source *source, yaml_node_t *node,
                     const struct field *field, struct grid_axis *axis)
{
    int single = node->type == YAML_SCALAR_NODE;
    size_t count = 1;

    if (node->type == YAML_MAPPING_NODE)
        return schema_error(source, node, "%s: expected a value or a list of values", field->key);
    if (!single)
        count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count == 0)
        return schema_error(source, node, "%s: the list is empty, expected at least one value",
                            field->key);
    if (count > LIMIT_AXIS_VALUES)
        return schema_error(source, node, "%s: %zu values, expected at most %d", field->key, count,
                            LIMIT_AXIS_VALUES);
    *axis = (struct grid_axis){
        .field = field,
        .values = calloc(count, sizeof *axis->values),
        .lines = calloc(count, sizeof *axis->lines),
    };
    if (!axis->values || !axis->lines)
        return error_set("out of memory");
    for (size_t i = 0; i < count; i++)
        if (add_value(source, single ? node : schema_item(source, node, i), axis) != 0)
            return -1;
    return 0;
}

const struct grid_axis *grid_find_axis(const struct grid *grid, const char *key)
{
    for (int a = 0; a < grid->axis_count; a++)
        if (strcmp(grid->axes[a].field->key, key) == 0)
            return &grid->axes[a];
    return NULL;
}

void grid_drop_axis(struct grid *grid, const char *key)
{
    const struct grid_axis *found = grid_find_axis(grid, key);

    if (!found)
        return;
    free_axis(&grid->axes[found - grid->axes]);
    grid->axes[found - grid->axes] = grid->axes[--grid->axis_count];
}

int grid_read_axis(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                   struct grid *grid)
{
    const char *name = schema_scalar(key);
    const struct field *field = name ? schema_find(settings_fields, name) : NULL;
    struct grid_axis axis = {0};

    if (!field)
        return schema_error(source, key, "grid: unknown axis '%s' (batchlab list keys names them)",
                            name ? name : "(not a name)");
    if (read_axis(source, value, field, &axis) != 0) {
        free_axis(&axis);
        return -1;
    }
    grid_drop_axis(grid, name);
    grid->axes[grid->axis_count++] = axis;
    return 0;
}

int grid_set_axis(struct grid *grid, const char *key, const char *value)
{
    const struct field *field = schema_find(settings_fields, key);
    struct grid_axis axis = {.field = field, .count = 1};
    struct settings scratch;
    char text[1200];

    memset(&scratch, 0, sizeof scratch);
    if (schema_parse(field, value, "", &scratch) != 0)
        return -1;
    schema_format(field, &scratch, text, sizeof text);
    axis.values = calloc(1, sizeof *axis.values);
    axis.lines = calloc(1, sizeof *axis.lines);
    if (axis.values)
        axis.values[0] = strdup(text);
    if (!axis.values || !axis.values[0] || !axis.lines) {
        free_axis(&axis);
        return error_set("out of memory");
    }
    grid_drop_axis(grid, key);
    grid->axes[grid->axis_count++] = axis;
    return 0;
}

int grid_line(const struct grid *grid, const char *key, const char *value)
{
    const struct grid_axis *axis = grid_find_axis(grid, key);

    for (int i = 0; axis && i < axis->count; i++)
        if (strcmp(axis->values[i], value) == 0)
            return axis->lines[i];
    return 0;
}
