/* A run over the ranks of a job: rank 0 plans, holds the lock, hands out cells and derives; each
 * rank, rank 0 too, runs cells as children of its own. Without a shared results folder finished
 * cells come to rank 0 as messages. */
#ifndef BATCHLAB_FARM_H
#define BATCHLAB_FARM_H

#include "ranks/post.h"
#include "run/crew.h"

#include <limits.h>

/* What rank 0 knows of the others. */
struct farm {
    const struct post *post;
    const struct campaign *campaign;
    struct farm_rank *ranks; /* [post->ranks.size], owned; that of rank 0 is not used */
    struct farm_out *out;    /* [out_count], owned: cells that run there */
    int out_count, out_most;
    int slots;          /* of the others together */
    int is_interrupted; /* one was told to end */
};

/* What happens there. context: of both. */
struct farm_events {
    int (*ended)(void *context, const struct cell_end *); /* as crew_reap */
    void (*returned)(void *context, const struct cell *); /* its rank has ended instead */
    void *context;
};

/* Waits until every rank is there, with the same program, experiment and data as this one, and on
 * the same processor with the same libraries, unless force. Gives ranks of one host a share of its
 * processors each, and this one its own. -1 (error set): who differs, and in what. */
int farm_open(struct farm *, const struct post *, const struct campaign *, struct survey *,
              int force);
void farm_close(struct farm *); /* accepts a zeroed one */

/* Now that the folder is there: all get ready. jobs: of each rank; 0: as processors allow. */
int farm_welcome(struct farm *, int jobs);

/* Tells them the roofs, that timed cells are held against. */
int farm_tell_roofs(const struct farm *, const struct survey *);

/* The most processors that a rank has. */
int farm_most_processors(const struct farm *);

/* A rank with room for the cell: the one with the most of it; 0: there is none. *room: free slots.
 */
int farm_find_room(const struct farm *, const struct assignment *, int *room);
int farm_start(struct farm *, int rank, const struct cell *, const struct assignment *);

/* Takes all that ranks have said by now. 0; -1 (error set): one cannot go on, or ended() said -1.
 */
int farm_take(struct farm *, const struct farm_events *);

/* Ends all ranks, whatever they run; what was finished by then is still taken. */
void farm_stop(struct farm *, const struct farm_events *);

/* What a rank other than 0 does, from its first word to its last. why: what kept it from opening
 * the experiment, NULL: nothing did. Returns the exit status. */
int farm_serve(const struct post *, const struct campaign *, const char *only, const char *why);

#endif
