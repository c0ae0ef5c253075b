/* One cell in a process of its own. */
#include "run/cell_job.h"

#include "base/child.h"
#include "base/error.h"
#include "run/memory_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cell_job_run(const struct cell_job *job)
{
    child_pin(job->processors, job->processor_count);
    memory_limit_set(job->campaign->experiment->limits.memory_bytes);
    return cell_run(job->campaign, job->cell, job->assignment, job->roof, job->checkpoint);
}

static void run_child(const struct cell_job *job, int words, pid_t parent)
{
    const char *text = CELL_JOB_DONE;
    int status;

    child_settle(parent);
    status = cell_job_run(job);
    if (status != 0)
        text = error_text();
    if (write(words, text, strlen(text)) < 0)
        status = -1;
    _exit(status == 0 ? 0 : 1);
}

int cell_job_start(const struct cell_job *job, pid_t *child, int *words)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set("cannot make a pipe: %s", strerror(errno));
    fflush(NULL);
    *child = fork();
    if (*child == 0) {
        close(ends[0]);
        run_child(job, ends[1], parent);
    }
    close(ends[1]);
    /* A process that the engine has left behind holds the other end; nobody waits for that one. */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (*child < 0) {
        close(ends[0]);
        *child = 0;
        return error_set("cannot start a process: %s", strerror(errno));
    }
    *words = ends[0];
    return 0;
}
