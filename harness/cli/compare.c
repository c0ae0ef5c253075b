/* batchlab compare: two results folders side by side. */
#include "compare/comparison.h"

#include "base/error.h"
#include "cli/command.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum {
    KEY_ANYWAY = 256,
    KEY_MARGIN,
    KEY_STRICT,
    KEY_TRUST_CLOCK,
    KEY_ALL,
    KEY_OUTPUT,
    KEY_NO_CHART
};

struct arguments {
    const char *folders[2];
    const char *output;
    double margin;
    int count, anyway, strict, trust_clock, all, no_chart;
};

static const struct argp_option options[] = {
    {"anyway", KEY_ANYWAY, NULL, 0,
     "Compare results of different machines, libraries or experiments too", 0},
    {"margin", KEY_MARGIN, "SHARE", 0,
     "What counts as no difference (0.1): ratios from 1 / (1 + SHARE) to 1 + SHARE", 0},
    {"strict", KEY_STRICT, NULL, 0, "Exit status 5 where something is unclear or missing", 0},
    {"trust-clock", KEY_TRUST_CLOCK, NULL, 0,
     "Exit status 4 for slower rates and longer seconds too: on a machine where two runs of the "
     "same program agree",
     0},
    {"all", KEY_ALL, NULL, 0, "Print what is the same too", 0},
    {"output", KEY_OUTPUT, "FOLDER", 0, "Where comparison.csv and figures/ go, in place of B", 0},
    {"no-chart", KEY_NO_CHART, NULL, 0, "Draw nothing", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    char *end;

    switch (key) {
    case KEY_ANYWAY:
        arguments->anyway = 1;
        break;
    case KEY_MARGIN:
        arguments->margin = strtod(text, &end);
        if (end == text || *end != '\0' || !(arguments->margin > 0 && arguments->margin < 10))
            argp_error(state, "--margin: '%s' is no share, expected a number such as 0.1", text);
        break;
    case KEY_STRICT:
        arguments->strict = 1;
        break;
    case KEY_TRUST_CLOCK:
        arguments->trust_clock = 1;
        break;
    case KEY_ALL:
        arguments->all = 1;
        break;
    case KEY_OUTPUT:
        arguments->output = text;
        break;
    case KEY_NO_CHART:
        arguments->no_chart = 1;
        break;
    case ARGP_KEY_ARG:
        if (arguments->count == 2)
            argp_error(state, "unexpected argument '%s'", text);
        arguments->folders[arguments->count++] = text;
        break;
    case ARGP_KEY_END:
        if (arguments->count < 2)
            argp_error(state, "expected two results folders");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "A B",
    "Compares two results folders: the ratio of B to A with its interval for each setting, "
    "throughput and convergence, and what only one of them has. In B: comparison.csv and "
    "figures/comparison.svg, .png, .pdf.\v"
    "Exit status: 0 nothing is worse; 1 bad input, or B failed where A ran; 4 something is worse, "
    "seconds and rates only with --trust-clock; 5 with --strict, something is unclear or missing, "
    "or worse by the clock alone.",
    0,
    0,
    0};

static int report(const struct comparison *comparison, const struct arguments *arguments)
{
    const char *folder = arguments->output ? arguments->output : arguments->folders[1];

    if (comparison_write(comparison, folder) != 0)
        return -1;
    comparison_print(stdout, comparison, arguments->all);
    printf("Numbers %s/comparison.csv\n", folder);
    if (arguments->no_chart || comparison->count == 0)
        return 0;
    if (comparison_write_chart(comparison, folder) != 0)
        return -1;
    return command_draw_own(folder, "comparison");
}

static int judge(const struct comparison *comparison, const struct arguments *arguments)
{
    if (comparison_has_failed(comparison)) {
        error_set("%s: failed cells that ran in %s", comparison->sides[1].folder,
                  comparison->sides[0].folder);
        return command_failed();
    }
    if (comparison_worse(comparison, arguments->trust_clock) > 0)
        return STATUS_REGRESSION;
    if (arguments->strict &&
        (comparison_worse(comparison, 1) > 0 || comparison->kinds[COMPARED_UNCLEAR] > 0 ||
         comparison->absent_count > 0))
        return STATUS_INCONCLUSIVE;
    return STATUS_OK;
}

int command_compare(int argc, char **argv)
{
    struct arguments arguments = {.margin = 0.1};
    struct comparison comparison;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (comparison_open(&comparison, arguments.folders[0], arguments.folders[1], arguments.margin,
                        arguments.anyway) != 0 ||
        report(&comparison, &arguments) != 0)
        status = command_failed();
    else
        status = judge(&comparison, &arguments);
    comparison_close(&comparison);
    return status;
}
