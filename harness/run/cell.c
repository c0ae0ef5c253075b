/* One cell from start to end. */
#include "run/cell.h"

#include "base/clock.h"
#include "base/error.h"
#include "message.h"
#include "probe/probe.h"
#include "ranks/ranks.h"
#include "run/bench.h"
#include "run/memory_limit.h"
#include "run/record.h"
#include "run/resident.h"
#include "run/step_roof.h"
#include "run/storage.h"
#include "train/contest.h"
#include "train/live.h"
#include "train/team.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a gradient of that many examples needs at once: inputs, outputs of all layers, and as many
 * derivatives by them. */
static double stored_bytes(const struct network *network, enum precision precision, int examples)
{
    double values = (double)network_inputs(network);

    for (int l = 0; l < network->layer_count; l++)
        values += 2 * (double)shape_size(network->layers[l].output);
    return (precision == PRECISION_DOUBLE ? 8 : 4) * values * examples;
}

static void start_record(struct cell_record *record, const struct bench *parts)
{
    record_clear(record);
    record->engine_used = parts->assignment->engine;
    record->threads_used = parts->assignment->threads;
    record->parameters = (double)parts->model.parameters;
    record->flops_per_example = parts->model.flops_per_example;
}

static void note_traffic(struct cell_record *record, const struct team_traffic *traffic)
{
    record->communication_bytes = traffic->bytes;
    record->communication_seconds = traffic->seconds;
}

static void fill_from_training(struct cell_record *record, const struct training_result *result,
                               const struct workbench *bench)
{
    record->outcome = result->outcome;
    snprintf(record->reason, sizeof record->reason, "%s", result->reason);
    record->updates = (double)result->updates;
    record->examples = result->examples;
    record->epochs = result->examples / (double)bench->train.count;
    record->train_seconds = result->train_seconds;
    if (result->updates > 0)
        record->seconds_per_update = result->train_seconds / (double)result->updates;
    record->evaluation_seconds = result->evaluation_seconds;
    if (result->train_seconds > 0) {
        record->rates[INPUT_GATHER].median = result->examples / result->train_seconds;
        record->gflops[INPUT_GATHER] =
            record->rates[INPUT_GATHER].median * record->flops_per_example / 1e9;
    }
    record->evaluations = result->curve_count;
    if (result->curve_count > 0) {
        const struct curve_point *last = &result->curve[result->curve_count - 1];

        record->final_train_loss = last->train.loss;
        record->final_validation_loss = last->validation.loss;
        record->final_validation_error = last->validation.error;
        record->best_validation_error = result->best_validation_error;
    }
    record->test = result->test;
    memcpy(record->shifted_errors, result->shifted_errors, sizeof record->shifted_errors);
    record->balanced_error = result->balanced_error;
    record->skewed_error = result->skewed_error;
    record->class_errors = result->class_errors;
    record->class_count = result->class_count;
    memcpy(record->costs, result->costs, sizeof record->costs);
    record->curve = result->curve;
    record->curve_count = result->curve_count;
    record->resumptions = result->resumptions;
    record->resumption_count = result->resumption_count;
    if (bench->team)
        note_traffic(record, team_traffic(bench->team));
    if (bench->team && bench->cell->settings.transport == TRANSPORT_MPI_ASYNC)
        record->staleness = result->staleness;
}

static void fill_from_throughput(struct cell_record *record, const struct throughput_result *result,
                                 const struct workbench *bench)
{
    record->outcome = result->outcome;
    snprintf(record->reason, sizeof record->reason, "%s", result->reason);
    record->updates = (double)result->updates;
    record->examples = (double)result->updates * bench->cell->batch_size;
    record->epochs = record->examples / (double)bench->train.count;
    record->train_seconds = result->train_seconds;
    for (int input = 0; input < INPUT_COUNT; input++) {
        if (result->rates[input].blocks == 0)
            continue;
        record->rates[input] = result->rates[input];
        record->blocks[input] = result->rates[input].blocks;
        record->gflops[input] = result->rates[input].median * record->flops_per_example / 1e9;
    }
    if (record->rates[INPUT_GATHER].median > 0)
        record->seconds_per_update = bench->cell->batch_size / record->rates[INPUT_GATHER].median;
    if (bench->team)
        note_traffic(record, &result->traffic);
    record->block_list = result->blocks;
    record->block_count = result->block_count;
}

/* What an epoch gathers, and what storage gave for all of the cell. */
static void count_bytes(struct cell_record *record, const struct examples *train, size_t inputs,
                        const struct storage_reads *before)
{
    const struct storage_reads now = storage_reads_now();
    double row = (double)dataset_row_bytes(train, inputs);

    if (!train->generator) {
        record->epoch_bytes = (double)train->count * row;
        record->distinct_epoch_bytes = (double)examples_distinct(train) * row;
    }
    if (!isnan(now.bytes))
        record->storage_read_bytes = now.bytes - before->bytes;
    if (!isnan(now.bytes) && record->epochs > 0)
        record->storage_epoch_bytes = record->storage_read_bytes / record->epochs;
    if (!isnan(now.major_faults))
        record->major_faults = now.major_faults - before->major_faults;
}

static void hold_against_roof(struct cell_record *record, const struct roof *roof,
                              const struct throughput_result *timed, const struct workbench *bench)
{
    const struct network *network = &bench->model->network;
    double flops = bench->model->flops_per_example;
    struct step_work work = step_work(network, flops, bench->cell->batch_size);
    struct step_roof limit = step_roof(&work, roof);

    if (isnan(limit.examples_per_second))
        return;
    record->roof = limit.examples_per_second;
    record->roof_bound = bound_names[limit.bound];
    if (record->rates[INPUT_PREGATHERED].median > 0)
        record->roof_fraction = record->rates[INPUT_PREGATHERED].median / record->roof;
    if (timed->live && step_work_live(network, flops, timed->live, &work)) {
        record->live_fraction = live_fraction(network, timed->live);
        record->roof_live = step_roof(&work, roof).examples_per_second;
    }
}

/* An engine that has taken all the memory that its cell may take must not keep the cell from being
 * recorded: that would end the run. */
static int record_unlimited(const struct campaign *campaign, const struct cell *cell,
                            const struct cell_record *record)
{
    int status;

    memory_limit_lift();
    status = record_cell(campaign->results, campaign->experiment, cell, record);
    memory_limit_set(campaign->experiment->limits.memory_bytes);
    return status;
}

/* After the cell is recorded, which its profile must not change; an engine that fails only now
 * costs the profile. */
static int profile_and_record(const struct campaign *campaign, const struct workbench *bench,
                              const struct cell_record *record,
                              const struct training_result *training, double logging)
{
    struct cell_profile profile = {
        .first_step = training->first_step - campaign->started,
        .wall = record->wall_seconds + logging,
        .setup = record->setup_seconds,
        .train = training->train_seconds,
        .evaluation = training->evaluation_seconds,
        .logging = logging,
    };

    if (profile_training(bench, training, &profile.parts) != 0) {
        fprintf(stderr, "batchlab: %s: no profile: %s\n", bench->cell->id, error_text());
        return 0;
    }
    return record_profile(campaign->results, bench->cell, &profile);
}

/* What probes look at: the leader of a team is alone while it evaluates. */
struct observed {
    struct workbench bench;
    struct cell cell;
};

static const struct workbench *observed_alone(struct observed *observed,
                                              const struct workbench *bench)
{
    if (!bench->team)
        return bench;
    observed->cell = *bench->cell;
    observed->cell.settings.workers = 1;
    observed->bench = *bench;
    observed->bench.cell = &observed->cell;
    observed->bench.team = NULL;
    return &observed->bench;
}

/* Trains with the experiment's probes. */
static int train_and_probe(struct workbench *bench, struct observed *observed,
                           struct prober **prober, struct training_result *training)
{
    if (prober_open(prober, observed_alone(observed, bench)) != 0)
        return -1;
    bench->observe = *prober ? prober_observe : NULL;
    bench->observer = *prober;
    bench->keep = prober_checkpoint;
    return train(bench, training);
}

static int run_and_record(const struct campaign *campaign, const struct cell *cell,
                          const struct roof *roof, struct bench *parts, struct cell_record *record,
                          double start)
{
    struct training_result training = {0};
    struct throughput_result timed = {0};
    struct prober *prober = NULL;
    const struct storage_reads reads = storage_reads_now();
    struct observed observed;
    double before_logging;
    int status;

    record->setup_seconds = clock_now() - start;
    if (campaign->experiment->measure == MEASURE_THROUGHPUT) {
        status = throughput(&parts->bench, &timed);
        record->setup_seconds += timed.setup_seconds;
        fill_from_throughput(record, &timed, &parts->bench);
        if (roof)
            hold_against_roof(record, roof, &timed, &parts->bench);
    } else {
        status = train_and_probe(&parts->bench, &observed, &prober, &training);
        record->setup_seconds += training.setup_seconds;
        fill_from_training(record, &training, &parts->bench);
    }
    if (status != 0) {
        record->outcome = OUTCOME_OUT_OF_MEMORY;
        snprintf(record->reason, sizeof record->reason, "%.255s", error_text());
    }
    if (record->outcome == OUTCOME_FAILED && memory_limit_is_reached())
        record->outcome = OUTCOME_OUT_OF_MEMORY;
    record->peak_memory_bytes = fmax(parts->peak_before, bench_peak_memory());
    if (!isnan(parts->resident))
        record->session_memory_bytes = resident_peak() - parts->resident;
    record->stored_bytes =
        stored_bytes(&parts->model.network, cell->settings.precision, bench_largest_part(cell));
    count_bytes(record, &parts->training.examples, campaign->dataset->inputs, &reads);
    record->probes = prober_rows(prober, &record->probe_count);
    record->predictions = prober_predictions(prober, &record->prediction_count);
    before_logging = clock_now();
    record->wall_seconds = training.earlier_seconds + (before_logging - start);
    status = record_unlimited(campaign, cell, record);
    if (!team_has_ended(parts->bench.team))
        ranks_abort(1); /* the others wait for what will not come */
    if (status == 0 && campaign->profile && !parts->bench.team && training.updates > 0 &&
        outcome_is_final(record->outcome))
        status = profile_and_record(campaign, &parts->bench, record, &training,
                                    clock_now() - before_logging);
    prober_close(prober);
    training_free(&training);
    throughput_free(&timed);
    return status;
}

/* 1, 0 or -1 as bench_open; of a team, in all ranks alike. */
static int open_all(struct bench *parts, const struct campaign *campaign, struct message *message)
{
    const struct training_options options = plan_training_options(parts->bench.cell);
    int ready;

    if (training_set_open(&parts->training, campaign->dataset, &options) != 0) {
        ready = message_set(message, "%.500s", error_text());
    } else {
        parts->bench.train = parts->training.examples;
        ready = bench_open(parts, message);
    }
    if (!parts->bench.team || team_agree(parts->bench.team, ready != 1, message) == 0)
        return ready;
    return ready == 1 ? -1 : ready; /* another rank's is not ready */
}

int cell_run(const struct campaign *campaign, const struct cell *cell,
             const struct assignment *assignment, const struct roof *roof,
             const struct checkpointing *checkpoint)
{
    double start = clock_now();
    struct bench parts;
    struct cell_record record;
    struct message message;
    int status, ready;

    bench_describe(&parts, campaign, cell, assignment);
    start_record(&record, &parts);
    if (checkpoint)
        parts.bench.checkpoint = *checkpoint;
    parts.bench.checkpoint.started = start;
    ready = open_all(&parts, campaign, &message);
    if (ready == 1) {
        status = run_and_record(campaign, cell, roof, &parts, &record, start);
    } else {
        record.outcome = ready == 0                  ? OUTCOME_UNSUPPORTED
                         : memory_limit_is_reached() ? OUTCOME_OUT_OF_MEMORY
                                                     : OUTCOME_FAILED;
        snprintf(record.reason, sizeof record.reason, "%.255s", message.text);
        record.wall_seconds = clock_now() - start;
        status = record_unlimited(campaign, cell, &record);
    }
    bench_close(&parts);
    return status;
}

int cell_follow(const struct campaign *campaign, const struct cell *cell,
                const struct assignment *assignment, const struct checkpointing *checkpoint)
{
    struct training_result training = {0};
    struct throughput_result timed = {0};
    struct message message = {""};
    struct bench parts;
    int status = 0;

    bench_describe(&parts, campaign, cell, assignment);
    parts.bench.checkpoint = *checkpoint;
    parts.bench.checkpoint.started = clock_now();
    if (open_all(&parts, campaign, &message) == 1)
        status = campaign->experiment->measure == MEASURE_THROUGHPUT
                     ? throughput(&parts.bench, &timed)
                     : train(&parts.bench, &training);
    if (!team_has_ended(assignment->team)) {
        const char *reason = training.reason[0] ? training.reason : timed.reason;

        fprintf(stderr, "batchlab: %s: rank %d: %s\n", cell->id, team_rank(assignment->team),
                status == 0 && reason[0] ? reason : error_text());
        ranks_abort(1);
    }
    training_free(&training);
    throughput_free(&timed);
    bench_close(&parts);
    return 0;
}

int cell_record_loss(const struct campaign *campaign, const struct cell *cell,
                     const struct assignment *assignment, enum outcome outcome, const char *reason,
                     double wall_seconds)
{
    struct bench parts;
    struct cell_record record;

    bench_describe(&parts, campaign, cell, assignment);
    start_record(&record, &parts);
    record.outcome = outcome;
    record.wall_seconds = wall_seconds;
    snprintf(record.reason, sizeof record.reason, "%s", reason);
    bench_close(&parts);
    return record_cell(campaign->results, campaign->experiment, cell, &record);
}

int cell_probe_engine(FILE *out, void *context)
{
    const struct cell_probe *probe = context;
    struct assignment assignment = {.threads = probe->cell->settings.threads};
    struct bench parts;
    struct message message;
    int ready;

    snprintf(assignment.engine, sizeof assignment.engine, "%s", probe->engine);
    if (assignment.threads == THREADS_AUTO)
        assignment.threads = 1;
    bench_describe(&parts, probe->campaign, probe->cell, &assignment);
    ready = bench_open(&parts, &message);
    if (ready == 1 && (!parts.loaded.engine.describe ||
                       parts.loaded.engine.describe(parts.bench.session, &message) != 0))
        snprintf(message.text, sizeof message.text, "%.200s", parts.loaded.engine.summary);
    fprintf(out, "%s%s",
            ready == 1                ? ""
            : ready == 0              ? CELL_UNAVAILABLE "not supported: "
            : bench_is_loaded(&parts) ? CELL_UNAVAILABLE "cannot be opened: "
                                      : "",
            message.text);
    bench_close(&parts);
    return ready < 0 && !bench_is_loaded(&parts) ? -1 : 0;
}

/* A rule whose steps differ, with a full gradient now and then, is timed as plain SGD. */
static struct cell timed_cell(const struct cell *cell)
{
    struct cell timed = *cell;

    if (rule_find(timed.settings.optimizer)->needs)
        snprintf(timed.settings.optimizer, sizeof timed.settings.optimizer, "sgd");
    return timed;
}

/* Opens every assignment that supports the cell; ready[i] is its place among the benches, or -1. */
static int enter_contest(const struct cell_contest *contest, const struct cell *cell,
                         struct bench *parts, const struct examples *train,
                         struct workbench *benches, int *ready)
{
    int count = 0;

    for (int i = 0; i < contest->count; i++) {
        struct message message;

        bench_describe(&parts[i], contest->campaign, cell, &contest->assignments[i]);
        parts[i].bench.train = *train;
        ready[i] = -1;
        if (bench_open(&parts[i], &message) != 1)
            continue;
        ready[i] = count;
        benches[count++] = parts[i].bench;
    }
    return count;
}

int cell_hold_contest(FILE *out, void *context)
{
    static const double seconds = 0.06; /* for each: 15 blocks of the contest */
    const struct cell_contest *held = context;
    const struct cell cell = timed_cell(held->cell);
    const struct training_options options = plan_training_options(&cell);
    size_t most = (size_t)held->count;
    struct bench *parts = calloc(most, sizeof *parts);
    struct workbench *benches = calloc(most, sizeof *benches);
    double *rates = calloc(most, sizeof *rates);
    int *ready = calloc(most, sizeof *ready);
    struct training_set training = {.rows = NULL};
    int status = -1;

    if (!parts || !benches || !rates || !ready) {
        fprintf(out, "out of memory");
        goto done;
    }
    if (training_set_open(&training, held->campaign->dataset, &options) != 0 ||
        contest(benches, enter_contest(held, &cell, parts, &training.examples, benches, ready),
                seconds, rates) != 0) {
        fprintf(out, "%s", error_text());
        goto done;
    }
    for (int i = 0; i < held->count; i++)
        fprintf(out, "%.17g\n", ready[i] < 0 ? (double)NAN : rates[ready[i]]);
    status = 0;
done:
    for (int i = 0; parts && i < held->count; i++)
        bench_close(&parts[i]);
    training_set_close(&training);
    free(parts);
    free(benches);
    free(rates);
    free(ready);
    return status;
}
