/* Where the time goes: what is planted in an engine is found in its part. */
#include "train/profile.h"

#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define DATA                                                                                       \
    "dataset: {name: blobs, examples: 60, features: 4, classes: 3, validation: 10}\n"              \
    "evaluation: {first: 20}\n"                                                                    \
    "budget: {updates: 20}\n"

/* ---- The engine: sleeps in each step, longer if it has to gather. Its session is this. ---------
 */

struct sleeper {
    long gather_ns, gradient_ns;
    long fail_at; /* step, from 1; 0: never */
    long steps;
};

static int sleep_through(struct sleeper *sleeper, const struct batch *batch, struct score *score,
                         struct message *message)
{
    const struct timespec pause = {.tv_nsec = sleeper->gradient_ns +
                                              (batch->rows ? sleeper->gather_ns : 0)};

    if (score)
        *score = (struct score){.loss = 1};
    if (pause.tv_nsec > 0)
        nanosleep(&pause, NULL);
    if (++sleeper->steps == sleeper->fail_at) {
        snprintf(message->text, sizeof message->text, "fell asleep");
        return -1;
    }
    return 0;
}

static int loss(void *session, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)message;
    *score = (struct score){.loss = 1};
    return 0;
}

static int gradient(void *session, const float *theta, const struct batch *batch, float *into,
                    struct score *score, struct message *message)
{
    (void)theta;
    into[0] = 0;
    return sleep_through(session, batch, score, message);
}

static int sgd_step(void *session, float *theta, const struct batch *batch, float rate,
                    struct score *score, struct message *message)
{
    (void)theta, (void)rate;
    return sleep_through(session, batch, score, message);
}

static const struct engine plain = {.name = "plain", .loss = loss, .gradient = gradient};
static const struct engine fused = {
    .name = "fused", .loss = loss, .gradient = gradient, .sgd_step = sgd_step};

static struct bench bench;
static struct training_result result;
static struct profile profile;

static int profile_of(const struct engine *engine, struct sleeper *sleeper, const char *grid)
{
    char text[1000];
    int status;

    snprintf(text, sizeof text, "%s%s", DATA, grid);
    bench_open(&bench, text, engine, sleeper);
    if (train(&bench.workbench, &result) != 0)
        fail_msg("%s", error_text());
    profile = (struct profile){NAN, NAN, NAN, NAN, NAN};
    status = profile_training(&bench.workbench, &result, &profile);
    training_free(&result);
    bench_close(&bench);
    return status;
}

static void assert_adds_up(void)
{
    double sum =
        profile.sampling + profile.bookkeeping + profile.gather + profile.gradient + profile.update;

    assert_true(fabs(sum - result.train_seconds) <= 1e-9 * result.train_seconds);
    assert_true(profile.sampling > 0);
    assert_true(profile.bookkeeping >= 0);
    assert_true(profile.update >= 0);
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

#define SGD "grid: {batch_size: 4, network: S, optimizer: sgd}\n"

static double gathering_share(struct sleeper sleeper)
{
    assert_int_equal(profile_of(&fused, &sleeper, SGD), 0);
    assert_adds_up();
    return profile.gather / result.train_seconds;
}

/* On a machine that others keep busy a sleep may last longer in one kind of block than in the
 * other: a wrong share would be wrong each time. */
static void assert_share(struct sleeper sleeper, double low, double high)
{
    double share = gathering_share(sleeper);

    for (int again = 0; again < 4 && !(share > low && share < high); again++)
        share = gathering_share(sleeper);
    if (!(share > low && share < high))
        fail_msg("gathering has a share of %g, expected %g to %g", share, low, high);
}

static void what_gathering_costs_is_found(void **state)
{
    (void)state;
    assert_share((struct sleeper){.gather_ns = 1000000, .gradient_ns = 1000000}, 0.3, 0.7);
    assert_share((struct sleeper){.gradient_ns = 1000000}, -0.2, 0.2);
    assert_true(profile.gradient > 0.8 * result.train_seconds);
}

static void a_step_in_one_piece_has_no_update_of_its_own(void **state)
{
    struct sleeper sleeper = {.gradient_ns = 10000};

    (void)state;
    assert_int_equal(profile_of(&fused, &sleeper, SGD), 0);
    assert_true(profile.update == 0);
    assert_int_equal(profile_of(&plain, &sleeper, SGD), 0);
    assert_true(profile.update > 0);
    assert_int_equal(
        profile_of(&fused, &sleeper, "grid: {batch_size: 4, network: S, optimizer: adam}\n"), 0);
    assert_true(profile.update > 0);
    assert_adds_up();
}

/* However the examples are drawn and the budget is counted, full batches included. */
static void every_way_to_draw_and_to_stop_is_profiled(void **state)
{
    static const char *const grids[] = {
        "grid: {batch_size: full, network: S}\n",
        "grid: {batch_size: 7, network: S, last_batch: keep}\n",
        "grid: {batch_size: 1, network: S, sampler: with_replacement}\n",
        "grid: {batch_size: 4, network: S, sampler: none}\n",
        "targets: {train_loss: [0.5]}\ngrid: {batch_size: 4, network: S}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
        struct sleeper sleeper = {.gradient_ns = 100000};

        assert_int_equal(profile_of(&fused, &sleeper, grids[i]), 0);
        assert_adds_up();
    }
}

static void an_engine_that_fails_is_an_error(void **state)
{
    struct sleeper sleeper = {.gradient_ns = 10000, .fail_at = 30}; /* after training */

    (void)state;
    assert_int_equal(profile_of(&fused, &sleeper, SGD), -1);
    assert_string_equal(error_text(), "fell asleep");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_gathering_costs_is_found),
        cmocka_unit_test(a_step_in_one_piece_has_no_update_of_its_own),
        cmocka_unit_test(every_way_to_draw_and_to_stop_is_profiled),
        cmocka_unit_test(an_engine_that_fails_is_an_error),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
