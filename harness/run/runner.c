/* Runs the cells of a plan. */
#include "run/runner.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "run/awaited.h"
#include "run/choice.h"
#include "run/crew.h"
#include "run/farm.h"
#include "run/forecast.h"
#include "run/loss.h"
#include "run/queue.h"
#include "run/record.h"
#include "run/stages.h"
#include "run/survey.h"
#include "run/teamwork.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct runner {
    const struct campaign *campaign;
    const struct runner_options *options;
    struct runner_result *result;
    struct survey survey;
    struct engine_choices choices;
    struct stages stages;
    struct queue queue; /* of the stages' plan */
    int total;          /* cells to run in all, as far as that is known */
    struct crew crew;
    struct farm farm;         /* zeroed where this process is alone */
    struct forecast forecast; /* of the stages' plan, for a farm */
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
    return teamwork_check(&runner->queue, runner->campaign) == 0 ? 1 : -1;
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

static int is_farm(const struct runner *runner)
{
    return runner->options->post && runner->options->post->ranks.size > 1;
}

/* Where cells can run, but for the folder. */
static int open_places(struct runner *runner)
{
    const struct runner_options *options = runner->options;

    if (is_farm(runner) && farm_open(&runner->farm, options->post, runner->campaign,
                                     &runner->survey, options->force) != 0)
        return -1;
    return crew_open(&runner->crew, runner->campaign, &runner->survey, options->jobs);
}

/* Once there is a folder; a run without cells leaves other ranks alone. */
static int ready_places(struct runner *runner)
{
    if (is_farm(runner) && (runner->queue.count > 0 || !runner->stages.is_last) &&
        (farm_welcome(&runner->farm, runner->options->jobs) != 0 ||
         farm_tell_roofs(&runner->farm, &runner->survey) != 0))
        return -1;
    runner->result->jobs = runner->crew.slot_count + runner->farm.slots;
    return 0;
}

/* ---- Running -------------------------------------------------------------------------------- */

static void report(struct runner *runner, const struct cell *cell, enum outcome outcome,
                   double wall_seconds)
{
    double pace = runner->expected_done > 0 ? runner->spent / runner->expected_done : (double)NAN;
    double left = runner->expected_total - runner->expected_done;
    struct runner_progress progress = {
        .done = runner->result->run,
        .total = runner->total,
        .round = runner->stages.round,
        .eta_seconds = pace * left / (runner->crew.slot_count + runner->farm.slots),
        .running = runner->crew.running + runner->farm.out_count,
    };

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

static int most_processors(const struct runner *runner)
{
    int here = runner->survey.host.processor_count, there = farm_most_processors(&runner->farm);

    return there > here ? there : here;
}

/* More threads than processors would measure the scheduler. */
static int refuse_cell(struct runner *runner, const struct cell *cell,
                       const struct assignment *assignment)
{
    char reason[128];

    snprintf(reason, sizeof reason, "%d threads on %d processors", assignment->threads,
             most_processors(runner));
    if (cell_record_loss(runner->campaign, cell, assignment, OUTCOME_UNSUPPORTED, reason, 0) != 0)
        return -1;
    count_ended(runner, cell, OUTCOME_UNSUPPORTED, 0);
    return 0;
}

enum { NOWHERE = -1, HERE = 0 }; /* else a rank */

/* The next cell that runs in a process of its own; NULL: none is left. */
static const struct cell *next_to_fork(const struct runner *runner)
{
    const struct queue *queue = &runner->queue;

    if (queue->next == queue->count || teamwork_is_of(queue->cells[queue->next]))
        return NULL;
    return queue->cells[queue->next];
}

/* Where most is free: cells are spread over ranks. */
static int find_place(const struct runner *runner, const struct assignment *assignment)
{
    const struct crew *crew = &runner->crew;
    int room, rank = farm_find_room(&runner->farm, assignment, &room);

    if (assignment->threads <= runner->survey.host.processor_count &&
        crew_has_room(crew, assignment) && crew->slot_count - crew->running >= room)
        return HERE;
    return rank > 0 ? rank : NOWHERE;
}

static double forecast_of(const void *forecast, const struct cell *cell)
{
    return forecast_seconds(forecast, cell);
}

static int start_cell(struct runner *runner, int place, const struct cell *cell,
                      const struct assignment *assignment)
{
    return place == HERE ? crew_start(&runner->crew, cell, assignment)
                         : farm_start(&runner->farm, place, cell, assignment);
}

static int start_cells(struct runner *runner)
{
    struct queue *queue = &runner->queue;

    while (next_to_fork(runner)) {
        struct assignment assignment;
        const struct cell *cell;
        int place;

        if (is_farm(runner))
            queue_longest_first(queue, forecast_of, &runner->forecast);
        cell = queue->cells[queue->next];
        assignment = choices_assignment(&runner->choices, cell);
        if (assignment.threads > most_processors(runner)) {
            queue->next++;
            if (refuse_cell(runner, cell, &assignment) != 0)
                return -1;
            continue;
        }
        place = find_place(runner, &assignment);
        if (place == NOWHERE)
            return 0;
        queue->next++;
        if (start_cell(runner, place, cell, &assignment) != 0)
            return -1;
    }
    return 0;
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
static void note_loss(struct runner *runner, const struct cell_end *end)
{
    const struct of_engine of = {runner, end->assignment.engine};
    int most = runner->options->max_failures, dropped;

    if (end->outcome == OUTCOME_CRASHED && !runner->result->lost[0])
        snprintf(runner->result->lost, sizeof runner->result->lost, "%s", end->cell->id);
    if (losses_note(&runner->losses, of.engine, end->outcome) < most || most == 0)
        return;
    dropped = queue_drop(&runner->queue, is_of_engine, &of);
    runner->result->left_out += dropped;
    if (dropped > 0)
        fprintf(stderr,
                "batchlab: engine %s lost %d cells running: its other %d are left out "
                "(--max-failures)\n",
                of.engine, most, dropped);
}

static int note_end(void *context, const struct cell_end *end)
{
    struct runner *runner = context;

    note_loss(runner, end);
    forecast_note(&runner->forecast, end->cell, end->wall_seconds);
    runner->result->cell_wall_seconds += end->wall_seconds;
    runner->spent += end->wall_seconds;
    runner->expected_done += seconds_of(runner, end->cell);
    count_ended(runner, end->cell, end->outcome, end->wall_seconds);
    return 0;
}

static void note_return(void *context, const struct cell *cell)
{
    struct runner *runner = context;

    queue_return(&runner->queue, cell);
}

static struct farm_events events_of(struct runner *runner)
{
    return (struct farm_events){note_end, note_return, runner};
}

/* What has ended by now, here and elsewhere. */
static int take_ends(struct runner *runner)
{
    const struct farm_events events = events_of(runner);

    if (crew_reap(&runner->crew, &runner->awaited, note_end, runner) != 0)
        return -1;
    return is_farm(runner) ? farm_take(&runner->farm, &events) : 0;
}

/* The pending error stays what it is. */
static void stop_cells(struct runner *runner)
{
    const struct farm_events events = events_of(runner);
    char cause[1024];

    snprintf(cause, sizeof cause, "%s", error_text());
    crew_stop(&runner->crew);
    farm_stop(&runner->farm, &events);
    error_set("%s", cause);
}

static int is_running(const struct runner *runner)
{
    return runner->crew.running + runner->farm.out_count > 0;
}

static int run_cells(struct runner *runner)
{
    int also = is_farm(runner) ? runner->options->post->socket : -1;

    while (next_to_fork(runner) || is_running(runner)) {
        int received;

        if (seconds_left(runner) <= 0) {
            runner->result->end = RUNNER_DEADLINE;
            return 0;
        }
        if (start_cells(runner) != 0)
            return -1;
        received = awaited_next(&runner->awaited, also);
        if ((received > 0 && received != SIGCHLD) || runner->farm.is_interrupted) {
            runner->result->end = RUNNER_INTERRUPTED;
            return 0;
        }
        if (take_ends(runner) != 0)
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
    log->ranks = is_farm(runner) ? runner->options->post->ranks.size : 1;
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

/* The one cell that is left to run, without a process of its own; it is counted as it would be. */
static int run_here(struct runner *runner)
{
    const struct cell *cell = runner->queue.cells[0];
    struct assignment assignment;
    struct cell_end end;

    if (runner->queue.count != 1 || !runner->stages.is_last)
        return error_set("--here: %d cells are to run, expected one (--only)", runner->queue.count);
    assignment = choices_assignment(&runner->choices, cell);
    runner->queue.next = 1;
    if (crew_run_here(&runner->crew, cell, &assignment, &end) != 0)
        return -1;
    count_ended(runner, cell, end.outcome, end.wall_seconds);
    return 0;
}

/* With what the order of a farm is decided by. */
static int run_plan(struct runner *runner)
{
    int status;

    if (is_farm(runner) &&
        forecast_open(&runner->forecast, runner->campaign, runner->stages.plan) != 0)
        return -1;
    status = run_cells(runner);
    forecast_close(&runner->forecast);
    return status;
}

/* What run_cells has left in the queue: cells of this process and other ranks. */
static int run_teams(struct runner *runner)
{
    while (runner->result->end == RUNNER_COMPLETE && runner->queue.next < runner->queue.count) {
        const struct cell *cell = runner->queue.cells[runner->queue.next];
        struct assignment assignment = choices_assignment(&runner->choices, cell);
        struct cell_end end;

        if (seconds_left(runner) <= 0) {
            runner->result->end = RUNNER_DEADLINE;
            break;
        }
        runner->queue.next++;
        awaited_release(&runner->awaited); /* who is told to end ends, and the job with it */
        if (crew_run_here(&runner->crew, cell, &assignment, &end) != 0)
            return -1;
        awaited_block(&runner->awaited);
        count_ended(runner, cell, end.outcome, end.wall_seconds);
    }
    return 0;
}

/* The cells of the first plan, and those of the plans that their results lead to. */
static int run_plans(struct runner *runner)
{
    int more;

    for (;;) {
        if (run_plan(runner) != 0 || run_teams(runner) != 0)
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
    if (take_next_plan(&runner) < 0 ||
        survey_chosen(&runner.survey, campaign, options->only) != 0 || open_places(&runner) != 0 ||
        prepare_folder(&runner) != 0)
        goto done;
    announce_engines(&runner);
    if (timing && runner.queue.count > 0 &&
        survey_conformance(&runner.survey, campaign, &result->wrong) != 0)
        goto done;
    if (settle_cells(&runner) != 0 || (timing && measure_roofs(&runner) != 0) ||
        ready_places(&runner) != 0)
        goto done;
    awaited_block(&runner.awaited);
    are_blocked = 1;
    status = options->here ? run_here(&runner) : run_plans(&runner);
    stop_cells(&runner);
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
    if (!are_blocked)
        stop_cells(&runner);
    if (are_blocked)
        awaited_release(&runner.awaited);
    if (runner.lock >= 0)
        close(runner.lock);
    choices_free(&runner.choices);
    stages_close(&runner.stages);
    queue_free(&runner.queue);
    forecast_close(&runner.forecast);
    crew_close(&runner.crew);
    farm_close(&runner.farm);
    return status;
}
