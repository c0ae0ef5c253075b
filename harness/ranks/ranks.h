/* The processes ("ranks") of one job that mpirun or Slurm has started, and what they say to each
 * other. All of MPI is behind this: one module, loaded when it is wanted, so that the program needs
 * no MPI library to start, and a machine without one has everything else.
 *
 * Every function returns 0, or -1 with the error set. Collective: to be called by every rank, in
 * the same order. The thread that opened the ranks makes all calls. */
#ifndef BATCHLAB_RANKS_H
#define BATCHLAB_RANKS_H

#include <stddef.h>
#include <stdint.h>

struct ranks {
    int rank, size;           /* this one of 0 .. size-1 */
    int host_rank, host_size; /* the same among those on this host */
    char library[128];        /* "Open MPI v4.1.4" */
};

/* 1 in a process that mpirun, srun or the like has started as one of several, or as the only one;
 * told by the environment, without MPI. */
int ranks_started(void);

/* What the launcher's environment says, 0 and 0 where it does not: so that one rank alone speaks
 * where MPI cannot be had. */
void ranks_told(int *rank, int *size);

/* Is the module there? 0; -1: no, and the error says which package brings it. Loads MPI's library,
 * but does not initialise it. */
int ranks_available(void);

/* Collective; once in a process, never in a child of it. An error of MPI after it is an error of
 * the call that met it. A process not started as one of several is the only rank. */
int ranks_open(struct ranks *);

/* Collective. Without ranks_open before it: nothing. */
void ranks_close(void);

/* Ends all ranks, now, with this exit status: for what one rank alone knows. Does not return. */
void ranks_abort(int status) __attribute__((noreturn));

/* Collective, and waits asleep, not spinning: for waits of seconds. */
int ranks_barrier(void);

/* Collective: bytes of rank `from` to all. */
int ranks_broadcast(void *bytes, size_t size, int from);

/* Collective: all[r * size ..] = the bytes of rank r, in every rank. */
int ranks_all_gather(const void *bytes, size_t size, void *all);

/* Collective: values[count] = their sums over the ranks, the same bytes in every rank. What order
 * the library adds in is its affair, and may change with `count` and `size`. */
int ranks_sum(float *values, size_t count);

/* The same in two halves: between them the values are left alone, and up to RANKS_PENDING sums may
 * be under way, begun in the same order by all. */
#define RANKS_PENDING 64
int ranks_sum_begin(float *values, size_t count, int *ticket);
int ranks_sum_finish(int ticket);

/* ---- A team: ranks 0 .. size-1 among themselves ----------------------------------------------
 *
 * Collective within the team; the other ranks may be asleep meanwhile. What computes on the clock
 * waits here: these calls spin, but for ranks_team_await. */

/* From now on the team is of this size, 2 or more and at most that of all. */
int ranks_team(int size);

int ranks_team_barrier(void);

/* bytes of rank 0 to all. Asleep until they come. */
int ranks_team_await(void *bytes, size_t size);

/* all[r * size ..] = the bytes of rank r, in every rank. */
int ranks_team_gather(const void *bytes, size_t size, void *all);

/* As ranks_sum_begin, within the team, of elements of 4 or 8 bytes, floats or doubles; ended by
 * ranks_sum_finish. */
int ranks_team_sum_begin(void *values, size_t count, size_t element, int *ticket);

/* Every rank has a slice of values[count] in its care: ranks_slice(.., r) .. ranks_slice(..,
 * r+1)-1. slices[r * length ..] = rank r's values of this rank's slice, of `length` elements. */
static inline size_t ranks_slice(size_t count, int size, int rank)
{
    return count / (size_t)size * (size_t)rank + count % (size_t)size * (size_t)rank / (size_t)size;
}
int ranks_team_slices(const void *values, size_t count, size_t element, void *slices);

/* Every rank's slice to all. */
int ranks_team_join(void *values, size_t count, size_t element);

/* Of the two ranks alone: bytes of `from` to `to`. */
int ranks_team_pass(void *bytes, size_t size, int from, int to);

/* ---- A shelf: memory of rank 0 that the team's ranks use without its doing anything (one-sided)
 *
 * How well rank 0's processor can compute meanwhile is the library's affair. */

enum { RANKS_COUNTERS = 8 };

/* Collective: values[count] of rank 0 on the shelf, counters 0. */
int ranks_shelf_open(const float *values, size_t count);
int ranks_shelf_close(void); /* collective */

/* values[count] = what is there; each a value that was there at some time, though perhaps not at
 * the same one. */
int ranks_shelf_read(float *values, size_t count);

/* What is there += values[count], none of it lost. */
int ranks_shelf_add(const float *values, size_t count);

/* A counter += add; *before: what it was. */
int ranks_shelf_count(int counter, int64_t add, int64_t *before);

/* ---- Messages ------------------------------------------------------------------------------- */

/* A message, to be taken by ranks_receive with the same tag (0 .. 32767). Returns when the bytes
 * may be changed, which may be before they have been taken. */
int ranks_send(int to, int tag, const void *bytes, size_t size);

/* The next message there is, if any: 1, and from whom, its tag and size; 0: there is none now. */
int ranks_poll(int *from, int *tag, size_t *size);

/* Takes the message that ranks_poll has told of. */
int ranks_receive(int from, int tag, void *bytes, size_t size);

#endif
