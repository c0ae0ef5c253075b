/* Progress on stderr. */
#include "cli/command.h"
#include "report/canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void progress_start(struct progress *progress)
{
    const char *term = getenv("TERM");

    progress->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    progress->colour = terminal_of(stderr).colour;
    progress->lines_shown = 0;
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

/* The cursor stands at the begin of the first line, before and after. */
static void clear_bar(struct progress *progress)
{
    if (progress->lines_shown > 0)
        fputs("\r\033[J", stderr);
    progress->lines_shown = 0;
}

/* Below the bar; how many lines. */
static int draw_best(const struct progress *progress, const struct terminal *terminal)
{
    const int around = 3; /* the bar, the chart's head, the cursor's line */
    int fits = terminal->height == 0 || terminal->height >= progress->live.count + around;
    char text[512];

    if (progress->chart && progress->live.count > 0 && fits) {
        fputc('\n', stderr);
        return live_chart(&progress->live, stderr, terminal);
    }
    live_line(&progress->live, terminal->width - 1, text, sizeof text);
    if (!text[0])
        return 0;
    fprintf(stderr, "\n%s\n", text);
    return 1;
}

static void draw_bar(struct progress *progress, const struct runner_progress *now)
{
    enum { WIDTH = 30, TEXT = 56 }; /* of the bar at most, and of what stands beside it */
    struct terminal terminal = terminal_of(stderr);
    int width = WIDTH, filled, below;
    char eta[32], bar[WIDTH + 1], stage[32] = "";

    if (terminal.width < WIDTH + TEXT)
        width = terminal.width > TEXT ? terminal.width - TEXT : 0;
    filled = now->total > 0 ? width * now->done / now->total : 0;

    format_eta(now->eta_seconds, eta, sizeof eta);
    memset(bar, '.', (size_t)width);
    memset(bar, '#', (size_t)filled);
    bar[width] = '\0';
    format_stage(now, stage, sizeof stage);
    clear_bar(progress);
    fprintf(stderr, "\r%s[%s]%s %s%d/%d cells, %d running, ETA %s",
            progress->colour ? "\033[32m" : "", bar, progress->colour ? "\033[0m" : "", stage,
            now->done, now->total, now->running, eta);
    below = draw_best(progress, &terminal);
    if (below > 0)
        fprintf(stderr, "\033[%dA\r", below + 1);
    fflush(stderr);
    progress->lines_shown = 1 + below;
}

void progress_report(void *context, const struct runner_progress *now, const struct cell *cell,
                     enum outcome outcome, double wall_seconds)
{
    struct progress *progress = context;
    int troubled = cell && !outcome_is_final(outcome);
    char eta[32], stage[32];

    if (cell)
        live_take(&progress->live, cell);
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
