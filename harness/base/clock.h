/* Monotonic time. The only file that reads a clock. */
#ifndef BATCHLAB_CLOCK_H
#define BATCHLAB_CLOCK_H

/* Seconds since an arbitrary start; never goes back, is not stepped with the wall clock. */
double clock_now(void);

/* CPU seconds used so far by all threads of this process. */
double clock_cpu_seconds(void);

/* Seconds between two different readings of clock_now: the larger of what the system says and of
 * the smallest difference seen. */
double clock_resolution(void);

/* Writes the wall-clock date and time as ISO 8601 UTC, "2026-01-31T12:00:00Z". */
void clock_timestamp(char text[32]);

#endif
