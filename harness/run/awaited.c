/* Signals, blocked and taken in turn. */
#include "run/awaited.h"

#include "base/clock.h"

#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

void awaited_block(struct awaited *awaited)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t blocked;

    sigemptyset(&awaited->taken);
    sigaddset(&awaited->taken, SIGCHLD);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction action;

        if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&awaited->taken, ends[i]);
    }
    blocked = awaited->taken;
    sigaddset(&blocked, SIGCONT); /* which makes a stopped process go on all the same */
    sigprocmask(SIG_BLOCK, &blocked, &awaited->before);
    awaited->signals = signalfd(-1, &awaited->taken, SFD_CLOEXEC | SFD_NONBLOCK);
    awaited->passed = clock_now();
}

int awaited_next(const struct awaited *awaited, int also)
{
    const struct timespec tick = {.tv_nsec = 200000000};
    struct pollfd ready[2] = {{.fd = awaited->signals, .events = POLLIN},
                              {.fd = also, .events = POLLIN}};
    struct signalfd_siginfo signal;

    if (also < 0)
        return sigtimedwait(&awaited->taken, NULL, &tick);
    if (ppoll(ready, 2, &tick, NULL) <= 0)
        return -1;
    if (read(awaited->signals, &signal, sizeof signal) == sizeof signal)
        return (int)signal.ssi_signo;
    return ready[1].revents ? 0 : -1;
}

double awaited_stood_still(struct awaited *awaited)
{
    const struct timespec at_once = {0};
    double before = clock_now(), last = awaited->passed;
    sigset_t continued;

    sigemptyset(&continued);
    sigaddset(&continued, SIGCONT);
    awaited->passed = before; /* a stop between the two lines is told by the next call */
    if (sigtimedwait(&continued, NULL, &at_once) != SIGCONT)
        return 0;
    awaited->passed = clock_now();
    return awaited->passed - last;
}

void awaited_release(const struct awaited *awaited)
{
    if (awaited->signals >= 0)
        close(awaited->signals);
    sigprocmask(SIG_SETMASK, &awaited->before, NULL);
}
