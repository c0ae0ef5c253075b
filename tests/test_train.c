/* The training loop with an engine that says what the test wants it to say: when it evaluates, when
 * it stops, and what it calls that. */
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NA NOT_APPLICABLE

/* 100 training examples of 4 classes, 30 for validation, 20 for testing; evaluations at 10, 32,
 * 100, 317, 1000, ... examples. */
#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 150, features: 2, classes: 4, validation: 30, test: 20}\n"   \
    "evaluation: {first: 10, per_decade: 2, train_examples: 80}\n"

/* ---- The engine ------------------------------------------------------------------------------ */

static struct fake {
    double (*loss)(long updates), (*error)(long updates); /* of any batch after so many updates */
    long updates;                                         /* gradients asked for */
    long evaluations;                                     /* losses asked for */
    long fail_at_update, fail_at_evaluation;              /* from 1; 0: never */
    const char *message;
    int32_t rows[100]; /* drawn first, batch after batch */
    int drawn;
    int sizes[1000];     /* of the batches */
    float weights[1000]; /* of their last example; -1: no weights */
    int largest_evaluated;
    long examples_evaluated;
    long fused;
    long warm_ups; /* untimed gradients */
} fake;

static struct bench bench;

static double one(long updates)
{
    (void)updates;
    return 1;
}

static double none(long updates)
{
    (void)updates;
    return 0;
}

static void score_batch(const struct batch *batch, struct score *score)
{
    score->loss = fake.loss(fake.updates);
    score->errors = lround(fake.error(fake.updates) * batch->size);
}

static int fake_loss(void *session, const float *theta, const struct batch *batch,
                     struct score *score, struct message *message)
{
    (void)session, (void)theta;
    if (++fake.evaluations == fake.fail_at_evaluation) {
        snprintf(message->text, sizeof message->text, "%s", fake.message);
        return -1;
    }
    if (batch->size > fake.largest_evaluated)
        fake.largest_evaluated = batch->size;
    fake.examples_evaluated += batch->size;
    score_batch(batch, score);
    return 0;
}

static int fake_gradient(void *session, const float *theta, const struct batch *batch,
                         float *gradient, struct score *score, struct message *message)
{
    (void)session, (void)theta;
    if (is_warm_up(&bench, batch)) {
        fake.warm_ups++;
        return 0;
    }
    if (fake.updates < 1000) {
        fake.sizes[fake.updates] = batch->size;
        fake.weights[fake.updates] = batch->weights ? batch->weights[batch->size - 1] : -1;
    }
    for (int i = 0; i < batch->size && fake.drawn < 100; i++)
        fake.rows[fake.drawn++] = batch->rows[i];
    score_batch(batch, score);
    if (++fake.updates == fake.fail_at_update) {
        snprintf(message->text, sizeof message->text, "%s", fake.message);
        return -1;
    }
    gradient[0] = 3;
    gradient[1] = 4;
    return 0;
}

static int fake_sgd_step(void *session, float *theta, const struct batch *batch, float rate,
                         struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)rate, (void)message;
    score_batch(batch, score);
    fake.updates++;
    fake.fused++;
    return 0;
}

static const struct engine plain = {.name = "fake", .loss = fake_loss, .gradient = fake_gradient};
static const struct engine fused = {
    .name = "fused", .loss = fake_loss, .gradient = fake_gradient, .sgd_step = fake_sgd_step};

static struct training_result result;

/* Trains the first cell of DATA + yaml; the test looks at `result`, then calls close_training. */
static void train_with(const struct engine *engine, const char *yaml)
{
    char text[1000];

    snprintf(text, sizeof text, "%s%s", DATA, yaml);
    bench_open(&bench, text, engine, NULL);
    if (train(&bench.workbench, &result) != 0)
        fail_msg("%s", error_text());
}

static void close_training(void)
{
    training_free(&result);
    bench_close(&bench);
}

static int reset_fake(void **state)
{
    (void)state;
    fake = (struct fake){.loss = one, .error = none, .message = "out of order"};
    return 0;
}

static void assert_ended(enum outcome outcome, const char *reason)
{
    if (result.outcome != outcome || !strstr(result.reason, reason))
        fail_msg("%s (%s), expected %s (%s)", outcome_name(result.outcome), result.reason,
                 outcome_name(outcome), reason);
}

static const struct curve_point *last_point(void)
{
    return &result.curve[result.curve_count - 1];
}

/* ---- When it evaluates ----------------------------------------------------------------------- */

static void the_first_gradient_of_each_size_is_not_an_update(void **state)
{
    (void)state;
    train_with(&plain, "grid: {batch_size: 30}\nbudget: {updates: 5}\n");
    assert_int_equal(fake.warm_ups, 1);
    assert_int_equal(fake.updates, 5);
    assert_int_equal(result.updates, 5);
    close_training();
    reset_fake(NULL);
    train_with(&plain, "grid: {batch_size: 30, last_batch: keep}\nbudget: {updates: 5}\n");
    assert_int_equal(fake.warm_ups, 2); /* of 30 examples, and of the 10 left */
    assert_int_equal(result.updates, 5);
    close_training();
}

static void evaluations_are_evenly_spaced_in_the_logarithm(void **state)
{
    const struct evaluation each_tenfold = {.first = 1000, .per_decade = 1},
                            twelve = {.first = 10, .per_decade = 12},
                            even = {.first = 10, .per_decade = 12, .every = 7};

    (void)state;
    assert_true(train_evaluation_due(&each_tenfold, 0) == 0);
    assert_true(train_evaluation_due(&each_tenfold, 1) == 1000);
    assert_true(train_evaluation_due(&each_tenfold, 2) == 10000);
    assert_true(train_evaluation_due(&each_tenfold, 4) == 1e6);
    assert_true(train_evaluation_due(&twelve, 13) == 100);
    assert_true(train_evaluation_due(&twelve, 25) == 1000);
    for (int i = 1; i < 100; i++)
        assert_true(train_evaluation_due(&twelve, i) > train_evaluation_due(&twelve, i - 1));
    for (int i = 0; i < 100; i++)
        assert_true(train_evaluation_due(&even, i) == 7 * i);
}

/* Each evaluation comes with the first update that reaches what is due, whatever the batch. */
static void the_schedule_is_the_same_for_every_batch_size(void **state)
{
    static const int sizes[] = {1, 3, 7, 32, 100};

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        char yaml[200];
        int due = 1;

        snprintf(yaml, sizeof yaml, "grid: {batch_size: %d}\nbudget: {examples: 20000}\n",
                 sizes[s]);
        reset_fake(NULL);
        train_with(&plain, yaml);
        assert_true(result.curve[0].examples == 0);
        for (int i = 1; i < result.curve_count - 1; i++) {
            double k = sizes[s];

            while (train_evaluation_due(&bench.experiment.evaluation, due) <=
                   result.curve[i - 1].examples)
                due++;
            assert_true(result.curve[i].examples ==
                        k * ceil(train_evaluation_due(&bench.experiment.evaluation, due) / k));
        }
        assert_true(last_point()->examples >= 20000);
        close_training();
    }
}

static void a_point_holds_all_five_axes(void **state)
{
    const struct curve_point *point;

    (void)state;
    train_with(&plain, "grid: {batch_size: 50, network: S}\nbudget: {epochs: 3}\n");
    assert_ended(OUTCOME_BUDGET, "budget: epochs");
    point = last_point();
    assert_true(point->epoch == 3 && point->update == 6 && point->examples == 300);
    assert_true(point->flops == 300 * bench.model.flops_per_example);
    assert_true(point->train_seconds == result.train_seconds);
    assert_true(point->gradient_norm == 5); /* 3, 4 */
    assert_true(result.curve[0].gradient_norm == NA);
    assert_true(result.curve[0].train_seconds == 0);
    assert_int_equal(result.updates, 6);
    assert_true(result.examples == 300);
    close_training();
}

static void evaluations_use_a_subset_and_small_batches(void **state)
{
    (void)state;
    train_with(&plain, "grid: {batch_size: 100}\nbudget: {updates: 1}\n");
    assert_int_equal(result.curve_count, 2);
    assert_int_equal(fake.examples_evaluated, 2 * (80 + 30) + 20); /* and the test data once */
    assert_int_equal(fake.largest_evaluated, 80);
    close_training();
}

static double half(long updates)
{
    (void)updates;
    return 0.5;
}

static void errors_are_fractions_of_each_split(void **state)
{
    (void)state;
    fake.error = half;
    train_with(&plain, "budget: {updates: 1}\n");
    assert_true(result.curve[0].train.error == 0.5 && result.curve[0].validation.error == 0.5);
    assert_true(result.test.error == 0.5 && result.test.loss == 1);
    assert_true(result.best_validation_error == 0.5);
    close_training();
}

static void what_is_not_there_does_not_apply(void **state)
{
    (void)state;
    bench_open(&bench, "dataset: {name: linear, examples: 50, features: 2}\nbudget: {updates: 1}\n",
               &plain, NULL);
    assert_int_equal(train(&bench.workbench, &result), 0);
    assert_true(result.curve[0].train.loss == 1 && result.curve[0].train.error == NA);
    assert_true(result.curve[0].validation.loss == NA && result.curve[0].validation.error == NA);
    assert_true(result.test.loss == NA && result.best_validation_error == NA);
    close_training();
}

/* ---- When it stops --------------------------------------------------------------------------- */

static void the_first_limit_of_the_budget_ends_it(void **state)
{
    (void)state;
    train_with(&plain, "grid: {batch_size: 10}\nbudget: {epochs: 2.5, updates: 1000}\n");
    assert_ended(OUTCOME_BUDGET, "budget: epochs");
    assert_int_equal(result.updates, 25);
    close_training();
    reset_fake(NULL);
    train_with(&plain, "grid: {batch_size: 10}\nbudget: {epochs: 2.5, updates: 7}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    assert_int_equal(result.updates, 7);
    close_training();
    reset_fake(NULL);
    train_with(&plain, "grid: {batch_size: 10}\nbudget: {epochs: 2.5, examples: 71}\n");
    assert_ended(OUTCOME_BUDGET, "budget: examples");
    assert_true(result.examples == 80);
    assert_true(last_point()->examples == 80); /* evaluated at the end, due or not */
    close_training();
    reset_fake(NULL);
    train_with(&plain, "budget: {seconds: 0.01}\n");
    assert_ended(OUTCOME_BUDGET, "budget: seconds");
    assert_true(result.train_seconds >= 0.01);
    assert_true(last_point()->train_seconds == result.train_seconds);
    close_training();
}

static double down(long updates) /* 1, 1/2, 1/4, ... every ten updates */
{
    return pow(0.5, (double)updates / 10);
}

static double two_and_four(long updates)
{
    return updates % 2 == 0 ? 2 : 4;
}

static void a_point_holds_the_losses_of_batches_since_the_last(void **state)
{
    (void)state;
    fake.loss = two_and_four;
    train_with(&plain, "grid: {batch_size: 5}\nbudget: {updates: 14}\n");
    assert_true(result.curve[0].batch_loss == NA && result.curve[0].batch_loss_deviation == NA);
    assert_true(result.curve[1].update == 2 && result.curve[1].batch_loss == 3);
    assert_true(fabs(result.curve[1].batch_loss_deviation - sqrt(2)) < 1e-12); /* 1/2 (2^2), root */
    assert_true(result.curve[2].update == 7 && last_point()->update == 14);
    assert_true(fabs(last_point()->batch_loss_deviation - sqrt(2)) < 1e-12);
    close_training();

    fake.loss = one;
    train_with(&fused, "grid: {batch_size: 10}\nbudget: {updates: 4}\n");
    assert_true(result.curve[1].update == 1 && result.curve[1].batch_loss == 1);
    assert_true(result.curve[1].batch_loss_deviation == NA); /* of one batch */
    assert_true(last_point()->batch_loss == 1 && last_point()->batch_loss_deviation == 0);
    close_training();
}

static void an_evaluated_loss_ends_it(void **state)
{
    (void)state;
    fake.loss = down;
    train_with(&plain, "grid: {batch_size: 10}\nbudget: {updates: 1000, train_loss: 0.5}\n");
    assert_ended(OUTCOME_BUDGET, "budget: train_loss");
    assert_true(last_point()->train.loss <= 0.5);
    assert_true(result.curve[result.curve_count - 2].train.loss > 0.5);
    close_training();
}

static void patience_ends_it_after_evaluations_without_a_better_one(void **state)
{
    (void)state; /* the loss stays 1: the first evaluation is the best */
    train_with(&plain, "grid: {batch_size: 10}\nbudget: {updates: 1000, patience: 3}\n");
    assert_ended(OUTCOME_BUDGET, "budget: patience");
    assert_int_equal(result.curve_count, 4);
    close_training();
    reset_fake(NULL);
    fake.loss = down;
    train_with(&plain, "grid: {batch_size: 10}\nbudget: {updates: 100, patience: 3}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
}

static void a_named_budget_ends_the_cell_instead_of_the_common_one(void **state)
{
    (void)state;
    train_with(&plain, "grid: {batch_size: 10, budget: brief}\nbudget: {updates: 50}\n"
                       "budgets: {brief: {updates: 3}}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    assert_int_equal(result.updates, 3);
    close_training();
}

static void until_first_stops_at_the_first_target(void **state)
{
    (void)state;
    fake.loss = down;
    train_with(&plain, "grid: {batch_size: 1}\n"
                       "targets: {train_loss: [0.5, 0.1]}\n"
                       "budget: {updates: 1000, until: first}\n");
    assert_ended(OUTCOME_REACHED, "first target reached");
    assert_int_equal(result.updates, 10);
    assert_true(fabs(result.costs[0].updates - 10) < 1e-9);
    assert_true(result.costs[1].updates == NA && result.costs[1].seconds == NA);
    assert_true(result.costs[2].updates == NA); /* no such target */
    close_training();
}

static void until_all_stops_at_the_last_target(void **state)
{
    (void)state;
    fake.loss = down;
    train_with(&plain, "grid: {batch_size: 1}\n"
                       "targets: {train_loss: [0.5, 0.25], validation_loss: 0.3}\n"
                       "budget: {updates: 1000, until: all}\n");
    assert_ended(OUTCOME_REACHED, "all targets reached");
    assert_int_equal(result.updates, 32);
    assert_true(fabs(result.costs[1].updates - 20) <
                1e-9); /* log-linear: exact between 10 and 32 */
    assert_true(fabs(result.costs[1].epochs - 0.2) < 1e-9);
    close_training();
}

static void all_targets_at_the_end_of_the_budget_are_reached_too(void **state)
{
    (void)state;
    fake.loss = down;
    train_with(&plain,
               "grid: {batch_size: 1}\ntargets: {train_loss: 0.5}\nbudget: {updates: 40}\n");
    assert_ended(OUTCOME_REACHED, "budget: updates");
    assert_int_equal(result.updates, 40);
    close_training();
    reset_fake(NULL);
    fake.loss = down;
    train_with(&plain, "grid: {batch_size: 1}\ntargets: {train_loss: [0.5, 0.001]}\n"
                       "budget: {updates: 40, until: all}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
}

static void a_target_met_at_the_start_costs_nothing(void **state)
{
    (void)state;
    train_with(&plain, "targets: {train_loss: 2}\nbudget: {updates: 9, until: first}\n");
    assert_ended(OUTCOME_REACHED, "first target reached");
    assert_int_equal(result.updates, 0);
    assert_true(result.costs[0].updates == 0 && result.costs[0].seconds == 0);
    close_training();
}

/* ---- What it calls bad ends -------------------------------------------------------------------
 */

static double nan_after_five(long updates)
{
    return updates < 5 ? 1 : (double)NAN;
}

static double infinite_after_five(long updates)
{
    return updates < 5 ? 1 : HUGE_VAL;
}

static void a_loss_that_is_not_finite_is_divergence(void **state)
{
    (void)state;
    fake.loss = nan_after_five;
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 1000}\n");
    assert_ended(OUTCOME_DIVERGED, "not finite");
    assert_int_equal(result.updates, 6); /* at once, not at the evaluation due at 10 */
    assert_true(isnan(last_point()->train.loss));
    assert_true(isnan(result.test.loss));
    close_training();
    reset_fake(NULL);
    fake.loss = infinite_after_five;
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 1000}\n");
    assert_ended(OUTCOME_DIVERGED, "not finite");
    close_training();
}

static double rising(long updates)
{
    return updates < 10 ? 1 : 4.001;
}

static double one_bump(long updates)
{
    return updates == 10 ? 100 : 1;
}

static double four_times(long updates)
{
    return updates == 0 ? 1 : 4;
}

static void a_loss_above_four_times_the_initial_is_divergence_the_second_time(void **state)
{
    (void)state;
    fake.loss = rising;
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 1000}\n");
    assert_ended(OUTCOME_DIVERGED, "above 4 times the initial, twice running");
    assert_int_equal(result.updates, 32); /* evaluated at 10 and at 32 */
    close_training();
    fake = (struct fake){.loss = one_bump, .error = none};
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 1000}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
    fake = (struct fake){.loss = four_times, .error = none};
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 1000}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
}

static double three_quarters(long updates)
{
    (void)updates;
    return 0.75;
}

static double better_than_chance(long updates)
{
    (void)updates;
    return 0.7;
}

/* Chance is 3/4 with four classes. Evaluations at 10, 32, 100, 317 updates; an epoch is 100. */
static void chance_level_after_an_epoch_is_dead_the_second_time(void **state)
{
    (void)state;
    fake.error = three_quarters;
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 2000}\n");
    assert_ended(OUTCOME_DEAD, "no better than chance");
    assert_int_equal(result.updates, 317);
    close_training();
    reset_fake(NULL);
    fake.error = three_quarters; /* a plateau may be what is looked at */
    train_with(&plain,
               "grid: {batch_size: 1}\nbudget: {updates: 2000}\nlimits: {at_chance: go_on}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
    reset_fake(NULL);
    fake.error = better_than_chance;
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 2000}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
    reset_fake(NULL);
    fake.error = three_quarters; /* a hundred updates of the full batch are still to come */
    train_with(&plain, "grid: {batch_size: full}\nbudget: {updates: 99}\n");
    assert_ended(OUTCOME_BUDGET, "budget: updates");
    close_training();
}

static void an_engine_that_gives_up_is_a_failed_cell(void **state)
{
    (void)state;
    fake.fail_at_update = 3;
    train_with(&plain, "grid: {batch_size: 1}\nbudget: {updates: 9}\n");
    assert_ended(OUTCOME_FAILED, "out of order");
    assert_int_equal(result.updates, 2);
    assert_int_equal(result.curve_count, 1);
    close_training();
    for (int e = 1; e <= 5; e++) { /* train and validation before, both after, test */
        reset_fake(NULL);
        fake.fail_at_evaluation = e;
        train_with(&plain, "budget: {updates: 1}\n");
        assert_ended(OUTCOME_FAILED, "out of order");
        assert_int_equal(result.curve_count, (e - 1) / 2);
        close_training();
    }
}

static void an_engine_that_gives_up_without_a_word_is_a_failed_cell_too(void **state)
{
    (void)state;
    fake.message = "";
    fake.fail_at_update = 1;
    train_with(&plain, "budget: {updates: 1}\n");
    assert_ended(OUTCOME_FAILED, "");
    assert_true(result.reason[0] != '\0');
    close_training();
}

/* ---- What it hands to the engine ------------------------------------------------------------- */

static void a_kept_last_batch_weighs_what_its_examples_weigh(void **state)
{
    static const int sizes[] = {30, 30, 30, 10, 30};

    (void)state;
    train_with(&plain, "grid: {batch_size: 30, last_batch: keep}\nbudget: {updates: 5}\n");
    for (int u = 0; u < 5; u++) {
        assert_int_equal(fake.sizes[u], sizes[u]);
        assert_true(fake.weights[u] == (sizes[u] == 30 ? -1 : 10.0f / 30.0f));
    }
    assert_true(result.examples == 130);
    close_training();
}

static void a_dropped_last_batch_is_never_short(void **state)
{
    (void)state;
    train_with(&plain, "grid: {batch_size: 30, last_batch: drop}\nbudget: {updates: 9}\n");
    for (int u = 0; u < 9; u++) {
        assert_int_equal(fake.sizes[u], 30);
        assert_true(fake.weights[u] == -1);
    }
    close_training();
}

static void draw_an_epoch(const char *settings, int32_t rows[100])
{
    char yaml[200];

    snprintf(yaml, sizeof yaml, "grid: {%s}\nbudget: {epochs: 1}\n", settings);
    reset_fake(NULL);
    train_with(&plain, yaml);
    assert_int_equal(fake.drawn, 100);
    memcpy(rows, fake.rows, sizeof fake.rows);
    close_training();
}

static void the_seed_decides_the_order_and_the_batch_size_does_not(void **state)
{
    int32_t one[100], other[100];

    (void)state;
    draw_an_epoch("seed: 1, batch_size: 10", one);
    draw_an_epoch("seed: 1, batch_size: 25", other);
    assert_memory_equal(one, other, sizeof one);
    draw_an_epoch("seed: 2, batch_size: 10", other);
    assert_memory_not_equal(one, other, sizeof one);
}

/* Evaluations follow the first update and the fourth, and show their gradients. */
static void a_fused_step_replaces_plain_sgd_only(void **state)
{
    (void)state;
    train_with(&fused, "grid: {optimizer: sgd}\nbudget: {updates: 4}\n");
    assert_int_equal(fake.updates, 4);
    assert_int_equal(fake.fused, 2);
    assert_true(last_point()->gradient_norm == 5);
    close_training();
    reset_fake(NULL);
    train_with(&fused, "grid: {optimizer: momentum}\nbudget: {updates: 4}\n");
    assert_int_equal(fake.fused, 0);
    assert_int_equal(fake.updates, 4);
    assert_true(last_point()->gradient_norm == 5);
    close_training();
}

static void every_evaluation_that_is_due_shows_a_gradient(void **state)
{
    (void)state;
    train_with(&fused, "grid: {batch_size: 10}\nbudget: {updates: 100}\n");
    assert_true(result.curve_count > 4);
    assert_int_equal(fake.fused, 100 - (result.curve_count - 1));
    for (int i = 1; i < result.curve_count; i++)
        assert_true(result.curve[i].gradient_norm == 5);
    close_training();
}

/* Nobody could know that the sixth update would be the last. */
static void a_step_that_ends_the_run_unforeseen_shows_none(void **state)
{
    (void)state;
    fake.loss = nan_after_five;
    train_with(&fused, "grid: {batch_size: 1}\nbudget: {updates: 100}\n");
    assert_true(result.outcome == OUTCOME_DIVERGED);
    assert_int_equal(fake.updates, 6);
    assert_true(last_point()->gradient_norm == NA);
    close_training();
}

static void every_outcome_has_a_name_and_only_ends_are_final(void **state)
{
    (void)state;
    for (int outcome = OUTCOME_REACHED; outcome <= OUTCOME_OUT_OF_MEMORY; outcome++) {
        assert_non_null(outcome_name((enum outcome)outcome));
        assert_int_equal(outcome_is_final((enum outcome)outcome), outcome <= OUTCOME_DEAD);
    }
    assert_string_equal(outcome_name(OUTCOME_OUT_OF_MEMORY), "out-of-memory");
}

#define TRAINS(test) cmocka_unit_test_setup(test, reset_fake)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TRAINS(evaluations_are_evenly_spaced_in_the_logarithm),
        TRAINS(the_schedule_is_the_same_for_every_batch_size),
        TRAINS(a_point_holds_all_five_axes),
        TRAINS(evaluations_use_a_subset_and_small_batches),
        TRAINS(errors_are_fractions_of_each_split),
        TRAINS(what_is_not_there_does_not_apply),
        TRAINS(the_first_limit_of_the_budget_ends_it),
        TRAINS(a_point_holds_the_losses_of_batches_since_the_last),
        TRAINS(an_evaluated_loss_ends_it),
        TRAINS(patience_ends_it_after_evaluations_without_a_better_one),
        TRAINS(a_named_budget_ends_the_cell_instead_of_the_common_one),
        TRAINS(until_first_stops_at_the_first_target),
        TRAINS(until_all_stops_at_the_last_target),
        TRAINS(all_targets_at_the_end_of_the_budget_are_reached_too),
        TRAINS(a_target_met_at_the_start_costs_nothing),
        TRAINS(a_loss_that_is_not_finite_is_divergence),
        TRAINS(a_loss_above_four_times_the_initial_is_divergence_the_second_time),
        TRAINS(chance_level_after_an_epoch_is_dead_the_second_time),
        TRAINS(an_engine_that_gives_up_is_a_failed_cell),
        TRAINS(an_engine_that_gives_up_without_a_word_is_a_failed_cell_too),
        TRAINS(a_kept_last_batch_weighs_what_its_examples_weigh),
        TRAINS(a_dropped_last_batch_is_never_short),
        TRAINS(the_seed_decides_the_order_and_the_batch_size_does_not),
        TRAINS(a_fused_step_replaces_plain_sgd_only),
        TRAINS(every_evaluation_that_is_due_shows_a_gradient),
        TRAINS(a_step_that_ends_the_run_unforeseen_shows_none),
        TRAINS(the_first_gradient_of_each_size_is_not_an_update),
        cmocka_unit_test(every_outcome_has_a_name_and_only_ends_are_final),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
