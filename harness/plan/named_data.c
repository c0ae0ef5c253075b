/* Weightings and augmentations of an experiment file. */
#include "plan/named_data.h"

#include "plan/experiment_keys.h"
#include "plan/named.h"

#include <string.h>

/* ---- Weightings -------------------------------------------------------------------------------
 */

static int read_weighting(const struct schema_source *source, const yaml_node_t *key,
                          yaml_node_t *value, void *entry)
{
    struct weighting_spec *spec = entry;
    double sum = 0;

    schema_defaults(weighting_fields, spec);
    if (schema_read_mapping(source, value, weighting_fields, "weightings", spec) != 0)
        return -1;
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
    static const struct named kind = {"weightings",
                                      "mappings",
                                      sizeof(struct weighting_spec),
                                      EXPERIMENT_WEIGHTINGS_MAX - 3 /* the presets */,
                                      WEIGHTING_NONE,
                                      read_weighting};

    return named_read(source, node, &kind, experiment->weightings, &experiment->weighting_count);
}

void weightings_add_presets(struct experiment *experiment)
{
    static const struct weighting_spec presets[] = {{.name = "inverse_frequency", .power = -1},
                                                    {.name = "norm", .norm_power = 1},
                                                    {.name = "given", .given_power = 1}};

    for (size_t p = 0; p < sizeof presets / sizeof *presets; p++)
        if (!experiment_weighting(experiment, presets[p].name))
            experiment->weightings[experiment->weighting_count++] = presets[p];
}

const struct weighting_spec *experiment_weighting(const struct experiment *experiment,
                                                  const char *name)
{
    return named_find(experiment->weightings, experiment->weighting_count,
                      sizeof *experiment->weightings, name);
}

/* ---- Augmentations ----------------------------------------------------------------------------
 */

static int read_augmentation(const struct schema_source *source, const yaml_node_t *key,
                             yaml_node_t *value, void *entry)
{
    (void)key;
    schema_defaults(augmentation_fields, entry);
    return schema_read_mapping(source, value, augmentation_fields, "augmentations", entry);
}

int augmentations_read(const struct schema_source *source, yaml_node_t *node,
                       struct experiment *experiment)
{
    static const struct named kind = {"augmentations",
                                      "mappings",
                                      sizeof(struct augmentation_spec),
                                      EXPERIMENT_AUGMENTATIONS_MAX,
                                      AUGMENTATION_NONE,
                                      read_augmentation};

    return named_read(source, node, &kind, experiment->augmentations,
                      &experiment->augmentation_count);
}

const struct augmentation_spec *experiment_augmentation(const struct experiment *experiment,
                                                        const char *name)
{
    return named_find(experiment->augmentations, experiment->augmentation_count,
                      sizeof *experiment->augmentations, name);
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
            "what each key says; presets: inverse_frequency {power: -1}, norm {norm_power: 1},\n"
            "given {given_power: 1}\n");
    schema_document(file, weighting_fields);
}

void augmentations_document(FILE *file)
{
    fprintf(file, "\naugmentations: a mapping of names to random variations of training images,\n"
                  "made in this order each time an image is drawn\n");
    schema_document(file, augmentation_fields);
}
