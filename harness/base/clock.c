/* Monotonic time. */
#include "base/clock.h"

#include <math.h>
#include <time.h>

static double seconds_of(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double clock_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double clock_cpu_seconds(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double clock_resolution(void)
{
    enum { TRIALS = 64 };
    double least = INFINITY;
    struct timespec said;

    for (int i = 0; i < TRIALS; i++) {
        double now = clock_now(), next;

        do
            next = clock_now();
        while (next <= now);
        least = fmin(least, next - now);
    }
    if (clock_getres(CLOCK_MONOTONIC, &said) == 0)
        least = fmax(least, (double)said.tv_sec + 1e-9 * (double)said.tv_nsec);
    return least;
}

void clock_timestamp(char text[32])
{
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
