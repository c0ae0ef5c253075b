/* Times several engines in turn. */
#include "train/contest.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/stats.h"
#include "train/batches.h"
#include "train/step.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 15, BLOCKS_LEAST = 3 };

/* Blocks of this length are long beside a look at the clock, and short beside a drift. */
static const double block_seconds = 0.004;
/* Noise does not make up for it. */
static const double far_behind = 0.6;

struct contestant {
    struct stepper stepper;
    struct batches *batches;
    long updates; /* in a block */
    double seconds[BLOCKS_MAX];
    int blocks;
    int out; /* failed, or far behind */
};

static int enter(struct contestant *contestant, const struct workbench *bench)
{
    contestant->updates = 1;
    if (batches_open(&contestant->batches, bench, LAST_BATCH_DROP) != 0)
        return -1;
    if (stepper_open(&contestant->stepper, bench) != 0) {
        contestant->out = contestant->stepper.reason[0] != '\0';
        return contestant->out ? 0 : -1;
    }
    return 0;
}

/* Seconds of so many steps. NAN if the engine fails. */
static double time_steps(struct contestant *contestant, long updates)
{
    double start = clock_now();

    for (long i = 0; i < updates; i++) {
        batches_next(contestant->batches, &contestant->stepper.batch);
        if (stepper_update(&contestant->stepper) != 0)
            return NAN;
    }
    return clock_now() - start;
}

/* Doubles the block until it is long enough: the last one warms up as well. */
static void find_block(struct contestant *contestant)
{
    double seconds = 0;

    while (!contestant->out && seconds < block_seconds) {
        seconds = time_steps(contestant, contestant->updates);
        contestant->out = isnan(seconds);
        if (seconds < block_seconds)
            contestant->updates *= 2;
    }
}

static double per_update(const struct contestant *contestant)
{
    return stats_median(contestant->seconds, (size_t)contestant->blocks) /
           (double)contestant->updates;
}

/* One block each, beginning with another one every time. */
static void run_round(struct contestant *contestants, int count, int round)
{
    for (int i = 0; i < count; i++) {
        struct contestant *contestant = &contestants[(i + round) % count];
        double seconds;

        if (contestant->out)
            continue;
        seconds = time_steps(contestant, contestant->updates);
        contestant->out = isnan(seconds);
        if (!contestant->out)
            contestant->seconds[contestant->blocks++] = seconds;
    }
}

static void send_stragglers_home(struct contestant *contestants, int count)
{
    double best = INFINITY;

    for (int i = 0; i < count; i++)
        if (!contestants[i].out)
            best = fmin(best, per_update(&contestants[i]));
    for (int i = 0; i < count; i++)
        if (!contestants[i].out && far_behind * per_update(&contestants[i]) > best)
            contestants[i].out = 1;
}

int contest(const struct workbench *benches, int count, double seconds, double *rates)
{
    struct contestant *contestants = calloc((size_t)count, sizeof *contestants);
    double deadline = clock_now() + seconds * count;
    int status = contestants ? 0 : error_set("out of memory");

    for (int i = 0; i < count && status == 0; i++)
        status = enter(&contestants[i], &benches[i]);
    for (int i = 0; i < count && status == 0; i++)
        find_block(&contestants[i]);
    for (int round = 0; round < BLOCKS_MAX && status == 0; round++) {
        if (round >= BLOCKS_LEAST && clock_now() > deadline)
            break;
        run_round(contestants, count, round);
        send_stragglers_home(contestants, count);
    }
    for (int i = 0; i < count && status == 0; i++)
        rates[i] = contestants[i].blocks > 0
                       ? benches[i].cell->batch_size / per_update(&contestants[i])
                       : (double)NAN;
    for (int i = 0; contestants && i < count; i++) {
        batches_close(contestants[i].batches);
        stepper_close(&contestants[i].stepper);
    }
    free(contestants);
    return status;
}
