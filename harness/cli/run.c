/* batchlab run: every cell of an experiment, then the table and the charts. */
#include "base/clock.h"
#include "base/error.h"
#include "cli/command.h"
#include "report/chart.h"
#include "report/plot.h"
#include "report/summary.h"
#include "run/farm.h"
#include "run/teamwork.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEY_RESULTS = 256,
    KEY_ONLY,
    KEY_JOBS,
    KEY_THREADS,
    KEY_FORCE,
    KEY_QUICK,
    KEY_DEADLINE,
    KEY_NO_CHARTS,
    KEY_PROFILE,
    KEY_MAX_FAILURES,
    KEY_HERE,
    KEY_NO_ROOF,
    KEY_TIER,
    KEY_SHARD,
    KEY_LIVE
};

static const struct argp_option options[] = {
    {"results", KEY_RESULTS, "DIR", 0, "Results folder (default results/<experiment>)", 0},
    {"only", KEY_ONLY, "REGEX", 0, "Only cells whose id matches", 0},
    {"jobs", KEY_JOBS, "N", 0,
     "Cells at a time (default: as many as cores allow); under mpirun those of each rank", 0},
    {"threads", KEY_THREADS, "N", 0,
     "Threads of the engines, instead of the file's; auto: "
     "as many as are fastest",
     0},
    {"force", KEY_FORCE, 0, 0,
     "Go on in a folder of another experiment, of other data, machine or libraries", 0},
    {"quick", KEY_QUICK, 0, 0, "With the overrides under `quick:` in the file", 0},
    {"profile", KEY_PROFILE, 0, 0, "Show where the time of the cells that run goes", 0},
    {"deadline", KEY_DEADLINE, "SECONDS", 0, "Be done by then, whatever is unfinished", 0},
    {"max-failures", KEY_MAX_FAILURES, "N", 0,
     "Leave out an engine after so many lost cells running (default 10; 0: never)", 0},
    {"here", KEY_HERE, 0, 0, "Run the one cell that --only names in this process: for gdb", 0},
    {"no-roof", KEY_NO_ROOF, 0, 0,
     "Do not measure the roof of this machine, which takes a second or two for each number of "
     "threads",
     0},
    {"tier", KEY_TIER, "NAME", 0,
     "Instead of one file: all experiments of the program that are ci, nightly or report", 0},
    {"shard", KEY_SHARD, "I/N", 0,
     "Of N equal parts of the plan only part I, into a results folder of its own, "
     "DIR-shard-I-of-N: "
     "for job arrays; batchlab merge joins them",
     0},
    {"live", KEY_LIVE, 0, 0,
     "While it runs, on a terminal: the best of each batch size so far, as bars", 0},
    {"no-charts", KEY_NO_CHARTS, 0, 0, "Do not draw", 0},
    {0},
};

struct arguments {
    const char *file, *results, *threads;
    struct runner_options runner;
    int quick, no_charts, profile, live;
    struct shard shard;
    const struct ranks *ranks; /* NULL: this process is alone */
    enum tier tier;
    int worst; /* of several experiments, their exit status */
};

static int positive_int(struct argp_state *state, const char *name, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 1 || value > 4096)
        argp_error(state, "%s: '%s' is not valid, expected a whole number from 1 to 4096", name,
                   text);
    return (int)value;
}

static struct shard parse_shard(struct argp_state *state, const char *text)
{
    struct shard shard;
    int end = 0;

    if (sscanf(text, "%d/%d%n", &shard.index, &shard.count, &end) != 2 || text[end] ||
        shard.count < 1 || shard.count > SHARDS_MAX || shard.index < 1 || shard.index > shard.count)
        argp_error(state, "--shard: '%s' is not valid, expected I/N with 1 <= I <= N <= %d", text,
                   SHARDS_MAX);
    return shard;
}

static enum tier parse_tier(struct argp_state *state, const char *text)
{
    for (const struct choice *choice = tiers + TIER_CI; choice->name; choice++)
        if (strcmp(text, choice->name) == 0)
            return (enum tier)choice->value;
    argp_error(state, "--tier: '%s' is not valid, expected ci, nightly or report", text);
    return TIER_NONE;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    char *end;

    switch (key) {
    case KEY_RESULTS:
        arguments->results = text;
        break;
    case KEY_ONLY:
        arguments->runner.only = text;
        break;
    case KEY_JOBS:
        arguments->runner.jobs = positive_int(state, "--jobs", text);
        break;
    case KEY_THREADS:
        if (strcmp(text, "auto") != 0)
            positive_int(state, "--threads", text);
        arguments->threads = text;
        break;
    case KEY_FORCE:
        arguments->runner.force = 1;
        break;
    case KEY_QUICK:
        arguments->quick = 1;
        break;
    case KEY_DEADLINE:
        arguments->runner.deadline = strtod(text, &end);
        if (end == text || *end || !(arguments->runner.deadline > 0))
            argp_error(state, "--deadline: '%s' is not valid, expected seconds above 0", text);
        break;
    case KEY_MAX_FAILURES:
        arguments->runner.max_failures =
            strcmp(text, "0") == 0 ? 0 : positive_int(state, "--max-failures", text);
        break;
    case KEY_HERE:
        arguments->runner.here = 1;
        break;
    case KEY_NO_ROOF:
        arguments->runner.no_roof = 1;
        break;
    case KEY_TIER:
        arguments->tier = parse_tier(state, text);
        break;
    case KEY_SHARD:
        arguments->shard = parse_shard(state, text);
        break;
    case KEY_PROFILE:
        arguments->profile = 1;
        break;
    case KEY_LIVE:
        arguments->live = 1;
        break;
    case KEY_NO_CHARTS:
        arguments->no_charts = 1;
        break;
    case ARGP_KEY_END:
        if (arguments->tier != TIER_NONE) {
            if (arguments->file || arguments->results)
                argp_error(state, "--tier goes with neither a file nor --results");
            return 0;
        }
        return command_experiment(key, text, state, &arguments->file);
    default:
        return command_experiment(key, text, state, &arguments->file);
    }
    return 0;
}

static const struct argp argp = {options,
                                 parse,
                                 "EXPERIMENT.yaml\n--tier=NAME",
                                 "Runs every cell that is not finished yet; the same command "
                                 "resumes, long cells from their last "
                                 "checkpoint (limits: checkpoint_seconds). Started by mpirun, or "
                                 "by srun --mpi=pmix, it spreads the cells over all ranks.",
                                 0,
                                 0,
                                 0};

static void print_account(const struct runner_result *result)
{
    double room = result->wall_seconds * result->jobs;
    char text[256];

    if (result->run == 0)
        return;
    snprintf(text, sizeof text,
             "%d cell%s in %.0f s, %d at a time: training %.0f %%, evaluation %.0f %%, the rest "
             "%.0f %% of the time.",
             result->run, result->run == 1 ? "" : "s", result->wall_seconds, result->jobs,
             100 * result->train_seconds / room, 100 * result->evaluation_seconds / room,
             100 * (1 - (result->train_seconds + result->evaluation_seconds) / room));
    summary_print_wrapped(stdout, text);
}

static void print_place(const char *results)
{
    char text[PATH_MAX + 128];

    snprintf(text, sizeof text,
             "Results in %s: cells.csv (columns: results/README.md), manifest.json, figures/",
             results);
    summary_print_wrapped(stdout, text);
}

static int status_of(const struct runner_result *result)
{
    switch (result->end) {
    case RUNNER_INTERRUPTED:
        fprintf(stderr, "batchlab: interrupted, %d cells unfinished; the same command resumes\n",
                result->unfinished);
        return STATUS_INTERRUPTED;
    case RUNNER_DEADLINE:
        fprintf(stderr,
                "batchlab: deadline reached, %d cells unfinished; the same command "
                "resumes\n",
                result->unfinished);
        break;
    case RUNNER_COMPLETE:
        break;
    }
    if (result->run > 0 && result->unsupported == result->run && result->skipped == 0) {
        fprintf(stderr, "batchlab: nothing was trained: no engine supports any of these cells\n");
        return STATUS_ERROR;
    }
    return result->troubled + result->left_out > 0 ? STATUS_ERROR : STATUS_OK;
}

/* With what makes the cell the one it was. */
static void print_debugging(const struct opened *opened, const struct arguments *arguments,
                            const char *cell)
{
    printf("A cell that crashed, alone under a debugger: gdb --args batchlab run %s --results %s",
           opened->experiment.file, opened->results);
    if (arguments->quick)
        printf(" --quick");
    if (arguments->threads)
        printf(" --threads %s", arguments->threads);
    printf(" --only '^%s$' --here\n", cell);
}

/* What makes one folder of all shards. */
static void print_merging(const struct opened *opened, const struct arguments *arguments)
{
    const char *end = opened->results;

    for (const char *at = end; (at = strstr(at, "-shard-")) != NULL; at++)
        end = at;
    printf("Once all %d shards are there: batchlab merge %s%s --results %.*s %.*s-shard-*-of-%d\n",
           arguments->shard.count, opened->experiment.file, arguments->quick ? " --quick" : "",
           (int)(end - opened->results), opened->results, (int)(end - opened->results),
           opened->results, arguments->shard.count);
}

/* A rank that is called for cells with transport mpi. Rank 0 tells what there is to tell. */
static int follow(const struct campaign *campaign)
{
    int status = teamwork_follow(campaign, campaign->ranks);

    if (status >= 0)
        return status;
    command_failed();
    ranks_abort(STATUS_ERROR);
}

static int run_with(const struct opened *opened, const struct shifted_tests *shifted,
                    struct arguments *arguments, double started)
{
    const struct campaign campaign = {
        .experiment = &opened->experiment,
        .dataset = &opened->dataset,
        .plan = &opened->plan,
        .shifted = shifted,
        .results = opened->results,
        .ranks = arguments->ranks,
        .profile = arguments->profile,
        .started = started,
    };
    const struct post *post = arguments->runner.post;
    struct runner_result result;
    struct progress progress = {
        .chart = arguments->live,
        .live = {.experiment = &opened->experiment, .results = opened->results},
    };
    int status;

    if (post && post->ranks.rank > 0)
        return farm_serve(post, &campaign, arguments->runner.only, NULL);
    if (arguments->ranks && arguments->ranks->rank > 0)
        return follow(&campaign);
    progress_start(&progress);
    arguments->runner.report = progress_report;
    arguments->runner.announce = progress_announce;
    arguments->runner.context = &progress;
    status = runner_run(&campaign, &arguments->runner, &result);
    progress_end(&progress);
    if (status != 0)
        return result.wrong ? (command_failed(), STATUS_WRONG) : command_failed();
    if (result.end != RUNNER_INTERRUPTED && result.reported > 0) {
        if (opened->experiment.question[0])
            summary_print_wrapped(stdout, opened->experiment.question);
        if (summary_print(stdout, opened->results) != 0)
            return command_failed();
        print_account(&result);
        if (arguments->profile && result.run > 0 &&
            summary_print_profile(stdout, opened->results) != 0)
            return command_failed();
        if (!arguments->no_charts && result.end == RUNNER_COMPLETE)
            command_draw_charts(opened->results, &opened->experiment);
        print_place(opened->results);
    }
    if (arguments->shard.count > 1 && result.end == RUNNER_COMPLETE)
        print_merging(opened, arguments);
    if (result.skipped > 0)
        printf("%d finished cells were there already.\n", result.skipped);
    if (result.troubled + result.unsupported > 0)
        printf("%d cells in trouble, %d unsupported: see outcome and reason in %s/cells.csv%s\n",
               result.troubled, result.unsupported, opened->results,
               opened->experiment.tuning.key_count > 0 ? " and tuning_cells.csv" : "");
    if (result.lost[0])
        print_debugging(opened, arguments, result.lost);
    return status_of(&result);
}

static int run_opened(const struct opened *opened, struct arguments *arguments, double started)
{
    const struct experiment *experiment = &opened->experiment;
    struct shifted_tests shifted;
    int status;

    if (!experiment->evaluation.shifted_tests || experiment->measure != MEASURE_CONVERGENCE)
        return run_with(opened, NULL, arguments, started);
    if (shifted_open(&shifted, &opened->dataset, experiment->dataset.seed) != 0)
        return command_failed();
    status = run_with(opened, &shifted, arguments, started);
    shifted_close(&shifted);
    return status;
}

static int check_profile(const struct arguments *arguments, const struct experiment *experiment)
{
    if (!arguments->profile || experiment->measure != MEASURE_THROUGHPUT)
        return 0;
    return error_set("%s: --profile is for training; the experiment times steps (`measure: "
                     "throughput`)",
                     experiment->file);
}

/* What the file and the options make of it. */
static int open_file(struct opened *opened, const struct arguments *arguments, const char *file)
{
    if (opened_open(opened, file, arguments->quick, arguments->threads, arguments->results) != 0)
        return -1;
    if (check_profile(arguments, &opened->experiment) == 0 &&
        (arguments->shard.count == 0 || opened_take_shard(opened, &arguments->shard) == 0))
        return 0;
    opened_close(opened);
    return -1;
}

static int run_or_say_empty(const struct opened *opened, struct arguments *arguments,
                            double started)
{
    if (opened->plan.count > 0 || arguments->shard.count == 0)
        return run_opened(opened, arguments, started);
    printf("Shard %d of %d has no cells: the plan has fewer.\n", arguments->shard.index,
           arguments->shard.count);
    return STATUS_OK;
}

/* As one of several. What keeps one from opening the experiment is told by rank 0. */
static int run_as_rank(const struct opened *opened, struct arguments *arguments, double started)
{
    struct post post;
    char why[1024] = "";
    int status;

    if (!opened)
        snprintf(why, sizeof why, "%s", error_text());
    if (post_open(&post) != 0)
        return command_failed();
    if (!opened && post.ranks.rank > 0)
        return farm_serve(&post, &(struct campaign){0}, NULL, why);
    if (!opened)
        return command_failed();
    arguments->runner.post = &post;
    status = run_or_say_empty(opened, arguments, started);
    arguments->runner.post = NULL;
    return status;
}

/* 1: started as one of several. */
static int is_of_ranks(void)
{
    int rank, size;

    ranks_told(&rank, &size);
    return ranks_started() && size != 1;
}

/* In all that mpirun has started, which have MPI in them: cells run in the ranks themselves. */
static int run_as_team(struct arguments *arguments, const char *file, double started)
{
    struct opened opened;
    struct ranks ranks;
    int rank, size, speaks, is_open, status;

    ranks_told(&rank, &size);
    if (ranks_open(&ranks) != 0) {
        if (rank == 0)
            return command_failed();
        sleep(1); /* mpirun ends all when one ends so: rank 0 is to be heard first */
        return STATUS_ERROR;
    }
    is_open = open_file(&opened, arguments, file) == 0;
    if (teamwork_agree(&ranks, is_open ? 0 : -1, &opened.experiment, &opened.plan, &opened.dataset,
                       &speaks) != 0) {
        status = speaks ? command_failed() : STATUS_ERROR;
    } else {
        arguments->ranks = &ranks;
        status = run_or_say_empty(&opened, arguments, started);
        if (ranks.rank == 0)
            teamwork_dismiss(status);
        arguments->ranks = NULL;
    }
    if (is_open)
        opened_close(&opened);
    ranks_close();
    return status;
}

/* 1: cells of the experiment run in several ranks. What cannot be read says so when it is opened.
 */
static int is_for_ranks(const char *file, int quick)
{
    struct experiment experiment;
    int status = experiment_open(&experiment, file, quick) == 0 && teamwork_is_wanted(&experiment);

    experiment_close(&experiment);
    return status;
}

static int run_file(struct arguments *arguments, const char *file, double started)
{
    struct opened opened;
    int is_open, status;

    if (is_of_ranks() && is_for_ranks(file, arguments->quick))
        return run_as_team(arguments, file, started);
    is_open = open_file(&opened, arguments, file) == 0;
    if (is_of_ranks())
        status = run_as_rank(is_open ? &opened : NULL, arguments, started);
    else
        status = is_open ? run_or_say_empty(&opened, arguments, started) : command_failed();
    if (is_open)
        opened_close(&opened);
    return status;
}

/* One of a tier. A failure of one does not keep the others from running; an interruption does. */
static int run_member(const struct experiment *experiment, void *context)
{
    struct arguments *arguments = context;
    int status;

    if (experiment->tier != arguments->tier)
        return 0;
    if (teamwork_is_wanted(experiment)) {
        printf("%s: left out: its cells are for several ranks, mpirun -n W batchlab run %s\n",
               experiment->name, experiment->file);
        return 0;
    }
    printf("%s: %s\n", experiment->name, experiment->question);
    fflush(stdout);
    status = run_file(arguments, experiment->file, clock_now());
    if (status != STATUS_OK && arguments->worst == STATUS_OK)
        arguments->worst = status;
    return status == STATUS_INTERRUPTED ? 1 : 0;
}

/* Of several ranks one alone says what is wrong with the arguments. */
static error_t parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    int rank, size, nowhere, before;
    error_t status;

    ranks_told(&rank, &size);
    if (rank == 0)
        return argp_parse(&argp, argc, argv, 0, NULL, arguments);
    before = dup(STDERR_FILENO);
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    status = argp_parse(&argp, argc, argv, 0, NULL, arguments);
    dup2(before, STDERR_FILENO);
    close(before);
    close(nowhere);
    return status;
}

/* What one rank alone says; the others leave without a word. */
static int refuse_over_ranks(const char *option)
{
    int rank, size;

    ranks_told(&rank, &size);
    error_set("%s: not over several ranks; without mpirun, or without the option", option);
    return rank == 0 ? command_failed() : STATUS_ERROR;
}

/* Slurm says how many it has started; PMIx would say that they can find each other. */
static void warn_of_strangers(const struct arguments *arguments)
{
    const char *tasks = getenv("SLURM_STEP_NUM_TASKS"), *task = getenv("SLURM_PROCID");

    if (ranks_started() || arguments->shard.count > 0 || !tasks || atoi(tasks) < 2 || !task ||
        strcmp(task, "0") != 0)
        return;
    fprintf(stderr,
            "batchlab: srun has started %.9s of this that do not know of each other: each runs all "
            "cells of its experiment, or finds the folder locked by another; srun --mpi=pmix lets "
            "them share the cells\n",
            tasks);
}

int command_run(int argc, char **argv)
{
    struct arguments arguments = {.runner.max_failures = 10};
    double started = clock_now();

    if (parse_arguments(argc, argv, &arguments) != 0)
        return STATUS_USAGE;
    warn_of_strangers(&arguments);
    if (is_of_ranks() && (arguments.tier != TIER_NONE || arguments.runner.here))
        return refuse_over_ranks(arguments.runner.here ? "--here" : "--tier");
    if (arguments.tier == TIER_NONE)
        return run_file(&arguments, arguments.file, started);
    if (command_each_experiment(run_member, &arguments) < 0)
        return command_failed();
    return arguments.worst;
}
