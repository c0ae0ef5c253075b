/* How much memory a cell's process may take. */
#include "run/memory_limit.h"

#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

static double allowed; /* bytes; 0: no limit */

#if defined(__SANITIZE_ADDRESS__)
enum { HAS_LIMITS = 0 };
#else
enum { HAS_LIMITS = 1 };
#endif

/* What RLIMIT_DATA counts of this process. NaN: not known. */
static double data_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    double kilobytes = NAN;
    char line[256];

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmData: %lf kB", &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return kilobytes * 1024;
}

void memory_limit_set(double bytes)
{
    struct rlimit limit;
    double had = data_bytes();

    if (!HAS_LIMITS || !(bytes > 0) || isnan(had) || getrlimit(RLIMIT_DATA, &limit) != 0)
        return;
    limit.rlim_cur = (rlim_t)(had + bytes);
    if (limit.rlim_cur <= limit.rlim_max && setrlimit(RLIMIT_DATA, &limit) == 0)
        allowed = bytes;
}

void memory_limit_lift(void)
{
    struct rlimit limit;

    if (allowed > 0 && getrlimit(RLIMIT_DATA, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_DATA, &limit);
    }
    allowed = 0;
}

int memory_limit_is_reached(void)
{
    size_t rest = (size_t)(allowed / 8);
    void *memory;

    if (rest == 0)
        return 0;
    memory = mmap(NULL, rest, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    munmap(memory, rest);
    return 0;
}
