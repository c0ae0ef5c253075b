/* One timed slice, and what the machine did meanwhile. */
#ifndef BATCHLAB_GATE_SAMPLE_H
#define BATCHLAB_GATE_SAMPLE_H

struct gate_sample {
    double wall, cpu; /* seconds of the slice */
    double switches;  /* involuntary context switches of the process */
    double steal;     /* seconds taken from the processor by the hypervisor, in ticks of 10 ms;
                         NaN: not known */
    double load;      /* one-minute average after it; NaN: not known */
};

/* What the clocks and counters of this process and its processor say. */
struct gate_reading {
    double wall, cpu, switches, steal;
    int processor; /* that the steal is of */
};

struct gate_reading gate_read(void);

/* What happened since. */
struct gate_sample gate_since(const struct gate_reading *);

/* 1: the machine had other things to do: more involuntary switches than one in 10 ms, or more than
 * 1 % of the time stolen. Such samples are kept, and counted. */
int gate_sample_tagged(const struct gate_sample *);

#endif
