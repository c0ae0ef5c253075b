/* The allocations of this process so far. */
#include "gate/allocations.h"

#include "base/error.h"
#include "base/program.h"
#include "gate/allocation_counters.h"
#include "gate/counts.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct allocation_counters *find_counters(void)
{
    const struct allocation_counters *counters = dlsym(RTLD_DEFAULT, ALLOCATION_COUNTERS_SYMBOL);

    return counters && counters->version == ALLOCATION_COUNTERS_VERSION ? counters : NULL;
}

struct allocations allocations_now(void)
{
    const struct allocation_counters *counters = find_counters();

    if (!counters)
        return (struct allocations){NAN, NAN, NAN};
    return (struct allocations){
        .count = (double)counters->allocations,
        .bytes = (double)counters->bytes,
        .held = (double)counters->held,
    };
}

/* Other threads may be at it too, hence no equality. */
int allocations_are_counted(void)
{
    enum { PROBE = 64 };
    struct allocations before = allocations_now(), after;
    void *volatile probe = malloc(PROBE);

    after = allocations_now();
    free(probe);
    return after.count > before.count && after.bytes >= before.bytes + PROBE;
}

/* ---- The library ------------------------------------------------------------------------------
 */

int counts_preload_path(char *path, size_t size)
{
    const char *given = getenv("BATCHLAB_COUNTER");

    if (!given || !*given) {
        if (program_beside("../lib/batchlab/count_allocations.so", path, size) != 0)
            return -1;
    } else if ((size_t)snprintf(path, size, "%s", given) >= size) {
        return error_set("BATCHLAB_COUNTER: the path is too long");
    }
    if (strpbrk(path, " :")) /* which LD_PRELOAD takes for the end of a name */
        return error_set("%s: a path with a blank or a colon cannot be preloaded: allocations are "
                         "not counted",
                         path);
    if (access(path, R_OK) != 0)
        return error_set("%s: cannot be read: allocations are not counted", path);
    return 0;
}
