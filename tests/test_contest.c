/* Engines timed in turn: each in its place, the failing one named by NAN, the slow one sent home.
 */
#include "train/contest.h"

#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define TIMING                                                                                     \
    "dataset: {name: blobs, examples: 60, features: 4, classes: 3, validation: 10}\n"              \
    "measure: throughput\n"                                                                        \
    "grid: {batch_size: 8, network: S}\n"

/* ---- The engines: each sleeps in a step, and fails at one. The session is this. ----------------
 */

struct runner {
    long sleep_ns; /* of a step; 0: none */
    long fail_at;  /* step, from 1; 0: never */
    long steps;
};

static int step(void *session, const float *theta, const struct batch *batch, float *gradient,
                struct score *score, struct message *message)
{
    struct runner *runner = session;
    const struct timespec pause = {.tv_nsec = runner->sleep_ns};

    (void)theta;
    assert_int_equal(batch->size, 8);
    assert_non_null(batch->rows);
    if (score)
        *score = (struct score){0};
    gradient[0] = 0;
    if (runner->sleep_ns > 0)
        nanosleep(&pause, NULL);
    if (++runner->steps == runner->fail_at) {
        snprintf(message->text, sizeof message->text, "tired");
        return -1;
    }
    return 0;
}

static const struct engine stepping = {.name = "stepping", .gradient = step};

/* Runs them against each other, each on the same bench with a session of its own. */
static void compete(struct runner *runners, int count, double *rates)
{
    struct bench bench;
    struct workbench benches[8];

    bench_open(&bench, TIMING, &stepping, NULL);
    for (int i = 0; i < count; i++) {
        benches[i] = bench.workbench;
        benches[i].session = &runners[i];
        rates[i] = -1;
    }
    if (contest(benches, count, 0.06, rates) != 0)
        fail_msg("%s", error_text());
    bench_close(&bench);
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

/* A hundred times the sleep of the others: no noise turns that round. */
static void each_rate_is_in_the_place_of_its_engine(void **state)
{
    (void)state;
    for (int slow = 0; slow < 3; slow++) {
        struct runner runners[3] = {
            {.sleep_ns = 100000}, {.sleep_ns = 100000}, {.sleep_ns = 100000}};
        double rates[3];

        runners[slow].sleep_ns = 10000000;
        compete(runners, 3, rates);
        for (int i = 0; i < 3; i++) {
            assert_true(isfinite(rates[i]) && rates[i] > 0);
            if (i != slow)
                assert_true(rates[i] > rates[slow]);
        }
        assert_true(rates[slow] <= 8 / 0.01); /* it cannot have slept less */
    }
}

static void one_far_behind_is_timed_no_further(void **state)
{
    struct runner runners[2] = {{.sleep_ns = 100000}, {.sleep_ns = 10000000}};
    double rates[2];

    (void)state;
    compete(runners, 2, rates);
    assert_true(runners[1].steps < 8); /* warm-up, one to find the block, one block, and spare */
    assert_true(rates[1] > 0);
}

static void one_that_fails_is_not_a_number_and_the_others_go_on(void **state)
{
    for (long fail_at = 1; fail_at <= 4; fail_at++) {
        struct runner runners[3] = {
            {.sleep_ns = 500000}, {.sleep_ns = 500000, .fail_at = fail_at}, {.sleep_ns = 500000}};
        double rates[3];

        (void)state;
        compete(runners, 3, rates);
        assert_true(rates[0] > 0 && rates[2] > 0);
        assert_true(isnan(rates[1]));
        assert_int_equal(runners[1].steps, fail_at);
    }
}

static void one_alone_is_timed_all_the_same(void **state)
{
    struct runner runner = {.sleep_ns = 100000};
    double rate;

    (void)state;
    compete(&runner, 1, &rate);
    assert_true(rate > 0 && rate <= 8 / 0.0001);
}

static void all_may_fail(void **state)
{
    struct runner runners[2] = {{.fail_at = 1}, {.fail_at = 2}};
    double rates[2];

    (void)state;
    compete(runners, 2, rates);
    assert_true(isnan(rates[0]) && isnan(rates[1]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rate_is_in_the_place_of_its_engine),
        cmocka_unit_test(one_far_behind_is_timed_no_further),
        cmocka_unit_test(one_that_fails_is_not_a_number_and_the_others_go_on),
        cmocka_unit_test(one_alone_is_timed_all_the_same),
        cmocka_unit_test(all_may_fail),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
