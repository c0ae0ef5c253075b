/* What a training run leaves in a checkpoint, and goes on from. */
#include "train/training_run.h"

#include "base/checkpoint.h"
#include "base/clock.h"
#include "base/error.h"

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
    if (checkpoint_is_read(checkpoint) && !checkpoint_has_failed(checkpoint)) {
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

int training_run_resume(struct training_run *run)
{
    const struct checkpointing *from = &run->bench->checkpoint;
    struct checkpoint *checkpoint;
    int status = checkpoint_open(&checkpoint, from->path, from->key);

    if (status < 0) {
        fprintf(stderr, "batchlab: %s; the cell begins anew\n", error_text());
        unlink(from->path);
    }
    if (status != 1)
        return 0;
    checkpoint_run(run, checkpoint);
    if (checkpoint_finish(checkpoint) != 0) { /* of the same program: this is a mistake in it */
        snprintf(run->stepper.reason, sizeof run->stepper.reason, "%.255s", error_text());
        run->result->curve_count = 0;
        unlink(from->path);
        status = -1;
    }
    checkpoint_close(checkpoint);
    return status;
}
