/* Compares what decides the cells of two experiments. */
#include "plan/same_cells.h"

#include "plan/budgets.h"
#include "plan/experiment_keys.h"

#include <stdlib.h>
#include <string.h>

static void describe_grid(FILE *file, const struct grid *grid)
{
    for (int a = 0; a < grid->axis_count; a++) {
        fprintf(file, "%s:", grid->axes[a].field->key);
        for (int v = 0; v < grid->axes[a].count; v++)
            fprintf(file, " %s", grid->axes[a].values[v]);
        fputc('\n', file);
    }
}

static void describe_tuning(FILE *file, const struct tuning_spec *tuning)
{
    for (int k = 0; k < tuning->key_count; k++)
        fprintf(file, "tuned=%s %.17g %.17g %.17g\n", tuning->keys[k].field->key,
                tuning->keys[k].from, tuning->keys[k].to, tuning->keys[k].factor);
    for (int s = 0; s < tuning->seed_count; s++)
        fprintf(file, "tuning seed=%d\n", tuning->seeds[s]);
    fprintf(file, "by=%s extend=%d keep=%.17g\n", tuning->by, tuning->extend, tuning->halving.keep);
}

static void describe_named(FILE *file, const struct experiment *experiment)
{
    for (int n = 0; n < experiment->network_count; n++) {
        fprintf(file, "network %s\n", experiment->networks[n].name);
        experiment_dump_network(file, &experiment->networks[n]);
    }
    for (int b = 0; b < experiment->budget_count; b++) {
        fprintf(file, "budget %s\n", experiment->budgets[b].name);
        budgets_dump(file, &experiment->budgets[b]);
    }
    for (int s = 0; s < experiment->schedule_count; s++) {
        fprintf(file, "schedule %s\n", experiment->schedules[s].name);
        experiment_dump_schedule(file, &experiment->schedules[s]);
    }
    for (int w = 0; w < experiment->weighting_count; w++) {
        fprintf(file, "weighting %s\n", experiment->weightings[w].name);
        experiment_dump_weighting(file, &experiment->weightings[w]);
    }
    for (int a = 0; a < experiment->augmentation_count; a++) {
        fprintf(file, "augmentation %s\n", experiment->augmentations[a].name);
        experiment_dump_augmentation(file, &experiment->augmentations[a]);
    }
}

/* To be freed. */
static char *describe(const struct experiment *experiment)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        abort();
    experiment_dump(file, experiment);
    describe_named(file, experiment);
    describe_grid(file, &experiment->grid);
    for (int c = 0; c < experiment->case_count; c++) {
        fprintf(file, "case\n");
        describe_grid(file, &experiment->cases[c]);
    }
    describe_tuning(file, &experiment->tuning);
    if (fclose(file) != 0)
        abort();
    return text;
}

int experiment_same_cells(const struct experiment *a, const struct experiment *b)
{
    char *one = describe(a), *other = describe(b);
    int is_same = strcmp(one, other) == 0;

    free(one);
    free(other);
    return is_same;
}
