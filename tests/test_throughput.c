/* Timed blocks: counted, summarised as they were timed, of the steps that were asked for. */
#include "train/throughput.h"

#include "workbench_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DATA "dataset: {name: blobs, examples: 60, features: 4, classes: 3, validation: 10}\n"
#define QUICKLY                                                                                    \
    "measure: throughput\n"                                                                        \
    "throughput: {seconds: 0.05, block_seconds: 0.0002, blocks: 6, precision: 1}\n"

/* ---- The engine ------------------------------------------------------------------------------ */

static struct fake {
    long gathered, pregathered, fused; /* steps */
    long fail_at;                      /* step, from 1; 0: never */
    const char *message;
    int wrong_size, out_of_range; /* batches that are not K examples, rows that do not exist */
    const struct examples *train;
    size_t inputs;
    long wrong_values; /* pregathered features or labels that are not the stored ones */
    float theta_moved; /* furthest from where it started */
    float start;
} fake;

static int is_stored(const float *features, int32_t label)
{
    const float *stored = fake.train->features;

    for (size_t i = 0; i < fake.train->count; i++) {
        size_t row = (size_t)fake.train->rows[i];

        if (memcmp(stored + row * fake.inputs, features, fake.inputs * sizeof *features) == 0 &&
            fake.train->labels[row] == label)
            return 1;
    }
    return 0;
}

static int count_step(const struct batch *batch, struct message *message)
{
    if (fake.gathered + fake.pregathered + 1 == fake.fail_at) {
        snprintf(message->text, sizeof message->text, "%s", fake.message);
        return -1;
    }
    fake.wrong_size += batch->size != 8;
    for (int i = 0; batch->rows && i < batch->size; i++)
        fake.out_of_range += batch->rows[i] < 0 || batch->rows[i] >= 60;
    if (!batch->rows && batch->labels && fake.pregathered < 100)
        fake.wrong_values += !is_stored(batch->features, batch->labels[0]);
    if (batch->rows)
        fake.gathered++;
    else
        fake.pregathered++;
    return 0;
}

static int fake_gradient(void *session, const float *theta, const struct batch *batch,
                         float *gradient, struct score *score, struct message *message)
{
    (void)session;
    *score = (struct score){0};
    if (fake.start == 0)
        fake.start = theta[0];
    fake.theta_moved = fmaxf(fake.theta_moved, fabsf(theta[0] - fake.start));
    gradient[0] = 1;
    return count_step(batch, message);
}

static int fake_sgd_step(void *session, float *theta, const struct batch *batch, float rate,
                         struct score *score, struct message *message)
{
    (void)session, (void)theta, (void)rate;
    *score = (struct score){0};
    fake.fused++;
    return count_step(batch, message);
}

static const struct engine plain = {.name = "fake", .gradient = fake_gradient};
static const struct engine fused = {
    .name = "fused", .gradient = fake_gradient, .sgd_step = fake_sgd_step};

static struct bench bench;
static struct throughput_result result;

static void time_with(const struct engine *engine, const char *yaml, long fail_at,
                      const char *message)
{
    bench_open(&bench, yaml, engine, NULL);
    fake = (struct fake){.fail_at = fail_at,
                         .message = message,
                         .train = &bench.workbench.train,
                         .inputs = bench.dataset.inputs};
    if (throughput(&bench.workbench, &result) != 0)
        fail_msg("%s", error_text());
}

static void close_timing(void)
{
    throughput_free(&result);
    bench_close(&bench);
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

#define EIGHT "grid: {batch_size: 8, network: S}\n"

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Type 7 of Hyndman and Fan: the value at position p (n - 1) of the sorted ones. */
static double quantile(const double *sorted, int count, double p)
{
    double position = p * (count - 1), below = floor(position);
    int i = (int)below;

    return i + 1 < count ? sorted[i] + (position - below) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

static void the_quartiles_are_those_of_the_timed_blocks(void **state)
{
    (void)state;
    time_with(&plain, DATA QUICKLY EIGHT, 0, "");
    assert_int_equal(result.outcome, OUTCOME_BUDGET);
    for (int input = 0; input < INPUT_COUNT; input++) {
        const struct rate *rate = &result.rates[input];
        double *rates = calloc((size_t)result.block_count, sizeof *rates);
        int count = 0;

        for (int b = 0; b < result.block_count; b++) {
            const struct timed_block *block = &result.blocks[b];

            assert_true(block->updates > 0 && block->seconds > 0);
            if (block->input == (enum throughput_input)input)
                rates[count++] = (double)block->updates * 8 / block->seconds;
        }
        qsort(rates, (size_t)count, sizeof *rates, compare_doubles);
        assert_int_equal(rate->blocks, count);
        assert_true(count >= 3); /* six, unless the machine was away for the whole time */
        assert_true(fabs(rate->median / quantile(rates, count, 0.5) - 1) < 1e-12);
        assert_true(fabs(rate->q1 / quantile(rates, count, 0.25) - 1) < 1e-12);
        assert_true(fabs(rate->q3 / quantile(rates, count, 0.75) - 1) < 1e-12);
        free(rates);
    }
    close_timing();
}

static void every_timed_step_was_made_and_warm_up_was_not_timed(void **state)
{
    long timed[INPUT_COUNT] = {0};
    double seconds = 0;

    (void)state;
    time_with(&plain, DATA QUICKLY EIGHT, 0, "");
    for (int b = 0; b < result.block_count; b++) {
        timed[result.blocks[b].input] += result.blocks[b].updates;
        if (result.blocks[b].input == INPUT_GATHER)
            seconds += result.blocks[b].seconds;
    }
    assert_true(fake.gathered > timed[INPUT_GATHER]);
    assert_true(fake.pregathered > timed[INPUT_PREGATHERED]);
    assert_int_equal(result.updates, timed[INPUT_GATHER]);
    assert_true(fabs(result.train_seconds - seconds) <= 1e-12 * seconds);
    close_timing();
}

/* Until one of them has enough. */
static void the_inputs_take_turns(void **state)
{
    int counts[INPUT_COUNT] = {0}, both;

    (void)state;
    time_with(&plain, DATA QUICKLY EIGHT, 0, "");
    for (int b = 0; b < result.block_count; b++)
        counts[result.blocks[b].input]++;
    both = 2 * (counts[0] < counts[1] ? counts[0] : counts[1]);
    assert_true(both >= 6);
    for (int b = 0; b < both; b++)
        assert_int_equal(result.blocks[b].input, b % 2 ? INPUT_PREGATHERED : INPUT_GATHER);
    close_timing();
}

static void batches_are_whole_and_hold_the_stored_examples(void **state)
{
    (void)state;
    time_with(&plain, DATA QUICKLY EIGHT, 0, "");
    assert_int_equal(fake.wrong_size, 0);
    assert_int_equal(fake.out_of_range, 0);
    assert_int_equal(fake.wrong_values, 0);
    close_timing();
}

static void a_fused_step_is_what_is_timed_where_there_is_one(void **state)
{
    (void)state;
    time_with(&fused, DATA QUICKLY EIGHT, 0, "");
    assert_int_equal(fake.fused + 1, fake.gathered + fake.pregathered); /* one untimed gradient */
    close_timing();
    time_with(&plain, DATA QUICKLY EIGHT, 0, "");
    assert_int_equal(fake.fused, 0);
    close_timing();
}

/* A thousand steps at the tiny rate move theta by about 1e-4, rounding included. */
static void theta_stays_near_its_start(void **state)
{
    (void)state;
    time_with(&plain, DATA QUICKLY EIGHT, 1001, "enough");
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_true(fake.theta_moved <= 2e-4f);
    close_timing();
}

static void an_engine_that_gives_up_is_a_failed_cell(void **state)
{
    static const long steps[] = {1, 2, 100};

    (void)state;
    for (int s = 0; s < 3; s++) {
        time_with(&plain, DATA QUICKLY EIGHT, steps[s], "out of order");
        assert_int_equal(result.outcome, OUTCOME_FAILED);
        assert_string_equal(result.reason, "out of order");
        assert_int_equal(result.rates[INPUT_PREGATHERED].blocks, 0);
        close_timing();
    }
    time_with(&plain, DATA QUICKLY EIGHT, 1, "");
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_true(result.reason[0] != '\0');
    close_timing();
}

/* He's weights are symmetric around 0: about half of the units are live. */
static void live_units_are_counted_where_one_example_makes_a_step(void **state)
{
    (void)state;
    time_with(&fused, DATA QUICKLY "grid: {batch_size: 1, network: M}\n", 0, "");
    assert_non_null(result.live);
    assert_true(result.live[0] > 0.2 && result.live[0] < 0.8);
    assert_true(result.live[1] == 1);
    close_timing();
    assert_null(result.live);
    time_with(&fused, DATA QUICKLY "grid: {batch_size: 8, network: M}\n", 0, "");
    assert_null(result.live);
    close_timing();
    time_with(&fused, DATA QUICKLY "grid: {batch_size: 1, network: S}\n", 0, "");
    assert_null(result.live); /* no hidden layer */
    close_timing();
}

static void regression_is_timed_too(void **state)
{
    (void)state;
    time_with(&fused,
              "dataset: {name: linear, examples: 60, features: 4}\n" QUICKLY
              "grid: {batch_size: full, network: S}\n",
              0, "");
    assert_int_equal(result.outcome, OUTCOME_BUDGET);
    assert_true(result.rates[INPUT_GATHER].median > 0);
    close_timing();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quartiles_are_those_of_the_timed_blocks),
        cmocka_unit_test(every_timed_step_was_made_and_warm_up_was_not_timed),
        cmocka_unit_test(the_inputs_take_turns),
        cmocka_unit_test(batches_are_whole_and_hold_the_stored_examples),
        cmocka_unit_test(a_fused_step_is_what_is_timed_where_there_is_one),
        cmocka_unit_test(theta_stays_near_its_start),
        cmocka_unit_test(an_engine_that_gives_up_is_a_failed_cell),
        cmocka_unit_test(live_units_are_counted_where_one_example_makes_a_step),
        cmocka_unit_test(regression_is_timed_too),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
