/* Runs another program to its end. */
#include "base/program.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int program_available(const char *name)
{
    const char *path = getenv("PATH");
    char file[4096];

    while (path && *path) {
        int length = (int)strcspn(path, ":");

        snprintf(file, sizeof file, "%.*s/%s", length, path, name);
        if (access(file, X_OK) == 0)
            return 1;
        path += length + (path[length] == ':');
    }
    return 0;
}

int program_own(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);

    if (length < 0)
        return error_set("/proc/self/exe: %s", strerror(errno));
    path[length] = '\0';
    return 0;
}

int program_beside(const char *relative, char *path, size_t size)
{
    char program[4096];

    if (program_own(program, sizeof program) != 0)
        return -1;
    *strrchr(program, '/') = '\0';
    if (snprintf(path, size, "%s/%s", program, relative) >= (int)size)
        return error_set("%s/%s: the path is too long", program, relative);
    return 0;
}

void program_one_line(char *said)
{
    size_t length = strlen(said);

    while (length > 0 && strchr(" \t\n", said[length - 1]))
        said[--length] = '\0';
    for (char *c = said; *c; c++)
        if (*c == '\n')
            *c = ';';
    memmove(said, said + strspn(said, " \t;"), strlen(said + strspn(said, " \t;")) + 1);
}

/* The last bytes: where a long one says why it failed. */
static void keep_last(char *text, size_t size, size_t *used, const char *chunk, size_t count)
{
    if (count > size - 1) {
        chunk += count - (size - 1);
        count = size - 1;
    }
    if (*used + count > size - 1) {
        size_t drop = *used + count - (size - 1);

        memmove(text, text + drop, *used - drop);
        *used -= drop;
    }
    memcpy(text + *used, chunk, count);
    *used += count;
    text[*used] = '\0';
}

/* ---- Waiting ----------------------------------------------------------------------------------
 */

/* Signals that end us are let in only while we wait, so that none comes in between. */
enum ending { ENDED, LATE, SIGNALLED };

/* For something to read (NULL: for nothing) or so long, with these signals blocked (NULL: those
 * that are). */
static enum ending wait_for(struct pollfd *input, double seconds, const sigset_t *blocked)
{
    struct timespec time = {.tv_sec = (time_t)seconds};
    int ready;

    time.tv_nsec = (long)(1e9 * (seconds - (double)time.tv_sec));
    ready = ppoll(input, input ? 1 : 0, &time, blocked);
    return ready > 0 ? ENDED : ready < 0 && errno == EINTR ? SIGNALLED : LATE;
}

/* Reads the pipe to its end. */
static enum ending read_all(int pipe_end, double end, const sigset_t *blocked, char *text,
                            size_t size)
{
    size_t used = 0;

    for (;;) {
        struct pollfd waiting = {.fd = pipe_end, .events = POLLIN};
        double left = end - clock_now();
        enum ending came = left > 0 ? wait_for(&waiting, left, blocked) : LATE;
        char chunk[512];
        ssize_t got;

        if (came != ENDED)
            return came;
        got = read(pipe_end, chunk, sizeof chunk);
        if (got <= 0)
            return ENDED;
        keep_last(text, size, &used, chunk, (size_t)got);
    }
}

/* A process may live on after it has closed what it writes to. */
static enum ending reap(pid_t child, int *state, double end, const sigset_t *blocked)
{
    const double pause_seconds = 0.002;

    while (waitpid(child, state, WNOHANG) == 0) {
        if (clock_now() >= end)
            return LATE;
        if (wait_for(NULL, pause_seconds, blocked) == SIGNALLED)
            return SIGNALLED;
    }
    return ENDED;
}

/* With all that it has started: first in a way that lets it clean up. */
static void end_group(pid_t child)
{
    enum { PATIENCE_SECONDS = 2 };
    int state;

    kill(-child, SIGTERM);
    if (reap(child, &state, clock_now() + PATIENCE_SECONDS, NULL) != ENDED) {
        kill(-child, SIGKILL);
        while (waitpid(child, &state, 0) < 0 && errno == EINTR)
            continue;
    }
    kill(-child, SIGKILL); /* those that outlive it */
}

/* ---- Starting ---------------------------------------------------------------------------------
 */

/* A group of its own, our own signals but for SIGPIPE, which we may ignore. */
static int set_signals(posix_spawnattr_t *attributes, const sigset_t *blocked)
{
    sigset_t usual;
    int failure = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    if (!failure)
        failure = posix_spawnattr_setpgroup(attributes, 0);
    if (!failure)
        failure = posix_spawnattr_setsigmask(attributes, blocked);
    return failure ? failure : posix_spawnattr_setsigdefault(attributes, &usual);
}

/* 0, or an errno. */
static int start(pid_t *child, const int ends[2], const char *folder, const char *const *arguments,
                 const sigset_t *blocked)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);

    if (failure)
        return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    failure = set_signals(&attributes, blocked);
    if (!failure)
        failure = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    if (!failure && folder)
        failure = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (!failure) /* it does not write to what it is given */
        failure = posix_spawnp(child, arguments[0], &actions, &attributes, (char *const *)arguments,
                               environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

int program_run(const char *const *arguments, const char *folder, double limit_seconds, char *said,
                size_t size)
{
    double end = clock_now() + limit_seconds;
    int ends[2], failure, state = 0;
    sigset_t held, before;
    enum ending ending = ENDED;
    pid_t child;

    said[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set("%s: %s", arguments[0], strerror(errno));
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before);
    failure = start(&child, ends, folder, arguments, &before);
    close(ends[1]);
    if (!failure) {
        ending = read_all(ends[0], end, &before, said, size);
        if (ending == ENDED)
            ending = reap(child, &state, end, &before);
        if (ending != ENDED)
            end_group(child);
    }
    close(ends[0]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return error_set("%s: %s", arguments[0], strerror(failure));
    if (ending == LATE)
        return error_set("%s took longer than %.0f s", arguments[0], limit_seconds);
    if (ending == SIGNALLED)
        return error_set("%s: interrupted", arguments[0]);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}
