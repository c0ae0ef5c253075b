/* Draws a chart with gnuplot. */
#include "report/plot.h"

#include "base/error.h"
#include "base/file.h"
#include "base/program.h"
#include "report/chart.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double limit_seconds = 60;

int plot_available(void)
{
    return program_available("gnuplot");
}

/* name: of the file, in the plot's folder, where gnuplot runs: LaTeX is told names as they are
 * given. */
static int run_gnuplot(const struct plot *plot, enum figure_format format, const char *name)
{
    char settings[4 * PATH_MAX], numbers[PATH_MAX], plots[PATH_MAX], script[PATH_MAX + 64];
    char said[800];
    int status;

    if (!realpath(plot->numbers, numbers)) /* gnuplot will say so */
        snprintf(numbers, sizeof numbers, "%s", plot->numbers);
    if (!realpath(plot->plots_folder, plots))
        return error_set("%s: %s", plot->plots_folder, strerror(errno));
    snprintf(script, sizeof script, "%s/%s", plots, plot->script);
    if (figure_settings(plot->figure, format, numbers, plots, settings, sizeof settings) != 0)
        return -1;
    status =
        program_run((const char *const[]){"gnuplot", "-e", settings, "-c", script, ".", name, NULL},
                    plot->folder, limit_seconds, said, sizeof said);
    snprintf(script, sizeof script, "%s/%s", plot->plots_folder, plot->script);
    if (status < 0) {
        char cause[600];

        snprintf(cause, sizeof cause, "%s", error_text());
        return error_set("%s: %s", script, cause);
    }
    program_one_line(said);
    if (status != 0 && strstr(said, "terminal type"))
        return error_set("%s: gnuplot has no terminal for %s here (apt install gnuplot-nox): %s",
                         script, figure_format_name(format), said);
    if (status != 0)
        return error_set("%s: gnuplot failed: %s", script, *said ? said : "it said nothing");
    return 0;
}

/* Removes what a killed drawing left: .tmp-PID-*, of no process that still runs. */
static void remove_stale(const char *folder)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;

    while (listing && (entry = readdir(listing))) {
        long process;

        if (sscanf(entry->d_name, ".tmp-%ld-", &process) != 1 || process <= 0)
            continue;
        if (process == (long)getpid() || (kill((pid_t)process, 0) != 0 && errno == ESRCH))
            unlinkat(dirfd(listing), entry->d_name, 0);
    }
    if (listing)
        closedir(listing);
}

/* In a file for LaTeX the temporary name becomes the one that it will have; the line below the one
 * that names gnuplot, when it was drawn, is left out: the same numbers give the same file. */
static int tidy_tex(const char *path, const char *temporary, const char *name)
{
    FILE *file = fopen(path, "r");
    struct whole_file renamed = {0};
    char *line = NULL;
    size_t size = 0;
    int status = -1, below_name = 0;

    if (!file)
        return error_set("%s: %s", path, strerror(errno));
    if (file_begin(&renamed, path) == 0) {
        while (getline(&line, &size, file) > 0) {
            const char *rest = line, *found;
            int is_date = below_name && strncmp(line, "%% ", 3) == 0;

            below_name = strncmp(line, "%% generated with", 17) == 0;
            if (is_date)
                continue;
            for (; (found = strstr(rest, temporary)); rest = found + strlen(temporary))
                fprintf(renamed.stream, "%.*s%s", (int)(found - rest), rest, name);
            fputs(rest, renamed.stream);
        }
        status = file_commit(&renamed);
    }
    file_abandon(&renamed);
    free(line);
    fclose(file);
    return status;
}

static int move(const char *folder, const char *from, const char *to, const char *suffix)
{
    char old[PATH_MAX + 200], new[PATH_MAX + 200];

    snprintf(old, sizeof old, "%s/%s.%s", folder, from, suffix);
    snprintf(new, sizeof new, "%s/%s.%s", folder, to, suffix);
    return rename(old, new) == 0 ? 0 : error_set("%s: %s", new, strerror(errno));
}

/* Draws one format to a temporary name that ends in the suffix, then renames. */
static int draw(const struct plot *plot, enum figure_format format)
{
    char name[96], temporary[128], file[160], path[PATH_MAX + 200];
    const char *suffix = figure_suffix(format);
    int status;

    figure_name(plot->figure, format, plot->chart, name, sizeof name);
    snprintf(temporary, sizeof temporary, ".tmp-%ld-%s", (long)getpid(), name);
    snprintf(file, sizeof file, "%s.%s", temporary, suffix);
    snprintf(path, sizeof path, "%s/%s", plot->folder, file);
    status = run_gnuplot(plot, format, file);
    if (status == 0)
        status = figure_set_size(plot->figure, format, path);
    if (status == 0 && format == FIGURE_SVG && plot->figure->width_mm > 0)
        status = figure_embed_font(plot->figure, path);
    if (status == 0 && (format == FIGURE_CAIROLATEX || format == FIGURE_TIKZ))
        status = tidy_tex(path, temporary, name);
    if (status == 0 && format == FIGURE_CAIROLATEX)
        status = move(plot->folder, temporary, name, "pdf");
    if (status == 0)
        status = move(plot->folder, temporary, name, suffix);
    if (status != 0)
        unlink(path);
    return status;
}

int plot_draw_figure(const struct plot *plot)
{
    unsigned formats = plot->figure->formats ? plot->figure->formats : FIGURE_USUAL;
    int status = folder_make(plot->folder);

    remove_stale(plot->folder);
    for (unsigned f = 0; f < FIGURE_FORMATS && status == 0; f++)
        if (formats & 1u << f)
            status = draw(plot, (enum figure_format)f);
    return status;
}

int plot_draw_with(const char *folder, const char *name, const char *script,
                   const char *plots_folder)
{
    char figures[PATH_MAX], numbers[PATH_MAX + 100];

    if (!plot_available())
        return error_set("gnuplot is not installed (apt install gnuplot-nox); the results are "
                         "complete in %s",
                         folder);
    snprintf(figures, sizeof figures, "%s/figures", folder);
    snprintf(numbers, sizeof numbers, "%s/%s.csv", figures, name);
    return plot_draw_figure(&(const struct plot){name, script, numbers, figures, plots_folder,
                                                 &(const struct figure){.formats = 0}});
}

int plot_draw(const char *results_folder, const char *chart_name, const char *plots_folder)
{
    const struct chart *chart = chart_find(chart_name);

    return chart ? plot_draw_with(results_folder, chart_name, chart->script, plots_folder) : -1;
}
