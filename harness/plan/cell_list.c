/* The cells of a plan as a list. */
#include "plan/cell_list.h"

#include "base/error.h"
#include "base/rng.h"
#include "plan/cell_data.h"

#include <stdlib.h>
#include <string.h>

/* A cell whose values are yet to be chosen is not the one that has them by itself. */
static int compare_cells(const struct cell *a, const struct cell *b)
{
    int order = strcmp(a->id, b->id), open_a = a->edge < 0, open_b = b->edge < 0;

    if (order == 0 && open_a && open_b)
        order = (a->tuned > b->tuned) - (a->tuned < b->tuned);
    return order;
}

static int compare_indices(const void *left, const void *right, void *context)
{
    const struct cell *cells = context;
    int a = *(const int *)left, b = *(const int *)right;
    int order = compare_cells(&cells[a], &cells[b]);

    return order ? order : a - b;
}

int cell_list_drop_repeated(struct plan *plan)
{
    int *sorted = calloc((size_t)plan->count + 1, sizeof *sorted), kept = 0;

    if (!sorted)
        return error_set("out of memory");
    for (int i = 0; i < plan->count; i++)
        sorted[i] = i;
    qsort_r(sorted, (size_t)plan->count, sizeof *sorted, compare_indices, plan->cells);
    for (int i = plan->count - 1; i > 0; i--)
        if (compare_cells(&plan->cells[sorted[i]], &plan->cells[sorted[i - 1]]) == 0)
            plan->cells[sorted[i]].network = NULL; /* marks it */
    for (int i = 0; i < plan->count; i++)
        if (plan->cells[i].network)
            plan->cells[kept++] = plan->cells[i];
    plan->count = kept;
    free(sorted);
    return 0;
}

char *cell_signature(const struct cell *cell)
{
    struct settings settings = cell->settings;
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    if (!file)
        return NULL;
    settings.seed = 0;
    fprintf(file, "%u\n", cell->tuned);
    schema_dump(file, settings_fields, "settings", &settings);
    fclose(file);
    return text;
}

int cell_list_shuffle(struct plan *plan, uint64_t seed)
{
    struct rng rng;

    plan->order = calloc((size_t)plan->count + 1, sizeof *plan->order);
    if (!plan->order)
        return error_set("out of memory");
    for (int i = 0; i < plan->count; i++)
        plan->order[i] = i;
    rng_init(&rng, seed, RNG_PLAN, 0);
    rng_shuffle(&rng, plan->order, (size_t)plan->count);
    return 0;
}

int plan_pick(struct plan *plan, const struct plan *from, const int *indices, int count,
              const struct experiment *experiment)
{
    memset(plan, 0, sizeof *plan);
    memcpy(plan->base, from->base, sizeof plan->base);
    plan->cells = calloc((size_t)count + 1, sizeof *plan->cells);
    if (!plan->cells)
        return error_set("out of memory");
    for (int i = 0; i < count; i++)
        plan->cells[plan->count++] = from->cells[indices[i]];
    if (cell_list_drop_repeated(plan) == 0 && cell_list_shuffle(plan, experiment->shuffle) == 0)
        return 0;
    plan_close(plan);
    return -1;
}

void plan_close(struct plan *plan)
{
    if (!plan)
        return;
    free(plan->cells);
    free(plan->order);
    kept_examples_free(plan->kept);
    memset(plan, 0, sizeof *plan);
}
