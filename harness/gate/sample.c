/* One timed slice, and what the machine did meanwhile. */
#include "gate/sample.h"

#include "base/clock.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of the processor that this process is on now. NaN: not known. */
static double stolen_seconds(void)
{
    char name[16], line[256];
    double steal = NAN, ticks[8];
    FILE *file = fopen("/proc/stat", "re");

    if (!file)
        return NAN;
    snprintf(name, sizeof name, "cpu%d ", sched_getcpu());
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%lf %lf %lf %lf %lf %lf %lf %lf", &ticks[0], &ticks[1],
                   &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) == 8) {
            steal = ticks[7] / (double)sysconf(_SC_CLK_TCK);
            break;
        }
    fclose(file);
    return steal;
}

struct gate_reading gate_read(void)
{
    struct gate_reading reading = {.steal = stolen_seconds()};
    struct rusage usage;

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
    sample.steal = stolen_seconds() - then->steal;
    if (getloadavg(&sample.load, 1) != 1)
        sample.load = NAN;
    return sample;
}

int gate_sample_tagged(const struct gate_sample *sample)
{
    return sample->switches > 1 + 100 * sample->wall || sample->steal > 0.01 * sample->wall;
}
