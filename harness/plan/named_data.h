/* What an experiment file gives names to, for axes of the data: `weightings:` and `augmentations:`,
 * each a mapping of names. */
#ifndef BATCHLAB_NAMED_DATA_H
#define BATCHLAB_NAMED_DATA_H

#include "plan/experiment.h"
#include "plan/schema.h"

/* Read `weightings:` and `augmentations:`. Errors are `file:line: ...`; weights that sum to zero
 * whatever the data are one. */
int weightings_read(const struct schema_source *, yaml_node_t *, struct experiment *);
int augmentations_read(const struct schema_source *, yaml_node_t *, struct experiment *);

/* Adds inverse_frequency, norm and given, unless the file gives these names a meaning of its own.
 */
void weightings_add_presets(struct experiment *);

void weightings_document(FILE *);
void augmentations_document(FILE *);

#endif
