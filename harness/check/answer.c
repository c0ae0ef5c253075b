/* The judge's answer to a problem, and its condition.
 *
 * A sum of products that was rounded is the exact sum of slightly changed factors (backward error
 * analysis; Higham 2002, section 3.1). So what rounding does to an element is found by changing
 * every factor by a random relative amount and asking the judge again: each parameter, each
 * feature's two terms, each example's weight. That sees cancellation where it happens: in a logit,
 * in the backward sum of a narrow layer, in the mean over the batch. */
#include "check/answer.h"

#include "base/error.h"
#include "base/rng.h"
#include "check/formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 4 };

/* Standard deviation of the relative changes: small beside a problem's distance to its kinks, large
 * beside the rounding of the changed features to float. */
static const double change = 0x1p-16;

/* A problem with every factor changed. */
struct changed {
    double *theta, *gradient; /* [P] */
    float *features;          /* [stored][inputs] */
    float *weights;           /* [size] */
    struct batch batch;
};

static int changed_open(struct changed *changed, const struct problem *problem,
                        const struct batch *batch)
{
    size_t features = (size_t)problem->stored * network_inputs(&problem->network);

    changed->theta = malloc(problem->parameters * sizeof *changed->theta);
    changed->gradient = malloc(problem->parameters * sizeof *changed->gradient);
    changed->features = malloc(features * sizeof *changed->features);
    changed->weights = malloc((size_t)batch->size * sizeof *changed->weights);
    changed->batch = *batch;
    changed->batch.features = changed->features;
    changed->batch.element = ELEMENT_FLOAT32;
    changed->batch.scale = 1;
    changed->batch.offset = 0;
    changed->batch.weights = changed->weights;
    return changed->theta && changed->gradient && changed->features && changed->weights ? 0 : -1;
}

static void changed_close(struct changed *changed)
{
    free(changed->theta);
    free(changed->gradient);
    free(changed->features);
    free(changed->weights);
}

/* Uniform with mean 1 and the standard deviation `change`. */
static double factor(struct rng *rng)
{
    return 1 + change * sqrt(12) * (rng_uniform(rng) - 0.5);
}

static void draw_changes(struct changed *changed, const struct problem *problem,
                         const struct batch *batch, struct rng *rng)
{
    size_t features = (size_t)problem->stored * network_inputs(&problem->network);

    for (size_t p = 0; p < problem->parameters; p++)
        changed->theta[p] = (double)problem->theta[p] * factor(rng);
    for (size_t i = 0; i < features; i++) {
        double element = batch->element == ELEMENT_UINT8
                             ? (double)((const uint8_t *)batch->features)[i]
                             : (double)((const float *)batch->features)[i];

        changed->features[i] = (float)((double)batch->scale * element * factor(rng) +
                                       (double)batch->offset * factor(rng));
    }
    for (int i = 0; i < batch->size; i++)
        changed->weights[i] =
            (float)((batch->weights ? (double)batch->weights[i] : 1) * factor(rng));
}

/* By the judge; of an objective, which it does not compute, by the formulas. */
static int judge_gradient(const struct engine *judge, void *session, const struct problem *problem,
                          const double *theta, const struct batch *batch, double *gradient,
                          struct score *score, struct message *message)
{
    if (problem->network.head != HEAD_OBJECTIVE)
        return judge->gradient64(session, theta, batch, gradient, score, message);
    *score = formula_objective(&problem->network, theta, batch, gradient);
    return 0;
}

/* magnitudes[p] = max(|gradient[p]|, root mean square of its change / change) */
static int measure_magnitudes(struct answer *answer, const struct engine *judge, void *session,
                              const struct problem *problem, const struct batch *batch,
                              struct message *message)
{
    struct changed changed = {.theta = NULL};
    struct score unused;
    double *squares = answer->magnitudes;
    int status = -1;
    struct rng rng;

    if (changed_open(&changed, problem, batch) != 0)
        goto done;
    rng_init(&rng, problem->parameters, RNG_TEST, (uint32_t)batch->size);
    memset(squares, 0, problem->parameters * sizeof *squares);
    for (int draw = 0; draw < DRAWS; draw++) {
        draw_changes(&changed, problem, batch, &rng);
        if (judge_gradient(judge, session, problem, changed.theta, &changed.batch, changed.gradient,
                           &unused, message) != 0)
            goto done;
        for (size_t p = 0; p < problem->parameters; p++) {
            double moved = (changed.gradient[p] - answer->gradient[p]) / change;

            squares[p] += moved * moved / DRAWS;
        }
    }
    for (size_t p = 0; p < problem->parameters; p++)
        answer->magnitudes[p] = fmax(sqrt(squares[p]), fabs(answer->gradient[p]));
    status = 0;
done:
    changed_close(&changed);
    return status;
}

static int ask(struct answer *answer, const struct engine *judge, const struct problem *problem,
               const struct batch *batch, struct message *message)
{
    const struct engine_options options = {
        .max_batch = batch->size, .threads = 1, .precision = PRECISION_DOUBLE, .variant = ""};
    double *theta = malloc(problem->parameters * sizeof *theta);
    void *session = NULL;
    int status = -1;

    if (!theta)
        goto done;
    for (size_t p = 0; p < problem->parameters; p++)
        theta[p] = (double)problem->theta[p];
    if (problem->network.head != HEAD_OBJECTIVE &&
        judge->open(&session, &problem->network, &options, message) != 0)
        goto done;
    if (judge_gradient(judge, session, problem, theta, batch, answer->gradient, &answer->score,
                       message) != 0)
        goto done;
    status = measure_magnitudes(answer, judge, session, problem, batch, message);
done:
    judge->close(session);
    free(theta);
    return status;
}

int answer_open(struct answer *answer, const struct engine *judge, const struct problem *problem,
                const struct batch *batch, const struct arithmetic *arithmetic)
{
    struct message message = {"out of memory"};

    answer->gradient = malloc(problem->parameters * sizeof *answer->gradient);
    answer->magnitudes = malloc(problem->parameters * sizeof *answer->magnitudes);
    if (!answer->gradient || !answer->magnitudes ||
        ask(answer, judge, problem, batch, &message) != 0) {
        answer_close(answer);
        return error_set("%s: reference: %s", problem->name, message.text);
    }
    answer->yardstick = (struct yardstick){
        .network = &problem->network,
        .reference = answer->gradient,
        .magnitudes = answer->magnitudes,
        .tolerance = compare_tolerance(&problem->network, batch->size, arithmetic),
    };
    return 0;
}

void answer_close(struct answer *answer)
{
    free(answer->gradient);
    free(answer->magnitudes);
    memset(answer, 0, sizeof *answer);
}
