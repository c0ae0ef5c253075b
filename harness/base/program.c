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

/* Reads the pipe to its end. 0: the time was up first. */
static int read_all(int pipe_end, double limit_seconds, char *text, size_t size)
{
    double end = clock_now() + limit_seconds;
    size_t used = 0;

    text[0] = '\0';
    for (;;) {
        struct pollfd waiting = {.fd = pipe_end, .events = POLLIN};
        double left = end - clock_now();
        char chunk[512];
        ssize_t got;

        if (left <= 0)
            return 0;
        if (poll(&waiting, 1, (int)(1000 * left) + 1) <= 0)
            continue; /* the time is up, or a signal came: the clock decides */
        got = read(pipe_end, chunk, sizeof chunk);
        if (got <= 0)
            return 1;
        keep_last(text, size, &used, chunk, (size_t)got);
    }
}

/* 0, or an errno. */
static int start(pid_t *child, const int ends[2], const char *folder, const char *const *arguments)
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
    if (!failure && folder)
        failure = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (!failure) /* it does not write to what it is given */
        failure =
            posix_spawnp(child, arguments[0], &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

int program_run(const char *const *arguments, const char *folder, double limit_seconds, char *said,
                size_t size)
{
    int ends[2], failure, state = 0, in_time;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set("%s: %s", arguments[0], strerror(errno));
    failure = start(&child, ends, folder, arguments);
    close(ends[1]);
    if (failure) {
        close(ends[0]);
        return error_set("%s: %s", arguments[0], strerror(failure));
    }
    in_time = read_all(ends[0], limit_seconds, said, size);
    close(ends[0]);
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        continue;
    if (!in_time)
        return error_set("%s took longer than %.0f s", arguments[0], limit_seconds);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}
