/* The grid of an experiment: axes, each with the values it takes. */
#ifndef BATCHLAB_GRID_H
#define BATCHLAB_GRID_H

#include "plan/schema.h"
#include "plan/settings.h"

enum { GRID_AXES_MAX = 64 };

/* Values are kept as text, as a struct settings would print them, and parsed into each cell. */
struct grid_axis {
    const struct field *field; /* among settings_fields */
    int count;                 /* >= 1 */
    char **values;             /* [count], owned */
    int *lines;                /* [count], owned: where each value stands in the file; 0: nowhere */
};

struct grid {
    int axis_count;
    struct grid_axis axes[GRID_AXES_MAX];
};

/* The axes a grid may have, and their defaults. */
extern const struct field settings_fields[];

/* Reads one axis, a value or a list of them, replacing what the grid had of it. Values are checked,
 * as are the names of engines and optimizers; a value given twice is an error. */
int grid_read_axis(const struct schema_source *, yaml_node_t *key, yaml_node_t *value,
                   struct grid *);

/* The same from a text that stands in no file. */
int grid_set_axis(struct grid *, const char *key, const char *value);

void grid_drop_axis(struct grid *, const char *key); /* no error if it is not there */
const struct grid_axis *grid_find_axis(const struct grid *, const char *key); /* NULL: not there */

/* The line at which the axis has this value; 0 if it has not. */
int grid_line(const struct grid *, const char *key, const char *value);

void grid_free(struct grid *); /* accepts a zeroed struct */

#endif
