/* Reads mappings of names. */
#include "plan/named.h"

#include <string.h>

const void *named_find(const void *entries, int count, size_t size, const char *name)
{
    for (int i = 0; i < count; i++) {
        const char *entry = (const char *)entries + (size_t)i * size;

        if (strcmp(entry, name) == 0)
            return entry;
    }
    return NULL;
}

static int check_key(const struct schema_source *source, const yaml_node_t *key,
                     const struct named *kind, const void *entries, int count)
{
    const char *name = schema_scalar(key);

    if (!name || !name[0] || strlen(name) >= NAMED_SIZE || schema_has_controls(name))
        return schema_error(source, key, "%s: expected a name of 1 to %d characters", kind->section,
                            NAMED_SIZE - 1);
    if (kind->reserved && strcmp(name, kind->reserved) == 0)
        return schema_error(source, key, "%s: '%s' stands for none of them", kind->section, name);
    if (named_find(entries, count, kind->size, name))
        return schema_error(source, key, "%s: '%s' is given twice", kind->section, name);
    if (count == kind->most)
        return schema_error(source, key, "%s: more than %d", kind->section, kind->most);
    return 0;
}

int named_read(const struct schema_source *source, yaml_node_t *node, const struct named *kind,
               void *entries, int *count)
{
    yaml_node_t *key, *value;

    if (node->type != YAML_MAPPING_NODE)
        return schema_error(source, node, "%s: expected a mapping of names to %s", kind->section,
                            kind->holds);
    for (size_t i = 0; schema_pair(source, node, i, &key, &value); i++) {
        char *entry = (char *)entries + (size_t)*count * kind->size;

        if (check_key(source, key, kind, entries, *count) != 0)
            return -1;
        memset(entry, 0, kind->size);
        snprintf(entry, NAMED_SIZE, "%s", schema_scalar(key));
        if (kind->read(source, key, value, entry) != 0)
            return -1;
        ++*count;
    }
    return 0;
}
