/* A part of a plan. */
#include "plan/shard.h"

#include "base/error.h"
#include "plan/cell_list.h"

#include <stdlib.h>
#include <string.h>

/* Cells that stay together. */
struct unit {
    char *signature; /* owned; NULL where nothing is tuned */
    int cell;        /* the first */
    double seconds;
};

static int by_signature(const void *left, const void *right)
{
    const struct unit *a = left, *b = right;
    int order = a->signature && b->signature ? strcmp(a->signature, b->signature) : 0;

    return order ? order : a->cell - b->cell;
}

static int longest_first(const void *left, const void *right)
{
    const struct unit *a = left, *b = right;

    if (a->seconds != b->seconds)
        return a->seconds > b->seconds ? -1 : 1;
    return a->cell - b->cell;
}

/* Adds what differs in the seed alone to the first of them. Returns how many are left; to which one
 * a cell belongs, in `unit_of` by the index of that first cell. */
static int join(struct unit *units, int count, int *unit_of)
{
    int kept = 0;

    qsort(units, (size_t)count, sizeof *units, by_signature);
    for (int i = 0; i < count; i++) {
        struct unit *last = kept > 0 ? &units[kept - 1] : NULL;

        if (last && last->signature && strcmp(last->signature, units[i].signature) == 0) {
            last->seconds += units[i].seconds;
            unit_of[units[i].cell] = last->cell;
            free(units[i].signature);
        } else {
            unit_of[units[i].cell] = units[i].cell;
            units[kept++] = units[i];
        }
    }
    return kept;
}

/* shard_of[cell of a unit]: 0 .. shards-1 */
static int deal(struct unit *units, int count, int shards, int *shard_of)
{
    double *load = calloc((size_t)shards, sizeof *load);

    if (!load)
        return error_set("out of memory");
    qsort(units, (size_t)count, sizeof *units, longest_first);
    for (int u = 0; u < count; u++) {
        int least = 0;

        for (int s = 1; s < shards; s++)
            if (load[s] < load[least])
                least = s;
        load[least] += units[u].seconds;
        shard_of[units[u].cell] = least;
    }
    free(load);
    return 0;
}

static int list_units(struct unit *units, const struct plan *plan,
                      const struct experiment *experiment, const struct dataset *dataset)
{
    for (int i = 0; i < plan->count; i++) {
        const struct cell *cell = &plan->cells[i];

        units[i] =
            (struct unit){.cell = i, .seconds = plan_cell_seconds(cell, experiment, dataset)};
        if (experiment->tuning.key_count == 0)
            continue;
        units[i].signature = cell_signature(cell);
        if (!units[i].signature)
            return error_set("out of memory");
    }
    return 0;
}

static int keep_shard(struct plan *plan, const struct experiment *experiment, const int *unit_of,
                      const int *shard_of, int shard)
{
    int kept = 0;

    for (int i = 0; i < plan->count; i++)
        if (shard_of[unit_of[i]] == shard)
            plan->cells[kept++] = plan->cells[i];
    plan->count = kept;
    free(plan->order);
    plan->order = NULL;
    return cell_list_shuffle(plan, experiment->shuffle);
}

int plan_take_shard(struct plan *plan, const struct experiment *experiment,
                    const struct dataset *dataset, const struct shard *shard)
{
    size_t most = (size_t)plan->count + 1;
    struct unit *units = calloc(most, sizeof *units);
    int *unit_of = calloc(most, sizeof *unit_of), *shard_of = calloc(most, sizeof *shard_of);
    int status = -1, count = plan->count;

    if (!units || !unit_of || !shard_of)
        error_set("out of memory");
    else
        status = list_units(units, plan, experiment, dataset);
    if (status == 0) {
        count = join(units, count, unit_of);
        status = deal(units, count, shard->count, shard_of);
    }
    if (status == 0)
        status = keep_shard(plan, experiment, unit_of, shard_of, shard->index - 1);
    for (int u = 0; units && u < count; u++)
        free(units[u].signature);
    free(units);
    free(unit_of);
    free(shard_of);
    return status;
}
