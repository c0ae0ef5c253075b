/* Reads schedules and fits them to the budget of a cell. */
#include "plan/schedules.h"

#include "base/error.h"
#include "plan/experiment_keys.h"
#include "plan/named.h"

#include <math.h>
#include <string.h>

static int check_increasing(const struct schema_source *source, const yaml_node_t *node,
                            const char *key, const double *points, int count)
{
    for (int i = 1; i < count; i++)
        if (!(points[i] > points[i - 1]))
            return schema_error(source, node, "%s: expected increasing numbers", key);
    return 0;
}

static int check(const struct schema_source *source, const yaml_node_t *node,
                 const struct schedule_spec *spec)
{
    int is_piecewise = spec->kind == SCHEDULE_PIECEWISE;

    if (is_piecewise ? spec->at_count == 0 || spec->at_count != spec->factors_count
                     : spec->at_count + spec->factors_count > 0)
        return schema_error(source, node,
                            "schedules: at and factors are for kind piecewise, which "
                            "needs as many of one as of the other");
    if ((spec->batch_at_count > 0) != (spec->batch_factor > 1))
        return schema_error(source, node,
                            "schedules: batch_at needs a batch_factor above 1, and the other way "
                            "round");
    if (spec->kind == SCHEDULE_EXPONENTIAL && spec->decay > 1)
        return schema_error(source, node, "schedules: exponential: decay is %g, expected at most 1",
                            spec->decay);
    if (check_increasing(source, node, "at", spec->at, spec->at_count) != 0)
        return -1;
    return check_increasing(source, node, "batch_at", spec->batch_at, spec->batch_at_count);
}

static int read_schedule(const struct schema_source *source, const yaml_node_t *key,
                         yaml_node_t *value, void *entry)
{
    schema_defaults(schedule_fields, entry);
    if (schema_read_mapping(source, value, schedule_fields, "schedules", entry) != 0)
        return -1;
    return check(source, key, entry);
}

int schedules_read(const struct schema_source *source, yaml_node_t *node,
                   struct experiment *experiment)
{
    static const struct named kind = {
        "schedules",   "schedules",  sizeof(struct schedule_spec), EXPERIMENT_SCHEDULES_MAX,
        SCHEDULE_NONE, read_schedule};

    return named_read(source, node, &kind, experiment->schedules, &experiment->schedule_count);
}

const struct schedule_spec *experiment_schedule(const struct experiment *experiment,
                                                const char *name)
{
    return named_find(experiment->schedules, experiment->schedule_count,
                      sizeof *experiment->schedules, name);
}

/* ---- The budget -------------------------------------------------------------------------------
 */

/* Of training until the budget is spent, in the schedule's unit; INFINITY where only seconds or
 * targets end it. A schedule that grows the batch has no fixed number of updates. */
static double units_of_budget(const struct cell *cell, const struct experiment *experiment)
{
    const struct schedule_spec *spec = cell->schedule;
    const struct budget *budget = cell_budget(cell, experiment);
    double n = (double)cell->train_examples, k = cell->batch_size, epochs = INFINITY, updates;

    if (budget->epochs > 0)
        epochs = budget->epochs;
    if (budget->examples > 0)
        epochs = fmin(epochs, budget->examples / n);
    updates = spec->batch_at_count > 0 ? (double)INFINITY : epochs * n / k;
    if (budget->updates > 0)
        updates = fmin(updates, budget->updates);
    if (spec->unit == SCHEDULE_UPDATES)
        return updates;
    return spec->batch_at_count > 0 ? epochs : fmin(epochs, updates * k / n);
}

int schedules_fit(struct cell *cell, const struct experiment *experiment)
{
    const struct schedule_spec *spec = cell->schedule;
    const char *unit = spec && spec->unit == SCHEDULE_UPDATES ? "updates" : "epochs";
    double whole, left;

    cell->largest_batch = cell->batch_size;
    if (!spec)
        return 0;
    whole = units_of_budget(cell, experiment);
    left = whole - spec->warmup;
    cell->largest_batch = schedule_batch_size(spec, cell->batch_size, whole);
    if ((size_t)cell->largest_batch > cell->train_examples)
        return error_set("%s: the batch grows to %d, more than the %zu training examples",
                         spec->name, cell->largest_batch, cell->train_examples);
    if (!(left > 0))
        return error_set("%s: the warm-up of %g %s is as long as the budget of %g", spec->name,
                         spec->warmup, unit, whole);
    if (!schedule_has_length(spec->kind))
        return 0;
    if (spec->length == 0 && isinf(left))
        return error_set("%s: needs a length in %s, or a budget that has one", spec->name, unit);
    if (spec->length > 0 && schedule_ends(spec->kind) && isfinite(left) &&
        spec->length < left * (1 - 1e-9))
        return error_set("%s: ends after %g %s, before the budget of %g %s", spec->name,
                         spec->warmup + spec->length, unit, whole, unit);
    cell->schedule_length = spec->length > 0 ? spec->length : left;
    return 0;
}

/* ---- Canonical text and documentation ---------------------------------------------------------
 */

void experiment_dump_schedule(FILE *file, const struct schedule_spec *spec)
{
    schema_dump(file, schedule_fields, "schedule", spec);
}

void schedules_document(FILE *file)
{
    fprintf(file, "\nschedules: a mapping of names to schedules of rate and batch size\n");
    schema_document(file, schedule_fields);
}
