/* Reads and checks `budgets:`. */
#include "plan/budgets.h"

#include "base/error.h"
#include "plan/experiment_keys.h"
#include "plan/named.h"

#include <string.h>

static int read_budget(const struct schema_source *source, const yaml_node_t *key,
                       yaml_node_t *value, void *entry)
{
    struct budget *budget = entry;

    schema_defaults(budget_fields, budget);
    budget->line = (int)key->start_mark.line + 1;
    return schema_read_mapping(source, value, budget_fields, "budgets", budget);
}

int budgets_read(const struct schema_source *source, yaml_node_t *node,
                 struct experiment *experiment)
{
    static const struct named kind = {
        "budgets",     "budgets",  sizeof(struct budget), EXPERIMENT_BUDGETS_MAX,
        BUDGET_COMMON, read_budget};

    experiment->budget_count = 0;
    return named_read(source, node, &kind, experiment->budgets, &experiment->budget_count);
}

/* 1 if cells have the budget of `budget:`: those that no axis gives another. */
static int common_is_used(const struct experiment *experiment)
{
    const struct grid_axis *axis = grid_find_axis(&experiment->grid, "budget");
    int in_every_case = experiment->case_count > 0;

    for (int c = 0; c < experiment->case_count; c++) {
        in_every_case &= grid_find_axis(&experiment->cases[c], "budget") != NULL;
        if (grid_line(&experiment->cases[c], "budget", BUDGET_COMMON) > 0)
            return 1;
    }
    if (axis)
        return grid_line(&experiment->grid, "budget", BUDGET_COMMON) > 0;
    return !in_every_case;
}

static int check(const struct experiment *experiment, const struct budget *budget)
{
    int line = budget->line > 0 ? budget->line : 1;
    const char *name = budget->name, *separator = name[0] ? ": " : "";

    if (experiment->measure == MEASURE_CONVERGENCE && budget->epochs <= 0 && budget->updates == 0 &&
        budget->examples <= 0 && budget->seconds <= 0)
        return error_set("%s:%d: budget: %s%smissing, expected epochs, updates, examples or "
                         "seconds",
                         experiment->file, line, name, separator);
    if (budget->until != UNTIL_BUDGET && experiment->target_count == 0)
        return error_set("%s:%d: budget: %s%suntil needs targets, and there are none",
                         experiment->file, line, name, separator);
    if (budget->patience > 0 && experiment->dataset.validation == 0)
        return error_set("%s:%d: budget: %s%spatience needs validation examples, expected "
                         "`dataset: {validation: ...}`",
                         experiment->file, line, name, separator);
    return 0;
}

int budgets_check(const struct experiment *experiment)
{
    if (common_is_used(experiment) && check(experiment, &experiment->budget) != 0)
        return -1;
    for (int b = 0; b < experiment->budget_count; b++)
        if (check(experiment, &experiment->budgets[b]) != 0)
            return -1;
    return 0;
}

int budgets_fit(struct cell *cell, const struct experiment *experiment)
{
    const char *name = cell->settings.budget;

    cell->budget = named_find(experiment->budgets, experiment->budget_count,
                              sizeof *experiment->budgets, name);
    if (cell->budget || strcmp(name, BUDGET_COMMON) == 0)
        return 0;
    return error_set("'%s' is unknown, expected " BUDGET_COMMON " or a name under budgets", name);
}

const struct budget *cell_budget(const struct cell *cell, const struct experiment *experiment)
{
    return cell->budget ? cell->budget : &experiment->budget;
}

void budgets_dump(FILE *file, const struct budget *budget)
{
    schema_dump(file, budget_fields, "budget", budget);
}

void budgets_document(FILE *file)
{
    fprintf(file, "\nbudgets: a mapping of names to budgets, with the keys of `budget`, for the "
                  "axis of that name\n");
}
