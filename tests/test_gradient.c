/* The gradient of a batch in pieces, by workers and late, held against the whole batch's at once.
 */
#include "train/gradient.h"

#include "reference_fixture.h"
#include "train/step.h"
#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One update's worth: theta, and the gradient of the first K rows there. */
struct trial {
    struct bench bench;
    void *sessions[9];
    struct stepper stepper;
    size_t count;
};

#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 200, features: 6, classes: 3, validation: 20}\n"             \
    "networks: {own: {hidden: [5]}}\nbudget: {updates: 10}\n"

static void open_trial(struct trial *trial, const char *grid)
{
    struct engine_options options = {.threads = 1, .variant = "", .max_batch = 200};
    const struct settings *settings;
    struct message message;
    char text[600];

    snprintf(text, sizeof text, DATA "grid: {engine: reference, network: own, %s%s}\n",
             strstr(grid, "batch_size") ? "" : "batch_size: 37, ", grid);
    bench_open(&trial->bench, text, &reference.engine, NULL);
    settings = &trial->bench.workbench.cell->settings;
    options.precision = settings->precision;
    for (int w = 0; w < settings->workers; w++)
        if (reference.engine.open(&trial->sessions[w], &trial->bench.model.network, &options,
                                  &message) != 0)
            fail_msg("%s", message.text);
    trial->bench.workbench.session = trial->sessions[0];
    trial->bench.workbench.more_sessions = trial->sessions + 1;
    assert_int_equal(stepper_open(&trial->stepper, &trial->bench.workbench), 0);
    trial->count = trial->bench.model.parameters;
    trial->stepper.batch.rows = trial->bench.workbench.train.rows;
    trial->stepper.batch.size = trial->bench.workbench.cell->batch_size;
}

static void close_trial(struct trial *trial)
{
    int workers = trial->bench.workbench.cell->settings.workers;

    stepper_close(&trial->stepper);
    for (int w = 0; w < workers; w++)
        reference.engine.close(trial->sessions[w]);
    bench_close(&trial->bench);
}

/* Parameters after some updates on the same batch, as doubles. */
static double *after_updates(const char *grid, int updates)
{
    double *theta;
    struct trial trial;

    open_trial(&trial, grid);
    for (int t = 0; t < updates; t++)
        assert_int_equal(stepper_update(&trial.stepper), 0);
    theta = calloc(trial.count, sizeof *theta);
    for (size_t j = 0; j < trial.count; j++)
        theta[j] = trial.bench.workbench.cell->settings.precision == PRECISION_DOUBLE
                       ? ((double *)trial.stepper.theta)[j]
                       : (double)((float *)trial.stepper.theta)[j];
    close_trial(&trial);
    return theta;
}

enum { PARAMETERS = 7 * 5 + 6 * 3 };

static double distance(const char *grid, const char *other, int updates)
{
    double *a = after_updates(grid, updates), *b = after_updates(other, updates), most = 0;
    double largest = 0;

    for (size_t j = 0; j < PARAMETERS; j++) {
        most = fmax(most, fabs(a[j] - b[j]));
        largest = fmax(largest, fabs(a[j]));
    }
    free(a);
    free(b);
    return most / largest;
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

static void workers_compute_what_one_does(void **state)
{
    static const int counts[] = {2, 3, 4, 8};
    char grid[100];

    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(grid, sizeof grid, "workers: %d, precision: double", counts[i]);
        assert_true(distance("precision: double", grid, 1) <= 1e-13);
        snprintf(grid, sizeof grid, "workers: %d", counts[i]);
        assert_true(distance("workers: 1", grid, 1) <= 1e-5);
    }
}

/* 32 examples are 8 pieces of 4: shares of 8, 4, 2 and 1 of them. */
static void a_fixed_tree_gives_the_same_bytes_for_any_workers(void **state)
{
    static const int counts[] = {2, 4, 8};
    char grid[120];
    double *one = after_updates("batch_size: 32, micro_batch: 4", 5);

    (void)state;
    for (int i = 0; i < 3; i++) {
        double *several;

        snprintf(grid, sizeof grid, "batch_size: 32, micro_batch: 4, workers: %d", counts[i]);
        several = after_updates(grid, 5);
        assert_memory_equal(one, several, PARAMETERS * sizeof *one);
        free(several);
    }
    /* and without one the rounding tells them apart, so that the test can fail */
    assert_true(distance("batch_size: 32, workers: 2", "batch_size: 32, workers: 8", 5) > 0);
    free(one);
}

static void pieces_add_up_to_the_batch(void **state)
{
    static const int sizes[] = {1, 2, 5, 36, 37, 100};
    char grid[100];

    (void)state;
    for (int i = 0; i < 6; i++) {
        snprintf(grid, sizeof grid, "micro_batch: %d, precision: double", sizes[i]);
        assert_true(distance("precision: double", grid, 3) <= 1e-13);
        snprintf(grid, sizeof grid, "micro_batch: %d, workers: 3, precision: double", sizes[i]);
        assert_true(distance("precision: double", grid, 3) <= 1e-13);
    }
}

static void the_score_is_the_whole_batchs(void **state)
{
    struct trial whole, pieces;

    (void)state;
    open_trial(&whole, "workers: 1");
    open_trial(&pieces, "micro_batch: 5, workers: 3");
    assert_int_equal(stepper_update(&whole.stepper), 0);
    assert_int_equal(stepper_update(&pieces.stepper), 0);
    assert_true(whole.stepper.has_gradient || reference.engine.sgd_step);
    assert_true(fabs(whole.stepper.score.loss - pieces.stepper.score.loss) < 1e-6);
    assert_int_equal(whole.stepper.score.errors, pieces.stepper.score.errors);
    close_trial(&whole);
    close_trial(&pieces);
}

/* theta[t] = theta[t-1] - alpha g(theta[max(0, t-1-delay)]) */
static void a_delay_uses_the_parameters_of_the_past(void **state)
{
    enum { DELAY = 3, UPDATES = 10 };
    struct trial trial;
    double past[UPDATES + 1][PARAMETERS], *delayed;

    (void)state;
    open_trial(&trial, "precision: double");
    memcpy(past[0], trial.stepper.theta, sizeof past[0]);
    for (int t = 1; t <= UPDATES; t++) {
        double gradient[PARAMETERS];
        struct score score;
        struct message message;

        assert_int_equal(
            reference.engine.gradient64(trial.sessions[0], past[t - 1 < DELAY ? 0 : t - 1 - DELAY],
                                        &trial.stepper.batch, gradient, &score, &message),
            0);
        for (int j = 0; j < PARAMETERS; j++)
            past[t][j] = past[t - 1][j] - 0.1 * gradient[j];
    }
    delayed = after_updates("delay: 3, precision: double", UPDATES);
    for (int j = 0; j < PARAMETERS; j++)
        assert_true(fabs(delayed[j] - past[UPDATES][j]) < 1e-14);
    assert_true(distance("precision: double", "delay: 3, precision: double", UPDATES) > 1e-4);
    free(delayed);
    close_trial(&trial);
}

/* A gradient of all 180 examples, more than a session takes at once. */
static void many_examples_are_taken_in_pieces(void **state)
{
    double whole[PARAMETERS], pieces[PARAMETERS];
    struct batch all;
    struct trial trial;
    struct score score;
    struct message message;
    struct gradient *gradient;

    (void)state;
    open_trial(&trial, "precision: double");
    all = batch_of(&trial.bench.workbench.train);
    all.rows = trial.bench.workbench.train.rows;
    all.size = 180;
    trial.bench.workbench.max_batch = 50;
    assert_int_equal(gradient_open(&gradient, &trial.bench.workbench), 0);
    assert_int_equal(gradient_of_many(gradient, trial.stepper.theta, &all, pieces, &message), 0);
    assert_int_equal(reference.engine.gradient64(trial.sessions[0], trial.stepper.theta, &all,
                                                 whole, &score, &message),
                     0);
    for (int j = 0; j < PARAMETERS; j++)
        assert_true(fabs(whole[j] - pieces[j]) < 1e-14);
    gradient_close(gradient);
    close_trial(&trial);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_compute_what_one_does),
        cmocka_unit_test(a_fixed_tree_gives_the_same_bytes_for_any_workers),
        cmocka_unit_test(pieces_add_up_to_the_batch),
        cmocka_unit_test(the_score_is_the_whole_batchs),
        cmocka_unit_test(a_delay_uses_the_parameters_of_the_past),
        cmocka_unit_test(many_examples_are_taken_in_pieces),
    };

    return cmocka_run_group_tests(tests, load_reference, tree_close);
}
