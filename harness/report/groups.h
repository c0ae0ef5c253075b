/* Cells that belong together, and the best learning rate of each batch size.
 *
 *   arm      cells that differ only in their seed
 *   group    arms that differ only in their learning rate
 *   setting  groups that differ only in their batch size: not stored, see groups_same
 *
 * A cell that has not reached a target has the cost +infinity there: it is never dropped. */
#ifndef BATCHLAB_GROUPS_H
#define BATCHLAB_GROUPS_H

#include "report/results.h"

#include <stdbool.h>
#include <stddef.h>

/* The axes of a grid but for batch size, learning rate and seed, in the order of sorting. */
enum axis {
    AXIS_NETWORK,
    AXIS_OPTIMIZER,
    AXIS_MOMENTUM,
    AXIS_BETA1,
    AXIS_BETA2,
    AXIS_EPSILON,
    AXIS_SAMPLER,
    AXIS_LAST_BATCH,
    AXIS_REDUNDANCY_MODE,
    AXIS_COPIES,
    AXIS_REDUNDANCY,
    AXIS_CHUNK,
    AXIS_ENGINE,
    AXIS_THREADS,
    AXIS_COUNT
};

#define AXIS_BIT(axis) (1u << (axis))
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

    /* The best rate: smallest median seconds to the hardest target with a finite median; where no
     * target has one, smallest median final validation loss (diverged: infinite). Equals: the other
     * criterion, then the smaller rate. */
    size_t best; /* index in groups.arms */
    bool edge;   /* it is the smallest or the largest rate tried */
    int hardest; /* that target's index in results.targets, -1: none */
};

struct groups {
    struct results *results;
    size_t cell_count, *order; /* rows of cells.csv, sorted */
    size_t arm_count;
    struct arm *arms;
    size_t group_count; /* sorted by axis, then batch size, full batch last */
    struct group *groups;
    unsigned varying;  /* axes with more than one value */
    struct keys *keys; /* the axes' columns */
};

/* The cells of one measure: "convergence" or "throughput". No such cells: group_count 0. */
int groups_open(struct groups *, struct results *, const char *measure);
void groups_close(struct groups *); /* also after a failed open */

/* The two groups agree on all of these axes (a mask of AXIS_BITs). */
bool groups_same(const struct groups *, size_t a, size_t b, unsigned axes);
/* rank[group_count] = from 1, which of the distinct values of these axes the group has, in the
 * order of appearance. Returns their number. */
size_t groups_rank(const struct groups *, unsigned axes, size_t *rank);
/* Both full, or the same K. */
bool groups_same_batch(const struct groups *, size_t a, size_t b);

/* The group's values on those of these axes that vary: "engine blas · threads 2", "" if none. */
void groups_describe(const struct groups *, size_t group, unsigned axes, char *text, size_t size);

/* "K = 32", "K = full" */
void group_batch_text(const struct group *, char *text, size_t size);

/* All cells of the group as if they were one arm: where the rate does not matter. */
struct arm group_cells(const struct groups *, const struct group *);

/* values[arm->count] = the column's value of each of the arm's cells, not-a-number as +infinity. */
void arm_values(const struct groups *, const struct arm *, const double *column, double *values);
/* Median of those. */
double arm_median(const struct groups *, const struct arm *, const double *column);
/* Number of the arm's cells with that outcome. */
size_t arm_outcomes(const struct groups *, const struct arm *, const char *outcome);

/* Median over the best arm's seeds of a target's cost; target -1: +infinity. */
double group_cost(const struct groups *, const struct group *, const char *unit, int target);
double group_validation_loss(const struct groups *, const struct group *);

/* The hardest target that at least half, or failing that any, of the groups reach in the median;
 * -1: none. members[count] are indices of groups. */
int groups_common_target(const struct groups *, const size_t *members, size_t count);

/* The group that reaches the hardest target of all soonest; if none reaches any, the one with the
 * smallest validation loss. group_count >= 1. */
size_t groups_fastest(const struct groups *);

#endif
