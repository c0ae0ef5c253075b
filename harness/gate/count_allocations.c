/* Counts the allocations of a whole process: to be loaded before everything else (LD_PRELOAD), so
 * that the program, its engines and their libraries all find these functions before the C
 * library's. They add to a counter and let the C library do the work. */
#include "gate/allocation_counters.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own names for its functions: there from the first instruction on, where dlsym(RTLD_NEXT)
 * would have to allocate first. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

/* What <stdlib.h> of this standard does not declare, or under a macro. */
void *reallocarray(void *, size_t, size_t);
void *valloc(size_t);
void *pvalloc(size_t);

struct allocation_counters batchlab_allocation_counters = {.version = ALLOCATION_COUNTERS_VERSION};

#define add(counter, amount)                                                                       \
    atomic_fetch_add_explicit(&batchlab_allocation_counters.counter, amount, memory_order_relaxed)

/* bytes: 0 where nothing that counts was taken. */
static void count(size_t bytes, size_t more_held)
{
    add(allocations, 1u);
    add(bytes, bytes);
    add(held, (int64_t)more_held);
}

static void *counted(void *memory, size_t bytes)
{
    if (memory)
        count(bytes, malloc_usable_size(memory));
    return memory;
}

void *malloc(size_t size)
{
    return counted(__libc_malloc(size), size);
}

void *calloc(size_t count, size_t size)
{
    return counted(__libc_calloc(count, size), count * size);
}

void free(void *memory)
{
    if (memory)
        add(held, -(int64_t)malloc_usable_size(memory));
    __libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
    size_t before = memory ? malloc_usable_size(memory) : 0;
    void *moved = __libc_realloc(memory, size);

    if (moved)
        count(size, malloc_usable_size(moved) - before);
    else if (memory && size == 0) /* it was freed */
        add(held, -(int64_t)before);
    return moved;
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, bytes);
}

/* ---- Aligned ----------------------------------------------------------------------------------
 */

void *memalign(size_t alignment, size_t size)
{
    return counted(__libc_memalign(alignment, size), size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    int before = errno;
    void *taken;

    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    taken = memalign(alignment, size);
    errno = before;
    if (!taken)
        return ENOMEM;
    *memory = taken;
    return 0;
}

void *valloc(size_t size)
{
    return memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

void *pvalloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (size > SIZE_MAX - page) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(page, (size + page - 1) / page * page);
}

/* ---- Mappings ---------------------------------------------------------------------------------
 */

/* What is mapped from a file counts as held, so that unmapping it evens out, but takes no memory.
 * The C library's own mappings, behind a large malloc, do not come by here. */
static void *map(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    long result = syscall(SYS_mmap, address, length, protection, flags, file, offset);

    if (result != -1 && flags & MAP_ANONYMOUS)
        count(length, length);
    else if (result != -1)
        add(held, (int64_t)length);
    return (void *)result;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    return map(address, length, protection, flags, file, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset)
{
    return map(address, length, protection, flags, file, offset);
}

int munmap(void *address, size_t length)
{
    int status = (int)syscall(SYS_munmap, address, length);

    if (status == 0)
        add(held, -(int64_t)length);
    return status;
}

void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...)
{
    void *wanted = NULL;
    va_list rest;
    long result;

    va_start(rest, flags);
    if (flags & MREMAP_FIXED)
        wanted = va_arg(rest, void *);
    va_end(rest);
    result = syscall(SYS_mremap, address, old_length, new_length, flags, wanted);
    if (result != -1 && new_length > old_length)
        count(new_length - old_length, new_length - old_length);
    else if (result != -1)
        add(held, -(int64_t)(old_length - new_length));
    return (void *)result;
}
