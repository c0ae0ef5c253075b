/* Runs the cells of a plan. */
#include "run/runner.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "run/awaited.h"
#include "run/cell_checkpoint.h"
#include "run/cell_job.h"
#include "run/choice.h"
#include "run/loss.h"
#include "run/processors.h"
#include "run/queue.h"
#include "run/record.h"
#include "run/stages.h"
#include "run/survey.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct slot {
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

struct runner {
    const struct campaign *campaign;
    const struct runner_options *options;
    struct runner_result *result;
    struct survey survey;
    struct engine_choices choices;
    struct stages stages;
    struct queue queue; /* of the stages' plan */
    int total;          /* cells to run in all, as far as that is known */
    struct slot *slots; /* [slot_count] */
    int slot_count;
    struct processors processors;
    struct losses losses;
    struct awaited awaited;
    double start, expected_done, expected_total, spent;
    int lock;
};

/* ---- Before: what to run, where, with what --------------------------------------------------- */

static double seconds_of(const struct runner *runner, const struct cell *cell)
{
    return plan_cell_seconds(cell, runner->campaign->experiment, runner->campaign->dataset);
}

/* What is left to run of the plan, and how much that and what follows it may be. */
static void skip_finished(struct runner *runner)
{
    const struct plan *grid = runner->campaign->plan;

    runner->result->skipped += queue_skip_finished(&runner->queue, runner->campaign->results);
    runner->total = runner->result->run + runner->queue.count;
    runner->expected_total = runner->expected_done;
    for (int i = 0; i < runner->queue.count; i++)
        runner->expected_total += seconds_of(runner, runner->queue.cells[i]);
    if (runner->stages.is_last)
        return;
    runner->total += grid->count; /* which follow, whatever value is chosen */
    for (int i = 0; i < grid->count; i++)
        runner->expected_total += seconds_of(runner, &grid->cells[i]);
}

/* The plan to run next, and its cells that are asked for into the queue. 1: there is one; 0: all
 * have run; -1: error set. */
static int take_next_plan(struct runner *runner)
{
    int more = stages_next(&runner->stages);

    if (more <= 0)
        return more;
    if (queue_choose(&runner->queue, runner->stages.plan, runner->options->only) != 0 ||
        (runner->stages.is_last &&
         queue_check_matched(&runner->queue, runner->stages.plan, runner->options->only) != 0))
        return -1;
    return 1;
}

static int prepare_folder(struct runner *runner)
{
    const struct campaign *campaign = runner->campaign;
    int force = runner->options->force;
    char cells[PATH_MAX + 16];

    snprintf(cells, sizeof cells, "%s/cells", campaign->results);
    if (folder_make(cells) != 0)
        return -1;
    runner->lock = folder_lock(campaign->results);
    if (runner->lock < 0 || manifest_check(campaign, force) != 0 ||
        record_clean(campaign->results) != 0)
        return -1;
    skip_finished(runner);
    if (runner->queue.count == 0)
        return 0;
    if (!force && manifest_check_machine(campaign, &runner->survey) != 0)
        return -1;
    return manifest_write(campaign, &runner->survey, NULL); /* whose folder it is */
}

/* What a deadline must leave for merging and the manifest. */
static const double closing_seconds = 1;

/* Seconds that are left before the run must close. */
static double seconds_left(const struct runner *runner)
{
    double deadline = runner->options->deadline;

    if (deadline <= 0)
        return INFINITY;
    return runner->start + deadline - closing_seconds - clock_now();
}

/* What `auto` stands for in each cell. */
static int settle_cells(struct runner *runner)
{
    const struct runner_options *options = runner->options;

    for (int i = 0; i < runner->queue.count && seconds_left(runner) > 0; i++)
        if (choices_make(&runner->choices, runner->campaign, &runner->survey.host,
                         runner->queue.cells[i], options->announce, options->context) != 0)
            return -1;
    return 0;
}

/* Of every number of threads that a cell runs with. */
static int measure_roofs(struct runner *runner)
{
    int *threads;

    if (runner->options->no_roof)
        return 0;
    threads = calloc((size_t)runner->queue.count + 1, sizeof *threads);
    if (!threads)
        return error_set("out of memory");
    for (int i = 0; i < runner->queue.count; i++)
        threads[i] = choices_assignment(&runner->choices, runner->queue.cells[i]).threads;
    survey_measure(&runner->survey, threads, runner->queue.count, seconds_left(runner));
    free(threads);
    return 0;
}

static void announce_engines(const struct runner *runner)
{
    const struct survey *survey = &runner->survey;

    for (int i = 0; i < survey->engine_count && runner->options->announce; i++)
        if (runner->queue.count > 0)
            runner->options->announce(runner->options->context, survey->engines[i],
                                      survey->libraries[i]);
}

static int make_slots(struct runner *runner)
{
    const struct host *host = &runner->survey.host;
    int exclusive = runner->campaign->experiment->measure == MEASURE_THROUGHPUT;

    runner->slot_count = runner->options->jobs > 0 ? runner->options->jobs : host->processor_count;
    if (exclusive)
        runner->slot_count = 1;
    runner->result->jobs = runner->slot_count;
    runner->processors.count = host->processor_count;
    runner->slots = calloc((size_t)runner->slot_count, sizeof *runner->slots);
    return runner->slots ? 0 : error_set("out of memory");
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Workers may be more than processors: they show what is computed, not how fast. */
static int processors_of(const struct runner *runner, const struct assignment *assignment)
{
    int wanted = assignment->threads * assignment->workers;
    int count = runner->survey.host.processor_count;

    return wanted < count ? wanted : count;
}

/* Gives the slot processors of its own: the least busy ones. With more jobs than processors they
 * share. */
static void take_processors(struct runner *runner, struct slot *slot)
{
    slot->processor_count = processors_of(runner, &slot->assignment);
    processors_take(&runner->processors, slot->processor_count, slot->processors);
}

static void release_processors(struct runner *runner, struct slot *slot)
{
    processors_release(&runner->processors, slot->processors, slot->processor_count);
    slot->processor_count = 0;
}

/* 1 if the cell's threads find idle processors; with --jobs the user has decided instead. */
static int has_room(const struct runner *runner, const struct assignment *assignment)
{
    return runner->options->jobs > 0 ||
           processors_idle(&runner->processors) >= processors_of(runner, assignment);
}

/* processors[HOST_PROCESSORS_MAX]: room for those that the job is pinned to. */
static struct cell_job job_of(const struct runner *runner, const struct slot *slot, int *processors)
{
    for (int i = 0; i < slot->processor_count; i++)
        processors[i] = runner->survey.host.processors[slot->processors[i]];
    return (struct cell_job){
        .campaign = runner->campaign,
        .cell = slot->cell,
        .assignment = &slot->assignment,
        .roof = survey_roof(&runner->survey, slot->assignment.threads),
        .checkpoint = &slot->kept,
        .processors = processors,
        .processor_count = slot->processor_count,
    };
}

/* Where the cell goes on from, and what that has taken. */
static void find_checkpoint(const struct runner *runner, struct slot *slot)
{
    if (!cell_checkpoint_describe(&slot->checkpoint, runner->campaign, &runner->survey, slot->cell,
                                  &slot->assignment))
        return;
    slot->kept = cell_checkpointing(&slot->checkpoint, &runner->campaign->experiment->limits);
    slot->earlier = cell_checkpoint_seconds(&slot->checkpoint);
}

static int start_cell(struct runner *runner, struct slot *slot, const struct cell *cell,
                      const struct assignment *assignment)
{
    int processors[HOST_PROCESSORS_MAX];
    struct cell_job job;

    *slot = (struct slot){.cell = cell, .assignment = *assignment, .start = clock_now()};
    find_checkpoint(runner, slot);
    take_processors(runner, slot);
    job = job_of(runner, slot, processors);
    if (cell_job_start(&job, &slot->pid, &slot->words) == 0)
        return 0;
    release_processors(runner, slot);
    return -1;
}

static void report(struct runner *runner, const struct cell *cell, enum outcome outcome,
                   double wall_seconds)
{
    double pace = runner->expected_done > 0 ? runner->spent / runner->expected_done : (double)NAN;
    double left = runner->expected_total - runner->expected_done;
    struct runner_progress progress = {
        .done = runner->result->run,
        .total = runner->total,
        .round = runner->stages.round,
        .eta_seconds = pace * left / runner->slot_count,
    };

    for (int s = 0; s < runner->slot_count; s++)
        progress.running += runner->slots[s].pid != 0;
    if (runner->options->report)
        runner->options->report(runner->options->context, &progress, cell, outcome, wall_seconds);
}

static void count_ended(struct runner *runner, const struct cell *cell, enum outcome outcome,
                        double wall_seconds)
{
    struct runner_result *result = runner->result;

    result->run++;
    result->troubled += !outcome_is_final(outcome) && outcome != OUTCOME_UNSUPPORTED;
    result->unsupported += outcome == OUTCOME_UNSUPPORTED;
    report(runner, cell, outcome, wall_seconds);
}

/* What the cell says of its end, once it is recorded. */
static int outcome_of(const struct runner *runner, const struct cell *cell, enum outcome *outcome)
{
    struct recorded recorded;

    if (!record_find(runner->campaign->results, cell->id, &recorded))
        return error_set("%s/cells/%s: recorded, but cannot be read", runner->campaign->results,
                         cell->id);
    *outcome = recorded.outcome;
    return 0;
}

/* More threads than processors would measure the scheduler. */
static int refuse_cell(struct runner *runner, const struct cell *cell,
                       const struct assignment *assignment)
{
    char reason[128];

    snprintf(reason, sizeof reason, "%d threads on %d processors", assignment->threads,
             runner->survey.host.processor_count);
    if (cell_record_loss(runner->campaign, cell, assignment, OUTCOME_UNSUPPORTED, reason, 0) != 0)
        return -1;
    count_ended(runner, cell, OUTCOME_UNSUPPORTED, 0);
    return 0;
}

static int start_cells(struct runner *runner)
{
    for (int s = 0; s < runner->slot_count && runner->queue.next < runner->queue.count; s++) {
        const struct cell *cell = runner->queue.cells[runner->queue.next];
        struct assignment assignment = choices_assignment(&runner->choices, cell);

        if (assignment.threads > runner->survey.host.processor_count) {
            runner->queue.next++;
            if (refuse_cell(runner, cell, &assignment) != 0)
                return -1;
        } else if (runner->slots[s].pid == 0 && has_room(runner, &assignment)) {
            runner->queue.next++;
            if (start_cell(runner, &runner->slots[s], cell, &assignment) != 0)
                return -1;
        }
    }
    return 0;
}

/* How a child that did not say "ok" ended. What it had recorded by then stays: whatever is final in
 * the folder is its own, for a cell that was final before is not run. */
static int record_loss(struct runner *runner, const struct slot *slot, int status, double wall,
                       enum outcome *outcome)
{
    const struct loss loss = loss_of(status, slot->late, &runner->campaign->experiment->limits);
    struct recorded recorded;

    if (record_find(runner->campaign->results, slot->cell->id, &recorded) &&
        outcome_is_final(recorded.outcome)) {
        fprintf(stderr, "batchlab: %s: %s, once its results were written; they stay\n",
                slot->cell->id, loss.reason);
        *outcome = recorded.outcome;
        return 0;
    }
    *outcome = loss.outcome;
    if (loss.outcome == OUTCOME_CRASHED && !runner->result->lost[0])
        snprintf(runner->result->lost, sizeof runner->result->lost, "%s", slot->cell->id);
    return cell_record_loss(runner->campaign, slot->cell, &slot->assignment, loss.outcome,
                            loss.reason, wall);
}

struct of_engine {
    const struct runner *runner;
    const char *engine;
};

static int is_of_engine(const void *context, const struct cell *cell)
{
    const struct of_engine *of = context;

    return strcmp(choices_assignment(&of->runner->choices, cell).engine, of->engine) == 0;
}

/* An engine that does nothing but lose cells keeps no grid for hours. */
static void note_loss(struct runner *runner, const struct slot *slot, enum outcome outcome)
{
    const struct of_engine of = {runner, slot->assignment.engine};
    int most = runner->options->max_failures, dropped;

    if (losses_note(&runner->losses, of.engine, outcome) < most || most == 0)
        return;
    dropped = queue_drop(&runner->queue, is_of_engine, &of);
    runner->result->left_out += dropped;
    if (dropped > 0)
        fprintf(stderr,
                "batchlab: engine %s lost %d cells running: its other %d are left out "
                "(--max-failures)\n",
                of.engine, most, dropped);
}

static int finish_cell(struct runner *runner, struct slot *slot, int status)
{
    double wall = clock_now() - slot->start;
    const struct cell *cell = slot->cell;
    enum outcome outcome = OUTCOME_FAILED;
    char words[1024] = "";
    ssize_t length = read(slot->words, words, sizeof words - 1);

    close(slot->words);
    slot->pid = 0;
    release_processors(runner, slot);
    words[length > 0 ? length : 0] = '\0';
    if (strcmp(words, CELL_JOB_DONE) != 0 && words[0])
        return error_set("%s", words); /* it could not write its results */
    if ((words[0] ? outcome_of(runner, cell, &outcome)
                  : record_loss(runner, slot, status, slot->earlier + wall, &outcome)) != 0)
        return -1;
    note_loss(runner, slot, outcome);
    runner->result->cell_wall_seconds += wall;
    runner->spent += wall;
    runner->expected_done += seconds_of(runner, cell);
    count_ended(runner, cell, outcome, wall);
    return 0;
}

/* A run that was stopped does not find its cells late when it goes on. */
static void note_stop(struct runner *runner)
{
    double still = awaited_stood_still(&runner->awaited);

    for (int s = 0; s < runner->slot_count; s++)
        runner->slots[s].still += still;
}

static int is_late(struct runner *runner, const struct slot *slot)
{
    double limit = runner->campaign->experiment->limits.cell_seconds;
    double now = clock_now();

    if (!(slot->earlier + (now - slot->start - slot->still) > limit))
        return 0;
    note_stop(runner); /* it may have been just now */
    return slot->earlier + (now - slot->start - slot->still) > limit;
}

static int reap(struct runner *runner)
{
    note_stop(runner);
    for (int s = 0; s < runner->slot_count; s++) {
        struct slot *slot = &runner->slots[s];
        int status;

        if (slot->pid == 0)
            continue;
        if (waitpid(slot->pid, &status, WNOHANG) == slot->pid) {
            if (finish_cell(runner, slot, status) != 0)
                return -1;
        } else if (!slot->late && is_late(runner, slot)) {
            slot->late = 1;
            kill(slot->pid, SIGKILL);
        }
    }
    return 0;
}

static void stop_children(struct runner *runner)
{
    for (int s = 0; s < runner->slot_count; s++)
        if (runner->slots[s].pid != 0)
            kill(runner->slots[s].pid, SIGKILL);
    for (int s = 0; s < runner->slot_count; s++)
        if (runner->slots[s].pid != 0) {
            while (waitpid(runner->slots[s].pid, NULL, 0) < 0 && errno == EINTR)
                ;
            close(runner->slots[s].words);
            runner->slots[s].pid = 0;
        }
}

static int is_running(const struct runner *runner)
{
    for (int s = 0; s < runner->slot_count; s++)
        if (runner->slots[s].pid != 0)
            return 1;
    return 0;
}

static int run_cells(struct runner *runner)
{
    while (runner->queue.next < runner->queue.count || is_running(runner)) {
        int received;

        if (seconds_left(runner) <= 0) {
            runner->result->end = RUNNER_DEADLINE;
            return 0;
        }
        if (start_cells(runner) != 0)
            return -1;
        received = awaited_next(&runner->awaited);
        if (received > 0 && received != SIGCHLD) {
            runner->result->end = RUNNER_INTERRUPTED;
            return 0;
        }
        if (reap(runner) != 0)
            return -1;
        if (received < 0)
            report(runner, NULL, OUTCOME_BUDGET, 0);
    }
    return 0;
}

/* ---- After ---------------------------------------------------------------------------------- */

static const char *const end_names[] = {
    [RUNNER_COMPLETE] = "complete",
    [RUNNER_INTERRUPTED] = "interrupted",
    [RUNNER_DEADLINE] = "deadline",
};

/* Sums a column over the cells that this run finished: they are few, and the files are small. */
static void sum_cell_seconds(struct runner *runner)
{
    struct runner_result *result = runner->result;

    for (int i = 0; i < runner->queue.next; i++) {
        struct recorded recorded;

        if (!record_find(runner->campaign->results, runner->queue.cells[i]->id, &recorded))
            continue;
        record_take_earlier(runner->campaign->results, runner->queue.cells[i]->id, &recorded);
        if (isfinite(recorded.train_seconds))
            result->train_seconds += recorded.train_seconds;
        if (isfinite(recorded.evaluation_seconds))
            result->evaluation_seconds += recorded.evaluation_seconds;
    }
}

static int close_run(struct runner *runner, struct run_log *log, double total, double steal)
{
    struct runner_result *result = runner->result;
    double total_after, steal_after;
    struct host after;

    result->unfinished = runner->total - result->run;
    result->wall_seconds = clock_now() - runner->start;
    host_read(&after);
    clock_timestamp(log->finished);
    log->jobs = result->jobs;
    log->cells_run = result->run;
    log->cells_skipped = result->skipped;
    log->wall_seconds = result->wall_seconds;
    log->train_seconds = result->train_seconds;
    log->evaluation_seconds = result->evaluation_seconds;
    log->load_before = runner->survey.host.load;
    log->load_after = after.load;
    log->steal_share = NAN;
    if (host_steal(&total_after, &steal_after) == 0 && total_after > total)
        log->steal_share = (steal_after - steal) / (total_after - total);
    log->ended = end_names[result->end];
    if (record_clean(runner->campaign->results) != 0 || /* of the cells that were stopped */
        stages_derive(&runner->stages, &result->reported) != 0)
        return -1;
    log->cells_repeated = runner->stages.tuning.repeated;
    return manifest_write(runner->campaign, &runner->survey, log);
}

/* Asks the engines of every cell that may run: no value that is tuned changes its engine. */
static int make_survey(struct runner *runner)
{
    const struct plan *grid = runner->campaign->plan;
    const struct cell **cells;
    int status;

    if (runner->stages.plan == grid)
        return survey_make(&runner->survey, runner->campaign, runner->queue.cells,
                           runner->queue.count);
    cells = calloc((size_t)grid->count + 1, sizeof *cells);
    if (!cells)
        return error_set("out of memory");
    for (int i = 0; i < grid->count; i++)
        cells[i] = &grid->cells[i];
    status = survey_make(&runner->survey, runner->campaign, cells, grid->count);
    free(cells);
    return status;
}

/* The one cell that is left to run, without a process of its own; it is counted as it would be. */
static int run_here(struct runner *runner)
{
    struct slot slot = {.cell = runner->queue.cells[0], .start = clock_now()};
    int processors[HOST_PROCESSORS_MAX];
    enum outcome outcome = OUTCOME_FAILED;
    struct cell_job job;

    if (runner->queue.count != 1 || !runner->stages.is_last)
        return error_set("--here: %d cells are to run, expected one (--only)", runner->queue.count);
    slot.assignment = choices_assignment(&runner->choices, slot.cell);
    find_checkpoint(runner, &slot);
    take_processors(runner, &slot);
    runner->queue.next = 1;
    job = job_of(runner, &slot, processors);
    if (cell_job_run(&job) != 0 || outcome_of(runner, slot.cell, &outcome) != 0)
        return -1;
    count_ended(runner, slot.cell, outcome, clock_now() - slot.start);
    return 0;
}

/* The cells of the first plan, and those of the plans that their results lead to. */
static int run_plans(struct runner *runner)
{
    int more;

    for (;;) {
        if (run_cells(runner) != 0)
            return -1;
        sum_cell_seconds(runner);
        if (runner->result->end != RUNNER_COMPLETE)
            return 0;
        more = take_next_plan(runner);
        if (more <= 0)
            return more;
        skip_finished(runner);
        if (settle_cells(runner) != 0)
            return -1;
    }
}

int runner_run(const struct campaign *campaign, const struct runner_options *options,
               struct runner_result *result)
{
    struct runner runner = {
        .campaign = campaign,
        .options = options,
        .result = result,
        .stages = {.campaign = campaign},
        .start = clock_now(),
        .lock = -1,
    };
    struct run_log log = {0};
    double total, steal;
    int status = -1, are_blocked = 0;
    int timing = campaign->experiment->measure == MEASURE_THROUGHPUT;

    memset(result, 0, sizeof *result);
    clock_timestamp(log.started);
    host_steal(&total, &steal);
    /* Whatever can be wrong with the question comes before the folder is made. */
    if (take_next_plan(&runner) < 0 || make_survey(&runner) != 0 || make_slots(&runner) != 0 ||
        prepare_folder(&runner) != 0)
        goto done;
    announce_engines(&runner);
    if (timing && runner.queue.count > 0 &&
        survey_conformance(&runner.survey, campaign, &result->wrong) != 0)
        goto done;
    if (settle_cells(&runner) != 0 || (timing && measure_roofs(&runner) != 0))
        goto done;
    awaited_block(&runner.awaited);
    are_blocked = 1;
    status = options->here ? run_here(&runner) : run_plans(&runner);
    stop_children(&runner);
    if (status == 0 && !timing && result->end == RUNNER_COMPLETE)
        status = measure_roofs(&runner); /* training does not wait for it */
    if (status == 0) {
        status = close_run(&runner, &log, total, steal);
    } else {
        char cause[1024];

        snprintf(cause, sizeof cause, "%s", error_text());
        result->end = RUNNER_INTERRUPTED;
        close_run(&runner, &log, total, steal); /* as far as it goes */
        error_set("%s", cause);
    }
done:
    if (are_blocked)
        awaited_release(&runner.awaited);
    if (runner.lock >= 0)
        close(runner.lock);
    choices_free(&runner.choices);
    stages_close(&runner.stages);
    queue_free(&runner.queue);
    free(runner.slots);
    return status;
}
