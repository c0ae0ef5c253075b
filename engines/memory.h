/* Memory for large arrays, on huge pages where the system gives them to who asks.
 *
 * A pass over weights of half a megabyte meets more pages than a processor keeps translations of
 * close by, and in a virtual machine each one it lacks is looked up twice over. */
#ifndef BATCHLAB_MEMORY_H
#define BATCHLAB_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    MEMORY_LINE = 64,
    MEMORY_HUGE_PAGE = 2 << 20,
    MEMORY_LARGE = 128 << 10, /* from here on an array has huge pages of its own */
};

/* bytes of zeros, aligned to a cache line at least. NULL: none left. Free with free(). */
static inline void *memory_take(size_t bytes)
{
    int large = bytes >= MEMORY_LARGE;
    size_t unit = large ? MEMORY_HUGE_PAGE : MEMORY_LINE;
    size_t whole = (bytes + unit - 1) / unit * unit;
    void *memory;

    if (bytes > PTRDIFF_MAX - MEMORY_HUGE_PAGE)
        return NULL;
    memory = aligned_alloc(unit, whole > 0 ? whole : unit);
    if (memory && large)
        madvise(memory, whole, MADV_HUGEPAGE); /* a wish: without it all works as well */
    if (memory)
        memset(memory, 0, whole);
    return memory;
}

static inline float *memory_take_floats(size_t count)
{
    return count > SIZE_MAX / sizeof(float) ? NULL : memory_take(count * sizeof(float));
}

#endif
