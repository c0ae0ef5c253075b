/* decomposition.csv: cells that differ in their seed alone, evaluation by evaluation. */
#include "run/decompose.h"

#include "base/table.h"
#include "experiment_fixture.h"
#include "run/record.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct experiment experiment;
static struct dataset dataset;
static struct plan plan;
static char results[100];

/* K = 4 and K = 8, of four seeds each. */
static int open_plan(void **state)
{
    if (scratch_open(state) != 0)
        return -1;
    snprintf(results, sizeof results, "%s", scratch_path("results"));
    fixture_open(&experiment,
                 "dataset: {name: blobs, examples: 110, features: 3, classes: 2, validation: 10}\n"
                 "grid: {batch_size: [4, 8], engine: naive, seed: [1, 2, 3, 4]}\n"
                 "budget: {epochs: 2}\n",
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

/* No results yet. */
static int start(void **state)
{
    (void)state;
    tree_remove(results);
    return 0;
}

/* Two examples, of class 0 and of class 1, whose own class has probability p[0] at the start and
 * p[1] after two epochs. */
static void record_predictions(int cell, const double *p, int moments)
{
    int labels[2] = {0, 1};
    double probabilities[2][4];
    struct predictions predictions[2];
    struct cell_record record;

    for (int m = 0; m < moments; m++) {
        probabilities[m][0] = probabilities[m][3] = p[m];
        probabilities[m][1] = probabilities[m][2] = 1 - p[m];
        predictions[m] = (struct predictions){.epoch = 2 * m,
                                              .examples = 200 * m,
                                              .update = 50 * m,
                                              .count = 2,
                                              .classes = 2,
                                              .labels = labels,
                                              .probabilities = probabilities[m]};
    }
    record_clear(&record);
    record.outcome = OUTCOME_BUDGET;
    snprintf(record.reason, sizeof record.reason, "budget: epochs");
    record.predictions = predictions;
    record.prediction_count = moments;
    if (record_cell(results, &experiment, &plan.cells[cell], &record) != 0)
        fail_msg("%s", error_text());
}

static const char *path_of(const char *name)
{
    static char path[400];

    snprintf(path, sizeof path, "%s/%s", results, name);
    return path;
}

static struct table *derive(void)
{
    struct table *table;
    int finished;

    if (record_merge(results, &plan, &finished) != 0 ||
        table_open(&table, path_of("decomposition.csv")) != 0)
        fail_msg("%s", error_text());
    return table;
}

#define assert_close(value, reference)                                                             \
    do {                                                                                           \
        double value_ = (value);                                                                   \
        if (!(fabs(value_ - (reference)) <= 1e-6)) /* what predictions.csv has of them */          \
            fail_msg("%s = %.9g, not %.9g", #value, value_, (double)(reference));                  \
    } while (0)

/* Of 0.9, 0.7 and 0.5 the variance is 0.04, for each of two classes, and the squared bias of the
 * mean 0.09, of which 0.04 / 3 is chance; what others do is nothing to them. */
static void seeds_of_the_same_settings_are_taken_together(void **state)
{
    static const double first[3][2] = {{0.9, 1}, {0.7, 1}, {0.5, 1}}, other[2] = {0.1, 0.2};
    struct table *table;
    double bias = 0, variance = 0;

    (void)state;
    for (int s = 0; s < 3; s++)
        record_predictions(s, first[s], 2);
    record_predictions(4, other, 2);
    record_predictions(5, other, 2);
    table = derive();
    assert_int_equal(table_rows(table), 3 * 2);
    for (size_t r = 0; r < 3; r++) {
        assert_string_equal(table_texts(table, "id")[r], plan.cells[r].id);
        assert_true(table_numbers(table, "epoch")[r] == 0);
        assert_true(table_numbers(table, "seeds")[r] == 3);
        assert_close(table_numbers(table, "brier")[r], 2 * pow(1 - first[r][0], 2));
        bias += table_numbers(table, "bias_squared")[r] / 3;
        variance += table_numbers(table, "variance")[r] / 3;
    }
    assert_close(variance, 0.08);
    assert_close(bias, 0.18 - 0.08 / 3);
    for (size_t r = 3; r < 6; r++) {
        assert_true(table_numbers(table, "epoch")[r] == 2);
        assert_true(table_numbers(table, "update")[r] == 50);
        assert_true(table_numbers(table, "examples")[r] == 200);
        assert_close(table_numbers(table, "bias_squared")[r], 0);
        assert_close(table_numbers(table, "variance")[r], 0);
    }
    table_close(table);
}

/* A seed that diverged has no predictions at the end: the others are taken without it. */
static void an_evaluation_is_of_the_seeds_that_have_it(void **state)
{
    static const double p[2] = {0.5, 0.8};
    struct table *table;

    (void)state;
    for (int s = 0; s < 4; s++)
        record_predictions(s, p, s == 0 ? 1 : 2);
    table = derive();
    assert_int_equal(table_rows(table), 4);
    table_close(table);
    record_predictions(0, p, 2);
    record_predictions(1, p, 1);
    table = derive();
    assert_int_equal(table_rows(table), 4 + 3);
    assert_true(table_numbers(table, "seeds")[0] == 4);
    assert_true(table_numbers(table, "seeds")[4] == 3);
    table_close(table);
}

static void without_three_seeds_there_is_no_such_file(void **state)
{
    static const double p[2] = {0.5, 0.8};
    int finished;

    (void)state;
    for (int s = 0; s < 3; s++)
        record_predictions(s, p, 1);
    table_close(derive());
    start(NULL);
    record_predictions(0, p, 1);
    record_predictions(1, p, 1);
    assert_int_equal(record_merge(results, &plan, &finished), 0);
    assert_int_equal(finished, 2);
    assert_int_not_equal(access(path_of("decomposition.csv"), F_OK), 0);
}

static void a_file_that_no_cell_fills_any_more_is_removed(void **state)
{
    static const double p[2] = {0.5, 0.8};
    const struct plan none = {0};

    (void)state;
    for (int s = 0; s < 3; s++)
        record_predictions(s, p, 1);
    table_close(derive());
    assert_int_equal(decomposition_write(results, &none), 0);
    assert_int_not_equal(access(path_of("decomposition.csv"), F_OK), 0);
}

#define DERIVES(test) cmocka_unit_test_setup(test, start)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DERIVES(seeds_of_the_same_settings_are_taken_together),
        DERIVES(an_evaluation_is_of_the_seeds_that_have_it),
        DERIVES(without_three_seeds_there_is_no_such_file),
        DERIVES(a_file_that_no_cell_fills_any_more_is_removed),
    };

    return cmocka_run_group_tests(tests, open_plan, close_plan);
}
