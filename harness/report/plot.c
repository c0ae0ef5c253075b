/* Draws a chart with gnuplot. */
#include "report/plot.h"

#include "base/error.h"
#include "base/program.h"
#include "report/chart.h"

#include <dirent.h>
#include <errno.h>
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

static int run_gnuplot(const char *script, const char *folder, const char *output)
{
    const char *const arguments[] = {"gnuplot", "-c", script, folder, output, NULL};
    char said[800];
    int status = program_run(arguments, NULL, limit_seconds, said, sizeof said);

    if (status < 0) {
        char cause[600];

        snprintf(cause, sizeof cause, "%s", error_text());
        return error_set("%s: %s", script, cause);
    }
    program_one_line(said);
    if (status != 0)
        return error_set("%s: gnuplot failed: %s", script, *said ? said : "it said nothing");
    return 0;
}

/* Removes what a killed drawing left: .tmp-PID-*, of no process that still runs. */
static void remove_stale(const char *folder)
{
    char *figures = NULL;
    DIR *listing = NULL;
    const struct dirent *entry;

    if (asprintf(&figures, "%s/figures", folder) < 0)
        return; /* nothing is lost: the next drawing removes them */
    listing = opendir(figures);
    while (listing && (entry = readdir(listing))) {
        long process;

        if (sscanf(entry->d_name, ".tmp-%ld-", &process) != 1 || process <= 0)
            continue;
        if (process == (long)getpid() || (kill((pid_t)process, 0) != 0 && errno == ESRCH))
            unlinkat(dirfd(listing), entry->d_name, 0);
    }
    if (listing)
        closedir(listing);
    free(figures);
}

/* Draws one format to a temporary name that ends in the suffix, then renames. */
static int draw(const char *folder, const char *chart, const char *script, const char *suffix)
{
    int status = -1;
    char *output = NULL, *temporary = NULL;

    if (asprintf(&output, "%s/figures/%s.%s", folder, chart, suffix) < 0 ||
        asprintf(&temporary, "%s/figures/.tmp-%ld-%s.%s", folder, (long)getpid(), chart, suffix) <
            0) {
        error_set("%s: out of memory", folder);
        goto done;
    }
    status = run_gnuplot(script, folder, temporary);
    if (status == 0 && rename(temporary, output) != 0)
        status = error_set("%s: %s", output, strerror(errno));
    if (status != 0)
        unlink(temporary);
done:
    free(output);
    free(temporary);
    return status;
}

int plot_draw_with(const char *folder, const char *name, const char *script_name,
                   const char *plots_folder)
{
    static const char *const suffixes[] = {"svg", "png", "pdf"};
    int status = 0;
    char *script;

    if (!plot_available())
        return error_set("gnuplot is not installed (apt install gnuplot-nox); the results are "
                         "complete in %s",
                         folder);
    if (asprintf(&script, "%s/%s", plots_folder, script_name) < 0)
        return error_set("%s: out of memory", folder);
    remove_stale(folder);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0] && status == 0; i++)
        status = draw(folder, name, script, suffixes[i]);
    free(script);
    return status;
}

int plot_draw(const char *results_folder, const char *chart_name, const char *plots_folder)
{
    const struct chart *chart = chart_find(chart_name);

    return chart ? plot_draw_with(results_folder, chart_name, chart->script, plots_folder) : -1;
}
