/* The command line: one function a command. Only this layer prints to stdout and chooses the exit
 * status. */
#ifndef BATCHLAB_COMMAND_H
#define BATCHLAB_COMMAND_H

#include "cli/live.h"
#include "plan/shard.h"
#include "run/runner.h"

#include <argp.h>

/* Never 2: `make` turns every failure into 2, and callers could no longer tell. */
enum exit_status {
    STATUS_OK = 0,
    STATUS_ERROR = 1,        /* error, bad input, or a failed cell */
    STATUS_WRONG = 3,        /* a wrong result: conformance */
    STATUS_REGRESSION = 4,   /* worse than what it was compared with */
    STATUS_INCONCLUSIVE = 5, /* the data do not tell; only with --strict */
    STATUS_USAGE = 64,
    STATUS_INTERRUPTED = 130,
};

struct command {
    const char *name;
    const char *summary;               /* NULL: not for people */
    int (*run)(int argc, char **argv); /* argv[0] is "batchlab NAME"; returns the exit status */
};

int command_run(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_list(int argc, char **argv);
int command_check(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_verdict(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_history(int argc, char **argv);
int command_calibrate(int argc, char **argv);
int command_gate(int argc, char **argv);
int command_gate_side(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_import(int argc, char **argv);
int command_init(int argc, char **argv);
int command_export(int argc, char **argv);
int command_scale(int argc, char **argv);
int command_netmeasure(int argc, char **argv);
int command_roof(int argc, char **argv);
int command_report(int argc, char **argv);

/* Prints the pending error as `batchlab: ...` to stderr. Returns STATUS_ERROR. */
int command_failed(void);

/* Folder of what the program brings along ("plots", "experiments"): ../share/batchlab/NAME beside
 * the folder it lies in. */
void command_share(const char *name, char *path, size_t size);

/* Draws the chart and says where it lies; a missing gnuplot is said once. 0, or -1 (error set). */
int command_draw(const char *results, const char *chart);

/* The charts that the experiment names, as far as the results can fill them. Those that cannot be
 * drawn are said on stderr, and without gnuplot no more are tried: the results are what matters. */
void command_draw_charts(const char *results, const struct experiment *);

/* The same of numbers that stand in folder/figures/<name>.csv, by the script of that name; without
 * gnuplot a line says so, and it is no error. */
int command_draw_own(const char *folder, const char *name);

/* Calls `visit` with each experiment of that folder, by name, until it does not return 0; returns
 * what it returned last, or -1 (error set). */
int command_each_experiment(int (*visit)(const struct experiment *, void *context), void *context);
/* The same of another folder. */
int command_each_of(const char *folder, int (*visit)(const struct experiment *, void *context),
                    void *context);

/* Calls `visit` with each of the results folders, in place of a folder of such with those in it, by
 * name, until it does not return 0. 0, or -1 (error set). */
int command_each_results(char **folders, size_t count,
                         int (*visit)(const char *folder, void *context), void *context);

/* What `verdict --all` was asked for; NULL: the default. */
struct overview_request {
    char **folders; /* [count], of results or of results folders */
    size_t count;
    const char *claims, *catalogue, *table, *markdown;
    int anyway;
};

/* Judges them and sets every claim of the catalogue in a table. 0, or -1 (error set). */
int command_overview(const struct overview_request *);

/* What the parsers of commands on one experiment do with keys that are no option of theirs: exactly
 * one file is expected. */
error_t command_experiment(int key, const char *text, struct argp_state *, const char **file);

/* The same of commands on one results folder. */
error_t command_folder(int key, const char *text, struct argp_state *, const char **folder);

/* The same of commands on one or several of what `expected` says: ("a results folder"). The list is
 * argv's own. */
error_t command_several(int key, const struct argp_state *, char ***list, size_t *count,
                        const char *expected);

/* Which cells of an experiment a command is about: --results, --threads, --quick and the file, for
 * those that run nothing of it: options and parser of their argp, whose input it is. */
struct plan_request {
    const char *file, *results, *threads;
    int quick;
};
extern const struct argp_option plan_request_options[];
error_t plan_request_parse(int key, char *text, struct argp_state *);

/* An experiment opened with its data and plan, as run and plan both need it. */
struct opened {
    struct experiment experiment;
    struct dataset dataset;
    struct plan plan;
    char results[4096]; /* folder: as given, else results/<experiment>[-quick] */
};

/* threads: text for the axis of that name, or NULL. */
int opened_open(struct opened *, const char *file, int quick, const char *threads,
                const char *results);
void opened_close(struct opened *);

/* Leaves the shard of the plan, and names its own results folder: the other one's name with
 * -shard-I-of-N. */
int opened_take_shard(struct opened *, const struct shard *);

/* What cells come to: how many, how many are finished, seconds of all and of the rest, as
 * estimated. */
struct account {
    int cells, finished;
    double seconds, left;
};

/* Adds a cell of one of the experiment's plans, and says what there is of it. */
struct cell_state {
    double seconds; /* as estimated */
    int is_recorded;
    enum outcome outcome; /* of a recorded one */
};
struct cell_state opened_account(const struct opened *, const struct cell *, struct account *);

/* Cells at a time, unless a run is told otherwise. */
int opened_jobs(const struct opened *);

/* Progress on stderr: on a terminal a bar, and below it the best of each K so far; a line for each
 * finished cell otherwise. */
struct progress {
    int terminal, colour;
    int chart;       /* 1: the best as bars (run --live) */
    int lines_shown; /* of the bar and what is below it */
    struct live live;
};

/* The caller sets live.experiment, live.results and chart beforehand. */
void progress_start(struct progress *);
/* The report function of runner_options; context is the struct progress. */
void progress_report(void *context, const struct runner_progress *, const struct cell *,
                     enum outcome, double wall_seconds);
/* The announce function of runner_options: a line an engine, since its library and kernels decide
 * what is measured. */
void progress_announce(void *context, const char *engine, const char *library);
void progress_end(struct progress *);

#endif
