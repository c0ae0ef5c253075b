/* What a training run leaves in a checkpoint, and goes on from. */
#include "train/training_run.h"

#include "base/checkpoint.h"
#include "base/clock.h"
#include "base/error.h"
#include "message.h"
#include "train/team.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void checkpoint_curve(struct training_run *run, struct checkpoint *checkpoint)
{
    struct training_result *result = run->result;
    size_t count = checkpoint_count(checkpoint, "curve.count", (size_t)result->curve_count);

    if (checkpoint_is_read(checkpoint)) {
        result->curve = calloc(count + 1, sizeof *result->curve);
        run->capacity = (int)count + 1;
        result->curve_count = (int)count;
        if (!result->curve)
            checkpoint_refuse(checkpoint, "out of memory");
    }
    checkpoint_item(checkpoint, "curve", result->curve, count * sizeof *result->curve);
}

static void checkpoint_resumptions(struct training_run *run, struct checkpoint *checkpoint)
{
    struct training_result *result = run->result;
    size_t count = checkpoint_count(checkpoint, "resumed", (size_t)result->resumption_count);

    if (checkpoint_is_read(checkpoint)) {
        result->resumptions = calloc(count + 1, sizeof *result->resumptions); /* and this one */
        if (!result->resumptions)
            checkpoint_refuse(checkpoint, "out of memory");
    }
    checkpoint_item(checkpoint, "resumption", result->resumptions,
                    count * sizeof *result->resumptions);
    if (checkpoint_is_read(checkpoint) && !checkpoint_has_failed(checkpoint) &&
        result->resumptions) {
        result->earlier_seconds = checkpoint_seconds(checkpoint);
        result->resumptions[count] = (struct resumption){
            .updates = result->updates,
            .examples = result->examples,
            .train_seconds = result->train_seconds,
            .evaluation_seconds = result->evaluation_seconds,
            .seconds = result->earlier_seconds,
        };
        result->resumption_count = (int)count + 1;
    }
}

/* All that the run goes on with, between two updates. */
static void checkpoint_run(struct training_run *run, struct checkpoint *checkpoint)
{
    struct training_result *result = run->result;

    CHECKPOINT(checkpoint, "updates", result->updates);
    CHECKPOINT(checkpoint, "examples", result->examples);
    CHECKPOINT(checkpoint, "train_seconds", result->train_seconds);
    CHECKPOINT(checkpoint, "evaluation_seconds", result->evaluation_seconds);
    CHECKPOINT(checkpoint, "costs", result->costs);
    CHECKPOINT(checkpoint, "due", run->due);
    CHECKPOINT(checkpoint, "probe_due", run->probe_due);
    CHECKPOINT(checkpoint, "observed", run->observed);
    CHECKPOINT(checkpoint, "batch_size", run->batch_size);
    CHECKPOINT(checkpoint, "best_loss", run->best_loss);
    CHECKPOINT(checkpoint, "stale", run->stale);
    CHECKPOINT(checkpoint, "suspicions", run->suspicions);
    CHECKPOINT(checkpoint, "chances", run->chances);
    CHECKPOINT(checkpoint, "losses", run->losses);
    checkpoint_curve(run, checkpoint);
    checkpoint_resumptions(run, checkpoint);
    stepper_checkpoint(&run->stepper, checkpoint);
    batches_checkpoint(run->batches, checkpoint);
    if (run->bench->team)
        checkpoint_item(checkpoint, "traffic", team_traffic(run->bench->team),
                        sizeof(struct team_traffic));
    if (run->bench->observe)
        run->bench->keep(run->bench->observer, checkpoint);
}

void training_run_keep(struct training_run *run)
{
    const struct checkpointing *to = &run->bench->checkpoint;
    double now = clock_now();
    struct checkpoint *checkpoint;
    int status = checkpoint_begin(&checkpoint, to->path, to->key,
                                  run->result->earlier_seconds + (now - to->started));

    if (status == 0) {
        checkpoint_run(run, checkpoint);
        status = checkpoint_commit(checkpoint);
    }
    if (status != 0 && !run->has_complained)
        fprintf(stderr, "batchlab: no checkpoint: %s\n", error_text());
    run->has_complained |= status != 0;
    run->kept = clock_now();
    run->pause = fmax(to->seconds, 20 * (run->kept - now));
}

/* What the observer keeps is the leader's, at the end of the file. */
static int end_checkpoint(const struct training_run *run, struct checkpoint *checkpoint)
{
    return team_leads(run->bench->team) ? checkpoint_finish(checkpoint)
                                        : -checkpoint_has_failed(checkpoint);
}

/* 1: the run is where its checkpoint says; 0 and -1 as training_run_resume. */
static int read_checkpoint(struct training_run *run)
{
    const struct checkpointing *from = &run->bench->checkpoint;
    struct checkpoint *checkpoint;
    int status = checkpoint_open(&checkpoint, from->path, from->key);

    if (status < 0 && team_leads(run->bench->team)) {
        fprintf(stderr, "batchlab: %s; the cell begins anew\n", error_text());
        unlink(from->path);
    }
    if (status != 1)
        return 0;
    checkpoint_run(run, checkpoint);
    if (end_checkpoint(run, checkpoint) != 0) { /* of the same program: this is a mistake in it */
        snprintf(run->stepper.reason, sizeof run->stepper.reason, "%.255s", error_text());
        run->result->curve_count = 0;
        if (team_leads(run->bench->team))
            unlink(from->path);
        status = -1;
    }
    checkpoint_close(checkpoint);
    return status;
}

int training_run_hear(struct training_run *run, int *status)
{
    struct team *team = run->bench->team;
    struct message message = {"the ranks have lost each other"};
    long word = *status;

    if (!team)
        return *status < 0 ? -1 : 0;
    if (team_order(team, &word, 1) != 0)
        return stepper_failed(&run->stepper, &message);
    *status = (int)word;
    if (*status >= 0)
        return 0;
    team_end(team);
    if (!run->stepper.reason[0]) /* this is not the leader, whose reason is recorded */
        snprintf(run->stepper.reason, sizeof run->stepper.reason, "rank 0 says why");
    return -1;
}

int training_run_resume(struct training_run *run)
{
    struct team *team = run->bench->team;
    struct message message = {""};
    int status = run->is_kept ? read_checkpoint(run) : 0;

    if (training_run_hear(run, &status) != 0)
        return -1;
    if (status == 0 || !team)
        return status;
    if (!team_leads(team) && read_checkpoint(run) != 1)
        status = message_set(&message, "cannot read rank 0's checkpoint %s",
                             run->bench->checkpoint.path);
    if (team_agree(team, status < 0, &message) != 0)
        return stepper_failed(&run->stepper, &message);
    return 1;
}
