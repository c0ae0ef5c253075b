/* Progress on stderr. */
#include "cli/command.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void progress_start(struct progress *progress)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

    progress->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    progress->colour = progress->terminal && !(no_colour && no_colour[0]);
    progress->bar_shown = 0;
}

/* "1:05", or "--:--" before anything is measured */
static void format_eta(double seconds, char *text, size_t size)
{
    if (!isfinite(seconds))
        snprintf(text, size, "--:--");
    else
        snprintf(text, size, "%d:%02d", (int)(seconds / 60), (int)fmod(seconds, 60));
}

/* "tuning 2: " in its second round, else "" */
static void format_stage(const struct runner_progress *now, char *text, size_t size)
{
    text[0] = '\0';
    if (now->round > 0)
        snprintf(text, size, "tuning %d: ", now->round);
}

static void clear_bar(struct progress *progress)
{
    if (progress->bar_shown)
        fputs("\r\033[K", stderr);
    progress->bar_shown = 0;
}

static void draw_bar(struct progress *progress, const struct runner_progress *now)
{
    enum { WIDTH = 30, TEXT = 56 }; /* of the bar at most, and of what stands beside it */
    struct winsize window = {0};
    int width = WIDTH, filled;
    char eta[32], bar[WIDTH + 1], stage[32] = "";

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 &&
        window.ws_col < WIDTH + TEXT)
        width = window.ws_col > TEXT ? window.ws_col - TEXT : 0;
    filled = now->total > 0 ? width * now->done / now->total : 0;

    format_eta(now->eta_seconds, eta, sizeof eta);
    memset(bar, '.', (size_t)width);
    memset(bar, '#', (size_t)filled);
    bar[width] = '\0';
    format_stage(now, stage, sizeof stage);
    fprintf(stderr, "\r\033[K%s[%s]%s %s%d/%d cells, %d running, ETA %s",
            progress->colour ? "\033[32m" : "", bar, progress->colour ? "\033[0m" : "", stage,
            now->done, now->total, now->running, eta);
    fflush(stderr);
    progress->bar_shown = 1;
}

void progress_report(void *context, const struct runner_progress *now, const struct cell *cell,
                     enum outcome outcome, double wall_seconds)
{
    struct progress *progress = context;
    int troubled = cell && !outcome_is_final(outcome);
    char eta[32], stage[32];

    if (cell && (!progress->terminal || troubled)) {
        clear_bar(progress);
        format_eta(now->eta_seconds, eta, sizeof eta);
        format_stage(now, stage, sizeof stage);
        fprintf(stderr, "%s%d/%d %s: %s, %.1f s, ETA %s\n", stage, now->done, now->total, cell->id,
                outcome_name(outcome), wall_seconds, eta);
    }
    if (progress->terminal)
        draw_bar(progress, now);
}

void progress_announce(void *context, const char *engine, const char *library)
{
    (void)context;
    fprintf(stderr, "engine %s: %s\n", engine, library);
}

void progress_end(struct progress *progress)
{
    clear_bar(progress);
    fflush(stderr);
}
