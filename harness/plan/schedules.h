/* The schedules of an experiment file: `schedules:`, a mapping of names to schedules. */
#ifndef BATCHLAB_SCHEDULES_H
#define BATCHLAB_SCHEDULES_H

#include "plan/plan.h"
#include "plan/schema.h"

/* Reads `schedules:`. Errors are `file:line: ...`. */
int schedules_read(const struct schema_source *, yaml_node_t *, struct experiment *);

/* Fits the schedule of a cell to its budget: schedule_length, largest_batch. -1: it does not fit;
 * the error says why, without file and line. */
int schedules_fit(struct cell *, const struct experiment *);

void schedules_document(FILE *);

#endif
