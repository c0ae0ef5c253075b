/* The process that has MPI in it: see post.h. */
#ifndef BATCHLAB_CARRIER_H
#define BATCHLAB_CARRIER_H

#include "ranks/post.h"

#include <signal.h>
#include <sys/types.h>

/* What goes before the bytes of a letter on the socket between the two. */
struct post_frame {
    int peer; /* whom it goes to, or comes from */
    int tag;
    size_t size;
};

/* All or nothing: 0, or -1 if the other end is closed. */
int post_write(int socket, const void *bytes, size_t size);
int post_read(int socket, void *bytes, size_t size);
int post_write_framed(int socket, int peer, int tag, const void *bytes, size_t size);
int post_read_framed(int socket, struct letter *); /* letter->from: its peer */

/* Blocks the signals that a carrier takes in turn. */
void carrier_block(sigset_t *before);

/* Opens MPI, tells the child who it is, and carries until rank 0's child has ended. */
void carrier_run(int socket, pid_t child) __attribute__((noreturn));

#endif
