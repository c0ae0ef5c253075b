/* Runs a function in a child process and brings back what it wrote: for whatever must not happen in
 * the parent, such as loading an engine. */
#ifndef BATCHLAB_CHILD_H
#define BATCHLAB_CHILD_H

#include <stdio.h>
#include <sys/types.h>

/* In a freshly forked child: dies with its parent, leaves Ctrl-C and the like to it, and nothing
 * that an engine prints to stdout mixes with ours (it goes to stderr). */
void child_settle(pid_t parent);

/* Pins the calling process to these processors; not being allowed to is no error. */
void child_pin(const int *processors, int count);

/* Runs function(out, context) in a child; what it writes to `out` is returned in text, cut at
 * size - 1.
 * 0: the function returned 0 within the time; -1: it did not, and the error is the text it wrote;
 * -2: the child ended otherwise (a signal, an exit in the middle, too late), or could not be
 * started; the error says how. */
int child_capture(int (*function)(FILE *out, void *context), void *context, double timeout_seconds,
                  char *text, size_t size);

#endif
