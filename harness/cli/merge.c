/* batchlab merge: the derived files of a results folder, made anew of its cells. */
#include "base/error.h"
#include "cli/command.h"
#include "run/rebuild.h"

#include <stdio.h>

static const struct argp argp = {
    plan_request_options,
    plan_request_parse,
    "EXPERIMENT.yaml",
    "Makes cells.csv, curves.csv and the other derived files of a results folder anew of its "
    "recorded cells. Runs nothing.",
    0,
    0,
    0};

int command_merge(int argc, char **argv)
{
    struct plan_request arguments = {0};
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
