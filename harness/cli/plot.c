/* batchlab plot: computes and draws the charts of a results folder. */
#include "report/plot.h"

#include "base/error.h"
#include "cli/command.h"
#include "report/chart.h"

#include <limits.h>
#include <stdio.h>

struct arguments {
    const char *results, *chart;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (!arguments->results)
            arguments->results = text;
        else if (!arguments->chart)
            arguments->chart = text;
        else
            argp_error(state, "unexpected argument '%s'", text);
        break;
    case ARGP_KEY_END:
        if (!arguments->results)
            argp_error(state, "expected a results folder");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {0,
                                 parse,
                                 "RESULTS [CHART]",
                                 "Draws one chart, or every chart the results have the numbers "
                                 "for, into RESULTS/figures (svg, png, pdf, and the numbers).",
                                 0,
                                 0,
                                 0};

int command_draw(const char *results, const char *chart)
{
    char plots[PATH_MAX];

    command_share("plots", plots, sizeof plots);
    if (chart_write(results, chart) != 0 || plot_draw(results, chart, plots) != 0)
        return -1;
    printf("Chart %s/figures/%s.svg (.png, .pdf; numbers in .csv)\n", results, chart);
    return 0;
}

int command_draw_own(const char *folder, const char *name)
{
    char plots[PATH_MAX], script[64];

    if (!plot_available()) {
        fputs("batchlab: gnuplot is not installed (apt install gnuplot-nox): no chart\n", stderr);
        return 0;
    }
    command_share("plots", plots, sizeof plots);
    snprintf(script, sizeof script, "%s.gp", name);
    if (plot_draw_with(folder, name, script, plots) != 0)
        return -1;
    printf("Chart %s/figures/%s.svg (.png, .pdf; numbers in .csv)\n", folder, name);
    return 0;
}

static int draw_all(const char *results)
{
    int drawn = 0;

    for (size_t i = 0; i < chart_count; i++) {
        int applies = chart_applies(results, charts[i].name);

        if (applies < 0 || (applies == 1 && command_draw(results, charts[i].name) != 0))
            return -1;
        drawn += applies;
    }
    if (drawn == 0)
        return error_set("%s: holds the numbers of no chart (batchlab list charts)", results);
    return 0;
}

int command_plot(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status;

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    if (arguments.chart)
        status = command_draw(arguments.results, arguments.chart);
    else
        status = draw_all(arguments.results);
    return status == 0 ? STATUS_OK : command_failed();
}
