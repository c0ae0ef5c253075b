/* A wall clock that is stepped, for LD_PRELOAD: by turns it is right, a day ahead, and a day
 * behind, a tenth of a second each. Time that is measured must not notice. */
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void read_clock(clockid_t clock, struct timespec *time)
{
    syscall(SYS_clock_gettime, clock, time);
}

static time_t step(void)
{
    static const time_t steps[] = {0, 86400, -86400};
    struct timespec steady;

    read_clock(CLOCK_MONOTONIC, &steady);
    return steps[(steady.tv_sec * 10 + steady.tv_nsec / 100000000) % 3];
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int status = (int)syscall(SYS_clock_gettime, clock, time);

    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += step();
    return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (into)
        *into = now.tv_sec;
    return now.tv_sec;
}
