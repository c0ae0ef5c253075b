/* Messages between the processes of a job of which none has MPI in it. A process that was started
 * as a rank forks: the parent becomes the carrier, which alone opens MPI and takes messages to and
 * from the carriers of other ranks; the child goes on as the program does anywhere. So whatever it
 * forks, loads or loses, is none of MPI's affair, and MPI's threads, descriptors and symbols are
 * none of its cells'. Both sleep while there is nothing to carry.
 *
 * Signals that end a run, sent to the carrier, are passed on; the child is a process group of its
 * own, so that they reach it once. It dies with the carrier. A rank's end is the business of rank
 * 0: it is told with POST_GONE; when rank 0's own process has ended, all ranks end, with its exit
 * status. */
#ifndef BATCHLAB_POST_H
#define BATCHLAB_POST_H

#include "ranks/ranks.h"

struct post {
    int socket; /* becomes readable when something arrives */
    struct ranks ranks;
};

struct letter {
    int from, tag;
    size_t size;
    char *bytes; /* [size], owned, ended with '\0' */
};

/* Tags below are the user's. From a rank whose process has ended, whatever the reason. */
#define POST_GONE 32000

/* Returns in the child alone, once MPI is there; the carrier prints what keeps it from being. Once,
 * before anything else has threads. -1 (error set): there is no second process. */
int post_open(struct post *);

/* 0, or -1 (error set): this process's carrier has ended. Never to oneself. */
int post_send(const struct post *, int to, int tag, const void *bytes, size_t size);

/* The next letter: 1, to be freed with letter_free; 0: none has come within so many milliseconds;
 * -1 (error set). */
int post_take(const struct post *, int milliseconds, struct letter *);
void letter_free(struct letter *); /* accepts a zeroed one */

#endif
