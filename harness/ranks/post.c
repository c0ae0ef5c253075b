/* Messages between processes without MPI. */
#include "ranks/post.h"

#include "base/clock.h"
#include "base/error.h"
#include "ranks/carrier.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int post_write(int socket, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        at += sent;
        size -= (size_t)sent;
    }
    return 0;
}

int post_read(int socket, void *bytes, size_t size)
{
    char *at = bytes;

    while (size > 0) {
        ssize_t got = recv(socket, at, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += got;
        size -= (size_t)got;
    }
    return 0;
}

int post_write_framed(int socket, int peer, int tag, const void *bytes, size_t size)
{
    const struct post_frame frame = {peer, tag, size};

    return post_write(socket, &frame, sizeof frame) == 0 ? post_write(socket, bytes, size) : -1;
}

int post_read_framed(int socket, struct letter *letter)
{
    struct post_frame frame;

    *letter = (struct letter){0};
    if (post_read(socket, &frame, sizeof frame) != 0)
        return -1;
    letter->from = frame.peer;
    letter->tag = frame.tag;
    letter->size = frame.size;
    letter->bytes = malloc(frame.size + 1);
    if (!letter->bytes || post_read(socket, letter->bytes, frame.size) != 0) {
        letter_free(letter);
        return -1;
    }
    letter->bytes[frame.size] = '\0';
    return 0;
}

static int carrier_is_gone(void)
{
    return error_set("the process that carries messages between ranks has ended");
}

int post_send(const struct post *post, int to, int tag, const void *bytes, size_t size)
{
    return post_write_framed(post->socket, to, tag, bytes, size) == 0 ? 0 : carrier_is_gone();
}

int post_take(const struct post *post, int milliseconds, struct letter *letter)
{
    struct pollfd ready = {.fd = post->socket, .events = POLLIN};
    int found = poll(&ready, 1, milliseconds);

    *letter = (struct letter){0};
    if (found == 0 || (found < 0 && errno == EINTR))
        return 0;
    if (found < 0 || post_read_framed(post->socket, letter) != 0)
        return carrier_is_gone();
    return 1;
}

void letter_free(struct letter *letter)
{
    free(letter->bytes);
    *letter = (struct letter){0};
}

/* The first words of the carrier. */
static int await_ranks(struct post *post)
{
    if (post_read(post->socket, &post->ranks, sizeof post->ranks) != 0)
        _exit(1); /* it has said why */
    return 0;
}

int post_open(struct post *post)
{
    sigset_t before;
    int ends[2];
    pid_t child, parent = getpid();

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set("cannot make a socket: %s", strerror(errno));
    fflush(NULL);
    carrier_block(&before);
    child = fork();
    if (child < 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        close(ends[0]);
        close(ends[1]);
        return error_set("cannot start a process: %s", strerror(errno));
    }
    if (child > 0) {
        close(ends[1]);
        carrier_run(ends[0], child);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[0]);
    post->socket = ends[1];
    return await_ranks(post);
}
