/* Reads networks: their keys, and layers as a list such as
 *
 *     layers: [conv2d: {channels: 6, kernel: 5, padding: 2}, maxpool2d: 2, flatten, dense: 84]
 *
 * where an entry is the name of a kind, or a mapping of one kind to its keys or, in short, to the
 * value of its first key. */
#include "plan/networks.h"

#include "base/error.h"
#include "plan/experiment_keys.h"
#include "plan/named.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#define MEMBER(name) .offset = offsetof(struct layer_spec, name)
#define SIDES(name)                                                                                \
    MEMBER(name), .size = sizeof(((struct layer_spec *)0)->name) / sizeof(int),                    \
                  .count_offset = offsetof(struct layer_spec, name##_count), .low = 1,             \
                  .high = LAYER_SIDE_MAX

enum { LAYER_WIDTH_MAX = 1 << 20, LAYER_SIDE_MAX = 1 << 12 };

static const struct choice paddings[] = {{"same", PADDING_SAME}, {"valid", 0}, {0}};
static const struct choice activations[] = {
    {"inherit", ACTIVATION_OF_NETWORK}, {"relu", ACTIVATION_RELU},
    {"tanh", ACTIVATION_TANH},          {"sigmoid", ACTIVATION_SIGMOID},
    {"identity", ACTIVATION_IDENTITY},  {0}};

#define ACTIVATION                                                                                 \
    {                                                                                              \
        "activation", FIELD_CHOICE, MEMBER(activation),                                            \
            .choices = activations, .fallback = "inherit", .help = "inherit: the network's"        \
    }

static const struct field convolution_fields[] = {
    {"channels", FIELD_COUNT, MEMBER(outputs), .low = 1, .high = LAYER_WIDTH_MAX,
     .help = "output channels"},
    {"kernel", FIELD_SIDES, SIDES(kernel), .help = "of the window; the stride is 1"},
    {"padding", FIELD_SPECIAL, MEMBER(padding), .low = 0, .high = LAYER_SIDE_MAX,
     .choices = paddings, .fallback = "valid",
     .help = "zeros on each side; same: as many as keep the image's size"},
    ACTIVATION,
    {0},
};

static const struct field pooling_fields[] = {
    {"kernel", FIELD_SIDES, SIDES(kernel), .help = "of the window; what does not fit is left out"},
    {"stride", FIELD_SIDES, SIDES(stride), .help = "from window to window; default: the kernel"},
    {0},
};

static const struct field dense_fields[] = {
    {"outputs", FIELD_COUNT, MEMBER(outputs), .low = 1, .high = LAYER_WIDTH_MAX, .help = "width"},
    ACTIVATION,
    {0},
};

static const struct field flatten_fields[] = {{0}};

static const struct layer_row {
    const char *name;
    int kind;
    const struct field *fields;
    const char *help;
} kinds[] = {
    {"conv2d", LAYER_CONVOLUTION, convolution_fields, "convolution of an image"},
    {"maxpool2d", LAYER_MAX_POOLING, pooling_fields, "largest value of each window"},
    {"flatten", LAYER_FLATTEN, flatten_fields,
     "an image as a vector; dense layers read it so without being told"},
    {"dense", LAYER_DENSE, dense_fields, "every input to every output"},
    {.name = NULL},
};

static const struct layer_row *find_kind(const char *name)
{
    for (const struct layer_row *row = kinds; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

static const struct layer_row *row_of(int kind)
{
    const struct layer_row *row = kinds;

    while (row->kind != kind)
        row++;
    return row;
}

/* ---- Layers -----------------------------------------------------------------------------------
 */

/* What has no default must have been given. */
static int check_given(const struct schema_source *source, const yaml_node_t *node,
                       const struct layer_row *row, const struct layer_spec *layer)
{
    const char *missing = NULL;

    if (row->kind == LAYER_CONVOLUTION && layer->kernel_count == 0)
        missing = "kernel";
    if (row->kind == LAYER_MAX_POOLING && layer->kernel_count == 0)
        missing = "kernel";
    if (row->kind == LAYER_CONVOLUTION && layer->outputs == 0)
        missing = "channels";
    if (row->kind == LAYER_DENSE && layer->outputs == 0)
        missing = "outputs";
    return missing ? schema_error(source, node, "%s: %s is missing", row->name, missing) : 0;
}

/* `name`, `name: value` or `name: {key: value}`. */
static int read_layer(const struct schema_source *source, yaml_node_t *node,
                      struct layer_spec *layer)
{
    yaml_node_t *key = node, *value = NULL;
    const struct layer_row *row;
    const char *name;

    if (node->type == YAML_MAPPING_NODE &&
        (!schema_pair(source, node, 0, &key, &value) || schema_pair(source, node, 1, &key, &value)))
        return schema_error(source, node,
                            "layers: expected one kind of layer an entry, such as {dense: 84}");
    name = schema_scalar(key);
    row = name ? find_kind(name) : NULL;
    if (!row)
        return schema_error(source, key,
                            "layers: unknown layer '%s', expected conv2d, maxpool2d, flatten or "
                            "dense",
                            name ? name : "(not a name)");
    layer->kind = row->kind;
    layer->line = (int)key->start_mark.line + 1;
    schema_defaults(row->fields, layer);
    if (value && value->type == YAML_MAPPING_NODE) {
        if (schema_read_mapping(source, value, row->fields, name, layer) != 0)
            return -1;
    } else if (value && row->fields->key) {
        if (schema_read(source, value, row->fields, layer) != 0)
            return -1;
    } else if (value) {
        return schema_error(source, value, "%s: has no keys, expected its name alone", name);
    }
    return check_given(source, key, row, layer);
}

static int read_layers(const struct schema_source *source, yaml_node_t *node,
                       struct network_spec *spec)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE || !schema_item(source, node, 0))
        return schema_error(source, node,
                            "layers: expected a list such as [conv2d: {channels: 6, kernel: 5}, "
                            "maxpool2d: 2, dense: 84]");
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        if (i == NETWORK_LAYERS_MAX)
            return schema_error(source, item, "layers: more than %d", NETWORK_LAYERS_MAX);
        if (read_layer(source, item, &spec->layers[i]) != 0)
            return -1;
        spec->layer_count++;
    }
    return 0;
}

/* ---- Networks ---------------------------------------------------------------------------------
 */

/* One key of a network: `layers`, or one of the table. */
static int read_key(const struct schema_source *source, yaml_node_t *key, yaml_node_t *value,
                    struct network_spec *spec)
{
    const char *name = schema_scalar(key);
    const struct field *field = name ? schema_find(network_fields, name) : NULL;

    if (name && strcmp(name, "layers") == 0)
        return read_layers(source, value, spec);
    if (!field)
        return schema_error(
            source, key,
            "networks: unknown key '%s', expected layers, hidden, activation, "
            "initializer, units, sigma or bias; or objective and what is its own, see "
            "list keys",
            name ? name : "(not a name)");
    return schema_read(source, value, field, spec);
}

static int read_network(const struct schema_source *source, const yaml_node_t *name,
                        yaml_node_t *node, void *entry)
{
    struct network_spec *spec = entry;
    yaml_node_t *key, *value;

    (void)name;
    schema_defaults(network_fields, spec);
    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "networks: expected a mapping, such as {hidden: [128]}");
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++)
        if (read_key(source, key, value, spec) != 0)
            return -1;
    if (spec->layer_count > 0 && spec->hidden_count > 0)
        return schema_error(source, node, "networks: has both layers and hidden, expected one");
    for (int l = 0; l < spec->layer_count && spec->units == UNITS_IDENTICAL; l++)
        if (spec->layers[l].kind != LAYER_DENSE)
            return schema_error(
                source, node, "networks: units: identical is for dense layers, expected distinct");
    if (spec->objective.function != FUNCTION_NONE &&
        (spec->layer_count > 0 || spec->hidden_count > 0))
        return schema_error(source, node,
                            "networks: has both an objective and layers, expected one");
    return 0;
}

static int preset_count(void)
{
    int count = 0;

    while (network_presets()[count].name[0])
        count++;
    return count;
}

int networks_read(const struct schema_source *source, yaml_node_t *node,
                  struct experiment *experiment)
{
    const struct named kind = {"networks",
                               "networks",
                               sizeof(struct network_spec),
                               EXPERIMENT_NETWORKS_MAX - preset_count(),
                               NULL,
                               read_network};

    return named_read(source, node, &kind, experiment->networks, &experiment->network_count);
}

/* They come last, so that a file may give its own meaning to a preset's name. */
void networks_add_presets(struct experiment *experiment)
{
    for (const struct network_spec *preset = network_presets(); preset->name[0]; preset++)
        if (!experiment_network(experiment, preset->name))
            experiment->networks[experiment->network_count++] = *preset;
}

const struct network_spec *experiment_network(const struct experiment *experiment, const char *name)
{
    return named_find(experiment->networks, experiment->network_count, sizeof *experiment->networks,
                      name);
}

/* ---- Canonical text and documentation ---------------------------------------------------------
 */

void experiment_dump_network(FILE *file, const struct network_spec *spec)
{
    schema_dump(file, network_fields, "network", spec);
    for (int l = 0; l < spec->layer_count; l++) {
        const struct layer_row *row = row_of(spec->layers[l].kind);

        fprintf(file, "layer=%s\n", row->name);
        schema_dump(file, row->fields, row->name, &spec->layers[l]);
    }
}

void networks_document(FILE *file)
{
    char text[512];

    fprintf(file,
            "\nnetworks: a mapping of names to networks; the output layer, dense and as wide\n"
            "as the data asks, is added. Or an objective: a function f of as many variables as\n"
            "the data (points, quadratic_deep) has features. Presets:\n");
    for (const struct network_spec *preset = network_presets(); preset->name[0]; preset++) {
        network_describe(preset, text, sizeof text);
        fprintf(file, "  %-18s %s\n", preset->name, text);
    }
    fprintf(file, "Keys:\n");
    schema_document(file, network_fields);
    fprintf(file, "  %-18s %s\n", "layers",
            "instead of hidden: a list of the kinds below, each with its keys,\n"
            "                     or in short with the value of its first key");
    for (const struct layer_row *row = kinds; row->name; row++) {
        fprintf(file, "\n  layers, %s: %s\n", row->name, row->help);
        schema_document(file, row->fields);
    }
}
