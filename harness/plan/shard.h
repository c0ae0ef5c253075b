/* A part of a plan, for a job array: each task runs one. */
#ifndef BATCHLAB_SHARD_H
#define BATCHLAB_SHARD_H

#include "plan/plan.h"

enum { SHARDS_MAX = 4096 };

struct shard {
    int index, count; /* 1 <= index <= count <= SHARDS_MAX; count 0: no part, but the whole */
};

/* Leaves the cells of the shard alone, in their order; maybe none. What is whose depends on the
 * plan and nothing else: each cell, the longest expected first, goes to the shard that has the
 * least to do by then. Cells that are tuned together stay together: those that differ in the seed.
 */
int plan_take_shard(struct plan *, const struct experiment *, const struct dataset *,
                    const struct shard *);

#endif
