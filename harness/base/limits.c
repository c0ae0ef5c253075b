/* Ceilings on what is read. */
#include "base/limits.h"

#include "base/error.h"

#include <unistd.h>

size_t limit_data_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t memory;

    if (pages <= 0 || page <= 0 || __builtin_mul_overflow((size_t)pages, (size_t)page, &memory))
        return LIMIT_DATA_BYTES;
    return memory < LIMIT_DATA_BYTES ? memory : LIMIT_DATA_BYTES;
}

int limit_check_data(const char *what, size_t count, size_t size)
{
    size_t most = limit_data_bytes(), bytes;

    if (!__builtin_mul_overflow(count, size, &bytes) && bytes <= most)
        return 0;
    return error_set(
        "%s: %zu x %zu bytes are more than %.3g GiB, expected at most that (the memory "
        "of this machine, or %zu GiB where it has more)",
        what, count, size, (double)most / (1 << 30), LIMIT_DATA_BYTES >> 30);
}
