/* Cells that run as children of this process. */
#include "run/crew.h"

#include "base/clock.h"
#include "base/error.h"
#include "run/cell_checkpoint.h"
#include "run/cell_job.h"
#include "run/loss.h"
#include "run/record.h"
#include "run/teamwork.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct crew_slot {
    pid_t pid; /* 0: free */
    const struct cell *cell;
    struct assignment assignment;
    double start, still; /* still: seconds since then for which this process was stopped */
    double earlier;      /* wall time up to the checkpoint that the cell goes on from; 0: none */
    struct cell_checkpoint checkpoint;
    struct checkpointing kept;           /* borrows the checkpoint's; path NULL: it makes none */
    int words;                           /* of the child, as cell_job_start gives them */
    int processors[HOST_PROCESSORS_MAX]; /* indices into host.processors */
    int processor_count;
    int late; /* killed because of the limit */
};

int crew_open(struct crew *crew, const struct campaign *campaign, const struct survey *survey,
              int jobs)
{
    *crew = (struct crew){.campaign = campaign, .survey = survey, .is_fixed = jobs > 0};
    crew->slot_count = jobs > 0 ? jobs : survey->host.processor_count;
    if (campaign->experiment->measure == MEASURE_THROUGHPUT)
        crew->slot_count = 1;
    crew->processors.count = survey->host.processor_count;
    crew->slots = calloc((size_t)crew->slot_count, sizeof *crew->slots);
    return crew->slots ? 0 : error_set("out of memory");
}

void crew_close(struct crew *crew)
{
    free(crew->slots);
    *crew = (struct crew){0};
}

/* ---- Starting ------------------------------------------------------------------------------- */

/* Workers may be more than processors: they show what is computed, not how fast. */
int crew_processors_of(const struct crew *crew, const struct assignment *assignment)
{
    int wanted = assignment->threads * assignment->workers;
    int count = crew->processors.count;

    return wanted < count ? wanted : count;
}

/* Gives the slot processors of its own: the least busy ones. With more jobs than processors they
 * share. */
static void take_processors(struct crew *crew, struct crew_slot *slot)
{
    slot->processor_count = crew_processors_of(crew, &slot->assignment);
    processors_take(&crew->processors, slot->processor_count, slot->processors);
}

static void release_processors(struct crew *crew, struct crew_slot *slot)
{
    processors_release(&crew->processors, slot->processors, slot->processor_count);
    slot->processor_count = 0;
}

int crew_has_room(const struct crew *crew, const struct assignment *assignment)
{
    return crew->running < crew->slot_count &&
           (crew->is_fixed ||
            processors_idle(&crew->processors) >= crew_processors_of(crew, assignment));
}

/* processors[HOST_PROCESSORS_MAX]: room for those that the job is pinned to. */
static struct cell_job job_of(const struct crew *crew, const struct crew_slot *slot,
                              int *processors)
{
    for (int i = 0; i < slot->processor_count; i++)
        processors[i] = crew->survey->host.processors[slot->processors[i]];
    return (struct cell_job){
        .campaign = crew->campaign,
        .cell = slot->cell,
        .assignment = &slot->assignment,
        .roof = survey_roof(crew->survey, slot->assignment.threads),
        .checkpoint = &slot->kept,
        .processors = processors,
        .processor_count = slot->processor_count,
    };
}

/* Where the cell goes on from, and what that has taken. */
static void find_checkpoint(const struct crew *crew, struct crew_slot *slot)
{
    if (!cell_checkpoint_describe(&slot->checkpoint, crew->campaign, crew->survey, slot->cell,
                                  &slot->assignment))
        return;
    slot->kept = cell_checkpointing(&slot->checkpoint, &crew->campaign->experiment->limits);
    slot->earlier = cell_checkpoint_seconds(&slot->checkpoint);
}

static void fill_slot(struct crew *crew, struct crew_slot *slot, const struct cell *cell,
                      const struct assignment *assignment)
{
    *slot = (struct crew_slot){.cell = cell, .assignment = *assignment, .start = clock_now()};
    find_checkpoint(crew, slot);
    take_processors(crew, slot);
}

int crew_start(struct crew *crew, const struct cell *cell, const struct assignment *assignment)
{
    int processors[HOST_PROCESSORS_MAX];
    struct crew_slot *slot = crew->slots;
    struct cell_job job;

    while (slot->pid != 0)
        slot++;
    fill_slot(crew, slot, cell, assignment);
    job = job_of(crew, slot, processors);
    if (cell_job_start(&job, &slot->pid, &slot->words) == 0) {
        crew->running++;
        return 0;
    }
    release_processors(crew, slot);
    return -1;
}

/* ---- Ending --------------------------------------------------------------------------------- */

/* What the cell says of its end, once it is recorded. */
static int outcome_of(const struct crew *crew, const struct cell *cell, enum outcome *outcome)
{
    struct recorded recorded;

    if (!record_find(crew->campaign->results, cell->id, &recorded))
        return error_set("%s/cells/%s: recorded, but cannot be read", crew->campaign->results,
                         cell->id);
    *outcome = recorded.outcome;
    return 0;
}

/* How a child that did not say "ok" ended. What it had recorded by then stays: whatever is final in
 * the folder is its own, for a cell that was final before is not run. */
static int record_loss(const struct crew *crew, const struct crew_slot *slot, int status,
                       double wall, enum outcome *outcome)
{
    const struct loss loss = loss_of(status, slot->late, &crew->campaign->experiment->limits);
    struct recorded recorded;

    if (record_find(crew->campaign->results, slot->cell->id, &recorded) &&
        outcome_is_final(recorded.outcome)) {
        fprintf(stderr, "batchlab: %s: %s, once its results were written; they stay\n",
                slot->cell->id, loss.reason);
        *outcome = recorded.outcome;
        return 0;
    }
    *outcome = loss.outcome;
    return cell_record_loss(crew->campaign, slot->cell, &slot->assignment, loss.outcome,
                            loss.reason, wall);
}

static void empty_slot(struct crew *crew, struct crew_slot *slot)
{
    close(slot->words);
    slot->pid = 0;
    crew->running--;
    release_processors(crew, slot);
}

static int finish_cell(struct crew *crew, struct crew_slot *slot, int status, struct cell_end *end)
{
    char words[1024] = "";
    ssize_t length = read(slot->words, words, sizeof words - 1);

    *end = (struct cell_end){.cell = slot->cell,
                             .assignment = slot->assignment,
                             .outcome = OUTCOME_FAILED,
                             .wall_seconds = clock_now() - slot->start};
    empty_slot(crew, slot);
    words[length > 0 ? length : 0] = '\0';
    if (strcmp(words, CELL_JOB_DONE) != 0 && words[0])
        return error_set("%s", words); /* it could not write its results */
    return words[0]
               ? outcome_of(crew, slot->cell, &end->outcome)
               : record_loss(crew, slot, status, slot->earlier + end->wall_seconds, &end->outcome);
}

/* A run that was stopped does not find its cells late when it goes on. */
static void note_stop(struct crew *crew, struct awaited *awaited)
{
    double still = awaited_stood_still(awaited);

    for (int s = 0; s < crew->slot_count; s++)
        crew->slots[s].still += still;
}

static int is_late(struct crew *crew, const struct crew_slot *slot, struct awaited *awaited)
{
    double limit = crew->campaign->experiment->limits.cell_seconds;
    double now = clock_now();

    if (!(slot->earlier + (now - slot->start - slot->still) > limit))
        return 0;
    note_stop(crew, awaited); /* it may have been just now */
    return slot->earlier + (now - slot->start - slot->still) > limit;
}

int crew_reap(struct crew *crew, struct awaited *awaited,
              int (*ended)(void *context, const struct cell_end *), void *context)
{
    note_stop(crew, awaited);
    for (int s = 0; s < crew->slot_count; s++) {
        struct crew_slot *slot = &crew->slots[s];
        struct cell_end end;
        int status;

        if (slot->pid == 0)
            continue;
        if (waitpid(slot->pid, &status, WNOHANG) == slot->pid) {
            if (finish_cell(crew, slot, status, &end) != 0 || ended(context, &end) != 0)
                return -1;
        } else if (!slot->late && is_late(crew, slot, awaited)) {
            slot->late = 1;
            kill(slot->pid, SIGKILL);
        }
    }
    return 0;
}

void crew_stop(struct crew *crew)
{
    for (int s = 0; s < crew->slot_count; s++)
        if (crew->slots[s].pid != 0)
            kill(crew->slots[s].pid, SIGKILL);
    for (int s = 0; s < crew->slot_count; s++)
        if (crew->slots[s].pid != 0) {
            while (waitpid(crew->slots[s].pid, NULL, 0) < 0 && errno == EINTR)
                ;
            empty_slot(crew, &crew->slots[s]);
        }
}

int crew_run_here(struct crew *crew, const struct cell *cell, const struct assignment *assignment,
                  struct cell_end *end)
{
    struct crew_slot *slot = crew->slots;
    int processors[HOST_PROCESSORS_MAX];
    struct cell_job job;

    fill_slot(crew, slot, cell, assignment);
    job = job_of(crew, slot, processors);
    *end = (struct cell_end){.cell = cell, .assignment = *assignment};
    if ((teamwork_is_of(cell) ? teamwork_run : cell_job_run)(&job) != 0 ||
        outcome_of(crew, cell, &end->outcome) != 0)
        return -1;
    end->wall_seconds = clock_now() - slot->start;
    return 0;
}
