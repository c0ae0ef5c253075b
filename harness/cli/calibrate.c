/* batchlab calibrate: what a gate can tell on this machine. */
#include "gate/calibration.h"

#include "base/error.h"
#include "cli/command.h"
#include "cli/gate_options.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_SIDE = 512, KEY_RUNS, KEY_SLOWED_RUNS, KEY_RESAMPLES, KEY_OUTPUT, KEY_NO_CHART };

static const struct argp_option options[] = {
    {"side", KEY_SIDE, "SIDE", 0,
     "What is measured against itself: an engine, or a batchlab "
     "(default: this program)",
     0},
    {"runs", KEY_RUNS, "N", 0, "Runs of the same against itself (default 20)", 0},
    {"slowed-runs", KEY_SLOWED_RUNS, "N[,N...]", 0,
     "Runs of each slow-down, or of 2, 5, 10 and 20 % one by one (default 5)", 0},
    {"resamples", KEY_RESAMPLES, "N", 0, "Runs made of the recorded rounds (default 1000)", 0},
    {"output", KEY_OUTPUT, "FOLDER", 0, "Default results/calibration", 0},
    {"no-chart", KEY_NO_CHART, 0, 0, "Draw nothing", 0},
    {0},
};

struct arguments {
    struct calibration_options calibration;
    const char *side, *output;
    int no_chart;
};

/* The last number given is that of the slow-downs after it, too. */
static void slowed_runs(struct calibration_options *calibration, struct argp_state *state,
                        char *list)
{
    char *text = strsep(&list, ",");

    for (int a = 1; a < calibration->arm_count; a++) {
        calibration->runs[a] = gate_whole(state, "slowed-runs", text, 0, 1000);
        if (list)
            text = strsep(&list, ",");
    }
    if (list)
        argp_error(state, "--slowed-runs: '%s' is left over, expected at most %d numbers", list,
                   calibration->arm_count - 1);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->calibration.gate;
        break;
    case KEY_SIDE:
        arguments->side = text;
        break;
    case KEY_RUNS:
        arguments->calibration.runs[0] = gate_whole(state, "runs", text, 2, 1000);
        break;
    case KEY_SLOWED_RUNS:
        slowed_runs(&arguments->calibration, state, text);
        break;
    case KEY_RESAMPLES:
        arguments->calibration.resamples = gate_whole(state, "resamples", text, 0, 100000);
        break;
    case KEY_OUTPUT:
        arguments->output = text;
        break;
    case KEY_NO_CHART:
        arguments->no_chart = 1;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&gate_argp, 0, NULL, 0}, {0}};

static const struct argp argp = {
    options,
    parse,
    "[EXPERIMENT]",
    "Measures the same program against itself as a gate would, and against itself with 2, 5, 10 "
    "and "
    "20 % of its calls made twice: how far the same is apart (the floor of each cell, which gates "
    "take into account), how often a gate raises a false alarm, and how often it finds what is "
    "slower. In FOLDER: calibration.csv, figures/calibration.svg, .png, .pdf.\v"
    "Exit status: 0 done; 1 error; 64 usage; 130 interrupted.",
    children,
    0,
    0};

static int report(const struct calibration *calibration, const struct arguments *arguments)
{
    gate_progress_end();
    calibration_print(stdout, calibration);
    if (calibration_write(calibration, arguments->output) != 0)
        return -1;
    printf("Numbers %s/calibration.csv\n", arguments->output);
    return arguments->no_chart ? 0 : command_draw_own(arguments->output, "calibration");
}

int command_calibrate(int argc, char **argv)
{
    struct arguments arguments = {
        .output = "results/calibration",
        .calibration = {.gate = gate_defaults,
                        .shares = {0, 0.02, 0.05, 0.1, 0.2},
                        .arm_count = 5,
                        .runs = {20, 5, 5, 5, 5},
                        .resamples = 1000},
    };
    struct contender side = {.label = "side"};
    struct calibration calibration = {.opened = 0};
    char file[PATH_MAX];
    int status = STATUS_OK;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    gate_options_settle(&arguments.calibration.gate, file, sizeof file);
    gate_catch_signals();
    if (contender_resolve(&side, arguments.side) != 0 ||
        calibration_run(&calibration, &arguments.calibration, &side) != 0 ||
        report(&calibration, &arguments) != 0)
        status = gate_interrupted() ? STATUS_INTERRUPTED : command_failed();
    calibration_close(&calibration);
    return status;
}
