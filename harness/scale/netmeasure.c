/* How fast the ranks of this job send and add up. */
#include "scale/netmeasure.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stats.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_FIRST = 8, BYTES_LAST = 4 << 20, GROWTH = 8, REPETITIONS = 15 };

/* One thing to time: so many times what one call does. */
struct action {
    int (*once)(const struct ranks *, void *bytes, size_t size);
    const struct ranks *ranks;
    void *bytes;
    size_t size;
};

static int ping_pong(const struct ranks *ranks, void *bytes, size_t size)
{
    int last = ranks->size - 1;

    if (ranks->rank == 0)
        return ranks_team_pass(bytes, size, 0, last) == 0 ? ranks_team_pass(bytes, size, last, 0)
                                                          : -1;
    if (ranks->rank != last)
        return 0;
    return ranks_team_pass(bytes, size, 0, last) == 0 ? ranks_team_pass(bytes, size, last, 0) : -1;
}

static int sum(const struct ranks *ranks, void *bytes, size_t size)
{
    int ticket;

    (void)ranks;
    return ranks_team_sum_begin(bytes, size / sizeof(float), sizeof(float), &ticket) == 0
               ? ranks_sum_finish(ticket)
               : -1;
}

static int time_times(const struct action *action, long times, double *seconds)
{
    double start;

    if (ranks_team_barrier() != 0)
        return -1;
    start = clock_now();
    for (long i = 0; i < times; i++)
        if (action->once(action->ranks, action->bytes, action->size) != 0)
            return -1;
    *seconds = (clock_now() - start) / (double)times;
    return 0;
}

/* Of rank 0, the median of repetitions that take `seconds` in all; how often, it decides for all.
 */
static int time_action(const struct action *action, double seconds, double *median)
{
    double taken[REPETITIONS], once;
    long times = 1;

    memset(action->bytes, 0, action->size);
    if (time_times(action, 3, &once) != 0) /* warm */
        return -1;
    if (once > 0)
        times = (long)(seconds / REPETITIONS / once);
    times = times < 1 ? 1 : times > 100000 ? 100000 : times;
    if (ranks_team_await(&times, sizeof times) != 0)
        return -1;
    for (int r = 0; r < REPETITIONS; r++)
        if (time_times(action, times, &taken[r]) != 0)
            return -1;
    *median = stats_median(taken, REPETITIONS);
    return 0;
}

static int time_messages(struct netmeasure *measured, const struct ranks *ranks, void *bytes,
                         double seconds)
{
    for (size_t size = BYTES_FIRST; size <= BYTES_LAST; size *= GROWTH) {
        const struct action action = {ping_pong, ranks, bytes, size};
        struct net_timing *timing = &measured->messages[measured->message_count++];

        *timing = (struct net_timing){.bytes = (double)size, .ranks = 2};
        if (time_action(&action, seconds, &timing->seconds) != 0)
            return -1;
        timing->seconds /= 2; /* there and back */
    }
    return 0;
}

static int time_sums(struct netmeasure *measured, const struct ranks *ranks, int size_of_team,
                     void *bytes, double seconds)
{
    for (size_t size = BYTES_FIRST; size <= BYTES_LAST; size *= GROWTH) {
        const struct action action = {sum, ranks, bytes, size};
        struct net_timing *timing = &measured->sums[measured->sum_count++];

        *timing = (struct net_timing){.bytes = (double)size, .ranks = size_of_team};
        if (time_action(&action, seconds, &timing->seconds) != 0)
            return -1;
    }
    return 0;
}

/* The next team: twice as many ranks, or all. */
static int grown(int size, int most)
{
    return 2 * size < most ? 2 * size : most;
}

/* Parameters of the sums, and how far off they leave them. */
int netmeasure_fit(struct netmeasure *measured)
{
    double bytes[NETMEASURE_MAX] = {0}, ranks[NETMEASURE_MAX] = {0}, seconds[NETMEASURE_MAX] = {0};
    int count = measured->sum_count, messages = measured->message_count;

    measured->message_latency_seconds = measured->messages[0].seconds;
    measured->message_bytes_per_second =
        measured->messages[messages - 1].bytes / measured->messages[messages - 1].seconds;
    for (int i = 0; i < count; i++) {
        bytes[i] = measured->sums[i].bytes;
        ranks[i] = measured->sums[i].ranks;
        seconds[i] = measured->sums[i].seconds;
    }
    if (interconnect_fit(&measured->fitted, bytes, ranks, seconds, (size_t)count) != 0)
        return -1;
    for (int i = 0; i < count; i++)
        seconds[i] =
            fabs(interconnect_sum_seconds(&measured->fitted, bytes[i], ranks[i]) / seconds[i] - 1);
    measured->deviation = stats_median(seconds, (size_t)count);
    return 0;
}

int netmeasure_run(struct netmeasure *measured, const struct ranks *ranks, double seconds)
{
    int sizes = 0, teams = 0, status = -1;
    void *bytes = memory_take(BYTES_LAST);

    memset(measured, 0, sizeof *measured);
    for (size_t size = BYTES_FIRST; size <= BYTES_LAST; size *= GROWTH)
        sizes++;
    for (int team = 2;; team = grown(team, ranks->size)) {
        teams++;
        if (team == ranks->size)
            break;
    }
    seconds /= sizes * (teams + 1); /* of each */
    if (!bytes)
        error_set("out of memory");
    else if (ranks_team(ranks->size) == 0 && time_messages(measured, ranks, bytes, seconds) == 0)
        status = 0;
    for (int team = 2; status == 0; team = grown(team, ranks->size)) {
        if (ranks->rank < team &&
            (ranks_team(team) != 0 || time_sums(measured, ranks, team, bytes, seconds) != 0))
            status = -1;
        if (ranks_barrier() != 0)
            status = -1;
        if (team == ranks->size)
            break;
    }
    free(bytes);
    return status;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *describe(const struct net_timing *timings, int count)
{
    json_t *array = json_array();

    for (int i = 0; i < count; i++)
        json_array_append_new(array,
                              json_pack("{s:f, s:f, s:f}", "ranks", timings[i].ranks, "bytes",
                                        timings[i].bytes, "seconds", timings[i].seconds));
    return array;
}

int netmeasure_write(const struct netmeasure *measured, const struct ranks *ranks, const char *path)
{
    json_t *file =
        json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f}", "library", ranks->library, "ranks",
                  ranks->size, "ranks_on_first_host", ranks->host_size, "latency_seconds",
                  measured->fitted.latency_seconds, "bytes_per_second",
                  measured->fitted.bytes_per_second, "deviation", measured->deviation,
                  "message_latency_seconds", measured->message_latency_seconds,
                  "message_bytes_per_second", measured->message_bytes_per_second);
    int status;

    if (!file)
        return error_set("out of memory");
    json_object_set_new(file, "messages", describe(measured->messages, measured->message_count));
    json_object_set_new(file, "sums", describe(measured->sums, measured->sum_count));
    status = json_write_file(file, path);
    json_decref(file);
    return status;
}
