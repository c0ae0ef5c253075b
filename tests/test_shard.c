/* Parts of a plan: together the whole, none twice, the same whoever asks, and evenly heavy. */
#include "plan/shard.h"

#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_fixture.h"

#define GRID                                                                                       \
    "grid: {engine: naive, network: [S, M], batch_size: [1, 8, 32, full], seed: [1, 2, 3]}\n"

static void open_shard(struct planned *planned, const char *yaml, int index, int count)
{
    const struct shard shard = {index, count};

    open_planned(planned, yaml);
    if (plan_take_shard(&planned->plan, &planned->experiment, &planned->dataset, &shard) != 0)
        fail_msg("%s", error_text());
}

static double seconds_of(const struct planned *planned)
{
    double seconds = 0;

    for (int i = 0; i < planned->plan.count; i++)
        seconds +=
            plan_cell_seconds(&planned->plan.cells[i], &planned->experiment, &planned->dataset);
    return seconds;
}

static void all_shards_together_are_the_plan(const char *yaml, int shards)
{
    struct planned whole, part;
    int cells = 0;

    open_planned(&whole, yaml);
    for (int s = 1; s <= shards; s++) {
        open_shard(&part, yaml, s, shards);
        for (int i = 0; i < part.plan.count; i++) {
            const struct cell *cell = find(&whole, part.plan.cells[i].id);

            assert_non_null(cell);
            assert_ptr_equal(find(&part, cell->id), &part.plan.cells[i]); /* none twice */
            ((struct cell *)(uintptr_t)cell)->id[0] = '\0';               /* nor in another one */
        }
        cells += part.plan.count;
        assert_string_equal(part.plan.base, whole.plan.base);
        close_planned(&part);
    }
    assert_int_equal(cells, whole.plan.count);
    close_planned(&whole);
}

static void no_cell_is_lost_or_run_twice(void **state)
{
    (void)state;
    all_shards_together_are_the_plan(DATA BUDGET GRID, 1);
    all_shards_together_are_the_plan(DATA BUDGET GRID, 5);
    all_shards_together_are_the_plan(DATA BUDGET GRID, 24);
    all_shards_together_are_the_plan(DATA BUDGET GRID, 40);
}

static void a_shard_is_the_same_whenever_it_is_asked_for(void **state)
{
    struct planned one, other;

    (void)state;
    open_shard(&one, DATA BUDGET GRID, 2, 5);
    open_shard(&other, DATA BUDGET GRID, 2, 5);
    assert_int_equal(one.plan.count, other.plan.count);
    for (int i = 0; i < one.plan.count; i++) {
        assert_string_equal(one.plan.cells[i].id, other.plan.cells[i].id);
        assert_int_equal(one.plan.order[i], other.plan.order[i]);
        assert_in_range(one.plan.order[i], 0, one.plan.count - 1);
    }
    close_planned(&one);
    close_planned(&other);
}

/* No shard has more than another by more than one cell, the longest. */
static void shards_are_evenly_heavy(void **state)
{
    struct planned part;
    double least = INFINITY, most = 0, longest = 0;

    (void)state;
    open_planned(&part, DATA BUDGET GRID);
    for (int i = 0; i < part.plan.count; i++)
        longest =
            fmax(longest, plan_cell_seconds(&part.plan.cells[i], &part.experiment, &part.dataset));
    close_planned(&part);
    for (int s = 1; s <= 5; s++) {
        open_shard(&part, DATA BUDGET GRID, s, 5);
        least = fmin(least, seconds_of(&part));
        most = fmax(most, seconds_of(&part));
        close_planned(&part);
    }
    assert_true(most - least <= longest * (1 + 1e-9));
}

static void more_shards_than_cells_leave_some_empty(void **state)
{
    struct planned part;

    (void)state;
    open_shard(&part, DATA BUDGET GRID, 40, 40);
    assert_int_equal(part.plan.count, 0);
    close_planned(&part);
}

/* Their seeds decide together which value is best. */
static void cells_that_are_tuned_together_stay_together(void **state)
{
    static const char yaml[] =
        DATA BUDGET "tuning: {keys: {learning_rate: {from: 0.1, to: 0.4}}, seeds: [7, 8]}\n"
                    "grid: {engine: naive, network: S, batch_size: [1, 8, 32], seed: [1, 2, 3]}\n";
    struct planned part;

    (void)state;
    all_shards_together_are_the_plan(yaml, 3);
    for (int s = 1; s <= 3; s++) {
        open_shard(&part, yaml, s, 3);
        assert_int_equal(part.plan.count, 3);
        for (int i = 1; i < 3; i++)
            assert_int_equal(part.plan.cells[i].batch_size, part.plan.cells[0].batch_size);
        close_planned(&part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cell_is_lost_or_run_twice),
        cmocka_unit_test(a_shard_is_the_same_whenever_it_is_asked_for),
        cmocka_unit_test(shards_are_evenly_heavy),
        cmocka_unit_test(more_shards_than_cells_leave_some_empty),
        cmocka_unit_test(cells_that_are_tuned_together_stay_together),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
