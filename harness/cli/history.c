/* batchlab history: adds runs to a history, and looks for changes in it. */
#include "history/history.h"

#include "base/error.h"
#include "cli/command.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_HISTORY = 256, KEY_P, KEY_LEAST, KEY_WINDOW, KEY_NO_CHART };

struct arguments {
    const char *words[2]; /* add RESULTS, or scan */
    const char *file;
    double least; /* ratio less 1 */
    struct changes_rule rule;
    int count, no_chart;
};

static const struct argp_option options[] = {
    {"history", KEY_HISTORY, "FILE", 0, "In place of results/history.csv", 0},
    {"p", KEY_P, "P", 0, "scan: of each change (1e-4)", 0},
    {"least", KEY_LEAST, "SHARE", 0, "scan: smaller changes are none (0.02)", 0},
    {"window", KEY_WINDOW, "RUNS", 0, "scan: that are looked at together (50)", 0},
    {"no-chart", KEY_NO_CHART, NULL, 0, "scan: draw nothing", 0},
    {0},
};

/* A number in [from, to), or a message and an exit. */
static double number_of(struct argp_state *state, const char *option, const char *text, double from,
                        double to)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= from && value < to))
        argp_error(state, "--%s: '%s' is no number from %g to %g", option, text, from, to);
    return value;
}

static void check_words(const struct arguments *arguments, struct argp_state *state)
{
    const char *verb = arguments->count > 0 ? arguments->words[0] : "";

    if (strcmp(verb, "add") == 0 && arguments->count < 2)
        argp_error(state, "add: expected a results folder");
    if (strcmp(verb, "scan") == 0 && arguments->count > 1)
        argp_error(state, "scan: unexpected argument '%s'", arguments->words[1]);
    if (strcmp(verb, "add") != 0 && strcmp(verb, "scan") != 0)
        argp_error(state, "expected `add RESULTS` or `scan`");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_HISTORY:
        arguments->file = text;
        break;
    case KEY_P:
        arguments->rule.p = number_of(state, "p", text, 1e-12, 0.1);
        break;
    case KEY_LEAST:
        arguments->least = number_of(state, "least", text, 0, 10);
        break;
    case KEY_WINDOW:
        arguments->rule.window = (size_t)number_of(state, "window", text, 4, 1001);
        break;
    case KEY_NO_CHART:
        arguments->no_chart = 1;
        break;
    case ARGP_KEY_ARG:
        if (arguments->count == 2)
            argp_error(state, "unexpected argument '%s'", text);
        arguments->words[arguments->count++] = text;
        break;
    case ARGP_KEY_END:
        check_words(arguments, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "add RESULTS\nscan",
    "Keeps medians of runs in a file, a row each, and looks for the runs from which on they are "
    "others.\v"
    "scan writes changes.csv and figures/history.svg, .png, .pdf beside the file. It reports, and "
    "ends with 0 whatever it finds. A change stands on two runs at least on either side; series of "
    "different machines are looked at apart.",
    0,
    0,
    0};

static int add(const struct arguments *arguments)
{
    size_t numbers;

    if (history_add(arguments->file, arguments->words[1], &numbers) != 0)
        return -1;
    printf("%zu numbers of %s in %s\n", numbers, arguments->words[1], arguments->file);
    return 0;
}

static int report(const struct scan *scan, const struct arguments *arguments)
{
    const char *slash = strrchr(arguments->file, '/');
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - arguments->file) : 1,
             slash ? arguments->file : ".");
    if (slash == arguments->file)
        snprintf(folder, sizeof folder, "/");
    if (scan_write(scan, folder) != 0)
        return -1;
    scan_print(stdout, scan);
    printf("Numbers %s/changes.csv\n", folder);
    if (arguments->no_chart)
        return 0;
    return scan_write_chart(scan, folder) == 0 ? command_draw_own(folder, "history") : -1;
}

static int scan_file(struct arguments *arguments)
{
    struct scan scan;
    int status;

    arguments->rule.least = log1p(arguments->least);
    status = history_scan(&scan, arguments->file, &arguments->rule);
    if (status == 0)
        status = report(&scan, arguments);
    scan_close(&scan);
    return status;
}

int command_history(int argc, char **argv)
{
    struct arguments arguments = {
        .file = "results/history.csv", .least = 0.02, .rule = changes_usual};
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    status = strcmp(arguments.words[0], "add") == 0 ? add(&arguments) : scan_file(&arguments);
    return status == 0 ? STATUS_OK : command_failed();
}
