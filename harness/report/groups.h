/* Cells that belong together, and the best learning rate of each batch size.
 *
 *   arm      cells that differ only in their seed
 *   group    arms that differ only in their learning rate
 *   setting  groups that differ only in their batch size: not stored, see groups_same
 *
 * A cell that has not reached a target has the cost +infinity there: it is never dropped.
 *
 * What was tuned was free to differ, so it tells no cells apart but those tuned from others.
 *
 * With r = 1 nothing is repeated, so neither how nor whether the set grows means anything: such a
 * group agrees with every redundancy mode and every kind of copies. */
#ifndef BATCHLAB_GROUPS_H
#define BATCHLAB_GROUPS_H

#include "report/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The axes of a grid but for batch size, learning rate and seed, in the order of sorting. */
enum axis {
    AXIS_NETWORK,
    AXIS_BUDGET,
    AXIS_OPTIMIZER,
    AXIS_MOMENTUM,
    AXIS_BETA1,
    AXIS_BETA2,
    AXIS_EPSILON,
    AXIS_EPSILON_PLACE,
    AXIS_L2,
    AXIS_WEIGHT_DECAY,
    AXIS_CLIP_VALUE,
    AXIS_CLIP_NORM,
    AXIS_GRADIENT_NOISE,
    AXIS_SNAPSHOT_EPOCHS,
    AXIS_AVERAGE_FROM,
    AXIS_SCHEDULE,
    AXIS_RATE_SCALING,
    AXIS_BASE_BATCH_SIZE,
    AXIS_SAMPLER,
    AXIS_BLOCK,
    AXIS_ORDER,
    AXIS_WEIGHTING,
    AXIS_CLASS_WEIGHTS,
    AXIS_LAST_BATCH,
    AXIS_AUGMENTATION,
    AXIS_SUBSET,
    AXIS_IMBALANCE,
    AXIS_LABEL_NOISE,
    AXIS_REDUNDANCY_MODE,
    AXIS_COPIES,
    AXIS_REDUNDANCY,
    AXIS_DEDUPLICATE,
    AXIS_NEAR_COSINE,
    AXIS_CHUNK,
    AXIS_PRECISION,
    AXIS_MICRO_BATCH,
    AXIS_WORKERS,
    AXIS_WORKER_DATA,
    AXIS_TRANSPORT,
    AXIS_REDUCTION,
    AXIS_OVERLAP,
    AXIS_DELAY,
    AXIS_ENGINE,
    AXIS_THREADS,
    AXIS_TUNED,
    AXIS_COUNT
};

#define AXIS_BIT(axis) (UINT64_C(1) << (axis))
#define AXES_ALL (AXIS_BIT(AXIS_COUNT) - 1)

struct arm {
    size_t first, count; /* its cells: groups.order[first] .. [first + count - 1] */
    double learning_rate;
};

struct group {
    size_t first, count; /* its arms: groups.arms[first] .. [first + count - 1], rates rising */
    double batch_size;
    bool full_batch;
    double train_examples;

    /* The best rate: smallest median seconds to the hardest target (of results.leading_count) with
     * a finite median; where no target has one, smallest median final loss (diverged: infinite).
     * Equals: the other criterion, then the smaller rate. */
    size_t best; /* index in groups.arms */
    bool
        trained; /* false: every rate's loss is infinite, so none is best and `best` says nothing */
    bool tuned;  /* chosen on other seeds, before: cells.csv has what was chosen alone */
    bool edge; /* it is the smallest or the largest rate tried, by the tuning where it was tuned */
    int hardest; /* that target's index in results.targets, -1: none */
};

struct groups {
    struct results *results;
    size_t cell_count, *order; /* rows of cells.csv, sorted */
    size_t arm_count;
    struct arm *arms;
    size_t group_count; /* sorted by axis, then batch size, full batch last */
    struct group *groups;
    uint64_t varying;   /* axes with more than one value, r = 1 aside for those of its copies */
    bool by_train_loss; /* there is no validation split: "the final loss" is that of training */
    bool has_errors;    /* false: regression, which has losses only */
    struct keys *keys;  /* the axes' columns */
};

/* The cells of one measure: "convergence" or "throughput". No such cells: group_count 0. */
int groups_open(struct groups *, struct results *, const char *measure);
void groups_close(struct groups *); /* also after a failed open */

/* The two groups agree on all of these axes (a mask of AXIS_BITs). Where the redundancy is not
 * among them, a group with r = 1 may agree with two that differ from each other. */
bool groups_same(const struct groups *, size_t a, size_t b, uint64_t axes);
/* rank[group_count] = from 1, which of the distinct values of these axes the group has, in the
 * order of appearance. Returns their number. The axes hold the redundancy, or neither its mode nor
 * the copies: else the rank of r = 1 is not unique, see groups_lines. */
size_t groups_rank(const struct groups *, uint64_t axes, size_t *rank);
/* lines[group_count]: one group for each distinct combination of values of these axes; a group is
 * on every line that it agrees with. r = 1 opens a line only where no other r has one for it.
 * Returns their number. */
size_t groups_lines(const struct groups *, uint64_t axes, size_t *lines);
/* Both full, or the same K. */
bool groups_same_batch(const struct groups *, size_t a, size_t b);

/* The group's values on those of these axes that vary: "engine blas · threads 2", "" if none. Of
 * engines given by a path, the folder that all of them share is left out. */
void groups_describe(const struct groups *, size_t group, uint64_t axes, char *text, size_t size);

/* What tells the arm apart from others, whichever results it stands in: "network=S;engine=blas;..."
 * without what says nothing, as above, and without the rate where it was tuned. */
void groups_key(const struct groups *, size_t group, const struct arm *, char *text, size_t size);

/* "native, 1 thread": what the group ran with where it asked for `auto`; else "". */
void group_used(const struct groups *, size_t group, char *text, size_t size);

/* There was something to choose from, and the best lies on its edge. */
bool group_on_edge(const struct group *);

/* "K = 32", "K = full" */
void group_batch_text(const struct group *, char *text, size_t size);

/* All cells of the group as if they were one arm: where the rate does not matter. */
struct arm group_cells(const struct groups *, const struct group *);

/* values[arm->count] = the column's value of each of the arm's cells, not-a-number as +infinity. */
void arm_values(const struct groups *, const struct arm *, const double *column, double *values);
/* The same, and +infinity for diverged cells whatever number they stopped at. */
void arm_end_values(const struct groups *, const struct arm *, const double *column,
                    double *values);
/* Median of arm_values. */
double arm_median(const struct groups *, const struct arm *, const double *column);
/* Number of the arm's cells with that outcome. */
size_t arm_outcomes(const struct groups *, const struct arm *, const char *outcome);

/* Median over the best arm's seeds of a target's cost; target -1: +infinity. */
double group_cost(const struct groups *, const struct group *, const char *unit, int target);
/* Median over the best arm's seeds of the final loss, of validation or (by_train_loss) training. */
double group_loss(const struct groups *, const struct group *);

/* The hardest target (of results.leading_count) that at least half, or failing that any, of the
 * groups reach in the median; -1: none. members[count] are indices of groups. */
int groups_common_target(const struct groups *, const size_t *members, size_t count);

/* The group that reaches the hardest target of all soonest; if none reaches any, the one with the
 * smallest final loss. group_count >= 1. */
size_t groups_fastest(const struct groups *);
/* The same among the groups with r > 1 that agree with this one on these axes; itself if there are
 * none. */
size_t groups_fastest_repeated(const struct groups *, size_t group, uint64_t axes);

#endif
