/* Ranks that wait for nobody. */
#include "train/async.h"

#include "base/clock.h"
#include "base/error.h"
#include "memory.h"
#include "message.h"
#include "ranks/ranks.h"
#include "train/gradient.h"
#include "train/team.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* On the shelf: batches taken, and updates made. */
enum { TAKEN, MADE };

struct async {
    size_t parameters;
    float *step; /* [P] */
    long drawn;  /* batches drawn of the run's, by this rank, most of them for others */
    long taken;  /* of the run's batches, in earlier calls */
    int is_shelved;
};

int async_open(struct async **opened, struct training_run *run)
{
    struct async *async = calloc(1, sizeof *async);
    size_t count = run->bench->model->parameters;

    *opened = async;
    if (!async || !(async->step = memory_take_floats(count)))
        return error_set("out of memory");
    async->parameters = count;
    if (ranks_shelf_open(run->stepper.theta, count) != 0)
        return -1;
    async->is_shelved = 1;
    return 0;
}

void async_close(struct async *async)
{
    if (!async)
        return;
    if (async->is_shelved)
        ranks_shelf_close();
    free(async->step);
    free(async);
}

/* One update with the batch of that number. */
static int update(struct async *async, struct training_run *run, long number, long *staleness)
{
    struct stepper *stepper = &run->stepper;
    struct team_traffic *traffic = team_traffic(run->bench->team);
    size_t bytes = async->parameters * sizeof(float);
    double start = clock_now();
    struct message message = {""};
    int64_t before, after;

    if (ranks_shelf_count(MADE, 0, &before) != 0 ||
        ranks_shelf_read(stepper->theta, async->parameters) != 0)
        return stepper_failed(stepper, &(struct message){"the ranks have lost each other"});
    traffic->seconds += clock_now() - start;
    for (; async->drawn <= number; async->drawn++)
        batches_next(run->batches, &stepper->batch);
    if (gradient_at(stepper->gradient, stepper->theta, &stepper->batch, async->step,
                    &stepper->score, &message) != 0)
        return stepper_failed(stepper, &message);
    for (size_t j = 0; j < async->parameters; j++)
        async->step[j] *= -(float)stepper->rate;
    start = clock_now();
    if (ranks_shelf_add(async->step, async->parameters) != 0 ||
        ranks_shelf_count(MADE, 1, &after) != 0)
        return stepper_failed(stepper, &(struct message){"the ranks have lost each other"});
    traffic->seconds += clock_now() - start;
    traffic->bytes += 2.0 * (double)bytes + 3 * sizeof(int64_t);
    batch_losses_add(&run->losses, stepper->score.loss);
    *staleness = (long)(after - before);
    return 0;
}

static int count_staleness(struct training_run *run, const long *counts)
{
    int size = run->bench->cell->settings.workers;
    size_t each = STALENESS_MAX + 1;
    long *all = calloc((size_t)size * each, sizeof *all);
    int status =
        all ? ranks_team_gather(counts, each * sizeof *counts, all) : error_set("out of memory");

    for (int r = 0; r < size && status == 0; r++)
        for (size_t s = 0; s < each; s++)
            run->result->staleness[s] += all[(size_t)r * each + s];
    free(all);
    return status;
}

/* Until as many batches are taken. Where the loss is no number there is no more to be had. */
static int update_while_any(struct async *async, struct training_run *run, long updates,
                            long counts[STALENESS_MAX + 1])
{
    for (;;) {
        long staleness = 0;
        int64_t number;

        if (ranks_shelf_count(TAKEN, 1, &number) != 0)
            return stepper_failed(&run->stepper,
                                  &(struct message){"the ranks have lost each other"});
        if (number >= updates)
            return 0;
        if (update(async, run, async->taken + (long)number, &staleness) != 0)
            return -1;
        counts[staleness < STALENESS_MAX ? staleness : STALENESS_MAX]++;
    }
}

int async_train(struct async *async, struct training_run *run, long updates)
{
    struct training_result *result = run->result;
    struct team *team = run->bench->team;
    long counts[STALENESS_MAX + 1] = {0};
    struct message message = {""};
    double start;
    int64_t taken = 0;
    int status = 0;

    /* Of the last call there are more takings than batches: one too many for each rank. */
    if (team_leads(team) &&
        (ranks_shelf_count(TAKEN, 0, &taken) != 0 || ranks_shelf_count(TAKEN, -taken, &taken) != 0))
        return -1;
    if (team_order(team, &updates, 1) != 0)
        return stepper_failed(&run->stepper, &(struct message){"the ranks have lost each other"});
    start = clock_now();
    if (result->first_step == 0)
        result->first_step = start;
    status = update_while_any(async, run, updates, counts);
    snprintf(message.text, sizeof message.text, "%.255s", run->stepper.reason);
    if (team_agree(team, status, &message) != 0)
        return stepper_failed(&run->stepper, &message);
    result->train_seconds += clock_now() - start;
    if (ranks_shelf_read(run->stepper.theta, async->parameters) != 0 ||
        count_staleness(run, counts) != 0)
        return stepper_failed(&run->stepper, &(struct message){"the ranks have lost each other"});
    async->taken += updates;
    result->updates += updates;
    result->examples += (double)updates * run->bench->cell->batch_size;
    return 0;
}
