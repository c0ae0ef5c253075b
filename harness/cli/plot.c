/* batchlab plot: computes and draws the charts of a results folder. */
#include "report/plot.h"

#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "report/chart.h"
#include "report/terminal_chart.h"
#include "report/words.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEY_FORMAT = 256,
    KEY_WIDTH,
    KEY_HEIGHT,
    KEY_DPI,
    KEY_FONT,
    KEY_LANGUAGE,
    KEY_BARE,
    KEY_OUTPUT,
    KEY_TERMINAL
};

struct arguments {
    const char *results, *chart;
    const char *output; /* NULL: the figures of the results */
    int terminal;       /* 1: print it, and write nothing */
    struct figure figure;
};

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "LIST", 0,
     "Some of svg,png,pdf,tikz,cairolatex, in place of svg,png,pdf", 0},
    {"width", KEY_WIDTH, "LENGTH", 0,
     "84mm, 8.4cm, 3.3in or 240pt exactly: panels go below each other where they do not fit", 0},
    {"height", KEY_HEIGHT, "LENGTH", 0, "With --width; else as high as the chart needs", 0},
    {"font", KEY_FONT, "NAME[,POINTS]", 0,
     "An installed font, and the size of the numbers at the axes (7 with --width)", 0},
    {"lang", KEY_LANGUAGE, "en|zh", 0,
     "Language of titles, axes and legends; names in the results stay. Files are CHART.zh.*", 0},
    {"no-caption", KEY_BARE, NULL, 0, "Without heading and caption, which the text around has", 0},
    {"dpi", KEY_DPI, "N", 0, "Dots an inch of a png with --width, in place of 300", 0},
    {"terminal", KEY_TERMINAL, NULL, 0,
     "Draw with characters, in COLUMNS columns, and write no file; colours unless NO_COLOR", 0},
    {"output", KEY_OUTPUT, "FOLDER", 0, "Where figures and numbers go, in place of RESULTS/figures",
     0},
    {0},
};

static int read_language(const char *text, const char **language)
{
    static const char *const known[] = {"en", "zh"};

    for (size_t l = 0; l < sizeof known / sizeof *known; l++)
        if (strcmp(text, known[l]) == 0) {
            *language = known[l];
            return 0;
        }
    return error_set("--lang %s: expected en or zh", text);
}

static int read_dpi(const char *text, double *dpi)
{
    char *end;

    *dpi = strtod(text, &end);
    return end > text && !*end && *dpi >= 30 && *dpi <= 2400
               ? 0
               : error_set("--dpi %s: expected 30 to 2400", text);
}

/* 0, -1 (error set), or 1: no option of the figure. */
static int read_option(int key, const char *text, struct arguments *arguments)
{
    struct figure *figure = &arguments->figure;

    switch (key) {
    case KEY_FORMAT:
        return figure_read_formats(text, &figure->formats);
    case KEY_WIDTH:
        return figure_read_length(text, &figure->width_mm);
    case KEY_HEIGHT:
        return figure_read_length(text, &figure->height_mm);
    case KEY_FONT:
        return figure_read_font(text, figure);
    case KEY_LANGUAGE:
        return read_language(text, &figure->language);
    case KEY_DPI:
        return read_dpi(text, &figure->dpi);
    case KEY_BARE:
        figure->bare = 1;
        return 0;
    case KEY_TERMINAL:
        arguments->terminal = 1;
        return 0;
    case KEY_OUTPUT:
        arguments->output = text;
        return 0;
    default:
        return 1;
    }
}

static int is_for_files(const struct arguments *arguments)
{
    const struct figure *figure = &arguments->figure;

    return arguments->output || figure->formats || figure->width_mm > 0 || figure->height_mm > 0 ||
           figure->dpi > 0 || figure->font[0] || figure->points > 0 || figure->language ||
           figure->bare;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    int status = read_option(key, text, arguments);

    if (status < 0)
        argp_error(state, "%s", error_text());
    if (status <= 0)
        return 0;
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
        if (arguments->terminal && is_for_files(arguments))
            argp_error(state, "--terminal writes no file: it goes with no other option");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "RESULTS [CHART]",
    "Draws one chart, or every chart the results have the numbers "
    "for, into RESULTS/figures (svg, png, pdf, and the numbers).\v"
    "For a column of a paper: batchlab plot RESULTS loss --width 84mm "
    "--no-caption --format pdf --output figures. Fonts are embedded in "
    "pdf, and by hb-subset in svg with --width; tikz and cairolatex are \\input by LaTeX, "
    "which sets their letters (plots/latex/sample.tex). The same "
    "numbers give the same svg and png, byte for byte.",
    0,
    0,
    0};

/* ---- One chart --------------------------------------------------------------------------------
 */

/* "Chart DIR/loss.svg (.png, .pdf; numbers in .csv)" */
static void announce(const char *folder, const char *chart, const struct figure *figure)
{
    unsigned formats = figure->formats ? figure->formats : FIGURE_USUAL;
    char first[96] = "", name[96];
    int more = 0;

    for (enum figure_format f = 0; f < FIGURE_FORMATS; f++) {
        if (!(formats & 1u << f))
            continue;
        figure_name(figure, f, chart, name, sizeof name);
        if (!first[0]) {
            snprintf(first, sizeof first, "%s", name);
            printf("Chart %s/%s.%s (", folder, name, figure_suffix(f));
            continue;
        }
        printf("%s%s.%s", more++ ? ", " : "", strcmp(name, first) == 0 ? "" : name,
               figure_suffix(f));
    }
    printf("%snumbers in .csv)\n", more ? "; " : "");
}

static int draw_figure(const char *results, const char *name, const char *output,
                       const struct figure *figure)
{
    const struct chart *chart = chart_find(name);
    char plots[PATH_MAX], folder[PATH_MAX], file[96], numbers[PATH_MAX + 100];

    if (!chart)
        return -1;
    command_share("plots", plots, sizeof plots);
    if (output)
        snprintf(folder, sizeof folder, "%s", output);
    else
        snprintf(folder, sizeof folder, "%s/figures", results);
    figure_numbers_name(figure, name, file, sizeof file);
    snprintf(numbers, sizeof numbers, "%s/%s", folder, file);
    if (chart_applies(results, name) < 0) /* no folder then, for results that are not there */
        return -1;
    if (folder_make(folder) != 0 || chart_write_to(results, name, numbers) != 0)
        return -1;
    if (words_missing())
        return error_set("%s/words.tsv: no translation of [%s] to %s", plots, words_missing(),
                         words_language());
    if (!plot_available())
        return error_set("gnuplot is not installed (apt install gnuplot-nox); the results are "
                         "complete in %s",
                         results);
    if (plot_draw_figure(
            &(const struct plot){name, chart->script, numbers, folder, plots, figure}) != 0)
        return -1;
    announce(folder, name, figure);
    return 0;
}

/* The numbers go through a file that is gone afterwards: the results may not be ours to write to.
 */
static int print_chart(const char *results, const char *chart)
{
    char path[] = "/tmp/batchlab-chart-XXXXXX";
    struct terminal terminal = terminal_of(stdout);
    struct table *numbers = NULL;
    int file = mkstemp(path), status = -1;

    if (file < 0)
        return error_set("%s: %s", path, strerror(errno));
    close(file);
    if (chart_write_to(results, chart, path) == 0 && table_open(&numbers, path) == 0)
        status = terminal_chart_print(stdout, numbers, chart, &terminal);
    table_close(numbers);
    unlink(path);
    return status;
}

/* One chart, as the arguments say. */
static int show(const struct arguments *arguments, const char *chart)
{
    return arguments->terminal
               ? print_chart(arguments->results, chart)
               : draw_figure(arguments->results, chart, arguments->output, &arguments->figure);
}

int command_draw(const char *results, const char *chart)
{
    return draw_figure(results, chart, NULL, &(const struct figure){.formats = 0});
}

void command_draw_charts(const char *results, const struct experiment *experiment)
{
    for (int c = 0; c < experiment->chart_count; c++) {
        const char *chart = experiment->charts[c];
        int applies = chart_applies(results, chart);

        if (applies == 0)
            continue;
        if (applies < 0 || command_draw(results, chart) != 0) {
            fprintf(stderr, "batchlab: %s\n", error_text());
            if (!plot_available())
                return;
        }
    }
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

static int draw_all(const struct arguments *arguments)
{
    int drawn = 0;

    for (size_t i = 0; i < chart_count; i++) {
        int applies = chart_applies(arguments->results, charts[i].name);

        if (applies < 0 || (applies == 1 && show(arguments, charts[i].name) != 0))
            return -1;
        drawn += applies;
    }
    if (drawn == 0)
        return error_set("%s: holds the numbers of no chart (batchlab list charts)",
                         arguments->results);
    return 0;
}

static int plot(struct arguments *arguments)
{
    char plots[PATH_MAX];
    int status;

    command_share("plots", plots, sizeof plots);
    if (figure_check(&arguments->figure) != 0 ||
        (arguments->figure.language && words_speak(plots, arguments->figure.language) != 0))
        return -1;
    status = arguments->chart ? show(arguments, arguments->chart) : draw_all(arguments);
    words_close();
    if (figure_font_named())
        fprintf(stderr, "batchlab: svg names its font, and does not carry it: %s\n",
                figure_font_named());
    return status;
}

int command_plot(int argc, char **argv)
{
    struct arguments arguments = {0};

    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return plot(&arguments) == 0 ? STATUS_OK : command_failed();
}
