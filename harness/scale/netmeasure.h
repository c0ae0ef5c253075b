/* How fast the ranks of this job send and add up, by doing it. */
#ifndef BATCHLAB_NETMEASURE_H
#define BATCHLAB_NETMEASURE_H

#include "ranks/ranks.h"
#include "scale/interconnect.h"

enum { NETMEASURE_MAX = 128 };

struct net_timing {
    double bytes, ranks;
    double seconds; /* median over repetitions: of a message one way, or of a sum */
};

struct netmeasure {
    struct net_timing messages[NETMEASURE_MAX]; /* between rank 0 and the last one */
    struct net_timing sums[NETMEASURE_MAX];     /* of floats, over 2, 4, ... and all ranks */
    int message_count, sum_count;
    /* The smallest message's time, and the largest's bytes over its seconds. */
    double message_latency_seconds, message_bytes_per_second;
    struct interconnect fitted; /* to the sums, as interconnect_sum_seconds has it */
    double deviation;           /* median of |fitted / measured - 1| over the sums */
};

/* Collective; two ranks or more: messages and sums. seconds: about what it may take. The result is
 * rank 0's. -1 (error set): MPI has failed, and others may be waiting. */
int netmeasure_run(struct netmeasure *, const struct ranks *, double seconds);

/* What they come to. -1: error set. */
int netmeasure_fit(struct netmeasure *);

/* Writes it as JSON, whole or not at all. */
int netmeasure_write(const struct netmeasure *, const struct ranks *, const char *path);

#endif
