/* batchlab merge: the derived files of a results folder, made anew of its cells; and of several
 * folders one. */
#include "base/error.h"
#include "cli/command.h"
#include "run/join.h"
#include "run/rebuild.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_FORCE = 512 };

static const struct argp_option options[] = {
    {"force", KEY_FORCE, 0, 0, "Join what was measured on other machines or with other libraries",
     0},
    {0},
};

struct arguments {
    struct plan_request plan;
    char **folders; /* [count], owned; the texts are not */
    int count, force;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    char **folders;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->plan;
        return 0;
    case KEY_FORCE:
        arguments->force = 1;
        return 0;
    case ARGP_KEY_ARG:
        if (!arguments->plan.file)
            return ARGP_ERR_UNKNOWN; /* the experiment, which is the plan's */
        folders = realloc(arguments->folders, ((size_t)arguments->count + 1) * sizeof *folders);
        if (!folders)
            return ENOMEM;
        arguments->folders = folders;
        folders[arguments->count++] = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp plan_argp = {plan_request_options, plan_request_parse, 0, 0, 0, 0, 0};
static const struct argp_child children[] = {{&plan_argp, 0, NULL, 0}, {0}};

static const struct argp argp = {
    options,
    parse,
    "EXPERIMENT.yaml [FOLDER...]",
    "Makes cells.csv, curves.csv and the other derived files of a results folder anew of its "
    "recorded cells. Runs nothing.\vWith other results folders of the same experiment (shards, or "
    "what other machines have run), their cells are added first; the results folder is made if it "
    "is "
    "not there. A cell that is finished in two of them must be the same in both.",
    children,
    0,
    0};

static int merge(const struct opened *opened, const struct arguments *arguments)
{
    const struct campaign campaign = {
        .experiment = &opened->experiment,
        .dataset = &opened->dataset,
        .plan = &opened->plan,
        .results = opened->results,
    };
    int reported = 0, joined = 0, status;

    status = arguments->count > 0 ? join_folders(&campaign, arguments->folders, arguments->count,
                                                 arguments->force, &joined, &reported)
                                  : rebuild(&campaign, &reported);
    if (status != 0)
        return command_failed();
    if (arguments->count > 0)
        printf("%s: %d cells added from %d folder%s\n", opened->results, joined, arguments->count,
               arguments->count == 1 ? "" : "s");
    printf("%s: %d cells in cells.csv\n", opened->results, reported);
    return STATUS_OK;
}

int command_merge(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct opened opened;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (opened_open(&opened, arguments.plan.file, arguments.plan.quick, arguments.plan.threads,
                    arguments.plan.results) != 0) {
        status = command_failed();
    } else {
        status = merge(&opened, &arguments);
        opened_close(&opened);
    }
    free(arguments.folders);
    return status;
}
