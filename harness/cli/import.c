/* batchlab import: runs made elsewhere become a results folder. */
#include "base/error.h"
#include "cli/command.h"
#include "import/imported.h"
#include "plan/document.h"
#include "report/summary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_COLUMNS = 256, KEY_INTO, KEY_NO_CHARTS };

struct arguments {
    char **paths;
    size_t count;
    const char *columns, *into;
    int no_charts;
};

static const struct argp_option options[] = {
    {"columns", KEY_COLUMNS, "FILE", 0,
     "Which of their columns is which of ours: YAML, keys by `batchlab list import`", 0},
    {"into", KEY_INTO, "RESULTS", 0,
     "The results folder, or a name without a slash for results/NAME; default: the name of the "
     "mapping's file",
     0},
    {"no-charts", KEY_NO_CHARTS, NULL, 0, "Do not draw what `charts:` names", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_COLUMNS:
        arguments->columns = text;
        break;
    case KEY_INTO:
        arguments->into = text;
        break;
    case KEY_NO_CHARTS:
        arguments->no_charts = 1;
        break;
    default:
        if (command_several(key, state, &arguments->paths, &arguments->count,
                            "a CSV file, or a folder of such") != 0)
            return ARGP_ERR_UNKNOWN;
        if (key == ARGP_KEY_END && !arguments->columns)
            argp_error(state, "expected --columns FILE");
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "CSV...",
    "Brings runs made elsewhere into a results folder, so that verdict, plot, report and compare "
    "judge them as they do ours. A row is an evaluation; a folder stands for all .csv files below "
    "it.\v"
    "An empty field was not evaluated; a loss that is nan or inf is a diverged run; what the "
    "mapping has no source for stays empty. An import is replaced by the next one into the same "
    "folder, results of `run` never are. results/README.md, \"Imported runs\".",
    0,
    0,
    0};

/* Where the results go, and what they are called: after their folder. */
static void name_results(const struct arguments *arguments, struct experiment *experiment,
                         char *results, size_t size)
{
    const char *into = arguments->into ? arguments->into : experiment->name, *base;

    snprintf(results, size, "%s%s", strchr(into, '/') || into[0] == '.' ? "" : "results/", into);
    for (size_t length = strlen(results); length > 1 && results[length - 1] == '/'; length--)
        results[length - 1] = '\0';
    base = strrchr(results, '/') ? strrchr(results, '/') + 1 : results;
    if (!arguments->into || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return;
    snprintf(experiment->name, sizeof experiment->name, "%s", base);
    for (char *c = experiment->name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_", *c) &&
            (*c != '.' || c == experiment->name))
            *c = '-';
}

static int import(const struct arguments *arguments, struct experiment *experiment,
                  const struct mapping *mapping, struct runs *runs)
{
    char results[4096];

    name_results(arguments, experiment, results, sizeof results);
    if (runs_read(runs, mapping, arguments->paths, arguments->count) != 0 ||
        imported_write(results, experiment, mapping, runs) != 0)
        return -1;
    if (experiment->question[0])
        printf("%s\n", experiment->question);
    if (summary_print(stdout, results) != 0)
        return -1;
    if (!arguments->no_charts)
        command_draw_charts(results, experiment);
    printf("%zu runs of %zu evaluations, from %zu file%s, in %s\n", runs->count, runs->rows,
           runs->file_count, runs->file_count == 1 ? "" : "s", results);
    return 0;
}

int command_import(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct experiment *experiment = calloc(1, sizeof *experiment);
    struct mapping mapping = {0};
    struct runs runs = {0};
    char *text = NULL;
    int status = -1;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        free(experiment);
        return STATUS_USAGE;
    }
    if (!experiment)
        error_set("out of memory");
    else if ((text = document_read(arguments.columns)) != NULL &&
             mapping_read(&mapping, arguments.columns, text) == 0 &&
             experiment_open_claims(experiment, arguments.columns, text) == 0)
        status = import(&arguments, experiment, &mapping, &runs);
    runs_free(&runs);
    mapping_free(&mapping);
    experiment_close(experiment);
    free(experiment);
    free(text);
    return status == 0 ? STATUS_OK : command_failed();
}
