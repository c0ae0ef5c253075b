/* batchlab verdict: judges the claims of experiments by their results. */
#include "verdict/verdict.h"
#include "verdict/origin.h"

#include "base/error.h"
#include "cli/command.h"
#include "report/chart.h"
#include "report/plot.h"

#include <stdlib.h>

enum {
    KEY_CLAIMS = 256,
    KEY_ANYWAY,
    KEY_ALL,
    KEY_CATALOGUE,
    KEY_TABLE,
    KEY_MARKDOWN,
    KEY_NO_CHARTS
};

struct arguments {
    char **folders;
    size_t count;
    const char *claims;
    int anyway, no_charts;
    struct overview_request request;
    int is_overview;
};

static const struct argp_option options[] = {
    {"claims", KEY_CLAIMS, "FILE", 0,
     "Judge by the claims of this experiment file, not by those the results were made with; of a "
     "folder: of the file there that has the experiment's name",
     0},
    {"anyway", KEY_ANYWAY, NULL, 0, "Judge results of several machines or versions together", 0},
    {"no-charts", KEY_NO_CHARTS, NULL, 0, "Do not draw; --all never does", 0},
    {"all", KEY_ALL, NULL, 0,
     "A row for every claim of the catalogue, run or not; a folder of results folders stands for "
     "those in it",
     0},
    {"catalogue", KEY_CATALOGUE, "FILE", 0,
     "With --all: the catalogue, in place of experiments/claims/catalogue.yaml", 0},
    {"table", KEY_TABLE, "FILE", 0,
     "With --all: the table as CSV, in place of verdict_table.csv beside the first results folder",
     0},
    {"markdown", KEY_MARKDOWN, "FILE", 0,
     "With --all: puts the table into this file, between the lines <!-- verdicts --> and "
     "<!-- /verdicts -->",
     0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_CLAIMS:
        arguments->claims = text;
        break;
    case KEY_ANYWAY:
        arguments->anyway = 1;
        break;
    case KEY_NO_CHARTS:
        arguments->no_charts = 1;
        break;
    case KEY_ALL:
        arguments->is_overview = 1;
        break;
    case KEY_CATALOGUE:
        arguments->request.catalogue = text;
        break;
    case KEY_TABLE:
        arguments->request.table = text;
        break;
    case KEY_MARKDOWN:
        arguments->request.markdown = text;
        break;
    default:
        if (command_several(key, state, &arguments->folders, &arguments->count,
                            "a results folder") != 0)
            return ARGP_ERR_UNKNOWN;
        if (key != ARGP_KEY_END)
            break;
        if (!arguments->is_overview && (arguments->request.catalogue || arguments->request.table ||
                                        arguments->request.markdown))
            argp_error(state, "--catalogue, --table and --markdown go with --all");
        if (arguments->claims && arguments->count > 1 && !arguments->is_overview)
            argp_error(state, "--claims is for one results folder");
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS...",
    "Judges the claims of the experiments: a table here, every part and condition in "
    "RESULTS/verdicts.csv and RESULTS/figures/verdicts.svg.\v"
    "With --all the table has every claim of the catalogue, and says which experiment would "
    "decide what is not run yet.",
    0,
    0,
    0};

/* Chart verdicts of each folder; without gnuplot one line says so. */
static int draw_verdicts(const struct arguments *arguments)
{
    static const char chart[] = "verdicts";

    for (size_t i = 0; i < arguments->count; i++) {
        int applies = chart_applies(arguments->folders[i], chart);

        if (applies == 0 || (applies == 1 && command_draw(arguments->folders[i], chart) == 0))
            continue;
        if (applies < 0 || plot_available())
            return -1;
        fprintf(stderr, "batchlab: %s\n", error_text());
        return 0;
    }
    return 0;
}

/* Opens the folders one after the other, *opened of them: of several, those without claims are left
 * out, and a line says so. */
static int open_all(const struct arguments *arguments, struct verdicts *all, size_t *opened)
{
    for (size_t i = 0; i < arguments->count; i++) {
        struct verdicts *next = &all[*opened];
        int status = verdicts_open(next, arguments->folders[i], arguments->claims);

        if (status > 0 && arguments->count > 1) {
            fprintf(stderr, "batchlab: %s: left out\n", error_text());
            verdicts_close(next);
            *next = (struct verdicts){.count = 0};
            continue;
        }
        if (status != 0 ||
            (*opened > 0 && !arguments->anyway && origin_check_alike(&all[0], next) != 0))
            return -1;
        ++*opened;
    }
    return *opened > 0 ? 0 : -1; /* the message is that of the last one left out */
}

static int judge_all(const struct arguments *arguments, struct verdicts *all)
{
    struct ruling *rulings = NULL;
    size_t opened = 0, count;

    if (open_all(arguments, all, &opened) != 0)
        return -1;
    for (size_t i = 0; i < opened; i++)
        if (verdicts_write(&all[i]) != 0)
            return -1;
    if (rulings_make(all, opened, &rulings, &count) != 0)
        return -1;
    rulings_print(stdout, rulings, count);
    free(rulings);
    return arguments->no_charts ? 0 : draw_verdicts(arguments);
}

int command_verdict(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct verdicts *all;
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (arguments.is_overview) {
        arguments.request.folders = arguments.folders;
        arguments.request.count = arguments.count;
        arguments.request.claims = arguments.claims;
        arguments.request.anyway = arguments.anyway;
        return command_overview(&arguments.request) == 0 ? STATUS_OK : command_failed();
    }
    all = calloc(arguments.count, sizeof *all);
    if (!all)
        return error_set("out of memory"), command_failed();
    status = judge_all(&arguments, all);
    for (size_t i = 0; i < arguments.count; i++)
        verdicts_close(&all[i]);
    free(all);
    return status == 0 ? STATUS_OK : command_failed();
}
