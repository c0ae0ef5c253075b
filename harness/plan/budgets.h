/* The budgets of an experiment file: `budget:`, and `budgets:`, a mapping of names to further ones
 * for the axis `budget`. */
#ifndef BATCHLAB_BUDGETS_H
#define BATCHLAB_BUDGETS_H

#include "plan/plan.h"
#include "plan/schema.h"

/* Reads `budgets:` in place of what was read of it before. Errors are `file:line: ...`. */
int budgets_read(const struct schema_source *, yaml_node_t *, struct experiment *);

/* Each budget in use has a limit, targets where it ends by them, and validation examples where it
 * waits for them. */
int budgets_check(const struct experiment *);

/* Finds the cell's budget. -1: there is none of that name; without file and line. */
int budgets_fit(struct cell *, const struct experiment *);

/* Canonical text of a named one. */
void budgets_dump(FILE *, const struct budget *);
void budgets_document(FILE *);

#endif
