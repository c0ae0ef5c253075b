/* Which cell of a farm is next: the longest, by what cells of its kind have taken; and whose
 * processors are whose. */
#include "base/error.h"
#include "campaign_fixture.h"
#include "run/forecast.h"
#include "run/processors.h"
#include "run/queue.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define YAML                                                                                       \
    "dataset: {name: blobs, examples: 120, features: 3, classes: 3, validation: 20}\n"             \
    "budget: {epochs: 2}\n"                                                                        \
    "grid: {engine: naive, network: S, batch_size: [1, 8, full], seed: [1, 2]}\n"

static struct prepared prepared;
static struct forecast forecast;

static int open_forecast(void **state)
{
    (void)state;
    prepare(&prepared, YAML, "forecast");
    return forecast_open(&forecast, &prepared.campaign, &prepared.plan);
}

static int close_forecast(void **state)
{
    (void)state;
    forecast_close(&forecast);
    dismiss(&prepared);
    return 0;
}

static const struct cell *cell_of(int batch_size, int seed)
{
    for (int i = 0; i < prepared.plan.count; i++)
        if (prepared.plan.cells[i].batch_size == batch_size &&
            prepared.plan.cells[i].settings.seed == (uint64_t)seed)
            return &prepared.plan.cells[i];
    return NULL;
}

static void without_measurements_it_is_the_estimate(void **state)
{
    (void)state;
    for (int i = 0; i < prepared.plan.count; i++) {
        const struct cell *cell = &prepared.plan.cells[i];

        assert_true(forecast_seconds(&forecast, cell) ==
                    plan_cell_seconds(cell, &prepared.experiment, &prepared.dataset));
    }
}

static void a_measured_kind_is_as_it_was_measured(void **state)
{
    const struct cell *measured = cell_of(8, 1);
    double before = forecast_seconds(&forecast, cell_of(1, 1));
    double estimate = forecast_seconds(&forecast, measured);

    (void)state;
    forecast_note(&forecast, measured, 40);
    assert_true(fabs(forecast_seconds(&forecast, cell_of(8, 2)) - 40) < 1e-9);
    /* Of another kind nothing is known but how far off estimates are. */
    assert_true(fabs(forecast_seconds(&forecast, cell_of(1, 1)) - before * 40 / estimate) <
                1e-9 * before * 40 / estimate);
    forecast_note(&forecast, cell_of(8, 2), 20);
    assert_true(fabs(forecast_seconds(&forecast, measured) - 30) < 1e-9);
}

static void what_is_no_time_or_no_cell_of_the_plan_is_not_noted(void **state)
{
    const struct cell stranger = *cell_of(8, 1);
    double before = forecast_seconds(&forecast, cell_of(8, 2));

    (void)state;
    forecast_note(&forecast, &stranger, 1000);
    forecast_note(&forecast, cell_of(8, 1), (double)NAN);
    assert_true(forecast_seconds(&forecast, cell_of(8, 2)) == before);
}

static double seconds_of(const void *context, const struct cell *cell)
{
    return forecast_seconds(context, cell);
}

static void the_longest_is_next_and_one_that_came_back_again(void **state)
{
    struct queue queue = {0};
    const struct cell *first, *second;
    int seen = 0;

    (void)state;
    forecast_note(&forecast, cell_of(8, 1), 500);
    forecast_note(&forecast, cell_of(1, 1), 1);
    assert_int_equal(queue_choose(&queue, &prepared.plan, NULL), 0);
    queue_longest_first(&queue, seconds_of, &forecast);
    first = queue.cells[queue.next++];
    queue_longest_first(&queue, seconds_of, &forecast);
    second = queue.cells[queue.next++];
    assert_int_equal(first->batch_size, 8);
    assert_int_equal(second->batch_size, 8);
    assert_ptr_not_equal(first, second);
    queue_return(&queue, first);
    assert_int_equal(queue.next, 1);
    assert_ptr_equal(queue.cells[0], second);
    assert_ptr_equal(queue.cells[1], first);
    for (int i = 0; i < queue.count; i++)
        for (int c = 0; c < prepared.plan.count; c++)
            seen += queue.cells[i] == &prepared.plan.cells[c];
    assert_int_equal(seen, prepared.plan.count); /* each is there still, and once */
    queue_free(&queue);
}

static void equals_keep_their_order(void **state)
{
    struct queue queue = {0};

    (void)state;
    assert_int_equal(queue_choose(&queue, &prepared.plan, NULL), 0);
    for (; queue.next < queue.count; queue.next++)
        queue_longest_first(&queue, seconds_of, &forecast);
    for (int i = 1; i < queue.count; i++)
        assert_true(forecast_seconds(&forecast, queue.cells[i - 1]) >=
                    forecast_seconds(&forecast, queue.cells[i]));
    queue_free(&queue);
}

/* With every processor somebody's, none two ranks', unless there are too few. */
static void processors_are_shared_without_rest(void **state)
{
    (void)state;
    for (int count = 1; count <= 9; count++)
        for (int sharers = 1; sharers <= 12; sharers++) {
            int next = 0;

            for (int place = 0; place < sharers; place++) {
                int first, part;

                processors_share(count, place, sharers, &first, &part);
                assert_true(part >= 1 && first >= 0 && first + part <= count);
                if (sharers <= count) {
                    assert_int_equal(first, next);
                    next = first + part;
                }
            }
            if (sharers <= count)
                assert_int_equal(next, count);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_measurements_it_is_the_estimate, open_forecast,
                                        close_forecast),
        cmocka_unit_test_setup_teardown(a_measured_kind_is_as_it_was_measured, open_forecast,
                                        close_forecast),
        cmocka_unit_test_setup_teardown(what_is_no_time_or_no_cell_of_the_plan_is_not_noted,
                                        open_forecast, close_forecast),
        cmocka_unit_test_setup_teardown(the_longest_is_next_and_one_that_came_back_again,
                                        open_forecast, close_forecast),
        cmocka_unit_test_setup_teardown(equals_keep_their_order, open_forecast, close_forecast),
        cmocka_unit_test(processors_are_shared_without_rest),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
