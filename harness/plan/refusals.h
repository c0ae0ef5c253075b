/* Settings that do not go together: what is to be said of them behind the key that asks for it, or
 * NULL where nothing is. Sizes and schedule of the cell are complete. */
#ifndef BATCHLAB_REFUSALS_H
#define BATCHLAB_REFUSALS_H

#include "plan/plan.h"

/* Ranks that add to common parameters whenever they are ready make plain steps. */
const char *refusal_async(const struct cell *, const struct experiment *);

/* Workers with ranges of their own draw alike from them, each example once an epoch. */
const char *refusal_own_data(const struct cell *);

/* What a rule cannot be combined with. */
const char *refusal_rule(const struct cell *, const struct experiment *, const struct dataset *);

#endif
