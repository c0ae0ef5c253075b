/* batchlab merge: the derived files of a results folder, made anew of its cells. */
#include "base/error.h"
#include "cli/command.h"
#include "run/rebuild.h"

#include <stdio.h>

enum { KEY_RESULTS = 256, KEY_THREADS, KEY_QUICK };

static const struct argp_option options[] = {
    {"results", KEY_RESULTS, "DIR", 0, "Results folder (default results/<experiment>)", 0},
    {"threads", KEY_THREADS, "N", 0, "As it was given to run", 0},
    {"quick", KEY_QUICK, 0, 0, "With the overrides under `quick:` in the file", 0},
    {0},
};

struct arguments {
    const char *file, *results, *threads;
    int quick;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_RESULTS:
        arguments->results = text;
        break;
    case KEY_THREADS:
        arguments->threads = text;
        break;
    case KEY_QUICK:
        arguments->quick = 1;
        break;
    default:
        return command_experiment(key, text, state, &arguments->file);
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "EXPERIMENT.yaml",
    "Makes cells.csv, curves.csv and the other derived files of a results folder anew of its "
    "recorded cells. Runs nothing.",
    0,
    0,
    0};

int command_merge(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct opened opened;
    int reported = 0, status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (opened_open(&opened, arguments.file, arguments.quick, arguments.threads,
                    arguments.results) != 0)
        return command_failed();

    const struct campaign campaign = {
        .experiment = &opened.experiment,
        .dataset = &opened.dataset,
        .plan = &opened.plan,
        .results = opened.results,
    };

    status = rebuild(&campaign, &reported);
    if (status == 0)
        printf("%s: %d cells in cells.csv\n", opened.results, reported);
    opened_close(&opened);
    return status == 0 ? STATUS_OK : command_failed();
}
