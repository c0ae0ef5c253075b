/* Cells that could not record themselves. */
#include "run/loss.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct loss loss_of(int wait_status, int late, const struct limits *limits)
{
    struct loss loss = {.outcome = late ? OUTCOME_TIMEOUT : OUTCOME_CRASHED};
    size_t size = sizeof loss.reason;
    char limit[64] = "";

    /* An engine that does not look at what malloc gives it crashes: that is not told apart. */
    if (limits->memory_bytes > 0)
        snprintf(limit, sizeof limit, " under a limit of %g bytes", limits->memory_bytes);
    if (late) {
        snprintf(loss.reason, size, "ended after %g s (limits: cell_seconds)",
                 limits->cell_seconds);
    } else if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL) {
        loss.outcome = OUTCOME_OUT_OF_MEMORY; /* nobody else kills so */
        snprintf(loss.reason, size, "killed (signal 9), as the kernel does for want of memory");
    } else if (WIFSIGNALED(wait_status)) {
        snprintf(loss.reason, size, "signal %d (%s)%s", WTERMSIG(wait_status),
                 strsignal(WTERMSIG(wait_status)), limit);
    } else {
        snprintf(loss.reason, size, "exited with status %d in the middle%s",
                 WEXITSTATUS(wait_status), limit);
    }
    return loss;
}

int losses_note(struct losses *losses, const char *engine, enum outcome outcome)
{
    int is_lost = outcome == OUTCOME_CRASHED || outcome == OUTCOME_TIMEOUT ||
                  outcome == OUTCOME_OUT_OF_MEMORY;
    int i = 0;

    while (i < losses->count && strcmp(losses->list[i].engine, engine) != 0)
        i++;
    if (i == LOSS_ENGINES_MAX)
        return 0;
    if (i == losses->count) {
        snprintf(losses->list[i].engine, sizeof losses->list[i].engine, "%s", engine);
        losses->count++;
    }
    losses->list[i].running = is_lost ? losses->list[i].running + 1 : 0;
    return losses->list[i].running;
}
