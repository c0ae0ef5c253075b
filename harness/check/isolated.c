/* The conformance suite in a child process: a crash becomes a failed case. */
#include "check/conformance.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "check/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum record_kind {
    RECORD_BEGIN = 1, /* result.name begins */
    RECORD_RESULT,
    RECORD_END,   /* every case has run */
    RECORD_ERROR, /* the suite could not run; text says why */
};

/* What the child sends. Shorter than PIPE_BUF, so that each is written and read as a whole. */
struct record {
    enum record_kind kind;
    struct conformance_case_result result;
    char text[1024];
};
_Static_assert(sizeof(struct record) <= PIPE_BUF, "a record may be torn in two");

/* ---- The child ------------------------------------------------------------------------------ */

static void send_record(int pipe_end, const struct record *record)
{
    ssize_t written;

    do
        written = write(pipe_end, record, sizeof *record);
    while (written < 0 && errno == EINTR);
    if (written != (ssize_t)sizeof *record)
        _exit(EXIT_FAILURE); /* nobody listens any more */
}

static void send_begin(void *context, const char *name)
{
    struct record record = {.kind = RECORD_BEGIN};

    snprintf(record.result.name, sizeof record.result.name, "%s", name);
    send_record(*(const int *)context, &record);
}

static void send_result(void *context, const struct conformance_case_result *result)
{
    struct record record = {.kind = RECORD_RESULT, .result = *result};

    send_record(*(const int *)context, &record);
}

_Noreturn static void run_child(pid_t parent, const char *engine_specification,
                                const struct conformance_options *options, int pipe_end)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    struct suite suite = {
        .begin = send_begin, .report = send_result, .context = &pipe_end, .only = options->only};
    struct record last = {.kind = RECORD_END};

    child_settle(parent); /* an engine that hangs must not outlive us */
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], SIG_DFL); /* no handler of ours makes light of a crash */
    if (suite_run(&suite, engine_specification, options->threads) != 0) {
        last.kind = RECORD_ERROR;
        snprintf(last.text, sizeof last.text, "%s", error_text());
    }
    send_record(pipe_end, &last);
    _exit(EXIT_SUCCESS);
}

/* ---- The parent ----------------------------------------------------------------------------- */

struct listener {
    conformance_report *report;
    void *context;
    int failures;
    char running[sizeof(((struct conformance_case_result *)0)->name)]; /* case; "" between cases */
    enum record_kind last;                                             /* 0: none yet */
    int timed_out;
};

/* 1 if a record came, 0 at the end of the stream or when the time is over. */
static int receive(int pipe_end, double timeout_seconds, struct record *record,
                   struct listener *listener)
{
    double deadline = clock_now() + timeout_seconds;
    struct pollfd wait = {.fd = pipe_end, .events = POLLIN};

    for (;;) {
        double left = deadline - clock_now();
        int ready = poll(&wait, 1, left > 0 ? (int)ceil(fmin(left, 1e6) * 1000) : 0);

        if (ready > 0) {
            ssize_t bytes = read(pipe_end, record, sizeof *record);

            if (bytes < 0 && errno == EINTR)
                continue;
            return bytes == (ssize_t)sizeof *record;
        }
        if (ready == 0 || errno != EINTR) {
            listener->timed_out = ready == 0;
            return 0;
        }
    }
}

/* Follows the child until it has nothing more to say. The time allowed begins anew with each
 * record. */
static void listen_to(int pipe_end, double timeout_seconds, struct listener *listener)
{
    struct record record;

    while (receive(pipe_end, timeout_seconds, &record, listener)) {
        listener->last = record.kind;
        if (record.kind == RECORD_BEGIN) {
            memcpy(listener->running, record.result.name, sizeof listener->running);
        } else if (record.kind == RECORD_RESULT) {
            listener->running[0] = '\0';
            listener->failures += !record.result.passed;
            listener->report(listener->context, &record.result);
        } else {
            if (record.kind == RECORD_ERROR)
                error_set("%s", record.text);
            return;
        }
    }
}

/* What a child that did not come to its end has done to the case it was in. */
static void report_end(struct listener *listener, int wait_status, double timeout_seconds)
{
    struct conformance_case_result result = {.error = NAN};

    snprintf(result.name, sizeof result.name, "%s",
             listener->running[0] ? listener->running : "runs to the end");
    if (listener->timed_out)
        snprintf(result.note, sizeof result.note, "hangs: not finished after %g seconds",
                 timeout_seconds);
    else if (WIFSIGNALED(wait_status))
        snprintf(result.note, sizeof result.note, "ended by SIG%s (%s)",
                 sigabbrev_np(WTERMSIG(wait_status)), sigdescr_np(WTERMSIG(wait_status)));
    else
        snprintf(result.note, sizeof result.note, "the engine ended the process, exit status %d",
                 WEXITSTATUS(wait_status));
    listener->failures++;
    listener->report(listener->context, &result);
}

static int wait_for(pid_t child, int *wait_status)
{
    pid_t waited;

    do
        waited = waitpid(child, wait_status, 0);
    while (waited < 0 && errno == EINTR);
    return waited == child ? 0 : error_set("waiting for the suite: %s", strerror(errno));
}

int conformance_run_isolated(const char *engine_specification,
                             const struct conformance_options *options, conformance_report *report,
                             void *context, int *failures)
{
    const double timeout_seconds = options->timeout_seconds;
    struct listener listener = {.report = report, .context = context};
    int ends[2] = {-1, -1}, status = -1, wait_status;
    pid_t parent = getpid(), child;

    *failures = 0;
    fflush(NULL); /* or the child would write our pending output a second time */
    if (pipe2(ends, O_CLOEXEC) != 0) {
        error_set("pipe: %s", strerror(errno));
        goto done;
    }
    child = fork();
    if (child < 0) {
        error_set("fork: %s", strerror(errno));
        goto done;
    }
    if (child == 0) {
        close(ends[0]);
        run_child(parent, engine_specification, options, ends[1]);
    }
    close(ends[1]);
    ends[1] = -1;
    listen_to(ends[0], timeout_seconds, &listener);
    if (listener.timed_out)
        kill(child, SIGKILL);
    if (wait_for(child, &wait_status) != 0)
        goto done;
    if (listener.last == RECORD_ERROR)
        goto done;
    if (listener.last != RECORD_END || !WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
        report_end(&listener, wait_status, timeout_seconds);
    *failures = listener.failures;
    status = 0;
done:
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    return status;
}
