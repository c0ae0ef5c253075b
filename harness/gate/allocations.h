/* The allocations of this process so far, where it was started with the library that counts them.
 */
#ifndef BATCHLAB_ALLOCATIONS_H
#define BATCHLAB_ALLOCATIONS_H

/* Exact integers; differences of two of them are what happened in between. */
struct allocations {
    double count, bytes, held; /* held: usable bytes not freed, from any time */
};

/* 1: allocations are counted here. Makes one to see whether the counters move: under a sanitizer or
 * valgrind, whose allocation functions take the place of all others, they stand still, and are not
 * zeros but unknown. */
int allocations_are_counted(void);

/* Allocates nothing. Not-a-number, all three, in a process without the library. */
struct allocations allocations_now(void);

#endif
