/* Draws a chart with gnuplot. */
#include "report/plot.h"

#include "base/clock.h"
#include "base/error.h"
#include "report/chart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const double limit_seconds = 60;

int plot_available(void)
{
    const char *path = getenv("PATH");
    char file[4096];

    while (path && *path) {
        int length = (int)strcspn(path, ":");

        snprintf(file, sizeof file, "%.*s/gnuplot", length, path);
        if (access(file, X_OK) == 0)
            return 1;
        path += length + (path[length] == ':');
    }
    return 0;
}

/* Reads the pipe to its end, keeping the first size - 1 bytes. false: the
 * time was up first. */
static bool read_all(int pipe_end, char *text, size_t size)
{
    double end = clock_now() + limit_seconds;
    size_t used = 0;

    for (;;) {
        struct pollfd waiting = {.fd = pipe_end, .events = POLLIN};
        double left = end - clock_now();
        char chunk[512];
        ssize_t got;

        if (left <= 0)
            return false;
        if (poll(&waiting, 1, (int)(1000 * left) + 1) <= 0)
            continue; /* the time is up, or a signal came: the clock decides */
        got = read(pipe_end, chunk, sizeof chunk);
        if (got <= 0)
            return true;
        for (ssize_t i = 0; i < got && used + 1 < size; i++)
            text[used++] = chunk[i];
        text[used] = '\0';
    }
}

/* One line of what gnuplot said: blank ends cut, line ends made semicolons. */
static void to_one_line(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && strchr(" \t\n", text[length - 1]))
        text[--length] = '\0';
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ';';
    memmove(text, text + strspn(text, " \t;"), strlen(text + strspn(text, " \t;")) + 1);
}

/* Starts gnuplot with its output and errors in the pipe. 0, or an errno. */
static int start(pid_t *child, const int ends[2], char *const arguments[])
{
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);

    if (failure)
        return failure;
    failure = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    if (!failure)
        failure = posix_spawnp(child, "gnuplot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

/* gnuplot -c script folder output */
static int run_gnuplot(const char *script, const char *folder, const char *output)
{
    char *arguments[] = {"gnuplot", "-c", (char *)script, (char *)folder, (char *)output, NULL};
    int ends[2], failure, state = 0;
    bool in_time;
    char said[800] = "";
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set("gnuplot: %s", strerror(errno));
    failure = start(&child, ends, arguments);
    close(ends[1]);
    if (failure) {
        close(ends[0]);
        return error_set("gnuplot: %s", strerror(failure));
    }
    in_time = read_all(ends[0], said, sizeof said);
    close(ends[0]);
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        continue;
    to_one_line(said);
    if (!in_time)
        return error_set("%s: gnuplot took longer than %.0f s", script, limit_seconds);
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
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
