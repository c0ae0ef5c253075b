/* Where the time on the training clock goes. */
#include "train/profile.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/stats.h"
#include "train/batches.h"
#include "train/step.h"
#include "train/throughput.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPETITIONS = 5 };
static const double long_enough = 0.005; /* seconds, of what is timed in a loop */

/* ---- Sampling ---------------------------------------------------------------------------------
 */

/* Seconds of a draw, augmentation included, over whole epochs, as each begins with a shuffle. */
static int time_sampling(const struct workbench *bench, double *seconds)
{
    long epoch = (long)(bench->train.count / (size_t)bench->cell->batch_size);
    double taken[REPETITIONS], start;
    struct batches *batches;
    struct batch batch;
    int status = batches_open(&batches, bench, bench->cell->settings.last_batch);

    if (bench->train.generator && epoch > 1000) /* whose orders are computed: no shuffle to share */
        epoch = 1000;

    for (int r = 0; r < REPETITIONS && status == 0; r++) {
        long draws = 0;

        start = clock_now();
        do {
            for (long i = 0; i < epoch; i++)
                batches_next(batches, &batch);
            draws += epoch;
        } while (clock_now() - start < long_enough);
        taken[r] = (clock_now() - start) / (double)draws;
    }
    if (status == 0)
        *seconds = stats_median(taken, REPETITIONS);
    batches_close(batches);
    return status;
}

/* ---- The loop: train() with an engine that does nothing ---------------------------------------
 */

static int idle_loss(void *session, const float *theta, const struct batch *batch,
                     struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)message;
    *score = (struct score){0};
    return 0;
}

static int idle_gradient(void *session, const float *theta, const struct batch *batch,
                         float *gradient, struct score *score, struct message *message)
{
    (void)gradient;
    return idle_loss(session, theta, batch, score, message);
}

static int idle_step(void *session, float *theta, const struct batch *batch, float rate,
                     struct score *score, struct message *message)
{
    (void)rate;
    return idle_loss(session, theta, batch, score, message);
}

static const struct engine idle = {
    .name = "idle", .loss = idle_loss, .gradient = idle_gradient, .sgd_step = idle_step};

static void make_plain(struct settings *settings)
{
    snprintf(settings->optimizer, sizeof settings->optimizer, "sgd");
    settings->rule = (struct rule_parameters){0};
    settings->precision = PRECISION_SINGLE;
    settings->micro_batch = settings->delay = 0;
    settings->gradient_noise = 0;
    settings->workers = 1;
}

/* Seconds of an update in which nothing is computed, sampling included. */
static int time_loop(const struct workbench *bench, double *seconds)
{
    struct experiment experiment = *bench->experiment;
    struct budget budget = *cell_budget(bench->cell, bench->experiment);
    struct cell cell = *bench->cell;
    struct workbench bare = *bench;
    double taken[REPETITIONS];

    /* No target ends it, and the budget is as the run's, in what it is counted by, but bounded. */
    experiment.target_count = 0;
    budget.until = UNTIL_BUDGET;
    budget.train_loss = 0;
    budget.patience = 0;
    if (budget.seconds > 0.02)
        budget.seconds = 0.02;
    if (budget.updates <= 0 || budget.updates > 1000000)
        budget.updates = 1000000;
    cell.budget = &budget;
    make_plain(&cell.settings);
    bare.engine = &idle;
    bare.observe = NULL;
    bare.checkpoint = (struct checkpointing){.path = NULL};
    bare.experiment = &experiment;
    bare.cell = &cell;
    for (int r = 0; r < REPETITIONS; r++) {
        struct training_result result;
        int status = train(&bare, &result);

        training_free(&result);
        if (status != 0)
            return -1;
        taken[r] = result.train_seconds / (double)result.updates;
    }
    *seconds = stats_median(taken, REPETITIONS);
    return 0;
}

/* ---- The update -------------------------------------------------------------------------------
 */

static int nothing(void *context, const void *theta, void *gradient)
{
    (void)context, (void)theta, (void)gradient;
    return 0;
}

static int nothing_each(void *context, const void *theta, void *gradient,
                        void (*take)(void *taker, size_t example, double share), void *taker)
{
    (void)context, (void)theta, (void)gradient;
    take(taker, 0, 1);
    return 0;
}

static int no_step(void *context, void *theta, double rate)
{
    (void)context, (void)theta, (void)rate;
    return 0;
}

/* Seconds of the rule's own pass. */
static int time_update(const struct workbench *bench, double *seconds)
{
    const struct settings *settings = &bench->cell->settings;
    const struct rule *rule = rule_find(settings->optimizer);
    const struct rule_parameters parameters = step_parameters(bench);
    const struct gradient_oracle oracle = {.batch_size = 1,
                                           .batch = nothing,
                                           .all = nothing,
                                           .each = nothing_each,
                                           .proximal = no_step};
    void *theta = calloc(bench->model->parameters, sizeof(double));
    struct rule_state state = {0};
    double taken[REPETITIONS], start;
    int status = theta ? rule_open(&state, rule, bench->model->parameters, 1, settings->precision,
                                   &parameters)
                       : error_set("out of memory");

    for (int r = 0; r < REPETITIONS && status == 0; r++) {
        long steps = 0;

        start = clock_now();
        do {
            for (int i = 0; i < 16 && status == 0; i++) /* between two looks at the clock */
                status = rule_step(rule, &state, theta, settings->learning_rate, &oracle);
            steps += 16;
        } while (status == 0 && clock_now() - start < long_enough);
        taken[r] = (clock_now() - start) / (double)steps;
    }
    if (status == 0)
        *seconds = stats_median(taken, REPETITIONS);
    rule_close(&state);
    free(theta);
    return status;
}

/* ---- Gathering --------------------------------------------------------------------------------
 */

/* The share of a step, drawing left out, that goes into gathering. */
static int time_gathering(const struct workbench *bench, double sampling, double *share)
{
    struct experiment experiment = *bench->experiment;
    struct cell cell = *bench->cell;
    struct workbench timed = *bench;
    struct throughput_result result;
    double k = cell.batch_size, gathered, pregathered;
    int status;

    experiment.throughput = (struct throughput_options){
        .seconds = 0.15, .block_seconds = 0.003, .blocks = 15, .precision = 0.005};
    cell.settings.learning_rate = 1e-7; /* the speed of weights that have not diverged */
    timed.experiment = &experiment;
    timed.cell = &cell;
    status = throughput(&timed, &result);
    if (status == 0 && result.outcome == OUTCOME_FAILED)
        status = error_set("%s", result.reason);
    if (status == 0) {
        gathered = k / result.rates[INPUT_GATHER].median - sampling;
        pregathered = k / result.rates[INPUT_PREGATHERED].median;
        *share = 1 - pregathered / gathered;
    }
    throughput_free(&result);
    return status;
}

int profile_training(const struct workbench *bench, const struct training_result *result,
                     struct profile *profile)
{
    double sampling, loop, update = 0, share, updates = (double)result->updates;

    if (time_sampling(bench, &sampling) != 0 || time_loop(bench, &loop) != 0 ||
        (!step_is_bare(bench) && time_update(bench, &update) != 0) ||
        time_gathering(bench, sampling, &share) != 0)
        return -1;
    *profile = (struct profile){
        .sampling = updates * sampling,
        .bookkeeping = updates * fmax(0, loop - sampling),
        .update = updates * update,
        .gather = share * (result->train_seconds - updates * fmax(loop, sampling)),
    };
    profile->gradient = result->train_seconds - profile->sampling - profile->bookkeeping -
                        profile->update - profile->gather;
    return 0;
}
