/* The ranks that train one cell together (`transport: mpi`): rank 0 leads, evaluates and decides;
 * all draw the same batches, each computes the gradient of its share at the same theta, and after
 * one exchange all have the same gradient and make the same update.
 *
 * What goes wrong in one rank alone before or after an exchange leaves the others waiting: the job
 * is to be ended then (ranks_abort). What the ranks agree on, such as an engine that failed, ends
 * the cell. NULL is a team of one, which leads. */
#ifndef BATCHLAB_TEAM_H
#define BATCHLAB_TEAM_H

#include "engine.h"
#include "plan/settings.h"
#include "train/rule_vectors.h"

struct team;

/* Collective, by ranks 0 .. size-1; the ranks are open. -1: error set. */
int team_open(struct team **, int rank, int size, enum reduction);
void team_close(struct team *); /* accepts NULL */

int team_leads(const struct team *);
int team_rank(const struct team *); /* 0 .. size-1 */

int team_overlaps(const struct team *); /* 1: buckets are set */

/* Collective. A rank's own part: its gradient[count], whole batch's weight included, its share of
 * the score, and whether its engine has failed. Afterwards, in every rank and with the same bytes:
 * their sums. Only the first `parts` ranks have one; the others' gradients are not looked at. With
 * a fixed order they are added as gradient.h says of threads. -1: a rank's engine failed, and
 * the message says which and why; or MPI has. */
int team_add(struct team *, const struct rule_vectors *, void *gradient, size_t count, int parts,
             struct score *, int has_failed, struct message *);

/* The same with sums that begin before the gradient is whole, by the library, in buckets of one
 * layer or more, the last ones first; the bounds of the buckets are those of all ranks. team_begin
 * comes before the engine is asked for this rank's part, which it is to announce with team_ready,
 * as on_ready's `ready`; what is announced is first weighted with `share`. team_add then waits for
 * the rest. A rank that has no part calls neither. */
void team_set_buckets(struct team *, const struct network *);
void team_begin(struct team *, const struct rule_vectors *, void *gradient, double share);
void team_ready(void *team, size_t first, size_t count);

/* Collective: the leader's words[count] to all, who sleep until they come, and are awake together
 * when it returns. -1: error set. */
int team_order(struct team *, long *words, int count);

/* Collective: 0 if `status` is 0 in all ranks; else -1, and the message is that of the first. */
int team_agree(struct team *, int status, struct message *);

/* The leader: to end what all are doing. Every rank knows after the next team_add. */
void team_ask_stop(struct team *);
int team_stops(const struct team *);
void team_go_on(struct team *); /* forgets it, in all ranks */

/* To be said in every rank when all know that nothing more comes: of what they did together, or of
 * a failure that they agree on; team_add and team_agree say the latter themselves. */
void team_end(struct team *); /* accepts NULL */
int team_has_ended(const struct team *);

/* Of this rank's team_add. bytes: that it gave to the reductions, which is not what networks carry:
 * that is up to 2 (size-1)/size times as much. seconds: in them, waiting for others included. */
struct team_traffic {
    double bytes, seconds;
};
struct team_traffic *team_traffic(struct team *); /* to be read, and set; NULL of NULL */

#endif
