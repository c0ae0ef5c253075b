/* Cells whose workers are ranks. */
#include "run/teamwork.h"

#include "base/error.h"
#include "run/farm_words.h"
#include "run/memory_limit.h"
#include "run/record.h"
#include "train/team.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What rank 0 calls the others with. */
struct call {
    int is_over, status;
    int cell; /* in the plan */
    char id[sizeof(((struct cell *)0)->id)];
    struct assignment assignment; /* its team is each rank's own */
    struct checkpointing checkpoint;
    char path[PATH_MAX + 160], key[4096];
};

int teamwork_is_of(const struct cell *cell)
{
    return cell->settings.transport != TRANSPORT_THREADS;
}

static int has_mpi(const struct grid *grid)
{
    const struct grid_axis *axis = grid_find_axis(grid, "transport");

    for (int v = 0; axis && v < axis->count; v++)
        if (strcmp(axis->values[v], "threads") != 0)
            return 1;
    return 0;
}

int teamwork_is_wanted(const struct experiment *experiment)
{
    int is_wanted = has_mpi(&experiment->grid);

    for (int c = 0; c < experiment->case_count; c++)
        is_wanted |= has_mpi(&experiment->cases[c]);
    return is_wanted;
}

/* What all ranks must have in common. */
struct opening {
    unsigned long program; /* CRC-32 of its file; 0: it cannot be read */
    unsigned long engines; /* of the files of the engines that the cells name */
    int status;
    uint32_t data;
    unsigned long plan; /* of its cells' ids */
};

static unsigned long sum_engines(const struct experiment *experiment, const struct plan *plan)
{
    unsigned long sum = 0;
    const char *last = "";

    for (int c = 0; c < plan->count; c++) {
        const char *engine = plan->cells[c].settings.engine;

        if (strcmp(engine, last) != 0)
            sum = farm_sum_engine(experiment, engine, sum);
        last = engine;
    }
    return sum;
}

/* What the rank has that rank 0 has not. Which engines there are is the experiment's affair. */
static const char *name_difference(const struct opening *rank, const struct opening *first)
{
    return rank->program != first->program ? "another program than"
           : rank->plan != first->plan || rank->data != first->data
               ? "another experiment, or other data, than"
               : "other files of engines than";
}

int teamwork_agree(const struct ranks *ranks, int status, const struct experiment *experiment,
                   const struct plan *plan, const struct dataset *dataset, int *speaks)
{
    struct opening mine, *all = calloc((size_t)ranks->size, sizeof *all);

    memset(&mine, 0, sizeof mine); /* what lies between its members is compared, too */
    mine.status = status;
    *speaks = ranks->rank == 0;
    if (!all)
        return error_set("out of memory");
    if (status == 0) {
        mine.program = farm_sum_program();
        mine.engines = sum_engines(experiment, plan);
        mine.data = dataset->fingerprint;
        mine.plan = farm_sum_plan(plan);
    }
    if (ranks_all_gather(&mine, sizeof mine, all) != 0) {
        free(all);
        return -1;
    }
    for (int r = 0; r < ranks->size; r++) {
        int failed = all[r].status != 0;

        if (!failed && memcmp(&all[r], &all[0], sizeof mine) == 0)
            continue;
        *speaks = ranks->rank == r;
        if (!failed)
            error_set(
                "rank %d runs %s rank 0: is everything on a file system that all hosts share?", r,
                name_difference(&all[r], &all[0]));
        else if (status == 0)
            error_set("rank %d could not open the experiment", r);
        free(all);
        return -1;
    }
    free(all);
    return 0;
}

int teamwork_check(const struct queue *queue, const struct campaign *campaign)
{
    int wanted = 0, there = campaign->ranks ? campaign->ranks->size : 1;

    for (int i = 0; i < queue->count; i++) {
        const struct cell *cell = queue->cells[i];
        struct recorded recorded;

        if (teamwork_is_of(cell) && cell->settings.workers > wanted &&
            !(record_find(campaign->results, cell->id, &recorded) &&
              outcome_is_final(recorded.outcome)))
            wanted = cell->settings.workers;
    }
    if (wanted <= there)
        return 0;
    if (ranks_available() != 0)
        return -1;
    return error_set("%s: %d workers that are ranks, and %d rank%s: start it with `mpirun -n %d "
                     "batchlab run`",
                     campaign->experiment->file, wanted, there, there == 1 ? "" : "s", wanted);
}

/* Within its limit of memory. What a rank is bound to is mpirun's affair. */
static int run_limited(const struct cell_job *job, const struct assignment *assignment)
{
    int status;

    memory_limit_set(job->campaign->experiment->limits.memory_bytes);
    status = cell_run(job->campaign, job->cell, assignment, job->roof, job->checkpoint);
    memory_limit_lift();
    return status;
}

static void fill_call(struct call *call, const struct cell_job *job)
{
    *call = (struct call){
        .cell = (int)(job->cell - job->campaign->plan->cells),
        .assignment = *job->assignment,
        .checkpoint = *job->checkpoint,
    };
    snprintf(call->id, sizeof call->id, "%s", job->cell->id);
    if (!job->checkpoint->path)
        return;
    snprintf(call->path, sizeof call->path, "%s", job->checkpoint->path);
    snprintf(call->key, sizeof call->key, "%s", job->checkpoint->key);
}

int teamwork_run(const struct cell_job *job)
{
    struct assignment assignment = *job->assignment;
    struct call call;
    int status;

    if (assignment.workers == 1)
        return run_limited(job, &assignment);
    fill_call(&call, job);
    if (ranks_broadcast(&call, sizeof call, 0) != 0)
        return -1;
    status = team_open(&assignment.team, 0, assignment.workers, job->cell->settings.reduction);
    if (status == 0)
        status = run_limited(job, &assignment);
    team_close(assignment.team);
    return status;
}

/* 1: dismissed. */
static int take_call(const struct campaign *campaign, const struct ranks *ranks, struct call *call)
{
    const struct cell *cell;
    int status;

    if (ranks_broadcast(call, sizeof *call, 0) != 0)
        return -1;
    if (call->is_over)
        return 1;
    cell = &campaign->plan->cells[call->cell];
    if (call->cell >= campaign->plan->count || strcmp(cell->id, call->id) != 0)
        return error_set("rank %d: has no cell %s: its experiment or data are other ones than rank "
                         "0's",
                         ranks->rank, call->id);
    if (ranks->rank >= call->assignment.workers)
        return 0;
    if (call->checkpoint.path) {
        call->checkpoint.path = call->path;
        call->checkpoint.key = call->key;
    }
    status = team_open(&call->assignment.team, ranks->rank, call->assignment.workers,
                       cell->settings.reduction);
    memory_limit_set(campaign->experiment->limits.memory_bytes);
    if (status == 0)
        status = cell_follow(campaign, cell, &call->assignment, &call->checkpoint);
    memory_limit_lift();
    team_close(call->assignment.team);
    return status;
}

int teamwork_follow(const struct campaign *campaign, const struct ranks *ranks)
{
    struct call call;
    int over;

    while ((over = take_call(campaign, ranks, &call)) == 0)
        ;
    return over < 0 ? -1 : call.status;
}

void teamwork_dismiss(int status)
{
    struct call call = {.is_over = 1, .status = status};

    if (ranks_broadcast(&call, sizeof call, 0) != 0)
        ranks_abort(status);
}
