/* What carries the sums of ranks, as two numbers: the latency of a small message and the bandwidth
 * of large ones; as published, as given, or as `batchlab netmeasure` has found. */
#ifndef BATCHLAB_INTERCONNECT_H
#define BATCHLAB_INTERCONNECT_H

#include <stddef.h>

struct interconnect {
    char name[64];
    char origin[256];        /* where the numbers are from */
    int is_measured;         /* 1: by netmeasure; 0: they are assumed */
    double latency_seconds;  /* of a message, one way; > 0 */
    double bytes_per_second; /* one way; > 0 */
};

/* The named ones, with published numbers; ends with an empty name. */
extern const struct interconnect interconnects[];

/* One of those, or LATENCY_US,GB_PER_SECOND as in `1.5,12`, or what netmeasure has written to the
 * file of that name. -1: error set, which lists the names. */
int interconnect_find(struct interconnect *, const char *text);

/* Seconds for `bytes` to be added up over so many ranks, with the sums in all of them:
 *   2 log2(ranks) latency + 2 (ranks - 1) / ranks bytes / bandwidth,
 * a reduction by halving and a gathering by doubling (Rabenseifner 2004; Thakur, Rabenseifner and
 * Gropp 2005, 4.4), without the additions. ranks >= 1, not necessarily a power of two. */
double interconnect_sum_seconds(const struct interconnect *, double bytes, double ranks);

/* The two numbers from sums that were timed: seconds[count] of bytes[] over ranks[] >= 2, by least
 * squares of relative residuals. -1 (error set): they do not tell the two apart, or one of them
 * would not be above 0. */
int interconnect_fit(struct interconnect *, const double *bytes, const double *ranks,
                     const double *seconds, size_t count);

#endif
