/* A planted slow-down makes just the share of calls twice; what is disturbed is told. */
#include "gate/planted.h"
#include "gate/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- An engine that counts --------------------------------------------------------------------
 */

static struct {
    int gradients, gradients64, steps, losses;
    int fails_at; /* call; 0: never */
} calls;

static int fails(int call)
{
    return calls.fails_at == call ? -1 : 0;
}

static int loss(void *session, const float *theta, const struct batch *batch, struct score *score,
                struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)score, (void)message;
    calls.losses++;
    return 0;
}

static int gradient(void *session, const float *theta, const struct batch *batch, float *result,
                    struct score *score, struct message *message)
{
    (void)theta, (void)batch, (void)score, (void)message;
    assert_ptr_equal(session, &calls); /* it is handed through */
    result[0] = (float)++calls.gradients;
    return fails(calls.gradients);
}

static int gradient64(void *session, const double *theta, const struct batch *batch, double *result,
                      struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)batch, (void)score, (void)message;
    result[0] = ++calls.gradients64;
    return 0;
}

static int sgd_step(void *session, float *theta, const struct batch *batch, float rate,
                    struct score *score, struct message *message)
{
    (void)session, (void)batch, (void)score, (void)message;
    calls.steps++;
    theta[0] -= rate;
    return fails(calls.steps);
}

static const struct engine whole = {.abi = ENGINE_ABI,
                                    .size = sizeof(struct engine),
                                    .name = "counting",
                                    .loss = loss,
                                    .gradient = gradient,
                                    .gradient64 = gradient64,
                                    .sgd_step = sgd_step};

static int start(void **state)
{
    (void)state;
    calls.gradients = calls.gradients64 = calls.steps = calls.losses = calls.fails_at = 0;
    return 0;
}

/* ---- Repetitions ------------------------------------------------------------------------------
 */

static void the_share_of_calls_is_made_twice(void **state)
{
    const double shares[] = {0, 0.02, 0.05, 0.1, 0.2, 1 / 3.0, 0.5, 0.77, 1};

    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        const struct engine *engine = planted_engine(&whole, shares[s]);
        float result;

        start(state);
        for (int n = 1; n <= 500; n++) {
            int repeated;

            assert_int_equal(engine->gradient(&calls, NULL, NULL, &result, NULL, NULL), 0);
            repeated = calls.gradients - n;
            /* At every call, so that they are spread evenly; 1e-9: sums of shares are rounded. */
            if (!(fabs(repeated - n * shares[s]) <= 0.5 + 1e-9))
                fail_msg("%d of %d calls repeated, expected a share of %g", repeated, n, shares[s]);
        }
    }
}

static void all_kinds_of_calls_are_slowed_down(void **state)
{
    const struct engine *engine = planted_engine(&whole, 1);
    double result64;
    float theta = 10, result;

    (void)state;
    engine->gradient(&calls, NULL, NULL, &result, NULL, NULL);
    assert_int_equal(calls.gradients, 2);
    engine->gradient64(&calls, NULL, NULL, &result64, NULL, NULL);
    assert_int_equal(calls.gradients64, 2);
    engine->sgd_step(&calls, &theta, NULL, 1, NULL, NULL);
    assert_int_equal(calls.steps, 2);
    assert_true(theta == 8);                      /* both are real ones */
    engine->loss(&calls, NULL, NULL, NULL, NULL); /* is no part of a step */
    assert_int_equal(calls.losses, 1);
}

static void slots_that_are_missing_stay_missing(void **state)
{
    const struct engine bare = {.loss = loss, .gradient = gradient, .name = "bare"};
    const struct engine *engine = planted_engine(&bare, 0.5);

    (void)state;
    assert_null(engine->sgd_step);
    assert_null(engine->gradient64);
    assert_string_equal(engine->name, "bare");
}

static void a_failure_is_handed_on(void **state)
{
    const struct engine *engine = planted_engine(&whole, 1);
    float theta = 0, result;

    calls.fails_at = 1; /* the repeated one */
    assert_int_equal(engine->gradient(&calls, NULL, NULL, &result, NULL, NULL), -1);
    assert_int_equal(calls.gradients, 1);
    start(state);
    calls.fails_at = 2; /* the one that was asked for */
    assert_int_equal(engine->sgd_step(&calls, &theta, NULL, 1, NULL, NULL), -1);
}

static void it_begins_anew(void **state)
{
    float result;

    (void)state;
    planted_engine(&whole, 0.4)->gradient(&calls, NULL, NULL, &result, NULL, NULL);
    planted_engine(&whole, 0.4)->gradient(&calls, NULL, NULL, &result, NULL, NULL);
    assert_int_equal(calls.gradients, 2);
}

/* ---- Disturbed turns --------------------------------------------------------------------------
 */

static int is_tagged(double wall, double switches, double steal)
{
    const struct gate_sample sample = {.wall = wall, .switches = switches, .steal = steal};

    return gate_sample_tagged(&sample);
}

static void a_turn_is_disturbed_by_switches_or_theft(void **state)
{
    (void)state;
    assert_false(is_tagged(0.1, 0, 0));
    assert_false(is_tagged(0.1, 11, 0)); /* one in 10 ms, and one */
    assert_true(is_tagged(0.1, 12, 0));
    assert_false(is_tagged(2, 0, 0.02));
    assert_true(is_tagged(2, 0, 0.03));
    assert_true(is_tagged(0.1, 0, 0.01));
    assert_false(is_tagged(0.1, 0, NAN)); /* not known */
    assert_true(is_tagged(0.1, 12, NAN));
}

static void a_sample_has_what_happened(void **state)
{
    struct gate_reading start_reading = gate_read();
    volatile double sum = 0;
    struct gate_sample sample;

    (void)state;
    for (int i = 0; i < 100000; i++)
        sum += i;
    sample = gate_since(&start_reading);
    assert_true(sample.wall > 0 && isfinite(sample.wall));
    assert_true(sample.cpu >= 0 && isfinite(sample.cpu));
    assert_true(sample.switches >= 0);
    assert_true(sample.steal >= 0 || isnan(sample.steal)); /* of one processor, or of none */
    start_reading.processor = -2;                          /* as if it had moved */
    assert_true(isnan(gate_since(&start_reading).steal));
}

#define counted(test) cmocka_unit_test_setup(test, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        counted(the_share_of_calls_is_made_twice),
        counted(all_kinds_of_calls_are_slowed_down),
        counted(slots_that_are_missing_stay_missing),
        counted(a_failure_is_handed_on),
        counted(it_begins_anew),
        cmocka_unit_test(a_turn_is_disturbed_by_switches_or_theft),
        cmocka_unit_test(a_sample_has_what_happened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
