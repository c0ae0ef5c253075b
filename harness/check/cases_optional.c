/* Conformance cases of the optional slots; and of the judge, by its double-precision ones. */
#include "check/suite.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sgd_step: theta -= rate * gradient ----------------------------------------------------- */

/* One step at one rate; the gradient is recovered from where theta went. */
static void judge_step(struct stage *stage, struct guarded *theta, float rate)
{
    struct trial *trial = &stage->trial;
    const struct problem *problem = &stage->problem;
    float *moved = theta->values;
    double largest = 0;
    struct message message = {""};
    int status;

    memcpy(moved, problem->theta, theta->bytes);
    trial->score = (struct score){NAN, -1};
    status = trial->observer->loaded.engine.sgd_step(trial->session, moved, &problem->batch, rate,
                                                     &trial->score, &message);
    observer_look(trial->observer, problem, "sgd_step()");
    guarded_look(theta, trial->observer, "sgd_step()");
    if (status != 0) {
        finding_take(&stage->finding, NAN, 0, "sgd_step() failed: %.180s", message.text);
        return;
    }
    for (size_t p = 0; p < problem->parameters; p++) {
        largest = fmax(largest, fabs((double)problem->theta[p]));
        trial->gradient64[p] = ((double)problem->theta[p] - (double)moved[p]) / (double)rate;
    }
    /* The product and the difference are each rounded once. */
    compare_gradient(&stage->finding, &stage->answer.yardstick, trial->gradient64,
                     2 * stage->suite->arithmetic->unit_roundoff * largest / (double)rate);
    compare_score(&stage->finding, &stage->answer.score, &trial->score,
                  stage->answer.yardstick.tolerance, "sgd_step()");
}

static int play_sgd_step(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    const struct engine *engine = &trial->observer->loaded.engine;
    struct message message = {""};
    struct guarded theta;

    if (!engine->sgd_step)
        return stage_skip(stage, "no sgd_step: gradient, then the update");
    if (guarded_open(&theta, stage->problem.parameters, sizeof(float), 1) != 0)
        return -1;
    judge_step(stage, &theta, 1);
    judge_step(stage, &theta, 0.25f);
    memcpy(theta.values, stage->problem.theta, theta.bytes);
    if (engine->sgd_step(trial->session, theta.values, &stage->problem.batch, 0, NULL, &message))
        finding_take(&stage->finding, NAN, 0, "sgd_step() without a score failed: %.180s",
                     message.text);
    finding_take(&stage->finding,
                 memcmp(theta.values, stage->problem.theta, theta.bytes) == 0 ? 0 : 1, 0,
                 "sgd_step() with rate 0 moved theta");
    guarded_close(&theta);
    return 0;
}

/* ---- gradient_norms ------------------------------------------------------------------------- */

/* expected[size]: the squared norm of the judge's gradient of each example on its own. */
static int norms_one_by_one(double *expected, struct stage *stage)
{
    const struct problem *problem = &stage->problem;

    for (int i = 0; i < problem->batch.size; i++) {
        int32_t row = (int32_t)batch_row(&problem->batch, i);
        struct batch one = problem->batch;
        struct answer answer = {.gradient = NULL};

        one.size = 1;
        one.rows = &row;
        one.weights = NULL;
        if (stage_ask(stage, &answer, &one) != 0)
            return -1;
        expected[i] = 0;
        for (size_t p = 0; p < problem->parameters; p++)
            expected[i] += answer.gradient[p] * answer.gradient[p];
        answer_close(&answer);
    }
    return 0;
}

static void judge_norms(struct stage *stage, struct guarded *norms, const double *expected)
{
    struct trial *trial = &stage->trial;
    int size = stage->problem.batch.size, status;
    double *actual = norms->values, largest = 0;
    struct message message = {""};

    for (int i = 0; i < size; i++) {
        actual[i] = NAN;
        largest = fmax(largest, expected[i]);
    }
    status = trial->observer->loaded.engine.gradient_norms(trial->session, stage->problem.theta,
                                                           &stage->problem.batch, actual, &message);
    observer_look(trial->observer, &stage->problem, "gradient_norms()");
    guarded_look(norms, trial->observer, "gradient_norms()");
    if (status != 0)
        finding_take(&stage->finding, NAN, 0, "gradient_norms() failed: %.180s", message.text);
    for (int i = 0; status == 0 && i < size; i++)
        /* twice the relative error of a norm, because it is squared */
        finding_take(&stage->finding,
                     fabs(actual[i] - expected[i]) / fmax(expected[i], 1e-3 * largest),
                     2 * stage->answer.yardstick.tolerance, "example %d: %.9g, reference %.9g", i,
                     actual[i], expected[i]);
}

static int play_gradient_norms(struct stage *stage)
{
    size_t size = (size_t)stage->problem.batch.size;
    struct guarded norms = {NULL, 0, NULL};
    double *expected = NULL;
    int status = -1;

    if (!stage->trial.observer->loaded.engine.gradient_norms)
        return stage_skip(stage, "no gradient_norms: one example at a time");
    expected = malloc(size * sizeof *expected);
    if (!expected) {
        error_set("out of memory for %zu norms", size);
        goto done;
    }
    if (guarded_open(&norms, size, sizeof(double), 1) != 0 ||
        norms_one_by_one(expected, stage) != 0)
        goto done;
    judge_norms(stage, &norms, expected);
    status = 0;
done:
    guarded_close(&norms);
    free(expected);
    return status;
}

/* ---- on_ready ------------------------------------------------------------------------------- */

struct announced {
    const float *gradient;
    size_t parameters, outside; /* elements announced beyond the gradient */
    float *values;              /* [P] as they were when announced */
    int *times;                 /* [P] announced so far */
};

static void hear(void *context, size_t first, size_t count)
{
    struct announced *announced = context;

    for (size_t i = 0; i < count; i++) {
        size_t p = first + i;

        if (p < announced->parameters) {
            announced->values[p] = announced->gradient[p];
            announced->times[p]++;
        } else {
            announced->outside++;
        }
    }
}

static void judge_announcements(struct stage *stage, struct announced *announced)
{
    struct trial *trial = &stage->trial;
    const struct engine *engine = &trial->observer->loaded.engine;
    size_t wrong_times = 0, not_final = 0, late = 0;

    engine->on_ready(trial->session, hear, announced);
    if (trial_gradient(trial, NULL, &stage->finding) != 0)
        return;
    for (size_t p = 0; p < announced->parameters; p++) {
        wrong_times += announced->times[p] != 1;
        not_final += memcmp(&announced->values[p], &announced->gradient[p], sizeof(float)) != 0;
        announced->times[p] = 0;
    }
    finding_take(&stage->finding, (double)(wrong_times + announced->outside), 0,
                 "%zu elements not announced exactly once, %zu beyond the end", wrong_times,
                 announced->outside);
    finding_take(&stage->finding, (double)not_final, 0,
                 "%zu elements changed after they were announced", not_final);

    engine->on_ready(trial->session, NULL, NULL);
    if (trial_gradient(trial, NULL, &stage->finding) != 0)
        return;
    for (size_t p = 0; p < announced->parameters; p++)
        late += announced->times[p] != 0;
    finding_take(&stage->finding, (double)late, 0, "%zu elements announced when switched off",
                 late);
}

static int play_on_ready(struct stage *stage)
{
    struct announced announced = {
        .gradient = stage->trial.gradient.values,
        .parameters = stage->problem.parameters,
    };
    int status = -1;

    if (!stage->trial.observer->loaded.engine.on_ready)
        return stage_skip(stage, "no on_ready");
    announced.values = calloc(announced.parameters, sizeof *announced.values);
    announced.times = calloc(announced.parameters, sizeof *announced.times);
    if (!announced.values || !announced.times) {
        error_set("out of memory for %zu announcements", announced.parameters);
        goto done;
    }
    judge_announcements(stage, &announced);
    status = 0;
done:
    free(announced.values);
    free(announced.times);
    return status;
}

/* ---- describe ------------------------------------------------------------------------------- */

static int play_describe(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    struct message text = {""};
    int status;

    if (!trial->observer->loaded.engine.describe)
        return stage_skip(stage, "no describe");
    status = trial->observer->loaded.engine.describe(trial->session, &text);
    observer_look(trial->observer, &stage->problem, "describe()");
    finding_take(&stage->finding, status == 0 && text.text[0] && !strchr(text.text, '\n') ? 0 : 1,
                 0, "describe() returned %d and `%.160s`; expected one line", status, text.text);
    return 0;
}

/* ---- loss64 and gradient64 against finite differences --------------------------------------- */

enum { DIFFERENCES_MAX = 100 }; /* of a large network, a sample is tried */

/* The error of a central difference is step^2 f'''/6 + u |f| / step, some 1e-9 here. */
static const double difference_step = 2e-5, difference_tolerance = 1e-6;

struct double_call {
    struct guarded theta, gradient; /* double [P] */
    struct score score;
};

static double loss_at(struct stage *stage, double *theta)
{
    struct trial *trial = &stage->trial;
    struct score score = {NAN, -1};
    struct message message = {""};

    if (trial->observer->loaded.engine.loss64(trial->session, theta, &stage->problem.batch, &score,
                                              &message) != 0)
        finding_take(&stage->finding, NAN, 0, "loss64() failed: %.180s", message.text);
    return score.loss;
}

/* d loss / d theta[p] by a central difference, against the gradient's element p. */
static void judge_difference(struct stage *stage, struct double_call *call, size_t p, double scale)
{
    double *theta = call->theta.values, *gradient = call->gradient.values;
    double middle = theta[p], above, below, slope;

    theta[p] = middle + difference_step;
    above = loss_at(stage, theta);
    theta[p] = middle - difference_step;
    below = loss_at(stage, theta);
    theta[p] = middle;
    slope = (above - below) / (2 * difference_step);
    finding_take(&stage->finding, fabs(gradient[p] - slope) / scale, difference_tolerance,
                 "element %zu: %.12g, by finite differences %.12g", p, gradient[p], slope);
}

/* Every stride-th element, and the last of each layer. */
static void judge_differences(struct stage *stage, struct double_call *call)
{
    const struct network *network = &stage->problem.network;
    size_t parameters = stage->problem.parameters, first = 0;
    size_t stride = (parameters + DIFFERENCES_MAX - 1) / DIFFERENCES_MAX;

    for (int l = 0; l < network->layer_count; l++) {
        size_t count = layer_parameters(&network->layers[l]);
        double scale = compare_scale(call->gradient.values, parameters, first, count);

        for (size_t p = first; p < first + count; p++)
            if (p % stride == 0 || p + 1 == first + count)
                judge_difference(stage, call, p, scale);
        first += count;
    }
}

static void judge_gradient64(struct stage *stage, struct double_call *call)
{
    struct trial *trial = &stage->trial;
    const struct problem *problem = &stage->problem;
    double *theta = call->theta.values, *gradient = call->gradient.values;
    struct yardstick yardstick = stage->answer.yardstick;
    size_t changed = 0;
    struct message message = {""};

    yardstick.tolerance =
        compare_tolerance(&problem->network, problem->batch.size, &arithmetic_double);
    for (size_t p = 0; p < problem->parameters; p++) {
        theta[p] = (double)problem->theta[p];
        gradient[p] = NAN;
    }
    if (trial->observer->loaded.engine.gradient64(trial->session, theta, &problem->batch, gradient,
                                                  &call->score, &message) != 0) {
        finding_take(&stage->finding, NAN, 0, "gradient64() failed: %.180s", message.text);
        return;
    }
    observer_look(trial->observer, problem, "gradient64()");
    guarded_look(&call->theta, trial->observer, "gradient64()");
    guarded_look(&call->gradient, trial->observer, "gradient64()");
    compare_gradient(&stage->finding, &yardstick, gradient, 0);
    compare_score(&stage->finding, &problem->expected, &call->score, yardstick.tolerance,
                  "gradient64(), reference by the formula");
    judge_differences(stage, call);
    observer_look(trial->observer, problem, "loss64()");
    guarded_look(&call->theta, trial->observer, "loss64()");
    for (size_t p = 0; p < problem->parameters; p++)
        changed += theta[p] != (double)problem->theta[p];
    finding_take(&stage->finding, (double)changed, 0, "%zu elements of theta were written",
                 changed);
}

static int play_double(struct stage *stage)
{
    const struct engine *engine = &stage->trial.observer->loaded.engine;
    size_t parameters = stage->problem.parameters;
    struct double_call call = {.score = {NAN, -1}};
    int status = -1;

    if (!engine->loss64 || !engine->gradient64)
        return stage_skip(stage, "no loss64 and gradient64");
    if (guarded_open(&call.theta, parameters, sizeof(double), 0) != 0 ||
        guarded_open(&call.gradient, parameters, sizeof(double), 1) != 0)
        goto done;
    judge_gradient64(stage, &call);
    status = 0;
done:
    guarded_close(&call.theta);
    guarded_close(&call.gradient);
    return status;
}

/* ---- The tables ----------------------------------------------------------------------------- */

#define DOUBLE .options = {.precision = PRECISION_DOUBLE}, .play = play_double
#define SOFTMAX .head = HEAD_SOFTMAX_CROSS_ENTROPY
#define SQUARES .head = HEAD_MEAN_SQUARED_ERROR
#define FLOATS .element = ELEMENT_FLOAT32
#define BYTES .element = ELEMENT_UINT8
#define REPEATED .order = ROWS_REPEATED
#define JUDGE "judge, finite differences", .judged = JUDGE_THE_JUDGE, DOUBLE
#define ENGINE "loss64, gradient64", .judged = JUDGE_THE_ENGINE, DOUBLE

#define PLAIN                                                                                      \
    {                                                                                              \
        SOFTMAX, .sizes = {7, 3}, .batch_size = 17, FLOATS                                         \
    }
#define DEEP                                                                                       \
    {                                                                                              \
        SOFTMAX, .sizes = {7, 5, 4, 3}, .hidden = ACTIVATION_TANH, .batch_size = 17, BYTES,        \
                 REPEATED, .weighted = 1                                                           \
    }
#define REALISTIC                                                                                  \
    {                                                                                              \
        SOFTMAX, .sizes = {784, 128, 10}, .hidden = ACTIVATION_RELU, .batch_size = 1, BYTES        \
    }

#define IMAGES                                                                                     \
    {                                                                                              \
        SOFTMAX, .image = {2, 9, 8},                                                               \
                 .windows = {{.channels = 5, .height = 3, .width = 2, .top = 1},                   \
                             {.height = 2, .width = 3, .stride_height = 1, .stride_width = 2},     \
                             {.channels = 3, .height = 2, .width = 2, .left = 1, .bottom = 1}},    \
                 .sizes = {0, 7}, .hidden = ACTIVATION_TANH, .batch_size = 5, FLOATS,              \
                 .weighted = 1                                                                     \
    }

const struct conformance_case judge_cases[] = {
    {JUDGE, .problem = PLAIN},
    {JUDGE, .problem = DEEP},
    {JUDGE, .problem = {SOFTMAX, .sizes = {7, 5, 2}, .hidden = ACTIVATION_RELU, .batch_size = 3,
                        FLOATS, .weighted = 1}},
    {JUDGE, .problem = {SOFTMAX, .sizes = {3, 7, 1}, .hidden = ACTIVATION_SIGMOID, .batch_size = 3,
                        FLOATS}},
    {JUDGE, .problem = {SQUARES, .sizes = {7, 5, 3}, .hidden = ACTIVATION_SIGMOID,
                        .last = ACTIVATION_TANH, .batch_size = 17, FLOATS, REPEATED}},
    {JUDGE, .problem = {SQUARES, .sizes = {7, 5, 3, 4}, .hidden = ACTIVATION_IDENTITY,
                        .last = ACTIVATION_RELU, .batch_size = 17, BYTES, .weighted = 1}},
    {JUDGE,
     .problem = {SQUARES, .sizes = {5, 3}, .last = ACTIVATION_SIGMOID, .batch_size = 1, FLOATS}},
    {JUDGE, .problem = {SQUARES, .sizes = {5, 7, 1}, .hidden = ACTIVATION_TANH,
                        .last = ACTIVATION_IDENTITY, .batch_size = 17, FLOATS}},
    {JUDGE, .problem = REALISTIC},
    {JUDGE, .problem = IMAGES},
    {.name = NULL},
};

#define CLASSIFIER                                                                                 \
    {                                                                                              \
        SOFTMAX, .sizes = {65, 33, 7}, .hidden = ACTIVATION_TANH, .batch_size = 17, BYTES,         \
                 REPEATED, .weighted = 1                                                           \
    }
#define REGRESSION                                                                                 \
    {                                                                                              \
        SQUARES, .sizes = {7, 65, 3}, .hidden = ACTIVATION_RELU, .last = ACTIVATION_SIGMOID,       \
                 .batch_size = 17, FLOATS                                                          \
    }

#define OBJECTIVE(kind, d, enters)                                                                 \
    {                                                                                              \
        .head = HEAD_OBJECTIVE, .objective = OBJECTIVE_##kind, .noise = NOISE_##enters,            \
        .sizes = {d}, .batch_size = 17, FLOATS, REPEATED, .weighted = 1                            \
    }

const struct conformance_case optional_cases[] = {
    {"sgd_step", CLASSIFIER, .play = play_sgd_step},
    {"sgd_step", REGRESSION, .play = play_sgd_step},
    {"gradient_norms", CLASSIFIER, .play = play_gradient_norms},
    {"gradient_norms", REGRESSION, .play = play_gradient_norms},
    {"sgd_step", IMAGES, .play = play_sgd_step},
    {"gradient_norms", IMAGES, .play = play_gradient_norms},
    {"on_ready", CLASSIFIER, .play = play_on_ready},
    {"describe", CLASSIFIER, .play = play_describe},
    {ENGINE, .problem = PLAIN},
    {ENGINE, .problem = DEEP},
    {ENGINE, .problem = REALISTIC},
    {ENGINE, .problem = IMAGES},
    {"sgd_step", OBJECTIVE(QUADRATIC, 7, TILTS), .play = play_sgd_step},
    {"gradient_norms", OBJECTIVE(QUADRATIC, 7, TILTS), .play = play_gradient_norms},
    {"describe", OBJECTIVE(SQUARES, 1, SHIFTS), .play = play_describe},
    {ENGINE, .problem = OBJECTIVE(SQUARES, 17, SHIFTS)},
    {ENGINE, .problem = OBJECTIVE(QUADRATIC, 17, SHIFTS)},
    {ENGINE, .problem = OBJECTIVE(QUADRATIC, 7, TILTS)},
    {ENGINE, .problem = OBJECTIVE(SADDLE, 2, TILTS)},
    {ENGINE, .problem = OBJECTIVE(ROSENBROCK, 2, SHIFTS)},
    {ENGINE, .problem = OBJECTIVE(CUBIC, 2, TILTS)},
    {ENGINE, .problem = OBJECTIVE(PLATEAU, 7, SHIFTS)},
    {.name = NULL},
};
