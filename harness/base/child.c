/* Runs a function in a child process. */
#include "base/child.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void child_settle(pid_t parent)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        signal(ends[i], SIG_IGN); /* Ctrl-C reaches the whole group; the parent decides */
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(STDERR_FILENO, STDOUT_FILENO);
}

void child_pin(const int *processors, int count)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        CPU_SET((size_t)processors[i], &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* How a child ends whose function returned 0, or something else; an exit() of the engine in the
 * middle must not pass for either. */
enum { CHILD_ANSWERED = 100, CHILD_REFUSED = 101 };

static void run_child(int (*function)(FILE *, void *), void *context, int descriptor, pid_t parent)
{
    FILE *out = fdopen(descriptor, "w");
    int status;

    child_settle(parent);
    status = out ? function(out, context) : -1;
    if (out && fflush(out) != 0)
        status = -1;
    _exit(status == 0 ? CHILD_ANSWERED : CHILD_REFUSED);
}

/* Reads until the child closes its end or the time is over. 0 at the end of the text, -1 late. */
static int read_all(int descriptor, double deadline, char *text, size_t size)
{
    size_t length = 0;
    char rest[512];

    text[0] = '\0';
    for (;;) {
        double left = deadline - clock_now();
        struct pollfd ready = {.fd = descriptor, .events = POLLIN};
        int full = length + 1 >= size;
        ssize_t got;

        if (left <= 0)
            return -1;
        if (poll(&ready, 1, (int)(left * 1000) + 1) <= 0)
            continue;
        got = full ? read(descriptor, rest, sizeof rest)
                   : read(descriptor, text + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        if (full)
            continue;
        length += (size_t)got;
        text[length] = '\0';
    }
}

/* The child did not come back by itself. */
#define lost(...) (error_set(__VA_ARGS__), -2)

int child_capture(int (*function)(FILE *, void *), void *context, double timeout_seconds,
                  char *text, size_t size)
{
    int ends[2], status = 0, late;
    pid_t parent = getpid(), child;

    fflush(NULL);
    if (pipe(ends) != 0)
        return lost("cannot make a pipe: %s", strerror(errno));
    child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(function, context, ends[1], parent);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return lost("cannot start a process: %s", strerror(errno));
    }
    late = read_all(ends[0], clock_now() + timeout_seconds, text, size) != 0;
    close(ends[0]);
    if (late)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (late)
        return lost("no answer within %g s", timeout_seconds);
    if (WIFSIGNALED(status))
        return lost("ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) == CHILD_ANSWERED)
        return 0;
    if (WEXITSTATUS(status) != CHILD_REFUSED)
        return lost("exited with status %d in the middle", WEXITSTATUS(status));
    return text[0] ? error_set("%s", text) : lost("gave up without a word");
}
