/* What a roof is measured with: loops in the widest vectors of the processor that do nothing but
 * multiply and add, or nothing but move memory. */
#ifndef BATCHLAB_KERNELS_H
#define BATCHLAB_KERNELS_H

#include <stddef.h>

enum traffic {
    TRAFFIC_READ,  /* every element of a: 4 bytes an element */
    TRAFFIC_WRITE, /* a[i] = s: 4 bytes an element */
    TRAFFIC_TRIAD, /* a[i] = b[i] + s * c[i] (McCalpin 1995): 12 bytes an element */
    TRAFFIC_COUNT,
};

/* What a loop's counts must be multiples of, in floats: 8 vectors of 64 bytes. */
enum { KERNEL_FLOATS = 128 };

struct kernels {
    /* Independent chains of fused multiply-adds in registers; returns the FLOPs of a call, each
     * multiply-add being 2. */
    double (*fma)(float seed);
    /* `passes` times over `count` floats of each array that the kind of traffic has. Arrays are
     * aligned to 64 bytes and do not overlap; count is a multiple of KERNEL_FLOATS. */
    void (*traffic[TRAFFIC_COUNT])(float *a, const float *b, const float *c, size_t count,
                                   long passes);
};

/* instructions: as host.instructions names them. */
struct kernels kernels_for(const char *instructions);

/* Bytes of one pass. What a cache reads before a line is written (write-allocate) is not counted:
 * it is the processor's choice, not the loop's. */
double traffic_bytes(enum traffic, size_t count);

#endif
