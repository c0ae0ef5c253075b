/* The training loop. */
#include "train/train.h"

#include "base/clock.h"
#include "base/error.h"
#include "train/async.h"
#include "train/call.h"
#include "train/evaluate.h"
#include "train/team.h"
#include "train/training_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int is_final;
} outcomes[] = {
    [OUTCOME_REACHED] = {"reached", 1},         [OUTCOME_BUDGET] = {"budget", 1},
    [OUTCOME_DIVERGED] = {"diverged", 1},       [OUTCOME_DEAD] = {"dead", 1},
    [OUTCOME_UNSUPPORTED] = {"unsupported", 0}, /* a library may be installed by then */
    [OUTCOME_FAILED] = {"failed", 0},           [OUTCOME_CRASHED] = {"crashed", 0},
    [OUTCOME_TIMEOUT] = {"timeout", 0},         [OUTCOME_OUT_OF_MEMORY] = {"out-of-memory", 0},
};

const char *outcome_name(enum outcome outcome)
{
    return outcomes[outcome].name;
}

int outcome_is_final(enum outcome outcome)
{
    return outcomes[outcome].is_final;
}

/* ---- Evaluation ----------------------------------------------------------------------------- */

static double gradient_norm(const struct training_run *run)
{
    const struct rule_state *state = &run->stepper.state;

    if (!run->stepper.has_gradient) /* no update yet, or one in one piece */
        return NOT_APPLICABLE;
    return rule_norm(state->gradient, state->parameter_count, state->precision);
}

static double penalty(const struct training_run *run)
{
    const struct rule_state *state = &run->stepper.state;
    const void *theta = rule_evaluated(run->stepper.rule, state, run->stepper.theta);
    double norm, l2 = state->parameters.l2;

    if (l2 == 0)
        return NOT_APPLICABLE;
    norm = rule_norm(theta, state->parameter_count, state->precision);
    return 0.5 * l2 * norm * norm;
}

static int is_objective(const struct workbench *bench)
{
    return bench->model->network.head == HEAD_OBJECTIVE;
}

/* Where on an objective the run stands: what is evaluated, not where the next gradient is taken. */
static double coordinate(const struct training_run *run, size_t j)
{
    const struct workbench *bench = run->bench;
    const void *theta = rule_evaluated(run->stepper.rule, &run->stepper.state, run->stepper.theta);

    if (!is_objective(bench) || j >= bench->model->parameters)
        return NOT_APPLICABLE;
    return parameter_value(bench->cell->settings.precision, theta, j);
}

static struct curve_point *new_point(struct training_run *run)
{
    struct training_result *result = run->result;

    if (result->curve_count == run->capacity) {
        int capacity = run->capacity ? 2 * run->capacity : 128;
        struct curve_point *curve = realloc(result->curve, (size_t)capacity * sizeof *curve);

        if (!curve) {
            error_set("out of memory for the curve");
            return NULL;
        }
        result->curve = curve;
        run->capacity = capacity;
    }
    return &result->curve[result->curve_count];
}

/* Examples at which the probes ask for the next evaluation. */
static double probe_due(const struct training_run *run)
{
    const struct probe_options *probes = &run->bench->experiment->probes;

    return run->probe_due < probes->at_count
               ? probes->at[run->probe_due] * (double)run->bench->train.count
               : (double)INFINITY;
}

/* Shows the run to its observer. Parameters that are not finite have nothing to show. */
static int observe(struct training_run *run, const struct curve_point *point)
{
    const struct workbench *bench = run->bench;
    const struct stepper *stepper = &run->stepper;

    if (!bench->observe || !isfinite(point->train.loss))
        return 0;
    run->observed = run->result->curve_count;
    if (bench->observe(bench->observer, point,
                       rule_evaluated(stepper->rule, &stepper->state, stepper->theta)) == 0)
        return 0;
    snprintf(run->stepper.reason, sizeof run->stepper.reason, "%.255s", error_text());
    return -1;
}

/* Whether the probes ask for the evaluation just made. */
static int is_probed(struct training_run *run, const struct curve_point *point)
{
    int every = run->bench->experiment->probes.every;
    int is_due = probe_due(run) <= point->examples;

    while (probe_due(run) <= point->examples)
        run->probe_due++;
    return is_due || (every > 0 && (run->result->curve_count - 1) % every == 0);
}

/* The last evaluation, unless it was shown already. */
static int observe_end(struct training_run *run)
{
    struct training_result *result = run->result;
    double start = clock_now();

    if (!run->bench->experiment->probes.end || run->observed == result->curve_count)
        return 0;
    if (observe(run, &result->curve[result->curve_count - 1]) != 0)
        return -1;
    result->evaluation_seconds += clock_now() - start;
    return 0;
}

static int record_point(struct training_run *run)
{
    const struct workbench *bench = run->bench;
    struct training_result *result = run->result;
    struct curve_point *point = new_point(run);
    const struct examples shown = examples_shown(&bench->train);
    size_t subset = (size_t)bench->experiment->evaluation.train_examples;
    double start = clock_now();

    if (!point)
        return -1;
    *point = (struct curve_point){
        .epoch = result->examples / (double)bench->train.count,
        .update = result->updates,
        .examples = result->examples,
        .flops = result->examples * bench->model->flops_per_example,
        .train_seconds = result->train_seconds,
        .rate = run->stepper.rate,
        .penalty = penalty(run),
        .gradient_norm = gradient_norm(run),
        .batch_loss = batch_losses_mean(&run->losses, NOT_APPLICABLE),
        .batch_loss_deviation = batch_losses_deviation(&run->losses, NOT_APPLICABLE),
        .test = {NOT_APPLICABLE, NOT_APPLICABLE},
        .theta = {coordinate(run, 0), coordinate(run, 1)},
    };
    if (subset > shown.count)
        subset = shown.count;
    if (evaluate(&run->stepper, &shown, subset, &point->train) != 0 ||
        evaluate(&run->stepper, &bench->validation, bench->validation.count, &point->validation) !=
            0 ||
        (bench->experiment->evaluation.test == TEST_EACH &&
         evaluate(&run->stepper, &bench->test, bench->test.count, &point->test) != 0))
        return -1;
    result->curve_count++;
    run->losses = (struct batch_losses){0};
    if (is_probed(run, point) && observe(run, point) != 0)
        return -1;
    result->evaluation_seconds += clock_now() - start;
    return 0;
}

double train_evaluation_due(const struct evaluation *evaluation, int i)
{
    if (evaluation->every > 0)
        return (double)i * evaluation->every;
    return i == 0 ? 0 : ceil(evaluation->first * pow(10, (i - 1.0) / evaluation->per_decade));
}

/* ---- When to stop --------------------------------------------------------------------------- */

static int targets_reached(const struct training_run *run)
{
    const struct experiment *experiment = run->bench->experiment;
    int reached = 0;

    for (int t = 0; t < experiment->target_count; t++)
        reached += run->result->costs[t].seconds != NOT_APPLICABLE;
    return reached;
}

static void update_targets(struct training_run *run)
{
    const struct experiment *experiment = run->bench->experiment;
    struct training_result *result = run->result;

    for (int t = 0; t < experiment->target_count; t++)
        if (result->costs[t].seconds == NOT_APPLICABLE)
            result->costs[t] =
                train_target_cost(result->curve, result->curve_count, &experiment->targets[t]);
}

static int stop(struct training_run *run, enum outcome outcome, const char *reason)
{
    run->result->outcome = outcome;
    snprintf(run->result->reason, sizeof run->result->reason, "%s", reason);
    return 1;
}

/* At chance level, with a margin for luck and for unequal classes: an accuracy of 0.12 for ten
 * classes, 0.52 for two, 0.0012 for a thousand. */
static int at_chance(const struct training_run *run, const struct curve_point *point)
{
    double error =
        point->validation.error != NOT_APPLICABLE ? point->validation.error : point->train.error;
    double chance = 1.0 / fmax(1, run->bench->classes);

    return run->bench->classes > 0 && !run->bench->experiment->limits.lets_dead_live &&
           1 - error <= chance + fmin(0.2 * chance, 0.02);
}

/* Beyond any transient. */
static double largest_loss(const struct training_run *run)
{
    double initial = run->result->curve[0].train.loss;

    return is_objective(run->bench) ? initial + 3 * fmax(fabs(initial), 1) : 4 * initial;
}

/* After an evaluation. 1: the run is over. */
static int judge_point(struct training_run *run)
{
    const struct experiment *experiment = run->bench->experiment;
    struct training_result *result = run->result;
    const struct curve_point *point = &result->curve[result->curve_count - 1];
    int reached;

    if (!isfinite(point->train.loss))
        return stop(run, OUTCOME_DIVERGED, "training loss is not finite");
    run->suspicions = point->train.loss > largest_loss(run) ? run->suspicions + 1 : 0;
    if (run->suspicions == 2)
        return stop(run, OUTCOME_DIVERGED,
                    is_objective(run->bench)
                        ? "training loss far above the initial, twice running"
                        : "training loss above 4 times the initial, twice running");
    if (point->epoch >= 1 && point->update >= 100)
        run->chances = at_chance(run, point) ? run->chances + 1 : 0;
    if (run->chances == 2)
        return stop(run, OUTCOME_DEAD, "no better than chance after an epoch, twice running");
    update_targets(run);
    reached = targets_reached(run);
    if (run->budget->until == UNTIL_FIRST && reached > 0)
        return stop(run, OUTCOME_REACHED, "first target reached");
    if (run->budget->until == UNTIL_ALL && reached == experiment->target_count)
        return stop(run, OUTCOME_REACHED, "all targets reached");
    return 0;
}

/* Which limit of the budget is met after so much; NULL if none is. */
static const char *spent_after(const struct training_run *run, long updates, double examples)
{
    const struct budget *budget = run->budget;

    if (budget->epochs > 0 && examples >= budget->epochs * (double)run->bench->train.count)
        return "budget: epochs";
    if (budget->updates > 0 && updates >= budget->updates)
        return "budget: updates";
    if (budget->examples > 0 && examples >= budget->examples)
        return "budget: examples";
    if (budget->seconds > 0 && run->result->train_seconds >= budget->seconds &&
        team_leads(run->bench->team))
        return "budget: seconds";
    return NULL;
}

static const char *budget_spent(const struct training_run *run)
{
    return spent_after(run, run->result->updates, run->result->examples);
}

/* The same of what only an evaluation tells; once after each. */
static const char *evaluated_enough(struct training_run *run)
{
    const struct training_result *result = run->result;
    const struct curve_point *point = &result->curve[result->curve_count - 1];
    int is_better = run->stale < 0 || point->validation.loss < run->best_loss;

    if (is_better)
        run->best_loss = point->validation.loss;
    run->stale = is_better ? 0 : run->stale + 1;
    if (run->budget->train_loss > 0 && point->train.loss <= run->budget->train_loss)
        return "budget: train_loss";
    if (run->budget->patience > 0 && run->stale >= run->budget->patience)
        return "budget: patience";
    return NULL;
}

/* ---- The loop ------------------------------------------------------------------------------- */

/* Whether an evaluation follows the update of the batch just drawn, as far as that can be told: it
 * shows the update's gradient. */
static int evaluated_next(const struct training_run *run, double due)
{
    double examples = run->result->examples + run->stepper.batch.size;

    return examples >= due || spent_after(run, run->result->updates + 1, examples);
}

/* Rate and batch size of the next update. */
static void follow_schedule(struct training_run *run)
{
    const struct cell *cell = run->bench->cell;
    double n = (double)run->bench->train.count, done = (double)run->result->updates, step = 1;
    int k;

    if (run->schedule.unit == SCHEDULE_EPOCHS) {
        done = run->result->examples / n;
        step = run->batch_size / n;
    }
    run->stepper.rate = cell->rate * schedule_factor(&run->schedule, done, step);
    k = schedule_batch_size(&run->schedule, cell->batch_size, done);
    if (k != run->batch_size)
        batches_set_size(run->batches, k);
    run->batch_size = k;
}

/* Of batches that are all of one size. */
static long updates_until(const struct training_run *run, double due)
{
    const struct training_result *result = run->result;
    double k = run->batch_size;
    long n = 1;

    while (result->examples + (double)n * k < due &&
           !spent_after(run, result->updates + n, result->examples + (double)n * k))
        n++;
    return n;
}

/* Updates until the next evaluation is due, the budget is spent or the loss is not finite. The one
 * place where the training clock runs. */
static int train_to_next_evaluation(struct training_run *run)
{
    struct training_result *result = run->result;
    const struct evaluation *evaluation = &run->bench->experiment->evaluation;
    double due = fmin(train_evaluation_due(evaluation, run->due), probe_due(run));

    if (run->async) {
        if (async_train(run->async, run, updates_until(run, due)) != 0)
            return -1;
        training_run_is_late(run);
        goto done;
    }
    team_go_on(run->bench->team);
    training_clock_start(run);
    if (result->first_step == 0)
        result->first_step = run->start;
    do {
        batches_next(run->batches, &run->stepper.batch);
        run->stepper.wants_gradient = evaluated_next(run, due);
        if (stepper_update(&run->stepper) != 0)
            return -1;
        batch_losses_add(&run->losses, run->stepper.score.loss);
        result->updates++;
        result->examples += run->stepper.batch.size + run->stepper.state.extra;
        if (!run->is_constant)
            follow_schedule(run);
    } while (isfinite(run->stepper.score.loss) && result->examples < due && !budget_spent(run) &&
             !training_clock_look(run) && !team_stops(run->bench->team));
    training_clock_read(run);
done:
    while (train_evaluation_due(evaluation, run->due) <= result->examples)
        run->due++;
    return 0;
}

/* 1: the run is over; -1: the engine or an observer failed. */
static int evaluate_and_judge(struct training_run *run)
{
    const char *reason;

    if (record_point(run) != 0)
        return -1;
    if (judge_point(run))
        return 1;
    reason = evaluated_enough(run);
    if (!reason)
        reason = budget_spent(run);
    if (reason) {
        int targets = run->bench->experiment->target_count;
        int all = targets > 0 && targets_reached(run) == targets;

        return stop(run, all ? OUTCOME_REACHED : OUTCOME_BUDGET, reason);
    }
    return 0;
}

/* Where the leader of a team evaluates: what of it the others count by. */
static void pass_evaluation(struct training_run *run)
{
    run->losses = (struct batch_losses){0};
    while (probe_due(run) <= run->result->examples)
        run->probe_due++;
}

static int evaluate_as_team(struct training_run *run)
{
    int status = 0;

    if (!team_leads(run->bench->team))
        pass_evaluation(run);
    else if (run->is_late)
        status = stop(run, OUTCOME_TIMEOUT, "ended itself (limits: cell_seconds)");
    else
        status = evaluate_and_judge(run);
    if (training_run_hear(run, &status) != 0)
        return -1;
    if (status == 1)
        team_end(run->bench->team);
    return status;
}

/* A run that goes on from a checkpoint does so between two updates. */
static int train_to_the_end(struct training_run *run)
{
    int status = training_run_resume(run);

    if (status < 0)
        return -1;
    if (status == 1 && train_to_next_evaluation(run) != 0)
        return -1;
    while ((status = evaluate_as_team(run)) == 0) {
        if (training_run_is_to_be_kept(
                run)) /* where each update is evaluated nobody looks between two */
            training_run_keep(run);
        if (train_to_next_evaluation(run) != 0)
            return -1;
    }
    return status < 0 ? -1 : 0;
}

static int start_run(struct training_run *run)
{
    const struct workbench *bench = run->bench;
    double start = clock_now();

    run->batch_size = bench->cell->batch_size;
    if (stepper_open(&run->stepper, bench) != 0 ||
        batches_open(&run->batches, bench, bench->cell->settings.last_batch) != 0)
        return -1;
    run->is_constant = !bench->cell->schedule;
    if (!run->is_constant) {
        run->schedule = *bench->cell->schedule;
        run->schedule.length = bench->cell->schedule_length;
        follow_schedule(run);
    }
    if (bench->team && bench->cell->settings.transport == TRANSPORT_MPI_ASYNC &&
        async_open(&run->async, run) != 0)
        return -1;
    training_clock_open(run);
    if (bench->team)
        *team_traffic(bench->team) = (struct team_traffic){0}; /* since the clock runs */
    run->result->setup_seconds = clock_now() - start;
    return 0;
}

static void end_run(struct training_run *run)
{
    async_close(run->async);
    batches_close(run->batches);
    stepper_close(&run->stepper);
}

static double best_validation_error(const struct training_result *result)
{
    double best = NOT_APPLICABLE;

    for (int i = 0; i < result->curve_count; i++) {
        double error = result->curve[i].validation.error;

        if (best == NOT_APPLICABLE || error < best)
            best = error;
    }
    return best;
}

/* The loop, then the test split. */
static int run_through(struct training_run *run)
{
    struct training_result *result = run->result;
    double start;

    if (start_run(run) != 0 || train_to_the_end(run) != 0)
        return -1;
    if (!team_leads(run->bench->team))
        return 0;
    if (observe_end(run) != 0)
        return -1;
    start = clock_now();
    if (evaluate_test(&run->stepper, result) != 0)
        return -1;
    result->evaluation_seconds += clock_now() - start;
    return 0;
}

int train(const struct workbench *bench, struct training_result *result)
{
    struct training_run run = {.bench = bench,
                               .result = result,
                               .due = 1,
                               .budget = cell_budget(bench->cell, bench->experiment),
                               .stale = -1};
    int status;

    memset(result, 0, sizeof *result);
    for (int t = 0; t < EXPERIMENT_TARGETS_MAX; t++)
        result->costs[t] = train_target_cost(NULL, 0, NULL);
    result->test = (struct evaluated){NOT_APPLICABLE, NOT_APPLICABLE};
    for (int kind = 0; kind < SHIFT_COUNT; kind++)
        result->shifted_errors[kind] = NOT_APPLICABLE;
    result->balanced_error = result->skewed_error = NOT_APPLICABLE;
    status = run_through(&run);
    if (status != 0 && run.stepper.reason[0]) {
        /* An engine's error is an outcome of the cell, not an error of the program. */
        stop(&run, OUTCOME_FAILED, run.stepper.reason);
        status = 0;
    }
    result->best_validation_error = best_validation_error(result);
    end_run(&run);
    return status;
}

void training_free(struct training_result *result)
{
    free(result->curve);
    free(result->class_errors);
    free(result->resumptions);
    result->curve = NULL;
    result->resumptions = NULL;
    result->resumption_count = 0;
    result->class_errors = NULL;
    result->class_count = 0;
    result->curve_count = 0;
}
