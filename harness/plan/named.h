/* What an experiment file gives names to: networks, schedules, weightings, augmentations, each a
 * mapping of names to what they stand for. */
#ifndef BATCHLAB_NAMED_H
#define BATCHLAB_NAMED_H

#include "plan/schema.h"

enum { NAMED_SIZE = 32 }; /* every entry begins with its name, char[NAMED_SIZE] */

struct named {
    const char *section; /* "networks" */
    const char *holds;   /* what the names stand for, in the plural */
    size_t size;         /* of an entry */
    int most;
    const char *reserved; /* a name that has its meaning; NULL: none */
    /* Fills an entry that is zero but for its name. Errors are `file:line: ...`. */
    int (*read)(const struct schema_source *, const yaml_node_t *key, yaml_node_t *value,
                void *entry);
};

/* Appends the section's entries to entries[*count]. Errors are `file:line: ...`. */
int named_read(const struct schema_source *, yaml_node_t *, const struct named *, void *entries,
               int *count);

/* The entry of that name; NULL: there is none. */
const void *named_find(const void *entries, int count, size_t size, const char *name);

#endif
