/* The signals that a run lives by: a child that ended, somebody who wants the run to end, somebody
 * who had stopped it. They are blocked and taken in turn, so that no handler is needed. */
#ifndef BATCHLAB_AWAITED_H
#define BATCHLAB_AWAITED_H

#include <signal.h>

struct awaited {
    sigset_t taken; /* by awaited_next */
    int signals;    /* a descriptor of them; -1: there is none */
    sigset_t before;
    double passed; /* when the process was last known to run; as clock_now */
};

/* From now on SIGCHLD, SIGCONT and the signals that end a run wait for the calls below; those of
 * the last that we were told to ignore, as by nohup, stay ignored. */
void awaited_block(struct awaited *);

/* SIGCHLD, SIGINT, SIGTERM or SIGHUP; 0 when there is something to read from the descriptor `also`,
 * unless that is -1; below 0 if nothing came within a fifth of a second. */
int awaited_next(const struct awaited *, int also);

/* Seconds for which the process stood still (SIGSTOP, Ctrl-Z) since the last call; 0 if it did
 * not. What little it ran between the two calls is counted too. A time read before the call is
 * accounted for: if a stop made it late, the call knows. */
double awaited_stood_still(struct awaited *);

/* The signals are as before; those that still wait come now. */
void awaited_release(const struct awaited *);

#endif
