/* Named budgets: whose cell has which, and what follows from it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan_fixture.h"

#define BUDGETS "budgets: {brief: {updates: 10}, long: {epochs: 2, seconds: 5}}\n"

static void each_cell_has_its_own(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET BUDGETS "grid: {engine: naive, budget: [default, brief, long]}\n");
    assert_int_equal(p.plan.count, 3);
    assert_true(cell_budget(&p.plan.cells[0], &p.experiment) == &p.experiment.budget);
    assert_int_equal(cell_budget(&p.plan.cells[1], &p.experiment)->updates, 10);
    assert_true(cell_budget(&p.plan.cells[2], &p.experiment)->seconds == 5);
    assert_non_null(strstr(p.plan.cells[1].id, "-brief-"));
    close_planned(&p);
}

static void an_experiment_without_the_axis_keeps_its_ids(void **state)
{
    struct planned before, after;

    (void)state;
    open_planned(&before, DATA BUDGET "grid: {engine: naive, batch_size: [1, 8]}\n");
    open_planned(&after, DATA BUDGET BUDGETS
                 "grid: {engine: naive, batch_size: [1, 8], budget: [brief, default]}\n");
    assert_int_equal(shared_ids(&before, &after), 2);
    assert_string_equal(before.plan.base, after.plan.base);
    close_planned(&before);
    close_planned(&after);
}

static void what_a_name_stands_for_decides_the_id(void **state)
{
    struct planned one, other;

    (void)state;
    open_planned(&one, DATA "budgets: {b: {updates: 10}}\ngrid: {engine: naive, budget: b}\n");
    open_planned(&other, DATA "budgets: {b: {updates: 11}}\ngrid: {engine: naive, budget: b}\n");
    assert_int_equal(shared_ids(&one, &other), 0);
    close_planned(&other);
    open_planned(&other, DATA "budgets: {b: {updates: 10}, c: {epochs: 9}}\n"
                              "grid: {engine: naive, budget: [c, b]}\n");
    assert_int_equal(shared_ids(&one, &other), 1);
    close_planned(&one);
    close_planned(&other);
}

static void schedules_and_estimates_follow_the_cell(void **state)
{
    struct planned p;
    const struct cell *brief, *other;

    (void)state;
    open_planned(&p, DATA "budgets: {brief: {epochs: 2}, other: {epochs: 400}}\n"
                          "schedules: {fall: {kind: cosine}}\n"
                          "grid: {engine: naive, schedule: fall, budget: [brief, other]}\n");
    brief = &p.plan.cells[0];
    other = &p.plan.cells[1];
    assert_true(brief->schedule_length == 2 && other->schedule_length == 400);
    assert_true(plan_cell_seconds(other, &p.experiment, &p.dataset) >
                10 * plan_cell_seconds(brief, &p.experiment, &p.dataset));
    close_planned(&p);
}

static void mistakes_are_named_with_their_lines(void **state)
{
    (void)state;
    refuses_to_open(DATA "budgets: {b: {until: budget}}\ngrid: {budget: b}\n", 2,
                    "budget: b: missing");
    refuses_to_open(DATA "budgets: {b: {epochs: 1}}\n", 1, "budget: missing");
    refuses_to_open(DATA "budgets: {b: {epochs: 1}}\ngrid: {budget: [b, default]}\n", 1,
                    "budget: missing");
    refuses_to_open(DATA BUDGET "budgets:\n  b: {epochs: 1, until: all}\n", 4,
                    "until needs targets");
    refuses_to_open(DATA BUDGET "budgets:\n  default: {epochs: 1}\n", 4, "stands for none");
    refuses_to_open(DATA BUDGET "budgets:\n  b: {epoch: 1}\n", 4, "unknown key 'epoch'");
    refuses_to_open("dataset: {name: blobs}\nbudget: {epochs: 1, patience: 2}\n", 1,
                    "patience needs validation examples");
    refuses_to_plan(DATA BUDGET "grid:\n  engine: naive\n  budget: [default, none]\n", 5,
                    "'none' is unknown, expected default or a name under budgets");
}

static void quick_has_budgets_of_its_own(void **state)
{
    struct experiment e;

    (void)state;
    fixture_open(&e,
                 DATA "budgets: {b: {epochs: 9}}\ngrid: {budget: b}\n"
                      "quick: {budgets: {b: {epochs: 1}}}\n",
                 1);
    assert_int_equal(e.budget_count, 1);
    assert_true(e.budgets[0].epochs == 1);
    experiment_close(&e);
    fixture_open(&e, /* the axis is a list or a name, the common budget a mapping */
                 DATA BUDGET BUDGETS "grid: {budget: [brief, long]}\nquick: {budget: [brief]}\n",
                 1);
    assert_int_equal(grid_find_axis(&e.grid, "budget")->count, 1);
    experiment_close(&e);
    fixture_open(&e, DATA BUDGET "quick: {budget: {epochs: 3}}\n", 1);
    assert_true(e.budget.epochs == 3);
    experiment_close(&e);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_has_its_own),
        cmocka_unit_test(an_experiment_without_the_axis_keeps_its_ids),
        cmocka_unit_test(what_a_name_stands_for_decides_the_id),
        cmocka_unit_test(schedules_and_estimates_follow_the_cell),
        cmocka_unit_test(mistakes_are_named_with_their_lines),
        cmocka_unit_test(quick_has_budgets_of_its_own),
    };

    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
