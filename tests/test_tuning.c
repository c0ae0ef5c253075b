/* `tuning:` from the file to the plans it leads to. */
#include "run/tuning.h"

#include "base/file.h"
#include "base/table.h"
#include "campaign_fixture.h"
#include "run/record.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plan_fixture.h"

#define TUNING "tuning: {keys: {learning_rate: {from: 0.01, to: 0.1, factor: 2}}, seeds: [7, 8]}\n"

static void values_are_those_one_would_write(void **state)
{
    struct planned p;
    const struct tuned_key *key;

    (void)state;
    open_planned(&p, DATA BUDGET TUNING "grid: {engine: naive}\n");
    key = &p.experiment.tuning.keys[0];
    assert_int_equal(key->count, 4);
    assert_true(tuning_value(key, 3) == 0.08 && tuning_value(key, -1) == 0.005);
    assert_int_equal(p.experiment.tuning.extend, 3);
    assert_string_equal(p.experiment.tuning.by, "validation_loss");
    close_planned(&p);
}

static void tuning_is_no_part_of_ids_and_base(void **state)
{
    struct planned plain, tuned;

    (void)state;
    open_planned(&plain, DATA BUDGET "grid: {engine: naive, learning_rate: 0.01}\n");
    open_planned(&tuned, DATA BUDGET TUNING "grid: {engine: naive}\n");
    assert_string_equal(plain.plan.base, tuned.plan.base);
    assert_int_equal(shared_ids(&plain, &tuned), 1);
    assert_int_equal(plain.plan.cells[0].tuned, 0);
    assert_int_equal(plain.plan.cells[0].edge, -1);
    assert_int_equal(tuned.plan.cells[0].tuned, 1);
    assert_string_equal(tuned.plan.cells[0].tuned_keys, "learning_rate");
    close_planned(&plain);
    close_planned(&tuned);
}

static void a_case_that_gives_a_value_is_not_tuned(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET TUNING "grid:\n"
                                        "  engine: naive\n"
                                        "  seed: [1, 2]\n"
                                        "  cases: [{optimizer: adam}, {learning_rate: 0.01}]\n");
    assert_int_equal(p.plan.count, 4);
    assert_int_equal(p.plan.cells[0].tuned, 1);
    assert_int_equal(p.plan.cells[3].tuned, 0);
    assert_string_equal(p.plan.cells[3].tuned_keys, "");
    close_planned(&p);
    open_planned(&p, DATA BUDGET TUNING /* the first value, tuned and given: two arms */
                 "grid:\n"
                 "  engine: naive\n"
                 "  cases: [{optimizer: sgd}, {learning_rate: 0.01}]\n");
    assert_int_equal(p.plan.count, 2);
    close_planned(&p);
}

static void a_key_that_the_optimizer_does_not_use_is_not_tuned(void **state)
{
    struct planned p;

    (void)state;
    open_planned(&p, DATA BUDGET "tuning: {keys: {momentum: {from: 0.9, to: 0.9}}, seeds: [7]}\n"
                                 "grid: {engine: naive, optimizer: [sgd, momentum]}\n");
    assert_int_equal(p.plan.count, 2);
    assert_int_equal(p.plan.cells[0].tuned, 0);
    assert_int_equal(p.plan.cells[1].tuned, 1);
    close_planned(&p);
}

/* ---- Mistakes -----------------------------------------------------------------------------------
 */

#define KEYS "tuning: {keys: {learning_rate: {from: 0.01, to: 0.1}}, "

static void mistakes_are_named_with_their_lines(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *wrong;
    } mistakes[] = {
        {DATA BUDGET KEYS "seeds: [7, 1]}\n", 3, "1 is the seed of the grid"},
        {DATA BUDGET KEYS "seeds: [7, 5]}\ngrid: {seed: [4, 5]}\n", 3, "5 is a seed of the grid"},
        {DATA BUDGET KEYS "seeds: [7, 5]}\ngrid: {cases: [{seed: 5}]}\n", 3, "5 is a seed"},
        {DATA BUDGET KEYS "seeds: [7, 7]}\n", 3, "7 is given twice"},
        {DATA BUDGET KEYS "extend: 1}\n", 3, "seeds: missing"},
        {DATA BUDGET "tuning: {seeds: [7]}\n", 3, "keys: missing"},
        {DATA BUDGET "tuning: 3\n", 3, "expected a mapping with keys"},
        {DATA BUDGET KEYS "seed: [7]}\n", 3, "unknown key 'seed'"},
        {DATA BUDGET KEYS "seeds: [7], by: accuracy}\n", 3, "by: 'accuracy' is unknown"},
        {DATA BUDGET KEYS "seeds: [7], by: updates_to_train_loss_1}\n", 3, "is unknown"},
        {"dataset: {name: blobs}\n" BUDGET KEYS "seeds: [7]}\n", 3,
         "validation_loss needs validation examples"},
        {DATA BUDGET KEYS "seeds: [7]}\ngrid:\n  learning_rate: 0.1\n", 5,
         "stands in the grid and is tuned"},
        {DATA BUDGET "tuning:\n  seeds: [7]\n  keys:\n    batch_size: {from: 1, to: 8}\n", 6,
         "'batch_size' cannot be tuned"},
        {DATA BUDGET "tuning:\n  keys:\n    imbalance: {from: 1, to: 8}\n", 5,
         "'imbalance' cannot be tuned"},
        {DATA BUDGET "tuning:\n  keys:\n    l2: {to: 8}\n", 5, "l2: expected from and to"},
        {DATA BUDGET "tuning:\n  keys:\n    l2: {from: 8, to: 1}\n", 5, "from at most to"},
        {DATA BUDGET "tuning:\n  keys:\n    l2: {from: 1, to: 1e9, factor: 1.01}\n", 5,
         "expected at most 64"},
        {DATA BUDGET "tuning:\n  keys:\n    momentum: {from: 0.5, to: 1}\n", 5, "values from 0"},
        {DATA BUDGET "tuning:\n  keys:\n    l2: {from: 1, to: 2, factor: 1}\n", 5, "factor: '1'"},
        {DATA BUDGET KEYS "seeds: [7], halving: {keep: 2}}\n", 3, "keep: '2'"},
        {"measure: throughput\n" DATA KEYS "seeds: [7]}\n", 3, "is for training"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        refuses_to_open(mistakes[i].text, mistakes[i].line, mistakes[i].wrong);
}

static void criteria_are_columns_of_cells(void **state)
{
    struct planned p;
    const char *shortfall;

    (void)state;
    open_planned(&p, DATA BUDGET KEYS "seeds: [7], by: seconds_to_validation_error_0.5}\n"
                                      "targets: {validation_error: 0.5}\n");
    assert_string_equal(tuning_column(&p.experiment, &shortfall),
                        "seconds_to_validation_error_0.5");
    assert_string_equal(shortfall, "final_validation_error");
    close_planned(&p);
    open_planned(&p, DATA BUDGET KEYS "seeds: [7], by: train_loss}\n");
    assert_string_equal(tuning_column(&p.experiment, &shortfall), "final_train_loss");
    assert_null(shortfall);
    close_planned(&p);
}

/* ---- Rounds -------------------------------------------------------------------------------------
 */

#define EXPERIMENT                                                                                 \
    DATA BUDGET TUNING "evaluation: {first: 20}\n"                                                 \
                       "grid: {engine: naive, network: S, batch_size: [4, 16], seed: [1, 2, 3]}\n"

/* Records the cell as one that ended with this validation loss. */
static void pretend(const struct campaign *campaign, const struct cell *cell, double loss)
{
    struct cell_record record;

    record_clear(&record);
    record.outcome = isnan(loss) ? OUTCOME_DIVERGED : OUTCOME_BUDGET;
    record.final_validation_loss = loss;
    record.examples = 10;
    assert_int_equal(record_cell(campaign->results, campaign->experiment, cell, &record), 0);
}

/* Best at 0.04 for K = 4; for K = 16 ever better with the rate. */
static double loss_of(const struct cell *cell)
{
    double rate = cell->settings.learning_rate;

    return cell->batch_size == 4 ? fabs(rate - 0.04) : 1 / rate;
}

static int pretend_round(struct tuning *tuning)
{
    struct plan round;
    int count;

    assert_true(tuning_next(tuning, &round) >= 0);
    for (int i = 0; i < round.count; i++)
        pretend(tuning->campaign, &round.cells[i], loss_of(&round.cells[i]));
    count = round.count;
    plan_close(&round);
    return count;
}

static void rounds_lead_to_the_grid_with_chosen_values(void **state)
{
    struct prepared prepared;
    struct tuning tuning;
    struct plan settled;

    (void)state;
    prepare(&prepared, EXPERIMENT, "rounds");
    assert_int_equal(folder_make(result_path("rounds", "cells")), 0);
    assert_int_equal(tuning_open(&tuning, &prepared.campaign), 0);
    assert_int_equal(tuning.count, 2);
    assert_int_equal(pretend_round(&tuning), 16); /* 2 groups, 4 values, 2 seeds */
    assert_int_equal(pretend_round(&tuning), 2);  /* K = 16 at 0.16 */
    assert_int_equal(tuning_settle(&tuning, &settled), 0);
    assert_int_equal(settled.count, 3); /* K = 4 is settled */
    plan_close(&settled);
    assert_int_equal(pretend_round(&tuning), 2);
    assert_int_equal(pretend_round(&tuning), 2);
    assert_int_equal(pretend_round(&tuning), 0);
    assert_int_equal(tuning_settle(&tuning, &settled), 0);
    assert_int_equal(settled.count, 6);
    assert_true(settled.cells[0].settings.learning_rate == 0.04);
    assert_int_equal(settled.cells[0].edge, 0);
    assert_int_equal(settled.cells[0].settings.seed, 1);
    assert_true(settled.cells[5].settings.learning_rate == 0.64);
    assert_int_equal(settled.cells[5].edge, 1);
    assert_string_equal(settled.cells[5].tuned_keys, "learning_rate");
    plan_close(&settled);
    tuning_close(&tuning);
    dismiss(&prepared);
}

static void what_is_written_tells_how_it_came_about(void **state)
{
    struct prepared prepared;
    struct tuning tuning;
    struct plan settled;
    struct table *table;
    int chosen = 0;

    (void)state; /* the cells of the test before are there, and are handed out again */
    prepare(&prepared, EXPERIMENT, "rounds");
    assert_int_equal(tuning_open(&tuning, &prepared.campaign), 0);
    while (pretend_round(&tuning) > 0)
        ;
    assert_int_equal(tuning_settle(&tuning, &settled), 0);
    assert_int_equal(tuning_record(&tuning), 0);
    assert_int_equal(table_open(&table, result_path("rounds", "tuning.csv")), 0);
    assert_int_equal(table_rows(table), 4 + 7);
    for (size_t i = 0; i < table_rows(table); i++) {
        int is_chosen = table_numbers(table, "chosen")[i] == 1;

        assert_true(table_numbers(table, "seeds")[i] == 2);
        assert_true(table_numbers(table, "examples")[i] == 20);
        if (!is_chosen)
            continue;
        chosen++;
        assert_true(table_numbers(table, "edge")[i] == (table_numbers(table, "group")[i] == 2));
        assert_true(table_numbers(table, "learning_rate")[i] ==
                    (table_numbers(table, "group")[i] == 1 ? 0.04 : 0.64));
    }
    assert_int_equal(chosen, 2);
    table_close(table);
    assert_int_equal(table_open(&table, result_path("rounds", "tuning_cells.csv")), 0);
    assert_int_equal(table_rows(table), 22);
    table_close(table);
    plan_close(&settled);
    tuning_close(&tuning);
    dismiss(&prepared);
}

/* What a cell is told of copies that were looked for outlives the list that it was chosen from. */
static void settled_cells_keep_what_deduplication_found(void **state)
{
    struct prepared prepared;
    struct tuning tuning;
    struct plan settled;

    (void)state;
    prepare(&prepared,
            DATA BUDGET TUNING "evaluation: {first: 20}\n"
                               "grid: {engine: naive, network: S, batch_size: 4, redundancy: 3,\n"
                               "  deduplicate: exact, seed: 1}\n",
            "distinct");
    assert_int_equal(folder_make(result_path("distinct", "cells")), 0);
    assert_int_equal(tuning_open(&tuning, &prepared.campaign), 0);
    while (pretend_round(&tuning) > 0)
        ;
    assert_int_equal(tuning_settle(&tuning, &settled), 0);
    assert_int_equal(settled.count, 1);
    assert_non_null(settled.kept);
    assert_ptr_equal(settled.cells[0].kept, settled.kept);
    assert_int_equal(settled.cells[0].kept->count, settled.cells[0].train_examples);
    plan_close(&settled);
    tuning_close(&tuning);
    dismiss(&prepared);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_one_would_write),
        cmocka_unit_test(tuning_is_no_part_of_ids_and_base),
        cmocka_unit_test(a_case_that_gives_a_value_is_not_tuned),
        cmocka_unit_test(a_key_that_the_optimizer_does_not_use_is_not_tuned),
        cmocka_unit_test(mistakes_are_named_with_their_lines),
        cmocka_unit_test(criteria_are_columns_of_cells),
        cmocka_unit_test(rounds_lead_to_the_grid_with_chosen_values),
        cmocka_unit_test(what_is_written_tells_how_it_came_about),
        cmocka_unit_test(settled_cells_keep_what_deduplication_found),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
