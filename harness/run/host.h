/* The machine: what a reader needs to know to compare numbers, and which processors may be used. */
#ifndef BATCHLAB_HOST_H
#define BATCHLAB_HOST_H

enum { HOST_PROCESSORS_MAX = 1024 };

struct host {
    char cpu[128];         /* model name */
    char kernel[128];      /* operating system kernel and release */
    char governor[32];     /* frequency governor; "unknown" where the system does not say */
    char instructions[64]; /* the widest vector instructions: avx512f, avx2, sse2 or baseline */
    double memory_bytes;
    double l1_bytes, l2_bytes;           /* of one core: data; 0 where the system does not say */
    double l3_bytes;                     /* shared */
    double quota;                        /* processors the control group grants; 0: no limit */
    double load;                         /* one-minute load average now */
    int processors[HOST_PROCESSORS_MAX]; /* [processor_count] allowed ones, one a physical core,
                                            at most the quota */
    int processor_count;
};

void host_read(struct host *);

/* The first line of a file of the system, without blanks at its end. 0, or -1 if there is none. */
int host_line(const char *path, char *line, int size);

/* Seconds of all processors so far, and those stolen by the hypervisor. 0, or -1 if unknown. */
int host_steal(double *total_seconds, double *steal_seconds);

/* Seconds since boot that this processor was idle, and that the hypervisor took from it. 0, or -1
 * if unknown. */
int host_processor_times(int processor, double *idle_seconds, double *steal_seconds);

/* Of the allowed processors the one that is idle the most while this waits for so many seconds; the
 * last of equals, since the first ones serve interrupts. */
int host_idlest(const struct host *, double seconds);

#endif
