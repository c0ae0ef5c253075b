/* Counters that nobody adds to, as where a sanitizer or valgrind has taken over the allocation
 * functions; or of a version nobody knows, by -DVERSION=.... To be preloaded. */
#include "gate/allocation_counters.h"

extern struct allocation_counters batchlab_allocation_counters;

struct allocation_counters batchlab_allocation_counters = {.version = VERSION, .allocations = 7};
