/* Results on disk: every row has every column, and a cell is there whole or not at all. */
#include "run/record.h"

#include "base/file.h"
#include "base/table.h"
#include "experiment_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

static struct experiment experiment;
static struct dataset dataset;
static struct plan plan;
static char results[100];
static struct cell_record record;

static int open_plan(void **state)
{
    if (scratch_open(state) != 0)
        return -1;
    snprintf(results, sizeof results, "%s", scratch_path("results"));
    fixture_open(&experiment,
                 "dataset: {name: blobs, examples: 110, features: 3, validation: 10}\n"
                 "grid: {batch_size: [1, 8, full], engine: naive, optimizer: [sgd, adam]}\n"
                 "targets: {train_loss: 0.5, validation_error: [0.2, 0.1]}\n"
                 "budget: {epochs: 1}\n",
                 0);
    if (dataset_open(&dataset, &experiment.dataset) != 0)
        return -1;
    return plan_open(&plan, &experiment, &dataset);
}

static int close_plan(void **state)
{
    plan_close(&plan);
    dataset_close(&dataset);
    experiment_close(&experiment);
    return tree_close(state);
}

/* No results yet, and a record that says little. */
static int start(void **state)
{
    (void)state;
    tree_remove(results);
    record_clear(&record);
    record.outcome = OUTCOME_BUDGET;
    snprintf(record.reason, sizeof record.reason, "budget: epochs");
    return 0;
}

static void write_cell(int cell)
{
    if (record_cell(results, &experiment, &plan.cells[cell], &record) != 0)
        fail_msg("%s", error_text());
}

/* The path of a file below the results folder. */
static const char *below(const char *format, const char *id)
{
    static char path[4][400];
    static int next;
    char name[200];

    snprintf(name, sizeof name, format, id);
    snprintf(path[++next % 4], sizeof path[0], "%s/%s", results, name);
    return path[next % 4];
}

static struct table *open_table(const char *path)
{
    struct table *table;

    if (table_open(&table, path) != 0) /* also if a row has not as many fields as the header */
        fail_msg("%s", error_text());
    return table;
}

static void assert_text(const struct table *table, const char *column, const char *expected)
{
    const char *const *texts = table_texts(table, column);

    if (!texts)
        fail_msg("%s", error_text());
    assert_string_equal(texts[0], expected);
}

/* ---- One cell ---------------------------------------------------------------------------------
 */

static void a_cell_holds_its_settings_and_its_numbers(void **state)
{
    struct table *table;

    (void)state;
    record.parameters = 101770;
    record.flops_per_example = 409088;
    record.updates = 12;
    record.examples = 1e12;
    record.epochs = 0.1;
    record.train_seconds = 1.5;
    record.roof = 2000;
    record.roof_fraction = 0.25;
    record.roof_bound = "weights";
    record.live_fraction = 0.5;
    record.roof_live = 3000;
    record.balanced_error = 0.25;
    record.skewed_error = 0.125;
    record.shifted_errors[SHIFT_TEXTURED] = 0.75;
    record.costs[1] = (struct target_cost){10, 80.5, 0.8, 4e14, 0.25, 0.04};
    write_cell(3);
    table = open_table(below("cells/%s/cell.csv", plan.cells[3].id));
    assert_int_equal(table_rows(table), 1);
    assert_text(table, "id", plan.cells[3].id);
    assert_text(table, "measure", "convergence");
    assert_text(table, "engine", "naive");
    assert_text(table, "batch_size", "8");
    assert_text(table, "full_batch", "0");
    assert_text(table, "optimizer", "adam");
    assert_text(table, "momentum", "");
    assert_text(table, "beta2", "0.999");
    assert_text(table, "chunk", "auto");
    assert_text(table, "train_examples", "100");
    assert_text(table, "dropped_examples", "0");
    assert_text(table, "order", ""); /* the sampler shuffles */
    assert_text(table, "near_cosine", "");
    assert_text(table, "imbalance", "1");
    assert_text(table, "test_balanced_error", "0.25");
    assert_text(table, "test_skewed_error", "0.125");
    assert_text(table, "test_error_translated", "");
    assert_text(table, "test_error_textured", "0.75");
    assert_text(table, "parameters", "101770");
    assert_text(table, "outcome", "budget");
    assert_text(table, "reason", "budget: epochs");
    assert_text(table, "examples", "1000000000000"); /* no exponent */
    assert_text(table, "epochs", "0.1");
    assert_text(table, "train_seconds", "1.5");
    assert_text(table, "evaluation_seconds", "");
    assert_text(table, "roof_examples_per_second", "2000");
    assert_text(table, "roof_fraction", "0.25");
    assert_text(table, "roof_bound", "weights");
    assert_text(table, "live_fraction", "0.5");
    assert_text(table, "roof_live_examples_per_second", "3000");
    assert_text(table, "test_error", "");
    assert_text(table, "targets", "3");
    assert_text(table, "targets_reached", "1");
    assert_text(table, "updates_to_train_loss_0.5", "");
    assert_text(table, "examples_to_validation_error_0.2", "80.5");
    assert_text(table, "flops_to_validation_error_0.2", "400000000000000");
    assert_text(table, "seconds_to_validation_error_0.1", "");
    assert_text(table, "resolution_of_validation_error_0.2", "0.04");
    assert_text(table, "resolution_of_validation_error_0.1", "");
    table_close(table);
}

static void classes_have_a_row_each(void **state)
{
    const struct class_error errors[2] = {{60, 30, 0.5}, {0, 0, NOT_APPLICABLE}};
    char *text, expected[400];
    int finished;

    (void)state;
    record.class_errors = errors;
    record.class_count = 2;
    write_cell(1);
    assert_int_equal(record_merge(results, &plan, &finished), 0);
    text = tree_read(below("classes.csv%s", ""));
    snprintf(expected, sizeof expected,
             "id,class,train_examples,test_examples,test_error\n%s,0,60,30,0.5\n%s,1,0,0,\n",
             plan.cells[1].id, plan.cells[1].id);
    assert_string_equal(text, expected);
    free(text);
    record.class_count = 0; /* a cell without them leaves none behind */
    write_cell(1);
    assert_int_equal(record_merge(results, &plan, &finished), 0);
    assert_false(tree_exists(below("classes.csv%s", "")));
}

static void the_full_batch_is_marked_and_has_its_size(void **state)
{
    struct table *table;

    (void)state;
    write_cell(4);
    table = open_table(below("cells/%s/cell.csv", plan.cells[4].id));
    assert_text(table, "batch_size", "100");
    assert_text(table, "full_batch", "1");
    assert_text(table, "beta1", ""); /* sgd has none */
    table_close(table);
}

static int commas(const char *line)
{
    int count = 0;

    for (; *line && *line != '\n'; line++)
        count += *line == ',';
    return count;
}

static void header_and_row_have_as_many_columns(void **state)
{
    char *text;

    (void)state;
    write_cell(0);
    text = tree_read(below("cells/%s/cell.csv", plan.cells[0].id));
    assert_true(commas(text) > 40);
    assert_int_equal(commas(text), commas(strchr(text, '\n') + 1));
    assert_null(strchr(strchr(strchr(text, '\n') + 1, '\n') + 1, '\n')); /* two lines */
    free(text);
}

static void numbers_that_are_none_are_written_as_such(void **state)
{
    struct table *table;

    (void)state;
    record.final_train_loss = NAN;
    record.final_validation_loss = -(double)NAN;
    record.test.loss = HUGE_VAL;
    record.test.error = NOT_APPLICABLE;
    write_cell(0);
    table = open_table(below("cells/%s/cell.csv", plan.cells[0].id));
    assert_text(table, "final_train_loss", "nan");
    assert_text(table, "final_validation_loss", "nan");
    assert_text(table, "test_loss", "inf");
    assert_text(table, "test_error", "");
    table_close(table);
}

static void texts_are_quoted_where_they_must_be(void **state)
{
    struct cell odd = plan.cells[0];
    struct table *table;

    (void)state;
    snprintf(odd.settings.engine, sizeof odd.settings.engine, "./my, \"best\" engine.so");
    snprintf(record.reason, sizeof record.reason, "said: \"no\", twice\nand again");
    assert_int_equal(record_cell(results, &experiment, &odd, &record), 0);
    table = open_table(below("cells/%s/cell.csv", odd.id));
    assert_text(table, "engine", "./my, \"best\" engine.so");
    assert_text(table, "reason", "said: \"no\", twice\nand again");
    table_close(table);
}

static void a_curve_has_a_row_for_each_evaluation(void **state)
{
    const struct curve_point curve[2] = {{.rate = 0.5,
                                          .penalty = NOT_APPLICABLE,
                                          .train = {2.5, 0.9},
                                          .validation = {NOT_APPLICABLE, NOT_APPLICABLE},
                                          .test = {NOT_APPLICABLE, NOT_APPLICABLE},
                                          .gradient_norm = NOT_APPLICABLE,
                                          .batch_loss = NOT_APPLICABLE,
                                          .batch_loss_deviation = NOT_APPLICABLE,
                                          .theta = {NOT_APPLICABLE, NOT_APPLICABLE}},
                                         {.epoch = 0.5,
                                          .flops = 2e13,
                                          .train_seconds = 0.125,
                                          .update = 50,
                                          .examples = 50,
                                          .rate = 0.25,
                                          .penalty = 7,
                                          .train = {NAN, 1},
                                          .validation = {1e-7, 0},
                                          .test = {0.75, 0.5},
                                          .gradient_norm = 3,
                                          .batch_loss = 2,
                                          .batch_loss_deviation = 0.5,
                                          .theta = {-1.5, 0.25}}};
    char *text;

    (void)state;
    record.curve = curve;
    record.curve_count = 2;
    write_cell(0);
    text = tree_read(below("cells/%s/curve.csv", plan.cells[0].id));
    assert_non_null(text);
    {
        char expected[600];

        snprintf(
            expected, sizeof expected,
            "id,epoch,update,examples,flops,train_seconds,learning_rate,train_loss,"
            "train_error,validation_loss,validation_error,test_loss,test_error,"
            "gradient_norm,batch_loss,batch_loss_deviation,penalty,theta_0,"
            "theta_1\n"
            "%s,0,0,0,0,0,0.5,2.5,0.9,,,,,,,,,,\n"
            "%s,0.5,50,50,20000000000000,0.125,0.25,nan,1,1e-07,0,0.75,0.5,3,2,0.5,7,-1.5,0.25\n",
            plan.cells[0].id, plan.cells[0].id);
        assert_string_equal(text, expected);
    }
    free(text);
}

static void blocks_are_numbered_for_each_input(void **state)
{
    const struct timed_block blocks[3] = {
        {INPUT_GATHER, 10, 0.5}, {INPUT_GATHER, 20, 1}, {INPUT_PREGATHERED, 7, 0.25}};
    char expected[500], *text;
    const char *id = plan.cells[2].id; /* K = 8 */

    (void)state;
    record.block_list = blocks;
    record.block_count = 3;
    write_cell(2);
    text = tree_read(below("cells/%s/blocks.csv", id));
    snprintf(expected, sizeof expected,
             "id,input,block,updates,examples,seconds\n"
             "%s,gather,1,10,80,0.5\n%s,gather,2,20,160,1\n%s,pregathered,1,7,56,0.25\n",
             id, id, id);
    assert_string_equal(text, expected);
    free(text);
}

static void probes_have_a_row_for_each_quantity(void **state)
{
    const struct probe_row rows[2] = {
        {.epoch = 0.5,
         .update = 50,
         .examples = 50,
         .probe = "energy",
         .quantity = "energy_share",
         .part = "class 3",
         .sampling = "",
         .value = 0.25,
         .low = NOT_APPLICABLE,
         .high = NOT_APPLICABLE,
         .n = 12,
         .seconds = 0.5},
        {.probe = "sampling",
         .quantity = "variance_ratio",
         .sampling = "with_replacement",
         .batch_size = 16,
         .value = NAN,
         .low = 0.5,
         .high = 1.5,
         .n = 100,
         .seconds = 2},
    };
    const double probabilities[] = {0.25, 0.75, 1, 0};
    int32_t labels[] = {1, 0};
    const struct predictions predictions = {.epoch = 1,
                                            .examples = 100,
                                            .update = 100,
                                            .count = 2,
                                            .classes = 2,
                                            .labels = labels,
                                            .probabilities = (double *)probabilities};
    char expected[600], *text;
    const char *id = plan.cells[0].id;
    int finished;

    (void)state;
    record.probes = rows;
    record.probe_count = 2;
    record.predictions = &predictions;
    record.prediction_count = 1;
    write_cell(0);
    assert_int_equal(record_merge(results, &plan, &finished), 0);
    text = tree_read(below("%s", "probes.csv"));
    snprintf(expected, sizeof expected,
             "id,epoch,update,examples,probe,quantity,part,batch_size,sampling,value,low,high,n,"
             "seconds\n"
             "%s,0.5,50,50,energy,energy_share,class 3,,,0.25,,,12,0.5\n"
             "%s,0,0,0,sampling,variance_ratio,,16,with_replacement,nan,0.5,1.5,100,2\n",
             id, id);
    assert_string_equal(text, expected);
    free(text);
    text = tree_read(below("%s", "predictions.csv"));
    snprintf(expected, sizeof expected,
             "id,epoch,update,examples,example,label,probability_0,probability_1\n"
             "%s,1,100,100,0,1,0.25,0.75\n%s,1,100,100,1,0,1,0\n",
             id, id);
    assert_string_equal(text, expected);
    free(text);
}

static void a_part_without_rows_is_not_there(void **state)
{
    (void)state;
    write_cell(0);
    assert_true(tree_exists(below("cells/%s/cell.csv", plan.cells[0].id)));
    assert_false(tree_exists(below("cells/%s/curve.csv", plan.cells[0].id)));
    assert_false(tree_exists(below("cells/%s/blocks.csv", plan.cells[0].id)));
    assert_true(tree_exists(below("cells/%s/checksums.csv", plan.cells[0].id)));
    assert_int_equal(tree_count(below("cells/%s", plan.cells[0].id), ""), 2);
}

static void a_cell_replaces_what_was_there(void **state)
{
    const struct curve_point curve[1] = {{.epoch = 0}};
    struct recorded recorded;

    (void)state;
    record.curve = curve;
    record.curve_count = 1;
    record.outcome = OUTCOME_FAILED;
    write_cell(0);
    record.curve_count = 0;
    record.outcome = OUTCOME_REACHED;
    write_cell(0);
    assert_int_equal(record_find(results, plan.cells[0].id, &recorded), 1);
    assert_int_equal(recorded.outcome, OUTCOME_REACHED);
    assert_false(tree_exists(below("cells/%s/curve.csv", plan.cells[0].id)));
    assert_int_equal(tree_count(below("%s", "cells"), ".tmp-"), 0);
}

/* ---- Finding ----------------------------------------------------------------------------------
 */

static void what_is_recorded_is_found(void **state)
{
    struct recorded recorded;

    (void)state;
    for (int outcome = OUTCOME_REACHED; outcome <= OUTCOME_OUT_OF_MEMORY; outcome++) {
        record.outcome = (enum outcome)outcome;
        record.train_seconds = 0.1;
        write_cell(1);
        assert_int_equal(record_find(results, plan.cells[1].id, &recorded), 1);
        assert_int_equal(recorded.outcome, outcome);
        assert_true(recorded.train_seconds == 0.1);
        assert_true(isnan(recorded.evaluation_seconds));
    }
}

static void what_is_missing_or_damaged_is_not_found(void **state)
{
    static const char *const texts[] = {
        "",
        "id,outcome,train_seconds,evaluation_seconds\n",
        "id,outcome,train_seconds,evaluation_seconds\nx,bud",
        "id,outcome,train_seconds,evaluation_seconds\nx,odd,1,1\n",
        "id,outcome,train_seconds,evaluation_seconds\nx,budget,one,1\n",
        "id,outcome\nx,budget\n",
        "\x7f"
        "ELF\x01\x02",
    };
    struct recorded recorded;
    const char *path;

    (void)state;
    assert_int_equal(record_find(results, "nowhere", &recorded), 0);
    write_cell(0);
    path = below("cells/%s/cell.csv", plan.cells[0].id);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *file = fopen(path, "w");

        fputs(texts[i], file);
        fclose(file);
        if (record_find(results, plan.cells[0].id, &recorded))
            fail_msg("found in `%s`", texts[i]);
    }
}

/* ---- Merging ----------------------------------------------------------------------------------
 */

static void merge(int expected)
{
    int finished;

    if (record_merge(results, &plan, &finished) != 0)
        fail_msg("%s", error_text());
    assert_int_equal(finished, expected);
}

static void cells_are_merged_in_the_order_of_the_plan(void **state)
{
    static const int written[] = {5, 0, 3, 2};
    static const int merged[] = {0, 2, 3, 5};
    struct table *table;

    (void)state;
    for (int i = 0; i < 4; i++)
        write_cell(written[i]);
    merge(4);
    table = open_table(below("%s", "cells.csv"));
    assert_int_equal(table_rows(table), 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(table_texts(table, "id")[i], plan.cells[merged[i]].id);
    table_close(table);
    assert_false(tree_exists(below("%s", "curves.csv")));
    assert_false(tree_exists(below("%s", "timings.csv")));
}

static void profiles_are_merged_of_the_cells_that_have_one(void **state)
{
    const struct cell_profile profile = {
        .first_step = 0.25, .wall = 8, .train = 4, .parts = {.gather = -0.5, .gradient = 4.5}};
    struct table *table;

    (void)state;
    for (int cell = 0; cell < 3; cell++)
        write_cell(cell);
    if (record_profile(results, &plan.cells[1], &profile) != 0)
        fail_msg("%s", error_text());
    merge(3);
    table = open_table(below("%s", "profile.csv"));
    assert_int_equal(table_rows(table), 1);
    assert_string_equal(table_texts(table, "id")[0], plan.cells[1].id);
    assert_true(table_numbers(table, "first_step_seconds")[0] == 0.25);
    assert_true(table_numbers(table, "wall_seconds")[0] == 8);
    assert_true(table_numbers(table, "gather_seconds")[0] == -0.5);
    assert_true(table_numbers(table, "update_seconds")[0] == 0);
    table_close(table);
    /* A cell that is run again without one has none. */
    write_cell(1);
    merge(3);
    assert_false(tree_exists(below("%s", "profile.csv")));
    assert_int_equal(record_profile("/nowhere", &plan.cells[0], &profile), -1);
}

static void curves_are_merged_of_the_cells_that_have_one(void **state)
{
    const struct curve_point curve[3] = {{.update = 0}, {.update = 1}, {.update = 2}};
    struct table *table;

    (void)state;
    record.curve = curve;
    record.curve_count = 3;
    write_cell(4);
    record.curve_count = 2;
    write_cell(1);
    record.curve_count = 0;
    write_cell(2);
    merge(3);
    table = open_table(below("%s", "curves.csv"));
    assert_int_equal(table_rows(table), 5);
    assert_string_equal(table_texts(table, "id")[1], plan.cells[1].id);
    assert_string_equal(table_texts(table, "id")[2], plan.cells[4].id);
    assert_true(table_numbers(table, "update")[4] == 2);
    table_close(table);
}

static void what_the_plan_does_not_ask_for_stays_out(void **state)
{
    struct cell stranger = plan.cells[0];
    struct table *table;

    (void)state;
    snprintf(stranger.id, sizeof stranger.id, "stranger");
    record_cell(results, &experiment, &stranger, &record);
    write_cell(1);
    merge(1);
    table = open_table(below("%s", "cells.csv"));
    assert_int_equal(table_rows(table), 1);
    table_close(table);
    assert_true(tree_exists(below("%s", "cells/stranger"))); /* it may be asked for again */
}

static void a_derived_file_without_rows_is_removed(void **state)
{
    (void)state;
    write_cell(0);
    merge(1);
    assert_true(tree_exists(below("%s", "cells.csv")));
    tree_remove(below("cells/%s", plan.cells[0].id));
    merge(0);
    assert_false(tree_exists(below("%s", "cells.csv")));
    assert_int_equal(tree_count(results, ".tmp-"), 0);
}

static void a_cell_with_other_columns_is_named(void **state)
{
    int finished;
    char *before, *after;

    (void)state;
    write_cell(0);
    write_cell(1);
    merge(2);
    before = tree_read(below("%s", "cells.csv"));
    {
        FILE *file = fopen(below("cells/%s/cell.csv", plan.cells[1].id), "w");

        fputs("id,outcome\nx,budget\n", file);
        fclose(file);
    }
    assert_int_equal(record_merge(results, &plan, &finished), -1);
    assert_non_null(strstr(error_text(), plan.cells[1].id));
    assert_non_null(strstr(error_text(), "cell.csv:1: columns differ"));
    after = tree_read(below("%s", "cells.csv"));
    assert_string_equal(after, before); /* as it was */
    assert_int_equal(tree_count(results, ".tmp-"), 0);
    free(before);
    free(after);
}

/* ---- What goes wrong ---------------------------------------------------------------------------
 */

static void what_was_half_written_is_cleaned_away(void **state)
{
    FILE *file;

    (void)state;
    write_cell(0);
    assert_int_equal(folder_make(below("%s", "cells/.tmp-half")), 0);
    file = fopen(below("%s", "cells/.tmp-half/cell.csv.tmp-12"), "w");
    fclose(file);
    file = fopen(below("cells/%s/profile.csv.tmp-12", plan.cells[0].id), "w");
    fclose(file);
    file = fopen(below("%s", "cells.csv.tmp-12"), "w");
    fclose(file);
    file = fopen(below("%s", "notes.txt"), "w");
    fclose(file);
    file = fopen(below("%s", "cells/notes.txt"), "w");
    fclose(file);
    assert_int_equal(record_clean(results), 0);
    assert_int_equal(tree_count(below("%s", "cells"), ""), 2); /* the cell and the notes */
    assert_int_equal(tree_count(below("cells/%s", plan.cells[0].id), ".tmp-"), 0);
    assert_true(tree_exists(below("cells/%s/cell.csv", plan.cells[0].id)));
    assert_false(tree_exists(below("%s", "cells.csv.tmp-12")));
    assert_true(tree_exists(below("%s", "notes.txt")));
    tree_remove(results);
    assert_int_equal(record_clean(results), -1);
    assert_non_null(strstr(error_text(), "results/cells: No such file or directory"));
}

/* Nobody may take files that are being changed for damaged ones. */
static void what_is_derived_anew_has_no_checksums_until_it_is_sealed(void **state)
{
    (void)state;
    write_cell(0);
    merge(1);
    assert_int_equal(record_seal(results), 0);
    assert_true(tree_exists(below("%s", "checksums.csv")));
    merge(1);
    assert_false(tree_exists(below("%s", "checksums.csv")));
    assert_int_equal(record_unseal(results), 0); /* nothing to take away is no error */
    assert_int_equal(record_seal(results), 0);
    assert_true(tree_exists(below("%s", "checksums.csv")));
}

static const char *make_checkpoint(int cell, const char *end)
{
    static char path[2][600];
    static int next;
    char *at = path[++next % 2];
    FILE *file;

    record_checkpoint_path(results, plan.cells[cell].id, at, sizeof path[0]);
    strcat(at, end);
    file = fopen(at, "w");
    if (!file)
        fail_msg("%s: cannot be written", at);
    fclose(file);
    return at;
}

static void a_cell_that_is_finished_has_no_checkpoint(void **state)
{
    static const enum outcome again[] = {OUTCOME_UNSUPPORTED, OUTCOME_FAILED, OUTCOME_CRASHED,
                                         OUTCOME_TIMEOUT, OUTCOME_OUT_OF_MEMORY};
    static const enum outcome ends[] = {OUTCOME_REACHED, OUTCOME_BUDGET, OUTCOME_DIVERGED,
                                        OUTCOME_DEAD};
    const char *path;
    char other[600];

    (void)state;
    assert_int_equal(folder_make(below("%s", "cells")), 0);
    snprintf(other, sizeof other, "%s", make_checkpoint(1, ""));
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        path = make_checkpoint(0, "");
        record.outcome = again[i];
        write_cell(0);
        assert_true(tree_exists(path));
        assert_int_equal(record_clean(results), 0);
        assert_true(tree_exists(path));
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        path = make_checkpoint(0, "");
        record.outcome = ends[i];
        write_cell(0);
        assert_false(tree_exists(path));
        path = make_checkpoint(0, ""); /* killed between the one and the other */
        assert_int_equal(record_clean(results), 0);
        assert_false(tree_exists(path));
    }
    assert_true(tree_exists(other));
}

static void a_checkpoint_that_is_half_written_is_cleaned_away(void **state)
{
    const char *whole, *half;

    (void)state;
    assert_int_equal(folder_make(below("%s", "cells")), 0);
    whole = make_checkpoint(0, "");
    half = make_checkpoint(0, ".tmp-12");
    assert_int_equal(record_clean(results), 0);
    assert_true(tree_exists(whole));
    assert_false(tree_exists(half));
}

static void resumptions_have_a_row_each(void **state)
{
    static const struct resumption resumptions[] = {{7, 56, 0.5, 0.25, 2},
                                                    {20, 160.5, 0.75, 0.5, 4.25}};
    char expected[600], *text;
    const char *id = plan.cells[1].id;
    struct recorded recorded;
    int finished;

    (void)state;
    write_cell(0);
    record.resumptions = resumptions;
    record.resumption_count = 2;
    record.train_seconds = 3;
    record.evaluation_seconds = 2;
    write_cell(1);
    assert_int_equal(record_find(results, id, &recorded), 1);
    record_take_earlier(results, id, &recorded); /* the last process's share is left */
    assert_true(recorded.train_seconds == 2.25 && recorded.evaluation_seconds == 1.5);
    assert_int_equal(record_find(results, plan.cells[0].id, &recorded), 1);
    recorded.train_seconds = 5;
    record_take_earlier(results, plan.cells[0].id, &recorded); /* it had none before */
    assert_true(recorded.train_seconds == 5);
    assert_int_equal(record_merge(results, &plan, &finished), 0);
    snprintf(expected, sizeof expected,
             "id,update,examples,train_seconds,evaluation_seconds,wall_seconds\n"
             "%s,7,56,0.5,0.25,2\n"
             "%s,20,160.5,0.75,0.5,4.25\n",
             id, id);
    assert_false(tree_exists(below("cells/%s/resumed.csv", plan.cells[0].id)));
    text = tree_read(below("cells/%s/resumed.csv", id));
    assert_string_equal(text, expected);
    free(text);
    text = tree_read(below("%s", "resumed.csv"));
    assert_string_equal(text, expected);
    free(text);
}

static void a_file_in_the_place_of_a_folder_is_an_error(void **state)
{
    struct recorded recorded;

    (void)state;
    scratch_write("results", "", 0);
    assert_int_equal(record_cell(results, &experiment, &plan.cells[0], &record), -1);
    assert_non_null(strstr(error_text(), results));
    assert_int_equal(record_find(results, plan.cells[0].id, &recorded), 0);
    tree_remove(results);
    assert_int_equal(folder_make(below("%s", "cells")), 0);
    fclose(fopen(below("cells/%s", plan.cells[0].id), "w"));
    assert_int_equal(record_cell(results, &experiment, &plan.cells[0], &record), -1);
    assert_non_null(strstr(error_text(), plan.cells[0].id));
    assert_int_equal(tree_count(below("%s", "cells"), ".tmp-"), 0); /* nothing is left */
}

/* Files may not grow beyond 300 bytes: as on a full disk, writing fails in the middle. */
static void a_full_disk_leaves_no_cell(void **state)
{
    const struct rlimit small = {300, RLIM_INFINITY};
    struct rlimit before;
    int status;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    status = record_cell(results, &experiment, &plan.cells[0], &record);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    assert_non_null(strstr(error_text(), "File too large"));
    assert_int_equal(tree_count(below("%s", "cells"), ""), 0);
}

static void a_full_disk_keeps_the_earlier_merge(void **state)
{
    const struct rlimit small = {300, RLIM_INFINITY};
    struct rlimit before;
    char *text;
    int status, finished;

    (void)state;
    write_cell(0);
    merge(1);
    write_cell(1);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    status = record_merge(results, &plan, &finished);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    text = tree_read(below("%s", "cells.csv"));
    assert_non_null(strstr(text, plan.cells[0].id));
    assert_null(strstr(text, plan.cells[1].id));
    assert_int_equal(tree_count(results, ".tmp-"), 0);
    free(text);
}

static void a_folder_that_may_not_be_written_is_an_error(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* nothing is read-only for root */
    assert_int_equal(folder_make(below("%s", "cells")), 0);
    chmod(below("%s", "cells"), 0555);
    assert_int_equal(record_cell(results, &experiment, &plan.cells[0], &record), -1);
    chmod(below("%s", "cells"), 0755);
    assert_non_null(strstr(error_text(), "Permission denied"));
    assert_int_equal(tree_count(below("%s", "cells"), ""), 0);
}

#define RECORDS(test) cmocka_unit_test_setup(test, start)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECORDS(a_cell_holds_its_settings_and_its_numbers),
        RECORDS(classes_have_a_row_each),
        RECORDS(the_full_batch_is_marked_and_has_its_size),
        RECORDS(header_and_row_have_as_many_columns),
        RECORDS(numbers_that_are_none_are_written_as_such),
        RECORDS(texts_are_quoted_where_they_must_be),
        RECORDS(a_curve_has_a_row_for_each_evaluation),
        RECORDS(blocks_are_numbered_for_each_input),
        RECORDS(probes_have_a_row_for_each_quantity),
        RECORDS(a_part_without_rows_is_not_there),
        RECORDS(a_cell_replaces_what_was_there),
        RECORDS(what_is_recorded_is_found),
        RECORDS(what_is_missing_or_damaged_is_not_found),
        RECORDS(cells_are_merged_in_the_order_of_the_plan),
        RECORDS(profiles_are_merged_of_the_cells_that_have_one),
        RECORDS(curves_are_merged_of_the_cells_that_have_one),
        RECORDS(what_the_plan_does_not_ask_for_stays_out),
        RECORDS(a_derived_file_without_rows_is_removed),
        RECORDS(a_cell_with_other_columns_is_named),
        RECORDS(what_was_half_written_is_cleaned_away),
        RECORDS(what_is_derived_anew_has_no_checksums_until_it_is_sealed),
        RECORDS(a_cell_that_is_finished_has_no_checkpoint),
        RECORDS(a_checkpoint_that_is_half_written_is_cleaned_away),
        RECORDS(resumptions_have_a_row_each),
        RECORDS(a_file_in_the_place_of_a_folder_is_an_error),
        RECORDS(a_full_disk_leaves_no_cell),
        RECORDS(a_full_disk_keeps_the_earlier_merge),
        RECORDS(a_folder_that_may_not_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, open_plan, close_plan);
}
