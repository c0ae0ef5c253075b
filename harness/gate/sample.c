/* One timed slice, and what the machine did meanwhile. */
#include "gate/sample.h"

#include "base/clock.h"
#include "run/host.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

/* NaN: not known. */
static double stolen_seconds(int processor)
{
    double idle, steal;

    return host_processor_times(processor, &idle, &steal) == 0 ? steal : (double)NAN;
}

struct gate_reading gate_read(void)
{
    struct gate_reading reading = {.processor = sched_getcpu()};
    struct rusage usage;

    reading.steal = stolen_seconds(reading.processor);
    getrusage(RUSAGE_SELF, &usage);
    reading.switches = (double)usage.ru_nivcsw;
    reading.cpu = clock_cpu_seconds();
    reading.wall = clock_now();
    return reading;
}

struct gate_sample gate_since(const struct gate_reading *then)
{
    struct gate_sample sample = {.wall = clock_now() - then->wall};
    struct rusage usage;

    sample.cpu = clock_cpu_seconds() - then->cpu;
    getrusage(RUSAGE_SELF, &usage);
    sample.switches = (double)usage.ru_nivcsw - then->switches;
    /* Of one that moved about nobody knows. */
    sample.steal = sched_getcpu() == then->processor ? stolen_seconds(then->processor) - then->steal
                                                     : (double)NAN;
    if (getloadavg(&sample.load, 1) != 1)
        sample.load = NAN;
    return sample;
}

int gate_sample_tagged(const struct gate_sample *sample)
{
    return sample->switches > 1 + 100 * sample->wall || sample->steal > 0.01 * sample->wall;
}
