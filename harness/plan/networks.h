/* The networks of an experiment file: `networks:`, each with widths or a list of layers. */
#ifndef BATCHLAB_NETWORKS_H
#define BATCHLAB_NETWORKS_H

#include "plan/experiment.h"
#include "plan/schema.h"

/* Reads `networks:`. Errors are `file:line: ...`. */
int networks_read(const struct schema_source *, yaml_node_t *, struct experiment *);

/* Adds the presets, but for those whose names the file gives a meaning of its own. */
void networks_add_presets(struct experiment *);

/* Documents the keys of a network and of each kind of layer. */
void networks_document(FILE *);

#endif
