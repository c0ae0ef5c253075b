/* What the preloaded library (count_allocations.c) says to the program it is loaded into. The
 * layout is fixed: a program and a library of different versions understand each other, or know
 * that they do not. */
#ifndef BATCHLAB_ALLOCATION_COUNTERS_H
#define BATCHLAB_ALLOCATION_COUNTERS_H

#include <stdint.h>

#define ALLOCATION_COUNTERS_SYMBOL "batchlab_allocation_counters"
enum { ALLOCATION_COUNTERS_VERSION = 1 };

/* Since the process started; any thread adds to them at any time. */
struct allocation_counters {
    _Atomic uint32_t version;
    _Atomic uint64_t allocations;
    _Atomic uint64_t bytes; /* asked for; of a reallocation, its whole new size */
    _Atomic int64_t held;   /* bytes usable, not freed */
};

#endif
