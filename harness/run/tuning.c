/* Tuning as a sequence of plans. */
#include "run/tuning.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "plan/cell_list.h"
#include "plan/experiment_keys.h"
#include "run/record.h"

#include <assert.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* What a run knows of a tuning cell. */
struct tried {
    int handed_out; /* it was in a round of this run */
    int is_read;
    struct mark mark;
};

static const struct tuning_spec *spec_of(const struct tuning *tuning)
{
    return &tuning->campaign->experiment->tuning;
}

/* ---- Groups -----------------------------------------------------------------------------------
 */

/* A group by its signature. */
struct signed_group {
    char *text; /* owned */
    int group;
};

static int compare_signatures(const void *a, const void *b)
{
    return strcmp(((const struct signed_group *)a)->text, ((const struct signed_group *)b)->text);
}

static void keep(void *node)
{
    (void)node;
}

/* The cell's group, which is that of the first cell with its signature. -1: out of memory. */
static int group_of(struct tuning *tuning, const struct cell *cell, struct signed_group *groups,
                    void **tree)
{
    struct signed_group *fresh = &groups[tuning->count], **found;

    fresh->text = cell_signature(cell);
    fresh->group = tuning->count;
    found = fresh->text ? tsearch(fresh, tree, compare_signatures) : NULL;
    if (!found)
        return error_set("out of memory");
    if (*found != fresh) {
        free(fresh->text);
        fresh->text = NULL;
        return (*found)->group;
    }
    tuning->groups[tuning->count++].cell = cell;
    return fresh->group;
}

/* Each cell's group, by the first cell that has its signature. */
static int find_groups(struct tuning *tuning)
{
    const struct plan *plan = tuning->campaign->plan;
    struct signed_group *groups = calloc((size_t)plan->count + 1, sizeof *groups);
    void *tree = NULL;
    int status = groups ? 0 : error_set("out of memory");

    for (int i = 0; i < plan->count && status == 0; i++) {
        tuning->group_of[i] = -1;
        if (!plan->cells[i].tuned)
            continue;
        tuning->group_of[i] = group_of(tuning, &plan->cells[i], groups, &tree);
        status = tuning->group_of[i] < 0 ? -1 : 0;
    }
    tdestroy(tree, keep);
    for (int g = 0; groups && g <= plan->count; g++)
        free(groups[g].text);
    free(groups);
    return status;
}

/* ---- Tuning cells ------------------------------------------------------------------------------
 */

/* The places that a group may ever try. Returns their number. */
static double measure_group(struct tuned_group *group, const struct tuning_spec *spec)
{
    double places = 1;

    assert(group->cell); /* find_groups has found one */
    for (int k = 0; k < spec->key_count; k++) {
        int is_tuned = (int)(group->cell->tuned >> k & 1);

        group->low[k] = is_tuned ? -spec->extend : 0;
        group->span[k] = is_tuned ? spec->keys[k].count + 2 * spec->extend : 1;
        places *= group->span[k];
    }
    return places;
}

/* Which of the group's places, counted through with the last key fastest. */
static int number_of(const struct tuned_group *group, const struct tuning_spec *spec,
                     const int *place)
{
    int number = 0;

    for (int k = 0; k < spec->key_count; k++)
        number = number * group->span[k] + place[k] - group->low[k];
    return number;
}

static void put_values(struct settings *settings, const struct tuning_spec *spec, unsigned keys,
                       const int *place)
{
    for (int k = 0; k < spec->key_count; k++) {
        double value = tuning_value(&spec->keys[k], place[k]);

        if (keys >> k & 1 && value > 0) /* beyond the range of the key nothing is ever tried */
            *(double *)(void *)((char *)settings + spec->keys[k].field->offset) = value;
    }
}

static void list_settings(const struct tuned_group *group, const struct tuning_spec *spec,
                          struct settings *list)
{
    int place[TUNING_KEYS_MAX], k;

    assert(group->cell);
    memcpy(place, group->low, sizeof place);
    do {
        for (int s = 0; s < spec->seed_count; s++) {
            *list = group->cell->settings;
            put_values(list, spec, group->cell->tuned, place);
            list->seed = (uint64_t)spec->seeds[s];
            list++;
        }
        for (k = spec->key_count - 1; k >= 0 && ++place[k] == group->low[k] + group->span[k]; k--)
            place[k] = group->low[k];
    } while (k >= 0);
}

static int list_cells(struct tuning *tuning)
{
    const struct campaign *campaign = tuning->campaign;
    const struct tuning_spec *spec = spec_of(tuning);
    struct settings *list;
    double cells = 0;
    int status;

    for (int g = 0; g < tuning->count; g++) {
        tuning->groups[g].first = (int)fmin(cells, LIMIT_PLAN_CELLS);
        cells += spec->seed_count * measure_group(&tuning->groups[g], spec);
    }
    if (cells > LIMIT_PLAN_CELLS)
        return error_set("%s:%d: tuning: up to %.0f cells, expected at most %d",
                         campaign->experiment->file, spec->line, cells, LIMIT_PLAN_CELLS);
    list = calloc((size_t)cells + 1, sizeof *list);
    tuning->tried = calloc((size_t)cells + 1, sizeof *tuning->tried);
    if (!list || !tuning->tried) {
        free(list);
        return error_set("out of memory");
    }
    for (int g = 0; g < tuning->count; g++)
        list_settings(&tuning->groups[g], spec, list + tuning->groups[g].first);
    status = plan_list(&tuning->all, campaign->experiment, campaign->dataset, list, (int)cells);
    free(list);
    return status;
}

int tuning_open(struct tuning *tuning, const struct campaign *campaign)
{
    size_t cells = (size_t)campaign->plan->count + 1;

    memset(tuning, 0, sizeof *tuning);
    tuning->campaign = campaign;
    tuning->columns[0] = tuning_column(campaign->experiment, &tuning->columns[2]);
    tuning->columns[1] = "examples";
    tuning->groups = calloc(cells, sizeof *tuning->groups);
    tuning->group_of = calloc(cells, sizeof *tuning->group_of);
    if (!tuning->groups || !tuning->group_of)
        return error_set("out of memory");
    return find_groups(tuning) == 0 ? list_cells(tuning) : -1;
}

void tuning_close(struct tuning *tuning)
{
    for (int g = 0; g < tuning->count; g++)
        decision_free(&tuning->groups[g].decision);
    plan_close(&tuning->all);
    free(tuning->groups);
    free(tuning->group_of);
    free(tuning->tried);
    memset(tuning, 0, sizeof *tuning);
}

/* ---- Scores -----------------------------------------------------------------------------------
 */

static int is_feasible(enum outcome outcome)
{
    return outcome == OUTCOME_REACHED || outcome == OUTCOME_BUDGET;
}

/* values: of the columns */
static struct mark mark_of(enum outcome outcome, const double *values, int has_target)
{
    struct mark mark = {MARK_REACHED, values[0], isnan(values[1]) ? 0 : values[1]};

    if (!is_feasible(outcome) || (!has_target && isnan(values[0]))) {
        mark.kind = MARK_INFEASIBLE;
        mark.value = 0;
    } else if (isnan(values[0])) {
        mark.kind = MARK_CENSORED;
        mark.value = isnan(values[2]) ? (double)INFINITY : values[2];
    }
    return mark;
}

struct lookup {
    struct tuning *tuning;
    const struct tuned_group *group;
};

static int index_of(const struct tuning *tuning, const struct tuned_group *group, const int *place,
                    int seed)
{
    const struct tuning_spec *spec = spec_of(tuning);

    return group->first + number_of(group, spec, place) * spec->seed_count + seed;
}

/* Only what this run has handed out counts: so a cell that failed is tried again before its failure
 * decides anything. */
static int find_mark(void *context, const int *place, int seed, struct mark *mark)
{
    const struct lookup *lookup = context;
    struct tuning *tuning = lookup->tuning;
    int i = index_of(tuning, lookup->group, place, seed), has_target = tuning->columns[2] != NULL;
    struct tried *tried = &tuning->tried[i];
    struct recorded recorded;
    double values[3];

    if (!tried->handed_out)
        return 0;
    if (!tried->is_read) {
        if (!record_read(tuning->campaign->results, tuning->all.cells[i].id, &recorded,
                         tuning->columns, values, has_target ? 3 : 2))
            return 0;
        tried->mark = mark_of(recorded.outcome, values, has_target);
        tried->is_read = 1;
    }
    *mark = tried->mark;
    return 1;
}

/* ---- Plans ------------------------------------------------------------------------------------
 */

/* What the records say by now. */
static int update(struct tuning *tuning)
{
    for (int g = 0; g < tuning->count; g++) {
        struct tuned_group *group = &tuning->groups[g];
        struct lookup lookup = {tuning, group};

        decision_free(&group->decision);
        if (decide(&group->decision, spec_of(tuning), group->cell->tuned, find_mark, &lookup) != 0)
            return -1;
    }
    return 0;
}

/* Adds the group's due cells that are new to this run to indices[*count]. */
static void take_due(struct tuning *tuning, const struct tuned_group *group, int *indices,
                     int *count)
{
    for (int d = 0; d < group->decision.due_count; d++) {
        const struct due *due = &group->decision.due[d];
        int i = index_of(tuning, group, due->place, due->seed);

        if (!tuning->tried[i].handed_out)
            indices[(*count)++] = i;
        tuning->tried[i].handed_out = 1;
    }
}

int tuning_next(struct tuning *tuning, struct plan *plan)
{
    int *indices = calloc((size_t)tuning->all.count + 1, sizeof *indices), count = 0;
    int status = indices ? update(tuning) : error_set("out of memory");

    memset(plan, 0, sizeof *plan);
    for (int g = 0; g < tuning->count && status == 0; g++)
        take_due(tuning, &tuning->groups[g], indices, &count);
    if (status == 0 && count > 0)
        status = plan_pick(plan, &tuning->all, indices, count, tuning->campaign->experiment);
    free(indices);
    tuning->round += count > 0;
    return status != 0 ? -1 : count > 0;
}

/* Fills the plan's cells [count]: what is known of their tuning. from: their places in the grid. */
static void mark_tuned(const struct tuning *tuning, struct plan *plan, const int *from)
{
    assert(tuning->groups && tuning->group_of);
    for (int i = 0; i < plan->count; i++) {
        const struct cell *open = &tuning->campaign->plan->cells[from[i]];
        int g = tuning->group_of[from[i]];

        plan->cells[i].tuned = open->tuned;
        memcpy(plan->cells[i].tuned_keys, open->tuned_keys, sizeof open->tuned_keys);
        plan->cells[i].edge = g < 0 ? -1 : tuning->groups[g].decision.edge;
    }
}

int tuning_settle(struct tuning *tuning, struct plan *plan)
{
    const struct campaign *campaign = tuning->campaign;
    size_t most = (size_t)campaign->plan->count + 1;
    struct settings *list = calloc(most, sizeof *list);
    int *from = calloc(most, sizeof *from), *indices = calloc(most, sizeof *indices);
    int count = 0, status = -1;
    struct plan settled;

    memset(plan, 0, sizeof *plan);
    if (!list || !from || !indices) {
        error_set("out of memory");
        goto done;
    }
    if (update(tuning) != 0)
        goto done;
    for (int i = 0; i < campaign->plan->count; i++) {
        const struct cell *open = &campaign->plan->cells[i];
        int g = tuning->group_of[i];
        const struct decision *decision = g < 0 ? NULL : &tuning->groups[g].decision;

        if (decision && !decision->is_settled)
            continue;
        list[count] = open->settings;
        if (decision)
            put_values(&list[count], spec_of(tuning), open->tuned,
                       decision->trials[decision->best].place);
        indices[count] = count;
        from[count++] = i;
    }
    if (plan_list(&settled, campaign->experiment, campaign->dataset, list, count) != 0)
        goto done;
    mark_tuned(tuning, &settled, from);
    status = plan_pick(plan, &settled, indices, count, campaign->experiment);
    if (status == 0) { /* its cells refer to them */
        plan->kept = settled.kept;
        settled.kept = NULL;
    }
    plan_close(&settled);
    if (status == 0)
        tuning->repeated = count - plan->count;
done:
    free(list);
    free(from);
    free(indices);
    return status;
}

/* ---- tuning.csv -------------------------------------------------------------------------------
 */

static void write_trial(FILE *file, const struct tuning *tuning, int g, int t)
{
    const struct tuned_group *group = &tuning->groups[g];
    const struct decision *decision = &group->decision;
    const struct trial *trial = &decision->trials[t];
    const struct tuning_spec *spec = spec_of(tuning);
    struct cell cell = *group->cell;
    int chosen = decision->is_settled && t == decision->best;
    double mean = trial->seeds > 0 ? trial->median.examples / trial->seeds : 0;

    put_values(&cell.settings, spec, cell.tuned, trial->place);
    fprintf(file, "%d", g + 1);
    record_write_settings(file, &cell, "seed");
    fprintf(file, ",%s,%s,%d,%d,", cell.tuned_keys, spec->by, trial->round, trial->seeds);
    if (trial->seeds > 0 && trial->median.kind == MARK_REACHED)
        record_write_number(file, trial->median.value);
    else if (trial->seeds > 0 && trial->median.kind == MARK_INFEASIBLE)
        fputs("inf", file);
    fprintf(file, ",%d,%d,%d,%d,", trial->infeasible, trial->censored, chosen,
            chosen && decision->edge);
    record_write_number(file, trial->median.examples);
    fputc(',', file);
    record_write_number(file, decision->is_settled ? mean * (spec->seed_count - trial->wanted) : 0);
    fputc('\n', file);
}

static int write_tuning(const struct tuning *tuning)
{
    char path[PATH_MAX];
    struct whole_file file;

    snprintf(path, sizeof path, "%s/%s", tuning->campaign->results, TUNING_FILE);
    if (file_begin(&file, path) != 0)
        return -1;
    fputs("group", file.stream);
    record_write_settings_names(file.stream, "seed");
    fputs(",tuned,by,round,seeds,median,infeasible,censored,chosen,edge,examples,saved_examples\n",
          file.stream);
    for (int g = 0; g < tuning->count; g++)
        for (int t = 0; t < tuning->groups[g].decision.count; t++)
            write_trial(file.stream, tuning, g, t);
    return file_commit(&file);
}

/* Every cell of every trial, in the order of tuning.csv. */
static int pick_tried(const struct tuning *tuning, struct plan *plan)
{
    int *indices = calloc((size_t)tuning->all.count + 1, sizeof *indices), count = 0, status;

    if (!indices)
        return error_set("out of memory");
    for (int g = 0; g < tuning->count; g++) {
        const struct decision *decision = &tuning->groups[g].decision;

        for (int t = 0; t < decision->count; t++)
            for (int s = 0; s < decision->trials[t].wanted; s++)
                indices[count++] =
                    index_of(tuning, &tuning->groups[g], decision->trials[t].place, s);
    }
    status = plan_pick(plan, &tuning->all, indices, count, tuning->campaign->experiment);
    free(indices);
    return status;
}

int tuning_record(const struct tuning *tuning)
{
    struct plan tried;
    int status;

    if (pick_tried(tuning, &tried) != 0)
        return -1;
    status = write_tuning(tuning);
    if (status == 0)
        status = record_merge_tuning(tuning->campaign->results, &tried);
    plan_close(&tried);
    return status;
}
