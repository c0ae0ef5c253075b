/* Whose a cell's checkpoint is: all that decides the result is in its key, and nothing else. */
#include "run/cell_checkpoint.h"

#include "base/checkpoint.h"
#include "base/file.h"
#include "campaign_fixture.h"
#include "run/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DATA "dataset: {name: blobs, examples: 120, features: 3, classes: 3, validation: 20}\n"
#define GRID "grid: {engine: naive, network: S, batch_size: [1, 8]}\n"
#define PLAIN DATA "budget: {epochs: 2}\n" GRID

static const struct assignment naive = {.engine = "naive", .threads = 1, .workers = 1};

static struct survey survey_of(const char *processor, const char *library)
{
    struct survey survey = {.engine_count = 2, .engines = {"native", "naive"}};

    snprintf(survey.host.cpu, sizeof survey.host.cpu, "%s", processor);
    snprintf(survey.libraries[1], sizeof survey.libraries[1], "%s", library);
    return survey;
}

/* Of a cell of an experiment, with what it runs with. */
static int describe(struct cell_checkpoint *checkpoint, const char *yaml, int cell,
                    const struct assignment *assignment, const struct survey *survey)
{
    struct prepared prepared;
    int status;

    memset(checkpoint, 0, sizeof *checkpoint);
    prepare(&prepared, yaml, "results");
    status = cell_checkpoint_describe(checkpoint, &prepared.campaign, survey,
                                      &prepared.plan.cells[cell], assignment);
    dismiss(&prepared);
    return status;
}

static void the_key_names_what_decides(void **state)
{
    static const char *const lines[] = {"cell naive-",
                                        "\nexperiment ",
                                        "\ndata ",
                                        "\nprogram batchlab, ",
                                        "\nengine naive, ",
                                        "\nlibrary plain loops\n",
                                        "\n1 threads, 1 workers\n",
                                        "\nprocessor some\n"};
    const struct survey survey = survey_of("some", "plain loops");
    struct cell_checkpoint checkpoint;
    const char *at;

    (void)state;
    assert_int_equal(describe(&checkpoint, PLAIN, 0, &naive, &survey), 1);
    at = checkpoint.key;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        at = strstr(at, lines[i]);
        if (!at)
            fail_msg("'%s' is not there, or not in its place: %s", lines[i], checkpoint.key);
    }
    assert_null(strstr(checkpoint.key, " 0 bytes")); /* the files are there */
    assert_non_null(strstr(checkpoint.path, "/results/cells/" RECORD_CHECKPOINT "naive-"));
}

static void whatever_decides_makes_another_key(void **state)
{
    const struct survey survey = survey_of("some", "plain loops");
    const struct survey other_processor = survey_of("other", "plain loops");
    const struct survey other_library = survey_of("some", "loops");
    const struct assignment threads = {.engine = "naive", .threads = 2, .workers = 1},
                            workers = {.engine = "naive", .threads = 1, .workers = 2};
    const struct assignment engine = {.engine = "reference", .threads = 1, .workers = 1};
    const struct {
        const char *yaml;
        int cell;
        const struct assignment *assignment;
        const struct survey *survey;
    } others[] = {
        {PLAIN, 1, &naive, &survey},
        {PLAIN, 0, &threads, &survey},
        {PLAIN, 0, &workers, &survey},
        {PLAIN, 0, &engine, &survey},
        {PLAIN, 0, &naive, &other_processor},
        {PLAIN, 0, &naive, &other_library},
        {DATA "budget: {epochs: 3}\n" GRID, 0, &naive, &survey},
        {DATA "budget: {epochs: 2}\nevaluation: {first: 20}\n" GRID, 0, &naive, &survey},
        {DATA "budget: {epochs: 2}\nlimits: {at_chance: go_on}\n" GRID, 0, &naive, &survey},
        {"dataset: {name: blobs, examples: 121, features: 3, classes: 3, validation: 20}\n"
         "budget: {epochs: 2}\n" GRID,
         0, &naive, &survey},
    };
    struct cell_checkpoint one, other;

    (void)state;
    assert_int_equal(describe(&one, PLAIN, 0, &naive, &survey), 1);
    assert_int_equal(describe(&other, PLAIN, 0, &naive, &survey), 1);
    assert_string_equal(one.key, other.key);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(describe(&other, others[i].yaml, others[i].cell, others[i].assignment,
                                  others[i].survey),
                         1);
        if (strcmp(one.key, other.key) == 0)
            fail_msg("case %zu has the same key", i);
    }
}

static void an_engine_that_was_built_again_makes_another_key(void **state)
{
    const struct survey survey = survey_of("some", "");
    struct assignment own = {.threads = 1, .workers = 1};
    struct cell_checkpoint one, other;

    (void)state;
    snprintf(own.engine, sizeof own.engine, "%s", scratch_write("own.so", "one", 3));
    assert_int_equal(describe(&one, PLAIN, 0, &own, &survey), 1);
    scratch_write("own.so", "longer", 6);
    assert_int_equal(describe(&other, PLAIN, 0, &own, &survey), 1);
    assert_string_not_equal(one.key, other.key);
}

static void limits_do_not(void **state)
{
    const struct survey survey = survey_of("some", "");
    struct cell_checkpoint one, other;

    (void)state;
    assert_int_equal(describe(&one, PLAIN, 0, &naive, &survey), 1);
    assert_int_equal(describe(&other, PLAIN "limits: {cell_seconds: 9, checkpoint_seconds: 5}\n", 0,
                              &naive, &survey),
                     1);
    assert_string_equal(one.key, other.key);
    assert_string_equal(one.path, other.path);
}

static void some_cells_make_none(void **state)
{
    const struct survey survey = survey_of("some", "");
    struct cell_checkpoint checkpoint;

    (void)state;
    assert_int_equal(
        describe(&checkpoint, PLAIN "limits: {checkpoint_seconds: 0}\n", 0, &naive, &survey), 0);
    assert_int_equal(describe(&checkpoint, "measure: throughput\n" DATA GRID, 0, &naive, &survey),
                     0);
}

static void what_train_is_given_is_the_experiments(void **state)
{
    const struct survey survey = survey_of("some", "");
    const struct limits limits = {.checkpoint_seconds = 7};
    struct cell_checkpoint checkpoint;
    struct checkpointing given;

    (void)state;
    assert_int_equal(describe(&checkpoint, PLAIN, 0, &naive, &survey), 1);
    given = cell_checkpointing(&checkpoint, &limits);
    assert_ptr_equal(given.path, checkpoint.path);
    assert_ptr_equal(given.key, checkpoint.key);
    assert_true(given.seconds == 7);
    assert_int_equal(given.updates, 0);
}

static void seconds_are_those_of_a_checkpoint_that_is_the_cells(void **state)
{
    const struct survey survey = survey_of("some", "");
    struct cell_checkpoint described;
    struct checkpoint *checkpoint;

    (void)state;
    assert_int_equal(describe(&described, PLAIN, 0, &naive, &survey), 1);
    assert_int_equal(folder_make(result_path("results", "cells")), 0);
    assert_true(cell_checkpoint_seconds(&described) == 0);
    assert_int_equal(checkpoint_begin(&checkpoint, described.path, described.key, 12.5), 0);
    assert_int_equal(checkpoint_commit(checkpoint), 0);
    assert_true(cell_checkpoint_seconds(&described) == 12.5);
    assert_true(tree_exists(described.path));
    described.key[0] = 'C'; /* no longer: it is told, and goes */
    assert_true(cell_checkpoint_seconds(&described) == 0);
    assert_false(tree_exists(described.path));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_names_what_decides),
        cmocka_unit_test(whatever_decides_makes_another_key),
        cmocka_unit_test(an_engine_that_was_built_again_makes_another_key),
        cmocka_unit_test(limits_do_not),
        cmocka_unit_test(some_cells_make_none),
        cmocka_unit_test(what_train_is_given_is_the_experiments),
        cmocka_unit_test(seconds_are_those_of_a_checkpoint_that_is_the_cells),
    };

    return cmocka_run_group_tests(tests, scratch_open, tree_close);
}
