/* Weightings and augmentations of an experiment file. */
#include "plan/named_data.h"

#include "base/error.h"
#include "plan/experiment_keys.h"

#include <string.h>

/* ---- A mapping of names -----------------------------------------------------------------------
 */

enum { NAME_SIZE = 32 };

struct named {
    const char *section;
    const struct field *fields;
    size_t size; /* of an entry, which begins with its name, char[NAME_SIZE] */
    int most;
    const char *reserved; /* a name that has its meaning */
};

static int check_key(const struct schema_source *source, const yaml_node_t *key,
                     const struct named *kind, const char *entries, int count)
{
    const char *name = schema_scalar(key);

    if (!name || !name[0] || strlen(name) >= NAME_SIZE)
        return schema_error(source, key, "%s: expected a name of 1 to %d characters", kind->section,
                            NAME_SIZE - 1);
    if (strcmp(name, kind->reserved) == 0)
        return schema_error(source, key, "%s: '%s' stands for none of them", kind->section, name);
    for (int i = 0; i < count; i++)
        if (strcmp(entries + (size_t)i * kind->size, name) == 0)
            return schema_error(source, key, "%s: '%s' is given twice", kind->section, name);
    if (count == kind->most)
        return schema_error(source, key, "%s: more than %d", kind->section, kind->most);
    return 0;
}

/* Appends to entries[*count]; `check` may be NULL. */
static int read_named(const struct schema_source *source, yaml_node_t *node,
                      const struct named *kind, void *entries, int *count,
                      int (*check)(const struct schema_source *, const yaml_node_t *key, void *))
{
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "%s: expected a mapping of names to mappings",
                            kind->section);
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        char *entry = (char *)entries + (size_t)*count * kind->size;

        if (check_key(source, key, kind, entries, *count) != 0)
            return -1;
        memset(entry, 0, kind->size);
        schema_defaults(kind->fields, entry);
        if (schema_read_mapping(source, value, kind->fields, kind->section, entry) != 0)
            return -1;
        snprintf(entry, NAME_SIZE, "%s", schema_scalar(key));
        if (check && check(source, key, entry) != 0)
            return -1;
        ++*count;
    }
    return 0;
}

/* ---- Weightings -------------------------------------------------------------------------------
 */

static int check_weighting(const struct schema_source *source, const yaml_node_t *key, void *entry)
{
    struct weighting_spec *spec = entry;
    double sum = 0;

    spec->line = (int)key->start_mark.line + 1;
    for (int c = 0; c < spec->class_count; c++)
        sum += spec->classes[c];
    if (spec->class_count > 0 && sum == 0)
        return schema_error(source, key,
                            "weightings: %s: the weights of the classes sum to zero, expected one "
                            "above 0 at least",
                            spec->name);
    return 0;
}

int weightings_read(const struct schema_source *source, yaml_node_t *node,
                    struct experiment *experiment)
{
    static const struct named kind = {"weightings", weighting_fields, sizeof(struct weighting_spec),
                                      EXPERIMENT_WEIGHTINGS_MAX - 2 /* the presets */,
                                      WEIGHTING_NONE};

    return read_named(source, node, &kind, experiment->weightings, &experiment->weighting_count,
                      check_weighting);
}

void weightings_add_presets(struct experiment *experiment)
{
    static const struct weighting_spec presets[] = {{.name = "inverse_frequency", .power = -1},
                                                    {.name = "norm", .norm_power = 1}};

    for (size_t p = 0; p < sizeof presets / sizeof *presets; p++)
        if (!experiment_weighting(experiment, presets[p].name))
            experiment->weightings[experiment->weighting_count++] = presets[p];
}

const struct weighting_spec *experiment_weighting(const struct experiment *experiment,
                                                  const char *name)
{
    for (int i = 0; i < experiment->weighting_count; i++)
        if (strcmp(experiment->weightings[i].name, name) == 0)
            return &experiment->weightings[i];
    return NULL;
}

/* ---- Augmentations ----------------------------------------------------------------------------
 */

int augmentations_read(const struct schema_source *source, yaml_node_t *node,
                       struct experiment *experiment)
{
    static const struct named kind = {"augmentations", augmentation_fields,
                                      sizeof(struct augmentation_spec),
                                      EXPERIMENT_AUGMENTATIONS_MAX, AUGMENTATION_NONE};

    return read_named(source, node, &kind, experiment->augmentations,
                      &experiment->augmentation_count, NULL);
}

const struct augmentation_spec *experiment_augmentation(const struct experiment *experiment,
                                                        const char *name)
{
    for (int i = 0; i < experiment->augmentation_count; i++)
        if (strcmp(experiment->augmentations[i].name, name) == 0)
            return &experiment->augmentations[i];
    return NULL;
}

/* ---- Canonical text and documentation ---------------------------------------------------------
 */

void experiment_dump_weighting(FILE *file, const struct weighting_spec *spec)
{
    schema_dump(file, weighting_fields, "weighting", spec);
}

void experiment_dump_augmentation(FILE *file, const struct augmentation_spec *spec)
{
    schema_dump(file, augmentation_fields, "augmentation", spec);
}

void weightings_document(FILE *file)
{
    fprintf(file,
            "\nweightings: a mapping of names to weights of training examples, the product of\n"
            "what each key says; presets: inverse_frequency {power: -1}, norm {norm_power: 1}\n");
    schema_document(file, weighting_fields);
}

void augmentations_document(FILE *file)
{
    fprintf(file, "\naugmentations: a mapping of names to random variations of training images,\n"
                  "made in this order each time an image is drawn\n");
    schema_document(file, augmentation_fields);
}
