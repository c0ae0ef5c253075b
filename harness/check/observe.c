/* An engine under observation. */
#include "check/observe.h"

#include "base/error.h"

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

enum { GUARD_BYTES = 256, GUARD_VALUE = 0xa5 };

/* ---- The floating-point environment --------------------------------------------------------- */

static struct floating_point floating_point_now(void)
{
    struct floating_point now = {fegetround(), 0};

#ifdef __SSE__
    now.control = _mm_getcsr() & ~(unsigned)_MM_EXCEPT_MASK; /* sticky flags may change */
#endif
    return now;
}

static void floating_point_restore(struct floating_point saved)
{
    fesetround(saved.rounding);
#ifdef __SSE__
    _mm_setcsr(saved.control);
#endif
}

/* ---- Looking -------------------------------------------------------------------------------- */

static void note_misdeed(struct observer *observer, enum misdeed misdeed, const char *call,
                         const char *problem)
{
    if (observer->misdeeds[misdeed].calls++ == 0)
        snprintf(observer->misdeeds[misdeed].first, sizeof observer->misdeeds[misdeed].first,
                 "first seen after %.40s%s%.90s", call, *problem ? " of " : "", problem);
}

void observer_look(struct observer *observer, const struct problem *problem, const char *call)
{
    struct floating_point now = floating_point_now();
    const char *name = problem ? problem->name : "";

    if (now.rounding != observer->floating_point.rounding ||
        now.control != observer->floating_point.control) {
        note_misdeed(observer, MISDEED_FLOATING_POINT, call, name);
        floating_point_restore(observer->floating_point);
    }
    if (!problem)
        return;
    if (memcmp(problem->memory, problem->pristine, problem->theta_bytes) != 0)
        note_misdeed(observer, MISDEED_THETA_WRITTEN, call, name);
    if (memcmp(problem->memory + problem->theta_bytes, problem->pristine + problem->theta_bytes,
               problem->bytes - problem->theta_bytes) != 0)
        note_misdeed(observer, MISDEED_BATCH_WRITTEN, call, name);
    memcpy(problem->memory, problem->pristine, problem->bytes);
}

int observer_load(struct observer *observer, const char *specification, int threads,
                  struct message *message)
{
    int status;

    memset(observer, 0, sizeof *observer);
    observer->threads = threads;
    observer->floating_point = floating_point_now();
    status = registry_load(&observer->loaded, specification, message);
    observer_look(observer, NULL, "loading it");
    return status;
}

int guarded_open(struct guarded *array, size_t count, size_t element_bytes, int misaligned)
{
    size_t shift = misaligned ? element_bytes : 0;

    array->bytes = count * element_bytes;
    array->memory = aligned_alloc(64, (2 * GUARD_BYTES + shift + array->bytes + 63) / 64 * 64);
    if (!array->memory)
        return error_set("out of memory for %zu results", count);
    array->values = array->memory + GUARD_BYTES + shift;
    memset(array->memory, GUARD_VALUE, 2 * GUARD_BYTES + shift + array->bytes);
    return 0;
}

void guarded_close(struct guarded *array)
{
    free(array->memory);
    memset(array, 0, sizeof *array);
}

void guarded_look(const struct guarded *array, struct observer *observer, const char *call)
{
    unsigned char *before = (unsigned char *)array->values - GUARD_BYTES;
    unsigned char *after = (unsigned char *)array->values + array->bytes;
    unsigned char intact[GUARD_BYTES];

    memset(intact, GUARD_VALUE, sizeof intact);
    if (memcmp(before, intact, sizeof intact) != 0 || memcmp(after, intact, sizeof intact) != 0)
        note_misdeed(observer, MISDEED_OUTSIDE_WRITTEN, call, "");
    memcpy(before, intact, sizeof intact);
    memcpy(after, intact, sizeof intact);
}

/* ---- One session on one problem ------------------------------------------------------------- */

static enum trial_outcome open_session(struct trial *trial, const struct engine_options *options,
                                       struct finding *finding)
{
    const struct engine *engine = &trial->observer->loaded.engine;
    const struct problem *problem = trial->problem;
    struct message message = {""};
    int supported, opened;

    supported = engine->supports(&problem->network, options, &message);
    observer_look(trial->observer, problem, "supports()");
    if (!supported) {
        snprintf(finding->note, sizeof finding->note, "%.200s",
                 message.text[0] ? message.text : "not supported, without a reason");
        return TRIAL_UNSUPPORTED;
    }
    opened = engine->open(&trial->session, &problem->network, options, &message);
    observer_look(trial->observer, problem, "open()");
    if (opened == 0)
        return TRIAL_OPEN;
    finding_take(finding, NAN, 0, "supports() said yes, open() failed: %.180s", message.text);
    if (trial->session)
        finding_take(finding, NAN, 0, "open() failed and left a session behind");
    trial->session = NULL;
    return TRIAL_FAILED;
}

enum trial_outcome trial_open(struct trial *trial, struct observer *observer,
                              const struct problem *problem, const struct trial_options *wanted,
                              struct finding *finding)
{
    enum trial_outcome outcome = TRIAL_FAILED;
    struct engine_options options = {
        .max_batch = wanted->max_batch > 0 ? wanted->max_batch : problem->batch.size,
        .threads = observer->threads,
        .precision = wanted->precision ? wanted->precision : PRECISION_SINGLE,
        .chunk = wanted->chunk,
        .variant = observer->loaded.variant,
    };

    memset(trial, 0, sizeof *trial);
    trial->observer = observer;
    trial->problem = problem;
    trial->gradient64 = malloc(problem->parameters * sizeof *trial->gradient64);
    if (!trial->gradient64 || guarded_open(&trial->gradient, problem->parameters, sizeof(float),
                                           problem->misaligned) != 0)
        finding_take(finding, NAN, 0, "out of memory");
    else
        outcome = open_session(trial, &options, finding);
    if (outcome != TRIAL_OPEN)
        trial_close(trial);
    return outcome;
}

void trial_close(struct trial *trial)
{
    if (trial->session) {
        trial->observer->loaded.engine.close(trial->session);
        observer_look(trial->observer, trial->problem, "close()");
    }
    guarded_close(&trial->gradient);
    free(trial->gradient64);
    memset(trial, 0, sizeof *trial);
}

/* 0 if the call succeeded, else -1 and the finding says so. */
static int accept(int status, const char *call, const struct message *message,
                  struct finding *finding)
{
    if (status == 0)
        return 0;
    finding_take(finding, NAN, 0, "%s failed: %.180s", call,
                 message->text[0] ? message->text : "without a message");
    return -1;
}

int trial_loss(struct trial *trial, const struct batch *batch, struct finding *finding)
{
    struct message message = {""};
    int status;

    trial->score = (struct score){NAN, -1};
    status = trial->observer->loaded.engine.loss(trial->session, trial->problem->theta,
                                                 batch ? batch : &trial->problem->batch,
                                                 &trial->score, &message);
    observer_look(trial->observer, trial->problem, "loss()");
    return accept(status, "loss()", &message, finding);
}

int trial_gradient_filled(struct trial *trial, const struct batch *batch, float fill,
                          int with_score, struct finding *finding)
{
    float *gradient = trial->gradient.values;
    size_t parameters = trial->problem->parameters;
    struct message message = {""};
    int status;

    trial->score = (struct score){NAN, -1};
    for (size_t p = 0; p < parameters; p++)
        gradient[p] = fill;
    status = trial->observer->loaded.engine.gradient(
        trial->session, trial->problem->theta, batch ? batch : &trial->problem->batch, gradient,
        with_score ? &trial->score : NULL, &message);
    observer_look(trial->observer, trial->problem, "gradient()");
    guarded_look(&trial->gradient, trial->observer, "gradient()");
    for (size_t p = 0; p < parameters; p++)
        trial->gradient64[p] = (double)gradient[p];
    return accept(status, "gradient()", &message, finding);
}

int trial_gradient(struct trial *trial, const struct batch *batch, struct finding *finding)
{
    return trial_gradient_filled(trial, batch, NAN, 1, finding);
}
