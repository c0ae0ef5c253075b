/* Times training steps of one cell. */
#include "train/throughput.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/stats.h"
#include "memory.h"
#include "train/batches.h"
#include "train/live.h"
#include "train/step.h"
#include "train/team.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS_MAX = 10000 };

const char *const throughput_input_names[INPUT_COUNT] = {
    [INPUT_GATHER] = "gather",
    [INPUT_PREGATHERED] = "pregathered",
};

struct timing {
    const struct workbench *bench;
    struct throughput_result *result;
    enum throughput_input input;
    struct stepper stepper;
    struct batches *batches;
    float *pool; /* [pool_count][inputs] */
    int32_t *pool_labels;
    float *pool_targets;
    size_t pool_count, pool_next;
    int capacity; /* of result->blocks */
};

/* ---- One step ------------------------------------------------------------------------------- */

static struct batch next_pregathered(struct timing *timing)
{
    size_t inputs = network_inputs(&timing->bench->model->network);
    size_t outputs = network_outputs(&timing->bench->model->network);
    size_t k = (size_t)timing->bench->cell->batch_size, first;

    if (timing->pool_next + k > timing->pool_count)
        timing->pool_next = 0;
    first = timing->pool_next;
    timing->pool_next += k;
    return (struct batch){
        .size = (int)k,
        .features = timing->pool + first * inputs,
        .element = ELEMENT_FLOAT32,
        .scale = 1,
        .labels = timing->pool_labels ? timing->pool_labels + first : NULL,
        .targets = timing->pool_targets ? timing->pool_targets + first * outputs : NULL,
    };
}

static int step(struct timing *timing)
{
    if (timing->input == INPUT_GATHER)
        batches_next(timing->batches, &timing->stepper.batch);
    else
        timing->stepper.batch = next_pregathered(timing);
    return stepper_update(&timing->stepper);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Of a team: its leader tells the others what comes, and all begin together. */
static int call_team(struct timing *timing, long updates)
{
    long order[2] = {updates, timing->input};
    struct message message = {"the ranks have lost each other"};

    if (!timing->bench->team || team_order(timing->bench->team, order, 2) == 0)
        return 0;
    return stepper_failed(&timing->stepper, &message);
}

static int run_block(struct timing *timing, long updates, double *seconds)
{
    double start = clock_now();

    for (long i = 0; i < updates; i++)
        if (step(timing) != 0)
            return -1;
    *seconds = clock_now() - start;
    return 0;
}

static int time_block(struct timing *timing, long updates, double *seconds)
{
    return call_team(timing, updates) == 0 ? run_block(timing, updates, seconds) : -1;
}

/* What a rank of a team that does not lead does: blocks, as the leader orders them. */
static int follow_blocks(struct timing *timing)
{
    struct message message = {"the ranks have lost each other"};
    double seconds;

    for (;;) {
        long order[2] = {0};

        if (team_order(timing->bench->team, order, 2) != 0)
            return stepper_failed(&timing->stepper, &message);
        if (order[0] == 0)
            return 0;
        timing->input = (enum throughput_input)order[1];
        if (run_block(timing, order[0], &seconds) != 0)
            return -1;
    }
}

static int keep_block(struct timing *timing, long updates, double seconds)
{
    struct throughput_result *result = timing->result;

    if (result->block_count == timing->capacity) {
        int capacity = timing->capacity ? 2 * timing->capacity : 64;
        struct timed_block *blocks = realloc(result->blocks, (size_t)capacity * sizeof *blocks);

        if (!blocks)
            return error_set("out of memory for timed blocks");
        result->blocks = blocks;
        timing->capacity = capacity;
    }
    result->blocks[result->block_count++] = (struct timed_block){timing->input, updates, seconds};
    return 0;
}

/* Warms up, and finds how many updates fill a block: doubling until one is long enough. */
static int calibrate(struct timing *timing, double block_seconds, long *updates)
{
    double seconds = 0;

    for (*updates = 1;; *updates *= 2) {
        if (time_block(timing, *updates, &seconds) != 0)
            return -1;
        if (seconds >= block_seconds / 2)
            break;
    }
    if (seconds < block_seconds)
        *updates = (long)((double)*updates * block_seconds / seconds) + 1;
    return 0;
}

static int tight_enough(const double *rates, int count, double precision)
{
    double median = stats_median(rates, (size_t)count);
    struct interval interval = stats_median_interval(rates, (size_t)count, 0.95);

    return interval.high - interval.low <= 2 * precision * median;
}

/* One input's blocks so far. */
struct series {
    double *rates;
    long updates; /* of a block */
    int count, over;
};

static int add_block(struct timing *timing, enum throughput_input input, struct series *series)
{
    const struct throughput_options *options = &timing->bench->experiment->throughput;
    struct team_traffic *traffic = team_traffic(timing->bench->team), before = {0};
    double seconds;

    timing->input = input;
    if (traffic)
        before = *traffic;
    if (time_block(timing, series->updates, &seconds) != 0 ||
        keep_block(timing, series->updates, seconds) != 0)
        return -1;
    series->rates[series->count++] =
        (double)series->updates * timing->bench->cell->batch_size / seconds;
    if (input == INPUT_GATHER) {
        timing->result->updates += series->updates;
        timing->result->train_seconds += seconds;
        if (traffic) {
            timing->result->traffic.bytes += traffic->bytes - before.bytes;
            timing->result->traffic.seconds += traffic->seconds - before.seconds;
        }
    }
    series->over = series->count == BLOCKS_MAX ||
                   (series->count >= options->blocks &&
                    tight_enough(series->rates, series->count, options->precision));
    return 0;
}

static struct rate summarize(const struct series *series)
{
    size_t count = (size_t)series->count;

    return (struct rate){
        .median = stats_median(series->rates, count),
        .q1 = stats_quantile(series->rates, count, 0.25),
        .q3 = stats_quantile(series->rates, count, 0.75),
        .blocks = series->count,
    };
}

/* Blocks of the inputs in turn, so that a machine that drifts favours none; of each until its
 * interval is tight or the time is over, three at least, however long they take. */
static int time_blocks(struct timing *timing, struct series series[INPUT_COUNT])
{
    const struct throughput_options *options = &timing->bench->experiment->throughput;
    double deadline;

    for (int i = 0; i < INPUT_COUNT; i++) {
        timing->input = (enum throughput_input)i;
        if (calibrate(timing, options->block_seconds, &series[i].updates) != 0)
            return -1;
    }
    deadline = clock_now() + options->seconds * INPUT_COUNT;
    while (!series[INPUT_GATHER].over || !series[INPUT_PREGATHERED].over) {
        for (int i = 0; i < INPUT_COUNT; i++)
            if (!series[i].over && add_block(timing, (enum throughput_input)i, &series[i]) != 0)
                return -1;
        for (int i = 0; i < INPUT_COUNT; i++)
            series[i].over |= series[i].count >= 3 && clock_now() >= deadline;
    }
    for (int i = 0; i < INPUT_COUNT; i++)
        timing->result->rates[i] = summarize(&series[i]);
    return 0;
}

/* ---- Set-up --------------------------------------------------------------------------------- */

static void gather_example(const struct examples *train, size_t row, size_t inputs, float *into)
{
    const uint8_t *bytes = (const uint8_t *)train->features + row * inputs;
    const float *floats = (const float *)train->features + row * inputs;

    if (train->element == ELEMENT_FLOAT32) {
        memcpy(into, floats, inputs * sizeof *into);
        return;
    }
    for (size_t j = 0; j < inputs; j++)
        into[j] = train->scale * (float)bytes[j] + train->offset;
}

/* So many that twice the last cache cannot hold them; 256 MiB at most. */
static size_t pool_examples(size_t inputs)
{
    enum { AT_LEAST = 16384 };
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    size_t bytes = 2 * (cache > 0 ? (size_t)cache : (size_t)32 << 20);
    size_t examples;

    if (bytes > (size_t)256 << 20)
        bytes = (size_t)256 << 20;
    examples = bytes / (inputs * sizeof(float));
    return examples > AT_LEAST ? examples : AT_LEAST;
}

static int fill_pool(struct timing *timing)
{
    const struct workbench *bench = timing->bench;
    const struct examples shown = examples_shown(&bench->train), *train = &shown;
    size_t inputs = network_inputs(&bench->model->network);
    size_t outputs = network_outputs(&bench->model->network);
    size_t k = (size_t)bench->cell->batch_size;

    timing->pool_count = pool_examples(inputs);
    if (timing->pool_count < k)
        timing->pool_count = k;
    timing->pool = memory_take_floats(timing->pool_count * inputs);
    if (train->labels)
        timing->pool_labels = calloc(timing->pool_count, sizeof *timing->pool_labels);
    if (train->targets)
        timing->pool_targets = calloc(timing->pool_count * outputs, sizeof *timing->pool_targets);
    if (!timing->pool || (train->labels && !timing->pool_labels) ||
        (train->targets && !timing->pool_targets))
        return error_set("out of memory for %zu gathered examples", timing->pool_count);
    for (size_t i = 0; i < timing->pool_count; i++) {
        size_t row = (size_t)train->rows[i % train->count];

        gather_example(train, row, inputs, timing->pool + i * inputs);
        if (train->labels)
            timing->pool_labels[i] = train->labels[row];
        if (train->targets)
            memcpy(timing->pool_targets + i * outputs, train->targets + row * outputs,
                   outputs * sizeof *timing->pool_targets);
    }
    return 0;
}

static int start_timing(struct timing *timing)
{
    if (stepper_open(&timing->stepper, timing->bench) != 0)
        return -1;
    if (batches_open(&timing->batches, timing->bench, LAST_BATCH_DROP) != 0)
        return -1;
    return fill_pool(timing);
}

static void end_timing(struct timing *timing)
{
    batches_close(timing->batches);
    stepper_close(&timing->stepper);
    free(timing->pool);
    free(timing->pool_labels);
    free(timing->pool_targets);
}

static int time_all(struct timing *timing)
{
    struct series series[INPUT_COUNT] = {0};
    double start = clock_now();
    int status = 0;

    for (int i = 0; i < INPUT_COUNT && status == 0; i++) {
        series[i].rates = calloc(BLOCKS_MAX, sizeof *series[i].rates);
        if (!series[i].rates)
            status = error_set("out of memory");
    }
    if (status == 0)
        status = start_timing(timing);
    timing->result->setup_seconds = clock_now() - start;
    if (status == 0 && !team_leads(timing->bench->team))
        status = follow_blocks(timing);
    else if (status == 0 && (status = time_blocks(timing, series)) == 0)
        status = call_team(timing, 0);
    if (status == 0)
        team_end(timing->bench->team);
    for (int i = 0; i < INPUT_COUNT; i++)
        free(series[i].rates);
    return status;
}

/* Off the clock. */
static int count_live(struct timing *timing)
{
    enum { EXAMPLES = 256 };
    const struct network *network = &timing->bench->model->network;
    double *live;
    int status;

    if (timing->bench->cell->batch_size > 1 || !team_leads(timing->bench->team))
        return 0;
    live = calloc((size_t)network->layer_count, sizeof *live);
    if (!live)
        return error_set("out of memory");
    status = live_units(network, timing->stepper.theta, timing->pool,
                        timing->pool_count < EXAMPLES ? timing->pool_count : EXAMPLES, live);
    if (status == 1)
        timing->result->live = live;
    else
        free(live);
    return status < 0 ? -1 : 0;
}

int throughput(const struct workbench *bench, struct throughput_result *result)
{
    struct timing timing = {.bench = bench, .result = result};
    int status;

    memset(result, 0, sizeof *result);
    status = time_all(&timing);
    if (status == 0)
        status = count_live(&timing);
    result->outcome = status == 0 ? OUTCOME_BUDGET : OUTCOME_FAILED;
    if (status == 0)
        snprintf(result->reason, sizeof result->reason, "median over %d blocks",
                 result->rates[INPUT_GATHER].blocks);
    if (status != 0 && timing.stepper.reason[0]) {
        /* An engine's error is an outcome of the cell, not an error of the program. */
        snprintf(result->reason, sizeof result->reason, "%s", timing.stepper.reason);
        status = 0;
    }
    end_timing(&timing);
    return status;
}

void throughput_free(struct throughput_result *result)
{
    free(result->blocks);
    free(result->live);
    result->blocks = NULL;
    result->live = NULL;
    result->block_count = 0;
}
